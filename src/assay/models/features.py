"""`features`: a frozen transformer's last hidden state + logistic regression.

The transformer is run once and learns nothing, unless `tuned_epochs` asks for it; what is trained
is one affine layer. Standardising
the features, the regression and the temperature are all affine, so the saved network carries a
single one.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from torch import nn

from assay.bounds import POSITIVE, SEED, Bounds
from assay.checkpoints.aliases import AUTO
from assay.checkpoints.auto import choose_checkpoint
from assay.checkpoints.cache import cached_features
from assay.checkpoints.frozen import FrozenEncoder
from assay.checkpoints.network import LoadedNetwork
from assay.checkpoints.pruning import PieceLimits, prune_vocabulary
from assay.checkpoints.reading import measure_tokens, warn_of_reading
from assay.checkpoints.resolve import Checkpoint
from assay.checkpoints.torch_state import pick_device
from assay.data.labels import Task
from assay.errors import InputError
from assay.models.estimator import TextClassifier, WrittenParts, describe_subwords
from assay.models.head import AffineHead
from assay.models.head_choice import N_FOLDS, choose_c, names_help
from assay.models.label_names import (
    MOST_TEXTS_PER_LABEL,
    NamedLabels,
    names_of_labels,
    readable_names,
)
from assay.models.onnx.export import write_transformer_onnx
from assay.models.onnx.packed import pack_weights
from assay.models.pooled_head import PooledHead, check_encoder
from assay.models.pruned_network import count_tokens, prune_network
from assay.models.several_heads import HEADS, SeveralHeads
from assay.models.tuned_encoder import tune_encoder
from assay.progress import Progress
from assay.runtime.layout import Layout
from assay.training.context import ClassWeight, FitContext

__all__ = ["Features"]


class Features(TextClassifier):
    """Logistic regression on the pooled last hidden state of a frozen transformer.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        `auto` (by the language of the training texts), `minilm`, `e5`, a local folder or a Hub id.
    pooling : {"mean", "cls"}
    C : float, optional
        Inverse regularisation strength, on standardised features. None: chosen by `choose_c`.
    max_tokens : int or None
        None: as many as the checkpoint takes.
    long_texts : {"truncate", "window"}
        Whether longer texts are cut at the end or read window by window.
    class_weight : "balanced", mapping or None
        See `weigh_classes`; `weigh_labels` where texts may have several labels.
    precision : {"float32", "int8"}
        Precision of the transformer while it reads the training texts. What is saved, and every
        prediction, is float32.
    encoder : FrozenEncoder or None
        An encoder to share instead of loading one. `checkpoint`, `pooling`, `max_tokens`,
        `long_texts`, `precision` and `device` are then those of the encoder.
    label_names : sequence of str, optional
        The name of each label, where `fit` gets labels as numbers: label 2 is the third name. With
        few texts, names are learnt from as texts are, if that helps (`names_help`). None: the
        labels themselves, where they are texts. Empty: nothing is learnt from names.
    tuned_epochs : int
        How often the training texts are read to tune the transformer to their labels, at least:
        small sets are read until 30 steps are made. 0 leaves it frozen. It helps where there are
        few texts per label, and takes far longer. `C` is not used then.
    seed : int
    device : str, optional
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. None: what `--device` or the environment
        says.

    Attributes
    ----------
    C_ : float or None
        The C that was used; None with a tuned transformer.
    uses_names_ : bool
        Whether the names of the labels were learnt from.
    """

    method = "features"
    accepted: ClassVar[Mapping[str, Bounds]] = {
        "C": replace(POSITIVE, is_optional=True),
        "tuned_epochs": Bounds(at_least=0, is_whole=True),
        "seed": SEED,
    }

    def __init__(
        self,
        *,
        checkpoint: str | Path | Checkpoint = AUTO,
        pooling: str = "mean",
        C: float | None = None,
        max_tokens: int | None = None,
        long_texts: str = "truncate",
        class_weight: ClassWeight = None,
        precision: str = "float32",
        encoder: FrozenEncoder | None = None,
        label_names: Sequence[str] | None = None,
        tuned_epochs: int = 0,
        seed: int = 0,
        device: str | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.pooling = pooling
        self.C = C
        self.max_tokens = max_tokens
        self.long_texts = long_texts
        self.class_weight = class_weight
        self.precision = precision
        self.encoder = encoder
        self.label_names = label_names
        self.tuned_epochs = tuned_epochs
        self.seed = seed
        self.device = device

    def _given_encoder(self, texts: Sequence[str]) -> FrozenEncoder:
        checkpoint = self.checkpoint
        if checkpoint == AUTO:
            checkpoint = choose_checkpoint(AUTO, texts, seed=self.seed).checkpoint
        return self.encoder or FrozenEncoder(
            checkpoint,
            pooling=self.pooling,
            max_tokens=self.max_tokens,
            long_texts=self.long_texts,
            precision=self.precision,
            device=self.device,
        )

    def predict_fold(
        self,
        texts: Sequence[str],
        label_ids: np.ndarray,
        is_outside: np.ndarray,
        *,
        progress: Progress | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fit a head on the features of the texts inside, and predict those outside of them.

        The features of all texts are computed once for all folds: they depend on no label. Those of
        a tuned transformer do.
        """
        if self.tuned_epochs:
            return super().predict_fold(texts, label_ids, is_outside, progress=progress)
        features = self.read_features([texts], progress=progress)
        head = self._fit_part(features[~is_outside], label_ids[~is_outside])
        outside = list(compress(texts, is_outside))
        encoder = self._given_encoder(texts)
        return _read_logits(head, features[is_outside], outside, encoder), head.classes_

    def read_features(
        self, pieces: Sequence[Sequence[str]], *, progress: Progress | None = None
    ) -> np.ndarray:
        """Return the features of texts, float32 of shape (n_texts, hidden_size).

        Parameters
        ----------
        pieces : sequence of sequence of str
            The cache keeps the features of each piece, such as a split.
        progress : Progress, optional
        """
        encoder = self._given_encoder(pieces[0])
        found = [cached_features(encoder, texts, progress=progress) for texts in pieces]
        self.named_ = self._read_names(self.label_names, encoder)
        return np.concatenate(found)

    def _read_names(
        self, names: Sequence[str] | None, encoder: FrozenEncoder
    ) -> NamedLabels | None:
        if names is None:
            return None
        # Every fold asks for them, and to read them is to load the network
        return NamedLabels.read(names, lambda texts: cached_features(encoder, texts, min_texts=1))

    def predict_part(
        self,
        features: np.ndarray,
        label_ids: np.ndarray,
        is_inside: np.ndarray,
        is_outside: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fit a head on the features of some texts, and predict others.

        `read_features` was called before.

        Parameters
        ----------
        features : float32 array of shape (n_texts, hidden_size)
        label_ids : int64 array of shape (n_texts,)
        is_inside, is_outside : bool arrays of shape (n_texts,)
            The texts to fit on, and those to predict.

        Returns
        -------
        logits, classes
            As `predict_fold` returns them.
        """
        head = self._fit_part(features[is_inside], label_ids[is_inside])
        return head.logits(features[is_outside]), head.classes_

    def _fit_part(self, features: np.ndarray, label_ids: np.ndarray) -> AffineHead | SeveralHeads:
        """Fit a head on some of the texts."""
        task: Task = "multi" if label_ids.ndim == 2 else "single"
        # One cut: the choice is made anew for each fold, and for each part of a learning curve
        return self._fit_head(features, label_ids, task=task, n_cuts=1)

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        pick_device(self.device)  # refuse a missing device before any work
        given = self._given_encoder(texts)
        self.encoder_ = given
        if given.precision != "float32":  # predictions are those of the saved folder
            self.encoder_ = clone(given).set_params(precision="float32")
        self.checkpoint_ = self.encoder_.resolved
        check_encoder(self.encoder_)
        self.token_counts_ = count_tokens(self.encoder_.tokenizer, texts)
        warn_of_reading(measure_tokens(self.checkpoint_.name, self.encoder_.tokenizer, texts))
        names = names_of_labels(self.classes_.tolist(), self.label_names)
        self.C_: float | None = None
        if self.tuned_epochs:
            self._tune(texts, label_ids, names, context)
            return
        features = cached_features(given, texts, progress=context.progress)
        self.named_ = self._read_names(names, given)
        self.head_ = self._fit_head(features, label_ids, task=self.targets_.task)
        self.C_ = self.head_.C

    def _tune(
        self,
        texts: list[str],
        label_ids: np.ndarray,
        names: Sequence[str] | None,
        context: FitContext,
    ) -> None:
        """Tune a copy of the transformer to the labels, whose names count as one text each."""
        if self.targets_.task == "multi":
            raise InputError(
                f"--tuned-epochs is {self.tuned_epochs}; 0 is accepted where a text may have "
                "several labels"
            )
        named_ids, words = readable_names(names or ())
        self.uses_names_ = len(texts) <= MOST_TEXTS_PER_LABEL * len(named_ids)
        if not self.uses_names_:
            named_ids, words = [], []
        tuned = tune_encoder(
            self.encoder_,
            [*texts, *words],
            np.concatenate([label_ids, np.array(named_ids, dtype=np.int64)]),
            n_epochs=self.tuned_epochs,
            class_weights=self.targets_.weigh(self.class_weight, self.classes_, label_ids),
            seed=self.seed,
            context=context,
        )
        self.encoder_, self.head_ = tuned.encoder, tuned.head
        self.history_ = tuned.history

    def _fit_head(
        self, features: np.ndarray, label_ids: np.ndarray, *, task: Task, n_cuts: int = N_FOLDS
    ) -> AffineHead | SeveralHeads:
        weight, seed = self.class_weight, self.seed
        C = self.C
        if C is None:
            C = choose_c(
                features, label_ids, task=task, class_weight=weight, seed=seed, n_cuts=n_cuts
            )
        self.uses_names_ = False
        if self.named_ is not None and task == "single":
            self.uses_names_ = names_help(
                features, label_ids, self.named_, C=C, class_weight=weight, seed=seed, n_cuts=n_cuts
            )
            if self.uses_names_:
                head = AffineHead(C=C, class_weight=weight, seed=seed)
                return head.fit(*self.named_.add_to(features, label_ids))
        several_or_one = HEADS[task](C=C, class_weight=weight, seed=seed)
        return several_or_one.fit(features, label_ids)

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "head_")
        texts, encoder = list(X), self.encoder_
        return _read_logits(self.head_, cached_features(encoder, texts), texts, encoder)

    def pruned(self) -> Self:
        """Return a copy that knows only the tokens that its texts are likely to need."""
        if not self.token_counts_.any():
            return self
        whole = self.encoder_.loaded()
        vocabulary = prune_vocabulary(whole.tokenizer, self.token_counts_, limits=PieceLimits())
        kept_ids = vocabulary.kept_ids
        identity = f"{whole.checkpoint.sha256} {hashlib.sha256(kept_ids.tobytes()).hexdigest()}"
        network = prune_network(whole.network, kept_ids).to(whole.device)
        loaded = LoadedNetwork(
            checkpoint=replace(
                whole.checkpoint, sha256=hashlib.sha256(identity.encode()).hexdigest()
            ),
            tokenizer=vocabulary.tokenizer,
            network=network,
            device=whole.device,
            n_known=len(kept_ids),
        )
        pruned = copy.copy(self)
        pruned.encoder_ = self.encoder_.with_network(loaded)
        pruned.vocabulary_ = vocabulary
        return pruned

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write tokenizer.json and onnx/model.onnx: encoder, pooling and head in one graph."""
        encoder, layout, checkpoint = self.encoder_, Layout(root), self.checkpoint_
        encoder.tokenizer.save(layout.tokenizer)
        outputs = self.outputs(order)
        weights, bias = outputs.fold(self.head_.coef_, self.head_.intercept_)
        head = nn.Linear(self.head_.n_features_in_, len(order))
        with torch.no_grad():
            head.weight.copy_(torch.from_numpy(weights))
            head.bias.copy_(torch.from_numpy(bias))
        network = copy.deepcopy(encoder.network)  # exporting moves it to the CPU
        write_transformer_onnx(
            PooledHead(network, head, encoder.pooling),
            layout.onnx,
            outputs=outputs,
            n_tokens_max=checkpoint.max_tokens,
        )
        if self.vocabulary_ is not None:
            pack_weights(layout.onnx)
        parameters: dict[str, str | int] = {"pooling": encoder.pooling}
        if self.tuned_epochs:
            parameters["n_readings"] = len(self.history_)
        return WrittenParts(
            tokenization=describe_subwords(
                encoder.tokenizer.max_tokens, long_texts=encoder.long_texts
            ),
            parameters=parameters,
            checkpoint=checkpoint.to_dict(),
        )


def _read_logits(
    head: AffineHead | SeveralHeads,
    features: np.ndarray,
    texts: Sequence[str],
    encoder: FrozenEncoder,
) -> np.ndarray:
    """Return the logits of texts, of which `features` are the means over windows.

    A head is affine: the logits of mean features are the mean of the logits of windows. That is
    what one label per text asks for; of several labels, long texts are read window by window.
    """
    logits = head.logits(features)
    if encoder.long_texts != "window" or not isinstance(head, SeveralHeads):
        return logits
    is_long = np.array(encoder.tokenizer.count_tokens(texts)) > encoder.tokenizer.max_tokens
    if is_long.any():
        windows, own = encoder.read_windows(list(compress(texts, is_long)))
        logits[is_long] = windows.join(head.logits(own), task="multi")
    return logits
