"""`assay evaluate`: a saved model's scores on labelled texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import numpy as np

from assay._arguments import checked
from assay._display import Brief, html_block, html_table
from assay.catalogue import ENGLISH, open_language
from assay.data.duplicates import find_seen
from assay.data.frames import make_frame
from assay.data.origin import read_other_cells
from assay.data.texts import LabelledTexts, Splits, join_texts
from assay.evaluation.caveats import find_caveats
from assay.evaluation.coverage_report import AnsweredRow, answered_rows
from assay.evaluation.mistakes import (
    Confusion,
    ConfusionEntry,
    Mistake,
    MistakeEntry,
    costly_confusions,
    surest_mistakes,
)
from assay.evaluation.result import ScoresEntry, SplitScores
from assay.evaluation.rule_effects import RuleEffect, RuleEffectEntry, measure_rule
from assay.evaluation.scoring import ScoredSplit, score_parts, score_split
from assay.evaluation.slices import SliceEntry, SliceScores
from assay.evaluation.text_table import text_rows
from assay.methods import METHODS
from assay.models.open import match_labels, open_model
from assay.notebook import default_progress
from assay.progress import Progress
from assay.recipes.evaluate_several import SeveralEvaluation, as_several, evaluate_several
from assay.recipes.steps.known_data import (
    check_labels,
    cut_as_trained,
    load_as_trained,
    name_texts,
)
from assay.runtime.predictor import Model
from assay.runtime.trained_on import read_trained_on

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evaluation", "evaluate_model"]


class EvaluationEntry(TypedDict):
    """An `Evaluation` as JSON holds it."""

    method: str
    labels: list[str]
    source: str
    split: str
    scores: ScoresEntry
    mistakes: list[MistakeEntry]
    confusions: list[ConfusionEntry]
    answered: list[AnsweredRow]
    slices: list[SliceEntry]
    by: list[SliceEntry]
    warnings: list[str]
    by_rule: NotRequired[RuleEffectEntry]


@dataclass(frozen=True, repr=False)
class Evaluation(Brief):
    """The scores of a model on one split.

    Parameters
    ----------
    method : str
    labels : tuple of str
        In the order of the score columns.
    source, split : str
        The data set, and which of its splits was scored.
    scored : ScoredSplit
    mistakes : sequence of Mistake
        The most confident ones, the surest first.
    confusions : sequence of Confusion
        The pairs of classes behind most mistakes.
    answered : sequence of AnsweredRow
        What is right if only the surest texts are answered; see `answered_rows`.
    slices : sequence of SliceScores
    by : sequence of SliceScores
        Scores by the values of a column of the data, where one was asked for.
    given : int64 array of shape (n_texts,), optional
        The columns of the labels that the model gives by its rule. None: it has none, and gives the
        label with the highest score, which all scores are of.
    rule_effect : RuleEffect, optional
        What that rule changes.
    fitted_on : tuple of str
        The splits that the model was fitted on.
    """

    method: str
    labels: tuple[str, ...]
    source: str
    split: str
    scored: ScoredSplit
    mistakes: Sequence[Mistake]
    confusions: Sequence[Confusion]
    answered: Sequence[AnsweredRow]
    slices: Sequence[SliceScores]
    by: Sequence[SliceScores] = ()
    given: np.ndarray | None = None
    rule_effect: RuleEffect | None = None
    fitted_on: tuple[str, ...] = ("train",)

    @property
    def scores(self) -> SplitScores:
        """Scores of the split."""
        return self.scored.scores

    def warnings(self) -> list[str]:
        """Return one sentence for each reason to read the scores with care."""
        english = open_language(ENGLISH)
        found = find_caveats(self.scored, split=self.split, fitted_on=self.fitted_on)
        return [english.tell(fact) for fact in found]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return every text with its label, the predicted one and all scores; see `text_rows`."""
        return text_rows(
            self.split,
            self.scored.labelled,
            self.scored.probs,
            self.labels,
            given=self.given,
            seen=self.scored.seen,
        )

    def table_rows(self, out: Path) -> Iterator[dict[str, Any]]:
        """Return `rows` as a file holds them: the same, whatever its kind."""
        return self.rows()

    def to_pandas(self) -> pd.DataFrame:
        """Return `rows` as a frame with one row per text."""
        return make_frame(self.rows())

    def _repr_html_(self) -> str:
        scores, (low, high) = self.scores, self.scores.intervals["accuracy"]
        sentence = (
            f"of {self.source}, {scores.n_texts:,} texts: accuracy {scores.accuracy:.4f} "
            f"({low:.3f} to {high:.3f}), weighted F1 {scores.f1_weighted:.4f}, "
            f"macro F1 {scores.f1_macro:.4f}"
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

    def to_dict(self) -> EvaluationEntry:
        """Return plain values, ready for JSON."""
        entry: EvaluationEntry = {
            "method": self.method,
            "labels": list(self.labels),
            "source": self.source,
            "split": self.split,
            "scores": self.scored.to_dict(),
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
            "confusions": [confusion.to_dict() for confusion in self.confusions],
            "answered": list(self.answered),
            "slices": [one.to_dict() for one in self.slices],
            "by": [one.to_dict() for one in self.by],
            "warnings": self.warnings(),
        }
        if self.rule_effect is not None:
            entry["by_rule"] = self.rule_effect.to_dict()
        return entry


@checked
def evaluate_model(
    model_folder: str | Path | Model,
    splits: Any,
    *,
    split: str | None = None,
    label_map: str | Path | None = None,
    seed: int = 0,
    n_mistakes: int = 10,
    long_texts: str | None = None,
    progress: Progress | None = None,
) -> Evaluation | SeveralEvaluation:
    """Score a saved model, or any sequence classification checkpoint, on labelled texts.

    Parameters
    ----------
    model_folder : path, Hub id or Model
        See `open_model`.
    splits : Splits, or anything that `load_data` accepts
        What is not loaded yet is read as the data of the model were read. A single file that the
        model was trained on is cut as training did, for `split` to name a part of it, and to tell
        the scores on texts that were not trained on.
    split : str, optional
        None: `test` if there is one, or the only split.
    label_map : path, optional
        Which label of the model is which label of the data, if their names differ; see
        `read_label_map`.
    seed : int
        Seed of the bootstrap behind the intervals.
    n_mistakes : int
    long_texts : {"truncate", "window"}, optional
        See `load_model`.
    progress : Progress, optional

    Raises
    ------
    InputError
        The data cannot be read, or (`DataError`) there is no such split, it has labels that the
        model does not know, or its texts have several labels and the model gives one.
    ModelError
        The folder is no model, or a broken one.
    """
    progress = progress or default_progress()
    model = open_model(model_folder, label_map=label_map, long_texts=long_texts, progress=progress)
    splits = load_as_trained(splits, model.folder)
    if model.label_set.task == "multi":
        splits = as_several(splits)
    trained = cut_as_trained(splits, model.manifest)
    split = split or _default_split(splits)
    if split not in splits:
        splits = trained
    if splits.label_set.task == "multi":
        seen = _find_trained(model, trained, splits[split], split)
        return evaluate_several(model, splits, split, seed=seed, seen=seen, progress=progress)
    model = _match_model(model, splits, split)
    labelled = splits[split]
    seen = _find_trained(model, trained, labelled, split)
    scored = score_split(model, labelled, seed=seed, seen=seen, progress=progress)
    found = _evaluation(model, splits.source, split, scored, n_mistakes=n_mistakes)
    return replace(found, mistakes=_with_columns(found.mistakes, splits, split))


def _with_columns(mistakes: Sequence[Mistake], splits: Splits, split: str) -> list[Mistake]:
    """Return the mistakes with the other columns of their rows."""
    others = read_other_cells(splits.origins, [(split, one.line) for one in mistakes])
    completed = []
    for one in mistakes:
        found = others.get((split, one.line))
        completed.append(one if found is None else replace(one, columns=found.cells))
    return completed


def _find_trained(
    model: Model, splits: Splits, labelled: LabelledTexts, split: str
) -> np.ndarray | None:
    """Tell which texts the model was trained on, bool of shape (n_texts,).

    A model of this version recognises them by their hashes, one of an earlier version by the train
    split of the data. None if that is not there, or is what is scored.
    """
    trained_on = read_trained_on(model.folder, model.manifest)
    if trained_on is not None:
        return trained_on.find(labelled.texts)
    fitted_on = _fitted_on(model)
    if fitted_on == [split]:
        return None
    known = [splits[name] for name in fitted_on if name in splits]
    return find_seen(labelled, join_texts(known)) if known else None


def _fitted_on(model: Model) -> list[str]:
    """Return the splits that the model was fitted on."""
    return list(model.manifest.training_data.get("fitted_on", ["train"]))


def _default_split(splits: Splits) -> str:
    """Return the split that is scored unless another is asked for: test, or the only one."""
    if "test" not in splits and len(splits) == 1:
        return next(iter(splits))
    return "test"


def _match_model(model: Model, splits: Splits, split: str) -> Model:
    """Return the model with the labels of the data, or refuse data with labels it does not know."""
    labelled, where = splits[split], name_texts(splits.source, split)
    if model.method in METHODS:
        check_labels(labelled, model.labels, where=where)
        return model
    counts = labelled.counts()
    used = [label for label in splits.label_set if label in counts]
    return match_labels(model, used, where=where)


def _evaluation(
    model: Model, source: str, split: str, scored: ScoredSplit, *, n_mistakes: int
) -> Evaluation:
    """Gather what follows from the scored split."""
    labelled, rule = scored.labelled, model.label_rule
    given, effect, curve = None, None, model.coverage_curve
    if rule is not None:
        curve = None  # measured on labels with the highest score
        given = rule.choose(scored.probs)
        with_threshold = rule.named_thresholds(model.labels)
        effect = measure_rule(rule, scored, split, tuple(with_threshold), rule.costs)
    return Evaluation(
        method=model.method,
        labels=model.labels,
        source=source,
        split=split,
        scored=scored,
        mistakes=surest_mistakes(
            labelled.texts,
            labelled.lines,
            scored.label_ids,
            scored.probs,
            model.label_set,
            n=n_mistakes,
            seen=scored.seen,
        ),
        confusions=costly_confusions(
            scored.scores.confusion, model.label_set, unseen=scored.unseen_confusion
        ),
        answered=answered_rows(
            scored,
            curve=curve,
            rule=model.abstain_rule,
        ),
        slices=score_parts(model, scored),
        given=given,
        rule_effect=effect,
        fitted_on=tuple(_fitted_on(model)),
    )
