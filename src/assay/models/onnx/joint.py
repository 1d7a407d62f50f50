"""The network of `compact` with n-grams beside it as one ONNX graph of the same tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from assay.models.joint import NgramsBeside
from assay.models.onnx.export import compact_constants, compact_nodes, write_graph
from assay.models.onnx.ngrams import ngram_constants, ngram_nodes
from assay.models.outputs import Outputs
from assay.training.recurrent import CompactNetwork

__all__ = ["write_joint_onnx"]


def write_joint_onnx(
    network: CompactNetwork, beside: NgramsBeside, path: Path, *, outputs: Outputs
) -> None:
    """Write the network and the n-grams beside it.

    Parameters
    ----------
    network : CompactNetwork
        After `round_embedding`: the file keeps the embedding in 8 bits.
    beside : NgramsBeside
    path : Path
    outputs : Outputs
        The labels are kept in the file's metadata.
    """
    ngrams = beside.ngrams

    def fold(weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scale the network's last layer; its bias takes that of the n-grams, too."""
        scale = beside.network_scale
        all_bias = bias * scale + ngrams.bias * beside.ngram_scale
        return outputs.fold(weights * scale[:, None], all_bias)

    scale, _ = outputs.fold(beside.ngram_scale[:, None], np.zeros(len(outputs.labels)))
    constants = {
        **compact_constants(network, fold),
        **ngram_constants(ngrams, outputs.order),
        "scale": scale[:, 0].astype(np.float32),
        "spellings": beside.spelling.pieces,
        "nothing": np.array(-1, dtype=np.int64),
        "zero": np.array(0, dtype=np.int64),
        "all_pieces": np.array([0, -1], dtype=np.int64),
        "one_number": np.array([1], dtype=np.int64),
    }
    nodes = [
        *compact_nodes(network, logits="network_logits"),
        *_spell(),
        *ngram_nodes(ngrams.rule, "pieces", "piece_mask"),
        helper.make_node("Mul", ["margins", "scale"], ["scaled"]),
        helper.make_node("Add", ["network_logits", "scaled"], ["logits"]),
    ]
    write_graph(nodes, constants, path, outputs=outputs, name="assay_joint")


def _spell() -> list[Any]:
    """Return the nodes from tokens to `pieces`, one after another, and `piece_mask`.

    Two tokens of at most three pieces, ``a`` and ``b c``: the rows ``a _ _`` and ``b c _`` become
    ``a _ _ b c _``. Their places are 0 for ``a``, 1 and 2 for ``b`` and ``c``, and -1, which is the
    last of one column more, for what is no piece. So ``a b c`` is written, then cut off.
    """
    return [
        helper.make_node("Gather", ["spellings", "input_ids"], ["spelled_32"]),
        helper.make_node("Cast", ["spelled_32"], ["spelled"], to=TensorProto.INT64),
        helper.make_node("Greater", ["spelled", "nothing"], ["is_spelled"]),
        helper.make_node("Unsqueeze", ["attention_mask", "last_axis"], ["token_mask"]),
        helper.make_node("Cast", ["token_mask"], ["is_token"], to=TensorProto.BOOL),
        helper.make_node("And", ["is_spelled", "is_token"], ["is_piece"]),
        helper.make_node("Reshape", ["is_piece", "all_pieces"], ["is_piece_flat"]),
        helper.make_node("Reshape", ["spelled", "all_pieces"], ["spelled_flat"]),
        helper.make_node("Cast", ["is_piece_flat"], ["counted"], to=TensorProto.INT64),
        helper.make_node("CumSum", ["counted", "one"], ["places_from_1"]),
        helper.make_node("Sub", ["places_from_1", "one"], ["places"]),
        helper.make_node("Where", ["is_piece_flat", "places", "nothing"], ["targets"]),
        # Zeros, in one column more than there are places
        helper.make_node("Slice", ["counted", "first", "one_number", "time_axis"], ["column"]),
        helper.make_node("Concat", ["counted", "column"], ["wider"], axis=1),
        helper.make_node("Mul", ["wider", "zero"], ["empty"]),
        helper.make_node("ReduceMax", ["places_from_1"], ["most_pieces"], keepdims=0),
        helper.make_node("Reshape", ["most_pieces", "one_number"], ["longest"]),
        *_scatter("spelled_flat", "pieces"),
        *_scatter("counted", "piece_mask"),
    ]


def _scatter(values: str, name: str) -> list[Any]:
    """Return the nodes that put values to their places, as many as the longest text has."""
    written = f"{name}_written"
    return [
        helper.make_node("ScatterElements", ["empty", "targets", values], [written], axis=1),
        helper.make_node("Slice", [written, "first", "longest", "time_axis"], [name]),
    ]
