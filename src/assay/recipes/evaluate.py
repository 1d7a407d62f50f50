"""`assay evaluate`: a saved model's scores on labelled texts, and `assay verify`: the scores that it claims, again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay._display import html_block, html_table
from assay.data.split import cut_missing
from assay.data.texts import LabelledTexts, Splits
from assay.errors import CheckError, DataError, ModelError, did_you_mean
from assay.evaluation.caveats import describe_caveats
from assay.evaluation.coverage_report import AnsweredRow, answered_rows
from assay.evaluation.mistakes import Confusion, Mistake, costly_confusions, worst_mistakes
from assay.evaluation.result import SplitScores
from assay.evaluation.scoring import ScoredSplit, score_parts, score_split
from assay.evaluation.slices import SliceScores
from assay.methods import METHODS
from assay.models.open import match_labels, open_model
from assay.notebook import default_progress
from assay.progress import Progress
from assay.runtime.folder import read_folder
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model

__all__ = [
    "Evaluation",
    "Verification",
    "check_labels",
    "cut_as_trained",
    "evaluate_model",
    "verify_model",
]

TOLERANCE = 1e-9  # scores are counts over counts: the same predictions give the same value


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on one split; `answered` is as `answered_rows` returns it."""

    method: str
    labels: tuple[str, ...]
    source: str
    split: str
    scored: ScoredSplit
    mistakes: Sequence[Mistake]
    confusions: Sequence[Confusion]
    answered: Sequence[AnsweredRow]
    slices: Sequence[SliceScores]

    @property
    def scores(self) -> SplitScores:
        """Scores of the split."""
        return self.scored.scores

    def warnings(self) -> list[str]:
        """Return sentences about what makes the scores less than they seem."""
        return describe_caveats(self.scored, split=self.split)

    def _repr_html_(self) -> str:
        scores, (low, high) = self.scores, self.scores.intervals["accuracy"]
        sentence = (
            f"of {self.source}, {scores.n_texts:,} texts: accuracy {scores.accuracy:.4f} ({low:.3f} to {high:.3f}), "
            f"weighted F1 {scores.f1_weighted:.4f}, macro F1 {scores.f1_macro:.4f}"
        )
        classes = [
            {
                "label": one.label,
                "texts": one.n_texts,
                "precision": one.precision,
                "recall": one.recall,
                "F1": one.f1,
            }
            for one in scores.per_class
        ]
        return html_block(f"{self.method} on {self.split}", sentence, html_table(classes))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "method": self.method,
            "labels": list(self.labels),
            "source": self.source,
            "split": self.split,
            "scores": self.scored.to_dict(),
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
            "confusions": [confusion.to_dict() for confusion in self.confusions],
            "answered": list(self.answered),
            "slices": [one.to_dict() for one in self.slices],
            "warnings": self.warnings(),
        }


def evaluate_model(
    model_folder: str | Path | Model,
    splits: Splits,
    *,
    split: str | None = None,
    label_map: str | Path | None = None,
    seed: int = 0,
    n_mistakes: int = 10,
    long_texts: str | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Score a saved model, or any sequence classification checkpoint, on labelled texts.

    Parameters
    ----------
    model_folder : path, Hub id or Model
        See `open_model`.
    splits : Splits
        As loaded; nothing is cut.
    split : str, optional
        None: `test` where there is one, or the only split.
    label_map : path, optional
        Which label of the model is which of the data, where their names differ; see
        `read_label_map`.
    seed : int
        Of the intervals.
    n_mistakes : int
    long_texts : {"truncate", "window"}, optional
        See `load_model`.
    progress : Progress, optional

    Raises
    ------
    DataError
        There is no such split, or it has labels that the model does not know.
    ModelError
        The folder is no model, or a broken one.
    """
    progress = progress or default_progress()
    model = open_model(model_folder, label_map=label_map, long_texts=long_texts, progress=progress)
    name = split or (
        "test" if "test" in splits else next(iter(splits)) if len(splits) == 1 else "test"
    )
    part = splits[name]
    where = f"the {name} split of {splits.source}"
    if model.method in METHODS:
        check_labels(part, model.labels, where=where)
    else:
        model = match_labels(
            model, [label for label in splits.label_set if label in part.counts()], where=where
        )
    train = splits["train"] if name != "train" and "train" in splits else None
    scored = score_split(model, part, seed=seed, train=train, progress=progress)
    return Evaluation(
        method=model.method,
        labels=model.labels,
        source=splits.source,
        split=name,
        scored=scored,
        mistakes=worst_mistakes(
            part.texts, part.lines, scored.label_ids, scored.probs, model.label_set, n=n_mistakes
        ),
        confusions=costly_confusions(scored.scores.confusion, model.label_set),
        answered=answered_rows(scored, curve=model.coverage_curve, rule=model.abstain_rule),
        slices=score_parts(model, scored),
    )


def check_labels(part: LabelledTexts, known: tuple[str, ...], *, where: str) -> None:
    """Refuse labelled texts with labels that a model does not know.

    Raises
    ------
    DataError
        All of them are named, with their texts counted.
    """
    counts = part.counts()
    if unknown := [label for label in counts if label not in known]:
        named = ", ".join(f"'{label}' ({counts[label]:,} texts)" for label in unknown[:10])
        raise DataError(
            f"{where} has labels that the model does not know: {named}"
            f"{f' and {len(unknown) - 10:,} more' if len(unknown) > 10 else ''}; "
            f"it knows {', '.join(known[:20])}{' ...' if len(known) > 20 else ''}.{did_you_mean(unknown[0], known)}"
        )


@dataclass(frozen=True)
class Verification:
    """What was checked of a model, and whether its own claims hold."""

    model: str
    method: str
    n_files: int
    claims: Sequence[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "model": self.model,
            "method": self.method,
            "n_files": self.n_files,
            "verified": True,
            "claims": list(self.claims),
        }


def verify_model(
    model_folder: str | Path, splits: Splits | None = None, *, progress: Progress | None = None
) -> Verification:
    """Check a model's hashes and schema; with data, score it again and compare with what it says of itself.

    Raises
    ------
    ModelError
        The folder is no model, or one of a newer assay.
    CheckError
        A file is missing, changed or unsafe, or a recorded score is not what the model scores on
        these texts.
    DataError
        None of the recorded scores is of a split that the data has.
    """
    folder = Path(model_folder)
    manifest = _read_checked(folder)
    if splits is not None:
        splits = cut_as_trained(splits, manifest)
    claims: list[dict[str, Any]] = []
    wrong: list[str] = []
    for split in dict.fromkeys(claim["split"] for claim in manifest.scores):
        if splits is None or split not in splits:
            continue
        scores = evaluate_model(folder, splits, split=split, progress=progress).scores
        for claim in (claim for claim in manifest.scores if claim["split"] == split):
            found = getattr(scores, claim["metric"])
            agrees = scores.n_texts == claim["n_texts"] and abs(found - claim["value"]) <= TOLERANCE
            claims.append(
                {**claim, "found": found, "found_n_texts": scores.n_texts, "agrees": agrees}
            )
            if not agrees:
                wrong.append(
                    f"{split} {claim['metric']}: recorded {claim['value']:.4f} on {claim['n_texts']:,} texts, "
                    f"found {found:.4f} on {scores.n_texts:,}"
                )
    if wrong:
        raise CheckError(
            f"{folder} does not score what it says: {'; '.join(wrong)}",
            hint="is this the data it was scored on?",
        )
    if splits is not None and not claims:
        recorded = (
            ", ".join(dict.fromkeys(claim["split"] for claim in manifest.scores)) or "no split"
        )
        raise DataError(
            f"{folder} has recorded scores of {recorded}; the data has {', '.join(splits)}"
        )
    return Verification(str(folder), manifest.method, len(manifest.files), claims)


def _read_checked(folder: Path) -> Manifest:
    """Read a model; what is wrong with its files is a failed check here, not a wrong input."""
    try:
        return read_folder(folder)
    except ModelError as err:
        if not _has_manifest(folder):
            raise
        raise CheckError(err.message, hint=err.hint) from err


def _has_manifest(folder: Path) -> bool:
    """Tell whether a folder says that it is a model which this assay can read."""
    path = Layout(folder).manifest
    try:
        Manifest.from_dict(json.loads(path.read_text(encoding="utf-8")), where=path)
    except (
        OSError,
        ValueError,
        AttributeError,
    ):  # no such file, no JSON, no such schema, no object
        return False
    return True


def cut_as_trained(splits: Splits, manifest: Manifest) -> Splits:
    """Cut a lone file again as training did; other data, and files that were cut otherwise, stay as they are."""
    if list(splits) != ["all"] or any(claim["split"] == "all" for claim in manifest.scores):
        return splits
    try:
        cut = cut_missing(splits, seed=manifest.seed)
    except DataError:  # too few rows to be cut at all
        return splits
    trained, train = manifest.training_data, cut["train"]
    is_same = train.sha256() == trained.get("sha256")
    if not is_same and "texts_sha256" in trained:  # labels of train were corrected
        is_same = train.sha256(with_labels=False) == trained["texts_sha256"]
    return cut if is_same else splits
