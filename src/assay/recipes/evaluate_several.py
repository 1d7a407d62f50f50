"""`assay evaluate` where texts may have several labels: the scores of a model, label by label."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay._display import Brief, html_block, html_table, percent
from assay.data.files.style import PLAIN_STYLES
from assay.data.files.writers import out_kind
from assay.data.frames import make_frame
from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import LabelledTexts, Splits
from assay.evaluation.several_mistakes import SurprisingText, find_surprising
from assay.evaluation.several_scores import SeveralScores
from assay.evaluation.several_scoring import SeveralScored, answers_of, score_several_split
from assay.evaluation.several_slices import SeveralSlice
from assay.progress import Progress
from assay.recipes.steps.known_data import check_labels, name_texts
from assay.runtime.label_cells import find_joint, join_for_people
from assay.runtime.predictor import Model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SeveralEvaluation", "as_several", "evaluate_several"]

logger = logging.getLogger(__name__)

WORKBOOK = ".xlsx"


@dataclass(frozen=True, repr=False)
class SeveralEvaluation(Brief):
    """The scores of a model of several labels on one split.

    Parameters
    ----------
    method : str
    labels : tuple of str
        In the order of the score columns.
    source, split : str
        The data set, and which of its splits was scored.
    scored : SeveralScored
    by : sequence of SeveralSlice
        Scores by the values of a column of the data, where one was asked for.
    joint : str, optional
        What joins the labels of a cell in the data of the model. None: they are lists.
    """

    method: str
    labels: Sequence[str]
    source: str
    split: str
    scored: SeveralScored
    by: Sequence[SeveralSlice] = ()
    joint: str | None = None

    @property
    def scores(self) -> SeveralScores:
        """Scores of the split."""
        return self.scored.scores

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return every text with its labels, the predicted ones and all scores.

        Yields
        ------
        dict
            `split`, `row` (1-based line of the source), `text`, `labels` and `predicted_labels`
            (lists), `is_right` (exactly the same labels), `trained_on` if the model was trained
            on some of the texts, then ``score:<label>`` for each label.
        """
        names = [f"score:{label}" for label in self.labels]
        texts = self.scored.labelled.texts
        seen = None
        if self.scored.n_leaked:
            seen = self.scored.seen
        for i, record in enumerate(self.scored.records(self.split, self.labels)):
            found = {
                "split": self.split,
                "row": record["row"],
                "text": texts[i],
                "labels": record["labels"],
                "predicted_labels": record["predicted_labels"],
                "is_right": sorted(record["labels"]) == sorted(record["predicted_labels"]),
            }
            if seen is not None:
                found["trained_on"] = bool(seen[i])
            yield {**found, **dict(zip(names, record["probs"], strict=True))}

    @property
    def surprising(self) -> list[SurprisingText]:
        """The surest mistakes: labels that are probably missing in the data, then extra ones."""
        return find_surprising(self.scored, self.labels)

    def table_rows(self, out: Path) -> Iterator[dict[str, Any]]:
        """Return `rows` as a file holds them: lists of labels where its kind has lists.

        In a table they are cells as in the output of `predict`: joined as in the training data of
        the model, else lists in JSON; in a workbook, for people, by commas.
        """
        kind = out_kind(out)
        join: Callable[[Sequence[str]], str]
        if kind == WORKBOOK:
            join = partial(join_for_people, joint=self.joint)
        elif kind in PLAIN_STYLES and self.joint is not None:
            join = self.joint.join
        else:
            yield from self.rows()
            return
        for row in self.rows():
            cells = {name: join(row[name]) for name in ("labels", "predicted_labels")}
            yield {**row, **cells}

    def to_pandas(self) -> pd.DataFrame:
        """Return `rows` as a frame with one row per text."""
        return make_frame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "method": self.method,
            "task": "multi",
            "labels": list(self.labels),
            "source": self.source,
            "split": self.split,
            "scores": self.scored.to_dict(),
            "by": [one.to_dict() for one in self.by],
        }

    def _repr_html_(self) -> str:
        scores = self.scores
        sentence = (
            f"of {self.source}, {scores.n_texts:,} texts: micro F1 {percent(scores.f1_micro, 2)}, "
            f"macro F1 {percent(scores.f1_macro, 2)}, exact match {percent(scores.exact_match, 2)}"
        )
        rows = [
            {"label": one.label, "texts": one.n_texts, "F1": one.f1, "threshold": one.threshold}
            for one in scores.per_label
        ]
        return html_block(f"{self.method} on {self.split}", sentence, html_table(rows))


def as_several(splits: Splits) -> Splits:
    """Return data with one label per text as data in which each text has a set of one."""
    if splits.label_set.task == "multi":
        return splits
    parts: dict[str, LabelledTexts] = {}
    for name, labelled in splits.items():
        sets = tuple((label,) for label in labelled.labels)
        parts[name] = SeveralLabelledTexts(labelled.texts, sets, labelled.lines)
    return replace(splits, parts=parts, label_set=LabelSet(splits.label_set.names, "multi"))


def evaluate_several(
    model: Model,
    splits: Splits,
    split: str,
    *,
    seed: int,
    seen: np.ndarray | None,
    progress: Progress,
) -> SeveralEvaluation:
    """Score a model of several labels on one split; see `evaluate_model`.

    Raises
    ------
    DataError
        The model gives one label per text, or the data have labels that it does not know.
    """
    answers_of(model)
    labelled = splits[split]
    where = name_texts(splits.source, split)
    check_labels(labelled, model.labels, where=where)
    if all(len(labels) == 1 for labels in labelled.labels):
        logger.warning(
            "each text of %s has one label, and the model may give several: what it gives beside "
            "that label counts as wrong",
            where,
        )
    scored = score_several_split(model, labelled, seed=seed, seen=seen, progress=progress)
    joint = find_joint(model)
    return SeveralEvaluation(model.method, model.labels, splits.source, split, scored, joint=joint)
