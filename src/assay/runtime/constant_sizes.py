"""How large the values are that a network makes of constants alone.

ONNX Runtime makes them when it loads a file: of two short constants it may make gigabytes. What is
found here is at least as large as what is made; where that cannot be told, nothing is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["ARRANGING", "MAKERS", "SHAPES", "ConstantSizes", "Made"]

# Operators that make as many cells as the numbers say that they are given.
MAKERS = ("ConstantOfShape", "Expand", "Tile", "Range", "OneHot", "EyeLike", "Pad", "Resize")
# What they make is shaped as their first input, or no axis of it is longer.
SAME = (
    *("Abs", "BitwiseNot", "Cast", "CastLike", "Ceil", "Clip", "Cos", "CumSum", "DequantizeLinear"),
    *("Dropout", "Elu", "Erf", "Exp", "EyeLike", "Floor", "Gelu", "Identity", "IsInf", "IsNaN"),
    *("LayerNormalization", "LeakyRelu", "Log", "LogSoftmax", "Neg", "Not", "QuantizeLinear"),
    *("Reciprocal", "Relu", "Round", "ScatterElements", "ScatterND", "Sigmoid", "Sign", "Sin"),
    *("Slice", "Softmax", "Softplus", "Split", "Sqrt", "Tanh", "Trilu"),
)
# What they make has at most as many cells as their first input, arranged in another way.
FEWER = ("ArgMax", "ArgMin", "Compress", "DynamicQuantizeLinear", "Flatten", "TopK")
REDUCING = "Reduce"  # how the names of operators begin that sum over axes
# Operators that stretch their inputs to one shape, and those that multiply matrices.
STRETCHING = (
    *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "PRelu", "BitShift", "Max", "Min", "Sum", "Mean"),
    *("Where", "And", "Or", "Xor", "Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"),
    *("BitwiseAnd", "BitwiseOr", "BitwiseXor"),
)
PRODUCTS = ("MatMul", "Gemm", "MatMulInteger")
SHAPES = ("Shape", "Size")
CALCULATING: dict[str, Callable[[tuple[int, int]], int]] = {
    "Add": sum,
    "Mul": math.prod,
    "Max": max,
    "Min": min,
}
MAX_AXES = 64  # of an array, and most numbers that are followed
INTEGER_TYPES = frozenset({6, 7})  # int32 and int64, of TensorProto
MAX_VALUE = (1 << 31) - 1  # a larger number may be another one in 32 bits

Attributes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Made:
    """What an operator makes: at most so many cells, along at most such axes.

    Parameters
    ----------
    n_cells : int
    shape : list of int, optional
        None if the axes are not known.
    values : list of int, optional
        The numbers themselves, where they are few integers.
    """

    n_cells: int
    shape: list[int] | None = None
    values: list[int] | None = None


def _shaped(shape: list[int], values: list[int] | None = None) -> Made:
    return Made(math.prod(shape), shape, values)


@dataclass
class ConstantSizes:
    """What is known of constants, by name."""

    known: dict[str, Made] = field(default_factory=dict)

    def add(self, name: str, shape: list[int], values: list[int]) -> None:
        """Note a constant that a file holds; `values` are empty if they are not known."""
        self.known[name] = _shaped(shape)
        if values or 0 in shape:  # no numbers are the shape of a single cell
            self.known[name] = _shaped(shape, values)

    def are_constant(self, inputs: Sequence[str]) -> bool:
        """Whether there are inputs and all are constants, or made of constants alone."""
        named = [name for name in inputs if name]
        return bool(named) and all(name in self.known for name in named)

    def make(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Attributes
    ) -> Made | None:
        """Note and return what an operator makes of constants; None if that cannot be told."""
        given = [self.known[name] for name in inputs if name]
        try:
            made = _make(operator, given, attributes)
        except (IndexError, ValueError):  # an input is missing, or there is one too many
            return None
        if made is not None and len(made.shape or ()) > MAX_AXES:
            made = Made(made.n_cells)
        if made is not None:
            self.known.update(dict.fromkeys(outputs, made))
        return made


def _make(operator: str, given: list[Made], attributes: Attributes) -> Made | None:
    first = given[0]
    if operator in SAME:
        return Made(first.n_cells, first.shape, _cast(operator, first.values, attributes))
    if operator in STRETCHING:
        return _stretch_made(operator, given)
    if operator in PRODUCTS:
        return Made(_count_product(first, given[1]))
    if operator.startswith(REDUCING):
        return Made(first.n_cells)
    arrange = ARRANGING.get(operator)
    return None if arrange is None else arrange(given, attributes)


def _shape_made(_: list[Made], __: Attributes) -> Made:
    return _shaped([MAX_AXES])


def _fewer(given: list[Made], _: Attributes) -> Made:
    return Made(given[0].n_cells)


def _squeeze(given: list[Made], _: Attributes) -> Made:
    return Made(given[0].n_cells, None, given[0].values)


def _non_zero(given: list[Made], _: Attributes) -> Made:
    shape = given[0].shape
    n_axes = MAX_AXES
    if shape is not None:
        n_axes = max(1, len(shape))
    return Made(given[0].n_cells * n_axes)


def _cast(operator: str, values: list[int] | None, attributes: Attributes) -> list[int] | None:
    """Return the values that are kept: -1 as an unsigned number is a large one."""
    if values is None or operator == "Identity":
        return values
    to = attributes.get("to", ())
    is_kept = (
        operator == "Cast"
        and len(to) == 1
        and to[0] in INTEGER_TYPES
        and min(values, default=0) >= 0
    )
    if not is_kept:
        return None
    return values


def _stretch(shapes: list[list[int]]) -> list[int]:
    """Return the shape that all are stretched to; the last axes belong together."""
    n_axes = max(map(len, shapes))
    padded = [[1] * (n_axes - len(shape)) + shape for shape in shapes]
    return [max(sizes) for sizes in zip(*padded, strict=True)]


def _stretch_made(operator: str, given: list[Made]) -> Made:
    shapes = [one.shape for one in given if one.shape is not None]
    if len(shapes) < len(given):
        return Made(math.prod(one.n_cells for one in given))
    shape = _stretch(shapes)
    values = _calculate(operator, [one.values for one in given])
    if values is not None and len(values) != math.prod(shape):  # a row and a column make a table
        values = None
    return _shaped(shape, values)


def _calculate(operator: str, given: list[list[int] | None]) -> list[int] | None:
    """Return sums and products of a few numbers that are not below 0."""
    if len(given) != 2 or operator not in CALCULATING:
        return None
    left, right = given
    if not left or not right or min(*left, *right) < 0:
        return None
    n = max(len(left), len(right))
    if {len(left), len(right)} - {1, n}:
        return None
    work = CALCULATING[operator]
    found = list(map(work, zip(left * (n // len(left)), right * (n // len(right)), strict=True)))
    if max(found) > MAX_VALUE:
        return None
    return found


def _count_product(left: Made, right: Made) -> int:
    """Return the cells of a product of matrices, either of which may be turned over."""
    if left.shape is None or right.shape is None:
        return left.n_cells * right.n_cells
    shared = _stretch([left.shape[:-2], right.shape[:-2]])
    return math.prod([*shared, max(left.shape[-2:], default=1), max(right.shape[-2:], default=1)])


def _transpose(given: list[Made], attributes: Attributes) -> Made:
    shape = given[0].shape
    if shape is None:
        return Made(given[0].n_cells)
    axes = attributes.get("perm", range(len(shape))[::-1])
    if sorted(axes) != list(range(len(shape))):
        return Made(given[0].n_cells)
    return _shaped([shape[axis] for axis in axes])


def _reshape(given: list[Made], attributes: Attributes) -> Made:
    """Return a shape that is asked for; -1 and 0 leave a size to what there is."""
    asked = given[1].values if len(given) > 1 else list(attributes.get("shape", ()))
    if asked is None or min(asked, default=1) < 1:
        return Made(given[0].n_cells, None, given[0].values)
    return Made(max(given[0].n_cells, math.prod(asked)), asked, given[0].values)


def _unsqueeze(given: list[Made], attributes: Attributes) -> Made:
    shape = given[0].shape
    axes = given[1].values if len(given) > 1 else list(attributes.get("axes", ()))
    if shape is None or axes is None or len(axes) > MAX_AXES:
        return Made(given[0].n_cells, None, given[0].values)
    longer = list(shape)
    for axis in sorted(axis % (len(shape) + len(axes)) for axis in axes):
        longer.insert(axis, 1)
    return _shaped(longer, given[0].values)


def _gather(given: list[Made], attributes: Attributes) -> Made | None:
    data, where = given
    axes = attributes.get("axis", [0])
    if data.shape is None or where.shape is None or len(axes) != 1:
        return Made(data.n_cells * where.n_cells)
    axis = axes[0] % max(1, len(data.shape))
    return _shaped([*data.shape[:axis], *where.shape, *data.shape[axis + 1 :]])


def _concat(given: list[Made], _: Attributes) -> Made:
    values: list[int] = []
    for one in given:
        is_row = one.n_cells == 1 or len(one.shape or ()) == 1  # columns side by side are mixed
        if one.values is None or len(values) > MAX_AXES or not is_row:
            break
        values += one.values
    n_cells = sum(one.n_cells for one in given)
    if not len(values) == n_cells <= MAX_AXES:
        return Made(n_cells)
    return _shaped([n_cells], values)


def _constant_of_shape(given: list[Made], _: Attributes) -> Made | None:
    asked = given[0].values
    if asked is None:
        return None
    return _shaped(list(map(abs, asked)))


def _expand(given: list[Made], _: Attributes) -> Made | None:
    data, asked = given
    if data.shape is None or asked.values is None:
        return None
    return _shaped(_stretch([data.shape, list(map(abs, asked.values))]))


def _tile(given: list[Made], _: Attributes) -> Made | None:
    data, times = given
    if times.values is None:
        return None
    return Made(data.n_cells * math.prod(map(abs, times.values)))


def _range(given: list[Made], _: Attributes) -> Made | None:
    numbers = [one.values[0] for one in given if one.values]
    if len(numbers) < 3:
        return None
    start, end, step = numbers
    return _shaped([abs(end - start) // max(1, abs(step)) + 1])


def _one_hot(given: list[Made], _: Attributes) -> Made | None:
    depth = given[1].values
    if not depth:
        return None
    return Made(given[0].n_cells * abs(depth[0]))


def _pad(given: list[Made], attributes: Attributes) -> Made | None:
    shape = given[0].shape
    pads = given[1].values if len(given) > 1 else list(attributes.get("pads", ()))
    are_axes_named = any(one.n_cells > 1 for one in given[2:])  # and maybe in another order
    if shape is None or pads is None or len(pads) != 2 * len(shape) or are_axes_named:
        return None
    ends = zip(shape, pads, pads[len(shape) :], strict=False)
    return _shaped([size + abs(before) + abs(after) for size, before, after in ends])


ARRANGING: dict[str, Callable[[list[Made], Attributes], Made | None]] = {
    **dict.fromkeys(SHAPES, _shape_made),
    **dict.fromkeys(FEWER, _fewer),
    "Squeeze": _squeeze,
    "NonZero": _non_zero,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Unsqueeze": _unsqueeze,
    "Gather": _gather,
    "GatherND": lambda given, _: Made(given[0].n_cells * given[1].n_cells),
    "GatherElements": lambda given, _: Made(given[1].n_cells),
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Expand": _expand,
    "Tile": _tile,
    "Range": _range,
    "OneHot": _one_hot,
    "Pad": _pad,
}
