"""The reader of e5's file: what it returns, and that nothing broken is taken for whole."""

import contextlib

import numpy as np
import pytest

from _support.e5_files import HIDDEN, NORMALISATION, SmallE5, small_pieces
from assay.checkpoints.e5_file import read_e5_file
from assay.errors import ModelError


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes to a file and reads them."""

    def write_and_read(data):
        path = tmp_path / "small.bin"
        path.write_bytes(data)
        return read_e5_file(path)

    return write_and_read


def test_everything_is_read(read):
    """Sizes, pieces, scores, normalisation and every tensor are what was written."""
    small = SmallE5()
    file = read(small.to_bytes())
    assert (file.sizes.hidden_size, file.sizes.n_layers, file.sizes.epsilon) == (HIDDEN, 2, 1e-12)
    assert file.vocabulary.pieces == small_pieces()
    assert file.vocabulary.scores.tolist() == small.scores.tolist()
    assert file.vocabulary.normalisation == NORMALISATION
    ids = (
        file.vocabulary.bos_id,
        file.vocabulary.eos_id,
        file.vocabulary.pad_id,
        file.vocabulary.unknown_id,
    )
    assert ids == small.special
    assert file.tensors.keys() == small.values.keys()
    for name, expected in small.values.items():
        found = file.read(name)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_a_file_cut_off_anywhere_is_refused(read):
    """Whatever is missing at the end, it is a ModelError that names the file."""
    data = SmallE5().to_bytes()
    n_head = data.index(b"emb.word")
    for n_bytes in [0, 3, *range(5, n_head, 101), *range(n_head, len(data), 4001), len(data) - 1]:
        with pytest.raises(ModelError, match=r"small\.bin cannot be read as weights of e5"):
            read(data[:n_bytes])


def test_a_longer_file_is_refused(read):
    """Bytes that belong to nothing are a sign of another format."""
    data = SmallE5().to_bytes()
    with pytest.raises(
        ModelError, match=f"it has {len(data) + 1:,} bytes; its tensors end at {len(data):,}"
    ):
        read(data + b"x")


def test_turned_bytes_never_end_in_another_error(read):
    """A wrong byte before the weights gives another file or a ModelError, never a crash."""
    data = SmallE5().to_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(0, data.index(b"emb.word") + 900, size=300):
        turned = bytearray(data)
        turned[place] ^= 1 << int(random.integers(0, 8))
        with contextlib.suppress(ModelError):
            read(bytes(turned))


def changed(**changes):
    """Return a small file with other fields."""
    small = SmallE5()
    for name, value in changes.items():
        setattr(small, name, value)
    return small


def with_pieces(pieces):
    """Return a small file with other pieces, whose offsets follow them."""
    small = SmallE5(pieces=pieces)
    small.scores = np.zeros(len(pieces), dtype="<f4")
    return small


def with_tensor(name, raw):
    """Return a small file in which a tensor holds other bytes."""
    small = SmallE5()
    small.tensors[name] = raw
    return small


PIECES = [piece.encode() for piece in small_pieces()]


@pytest.mark.parametrize(
    ("small", "message"),
    [
        (changed(magic=b"GGUF"), "it does not begin with E5S1"),
        (changed(version=2), "it has version 2 of the format; 1 is accepted"),
        (
            changed(sizes=[33, 2, 2, 64, 200, 48, 2]),
            "the sizes in its header are not those of a network",
        ),
        (changed(sizes=[32, -1, 2, 64, 200, 48, 2]), "the sizes in its header"),
        (changed(sizes=[32, 2, 2, 64, 10, 48, 2]), "pieces for 10 token vectors"),
        (changed(epsilon=float("nan")), "the sizes in its header"),
        (changed(block_values=64), "the sizes in its header"),
        (changed(special=(0, 2, 2, 3)), "its special tokens are no pieces of it"),
        (changed(special=(0, 2, 1, 9999)), "its special tokens are no pieces of it"),
        (
            changed(scores=np.full(len(PIECES), np.nan, dtype="<f4")),
            "its scores of pieces are not finite",
        ),
        (
            changed(offsets=np.zeros(len(PIECES) + 1, dtype="<u4")),
            "its pieces do not follow one another",
        ),
        (with_pieces([*PIECES[:-1], b"\xff"]), r"its pieces are no UTF-8"),
        (with_pieces([*PIECES[:-1], b"a"]), "it holds a piece twice"),
        (
            changed(normalisation=[(98, [97]), (97, [98])]),
            "its normalisation is not a sorted list of characters",
        ),
        (
            changed(normalisation=[(97, [0xD800])]),
            "its normalisation is not a sorted list of characters",
        ),
        (changed(n_normalisation_bytes=7), "its normalisation is not as long as it says"),
        (
            with_tensor("emb.pos", b"1234"),
            "tensor 'emb.pos' does not have the size that the header gives it",
        ),
    ],
)
def test_contradictions_are_named(read, small, message):
    """What cannot be is said in one sentence."""
    with pytest.raises(ModelError, match=message):
        read(small.to_bytes())


def test_missing_and_foreign_tensors_are_named(read):
    """Each tensor that a network of these sizes has is there, and no other."""
    small = SmallE5()
    small.tensors["l9.q.w"] = small.tensors.pop("l1.q.w")
    small.values["l9.q.w"] = small.values["l1.q.w"]
    with pytest.raises(
        ModelError, match=r"it lacks or has too much of 2 tensors, among them 'l1\.q\.w'"
    ):
        read(small.to_bytes())


def test_weights_that_are_not_finite_are_refused(read):
    """They would make every score NaN."""
    small = SmallE5()
    raw = bytearray(small.tensors["l0.q.w"])
    raw[:2] = np.float16("inf").tobytes()
    small.tensors["l0.q.w"] = bytes(raw)
    with pytest.raises(ModelError, match=r"tensor 'l0\.q\.w' holds values that are not finite"):
        read(small.to_bytes()).read("l0.q.w")
