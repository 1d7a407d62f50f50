"""ONNX Runtime over token ids: batches of texts of similar length, one batch per thread.

Owns onnxruntime. The contract of the graph: int64 `input_ids`, `attention_mask` (and
`token_type_ids` where the checkpoint has them) of shape (n_texts, n_tokens) -> `probs` (n_texts,
n_classes), in LabelSet order; `logits` of the same shape where texts may have several labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay import _env
from assay._optional import require
from assay.errors import ModelError
from assay.runtime.threads import for_each
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch

__all__ = ["LSTM_BATCHES", "TRANSFORMER_BATCHES", "BatchSizes", "OnnxSession"]

REQUIRED_INPUTS = {"input_ids", "attention_mask"}
KNOWN_INPUTS = REQUIRED_INPUTS | {"token_type_ids"}


@dataclass(frozen=True)
class BatchSizes:
    """How much is read at once.

    Parameters
    ----------
    texts, tokens : int
        Largest number of texts and of padded tokens per batch.
    least_texts : int
        The fewest texts that are worth a thread of their own.
    """

    texts: int
    tokens: int
    least_texts: int


# An LSTM takes each step for all texts of a batch at once: more texts are faster, up to 32 to 64. A
# transformer is as fast with few, and pads less. Measured:
# dev/LOG.md, "How much to read at once".
LSTM_BATCHES = BatchSizes(texts=32, tokens=2048, least_texts=32)
TRANSFORMER_BATCHES = BatchSizes(texts=16, tokens=384, least_texts=1)


class OnnxSession:
    """A loaded network. Safe to call from several threads.

    Parameters
    ----------
    path : Path
        The ONNX file.
    pad_id : int
        The token that fills up short texts of a batch; it is masked.
    n_threads : int, optional
        Compute threads; None means what the environment says.
    batches : BatchSizes
        How much is read at once.

    Raises
    ------
    ModelError
        ONNX Runtime cannot load the file, or its inputs and outputs are others.
    """

    def __init__(
        self,
        path: Path,
        *,
        pad_id: int,
        n_threads: int | None = None,
        batches: BatchSizes = TRANSFORMER_BATCHES,
    ) -> None:
        onnxruntime = require("onnxruntime")
        options = onnxruntime.SessionOptions()
        # One batch per thread is faster than threads that share the products of each batch.
        # Measured: dev/LOG.md, "How much to read at once".
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what fails is raised, and need not be printed as well
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as err:  # onnxruntime's exceptions share no base but Exception
            raise ModelError(f"{path} cannot be loaded by ONNX Runtime: {err}") from err
        self._pad_id = pad_id
        self._n_threads = n_threads or _env.n_threads()
        self._batches = batches
        self._inputs = {node.name for node in self._session.get_inputs()}
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        self.has_logits = "logits" in shapes
        n_classes = (shapes.get("probs") or [None])[-1]
        takes_tokens = REQUIRED_INPUTS <= self._inputs <= KNOWN_INPUTS
        if not takes_tokens or not isinstance(n_classes, int):
            raise ModelError(
                f"{path} maps {', '.join(sorted(self._inputs))} to {', '.join(shapes)}; "
                "input_ids and attention_mask to probs of shape (n_texts, n_classes) is accepted"
            )
        self.n_classes = n_classes

    @property
    def metadata(self) -> dict[str, str]:
        """What the file says about itself: label names as JSON, method, versions."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def predict_logits(self, encoded: EncodedTexts) -> np.ndarray:
        """Return calibrated logits, shaped as `predict_proba`, of a network with `has_logits`."""
        return self._read(encoded, "logits")

    def predict_proba(self, encoded: EncodedTexts) -> np.ndarray:
        """Return class probabilities.

        Parameters
        ----------
        encoded : EncodedTexts
            The token ids of the texts.

        Returns
        -------
        float32 array of shape (n_texts, n_classes)
            In the order of the texts.
        """
        return self._read(encoded, "probs")

    def _read(self, encoded: EncodedTexts, output: str) -> np.ndarray:
        """Return an output of the network for each text, float32 of shape (n_texts, n_classes)."""
        if len(encoded) == 1 and len(encoded.ids):
            # Nothing to sort and nothing to pad, which takes a quarter of the time of one text.
            ids = encoded.ids.astype(np.int64)[None]
            return self._run(ids, np.ones_like(ids), output)
        found = np.empty((len(encoded), self.n_classes), dtype=np.float32)

        def score(rows: np.ndarray) -> None:
            input_ids, mask = pad_batch(encoded, rows, pad_id=self._pad_id)
            found[rows] = self._run(input_ids, mask, output)

        sizes = self._batches
        texts_per_thread = -(-len(encoded) // self._n_threads)  # rounded up
        share = max(sizes.least_texts, texts_per_thread)
        batches = bucket_batches(
            encoded.lengths, max_texts=min(sizes.texts, share), max_tokens=sizes.tokens
        )
        # Long texts first, so that threads wait for each other at the end over short ones.
        batches.reverse()
        for_each(score, batches, n_threads=self._n_threads)
        return found

    def _run(self, input_ids: np.ndarray, mask: np.ndarray, output: str) -> np.ndarray:
        feed: dict[str, np.ndarray] = {"input_ids": input_ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(input_ids)
        block: np.ndarray = self._session.run([output], feed)[0]
        return block
