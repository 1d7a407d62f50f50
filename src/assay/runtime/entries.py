"""The entries of assay.json by their names: what each holds, as it is on disk.

They are plain dicts, so that a file written by a later version keeps what this version does not
know. Entries with ``total=False`` are empty where there is nothing to record.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

__all__ = [
    "AbstainEntry",
    "CheckpointEntry",
    "CutEntry",
    "CopyMeasures",
    "CoverageCurveEntry",
    "ExportEntry",
    "FileEntry",
    "KeptTextsEntry",
    "LabelRuleEntry",
    "LimitEntries",
    "ParityEntry",
    "ScopeEntry",
    "ScoreClaim",
    "ScoreEntry",
    "ThresholdRuleEntry",
    "TokenizationEntry",
    "TrainingDataEntry",
    "VocabularyEntry",
]


class FileEntry(TypedDict):
    """One file that prediction reads: its SHA-256 in hexadecimal, and its size."""

    sha256: str
    size_bytes: int


class TokenizationEntry(TypedDict, total=False):
    """How texts become tokens.

    `max_tokens` (special tokens included), `truncation` ("end") and `long_texts` ("truncate" or
    "window") exist where a tokenizer.json is used; `min_chars` and `max_chars` of character n-grams
    exist for linear.
    """

    kind: str
    max_tokens: int
    truncation: str
    long_texts: str
    min_chars: int
    max_chars: int


class CheckpointEntry(TypedDict):
    """The pre-trained transformer that the model started from.

    `sha256` is over its files; `revision` is the commit on the Hub, None for other sources.
    """

    name: str
    sha256: str
    revision: str | None
    model_type: str
    hidden_size: int
    max_tokens: int


class CutEntry(TypedDict, total=False):
    """How missing splits were cut from the data: parts of train, and the most rows per split."""

    validation_fraction: float
    test_fraction: float
    max_rows: int


class TrainingDataEntry(TypedDict, total=False):
    """The training texts: where they came from, and the fingerprint of the train split.

    `drawn_from` is how many texts they were drawn from, where `--max-rows` drew them.
    `fitted_on` names the splits that were trained on, where that is not train alone.
    `language` is the ISO 639 code of most texts, `scripts` the scripts that they are written in, by
    the first words of the names that Unicode gives their letters, and `emoji` whether they have
    emoji. `corrections` (their number) and
    `texts_sha256` (the fingerprint without labels) exist where corrected labels were used.
    `reading` holds the options with which the file was read, and the kind of file; `cut` those with
    which it was cut, where they are not the usual ones. `label_column` is the column of the file
    that held the labels, where it was one.
    """

    source: str
    n_texts: int
    sha256: str
    drawn_from: int
    fitted_on: list[str]
    language: str
    scripts: list[str]
    emoji: bool
    corrections: int
    texts_sha256: str
    reading: dict[str, Any]
    cut: CutEntry
    label_column: str


class ScoreClaim(TypedDict):
    """A value from 0 to 1 with its 95 % interval (low, high), on so many texts."""

    value: float
    interval: list[float]
    n_texts: int


class NearClaim(TypedDict):
    """How many texts are nearly the same as a fitted one, how many others, and what these score."""

    n_near: int
    n_others: int
    accuracy: float | None


class ScoreEntry(ScoreClaim):
    """What one metric is on one split; `without_leaks` leaves out texts that are in train too.

    `near_duplicates` exists where many of the texts that methods were chosen on are some.
    """

    split: str
    metric: str
    without_leaks: NotRequired[ScoreClaim]
    near_duplicates: NotRequired[NearClaim]


class ParityEntry(TypedDict, total=False):
    """How the saved folder compared with the trainer's objects: largest difference of a score."""

    n_texts: int
    max_difference: float
    limit: float


class VocabularyEntry(TypedDict, total=False):
    """How many pieces of its checkpoint's vocabulary a model kept, and what that costs.

    On `n_texts` held-out texts: the largest difference of a score from the whole network's, and the
    share of the texts whose label changes. Empty where the vocabulary is whole.
    """

    n_pieces: int
    n_pieces_of_checkpoint: int
    n_texts: int
    max_difference: float
    changed: float


class AbstainEntry(TypedDict, total=False):
    """When the model says that it does not know: see `AbstainRule`."""

    threshold: float
    target_accuracy: float | None
    coverage: float | None
    accuracy: float | None
    n_texts: int
    split: str


class LabelRuleEntry(TypedDict, total=False):
    """Which label is given where it is not the one with the highest score: see `LabelRule`.

    It has `thresholds` or `costs`, both in LabelSet order.
    """

    thresholds: NotRequired[list[float | None]]
    costs: NotRequired[list[list[float]]]
    split: str
    n_texts: int


class ThresholdRuleEntry(TypedDict, total=False):
    """What the thresholds of several labels were chosen for, where that is not F1 alone.

    All are in LabelSet order: null where nothing was asked of a label, and as costs what it costs
    that a label is missing, and that it is given to a text without it.
    """

    min_recall: list[float | None]
    min_precision: list[float | None]
    costs: list[list[float]]
    split: str


class CoverageCurveEntry(TypedDict, total=False):
    """How many texts are answered, and how many right: see `CoverageCurve`.

    A point is ``[threshold, n_answered, n_right]``.
    """

    split: str
    n_texts: int
    points: list[list[float]]


class ScopeEntry(TypedDict, total=False):
    """Where validation texts are on the statistics of scope.json: see `ScopeReference`.

    `signs` maps a name to ``[mean, standard deviation]``, `looks` a name to a standard deviation.
    `by_script` has the same of the texts of each script: see `ScopeByScript`.
    """

    threshold: float
    split: str
    n_texts: int
    signs: dict[str, list[float]]
    looks: dict[str, float]
    quantiles: list[float]
    by_script: dict[str, ScopeEntry]


class KeptTextsEntry(TypedDict, total=False):
    """How many texts of train training_texts.json holds, and how many train has."""

    n_texts: int
    n_train: int


class CopyMeasures(TypedDict, total=False):
    """What comparing a copy with its model yields; without labels no accuracy is known."""

    n_texts: int
    max_difference: float
    changed: float
    accuracy_before: float | None
    accuracy_after: float | None
    bytes_before: int
    bytes_after: int
    texts_per_s_before: float
    texts_per_s_after: float


class ExportEntry(CopyMeasures, total=False):
    """How a copy that `assay export` wrote compares with its model, on texts of a split."""

    format: str
    split: str
    opset: dict[str, int]
    limits: dict[str, float | None]


class LimitEntries(TypedDict, total=False):
    """The entries that are measured on validation once a model is saved."""

    abstain: AbstainEntry
    coverage_curve: CoverageCurveEntry
    scope: ScopeEntry
    label_rule: LabelRuleEntry
