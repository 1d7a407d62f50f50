"""What a network makes of constants is never larger than what is found; onnx itself is the oracle."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from assay.runtime.constant_sizes import ARRANGING, ConstantSizes

ROW = np.zeros((1, 5), np.float32)
COLUMN = np.zeros((4, 1), np.float32)
CUBE = np.zeros((2, 3, 4), np.float32)


def ints(*values):
    """Return a row of integers."""
    return np.int64(values)


# Operator, inputs, attributes, and whether exactly as many cells are found as are made.
NODES = [
    ("Add", [ROW, COLUMN], {}, True),
    ("MatMul", [COLUMN, ROW], {}, True),
    ("Gather", [ROW, ints(0, 0, 0)], {}, True),
    ("Gather", [CUBE, ints(1, 1, 0, 2, 1)], {"axis": -2}, True),
    ("GatherND", [ROW, ints(0, 0).reshape(2, 1)], {}, True),
    ("GatherElements", [ROW, ints(1, 2, 3).reshape(1, 3)], {"axis": 1}, True),
    ("Concat", [ROW, ROW, ROW], {"axis": 0}, True),
    ("Transpose", [CUBE], {"perm": [2, 0, 1]}, True),
    ("Transpose", [CUBE], {}, True),
    ("Reshape", [CUBE, ints(6, -1)], {}, True),
    ("Reshape", [CUBE, ints(12, 2)], {}, True),
    ("Unsqueeze", [ROW, ints(-1, 0)], {}, True),
    ("Squeeze", [ROW, ints(0)], {}, True),
    ("ConstantOfShape", [ints(3, 7)], {}, True),
    ("ConstantOfShape", [ints()], {}, True),
    ("Expand", [ROW, ints(6, 1)], {}, True),
    ("Tile", [ROW, ints(3, 2)], {}, True),
    ("Range", [np.int64(2), np.int64(9), np.int64(3)], {}, True),
    ("OneHot", [ints(1, 2, 0), np.int64(4), np.float32([0, 1])], {}, True),
    ("Pad", [ROW, ints(1, 0, 2, 7)], {}, True),
    ("Mul", [ints(2, 3).reshape(2, 1), ints(5, 7).reshape(1, 2)], {}, True),
    ("Concat", [ints(2, 3).reshape(2, 1), ints(5, 7).reshape(2, 1)], {"axis": 1}, True),
    ("Concat", [ints(2, 3), ints(5)], {"axis": 0}, True),
    ("Slice", [CUBE, ints(0), ints(1)], {}, False),
    ("ReduceMax", [CUBE], {}, False),
    ("NonZero", [CUBE + 1], {}, True),
    ("Cast", [CUBE], {"to": TensorProto.INT64}, True),
]


def read(operator, arrays, attributes):
    """Note some constants; return what is found of an operator, and the arrays by name."""
    sizes = ConstantSizes()
    named = {f"x{i}": array for i, array in enumerate(map(np.asarray, arrays))}
    for name, array in named.items():
        is_short = array.dtype == np.int64
        sizes.add(name, list(array.shape), array.ravel().tolist() if is_short else [])
    assert sizes.are_constant(list(named))
    rows = {key: value if isinstance(value, list) else [value] for key, value in attributes.items()}
    return sizes.make(operator, list(named), ["y"], rows), named


@pytest.mark.parametrize(("operator", "arrays", "attributes", "is_exact"), NODES)
def test_no_more_cells_are_made_than_are_found(operator, arrays, attributes, is_exact):
    """Along each axis too, where the axes are known."""
    found, named = read(operator, arrays, attributes)
    node = helper.make_node(operator, list(named), ["y"], **attributes)
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in named],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made = np.asarray(ReferenceEvaluator(model).run(None, named)[0])
    assert found.n_cells >= made.size
    assert found.n_cells == made.size or not is_exact
    if found.shape is not None:
        assert all(np.greater_equal(found.shape, made.shape))
    if found.values is not None:
        assert found.values == made.ravel().tolist()


def test_numbers_are_known_after_they_were_calculated():
    """A shape is often joined of products; a negative number is not followed through a cast."""
    sizes = ConstantSizes()
    for name, value in {"a": 300, "b": 500, "minus": -1}.items():
        sizes.add(name, [1], [value])
    sizes.make("Mul", ["a", "b"], ["ab"], {})
    sizes.make("Concat", ["ab", "a"], ["shape"], {"axis": [0]})
    assert sizes.make("ConstantOfShape", ["shape"], ["y"], {}).n_cells == 300 * 500 * 300
    sizes.make("Cast", ["minus"], ["large"], {"to": [TensorProto.UINT32]})
    assert sizes.make("ConstantOfShape", ["large"], ["y"], {}) is None


def test_padding_of_named_axes_is_not_told():
    """They may come in any order: here the long axis gets longer, not the short one."""
    long = np.zeros((64, 1), np.float32)
    pads, fill, axes = ints(64, 0, 0, 0), np.float32(0), ints(0, 1)
    assert read("Pad", [long, pads, fill], {})[0].n_cells == 128
    assert read("Pad", [long, pads, fill, axes[::-1]], {})[0] is None


@pytest.mark.parametrize("operator", ["Einsum", "ConvTranspose", "Resize", "LSTM", "Unheard"])
def test_what_cannot_be_told_is_said(operator):
    """An operator that is not known here may make anything."""
    assert read(operator, [ROW, COLUMN], {})[0] is None


@pytest.mark.parametrize("operator", [*ARRANGING, "Add", "MatMul", "Squeeze", "Cast"])
@pytest.mark.parametrize("arrays", [[ROW], [ROW] * 5, [ints(1, 2)], [ints()] * 3])
def test_wrong_number_of_inputs_does_no_harm(operator, arrays):
    """ONNX Runtime refuses them; here nothing is raised."""
    found = read(operator, arrays, {})[0]
    assert found is None or found.n_cells >= 0


def test_axes_do_not_grow_without_end():
    """Each of these doubles them, and makes a single number."""
    sizes = ConstantSizes()
    sizes.add("x0", [1] * 8, [])
    for i in range(60):
        made = sizes.make("Gather", [f"x{i}", f"x{i}"], [f"x{i + 1}"], {})
    assert made.n_cells == 1
    assert made.shape is None
