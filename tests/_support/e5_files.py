"""A small file in the format of `e5-small-q4.bin`: two layers, a hundred pieces, random weights.

`SmallE5().to_bytes()` is a whole file; a test that wants a broken one changes a field first.
"""

from __future__ import annotations

import string
import struct
from dataclasses import dataclass, field

import numpy as np

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, TYPES = 32, 2, 2, 64, 48, 2
N_SPARE = 5  # token vectors that belong to no piece, as in the published file
WORDS = [
    "good",
    "bad",
    "day",
    "night",
    "query",
    "좋은",
    "하루",
    "나쁜",
    "하",
    "루",
    "天",
    "気",
    "вет",
    "ер",
    "का",
    "मौसम",
]
CHARACTERS = [
    *string.ascii_lowercase,
    *string.digits,
    *string.punctuation,
    *"가나다라마바사아자차요해는은이",
]
# One character to its replacement, of the kinds that the published file has.
NORMALISATION = {
    "\x01": "",
    "\t": " ",
    "\n": " ",
    "\u00a0": " ",
    "²": "2",
    "\u200b": " ",
    "\u3000": " ",
    "ﬁ": "fi",
    "Ａ": "A",
    "ａ": "a",
}


def small_pieces() -> list[str]:
    """List pieces in the order of their ids: four special ones first, the mask last."""
    words = [start + word for word in WORDS for start in ("▁", "")]
    return ["<s>", "<pad>", "</s>", "<unk>", *dict.fromkeys(["▁", *words, *CHARACTERS]), "<mask>"]


def tensor_shapes(n_rows: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor, in the order of the file."""
    shapes = {
        "emb.word": (n_rows, HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (TYPES, HIDDEN),
        "emb.ln.w": (HIDDEN,),
        "emb.ln.b": (HIDDEN,),
    }
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "aln", "fi", "fo", "oln"):
            width = INNER if name == "fi" else HIDDEN
            shapes[f"l{layer}.{name}.w"] = (width,) if name in ("aln", "oln") else (width, HIDDEN)
            shapes[f"l{layer}.{name}.b"] = (width,)
        shapes[f"l{layer}.fo.w"] = (HIDDEN, INNER)
    return shapes


@dataclass
class SmallE5:
    """What the file holds, in the order in which it holds it."""

    magic: bytes = b"E5S1"
    version: int = 1
    sizes: list[int] = field(default_factory=list)  # seven numbers
    epsilon: float = 1e-12
    block_values: int = 32
    pieces: list[bytes] = field(
        default_factory=lambda: [piece.encode() for piece in small_pieces()]
    )
    special: tuple[int, int, int, int] = (0, 2, 1, 3)
    scores: np.ndarray | None = None
    offsets: np.ndarray | None = None
    normalisation: list[tuple[int, list[int]]] = field(
        default_factory=lambda: [
            (ord(key), [ord(c) for c in NORMALISATION[key]]) for key in sorted(NORMALISATION)
        ]
    )
    n_normalisation_bytes: int | None = None
    tensors: dict[str, bytes] = field(default_factory=dict)  # in the bytes of the file
    values: dict[str, np.ndarray] = field(default_factory=dict)  # what they stand for
    seed: int = 0

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        n_rows = len(self.pieces) + N_SPARE
        self.sizes = self.sizes or [HIDDEN, LAYERS, HEADS, INNER, n_rows, POSITIONS, TYPES]
        if self.scores is None:
            self.scores = -np.arange(len(self.pieces), dtype="<f4") / 16
            self.scores[[*self.special, -1]] = 0
        if self.offsets is None:
            self.offsets = np.cumsum([0, *map(len, self.pieces)]).astype("<u4")
        for name, shape in tensor_shapes(n_rows).items():
            if len(shape) == 1 or name in ("emb.pos", "emb.type"):
                values = random.normal(size=shape).astype("<f4")
                self.tensors[name], self.values[name] = values.tobytes(), values
            else:
                self.tensors[name], self.values[name] = pack_in_4_bits(random, shape)

    def to_bytes(self) -> bytes:
        """Return the whole file."""
        blob = b"".join(self.pieces)
        head = self.magic + struct.pack(
            "<I7ifi", self.version, *self.sizes, self.epsilon, self.block_values
        )
        head += struct.pack("<5iQ", len(self.pieces), *self.special, len(blob))
        head += self.offsets.tobytes() + self.scores.tobytes() + blob
        entries = b"".join(
            struct.pack(f"<IB{len(to)}I", code, len(to), *to) for code, to in self.normalisation
        )
        n_bytes = len(entries) if self.n_normalisation_bytes is None else self.n_normalisation_bytes
        head += struct.pack("<iI", len(self.normalisation), n_bytes) + entries
        return head + self._directory_and_tensors(len(head))

    def _directory_and_tensors(self, start: int) -> bytes:
        names = [name.encode() for name in self.tensors]
        offset = start + 4 + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in names)
        directory = struct.pack("<i", len(names))
        for name, raw in zip(names, self.tensors.values(), strict=True):
            in_4_bits = self.values[name.decode()].nbytes != len(raw)
            n_values = len(raw) // 18 * 32 if in_4_bits else len(raw) // 4
            directory += struct.pack("<H", len(name)) + name
            directory += struct.pack("<BIQQ", in_4_bits, n_values, offset, len(raw))
            offset += len(raw)
        return directory + b"".join(self.tensors.values())


def pack_in_4_bits(random: np.random.Generator, shape: tuple[int, ...]) -> tuple[bytes, np.ndarray]:
    """Draw a matrix; return its blocks of 18 bytes and, computed one by one, its values."""
    raw, values = b"", []
    for _ in range(int(np.prod(shape)) // 32):
        scale = np.float16(random.uniform(0.02, 0.06))
        drawn = [int(value) for value in random.integers(0, 16, size=32)]
        raw += scale.tobytes() + bytes(
            low | high << 4 for low, high in zip(drawn[:16], drawn[16:], strict=True)
        )
        values += [(value - 8) * np.float32(scale) for value in drawn]
    return raw, np.array(values, dtype=np.float32).reshape(shape)
