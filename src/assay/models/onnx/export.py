"""Networks as ONNX files.

Input: int64 `input_ids`, `attention_mask`.
Output: `probs` in LabelSet order; `logits` too where texts may have several labels.

`compact` is written node by node, since ONNX's LSTM takes each text's own length; transformers go
through torch's exporter. The calibration is part of the last affine layer of both.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from assay.checkpoints.torch_state import unprinted_graphs
from assay.models.outputs import Outputs
from assay.training.objectives import OBJECTIVES, Objective
from assay.training.recurrent import MASKED, CompactNetwork

__all__ = [
    "compact_constants",
    "compact_nodes",
    "write_compact_onnx",
    "write_graph",
    "write_transformer_onnx",
]

OPSET = 18
IR_VERSION = 10  # read by every ONNX Runtime since 1.19
INPUTS = ("input_ids", "attention_mask")
Fold = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
SIDES = ("forward_lstm", "backward_lstm")  # of the LSTM, as `CompactNetwork` names them

# The maximum of the words' vectors, scaled to the size of the LSTM's states: left to the weights of
# the last layer, as for the LSTM, the scales would leave a copy in 8 bits no digits for the states
# (77 intents: 2.3 points of accuracy).
POOL_WORDS = [
    helper.make_node("Where", ["mask", "vectors", "masked"], ["unpadded_words"]),
    helper.make_node("ReduceMax", ["unpadded_words", "time_axis"], ["packed_words"], keepdims=0),
    helper.make_node("Mul", ["packed_words", "scales"], ["pooled_words"]),
    helper.make_node("Concat", ["pooled_words", "pooled_states"], ["pooled"], axis=1),
]


def write_compact_onnx(
    network: CompactNetwork,
    path: Path,
    *,
    outputs: Outputs,
) -> None:
    """Write the network of `compact`.

    Parameters
    ----------
    network : CompactNetwork
        After `round_embedding`: the file keeps the embedding in 8 bits.
    path : Path
    outputs : Outputs
        The labels are kept in the file's metadata.
    """
    constants = compact_constants(network, outputs.fold)
    write_graph(compact_nodes(network), constants, path, outputs=outputs, name="assay_compact")


def write_graph(
    nodes: Sequence[Any],
    constants: Mapping[str, np.ndarray],
    path: Path,
    *,
    outputs: Outputs,
    name: str,
) -> None:
    """Write a graph from `input_ids` and `attention_mask` to scores.

    Parameters
    ----------
    nodes : sequence of onnx.NodeProto
        Up to `logits`.
    constants : mapping of str to array
    path : Path
    outputs : Outputs
    name : str
        Name of the graph.
    """
    inputs = [
        helper.make_tensor_value_info(one, TensorProto.INT64, ["n_texts", "n_tokens"])
        for one in INPUTS
    ]
    objective = OBJECTIVES[outputs.task]
    shape = ["n_texts", len(outputs.labels)]
    returned = [
        helper.make_tensor_value_info(one, TensorProto.FLOAT, shape)
        for one in objective.graph_outputs
    ]
    scored = helper.make_node(
        objective.score_node, ["logits"], ["probs"], **objective.node_attributes
    )
    initializers = [numpy_helper.from_array(value, key) for key, value in constants.items()]
    graph = helper.make_graph([*nodes, scored], name, inputs, returned, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="assay"
    )
    _finish(model, path, labels=outputs.labels)


def compact_constants(network: CompactNetwork, fold: Fold) -> dict[str, np.ndarray]:
    """Return the constants of the graph of `compact` by name.

    Parameters
    ----------
    network : CompactNetwork
    fold : callable
        Takes weights and bias of the last layer, and returns them as they are saved.
    """
    weights = {
        name: value.detach().cpu().numpy().astype(np.float32)
        for name, value in network.state_dict().items()
    }
    packed, scales = network.pack_embedding()  # nothing is lost: training ends with these
    for side in SIDES:  # what the columns are multiplied by costs nothing there
        weights[f"{side}.weight_ih_l0"] *= scales.cpu().numpy()
    output_weight, output_bias = fold(weights["output.weight"], weights["output.bias"])
    constants = _lstm_constants(weights) | {
        "embedding": packed.cpu().numpy(),
        "output_weight": output_weight.astype(np.float32),
        "output_bias": output_bias.astype(np.float32),
        "masked": np.array(MASKED, dtype=np.float32),
        "time_axis": np.array([1], dtype=np.int64),
        "last_axis": np.array([2], dtype=np.int64),
        "joined": np.array([0, 0, -1], dtype=np.int64),
    }
    if network.pools_words:
        constants["scales"] = scales.cpu().numpy()
    return constants


def compact_nodes(network: CompactNetwork, *, logits: str = "logits") -> list[Any]:
    """Return the nodes of the graph of `compact`, from ids and mask to logits of this name."""
    pooled = "pooled" if network.pools_words else "pooled_states"
    return [
        helper.make_node("Gather", ["embedding", "input_ids"], ["packed"]),
        helper.make_node("Cast", ["packed"], ["vectors"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["vectors"], ["time_first"], perm=[1, 0, 2]),
        helper.make_node("ReduceSum", ["attention_mask", "time_axis"], ["lengths64"], keepdims=0),
        helper.make_node("Cast", ["lengths64"], ["lengths"], to=TensorProto.INT32),
        helper.make_node(
            "LSTM",
            ["time_first", "lstm_W", "lstm_R", "lstm_B", "lengths"],
            ["states"],
            direction="bidirectional",
            hidden_size=network.forward_lstm.hidden_size,
        ),
        helper.make_node(
            "Transpose", ["states"], ["batch_first"], perm=[2, 0, 1, 3]
        ),  # (n_texts, n_tokens, 2, H)
        helper.make_node("Reshape", ["batch_first", "joined"], ["both_ways"]),
        helper.make_node("Cast", ["attention_mask"], ["mask_bool"], to=TensorProto.BOOL),
        helper.make_node("Unsqueeze", ["mask_bool", "last_axis"], ["mask"]),
        helper.make_node("Where", ["mask", "both_ways", "masked"], ["unpadded"]),
        helper.make_node("ReduceMax", ["unpadded", "time_axis"], ["pooled_states"], keepdims=0),
        *(POOL_WORDS if network.pools_words else []),
        helper.make_node(
            "Gemm",
            [pooled, "output_weight", "output_bias"],
            [logits],
            transB=1,
        ),
    ]


def _lstm_constants(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn torch's order of gates into ONNX's.

    Torch has input, forget, cell, output; ONNX has input, output, forget, cell.
    """

    def gates(matrix: np.ndarray) -> np.ndarray:
        i, f, c, o = np.split(matrix, 4)
        return np.concatenate([i, o, f, c])

    return {
        "lstm_W": np.stack([gates(weights[f"{side}.weight_ih_l0"]) for side in SIDES]),
        "lstm_R": np.stack([gates(weights[f"{side}.weight_hh_l0"]) for side in SIDES]),
        "lstm_B": np.stack(
            [
                np.concatenate(
                    [gates(weights[f"{side}.{bias}_l0"]) for bias in ("bias_ih", "bias_hh")]
                )
                for side in SIDES
            ]
        ),
    }


def write_transformer_onnx(
    logits_of: nn.Module,
    path: Path,
    *,
    outputs: Outputs,
    n_tokens_max: int,
) -> None:
    """Write a torch module that maps ids and mask to logits, with the scores of them.

    Parameters
    ----------
    logits_of : nn.Module
        Called with ids and mask; returns calibrated logits (n_texts, n_classes), in
        the order of the columns.
    path : Path
    outputs : Outputs
    n_tokens_max : int
        The longest text the network can read.
    """
    # Two texts of unlike length: what is alike in all examples would be taken for a constant.
    ids = torch.ones((2, min(8, n_tokens_max)), dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, -2:] = 0
    arguments = (ids, mask)
    objective = OBJECTIVES[outputs.task]
    module = _Scored(logits_of, objective).cpu().eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(), _QuietExporter(), unprinted_graphs():
        warnings.simplefilter(
            "ignore"
        )  # deprecations and notes of torch's own exporters, of no use to a user
        try:
            _export_by_tracing(module, arguments, path, objective.graph_outputs)
        except (
            Exception
        ):  # whatever a tracer fails on in an unknown architecture: the other exporter may manage
            _export_by_graph(module, arguments, path, objective.graph_outputs, n_tokens_max)
    _finish(onnx.load(str(path)), path, labels=outputs.labels)


class _Scored(nn.Module):
    """A network that returns logits, followed by what makes scores of them."""

    def __init__(self, logits_of: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.logits_of = logits_of
        self.objective = objective

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        """Return what the ONNX file returns."""
        logits = self.logits_of(input_ids, attention_mask)
        returned = {"probs": self.objective.activate(logits), "logits": logits}
        return tuple(returned[name] for name in self.objective.graph_outputs)


def _export_by_tracing(
    module: nn.Module,
    arguments: tuple[Any, ...],
    path: Path,
    returned: Sequence[str],
) -> None:
    """Export through TorchScript.

    It takes 1.2 s for MiniLM-L6, and the newer exporter 13 s, for the same scores.
    """
    torch.onnx.export(
        module,
        arguments,
        str(path),
        input_names=list(INPUTS),
        output_names=list(returned),
        dynamic_axes={name: {0: "n_texts", 1: "n_tokens"} for name in INPUTS}
        | {name: {0: "n_texts"} for name in returned},
        dynamo=False,
        opset_version=OPSET,
    )


def _export_by_graph(
    module: nn.Module,
    arguments: tuple[Any, ...],
    path: Path,
    returned: Sequence[str],
    n_tokens_max: int,
) -> None:
    """Export through torch.export.

    For what cannot be traced, and for releases of torch without TorchScript.
    """
    shape = {
        0: torch.export.Dim("n_texts", max=1 << 20),
        1: torch.export.Dim("n_tokens", min=2, max=n_tokens_max),
    }
    torch.onnx.export(
        module,
        arguments,
        str(path),
        input_names=list(INPUTS),
        output_names=list(returned),
        dynamic_shapes=tuple(shape for _ in INPUTS),
        dynamo=True,
        external_data=False,
        verbose=False,
        opset_version=OPSET,
    )


class _QuietExporter:
    """Keep torch's exporter from logging to stderr: it reports each operator set that it lacks."""

    NAMES = ("torch.onnx", "onnxscript", "onnx_ir", "torch._dynamo", "torch.export")

    def __enter__(self) -> None:
        self.levels = {name: logging.getLogger(name).level for name in self.NAMES}
        for name in self.NAMES:
            logging.getLogger(name).setLevel(logging.ERROR)

    def __exit__(self, *exc_info: object) -> None:
        for name, level in self.levels.items():
            logging.getLogger(name).setLevel(level)


def _finish(model: onnx.ModelProto, path: Path, *, labels: Sequence[str]) -> None:
    """Add the label names, check the graph, write the file."""
    model.ir_version = min(model.ir_version, IR_VERSION)
    del model.metadata_props[:]
    helper.set_model_props(
        model, {"labels": json.dumps(list(labels), ensure_ascii=False), "producer": "assay"}
    )
    model.doc_string = ""
    for node in model.graph.node:  # torch leaves the paths of source files in the nodes' notes
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
