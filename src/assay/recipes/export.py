"""`assay export`: a portable copy of a model for ONNX Runtime, written with its measured parity.

The copy has what prediction needs and nothing else; assay loads it too. MODEL itself is never
touched.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assay._arguments import checked
from assay._display import Brief, percent
from assay._paths import follow_links
from assay.data.labels import Task
from assay.data.texts import LabelledTexts
from assay.disk import atomic_folder, check_output, write_whole
from assay.errors import CheckError, InputError, plural
from assay.evaluation.scoring import manifest_scores, score_split
from assay.evaluation.several_scoring import score_several_split, several_claims
from assay.models.onnx.quantize import describe_onnx, quantize_onnx
from assay.output_place import check_apart, check_outside, is_same
from assay.progress import Progress
from assay.recipes.steps.copy_measures import measure_copy
from assay.recipes.steps.export_card import render_export_card, show_accuracy
from assay.recipes.steps.parity_texts import ParityTexts, count_texts, find_parity_texts
from assay.runtime.entries import ExportEntry, ScoreEntry
from assay.runtime.folder import seal_folder, write_manifest
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model, load_model

__all__ = ["FORMATS", "Export", "ParityLimits", "export_model"]

FORMATS = ("onnx", "onnx-int8")
ACCURACY_NAMES: dict[Task, str] = {"single": "accuracy", "multi": "micro F1"}


@dataclass(frozen=True)
class ParityLimits:
    """How far a copy may differ from its model. None: any difference is accepted.

    Parameters
    ----------
    max_difference : float, optional
        Largest difference of a score.
    max_changed : float, optional
        Fraction of the texts whose label changes.
    max_accuracy_loss : float, optional
        Accuracy before minus accuracy after.
    """

    max_difference: float | None = None
    max_changed: float | None = None
    max_accuracy_loss: float | None = None

    @classmethod
    def of(cls, export_format: str, **given: float | None) -> ParityLimits:
        """Return the usual limits of a format, with those that are given in their place."""
        usual = cls(max_accuracy_loss=0.005) if export_format == "onnx-int8" else cls(1e-4, 0.0)
        return replace(usual, **{name: value for name, value in given.items() if value is not None})


class WrittenExport(ExportEntry):
    """An `Export` as JSON holds it."""

    out: str


@dataclass(frozen=True, repr=False)
class Export(Brief):
    """How a copy compares with its model on held-out texts.

    Parameters
    ----------
    split, n_texts
        The texts: a split of data, or in words where they are not held out.
    max_difference, changed : float
        Largest difference of a score; fraction of the texts with another label.
    accuracy_before, accuracy_after : float or None
        None where the texts have no labels.
    bytes_before, bytes_after : int
        Size of the ONNX file.
    texts_per_s_before, texts_per_s_after : float
    opset : dict
        Version of the ONNX format and of each operator set.
    limits : dict
    task : {"single", "multi"}
        Where a text may have several labels, accuracy is micro F1: see `measure_copy`.
    """

    format: str
    out: str
    split: str
    n_texts: int
    max_difference: float
    changed: float
    accuracy_before: float | None
    accuracy_after: float | None
    bytes_before: int
    bytes_after: int
    texts_per_s_before: float
    texts_per_s_after: float
    opset: dict[str, int]
    limits: dict[str, float | None]
    task: Task = "single"

    def to_dict(self) -> WrittenExport:
        """Return plain values, ready for JSON."""
        return {**self.to_entry(), "out": self.out}

    def to_entry(self) -> ExportEntry:
        """Return what the copy's assay.json records: all but where it was written."""
        return {
            "format": self.format,
            "split": self.split,
            "n_texts": self.n_texts,
            "max_difference": self.max_difference,
            "changed": self.changed,
            "accuracy_before": self.accuracy_before,
            "accuracy_after": self.accuracy_after,
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "texts_per_s_before": self.texts_per_s_before,
            "texts_per_s_after": self.texts_per_s_after,
            "opset": self.opset,
            "limits": self.limits,
        }

    @property
    def accuracy_name(self) -> str:
        """What the accuracy is called."""
        return ACCURACY_NAMES[self.task]

    @property
    def accuracy_loss(self) -> float:
        """Accuracy before minus after.

        Where the texts have no labels, the share of texts whose labels change: with one label per
        text the loss cannot be larger.
        """
        if self.accuracy_before is None or self.accuracy_after is None:
            return self.changed
        if self.task == "multi":
            return round(self.accuracy_before - self.accuracy_after, 12)
        # In whole texts: 39 of 40 less 38 of 40 is a little more than 0.025 otherwise
        n_lost = round((self.accuracy_before - self.accuracy_after) * self.n_texts)
        return n_lost / self.n_texts

    def say_changed(self) -> str:
        """Say how many texts get another answer."""
        labels = "other labels" if self.task == "multi" else "another label"
        n_changed = round(self.changed * self.n_texts)
        share = percent(self.changed, 2)
        return f"{n_changed:,} of {plural(self.n_texts, 'text')} ({share}) get {labels}"

    def broken(self) -> list[str]:
        """Return one phrase for each limit that is exceeded."""
        found = {
            "max_difference": self.max_difference,
            "max_changed": self.changed,
            "max_accuracy_loss": self.accuracy_loss,
        }
        words = {
            "max_difference": "a score differs by",
            "max_changed": "the share of changed labels is",
            "max_accuracy_loss": f"{self.accuracy_name} falls by",
        }
        if self.accuracy_before is None:
            words["max_accuracy_loss"] = (
                f"the texts have no labels, so that lost {self.accuracy_name} is not known; the "
                "share of texts with changed labels, which is compared in its place, is"
            )
        return [
            f"{words[name]} {found[name]:.4g} ({limit:g} is accepted)"
            for name, limit in self.limits.items()
            if limit is not None and not found[name] <= limit  # NaN is no parity either
        ]


@checked
def export_model(
    model_folder: str | Path,
    out: str | Path,
    *,
    export_format: str,
    data: Any = None,
    split: str = "test",
    limits: ParityLimits | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Export:
    """Write a portable copy of a model, after comparing it with the model on held-out texts.

    Parameters
    ----------
    model_folder, out : path
    export_format : str
        One of `FORMATS`.
    data : Splits, or anything that `load_data` accepts, optional
        Labelled texts, read as the data of the model were read. None: what the model says that it
        was trained on, if it can be read; else the training texts that it keeps; else texts made of
        its vocabulary.
    split : str
        Which split is scored; a single file is cut as training cut it, or is one split.
    limits : ParityLimits, optional
        None: those of the format.
    overwrite : bool
    progress : Progress, optional

    Raises
    ------
    InputError
        The model has no ONNX form, or an argument cannot be used.
    CheckError
        A limit is exceeded; nothing is written.
    """
    model, out = load_model(model_folder), Path(out)
    _check_export(model, out, export_format)
    check_output(out, overwrite=overwrite, is_folder=True)
    check_apart(data, out)
    check_outside(model.folder, out, what="the model")
    texts = find_parity_texts(model, data, split)
    with atomic_folder(out, overwrite=overwrite) as root:
        _copy_files(model, root, export_format)
        sealed = seal_folder(root, model.manifest.without_texts())
        copy = load_model(root, verified=sealed)
        report = Export(
            format=export_format,
            out=str(out),
            split=texts.split,
            opset=describe_onnx(Layout(root).network),
            limits=asdict(limits or ParityLimits.of(export_format)),
            task=model.manifest.task,
            **measure_copy(model, copy, texts, progress=progress or Progress()),
        )
        _check_limits(model, report)
        write_manifest(root, _manifest_of(sealed, copy, report, texts))
        write_whole(Layout(root).card, render_export_card(model, report))
    return report


def _check_export(model: Model, out: Path, export_format: str) -> None:
    if export_format not in FORMATS:
        accepted = " and ".join(FORMATS)
        raise InputError(f"format '{export_format}' is unknown; {accepted} are accepted")
    if not Layout(model.folder).has_network:
        raise InputError(
            f"{model.folder} is a {model.method} model, which runs on numpy and has no ONNX form",
            hint="copy the folder: it needs no export",
        )
    target = follow_links(out)
    if any(is_same(follow_links(model.folder), one) for one in (target, *target.parents)):
        raise InputError(
            f"{out} is inside the model {model.folder}, which stays as it is",
            hint="choose another --out",
        )


def _check_limits(model: Model, report: Export) -> None:
    broken = report.broken()
    if broken:
        raise CheckError(
            f"the {report.format} copy of {model.folder} is not the same on "
            f"{count_texts(report.n_texts, report.split)}: {'; '.join(broken)}; "
            f"{_say_accuracy(report)}{report.say_changed()}. Nothing was written",
            hint=_hint(report),
        )


def _say_accuracy(report: Export) -> str:
    """Say the accuracy before and after; nothing where it is not known."""
    before, after = report.accuracy_before, report.accuracy_after
    if before is None or after is None:
        return ""
    name = report.accuracy_name
    return f"{name} {show_accuracy(before)} before, {show_accuracy(after)} after; "


def _hint(report: Export) -> str:
    """Say what to do; where a single text is more than the limit, more texts would tell."""
    if report.accuracy_before is None:
        return (
            "compare on labelled texts with --data, or accept more with --max-difference, "
            "--max-changed or --max-accuracy-loss"
        )
    limit, one_text = report.limits["max_accuracy_loss"], 1 / report.n_texts
    loss = report.accuracy_loss
    is_one_text = report.task == "single" and round(loss * report.n_texts) == 1
    is_lost = limit is not None and loss > limit
    if is_one_text and is_lost and len(report.broken()) == 1:
        return (
            f"one text of {report.n_texts:,} is {one_text:.2g} of them: compare on more texts with "
            f"--data, or accept it with --max-accuracy-loss {math.ceil(1000 * one_text) / 1000:g}"
        )
    return "accept more with --max-difference, --max-changed or --max-accuracy-loss"


def _copy_files(model: Model, root: Path, export_format: str) -> None:
    """Copy what prediction reads, and the network in its new form."""
    layout, copied = Layout(model.folder), Layout(root)
    left_out = {layout.weights, layout.onnx, layout.quantized, layout.training_texts}
    for name in model.manifest.files:
        path = model.folder / name
        if path not in left_out:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / name)
    if export_format == "onnx-int8":
        quantize_onnx(layout.onnx, copied.quantized)
    else:
        copied.onnx.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(layout.onnx, copied.onnx)


def _manifest_of(before: Manifest, copy: Model, report: Export, texts: ParityTexts) -> Manifest:
    """Return the manifest of the copy.

    Scores of the model are not claimed for other weights: an 8-bit copy is scored again, on texts
    that were held out; else it claims no score.
    """
    entry = report.to_entry()
    if report.format == "onnx":
        return replace(before, export=entry)
    scores: list[ScoreEntry] = []
    if texts.is_held_out:
        scores = CLAIMS[before.task](copy, texts.labelled, report.split, before.seed)
    return replace(
        before,
        scores=tuple(scores),
        coverage_curve={},
        parity={},
        export=entry,
    )


def _claim_single(copy: Model, labelled: LabelledTexts, split: str, seed: int) -> list[ScoreEntry]:
    return manifest_scores({split: score_split(copy, labelled, seed=seed)})


def _claim_several(copy: Model, labelled: LabelledTexts, split: str, seed: int) -> list[ScoreEntry]:
    claims = several_claims(score_several_split(copy, labelled, seed=seed))
    return [{**claim, "split": split} for claim in claims]


CLAIMS = {"single": _claim_single, "multi": _claim_several}  # by task
