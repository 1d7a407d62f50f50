"""Frozen weights in 8 bits inside an ONNX file, read through Cast and Mul.

Only matrices that `pack_blocks` can write without changing a value are packed, so that the network
gives the same scores. ONNX Runtime computes the products of a packed weight once, when it loads the
file, and then runs as if it were float32. Token vectors stay packed: only those of the tokens of a
text are read. DequantizeLinear would be simpler, but ONNX Runtime turns it into arithmetic in 8
bits, with errors of a hundredth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from assay.checkpoints.blocks import pack_blocks, unpack_blocks

__all__ = ["PREFIX", "pack_weights", "unpack_weights"]

MIN_VALUES = 16_384  # a smaller matrix is not worth the nodes
PREFIX = "packed/"  # of the names of what is added
NUMBERS, SCALES = "numbers", "scales"


def pack_weights(path: Path) -> None:
    """Pack the matrices of a file that can be, in place."""
    model = onnx.load(str(path))
    readers = _readers(model.graph)
    before: list[Any] = []
    for tensor in filter(_is_large, list(model.graph.initializer)):
        users = readers.get(tensor.name, [])
        kinds = {node.op_type for node in users}
        if kinds == {"Gather"}:
            _pack_table(model.graph, tensor, users)
        elif kinds == {"MatMul"}:
            before += _pack_matrix(model.graph, tensor)
    nodes = [*before, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _readers(graph: Any) -> dict[str, list[Any]]:
    """Return the nodes that read each tensor."""
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    return readers


def _is_large(tensor: Any) -> bool:
    return tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) >= MIN_VALUES


def _add_packed(graph: Any, tensor: Any, matrix: np.ndarray) -> bool:
    """Replace a matrix by its numbers and scales, if nothing is lost."""
    packed = pack_blocks(matrix)
    if packed is None:
        return False
    for part, values in zip((NUMBERS, SCALES), packed, strict=True):
        graph.initializer.append(numpy_helper.from_array(values, f"{PREFIX}{tensor.name}/{part}"))
    graph.initializer.remove(tensor)
    return True


def _pack_matrix(graph: Any, tensor: Any) -> list[Any]:
    """Pack the weight of a layer, whose blocks go along the inputs of the layer.

    Returns the nodes that make the weight again; none if it cannot be packed.
    """
    weight = numpy_helper.to_array(tensor)  # (n_inputs, n_outputs)
    name = tensor.name
    if weight.ndim != 2 or not _add_packed(graph, tensor, weight.T):
        return []
    shape = f"{PREFIX}{name}/shape"
    graph.initializer.append(
        numpy_helper.from_array(np.array(weight.T.shape, dtype=np.int64), shape)
    )
    by_block, by_row = f"{PREFIX}{name}/by_block", f"{PREFIX}{name}/by_row"
    return [
        *_multiply(name, f"{PREFIX}{name}/{NUMBERS}", f"{PREFIX}{name}/{SCALES}", by_block),
        helper.make_node("Reshape", [by_block, shape], [by_row]),
        helper.make_node("Transpose", [by_row], [name], perm=[1, 0]),
    ]


def _pack_table(graph: Any, tensor: Any, gathers: list[Any]) -> None:
    """Pack token vectors; each Gather then reads numbers and scales, and multiplies them."""
    matrix, name = numpy_helper.to_array(tensor), tensor.name
    if matrix.ndim != 2 or not _add_packed(graph, tensor, matrix):
        return
    shape = f"{PREFIX}{name}/shape"
    graph.initializer.append(
        numpy_helper.from_array(np.array([0, 0, matrix.shape[1]], dtype=np.int64), shape)
    )
    for i, node in enumerate(gathers):
        ids, out = node.input[1], node.output[0]
        own = f"{name}/{i}"
        read = [f"{PREFIX}{own}/read_{part}" for part in (NUMBERS, SCALES)]
        by_block = f"{PREFIX}{own}/by_block"
        made = []
        for part, found in zip((NUMBERS, SCALES), read, strict=True):
            packed = f"{PREFIX}{name}/{part}"
            made.append(helper.make_node("Gather", [packed, ids], [found], name=found))
        made += _multiply(own, read[0], read[1], by_block)
        made.append(helper.make_node("Reshape", [by_block, shape], [out]))
        _replace(graph, node, made)


def _multiply(name: str, numbers: str, scales: str, out: str) -> list[Any]:
    """Return nodes that compute ``numbers * scales`` in float32."""
    wide = [f"{PREFIX}{name}/wide_{part}" for part in (NUMBERS, SCALES)]
    return [
        helper.make_node("Cast", [numbers], [wide[0]], to=TensorProto.FLOAT),
        helper.make_node("Cast", [scales], [wide[1]], to=TensorProto.FLOAT),
        helper.make_node("Mul", wide, [out]),
    ]


def _replace(graph: Any, node: Any, made: list[Any]) -> None:
    """Put nodes in the place of one: the order of a graph is the order of its computation."""
    nodes = []
    for one in graph.node:
        nodes.extend(made if one.output[0] == node.output[0] else [one])
    del graph.node[:]
    graph.node.extend(nodes)


def unpack_weights(model: onnx.ModelProto) -> None:
    """Make packed weights of layers plain float32 again, in place; token vectors stay packed.

    The quantiser of ONNX Runtime finds weights only where they are plain.
    """
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type != "Transpose" or not node.input[0].startswith(PREFIX):
            continue
        name = node.output[0]
        parts = [tensors[f"{PREFIX}{name}/{part}"] for part in (NUMBERS, SCALES)]
        matrix = unpack_blocks(*map(numpy_helper.to_array, parts))
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(matrix.T), name))
        graph.node.remove(node)
        _remove(graph, f"{PREFIX}{name}/")


def _remove(graph: Any, beginning: str) -> None:
    """Delete nodes and constants whose names begin like this."""
    for node in list(graph.node):
        if node.output[0].startswith(beginning):
            graph.node.remove(node)
    for tensor in list(graph.initializer):
        if tensor.name.startswith(beginning):
            graph.initializer.remove(tensor)
