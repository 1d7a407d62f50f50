"""Batches of similar length: every row once, within bounds, padded to the longest of the batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InputError
from assay.tokenization import EncodedTexts, bucket_batches, pad_batch

TOKEN_IDS = st.lists(st.lists(st.integers(0, 40_000), max_size=12), max_size=30)
LENGTHS = st.lists(st.integers(0, 90), max_size=60).map(
    lambda values: np.asarray(values, dtype=np.int64)
)
SEEDS = st.none() | st.integers(0, 5)


def generator(seed):
    """Make a generator; None stays None."""
    return None if seed is None else np.random.default_rng(seed)


@given(TOKEN_IDS)
def test_encoded_texts_keep_every_list(token_ids):
    """Lists laid end to end can be cut out again."""
    encoded = EncodedTexts.from_lists(token_ids)
    assert len(encoded) == len(token_ids)
    assert encoded.lengths.tolist() == [len(ids) for ids in token_ids]
    spans = zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)
    assert [encoded.ids[start:stop].tolist() for start, stop in spans] == token_ids
    assert (encoded.ids.dtype, encoded.offsets.dtype) == (np.int32, np.int64)


@given(LENGTHS, st.integers(1, 9), st.none() | st.integers(1, 200), SEEDS)
def test_batches_hold_every_row_exactly_once(lengths, max_texts, max_tokens, seed):
    """No row is lost or doubled, whatever the bounds."""
    batches = bucket_batches(
        lengths, max_texts=max_texts, max_tokens=max_tokens, rng=generator(seed)
    )
    rows = [row for batch in batches for row in batch.tolist()]
    assert sorted(rows) == list(range(len(lengths)))
    assert all(len(batch) for batch in batches)


@given(LENGTHS, st.integers(1, 9), st.integers(1, 200), SEEDS)
def test_batches_keep_both_bounds(lengths, max_texts, max_tokens, seed):
    """Texts and padded tokens stay within bounds; only a lone text may have more tokens."""
    for batch in bucket_batches(
        lengths, max_texts=max_texts, max_tokens=max_tokens, rng=generator(seed)
    ):
        assert len(batch) <= max_texts
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= max_tokens


@given(LENGTHS, st.integers(1, 9))
def test_batches_without_rng_go_from_short_to_long(lengths, max_texts):
    """The order is by length, ties in row order: the same every time."""
    rows = np.concatenate(
        [*bucket_batches(lengths, max_texts=max_texts), np.zeros(0, dtype=np.int64)]
    )
    assert [(lengths[row], row) for row in rows] == sorted(
        (length, row) for row, length in enumerate(lengths)
    )


def test_batches_with_rng_are_seeded_and_differ_between_epochs():
    """The same seed gives the same batches; the next draw of the generator gives others."""
    lengths = np.tile(np.arange(1, 11), 10)
    rng = np.random.default_rng(0)
    first, second = (bucket_batches(lengths, max_texts=8, rng=rng) for _ in range(2))
    again = bucket_batches(lengths, max_texts=8, rng=np.random.default_rng(0))
    assert [b.tolist() for b in first] == [b.tolist() for b in again]
    assert [b.tolist() for b in first] != [b.tolist() for b in second]


def test_batches_with_rng_still_hold_like_lengths():
    """Shuffling costs next to no padding: lengths within a batch differ by a few tokens at most."""
    lengths = np.repeat(np.arange(1, 51), 20)
    batches = bucket_batches(lengths, max_texts=16, rng=np.random.default_rng(3))
    assert max(int(np.ptp(lengths[batch])) for batch in batches) <= 4


def test_batches_of_no_texts_are_refused():
    """A bound of 0 texts is an error, not an endless loop."""
    with pytest.raises(InputError, match="max_texts is 0; at least 1"):
        bucket_batches(np.ones(3, dtype=np.int64), max_texts=0)


@given(TOKEN_IDS.filter(bool), st.data())
def test_padded_rows_hold_their_ids_and_nothing_else(token_ids, data):
    """Where the mask is 1 are the ids, elsewhere the padding; the width is that of the longest row taken."""
    rows = data.draw(st.lists(st.integers(0, len(token_ids) - 1), min_size=1, max_size=8))
    ids, mask = pad_batch(EncodedTexts.from_lists(token_ids), np.asarray(rows), pad_id=-7)
    assert ids.dtype == mask.dtype == np.int64
    assert ids.shape == mask.shape == (len(rows), max(1, *(len(token_ids[row]) for row in rows)))
    assert [line[keep == 1].tolist() for line, keep in zip(ids, mask, strict=True)] == [
        token_ids[row] for row in rows
    ]
    assert (ids[mask == 0] == -7).all()
    assert (np.diff(mask, axis=1) <= 0).all()


def test_padding_ignores_longer_texts_elsewhere():
    """One long text in the data does not widen a batch without it."""
    encoded = EncodedTexts.from_lists([[1] * 90, [2, 3], [4]])
    ids, _ = pad_batch(encoded, np.array([1, 2]), pad_id=0)
    assert ids.tolist() == [[2, 3], [4, 0]]
