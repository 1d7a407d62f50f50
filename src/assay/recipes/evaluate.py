"""`assay evaluate`: a saved model's scores on labelled texts, and `assay verify`: the scores that it claims, again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.data.texts import LabelledTexts, Splits
from assay.errors import CheckError, DataError, did_you_mean
from assay.evaluation.mistakes import Confusion, Mistake, costly_confusions, worst_mistakes
from assay.evaluation.result import SplitScores
from assay.progress import Progress
from assay.recipes.scoring import score_split
from assay.runtime.folder import read_folder
from assay.runtime.predictor import load_model

__all__ = ["Evaluation", "Verification", "evaluate_model", "verify_model"]

TOLERANCE = 1e-9  # scores are counts over counts: the same predictions give the same value


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on one split."""

    method: str
    labels: tuple[str, ...]
    source: str
    split: str
    scores: SplitScores
    mistakes: Sequence[Mistake]
    confusions: Sequence[Confusion]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "method": self.method,
            "labels": list(self.labels),
            "source": self.source,
            "split": self.split,
            "scores": self.scores.to_dict(),
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
            "confusions": [confusion.to_dict() for confusion in self.confusions],
        }


def evaluate_model(
    model_folder: str | Path,
    splits: Splits,
    *,
    split: str | None = None,
    seed: int = 0,
    n_mistakes: int = 10,
    progress: Progress | None = None,
) -> Evaluation:
    """Score a saved model on labelled texts.

    Parameters
    ----------
    model_folder : path
    splits : Splits
        As loaded; nothing is cut.
    split : str, optional
        None: `test` where there is one, or the only split.
    seed : int
        Of the intervals.
    n_mistakes : int
    progress : Progress, optional

    Raises
    ------
    DataError
        There is no such split, or it has labels that the model does not know.
    ModelError
        The folder is no model, or a broken one.
    """
    model = load_model(model_folder)
    name = split or ("test" if "test" in splits else next(iter(splits)) if len(splits) == 1 else "test")
    part = splits[name]
    _check_labels(part, model.labels)
    scored = score_split(model, part, seed=seed, progress=progress)
    return Evaluation(
        method=model.method,
        labels=model.labels,
        source=splits.source,
        split=name,
        scores=scored.scores,
        mistakes=worst_mistakes(part.texts, part.lines, scored.label_ids, scored.probs, model.label_set, n=n_mistakes),
        confusions=costly_confusions(scored.scores.confusion, model.label_set),
    )


def _check_labels(part: LabelledTexts, known: tuple[str, ...]) -> None:
    unknown = [label for label in part.counts() if label not in known]
    if unknown:
        raise DataError(
            f"the data has {len(unknown)} labels that the model does not know: {', '.join(unknown[:10])}; "
            f"its labels: {', '.join(known[:20])}.{did_you_mean(unknown[0], known)}"
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
            "model": self.model, "method": self.method, "n_files": self.n_files, "verified": True,
            "claims": list(self.claims),
        }  # fmt: skip


def verify_model(
    model_folder: str | Path, splits: Splits | None = None, *, progress: Progress | None = None
) -> Verification:
    """Check a model's hashes and schema; with data, score it again and compare with what it says of itself.

    Raises
    ------
    ModelError
        A file is missing, changed or unsafe.
    CheckError
        A recorded score is not what the model scores on these texts.
    """
    folder = Path(model_folder)
    manifest = read_folder(folder)
    claims: list[dict[str, Any]] = []
    wrong: list[str] = []
    for split in dict.fromkeys(claim["split"] for claim in manifest.scores) if splits is not None else ():
        if splits is None or split not in splits:
            continue
        scores = evaluate_model(folder, splits, split=split, progress=progress).scores
        for claim in (claim for claim in manifest.scores if claim["split"] == split):
            found = getattr(scores, claim["metric"])
            agrees = scores.n_texts == claim["n_texts"] and abs(found - claim["value"]) <= TOLERANCE
            claims.append({**claim, "found": found, "found_n_texts": scores.n_texts, "agrees": agrees})
            if not agrees:
                wrong.append(
                    f"{split} {claim['metric']}: recorded {claim['value']:.4f} on {claim['n_texts']:,} texts, "
                    f"found {found:.4f} on {scores.n_texts:,}"
                )
    if wrong:
        raise CheckError(
            f"{folder} does not score what it says: {'; '.join(wrong)}", hint="is this the data it was scored on?"
        )
    if splits is not None and not claims:
        raise DataError(
            f"{folder} has recorded scores of {', '.join({c['split'] for c in manifest.scores}) or 'no split'}; "
            f"the data has {', '.join(splits)}"
        )
    return Verification(str(folder), manifest.method, len(manifest.files), claims)
