"""What a saved model scores where texts may have several labels, and what it is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.catalogue import ENGLISH
from assay.data.duplicates import find_seen
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.limits import measure_several_limits
from assay.evaluation.several_choice import SeveralEvidencePredictions
from assay.evaluation.several_scoring import (
    SeveralScored,
    answers_of,
    score_several_split,
    several_claims,
)
from assay.methods import METHODS
from assay.progress import Progress
from assay.recipes.steps.fit import FittedModel, TrainingSet
from assay.reporting.card import render_card

if TYPE_CHECKING:
    from assay.checkpoints.auto import CheckpointChoice
    from assay.evaluation.several_folds import SeveralFoldEvidence
    from assay.recipes.run import Run

__all__ = ["SeveralMethod", "score_several_method", "score_several_model"]

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class SeveralMethod:
    """A trained method with its scores, and what it is judged by.

    Parameters
    ----------
    fitted : FittedModel
    scored : mapping of split to SeveralScored
        Scores of the splits that the saved model was not trained on.
    predictions : SeveralEvidencePredictions
        The predictions for the texts of the evidence.
    out_of_fold : SeveralFoldEvidence, optional
        None where the evidence is validation.
    """

    fitted: FittedModel
    scored: Mapping[str, SeveralScored]
    predictions: SeveralEvidencePredictions
    out_of_fold: SeveralFoldEvidence | None = None

    @property
    def fitted_on(self) -> list[str]:
        """The splits that the saved model was fitted on."""
        if self.out_of_fold is None:
            return ["train"]
        return ["train", "validation"]

    @property
    def evidence(self) -> SeveralScored:
        """The scores that choices are made by."""
        if self.out_of_fold is not None:
            return self.out_of_fold.scored
        return self.scored["validation"]

    def records(self, origins: Sequence[str], labels: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield what is written about each text: with its group where it is evidence."""
        if self.out_of_fold is not None:
            yield from self.out_of_fold.records(origins, labels)
        for split, scored in self.scored.items():
            records = scored.records(split, labels)
            if split != "validation":
                yield from records
                continue
            for record, group in zip(records, self.predictions.groups.tolist(), strict=True):
                yield {**record, "group": group}


def score_several_method(fitted: FittedModel, run: Run) -> SeveralMethod:
    """Score a saved model, and judge it on validation or out of fold."""
    seed, whole = run.options.seed, run.data.whole
    if fitted.folds is None:
        scored = _score_splits(fitted, run, run.data)
        validation, first_row = scored["validation"], len(run.data.train)
        predictions = SeveralEvidencePredictions(
            HELD_OUT,
            validation.truth,
            validation.predicted[None],
            groups=whole.groups[first_row:],
            rows=np.arange(len(validation.truth)) + first_row,
        )
        return SeveralMethod(fitted, scored, predictions)
    from assay.evaluation.several_folds import SeveralFoldEvidence  # loads scikit-learn

    out_of_fold = SeveralFoldEvidence.judge(
        fitted.folds,
        run.folds.texts,
        whole.train,
        run.data.splits.label_set,
        thresholds=answers_of(fitted.model).thresholds.scores,
        is_calibrated=METHODS[fitted.model.method].reads_texts,
        seed=seed,
    )
    scored = _score_splits(fitted, run, whole, out_of_fold=out_of_fold.scored)
    return SeveralMethod(fitted, scored, out_of_fold.predictions, out_of_fold)


def _score_splits(
    fitted: FittedModel, run: Run, data: TrainingSet, *, out_of_fold: SeveralScored | None = None
) -> dict[str, SeveralScored]:
    return score_several_model(
        fitted,
        data,
        name=f"{run.name}-{fitted.model.method}",
        seed=run.options.seed,
        progress=run.progress,
        language=run.options.report_language,
        checkpoint_choice=run.checkpoint.choice,
        out_of_fold=out_of_fold,
        measured_terms=None if out_of_fold is None else run.folds.measured_terms,
    )


def score_several_model(
    fitted: FittedModel,
    data: TrainingSet,
    *,
    name: str,
    seed: int,
    progress: Progress,
    language: str = ENGLISH,
    checkpoint_choice: CheckpointChoice | None = None,
    out_of_fold: SeveralScored | None = None,
    measured_terms: np.ndarray | None = None,
) -> dict[str, SeveralScored]:
    """Score a saved model on validation and test; write scores, scope and card into its folder.

    Each text of validation is judged by thresholds that were chosen without it.

    Parameters
    ----------
    fitted : FittedModel
    data : TrainingSet
        With the splits that the model was fitted on; those are not scored.
    name, language : str
        Title and language of the card.
    seed, progress
    checkpoint_choice : CheckpointChoice, optional
        Why the model starts from its checkpoint, for the card.
    out_of_fold : SeveralScored, optional
        Scores of texts by models that did not see them. None: the model did not see validation.
    measured_terms : array, optional
        How the terms of these texts compare with those of other folds: see `measure_limits`.
    """
    from assay.models import record_scores  # loads scikit-learn

    scored = {}
    validation_groups = data.whole.groups[len(data.splits["train"]) :]
    for split in SPLITS:
        if split in data.fitted_on:
            continue
        scored[split] = score_several_split(
            fitted.model,
            data.splits[split],
            seed=seed,
            seen=find_seen(data.splits[split], data.train),
            groups=validation_groups if split == "validation" else None,
            progress=progress,
        )
    claims = several_claims(scored["test"], out_of_fold=out_of_fold)
    manifest, evidence = fitted.model.manifest, out_of_fold or scored["validation"]
    split = "validation" if out_of_fold is None else OUT_OF_FOLD
    measured = measure_several_limits(
        fitted.model, evidence, split=split, measured_terms=measured_terms
    )
    card = render_card(
        {**manifest.to_dict(), "scores": claims, **measured},
        name=name,
        checkpoint_choice=checkpoint_choice,
        language=language,
    )
    record_scores(fitted.folder, claims, measured=measured, card=card, verified=manifest)
    return scored
