"""`compact`: a small recurrent network trained from scratch, n-grams of word pieces, or both.

It trains in seconds on a CPU, downloads nothing, and takes a few megabytes. Its vocabulary is
learnt from the training texts, in any language: see `learn_tokenizer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from assay.bounds import COUNT, FRACTION, SEED, Bounds
from assay.checkpoints.torch_state import compute_threads, pick_device
from assay.data.labels import Task
from assay.models.estimator import TextClassifier, WrittenParts
from assay.models.joint import NgramsBeside, add_ngrams, weigh_ngrams
from assay.models.machine import Machine
from assay.models.onnx.export import write_compact_onnx
from assay.models.onnx.joint import write_joint_onnx
from assay.models.onnx.ngrams import write_ngrams_onnx
from assay.models.piece_ngrams import SIZES, NgramSizes, PieceNgrams, fit_ngrams
from assay.models.several_machines import MACHINES, SeveralMachines
from assay.models.spelling import learn_spelling
from assay.runtime.layout import Layout
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.vocabulary import find_beginnings, learn_tokenizer
from assay.tokenization.window import check_long_texts
from assay.training.context import ClassWeight, FitContext
from assay.training.inference import network_logits, read_long_texts
from assay.training.label_order import order_by_texts, start_last_layer
from assay.training.loop import TrainingConfig, seeded, train_network
from assay.training.objectives import OBJECTIVES
from assay.training.recurrent import CompactNetwork
from assay.training.side_by_side import side_by_side

__all__ = ["Compact"]

# Texts that training reads over all epochs: small sets get more epochs, and so do many classes (77
# intents of 9,000 questions need 14 epochs, 6 emotions of 16,000 tweets 4).
TEXTS_SEEN, TEXTS_SEEN_PER_CLASS, MIN_EPOCHS, MAX_EPOCHS = 60_000, 800, 3, 20
# From so many texts on, each is read once: in larger batches, at a higher rate, and with less
# dropout, since no text comes again. Not measured with many classes, or several labels per text.
# See "A million texts" in dev/LOG.md.
READ_ONCE = 400_000
# Width of the embedding, and units in each direction. Few classes need no more; many classes gain
# from wide ones and pooled words: dev/LOG.md, "Sizes and pooled words by number of classes".
EMBEDDING_SIZE, WIDE_EMBEDDING_SIZE = 96, 256
HIDDEN_SIZE, WIDE_HIDDEN_SIZE = 64, 128
MANY_CLASSES = 32  # more classes get the wide sizes and pooled words
# Below so many training texts, n-grams of small word pieces alone are better than the recurrent
# network, and about as good as both together, by task: dev/LOG.md, "N-grams beside the network, one
# label per text" and "A fixed share".
NETWORK_TEXTS: dict[Task, int] = {"single": 1_250, "multi": 1_000}
# Characters of the training texts, at most, for which n-grams are learnt beside the network: more
# n-grams than these have, nearly five per character, take over 2 GB.
MOST_CHARS = 20_000_000
# Buckets of the n-grams of many classes, each of which has a weight per bucket: a quarter of them
# is as good, and takes a quarter of the memory.
MANY_CLASSES_BUCKETS = 1 << 15
# With more labels, n-grams beside the network were not measured.
MOST_CLASSES_BESIDE: dict[Task, int] = {"single": 100, "multi": MANY_CLASSES}
SMALL_PIECES = 4  # so many small pieces spell about as much text as one piece of a large vocabulary
# Up to this many texts are one batch, which one thread reads sooner than several that wait for each
# other after every step of the recurrence.
FEW_TEXTS = 256


@dataclass(frozen=True)
class Pace:
    """How often texts are read, how many per step, and how much is learnt from them."""

    n_epochs: int
    batch_size: int
    learning_rate: float
    dropout: float


# Settings that are given for a network's sake: with one of them there are no n-grams.
OF_THE_NETWORK = ("embedding_size", "hidden_size", *(field.name for field in fields(Pace)))
SEVERAL_TIMES = Pace(MIN_EPOCHS, batch_size=64, learning_rate=4e-3, dropout=0.4)
ONCE = Pace(1, batch_size=256, learning_rate=8e-3, dropout=0.1)


class Compact(TextClassifier):
    """N-grams of word pieces, a bidirectional LSTM over learnt words or word pieces, or both.

    Below 1,250 texts, or below 1,000 that may have several labels, a linear classifier of n-grams
    of small word pieces, from which so few texts teach more. From more texts, the LSTM (max-pooled)
    and, beside it, such n-grams: their margins are added to its logits, as much as is best on
    validation. Without validation, as on folds and in the model that they judge, it is always the
    same share. The LSTM is alone where a size, the epochs, a batch size, a learning rate or a
    dropout is given, where the texts have more than 20 million characters, and with more than 100
    classes, or 32 labels of which a text may have several.

    Parameters
    ----------
    vocabulary_size : int
        Most words or word pieces in the vocabulary.
    embedding_size : int, optional
        Width of the word vectors. None: chosen by the number of classes.
    hidden_size : int, optional
        Units of the LSTM in each direction. None: chosen by the number of classes.
    n_epochs : int, optional
        None: chosen by the number of texts. The best epoch on validation is kept.
    batch_size, learning_rate, dropout : optional
        None: chosen by the number of texts.
    token_dropout, label_smoothing, weight_decay : float
    max_tokens : int
        Most tokens that are read at once.
    long_texts : {"truncate", "window"}
        Whether longer texts are cut at the end or predicted window by window. Training reads only
        their beginning.
    class_weight : "balanced", mapping or None
        See `weigh_classes`; `weigh_labels` where texts may have several labels.
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds for training. None sets no limit.
    device : str, optional
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. None: what `--device` or the environment
        says.
    """

    method = "compact"
    accepted: ClassVar[Mapping[str, Bounds]] = {
        "vocabulary_size": COUNT,
        "embedding_size": replace(COUNT, is_optional=True),
        "hidden_size": replace(COUNT, is_optional=True),
        "n_epochs": replace(COUNT, is_optional=True),
        "batch_size": replace(COUNT, is_optional=True),
        "dropout": replace(FRACTION, is_optional=True),
        "token_dropout": FRACTION,
        "seed": SEED,
    }

    def __init__(
        self,
        *,
        vocabulary_size: int = 8000,
        embedding_size: int | None = None,
        hidden_size: int | None = None,
        n_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        dropout: float | None = None,
        token_dropout: float = 0.05,
        label_smoothing: float = 0.1,
        weight_decay: float = 0.0,
        max_tokens: int = 256,
        long_texts: str = "truncate",
        class_weight: ClassWeight = None,
        seed: int = 0,
        time_limit_s: float | None = None,
        device: str | None = None,
    ) -> None:
        self.vocabulary_size = vocabulary_size
        self.embedding_size = embedding_size
        self.hidden_size = hidden_size
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.token_dropout = token_dropout
        self.label_smoothing = label_smoothing
        self.weight_decay = weight_decay
        self.max_tokens = max_tokens
        self.long_texts = long_texts
        self.class_weight = class_weight
        self.seed = seed
        self.time_limit_s = time_limit_s
        self.device = device

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        check_long_texts(self.long_texts)
        # Refuse a missing device and senseless settings before any work, network or not
        pick_device(self.device)
        self._config(len(texts))
        self.ngrams_: PieceNgrams | None = None
        self.beside_: NgramsBeside | None = None
        all_texts = context.all_texts or texts
        if self._takes_ngrams(len(all_texts)):
            self._fit_ngrams(texts, label_ids, context)
        else:
            self._fit_network(texts, label_ids, context)
            if self._takes_both(all_texts):
                self._fit_beside(texts, label_ids, context)

    def _fit_network(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        """Learn a vocabulary, and the network."""
        device = pick_device(self.device)
        class_weights = self.targets_.weigh(self.class_weight, self.classes_, label_ids)
        learnt = learn_tokenizer(texts, vocabulary_size=self.vocabulary_size)
        self.tokenizer_ = SubwordTokenizer(learnt, max_tokens=self.max_tokens)
        train = self.tokenizer_.encode_texts(texts), label_ids
        validation = context.encode_validation(self.tokenizer_)
        embedding_size, hidden_size = self._sizes()
        with seeded(self.seed):
            self.network_ = CompactNetwork(
                n_tokens=self.tokenizer_.vocabulary_size,
                n_classes=len(self.classes_),
                embedding_size=embedding_size,
                hidden_size=hidden_size,
                dropout=self._pace(len(texts)).dropout,
                token_dropout=self.token_dropout,
                pad_id=self.tokenizer_.pad_id,
                unknown_id=self.tokenizer_.unknown_id or 0,
                pools_words=len(self.classes_) > MANY_CLASSES,
            ).to(device)
            start_last_layer(self.network_.output, label_ids, task=self.targets_.task)
            with side_by_side(device), order_by_texts(self.network_.output, label_ids):
                self.history_ = train_network(
                    self.network_,
                    self.network_,
                    train,
                    validation,
                    pad_id=self.tokenizer_.pad_id,
                    config=replace(self._config(len(texts)), class_weights=class_weights),
                    context=context,
                )
        # Before anything is scored or calibrated, since the saved model holds exactly this
        self.network_.round_embedding()

    def _takes_ngrams(self, n_texts: int) -> bool:
        """Tell whether the texts are few, and nothing that only a network has was asked for."""
        return n_texts < NETWORK_TEXTS[self.targets_.task] and not self._asks_for_network()

    def _asks_for_network(self) -> bool:
        """Tell whether a setting was given that says nothing to n-grams."""
        return any(getattr(self, name) is not None for name in OF_THE_NETWORK)

    def _takes_both(self, texts: Sequence[str]) -> bool:
        """Tell whether n-grams are learnt beside the network.

        Parameters
        ----------
        texts : sequence of str
            On a fold, all texts.
        """
        is_measured = len(self.classes_) <= MOST_CLASSES_BESIDE[self.targets_.task]
        if not is_measured or self._asks_for_network():
            return False
        return sum(map(len, texts)) <= MOST_CHARS

    def _ngram_sizes(self) -> NgramSizes:
        """Return how many small pieces, and buckets of their n-grams, there are."""
        sizes = SIZES[self.targets_.task]
        if len(self.classes_) > MANY_CLASSES:
            sizes = replace(sizes, n_buckets=MANY_CLASSES_BUCKETS)
        return sizes

    def _fit_beside(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        """Learn n-grams beside the network, and by validation how much of the sum is theirs."""
        sizes, tokenizer = self._ngram_sizes(), self.tokenizer_
        with context.progress.track("compact", 2) as advance:
            spelling = learn_spelling(texts, tokenizer, n_pieces=sizes.n_pieces)
            advance(1)
            encoded = tokenizer.encode_texts(texts)
            spelt, machine = spelling.spell(encoded), self._machine(label_ids)
            ngrams = fit_ngrams(spelt, machine, sizes=sizes, begins=spelling.begins)
            advance(1)
        held_out = context.encode_validation(tokenizer)
        if held_out is None:
            logits = self._network_logits(encoded)
            self.beside_ = add_ngrams(ngrams, spelling, logits, encoded, task=self.targets_.task)
            return
        read, targets = held_out
        objective = OBJECTIVES[self.targets_.task]

        def judge(logits: np.ndarray) -> float:
            calibrated = self.targets_.fit(logits, targets).calibration.apply(logits)
            return objective.judge(calibrated, targets)[objective.chosen_by]

        logits = self._network_logits(read)
        self.beside_ = weigh_ngrams(ngrams, spelling, logits, read, judge, task=self.targets_.task)

    def _machine(self, label_ids: np.ndarray) -> Machine | SeveralMachines:
        """Return what fits the n-grams of training texts."""
        task = self.targets_.task
        return MACHINES[task](self.class_weight, self.classes_, label_ids, self.seed)

    def _fit_ngrams(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        """Learn small word pieces, and a linear classifier of their n-grams."""
        sizes = self._ngram_sizes()
        n_pieces = min(self.vocabulary_size, sizes.n_pieces)
        with context.progress.track("compact", 2) as advance:
            learnt = learn_tokenizer(texts, vocabulary_size=n_pieces, whole_words=False)
            self.tokenizer_ = SubwordTokenizer(learnt, max_tokens=SMALL_PIECES * self.max_tokens)
            advance(1)
            encoded = self.tokenizer_.encode_texts(texts)
            machine, begins = self._machine(label_ids), find_beginnings(learnt)
            self.ngrams_ = fit_ngrams(encoded, machine, sizes=sizes, begins=begins)
            advance(1)

    def _config(self, n_texts: int) -> TrainingConfig:
        pace = self._pace(n_texts)
        return TrainingConfig(
            name="compact",
            n_epochs=pace.n_epochs,
            batch_size=pace.batch_size,
            learning_rate=pace.learning_rate,
            weight_decay=self.weight_decay,
            warmup_fraction=0.05,
            label_smoothing=self.label_smoothing,
            max_gradient_norm=1.0,
            task=self.targets_.task,
            seed=self.seed,
            time_limit_s=self.time_limit_s,
        )

    def _sizes(self) -> tuple[int, int]:
        """Return the width of the embedding, and the units in each direction."""
        sizes = EMBEDDING_SIZE, HIDDEN_SIZE
        if len(self.classes_) > MANY_CLASSES:
            sizes = WIDE_EMBEDDING_SIZE, WIDE_HIDDEN_SIZE
        embedding_size = sizes[0] if self.embedding_size is None else self.embedding_size
        hidden_size = sizes[1] if self.hidden_size is None else self.hidden_size
        return embedding_size, hidden_size

    def _pace(self, n_texts: int) -> Pace:
        """Return how so many texts are read: as asked, else by their number."""
        texts_seen = TEXTS_SEEN + TEXTS_SEEN_PER_CLASS * len(self.classes_)
        n_epochs = int(np.clip(round(texts_seen / n_texts), MIN_EPOCHS, MAX_EPOCHS))
        usual = replace(SEVERAL_TIMES, n_epochs=n_epochs)
        is_measured = self.targets_.task == "single" and len(self.classes_) <= MANY_CLASSES
        if n_texts >= READ_ONCE and is_measured and self.n_epochs in (None, 1):
            usual = ONCE
        own = {field.name: getattr(self, field.name) for field in fields(Pace)}
        return replace(usual, **{name: one for name, one in own.items() if one is not None})

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "tokenizer_")

        def logits_of(encoded: EncodedTexts) -> np.ndarray:
            if self.ngrams_ is not None:
                return self.ngrams_.logits(encoded)
            logits = self._network_logits(encoded)
            return logits if self.beside_ is None else self.beside_.add(logits, encoded)

        return read_long_texts(
            self.tokenizer_, X, logits_of, policy=self.long_texts, task=self.targets_.task
        )

    def _network_logits(self, encoded: EncodedTexts) -> np.ndarray:
        """Return the logits of the network alone."""
        network, pad_id = self.network_, self.tokenizer_.pad_id
        if len(encoded) <= FEW_TEXTS:
            with compute_threads(1):
                return network_logits(network, network, encoded, pad_id=pad_id)
        with side_by_side(next(network.parameters()).device):
            return network_logits(network, network, encoded, pad_id=pad_id)

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write tokenizer.json and onnx/model.onnx."""
        layout = Layout(root)
        self.tokenizer_.save(layout.tokenizer)
        outputs = self.outputs(order)
        if self.ngrams_ is not None:
            write_ngrams_onnx(self.ngrams_, layout.onnx, outputs=outputs)
        elif self.beside_ is not None:
            write_joint_onnx(self.network_, self.beside_, layout.onnx, outputs=outputs)
        else:
            write_compact_onnx(self.network_, layout.onnx, outputs=outputs)
        return WrittenParts(
            tokenization={
                "kind": f"{self.tokenizer_.kind} learnt from train",
                "max_tokens": self.tokenizer_.max_tokens,
                "truncation": "end",
                "long_texts": self.long_texts,
            }
        )
