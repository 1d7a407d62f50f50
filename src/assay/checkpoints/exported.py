"""A frozen transformer through ONNX Runtime: faster than torch, with 8-bit weights far more so.

The file is made once per encoder, in some seconds, and kept in the cache. 8-bit weights are signed,
with one scale per output channel, and use 7 of the 8 bits: on CPUs without VNNI the sum of two
products of 8 bits overflows. Activations are quantised by the range of their batch, so the features
of a text depend a little on the texts that are read with it. Speeds:
dev/LOG.md, "An encoder with 8-bit weights".
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import _env
from assay._optional import require
from assay.checkpoints.folder import Checkpoint
from assay.checkpoints.network import pool_states
from assay.checkpoints.torch_state import unprinted_graphs
from assay.disk import atomic_file
from assay.errors import ModelError, OutsideError, first_line

if TYPE_CHECKING:
    import torch

__all__ = ["ExportedEncoder"]

VERSION = 2  # raise it when the file is made otherwise
OPSET = 18
FLOAT = 1  # onnx.TensorProto.FLOAT


class ExportedEncoder:
    """Pooled last hidden states through ONNX Runtime, on the CPU.

    Safe to call from several threads.

    Parameters
    ----------
    checkpoint : Checkpoint
        The transformer.
    pooling : {"mean", "cls"}
        How the states of a text's tokens become one vector: see `FrozenEncoder`.
    precision : {"float32", "int8"}
        Precision of the weights.
    load : callable
        Returns the float32 network; called only if the file has to be made.

    Raises
    ------
    ModelError
        The network cannot be turned into such a file.
    OutsideError
        The disk refused.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        pooling: str,
        precision: str,
        load: Callable[[], torch.nn.Module],
    ) -> None:
        key = json.dumps(
            [VERSION, checkpoint.sha256, pooling, precision, require("onnxruntime").__version__]
        )
        path = _env.cache_path("encoders", f"{hashlib.sha256(key.encode()).hexdigest()}.onnx")
        self._session = _open(path) if path.is_file() else None
        if self._session is None:  # not there, or broken
            _make(path, load(), checkpoint, pooling, precision)
            self._session = _open(path)
        if self._session is None:
            raise ModelError(
                f"checkpoint '{checkpoint.name}' cannot be read by ONNX Runtime in {precision}"
            )

    def transform(self, input_ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return the features of one batch.

        Parameters
        ----------
        input_ids, mask : int64 arrays of shape (n_texts, n_tokens)
            The mask is 1 for a token and 0 for padding.

        Returns
        -------
        float32 array of shape (n_texts, hidden_size)
        """
        assert self._session is not None
        features: np.ndarray = self._session.run(
            ["features"], {"input_ids": input_ids, "attention_mask": mask}
        )[0]
        return features


def _open(path: Path) -> Any:
    """Return a session of ONNX Runtime; None if the file cannot be read."""
    onnxruntime = require("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the threads share batches, not the products of one batch
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception:  # onnxruntime's exceptions share no base but Exception
        return None


def _make(
    path: Path, network: torch.nn.Module, checkpoint: Checkpoint, pooling: str, precision: str
) -> None:
    """Export the network, quantise it for int8, and write the file whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, is_shared=True) as partial, TemporaryDirectory() as folder:
            plain = partial if precision == "float32" else Path(folder) / "plain.onnx"
            try:
                _export(network, plain, pooling, n_tokens=min(8, checkpoint.max_tokens))
                if precision == "int8":
                    _quantize(plain, partial)
            except OSError:
                raise
            except Exception as err:  # an exporter raises anything on an unusual architecture
                raise ModelError(
                    f"checkpoint '{checkpoint.name}' ({checkpoint.model_type}) cannot be read by "
                    f"ONNX Runtime in {precision}: {first_line(err)}",
                    hint="take float32",
                ) from err
    except OSError as err:
        reason = err.strerror or str(err)
        raise OutsideError(
            f"{path.parent} could not be written: {reason}", hint="look at free space"
        ) from err


def _export(network: torch.nn.Module, path: Path, pooling: str, *, n_tokens: int) -> None:
    """Write the network with its pooling as ONNX, for any number of texts and tokens."""
    torch: Any = require("torch")

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            output = self.network(input_ids=input_ids, attention_mask=attention_mask)
            return pool_states(output.last_hidden_state, attention_mask, pooling=pooling)

    # Two texts of different lengths: what all examples have in common is taken for a constant.
    ids = torch.ones((2, n_tokens), dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, -2:] = 0
    per_text, per_token = {0: "n_texts"}, {0: "n_texts", 1: "n_tokens"}
    with warnings.catch_warnings(), unprinted_graphs():
        warnings.simplefilter("ignore")  # notes of torch's exporter, of no use to a user
        torch.onnx.export(
            Pooled().cpu().eval(),
            (ids, mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["features"],
            dynamic_axes={
                "input_ids": per_token,
                "attention_mask": per_token,
                "features": per_text,
            },
            dynamo=False,
            opset_version=OPSET,
        )


def _quantize(source: Path, out: Path) -> None:
    onnx, quantization = require("onnx"), require("onnxruntime.quantization")
    model = onnx.load(str(source))
    # Without this property it warns that the graph was not prepared, which it need not be.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantization.quantize_dynamic(
        model,
        str(out),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"DefaultTensorType": FLOAT},
    )
