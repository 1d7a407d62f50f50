"""Windows: every token of a long text is read once, and short texts are what they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _support.checkpoints import bert_tokenizer
from assay.errors import InputError
from assay.tokenization import SubwordTokenizer
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.window import Windows, check_long_texts

SHORT = SubwordTokenizer(bert_tokenizer(), max_tokens=7)
WHOLE = SubwordTokenizer(bert_tokenizer(), max_tokens=100_000)


@given(st.lists(st.text("abc dé한 ", max_size=80), max_size=5))
def test_windows_hold_every_token_once(texts):
    """Without special tokens, the windows of a text laid end to end are the text's tokens; none is too long."""
    windows = SHORT.encode_windows(texts)
    assert len(windows.starts) == len(texts)
    for i, text in enumerate(texts):
        own = range(windows.starts[i], windows.starts[i] + windows.counts[i])
        pieces = [
            windows.encoded.ids[windows.encoded.offsets[w] : windows.encoded.offsets[w + 1]]
            for w in own
        ]
        assert all(len(piece) <= 7 for piece in pieces)
        assert [t for piece in pieces for t in piece[1:-1]] == WHOLE.encode(text)[0][1:-1]
        assert sum(windows.weights[w] for w in own) == max(1, len(WHOLE.encode(text)[0]) - 2)


@given(st.lists(st.text("abc dé한 ", max_size=12), min_size=1, max_size=5))
def test_first_window_is_the_truncated_text(texts):
    """What truncation reads is the first window."""
    windows, cut = SHORT.encode_windows(texts), SHORT.encode_texts(texts)
    for i, start in enumerate(windows.starts):
        first = windows.encoded.ids[
            windows.encoded.offsets[start] : windows.encoded.offsets[start + 1]
        ]
        assert first.tolist() == cut.ids[cut.offsets[i] : cut.offsets[i + 1]].tolist()


def _windows(counts, weights):
    n = sum(counts)
    encoded = EncodedTexts(np.zeros(n, dtype=np.int32), np.arange(n + 1))
    return Windows(encoded, np.cumsum(counts) - counts, np.asarray(weights, dtype=np.float64))


def test_mean_is_weighted_by_tokens():
    """A window of three tokens counts three times one of one token; a lone window stays as it is."""
    windows = _windows([2, 1], [3, 1, 5])
    rows = np.array([[1.0, 0.0], [5.0, 4.0], [0.1, 0.7]], dtype=np.float32)
    means = windows.mean(rows)
    assert means.dtype == np.float32
    np.testing.assert_allclose(means[0], [2.0, 1.0])
    assert means[1].tolist() == rows[2].tolist()


def test_label_of_one_window_is_one_of_the_text():
    """Of several labels each has its highest logit; scaling and shifting it first changes nothing."""
    windows = _windows([3, 1], [3, 3, 1, 5])
    rows = np.array([[-4.0, 0.0], [5.0, -1.0], [-6.0, -7.0], [0.1, 0.7]], dtype=np.float32)
    joined = windows.join(rows, task="multi")
    assert joined.dtype == np.float32
    assert joined.tolist() == [[5.0, 0.0], rows[3].tolist()]
    scale, shift = np.array([0.5, 3.0]), np.array([1.0, -2.0])
    np.testing.assert_allclose(
        windows.join(rows * scale + shift, task="multi"), joined * scale + shift
    )
    np.testing.assert_array_equal(windows.join(rows, task="single"), windows.mean(rows))


@given(st.lists(st.lists(st.floats(-30, 30), min_size=3, max_size=3), min_size=5, max_size=5))
def test_mean_of_probs_is_the_softmax_of_the_mean_logits(logits):
    """Averaging in the logarithm of probabilities is averaging logits."""
    windows = _windows([1, 3, 1], [4, 2, 2, 1, 9])
    logits = np.array(logits)
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    mean = windows.mean(logits)
    expected = np.exp(mean - mean.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(windows.mean_probs(probs), expected, atol=1e-12)


def test_no_texts_make_no_windows():
    """An empty batch is legal."""
    windows = SHORT.encode_windows([])
    assert windows.mean(np.empty((0, 2))).shape == (0, 2)
    assert windows.highest(np.empty((0, 2))).shape == (0, 2)
    assert windows.mean_probs(np.empty((0, 2))).shape == (0, 2)


def test_unknown_policy_is_refused():
    """A typing mistake is named, with what was meant."""
    with pytest.raises(
        InputError, match=r"'windows' is not known; truncate or window is accepted.*window"
    ):
        check_long_texts("windows")
