"""`ReportSections`: what a report shows beside the results, computed here and nowhere later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.catalogue import Fact
from assay.checkpoints.auto import CheckpointChoice
from assay.data.texts import Splits
from assay.evaluation.mistakes import Confusion, costly_confusions
from assay.methods import METHODS
from assay.reporting.data_sections import (
    AuditSection,
    DataSection,
    DuplicatesSection,
    describe_audit,
    describe_data,
    describe_duplicates,
)
from assay.reporting.method_result import EVIDENCE, MethodResult
from assay.reporting.results import Results
from assay.reporting.score_sections import (
    CalibrationSection,
    Epoch,
    ShownMistake,
    ShownSlice,
    describe_calibration,
    describe_epochs,
    describe_mistakes,
    describe_slices,
)
from assay.reporting.token_sections import (
    TokenSection,
    TruncationSection,
    describe_tokens,
    describe_truncation,
    find_tokenizer,
)

__all__ = [
    "CHOICES",
    "FOLD_CHOICES",
    "HowSection",
    "ReportSections",
    "find_missing_map",
    "gather_sections",
]

# Which split took part in which choice, as the tables `choices` and `choice_splits` of the
# catalogue name them: where validation is held out, and where methods are judged out of fold.
CHOICE_SPLITS = (
    ("weights", "train", "both"),
    ("fixed", "none", "none"),
    ("epoch", "validation", None),  # out of fold, no epoch is chosen
    ("temperature", "validation", "both_folds"),
    ("threshold", "validation", "both_folds"),
    ("scope", "validation", "both_folds"),
    ("suspects", "train_folds", "both_folds"),
    ("method", "validation", "both_folds"),
    ("nothing", "test", "test"),
)
CHOICES = tuple({"choice": choice, "split": held_out} for choice, held_out, _ in CHOICE_SPLITS)
FOLD_CHOICES = tuple(
    {"choice": choice, "split": folds} for choice, _, folds in CHOICE_SPLITS if folds is not None
)
# The splits whose texts the folds, or the models that are saved, are of.
SPLITS_OF = {
    "both": ("train", "validation"),
    "both_folds": ("train", "validation"),
    "train_folds": ("train",),
}


@dataclass(frozen=True)
class HowSection:
    """How a run was made.

    Parameters
    ----------
    command : str
        The command line; empty from Python.
    options : mapping of str to value
        The options that were set, those of the data among them.
    versions : mapping of package to version
    choices : sequence of {choice, split, n_texts}
        Which split took part in which choice; the number of its texts may be left out.
    notes : tuple of Fact
        What was left out, and what a person corrected.
    checkpoint : CheckpointChoice, optional
        The transformer of the run, and why; None if no method needs one.
    """

    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    choices: Sequence[Mapping[str, str | int]] = CHOICES
    notes: tuple[Fact, ...] = ()
    checkpoint: CheckpointChoice | None = None


@dataclass(frozen=True)
class ReportSections:
    """What a report shows beside the results. A section that is empty or None is left out.

    Parameters
    ----------
    data : DataSection
    duplicates : DuplicatesSection, optional
    tokens : TokenSection, optional
    truncation : TruncationSection, optional
    audit : AuditSection, optional
    training : mapping of method to sequence of Epoch
    mistakes : mapping of method to sequence of ShownMistake
    mistakes_split : str
        The split that `mistakes` belong to.
    slices : sequence of ShownSlice
        Scores of the recommended method on groups of texts of the split that the report shows.
    confusions : sequence of Confusion
        What the recommended method confuses on the split that the report shows.
    calibration : mapping of method to CalibrationSection
        Measured on validation.
    map : mapping, optional
        ``{"points": (n_texts, 2), "label_ids": (n_texts,), "checkpoint", "pooling", "split"}``.
    how : HowSection
    """

    data: DataSection = field(default_factory=DataSection)
    duplicates: DuplicatesSection | None = None
    tokens: TokenSection | None = None
    truncation: TruncationSection | None = None
    audit: AuditSection | None = None
    training: Mapping[str, Sequence[Epoch]] = field(default_factory=dict)
    mistakes: Mapping[str, Sequence[ShownMistake]] = field(default_factory=dict)
    mistakes_split: str = EVIDENCE
    slices: Sequence[ShownSlice] = ()
    confusions: Sequence[Confusion] = ()
    calibration: Mapping[str, CalibrationSection] = field(default_factory=dict)
    map: Mapping[str, Any] | None = None
    how: HowSection = field(default_factory=HowSection)


def _count_texts(
    choices: Sequence[Mapping[str, str]], splits: Splits
) -> list[Mapping[str, str | int]]:
    """Add to each choice how many texts took part in it, where any did."""
    counted: list[Mapping[str, str | int]] = []
    for one in choices:
        names = [name for name in SPLITS_OF.get(one["split"], (one["split"],)) if name in splits]
        n_texts = sum(len(splits[name]) for name in names)
        counted.append({**one, "n_texts": n_texts} if n_texts else one)
    return counted


def gather_sections(
    results: Results,
    *,
    text_map: Mapping[str, Any] | None = None,
    command: str = "",
    options: Mapping[str, Any] | None = None,
) -> ReportSections:
    """Compute every section of a report.

    Parameters
    ----------
    results : Results
    text_map : mapping, optional
        What `map_split` returned.
    command : str
        The command line.
    options : mapping, optional
        The options that were set.
    """
    splits, models = results.splits, [one.model for one in results.methods]
    named = find_tokenizer(models)
    shown = results.recommended.shown(results.shown_split)
    choices: Sequence[Mapping[str, str]] = CHOICES
    if results.recommended.out_of_fold is not None:
        choices = FOLD_CHOICES
    return ReportSections(
        data=describe_data(splits),
        duplicates=describe_duplicates(splits, results.audit.overlaps),
        tokens=None if named is None else describe_tokens(splits["train"], named),
        truncation=None if named is None else describe_truncation(splits, named.tokenizer),
        audit=describe_audit(results.audit, results.id_column),
        training=_training(results.methods),
        mistakes=describe_mistakes(results),
        mistakes_split=results.evidence_split,
        slices=describe_slices(results),
        confusions=costly_confusions(
            shown.scores.confusion, splits.label_set, unseen=shown.unseen_confusion
        ),
        calibration=_calibration(results.methods),
        map=text_map,
        how=HowSection(
            command=command,
            options=options or {},
            versions=dict(models[0].manifest.versions),
            choices=_count_texts(choices, splits),
            notes=(*_notes(results), *find_missing_map(text_map, results.checkpoint)),
            checkpoint=results.checkpoint,
        ),
    )


def find_missing_map(
    text_map: Mapping[str, Any] | None, checkpoint: CheckpointChoice | None
) -> list[Fact]:
    """State why a report has no map, if it has none.

    Parameters
    ----------
    text_map : mapping, optional
        What `map_split` returned.
    checkpoint : CheckpointChoice, optional
        The transformer of the run; None if no method needs one.
    """
    if text_map is not None:
        return []
    return [Fact.of("notes.no_map" if checkpoint is None else "notes.no_map_budget")]


def _training(methods: Sequence[MethodResult]) -> dict[str, tuple[Epoch, ...]]:
    """Return the curve of every training that validation watched."""
    found = {}
    for one in methods:
        if one.history and "validation_loss" in one.history[0]:
            found[one.method] = describe_epochs(one.history)
    return found


def _calibration(methods: Sequence[MethodResult]) -> dict[str, CalibrationSection]:
    """Return the calibration of every method that reads texts; the floor is not calibrated."""
    found = {}
    for one in methods:
        if METHODS[one.method].reads_texts:
            temperature = one.model.manifest.temperature
            found[one.method] = describe_calibration(one.evidence, temperature)
    return found


def _notes(results: Results) -> list[Fact]:
    """State what was left out, and what a person changed in the labels."""
    notes = [one.fact() for one in results.skipped]
    n = results.splits.n_corrections
    if n:
        notes.append(Fact.of("notes.corrected", n=n))
    return notes
