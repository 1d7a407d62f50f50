"""Reader of `e5-small-q4.bin`: a Unigram vocabulary and the weights of a BERT, mostly in 4 bits.

All numbers are little-endian. Every count and length is checked against the file before it is used,
so that a truncated or malformed file ends in a `ModelError`. The reader knows nothing of packages
or of other formats.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from assay.errors import ModelError

__all__ = ["E5File", "E5Sizes", "E5Vocabulary", "read_e5_file"]

MAGIC, VERSION = b"E5S1", 1
FLOAT32, FOUR_BITS = 0, 1  # types of a tensor
BLOCK_VALUES = 32
BLOCK_BYTES = 18  # a float16 scale, then 16 bytes with two values each
BLOCKS_AT_ONCE = 1 << 16  # dequantised together: 8 MB of float32
MAX_LAYERS = 1000
MAX_SIZE = 1 << 24  # of hidden states, vocabularies and positions: far above any that exist


@dataclass(frozen=True)
class E5Sizes:
    """Sizes of the network, named as in transformers' BertConfig where that has a word for them."""

    hidden_size: int
    n_layers: int
    n_heads: int
    intermediate_size: int
    vocabulary_size: int  # rows of the token embedding; the last rows may belong to no piece
    n_positions: int
    n_types: int
    epsilon: float  # of the layer norms


@dataclass(frozen=True)
class E5Vocabulary:
    """Pieces of a Unigram tokenizer. A piece's place in the list is its token id."""

    pieces: list[str]
    scores: np.ndarray  # float32 of shape (n_pieces,): logarithms of probabilities
    bos_id: int
    eos_id: int
    pad_id: int
    unknown_id: int
    normalisation: dict[str, str]  # one character to what replaces it


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in the file."""

    kind: int
    n_values: int
    offset: int
    n_bytes: int


@dataclass(frozen=True)
class E5File:
    """A file in memory: everything but the weights, and a way to read those one by one."""

    path: Path
    sizes: E5Sizes
    vocabulary: E5Vocabulary
    data: memoryview
    tensors: dict[str, _Tensor]

    def read(self, name: str) -> np.ndarray:
        """Return one tensor as float32, in the shape that `tensor_shapes` gives."""
        tensor = self.tensors[name]
        raw = np.frombuffer(self.data, dtype=np.uint8, count=tensor.n_bytes, offset=tensor.offset)
        values = raw.view("<f4").astype(np.float32) if tensor.kind == FLOAT32 else _dequantise(raw)
        if not np.isfinite(values).all():
            raise _broken(self.path, f"tensor '{name}' holds values that are not finite")
        return values.reshape(tensor_shapes(self.sizes)[name])


def read_e5_file(path: Path) -> E5File:
    """Read a file up to its weights, and check that all of it is there.

    Raises
    ------
    ModelError
        It is of another format or version, or not whole, or contradicts itself.
    OSError
        It cannot be opened or read.
    """
    cursor = _Cursor(path, memoryview(path.read_bytes()))
    sizes = _read_sizes(cursor)
    vocabulary = _read_vocabulary(cursor, sizes)
    tensors = _read_directory(cursor)
    _check_tensors(cursor, sizes, tensors)
    return E5File(path, sizes, vocabulary, cursor.data, tensors)


def tensor_shapes(sizes: E5Sizes) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of every tensor that a file with these sizes holds."""
    hidden, inner = sizes.hidden_size, sizes.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (sizes.vocabulary_size, hidden),
        "emb.pos": (sizes.n_positions, hidden),
        "emb.type": (sizes.n_types, hidden),
        "emb.ln.w": (hidden,),
        "emb.ln.b": (hidden,),
    }
    for layer in range(sizes.n_layers):
        for name in ("q", "k", "v", "ao"):
            shapes[f"l{layer}.{name}.w"] = (hidden, hidden)
            shapes[f"l{layer}.{name}.b"] = (hidden,)
        shapes[f"l{layer}.fi.w"] = (inner, hidden)
        shapes[f"l{layer}.fi.b"] = (inner,)
        shapes[f"l{layer}.fo.w"] = (hidden, inner)
        shapes[f"l{layer}.fo.b"] = (hidden,)
        for name in ("aln", "oln"):
            shapes[f"l{layer}.{name}.w"] = (hidden,)
            shapes[f"l{layer}.{name}.b"] = (hidden,)
    return shapes


def is_in_4_bits(name: str) -> bool:
    """Tell whether the file holds this tensor in 4 bits: token vectors and matrices of layers."""
    if name.startswith("emb."):
        return name == "emb.word"
    return name.endswith(".w") and "ln." not in name


class _Cursor:
    """A place in the file that moves on as things are read."""

    def __init__(self, path: Path, data: memoryview) -> None:
        self.path = path
        self.data = data
        self.at = 0

    def take(self, n_bytes: int, what: str) -> memoryview:
        """Return the next bytes."""
        end = self.at + n_bytes
        if end > len(self.data):
            raise _broken(self.path, f"it ends within {what}")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def unpack(self, form: str, what: str) -> tuple[int, ...]:
        """Return the next numbers; `form` is a format of `struct` without the byte order."""
        form = "<" + form
        return struct.unpack(form, self.take(struct.calcsize(form), what))

    def array(self, dtype: str, n_values: int, what: str) -> np.ndarray:
        """Return the next values as an array."""
        return np.frombuffer(self.take(n_values * np.dtype(dtype).itemsize, what), dtype=dtype)


def _broken(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} cannot be read as weights of e5: {reason}")


def _read_sizes(cursor: _Cursor) -> E5Sizes:
    what = "its header"
    if bytes(cursor.take(len(MAGIC), what)) != MAGIC:
        raise _broken(cursor.path, f"it does not begin with {MAGIC.decode()}")
    (version,) = cursor.unpack("I", what)
    if version != VERSION:
        raise _broken(cursor.path, f"it has version {version} of the format; {VERSION} is accepted")
    counts = cursor.unpack("7i", what)
    (epsilon,) = cursor.array("<f4", 1, what)
    (block_values,) = cursor.unpack("i", what)
    hidden, n_layers, n_heads, inner, n_rows, n_positions, n_types = counts
    rounded = float(str(epsilon))  # 1e-12, not the float32 next to it
    sizes = E5Sizes(hidden, n_layers, n_heads, inner, n_rows, n_positions, n_types, rounded)
    if min(counts) < 1 or block_values != BLOCK_VALUES or not _is_network(sizes):
        raise _broken(cursor.path, "the sizes in its header are not those of a network")
    return sizes


def _is_network(sizes: E5Sizes) -> bool:
    """Tell whether sizes, all of them positive, are within bounds and divide as they have to."""
    if max(astuple(sizes)) > MAX_SIZE or sizes.n_layers > MAX_LAYERS or sizes.epsilon >= 1:
        return False
    divided = (
        (sizes.hidden_size, sizes.n_heads),
        (sizes.hidden_size, BLOCK_VALUES),
        (sizes.intermediate_size, BLOCK_VALUES),
    )
    return sizes.epsilon > 0 and not any(size % by for size, by in divided)


def _read_vocabulary(cursor: _Cursor, sizes: E5Sizes) -> E5Vocabulary:
    what = "its pieces"
    n_pieces, *special = cursor.unpack("5i", what)
    (blob_bytes,) = cursor.unpack("Q", what)
    if not 0 < n_pieces <= sizes.vocabulary_size:
        raise _broken(
            cursor.path, f"it has {n_pieces:,} pieces for {sizes.vocabulary_size:,} token vectors"
        )
    is_inside = 0 <= min(special) <= max(special) < n_pieces
    if len(set(special)) != len(special) or not is_inside:
        raise _broken(cursor.path, "its special tokens are no pieces of it")
    offsets = cursor.array("<u4", n_pieces + 1, what).astype(np.int64)
    scores = cursor.array("<f4", n_pieces, what).astype(np.float32)
    blob = bytes(cursor.take(blob_bytes, what))
    if not np.isfinite(scores).all():
        raise _broken(cursor.path, "its scores of pieces are not finite")
    pieces = _cut_pieces(cursor.path, blob, offsets)
    bos_id, eos_id, pad_id, unknown_id = special
    return E5Vocabulary(
        pieces, scores, bos_id, eos_id, pad_id, unknown_id, _read_normalisation(cursor)
    )


def _cut_pieces(path: Path, blob: bytes, offsets: np.ndarray) -> list[str]:
    """Return the pieces that are laid end to end in `blob`."""
    if offsets[0] != 0 or offsets[-1] != len(blob) or (np.diff(offsets) <= 0).any():
        raise _broken(path, "its pieces do not follow one another")
    pieces = []
    try:
        for start, end in pairwise(offsets.tolist()):
            pieces.append(blob[start:end].decode("utf-8"))
    except UnicodeDecodeError as err:
        raise _broken(path, "its pieces are no UTF-8") from err
    if len(set(pieces)) != len(pieces):
        raise _broken(path, "it holds a piece twice")
    return pieces


def _read_normalisation(cursor: _Cursor) -> dict[str, str]:
    what = "its normalisation"
    n_entries, n_bytes = cursor.unpack("iI", what)
    end = cursor.at + n_bytes
    last, normalisation = -1, {}
    for _ in range(n_entries):
        code_point, n_replacing = cursor.unpack("IB", what)
        replacing = cursor.unpack(f"{n_replacing}I", what)
        if code_point <= last or not all(map(_is_character, (code_point, *replacing))):
            raise _broken(cursor.path, "its normalisation is not a sorted list of characters")
        last = code_point
        normalisation[chr(code_point)] = "".join(map(chr, replacing))
    if cursor.at != end or n_entries < 0:
        raise _broken(cursor.path, "its normalisation is not as long as it says")
    return normalisation


def _is_character(code_point: int) -> bool:
    return 0 < code_point < 0xD800 or 0xE000 <= code_point < 0x110000


def _read_directory(cursor: _Cursor) -> dict[str, _Tensor]:
    what = "its list of tensors"
    (n_tensors,) = cursor.unpack("i", what)
    tensors: dict[str, _Tensor] = {}
    for _ in range(n_tensors):
        (n_chars,) = cursor.unpack("H", what)
        name = bytes(cursor.take(n_chars, what)).decode("ascii", "replace")
        if name in tensors:
            raise _broken(cursor.path, f"it lists the tensor '{name}' twice")
        tensors[name] = _Tensor(*cursor.unpack("BIQQ", what))
    return tensors


def _check_tensors(cursor: _Cursor, sizes: E5Sizes, tensors: dict[str, _Tensor]) -> None:
    """Check that the tensors are those of this network, one after another up to the file's end."""
    shapes = tensor_shapes(sizes)
    if different := sorted(shapes.keys() ^ tensors.keys()):
        raise _broken(
            cursor.path,
            f"it lacks or has too much of {len(different)} tensors, among them '{different[0]}'",
        )
    end = cursor.at
    for name, tensor in sorted(tensors.items(), key=lambda named: named[1].offset):
        n_values = int(np.prod(shapes[name], dtype=object))
        n_bytes = n_values // BLOCK_VALUES * BLOCK_BYTES if is_in_4_bits(name) else 4 * n_values
        kind = FOUR_BITS if is_in_4_bits(name) else FLOAT32
        if (tensor.kind, tensor.n_values, tensor.n_bytes) != (kind, n_values, n_bytes):
            raise _broken(
                cursor.path, f"tensor '{name}' does not have the size that the header gives it"
            )
        if tensor.offset < end:
            raise _broken(cursor.path, f"tensor '{name}' overlaps what comes before it")
        end = tensor.offset + n_bytes
    if end != len(cursor.data):
        raise _broken(cursor.path, f"it has {len(cursor.data):,} bytes; its tensors end at {end:,}")


def _dequantise(raw: np.ndarray) -> np.ndarray:
    """Turn blocks of 4-bit values into float32.

    A block of 18 bytes:        00 3c | 18 | 9f | 14 more bytes    The scale is 1.0 in float16.
    Values 0, 1, ... 15:                 8   15  the low halves    (8 - 8) * 1.0 = 0, then 7, ...
    Values 16, 17, ... 31:               1    9  the high halves   (1 - 8) * 1.0 = -7, then 1, ...
    """
    blocks = raw.reshape(-1, BLOCK_BYTES)
    values = np.empty((len(blocks), BLOCK_VALUES), dtype=np.float32)
    half = BLOCK_VALUES // 2
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        some = blocks[start : start + BLOCKS_AT_ONCE]
        out = values[start : start + BLOCKS_AT_ONCE]
        out[:, :half] = some[:, 2:] & 0x0F
        out[:, half:] = some[:, 2:] >> 4
        out -= 8
        with np.errstate(invalid="ignore"):  # whoever reads a tensor looks for what is not finite
            out *= some[:, :2].copy().view("<f2").astype(np.float32)
    return values
