"""An ONNX file with 8-bit weights: a quarter of the size, faster where the CPU multiplies bytes.

Weights are signed, one scale an output channel, and use 7 of the 8 bits: on CPUs without VNNI the
sum of two products of 8 bits overflows 16 bits, and scores would change with the machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from assay._optional import require
from assay.models.onnx.packed import PREFIX, unpack_weights

__all__ = ["describe_onnx", "quantize_onnx"]

LAYERS = {"Gemm", "MatMul"}
PREPARED = (
    "onnx.quant.pre_process",
    "onnxruntime.quant",
)  # else it warns that a graph was not prepared: it need not


def quantize_onnx(source: Path, out: Path) -> None:
    """Write `source` with 8-bit weights.

    Activations are quantised as they come, so there is nothing to calibrate. The last layer stays
    in float32: it is small, and the head of `features` has weights of 1e31 for what is 1e-32 in
    the hidden states of some checkpoints, which one scale per text cannot hold.

    Parameters
    ----------
    source : Path
        A float32 ONNX file. It is left as it is.
    out : Path
    """
    quantization = require("onnxruntime.quantization")
    model = onnx.load(str(source))
    metadata = {prop.key: prop.value for prop in model.metadata_props}
    helper.set_model_props(model, {**metadata, PREPARED[0]: PREPARED[1]})
    _widen(model)
    unpack_weights(model)
    packed = [node.name for node in model.graph.node if node.name.startswith(PREFIX)]
    out.parent.mkdir(parents=True, exist_ok=True)
    quantization.quantize_dynamic(
        model,
        str(out),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        # Packed token vectors have 8 bits already
        nodes_to_exclude=[*packed, *_last_layer(model)],
    )
    written = onnx.load(str(out))
    helper.set_model_props(written, metadata)
    onnx.save(written, str(out))


def _last_layer(model: onnx.ModelProto) -> list[str]:
    """Return what the quantiser calls the layer that makes the logits."""
    constants = {tensor.name for tensor in model.graph.initializer}
    layers = [
        node.name
        for node in model.graph.node
        if node.op_type in LAYERS and node.input[1] in constants and node.name
    ]
    # A Gemm is made a MatMul and an Add first, with names of their own
    return [name + suffix for name in layers[-1:] for suffix in ("", "_MatMul")]


def _widen(model: onnx.ModelProto) -> None:
    """Turn half precision, which older `compact` models hold, into float32.

    The quantiser accepts no other floats.
    """
    for one in model.graph.initializer:
        if one.data_type == onnx.TensorProto.FLOAT16:
            one.CopyFrom(
                numpy_helper.from_array(numpy_helper.to_array(one).astype(np.float32), one.name)
            )


def describe_onnx(path: Path) -> dict[str, int]:
    """Return the version of the file's format, and that of each operator set that it needs."""
    model = onnx.load(str(path), load_external_data=False)
    return {
        "ir_version": model.ir_version,
        **{opset.domain or "ai.onnx": opset.version for opset in model.opset_import},
    }
