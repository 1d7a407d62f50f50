"""Networks are judged by reading them: files, loops, random numbers and absurd sizes are refused.

These are also the tests of protobuf.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from assay.errors import ModelError
from assay.runtime.graph_check import check_graph
from assay.runtime.protobuf import BrokenMessage, read_fields, read_integers


def tensor(name, values):
    """Make a constant."""
    return numpy_helper.from_array(np.asarray(values), name)


def write(root, *nodes, constants=(), sparse=(), functions=(), opsets=()):
    """Write a network of some operators into a model folder."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "t"])],
        [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["n", 2])],
        list(constants),
        sparse_initializer=list(sparse),
    )
    opsets = [helper.make_opsetid(*one) for one in [("", 17), *opsets]]
    model = helper.make_model(graph, functions=list(functions), opset_imports=opsets)
    path = root / "onnx" / "model.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def test_networks_of_assay_are_accepted(compact_folder):
    """As they are written."""
    path = compact_folder / "onnx" / "model.onnx"
    check_graph(path, root=compact_folder, listed=["onnx/model.onnx"])


def test_many_layers_that_ask_for_shapes_are_accepted(tmp_path):
    """Each layer of a transformer joins numbers of its input's shape; a shape does not add up."""
    nodes = []
    for i in range(40):
        nodes += [
            helper.make_node("Shape", [f"x{i}"], [f"shape{i}"]),
            helper.make_node("Concat", [f"shape{i}"] * 4, [f"joined{i}"], axis=0),
            helper.make_node("Reshape", [f"x{i}", f"joined{i}"], [f"x{i + 1}"]),
        ]
    check_graph(write(tmp_path, *nodes), root=tmp_path, listed=())


def test_weights_that_are_scaled_are_accepted(tmp_path):
    """A table of 8-bit weights with a scale per block becomes as large as it is, not larger."""
    weights = tensor("w", np.zeros((9000, 300, 32), np.int8))
    scales = tensor("s", np.ones((9000, 300, 1), np.float16))
    nodes = [
        helper.make_node("Cast", ["w"], ["cast"], to=10),
        helper.make_node("Mul", ["cast", "s"], ["scaled"]),
        helper.make_node("Add", ["scaled", "one"], ["more"]),
        helper.make_node("MatMul", ["more", "input_ids"], ["c"]),
    ]
    path = write(tmp_path, *nodes, constants=[weights, scales, tensor("one", np.float16(1.0))])
    check_graph(path, root=tmp_path, listed=())


def test_value_of_an_operator_is_not_what_it_makes(tmp_path):
    """The number that a shape is filled with says nothing about its size, which depends on texts."""
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=tensor("v", np.int64([1]))),
        helper.make_node("Expand", ["row", "ones"], ["c"]),
    ]
    path = write(tmp_path, *nodes, constants=[tensor("row", np.float32([1]))])
    check_graph(path, root=tmp_path, listed=())


def test_input_that_is_left_out_is_no_shape(tmp_path):
    """The value that an operator fills a shape with has no name either."""
    large = tensor("v", np.int64([-(1 << 60)]))
    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["mask"], value=large),
        helper.make_node("Pad", ["mask", "pads", "", "axes"], ["c"]),
    ]
    constants = [tensor("pads", np.int64([0, 1])), tensor("axes", np.int64([0]))]
    check_graph(write(tmp_path, *nodes, constants=constants), root=tmp_path, listed=())


def make_branch():
    """Return a graph inside an operator."""
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Constant", [], ["y"], value=tensor("c", np.float32([1.0])))
    return helper.make_graph([node], "branch", [], [output])


DOUBLES = [helper.make_node("Concat", [f"x{i}"] * 2, [f"x{i + 1}"], axis=0) for i in range(40)]
FUNCTION = helper.make_function(
    "mine",
    "F",
    ["a"],
    ["b"],
    [helper.make_node("Identity", ["a"], ["b"])],
    [helper.make_opsetid("", 17)],
)
SPARSE = helper.make_sparse_tensor(
    tensor("s", np.float32([1.0])), tensor("i", np.int64([3])), [1 << 40]
)
SHORT = [  # 128 kB each, and 4 GB together
    tensor("row", np.zeros((1, 1 << 15), np.float32)),
    tensor("column", np.zeros((1 << 15, 1), np.float32)),
]
HARMFUL = [
    ([helper.make_node("Loop", ["a", "b"], ["c"], body=make_branch())], {}, "'Loop' holds a graph"),
    ([helper.make_node("If", ["a"], ["c"], then_branch=make_branch())], {}, "'If' holds a graph"),
    ([helper.make_node("RandomNormal", [], ["c"], shape=[1])], {}, "random numbers"),
    ([helper.make_node("Run", ["a"], ["c"], domain="evil")], {}, "unknown domain 'evil'"),
    ([helper.make_node("Flatten", ["a"], ["c"], axis=1 << 40)], {}, "an absurd number"),
    (DOUBLES, {}, "repeats one value"),
    ([], {"functions": [FUNCTION], "opsets": [("mine", 1)]}, "functions of its own"),
    ([], {"sparse": [SPARSE]}, "sparse weights"),
    (
        [helper.make_node("ConstantOfShape", ["shape"], ["c"])],
        {"constants": [tensor("shape", np.int64([1 << 20, 1 << 10]))]},
        "makes 1,073,741,824 numbers",
    ),
    (
        [
            helper.make_node("Constant", [], ["n"], value=tensor("", np.int64([1 << 36]))),
            helper.make_node("Expand", ["a", "n"], ["c"]),
        ],
        {},
        "'Expand' makes",
    ),
    (
        [helper.make_node("Range", ["zero", "end", "one"], ["c"])],
        {"constants": [helper.make_tensor("end", TensorProto.INT64, [], [1 << 40])]},
        "'Range' makes",
    ),
    ([helper.make_node("Add", ["row", "column"], ["c"])], {"constants": SHORT}, "'Add' makes"),
    (
        [helper.make_node("MatMul", ["column", "row"], ["c"])],
        {"constants": SHORT},
        "'MatMul' makes",
    ),
    (
        [
            helper.make_node("Transpose", ["row"], ["odd"], perm=[7, 9]),
            helper.make_node("Transpose", ["row"], ["turned"], perm=[1, 0]),
            helper.make_node("Cast", ["turned"], ["cast"], to=1),
            helper.make_node("Where", ["yes", "cast", "row"], ["c"]),
        ],
        {"constants": [*SHORT, tensor("yes", True)]},
        "'Where' makes 1,073,741,824 numbers",
    ),
    (
        [
            helper.make_node("ConstantOfShape", ["down"], ["tall"]),
            helper.make_node("Reshape", ["row", "across"], ["wide"]),
            helper.make_node("Max", ["tall", "wide"], ["c"]),
        ],
        {
            "constants": [
                *SHORT,
                tensor("down", np.int64([1 << 15, 1])),
                tensor("across", np.int64([1, -1])),
            ]
        },
        "'Max' makes",
    ),
    (
        [helper.make_node("Gather", ["row", "many"], ["c"])],
        {"constants": [*SHORT, tensor("many", np.zeros(1 << 15, np.int64))]},
        "'Gather' makes 1,073,741,824 numbers",
    ),
    (
        [helper.make_node("Einsum", ["row", "row"], ["c"], equation="ai,aj->ij")],
        {"constants": SHORT},
        "'Einsum' makes of constants nobody knows how many numbers",
    ),
    (
        [helper.make_node("Concat", ["row"] * (1 << 12), ["c"], axis=0)],
        {"constants": SHORT},
        "'Concat' makes",
    ),
    (
        [helper.make_node("Concat", ["row"] * (1 << 10), [f"c{i}"], axis=0) for i in range(8)],
        {"constants": SHORT},
        "its operators make",
    ),
    (
        [helper.make_node("Tile", ["long", "times"], ["c"])],
        {"constants": [tensor("long", np.zeros(20000)), tensor("times", np.int64([20000]))]},
        "'Tile' makes 400,000,000 numbers",
    ),
    (
        [
            helper.make_node("Constant", [], ["n"], value_ints=[1 << 14, 1 << 14]),
            helper.make_node("Expand", ["row", "n"], ["c"]),
        ],
        {"constants": [tensor("row", np.float32([1]))]},
        "'Expand' makes 268,435,456 numbers",
    ),
    (
        [
            helper.make_node("Constant", [], ["row"], value_floats=[0.0] * (1 << 14)),
            helper.make_node("Unsqueeze", ["row", "one"], ["column"]),
            helper.make_node("Add", ["row", "column"], ["c"]),
        ],
        {"constants": [tensor("one", np.int64([1]))]},
        "'Add' makes 268,435,456 numbers",
    ),
    (
        [
            helper.make_node("Constant", [], ["one"], value_float=1.0),
            helper.make_node("Reshape", ["one", "row"], ["ones"]),
            helper.make_node("Tile", ["ones", "times"], ["many"]),
            helper.make_node("Tile", ["many", "times"], ["c"]),
        ],
        {"constants": [tensor("row", np.int64([-1])), tensor("times", np.int64([1 << 14]))]},
        "'Tile' makes 268,435,456 numbers",
    ),
    (
        [helper.make_node("Constant", [], ["c"], value_ints=[1], value_int=0)],
        {},
        "holds several values",
    ),
    ([helper.make_node("Cast", ["a"], ["c"], to=8)], {}, "'Cast' makes texts"),
    ([helper.make_node("Constant", [], ["c"], value_string="a")], {}, "'Constant' makes texts"),
    ([helper.make_node("Constant", [], ["c"], value_strings=["a"])], {}, "makes texts"),
    ([], {"constants": [tensor("w", np.array(["a"], object))]}, "the weights 'w' are texts"),
    (
        [
            helper.make_node("Add", ["turned", "row"], ["c"]),
            helper.make_node("Transpose", ["row"], ["turned"]),
        ],
        {"constants": SHORT},
        "'Add' uses what is made after it",
    ),
    (
        [helper.make_node("ConstantOfShape", ["shape"], ["c"])],
        {
            "constants": [
                TensorProto(
                    name="shape",
                    data_type=TensorProto.INT64,
                    dims=[2],
                    int64_data=[1 << 13] * 2,
                    int32_data=[0],
                )
            ]
        },
        "nobody knows how many",
    ),
    ([], {"constants": [TensorProto(name="w", dims=[1 << 50], data_type=1)]}, "lack their numbers"),
    ([], {"constants": [TensorProto(name="w", dims=[-4], data_type=1)]}, "have the shape"),
]


@pytest.mark.parametrize(("nodes", "more", "problem"), HARMFUL)
def test_harmful_networks_are_refused(tmp_path, nodes, more, problem):
    """Before ONNX Runtime reads them, with the reason."""
    path = write(tmp_path, *nodes, **more)
    with pytest.raises(ModelError, match=f"is refused: .*{problem}"):
        check_graph(path, root=tmp_path, listed=[])


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("w.png", "onnx/w.png"),
        (".hidden/w", "onnx/.hidden/w"),
        ("../../w", "../w"),
        ("/etc/w", "/etc/w"),
    ],
)
def test_weights_in_another_file_must_be_listed(tmp_path, location, name):
    """Whatever the file is called: predictions depend on it, so its hash has to be known."""
    weights = TensorProto(name="w", dims=[1 << 20], data_type=1, data_location=1)
    weights.external_data.add(key="location", value=location)
    weights.external_data.add(key="offset", value="0")
    path = write(tmp_path, constants=[weights])
    with pytest.raises(ModelError, match=f"its weights are in '{name}', which assay.json does not"):
        check_graph(path, root=tmp_path, listed=["onnx/model.onnx"])
    check_graph(path, root=tmp_path, listed=[name])


def test_numbers_beside_those_in_another_file_are_not_believed(tmp_path):
    """ONNX Runtime reads the file."""
    shape = TensorProto(
        name="shape", dims=[2], data_type=TensorProto.INT64, data_location=1, int64_data=[1, 1]
    )
    shape.external_data.add(key="location", value="w")
    path = write(tmp_path, helper.make_node("ConstantOfShape", ["shape"], ["c"]), constants=[shape])
    with pytest.raises(ModelError, match="nobody knows how many"):
        check_graph(path, root=tmp_path, listed=["onnx/w"])


def test_what_protobuf_would_put_together_is_refused(tmp_path):
    """Of two graphs it makes one, and of two tensors in an attribute."""
    path = write(tmp_path, helper.make_node("ConstantOfShape", ["shape"], ["c"]))
    weights = helper.make_graph([], "g", [], [], [tensor("shape", np.int64([1 << 15] * 2))])
    whole = path.read_bytes()
    path.write_bytes(whole + ModelProto(graph=weights).SerializeToString())
    with pytest.raises(ModelError, match="it is in several parts"):
        check_graph(path, root=tmp_path, listed=())
    node = helper.make_node("Constant", [], ["shape"], value=tensor("", np.int64([1 << 15])))
    node.attribute[0].ints.append(1)
    with pytest.raises(ModelError, match="holds several values of 'value'"):
        check_graph(write(tmp_path, node), root=tmp_path, listed=())
    node = helper.make_node("Flatten", ["a"], ["c"], axis=1)
    node.attribute.append(node.attribute[0])
    with pytest.raises(ModelError, match="holds several values of 'axis'"):
        check_graph(write(tmp_path, node), root=tmp_path, listed=())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_an_error(content):
    """Nothing else is raised, and it ends."""
    try:
        for _, value in read_fields(memoryview(content)):
            read_integers(value)
    except BrokenMessage:
        pass


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=20))
def test_integers_are_read_as_they_were_written(values):
    """Packed or not, negative ones too: onnx itself is the oracle."""
    message = memoryview(TensorProto(dims=values).SerializeToString())
    found = [
        one for number, value in read_fields(message) for one in read_integers(value) if number == 1
    ]
    assert found == values


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x3a\xff\xff\xff\xff\x0f", b"\x0b"])
def test_file_that_is_no_network_is_an_error(tmp_path, content):
    """An empty one, a number that does not end, a field longer than the file, an unknown kind."""
    path = tmp_path / "onnx" / "model.onnx"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is no ONNX file"):
        check_graph(path, root=tmp_path, listed=[])
