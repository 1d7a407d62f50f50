"""What an ONNX file would do, judged by reading it, before ONNX Runtime does.

A model folder from a stranger may hold a wrong network, but no dangerous one: none that reads other
files, runs for ever, or asks for gigabytes. What a network computes with shapes that depend on each
other cannot be told by reading; `assay verify --isolated` runs it under limits.
"""

from __future__ import annotations

import math
import mmap
import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import ModelError
from assay.runtime.protobuf import BrokenMessage, Value, read_fields, read_integers

__all__ = ["check_graph"]

# Numbers of fields, from onnx.proto.
GRAPH, FUNCTIONS = 7, 25  # of ModelProto
NODE, INITIALIZER, SPARSE = 1, 5, 15  # of GraphProto
INPUT, OUTPUT, OPERATOR, ATTRIBUTE, DOMAIN = 1, 2, 4, 5, 7  # of NodeProto
INTEGER, TENSOR, INTEGERS = 3, 5, 8  # of AttributeProto
REFUSED_ATTRIBUTES = {6: "a graph", 11: "graphs", 22: "a sparse tensor", 23: "sparse tensors"}
DIMS, INT32_DATA, INT64_DATA, NAME, RAW_DATA, EXTERNAL_DATA = 1, 5, 7, 8, 9, 13  # of TensorProto
KEY, VALUE = 1, 2  # of StringStringEntryProto

DOMAINS = ("", "ai.onnx", "com.microsoft")
LOOPS = ("Loop", "Scan", "If", "SequenceMap")
RANDOM = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli")
# Operators that make as many cells as the numbers say that they are given.
MAKERS = ("ConstantOfShape", "Expand", "Tile", "Range", "OneHot", "EyeLike", "Pad", "Resize")
SHAPES = ("Shape", "Size")
# Operators that stretch their inputs to one shape, and those that multiply matrices: of two short
# constants they make a large one, and ONNX Runtime does so when it loads the file.
STRETCHING = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "PRelu", "BitShift", "Max", "Min", "Sum", "Mean"),
    *("Where", "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"),
    *("BitwiseAnd", "BitwiseOr", "BitwiseXor"),
)
PRODUCTS = ("MatMul", "Gemm", "MatMulInteger")
MAX_CELLS = 1 << 26  # of what one of them makes of constants: 256 MB of float32
MAX_STRETCH = 4  # how much larger than its inputs such a product may be beyond that
MAX_INTEGER = 1 << 31  # in an attribute; ONNX's own "to the end" is INT64_MAX
TO_THE_END = (1 << 63) - 1
MAX_SHAPE_NUMBERS = 64  # a longer tensor of integers is no shape
MAX_NODES = 200_000
MAX_COPIES = 1 << 28  # of one value, joined to itself; rotary positions double once per layer


@dataclass
class _Tensor:
    """A constant: its name, its shape, its first bytes, and where else its data is."""

    name: str = ""
    dims: list[int] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)  # empty if it holds many, or other numbers
    n_bytes: int = 0
    location: str | None = None


@dataclass
class _Node:
    """One operator of a graph."""

    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    tensors: list[_Tensor] = field(default_factory=list)
    integers: list[int] = field(default_factory=list)
    refused: str | None = None  # an attribute of a kind that no model of assay has


def check_graph(path: Path, *, root: Path, listed: Collection[str]) -> None:
    """Refuse a network that could do harm.

    Parameters
    ----------
    path : Path
        The ONNX file.
    root : Path
        The model folder.
    listed : collection of str
        The files whose hashes were checked: only those may hold weights of the network.

    Raises
    ------
    ModelError
        The file is no ONNX file; it reads a file that is not listed; it holds loops, random
        numbers, functions or operators of unknown origin, or numbers that ask for much memory.
    """
    judge = _Judge(path.parent.relative_to(root).as_posix(), listed)
    try:
        with path.open("rb") as stream:
            message = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        problem = next(judge.model_problems(message), None)
    except (BrokenMessage, ValueError) as err:  # mmap refuses an empty file
        raise ModelError(f"{path} is no ONNX file: {err}") from err
    if problem is not None:
        raise ModelError(
            f"{path} is refused: {problem}", hint="get the model again from a source you trust"
        )


class _Judge:
    """Finds what is wrong with a network; each method yields one sentence per problem.

    Parameters
    ----------
    folder : str
        Where the file is inside the model folder.
    listed : collection of str
        Files of the model folder that may hold weights.
    """

    def __init__(self, folder: str, listed: Collection[str]) -> None:
        self._folder = folder
        self._listed = listed
        self._constants: dict[str, list[int]] = {}  # short ones of integers, by name
        self._shapes: dict[str, list[int]] = {}  # of constants, and of what is made of them alone
        self._copies: dict[str, int] = {}  # how often a value holds one and the same input

    def model_problems(self, message: memoryview) -> Iterator[str]:
        """Judge a ModelProto."""
        for number, value in read_fields(message):
            if number == FUNCTIONS:
                yield "it defines functions of its own"
            elif number == GRAPH:
                yield from self._graph_problems(_as_bytes(value))

    def _graph_problems(self, message: memoryview) -> Iterator[str]:
        nodes: list[_Node] = []
        for number, value in read_fields(message):
            if number == SPARSE:
                yield "it has sparse weights"
            elif number == INITIALIZER:
                yield from self._tensor_problems(_read_tensor(_as_bytes(value)))
            elif number == NODE:
                nodes.append(_read_node(_as_bytes(value)))
        if len(nodes) > MAX_NODES:
            yield f"it has {len(nodes):,} operators; at most {MAX_NODES:,} are accepted"
        for node in nodes:  # weights may come after the operators that use them
            yield from self._node_problems(node)

    def _tensor_problems(self, tensor: _Tensor) -> Iterator[str]:
        if tensor.location is not None:
            name = posixpath.normpath(posixpath.join(self._folder, tensor.location))
            if name not in self._listed:
                yield f"its weights are in '{name}', which assay.json does not list"
        elif math.prod(tensor.dims) > 8 * tensor.n_bytes:  # 8: no type has less than a bit
            yield f"the weights '{tensor.name}' of shape {tensor.dims} lack their numbers"
        if min(tensor.dims, default=0) < 0:
            yield f"the weights '{tensor.name}' have the shape {tensor.dims}"
        self._shapes[tensor.name] = tensor.dims
        if tensor.integers:
            self._constants[tensor.name] = tensor.integers

    def _node_problems(self, node: _Node) -> Iterator[str]:
        if node.domain not in DOMAINS:
            yield f"its operator '{node.operator}' is of the unknown domain '{node.domain}'"
        if node.operator in LOOPS or node.refused is not None:
            yield f"its operator '{node.operator}' holds {node.refused or 'a loop'}"
        if node.operator.startswith(RANDOM):
            yield f"its operator '{node.operator}' draws random numbers"
        if any(abs(one) > MAX_INTEGER and one != TO_THE_END for one in node.integers):
            yield f"its operator '{node.operator}' has an absurd number"
        for tensor in node.tensors:
            tensor.name = next(iter(node.outputs), "")
            yield from self._tensor_problems(tensor)
        yield from self._size_problems(node)

    def _size_problems(self, node: _Node) -> Iterator[str]:
        """Judge how much an operator makes of constants, or of one value joined to itself."""
        given = [self._constants[name] for name in node.inputs if name in self._constants]
        if node.operator in MAKERS:
            sizes = [math.prod(max(1, abs(one)) for one in numbers) for numbers in given]
            if max(sizes, default=0) > MAX_CELLS:
                yield f"its operator '{node.operator}' makes {max(sizes):,} numbers"
        n_cells = self._count_cells(node)
        if n_cells > MAX_CELLS:
            yield f"its operator '{node.operator}' makes {n_cells:,} numbers"
        n_copies = self._count_copies(node)
        if n_copies > MAX_COPIES:
            yield f"its operator '{node.operator}' repeats one value {n_copies:,} times"
        self._copies.update(dict.fromkeys(node.outputs, n_copies))

    def _count_cells(self, node: _Node) -> int:
        """Count the cells that an operator makes of constants, 0 if they are few for its inputs."""
        shapes = [self._shapes.get(name) for name in node.inputs if name]
        known = [shape for shape in shapes if shape is not None]
        if not known or len(known) < len(shapes):
            return 0
        made = self._shape_of(node, known)
        self._shapes.update(dict.fromkeys(node.outputs, made))
        n_cells, n_given = math.prod(made), max(map(math.prod, known))
        if n_cells <= MAX_STRETCH * n_given:
            return 0
        return n_cells

    def _shape_of(self, node: _Node, known: list[list[int]]) -> list[int]:
        """Return the shape of what an operator makes of constants with these shapes."""
        if node.operator in STRETCHING:
            return _stretch(known)
        if node.operator in PRODUCTS and len(known) > 1:
            return _multiply(known[0], known[1])
        if node.operator in (*MAKERS, "Reshape"):
            asked = [self._constants.get(name, []) for name in node.inputs]
            return _fill(max(asked, key=len), math.prod(known[0]))
        if node.operator == "Transpose":
            return _turn(known[0], node.integers)
        return known[0]

    def _count_copies(self, node: _Node) -> int:
        """Count how often an operator repeats one value."""
        if node.operator in SHAPES:  # however large a value is, its shape is a few numbers
            return 1
        copies = [self._copies.get(name, 1) for name in node.inputs]
        return sum(copies) if node.operator == "Concat" else max(copies, default=1)


def _stretch(shapes: list[list[int]]) -> list[int]:
    """Return the shape that all are stretched to; the last axes belong together."""
    n_axes = max(map(len, shapes))
    padded = [[1] * (n_axes - len(shape)) + shape for shape in shapes]
    return [max(sizes) for sizes in zip(*padded, strict=True)]


def _turn(shape: list[int], axes: list[int]) -> list[int]:
    """Return a shape with its axes in the order given, else from the last to the first."""
    return [shape[axis] for axis in axes if 0 <= axis < len(shape)] or shape[::-1]


def _fill(numbers: list[int], n_cells: int) -> list[int]:
    """Return a shape that is asked for; -1 and 0 leave a size to what there is."""
    sizes = [abs(one) for one in numbers if one not in (0, -1)]
    rest = max(1, n_cells // max(1, math.prod(sizes)))
    left_open = {0: rest, -1: rest}
    return [left_open.get(one, abs(one)) for one in numbers]


def _multiply(left: list[int], right: list[int]) -> list[int]:
    """Return the shape of a product of matrices, either of which may be turned over."""
    return [*_stretch([left[:-2], right[:-2]]), max(left[-2:]), max(right[-2:])]


def _read_node(message: memoryview) -> _Node:
    node = _Node()
    for number, value in read_fields(message):
        if number == INPUT:
            node.inputs.append(_as_text(value))
        elif number == OUTPUT:
            node.outputs.append(_as_text(value))
        elif number == OPERATOR:
            node.operator = _as_text(value)
        elif number == DOMAIN:
            node.domain = _as_text(value)
        elif number == ATTRIBUTE:
            _read_attribute(_as_bytes(value), node)
    return node


def _read_attribute(message: memoryview, node: _Node) -> None:
    for number, value in read_fields(message):
        if number in (INTEGER, INTEGERS):
            node.integers += read_integers(value)
        elif number == TENSOR:
            node.tensors.append(_read_tensor(_as_bytes(value)))
        elif number in REFUSED_ATTRIBUTES:
            node.refused = REFUSED_ATTRIBUTES[number]


def _read_tensor(message: memoryview) -> _Tensor:
    tensor = _Tensor()
    raw = memoryview(b"")
    for number, value in read_fields(message):
        if number == DIMS:
            tensor.dims += read_integers(value)
        elif number == NAME:
            tensor.name = _as_text(value)
        elif number == EXTERNAL_DATA:
            tensor.location = _read_location(_as_bytes(value)) or tensor.location
        elif number == RAW_DATA:
            raw = _as_bytes(value)
        else:
            _read_numbers(tensor, number, value)
    tensor.n_bytes += len(raw)
    if len(raw) and math.prod(tensor.dims) <= MAX_SHAPE_NUMBERS:
        tensor.integers = _read_raw(raw, math.prod(tensor.dims))
    return tensor


def _read_numbers(tensor: _Tensor, number: int, value: Value) -> None:
    """Read a field of numbers; a few bytes of other fields do no harm."""
    n_bytes = 1 if isinstance(value, int) else len(value)
    tensor.n_bytes += 8 * n_bytes  # written in a byte or more, each of at most 8 bytes
    if number in (INT32_DATA, INT64_DATA) and n_bytes <= 10 * MAX_SHAPE_NUMBERS:
        tensor.integers += read_integers(value)


def _read_raw(raw: memoryview, n: int) -> list[int]:
    """Return the numbers of a short tensor if its cells are as wide as integers of a shape."""
    width = len(raw) // n if n > 0 else 0
    if width not in (4, 8):
        return []
    starts = range(0, n * width, width)
    return [int.from_bytes(raw[i : i + width], "little", signed=True) for i in starts]


def _read_location(message: memoryview) -> str | None:
    """Return the file that an entry of `external_data` names; None if it says something else."""
    entry = dict(read_fields(message))
    if _as_text(entry.get(KEY, memoryview(b""))) != "location":
        return None
    return _as_text(entry.get(VALUE, memoryview(b"")))


def _as_bytes(value: Value) -> memoryview:
    if isinstance(value, int):
        raise BrokenMessage("a number where a message is expected")
    return value


def _as_text(value: Value) -> str:
    return str(_as_bytes(value), "utf-8")
