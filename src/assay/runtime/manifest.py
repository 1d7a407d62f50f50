"""assay.json as an object: the model's own account of itself, checked when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from assay._display import Brief
from assay.data.labels import LabelSet, Task
from assay.errors import DataError, ModelError
from assay.runtime.entries import (
    AbstainEntry,
    CheckpointEntry,
    CoverageCurveEntry,
    ExportEntry,
    FileEntry,
    KeptTextsEntry,
    LabelRuleEntry,
    ParityEntry,
    ScopeEntry,
    ScoreEntry,
    ThresholdRuleEntry,
    TokenizationEntry,
    TrainingDataEntry,
    VocabularyEntry,
)
from assay.runtime.entry_check import find_odd_entry
from assay.runtime.layout import Layout
from assay.runtime.limits.scripts import EMOJI, NO_SCRIPT

__all__ = ["SCHEMA_VERSION", "Manifest", "read_manifest", "render_manifest"]

# Version 2: words are cut by rule 2, which assay 0.1.0 does not have.
SCHEMA_VERSION = 2

# What assay.json must hold, and of which type.
REQUIRED_TYPES = {
    "method": str,
    "labels": list,
    "seed": int,
    "files": dict,
    "tokenization": dict,
    "parameters": dict,
}
# What it may hold, and of which type.
OPTIONAL_TYPES = {
    "scores": list,
    "parity": dict,
    "versions": dict,
    "training_data": dict,
    "abstain": dict,
    "coverage_curve": dict,
    "label_rule": dict,
    "threshold_rule": dict,
    "scope": dict,
    "kept_texts": dict,
    "export": dict,
    "vocabulary": dict,
}

KEPT_TEXTS = Layout(Path()).training_texts.name
HASHES = Layout(Path()).training_hashes.name


@dataclass(frozen=True, repr=False)
class Manifest(Brief):
    """What assay.json says. The entries are described in `assay.runtime.entries`.

    Parameters
    ----------
    method : str
        One of the five methods.
    labels : tuple of str
        In LabelSet order: the order of the columns of every array of probabilities.
    seed : int
        The seed of the training.
    tokenization : TokenizationEntry
        How texts become tokens.
    temperature : float
        Already folded into the last affine layer; recorded, never applied again.
    parameters : dict
        The estimator's hyper-parameters: plain values by name.
    checkpoint : CheckpointEntry or None
        The pre-trained transformer; None for methods that start from none.
    training_data : TrainingDataEntry
        Where the train split came from, and its fingerprint.
    scores : tuple of ScoreEntry
        One for each split and metric.
    parity : ParityEntry
        How the folder compared with the trainer's objects when it was saved.
    abstain : AbstainEntry
        When the model says that it does not know; empty where it always answers.
    coverage_curve : CoverageCurveEntry
        How many texts are answered, and how many of those right, at each threshold.
    label_rule : LabelRuleEntry
        Which label is given, where that is not always the one with the highest score. In the file
        only if there is such a rule.
    threshold_rule : ThresholdRuleEntry
        What the thresholds of several labels were chosen for. In the file only where that is not F1
        alone.
    scope : ScopeEntry
        Where validation texts are on the statistics of scope.json; empty without that file.
    kept_texts : KeptTextsEntry
        How many texts training_texts.json holds; empty without that file.
    export : ExportEntry
        How a copy that `assay export` wrote compares with its model; empty for other folders.
    vocabulary : VocabularyEntry
        How many pieces of the checkpoint's vocabulary were kept, and what that costs; empty where
        it is whole.
    versions : dict
        Version by name, of Python and the libraries that took part in training.
    files : dict
        A FileEntry by path, for every file that prediction reads.
    task : {"single", "multi"}
        Whether a text has one label, or any number of them. In the file only where it is "multi".
    thresholds : tuple of float
        The score from which each label is given, in LabelSet order; empty where a text has one.
    min_labels : {0, 1}
        How many labels every text gets at least, where it may have several; see `Thresholds`. In
        the file only where it is 1.
    schema_version : int
        The version of the format.
    """

    method: str
    labels: tuple[str, ...]
    seed: int
    tokenization: TokenizationEntry = field(default_factory=TokenizationEntry)
    temperature: float = 1.0
    parameters: dict[str, Any] = field(default_factory=dict)
    checkpoint: CheckpointEntry | None = None
    training_data: TrainingDataEntry = field(default_factory=TrainingDataEntry)
    scores: tuple[ScoreEntry, ...] = ()
    parity: ParityEntry = field(default_factory=ParityEntry)
    abstain: AbstainEntry = field(default_factory=AbstainEntry)
    coverage_curve: CoverageCurveEntry = field(default_factory=CoverageCurveEntry)
    scope: ScopeEntry = field(default_factory=ScopeEntry)
    kept_texts: KeptTextsEntry = field(default_factory=KeptTextsEntry)
    export: ExportEntry = field(default_factory=ExportEntry)
    vocabulary: VocabularyEntry = field(default_factory=VocabularyEntry)
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileEntry] = field(default_factory=dict)
    task: Task = "single"
    thresholds: tuple[float, ...] = ()
    min_labels: int = 0
    label_rule: LabelRuleEntry = field(default_factory=LabelRuleEntry)
    threshold_rule: ThresholdRuleEntry = field(default_factory=ThresholdRuleEntry)
    schema_version: int = SCHEMA_VERSION

    @property
    def label_set(self) -> LabelSet:
        """The ordered labels, and whether a text may have several."""
        return LabelSet(self.labels, self.task)

    @property
    def n_bytes(self) -> int:
        """Size on disk of the files that prediction reads."""
        return sum(int(entry["size_bytes"]) for entry in self.files.values())

    @property
    def scripts(self) -> frozenset[str]:
        """The scripts that texts of train are written in; empty if they are not known.

        `NO_SCRIPT` alone if they have neither letters nor emoji.
        `EMOJI` is one of them if the texts have emoji, or if that is not known.
        """
        found = self.training_data.get("scripts", [])
        if not isinstance(found, list):  # the folder may be a stranger's
            return frozenset()
        has_emoji = self.training_data.get("emoji", bool(found))
        if not found and not has_emoji and "emoji" in self.training_data:
            return frozenset({NO_SCRIPT})  # figures and signs: any script is an unseen one
        return frozenset(map(str, [*found, EMOJI] if has_emoji else found))

    @property
    def keeps_texts(self) -> bool:
        """Whether the folder holds texts of its train split."""
        return KEPT_TEXTS in self.files

    def without_texts(self) -> Manifest:
        """Return the manifest of a copy that does not hold the texts of the train split."""
        files = {name: entry for name, entry in self.files.items() if name != KEPT_TEXTS}
        return replace(self, kept_texts={}, files=files)

    def prediction_sha256(self) -> str:
        """Return a hash of everything that predictions depend on, in hexadecimal.

        The card, what was measured, and the texts of train and their hashes are no part of it.
        """
        files = {name: one for name, one in self.without_texts().files.items() if name != HASHES}
        facts = {
            "method": self.method,
            "labels": self.labels,
            "tokenization": self.tokenization,
            "abstain": self.abstain,
            "scope": self.scope,
            "files": files,
            "priors": self.parameters.get("priors"),
        }
        facts |= self._optional()
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def _optional(self) -> Mapping[str, object]:
        """Return the entries that most files do not have."""
        entries: dict[str, object] = {}
        if self.task != "single":
            entries |= {"task": self.task, "thresholds": list(self.thresholds)}
        if self.min_labels:
            entries["min_labels"] = self.min_labels
        if self.label_rule:
            entries["label_rule"] = self.label_rule
        return entries

    def to_dict(self) -> dict[str, Any]:
        """Return plain values as they are written to assay.json, `schema_version` first."""
        values = asdict(self)
        for name in ("task", "thresholds", "min_labels", "label_rule", "threshold_rule"):
            del values[name]
        if self.threshold_rule:  # no part of `_optional`: it says why, not what is predicted
            values["threshold_rule"] = dict(self.threshold_rule)
        return {"schema_version": values.pop("schema_version"), **values, **self._optional()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, where: Path) -> Manifest:
        """Check and read what assay.json holds.

        Parameters
        ----------
        values : mapping
            The object that the file holds. Entries that this version does not know are left out.
        where : Path
            The file, for the messages.

        Raises
        ------
        ModelError
            A newer schema, a missing entry, or a value of the wrong type.
        """
        _check_version(values.get("schema_version"), where=where)
        _check_types(values, where=where)
        _check_entries(values, where=where)
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["labels"] = tuple(values["labels"])
        known["scores"] = tuple(values.get("scores", ()))
        known["thresholds"] = tuple(values.get("thresholds", ()))
        return cls(**known)


def _check_version(version: Any, *, where: Path) -> None:
    if not isinstance(version, int) or version < 1:
        raise ModelError(f"{where} has no schema_version: it is not a model of assay")
    if version > SCHEMA_VERSION:
        raise ModelError(
            f"{where} has schema {version}; this assay reads up to {SCHEMA_VERSION}",
            hint="upgrade assay",
        )


def _check_types(values: Mapping[str, Any], *, where: Path) -> None:
    for name, kind in REQUIRED_TYPES.items():
        if not isinstance(values.get(name), kind):
            raise ModelError(f"{where}: '{name}' is missing or not a {kind.__name__}")
    for name, kind in OPTIONAL_TYPES.items():
        if not isinstance(values.get(name, kind()), kind):
            raise ModelError(f"{where}: '{name}' is not a {kind.__name__}")


def _check_entries(values: Mapping[str, Any], *, where: Path) -> None:
    """Check what is inside the entries that are read without another check."""
    if odd := find_odd_entry(values):
        raise ModelError(f"{where}: {odd}")
    kept = values.get("kept_texts", {})
    if kept and not all(isinstance(kept.get(name), int) for name in ("n_texts", "n_train")):
        raise ModelError(f"{where}: kept_texts lacks its n_texts or n_train")
    for label in values["labels"]:
        if not isinstance(label, str):
            raise ModelError(f"{where}: label {label!r} is not a text")
    _check_several(values, where=where)
    for name, entry in values["files"].items():
        if not _is_file_entry(entry):
            raise ModelError(f"{where}: the entry of file '{name}' lacks its sha256 or size_bytes")
    try:
        LabelSet(tuple(values["labels"]))
    except DataError as err:
        raise ModelError(f"{where}: {err}") from err


def _check_several(values: Mapping[str, Any], *, where: Path) -> None:
    """Check the thresholds of a model of several labels."""
    task, thresholds = values.get("task", "single"), values.get("thresholds", [])
    if task not in get_args(Task):
        raise ModelError(f"{where}: task {task!r} is not known; single and multi are accepted")
    if task == "multi" and not _are_thresholds(thresholds, len(values["labels"])):
        raise ModelError(f"{where}: thresholds is not one number from 0 to 1 per label")
    for name, asked in values.get("threshold_rule", {}).items():
        if isinstance(asked, list) and len(asked) != len(values["labels"]):
            raise ModelError(f"{where}: threshold_rule.{name} is not one value per label")
    least = values.get("min_labels", 0)
    if isinstance(least, bool) or least not in (0, 1):
        raise ModelError(f"{where}: min_labels is {least!r}; 0 and 1 are accepted")


def _are_thresholds(thresholds: Any, n_labels: int) -> bool:
    if not isinstance(thresholds, list) or len(thresholds) != n_labels:
        return False
    return all(isinstance(one, int | float) and 0 <= one <= 1 for one in thresholds)


def _is_file_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("sha256"), str)
        and isinstance(entry.get("size_bytes"), int)
    )


def read_manifest(path: Path) -> Manifest:
    """Read and check assay.json alone; the files that it lists are not looked at.

    Raises
    ------
    ModelError
        The file is no JSON object, or not one that `Manifest.from_dict` accepts.
    OSError
        The file cannot be read.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as err:
        raise ModelError(f"{path} is not valid JSON: {err}") from err
    if not isinstance(values, dict):
        raise ModelError(f"{path} holds a {type(values).__name__}; an object is accepted")
    return Manifest.from_dict(values, where=path)


def render_manifest(manifest: Manifest) -> str:
    """Return the text of assay.json."""
    return json.dumps(manifest.to_dict(), ensure_ascii=False, indent=1) + "\n"
