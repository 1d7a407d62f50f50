"""ONNX Runtime over token ids: texts of like length go together, nothing is padded to the longest of all.

Owns onnxruntime. The contract of the graph: int64 `input_ids`, `attention_mask` (and `token_type_ids` where the
checkpoint has them) of shape (n_texts, n_tokens) -> `probs` (n_texts, n_classes), in LabelSet order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from assay import _env
from assay.errors import ModelError
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch

__all__ = ["OnnxSession"]

REQUIRED_INPUTS = {"input_ids", "attention_mask"}
# Texts and padded tokens a batch: as fast as twice or half as many (compact, 2 cores), with 10 MB less than twice.
BATCH_TEXTS, BATCH_TOKENS = 32, 2048


class OnnxSession:
    """A loaded network. Safe to call from several threads.

    Parameters
    ----------
    path : Path
        The ONNX file.
    pad_id : int
        Fills up a batch; masked.
    n_threads : int, optional
        Compute threads; None means what the environment says.
    """

    def __init__(self, path: Path, *, pad_id: int, n_threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads or _env.n_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait by turning take the CPU from whoever else is there: 0.6x the speed of one thread on a busy
        # machine, and no gain on a quiet one.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as err:  # onnxruntime's exceptions share no base but Exception
            raise ModelError(f"{path} cannot be loaded by ONNX Runtime: {err}") from err
        self._pad_id = pad_id
        self._inputs = {node.name for node in self._session.get_inputs()}
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        n_classes = (shapes.get("probs") or [None])[-1]
        if not REQUIRED_INPUTS <= self._inputs <= {*REQUIRED_INPUTS, "token_type_ids"} or not isinstance(
            n_classes, int
        ):
            raise ModelError(
                f"{path} maps {', '.join(sorted(self._inputs))} to {', '.join(shapes)}; "
                "input_ids and attention_mask to probs of shape (n_texts, n_classes) is accepted"
            )
        self.n_classes = n_classes

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says of itself: label names as JSON, method, versions."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def predict_proba(self, encoded: EncodedTexts) -> np.ndarray:
        """Return class probabilities, float32 of shape (n_texts, n_classes), in the order of the texts."""
        if len(encoded) == 1 and len(encoded.ids):  # nothing to sort, nothing to pad: a quarter of the time of one text
            ids = encoded.ids.astype(np.int64)[None]
            return self._run(ids, np.ones_like(ids))
        probs = np.empty((len(encoded), self.n_classes), dtype=np.float32)
        for rows in bucket_batches(encoded.lengths, max_texts=BATCH_TEXTS, max_tokens=BATCH_TOKENS):
            input_ids, mask = pad_batch(encoded, rows, pad_id=self._pad_id)
            probs[rows] = self._run(input_ids, mask)
        return probs

    def _run(self, input_ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        feed: dict[str, Any] = {"input_ids": input_ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(input_ids)
        probs: np.ndarray = self._session.run(["probs"], feed)[0]
        return probs
