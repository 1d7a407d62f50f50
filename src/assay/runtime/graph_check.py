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
from itertools import chain
from pathlib import Path

from assay.errors import ModelError
from assay.runtime.constant_sizes import INTEGER_TYPES, MAKERS, SHAPES, ConstantSizes
from assay.runtime.protobuf import BrokenMessage, Value, read_fields, read_integers

__all__ = ["check_graph"]

# Numbers of fields, from onnx.proto.
GRAPH, FUNCTIONS = 7, 25  # of ModelProto
NODE, INITIALIZER, SPARSE = 1, 5, 15  # of GraphProto
INPUT, OUTPUT, OPERATOR, ATTRIBUTE, DOMAIN = 1, 2, 4, 5, 7  # of NodeProto
ATTRIBUTE_NAME, INTEGER, TENSOR, INTEGERS = 1, 3, 5, 8  # of AttributeProto
FLOAT, TEXT, FLOATS, TEXTS = 2, 4, 7, 9
ONE_VALUE, SEVERAL_VALUES = (FLOAT, INTEGER, TEXT, TENSOR), {FLOATS, INTEGERS, TEXTS}
ONE_CELL = {"value_float", "value_int"}  # attributes of Constant
TEXTS_MADE = {"value_string", "value_strings"}
OF_TEXTS = 8  # a type of TensorProto
REFUSED_ATTRIBUTES = {6: "a graph", 11: "graphs", 22: "a sparse tensor", 23: "sparse tensors"}
DIMS, TYPE, INT32_DATA, INT64_DATA = 1, 2, 5, 7  # of TensorProto
NAME, RAW_DATA, EXTERNAL_DATA = 8, 9, 13
KEY, VALUE = 1, 2  # of StringStringEntryProto

DOMAINS = ("", "ai.onnx", "com.microsoft")
LOOPS = ("Loop", "Scan", "If", "SequenceMap")
RANDOM = ("RandomNormal", "RandomUniform", "Multinomial", "Bernoulli")
MAX_CELLS = 1 << 26  # of what one of them makes of constants: 256 MB of float32
MAX_STRETCH = 4  # how much larger than the largest weights it may be beyond that
MAX_ALL_CELLS = 1 << 27  # of all that is made of constants
MAX_STEPS = 16  # of a network's weights on the way to how they are used, beyond that
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
    holds_texts: bool = False


@dataclass
class _Node:
    """One operator of a graph."""

    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    tensors: list[_Tensor] = field(default_factory=list)
    attributes: dict[str, list[int]] = field(default_factory=dict)  # integers, by name
    n_floats: int = 0  # in attributes
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
        self._sizes = ConstantSizes()
        self._n_largest = self._n_stored = self._n_made = 0  # cells of weights, and made of them
        self._copies: dict[str, int] = {}  # how often a value holds one and the same input

    def model_problems(self, message: memoryview) -> Iterator[str]:
        """Judge a ModelProto."""
        n_graphs = 0
        for number, value in read_fields(message):
            if number == FUNCTIONS:
                yield "it defines functions of its own"
            elif number == GRAPH:
                n_graphs += 1
                yield from self._graph_problems(_as_bytes(value))
        if n_graphs > 1:
            yield "it is in several parts"  # which protobuf makes one of

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
        not_made: set[str] = set()
        for node in nodes:
            not_made.update(node.outputs)
        not_made.discard("")  # an output that nobody asked for
        for node in nodes:  # weights may come after the operators that use them
            if not not_made.isdisjoint(node.inputs):
                yield f"its operator '{node.operator}' uses what is made after it"
            not_made.difference_update(node.outputs)
            yield from self._node_problems(node)

    def _tensor_problems(self, tensor: _Tensor) -> Iterator[str]:
        if tensor.location is not None:
            name = posixpath.normpath(posixpath.join(self._folder, tensor.location))
            if name not in self._listed:
                yield f"its weights are in '{name}', which assay.json does not list"
        elif math.prod(tensor.dims) > 8 * tensor.n_bytes:  # 8: no type has less than a bit
            yield f"the weights '{tensor.name}' of shape {tensor.dims} lack their numbers"
        if tensor.holds_texts:
            yield f"the weights '{tensor.name}' are texts"
        if min(tensor.dims, default=0) < 0:
            yield f"the weights '{tensor.name}' have the shape {tensor.dims}"
        self._sizes.add(tensor.name, tensor.dims, tensor.integers)
        self._n_largest = max(self._n_largest, math.prod(tensor.dims))
        self._n_stored += math.prod(tensor.dims)

    def _node_problems(self, node: _Node) -> Iterator[str]:
        if node.domain not in DOMAINS:
            yield f"its operator '{node.operator}' is of the unknown domain '{node.domain}'"
        if node.operator in LOOPS or node.refused is not None:
            yield f"its operator '{node.operator}' holds {node.refused or 'a loop'}"
        if node.operator.startswith(RANDOM):
            yield f"its operator '{node.operator}' draws random numbers"
        numbers = chain.from_iterable(node.attributes.values())
        if any(abs(one) > MAX_INTEGER and one != TO_THE_END for one in numbers):
            yield f"its operator '{node.operator}' has an absurd number"
        yield from self._attribute_problems(node)
        yield from self._size_problems(node)

    def _attribute_problems(self, node: _Node) -> Iterator[str]:
        """Judge attributes; only `Constant` makes tensors as they are written there."""
        # A text takes many times the memory of a number; networks of assay read numbers alone.
        if node.attributes.get("to") == [OF_TEXTS] or not TEXTS_MADE.isdisjoint(node.attributes):
            yield f"its operator '{node.operator}' makes texts"
        if node.operator == "Constant":
            self._add_numbers(node)
            if len(node.attributes) > 1:  # ONNX Runtime takes the first
                yield "its operator 'Constant' holds several values"
        for tensor in node.tensors:
            tensor.name = ""
            if node.operator == "Constant":
                tensor.name = next(iter(node.outputs), "")
            yield from self._tensor_problems(tensor)

    def _add_numbers(self, node: _Node) -> None:
        """Note a constant that is written as numbers, not as a tensor."""
        values = list(chain.from_iterable(node.attributes.values()))
        shape = [len(values) + node.n_floats]
        if not ONE_CELL.isdisjoint(node.attributes):
            shape = []
        for name in node.outputs:
            self._sizes.add(name, shape, values)

    def _size_problems(self, node: _Node) -> Iterator[str]:
        """Judge how much an operator makes of constants, or of one value joined to itself."""
        if node.operator in MAKERS:
            n_asked = max(map(self._count_asked, node.inputs), default=0)
            if n_asked > MAX_CELLS:
                yield f"its operator '{node.operator}' makes {n_asked:,} numbers"
        if self._sizes.are_constant(node.inputs):
            yield from self._constant_problems(node)
        n_copies = self._count_copies(node)
        if n_copies > MAX_COPIES:
            yield f"its operator '{node.operator}' repeats one value {n_copies:,} times"
        self._copies.update(dict.fromkeys(node.outputs, n_copies))

    def _count_asked(self, name: str) -> int:
        """Return how many cells there are in the shape that a constant says."""
        made = self._sizes.known.get(name) if name else None  # an input that is left out
        if made is None or not made.values:
            return 0
        return math.prod(max(1, abs(one)) for one in made.values)

    def _constant_problems(self, node: _Node) -> Iterator[str]:
        """Judge how much an operator makes of constants alone."""
        made = self._sizes.make(node.operator, node.inputs, node.outputs, node.attributes)
        if made is None:
            yield f"its operator '{node.operator}' makes of constants nobody knows how many numbers"
            return
        if made.n_cells > max(MAX_CELLS, MAX_STRETCH * self._n_largest):
            yield f"its operator '{node.operator}' makes {made.n_cells:,} numbers"
        self._n_made += made.n_cells * max(1, len(node.outputs))
        if self._n_made > MAX_ALL_CELLS + MAX_STEPS * self._n_stored:
            yield f"its operators make {self._n_made:,} numbers of constants"

    def _count_copies(self, node: _Node) -> int:
        """Count how often an operator repeats one value."""
        if node.operator in SHAPES:  # however large a value is, its shape is a few numbers
            return 1
        copies = [self._copies.get(name, 1) for name in node.inputs]
        return sum(copies) if node.operator == "Concat" else max(copies, default=1)


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
    name, integers = "", []
    numbers: list[int] = []
    for number, value in read_fields(message):
        numbers.append(number)
        if number == ATTRIBUTE_NAME:
            name = _as_text(value)
        elif number in (INTEGER, INTEGERS):
            integers += read_integers(value)
        elif number in (FLOAT, FLOATS):
            node.n_floats += max(1, len(_as_bytes(value)) // 4)
        elif number == TENSOR:
            node.tensors.append(_read_tensor(_as_bytes(value)))
        elif number in REFUSED_ATTRIBUTES:
            node.refused = REFUSED_ATTRIBUTES[number]
    if _count_values(numbers) > 1 or name in node.attributes:  # which counts is not said
        node.refused = f"several values of '{name}'"
    node.attributes[name] = integers


def _count_values(numbers: list[int]) -> int:
    """Count the values of an attribute whose fields have these numbers; many numbers are one."""
    return sum(map(numbers.count, ONE_VALUE)) + len(SEVERAL_VALUES.intersection(numbers))


def _read_tensor(message: memoryview) -> _Tensor:
    tensor = _Tensor()
    raw = memoryview(b"")
    kind: list[int] = []
    for number, value in read_fields(message):
        if number == DIMS:
            tensor.dims += read_integers(value)
        elif number == NAME:
            tensor.name = _as_text(value)
        elif number == TYPE:
            kind = read_integers(value)
        elif number == EXTERNAL_DATA:
            tensor.location = _read_location(_as_bytes(value)) or tensor.location
        elif number == RAW_DATA:
            raw = _as_bytes(value)
        else:
            _read_numbers(tensor, number, value)
    tensor.holds_texts = kind[-1:] == [OF_TEXTS]
    _settle(tensor, raw, kind[-1:])
    return tensor


def _settle(tensor: _Tensor, raw: memoryview, kind: list[int]) -> None:
    """Read the raw data of a tensor whose type and shape are known."""
    if len(tensor.dims) > MAX_SHAPE_NUMBERS:
        raise BrokenMessage(f"a tensor of {len(tensor.dims):,} axes")
    tensor.n_bytes += len(raw)
    n_cells = math.prod(tensor.dims)
    if len(raw) and n_cells <= MAX_SHAPE_NUMBERS:
        tensor.integers = _read_raw(raw, n_cells)
    is_integer = INTEGER_TYPES.intersection(kind)  # the bits of 1.0 are no number of cells
    # What is in another file, or in the field of another type, says nothing about the numbers.
    if not is_integer or tensor.location is not None or len(tensor.integers) != n_cells:
        tensor.integers = []


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
