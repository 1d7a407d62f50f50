"""What a run measured of one method: its saved model, its scores, what choices rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.catalogue import Fact
from assay.evaluation.caveats import find_cut_short
from assay.evaluation.coverage_report import CoverageEntry
from assay.evaluation.evidence import OUT_OF_FOLD, SHORT_BUDGET, EvidencePredictions
from assay.evaluation.fold_evidence import FoldEvidence
from assay.evaluation.near_evidence import NearEvidence
from assay.evaluation.rule_effects import RuleOutcome
from assay.evaluation.scoring import PredictionEntry, ScoredSplit, prediction_records
from assay.reporting.results_entries import (
    EvidenceEntry,
    MethodEntry,
    MethodTimings,
    SavedScores,
)
from assay.runtime.predictor import Model

__all__ = ["EVIDENCE", "MethodResult", "find_judged_alone"]

EVIDENCE = "validation"  # the split that every choice rests on


@dataclass(frozen=True)
class MethodResult:
    """One method of a run: its saved model, what it scored and what it cost.

    Parameters
    ----------
    model : Model
        The saved folder, loaded.
    fit_s : float
        Seconds of fitting and calibration.
    history : sequence of dict
        One entry per epoch; empty for methods without epochs.
    scored : mapping of split to ScoredSplit
        With `EVIDENCE`; test texts may be missing.
    coverage : CoverageEntry, optional
        How many texts can be answered at which accuracy.
    out_of_fold : FoldEvidence, optional
        What choices rest on where validation has few texts: the model is then fitted on train and
        validation, and `scored` has no validation.
    held_out : EvidencePredictions, optional
        The predictions for validation, with groups that hold across train and validation. None:
        each text is a group.
    folds_s : float
        Seconds of fitting and predicting on folds.
    note : str
        Why the method is judged on validation where others are judged out of fold.
    label_rule : RuleOutcome, optional
        Which label the model gives, where a recall, a precision or costs were asked for.
    """

    model: Model
    fit_s: float
    scored: Mapping[str, ScoredSplit]
    history: Sequence[Mapping[str, Any]] = ()
    coverage: CoverageEntry | None = None
    out_of_fold: FoldEvidence | None = None
    held_out: EvidencePredictions | None = None
    folds_s: float = 0.0
    note: str = ""
    label_rule: RuleOutcome | None = None

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.model.method

    @property
    def fitted_on(self) -> list[str]:
        """The splits that the saved model was fitted on."""
        return list(self.model.manifest.training_data.get("fitted_on", ["train"]))

    def cut_short(self) -> list[Fact]:
        """Say that a time limit ended the training within an epoch, if one did."""
        return find_cut_short(self.method, self.history)

    @property
    def evidence(self) -> ScoredSplit:
        """The predictions that choices rest on."""
        if self.out_of_fold is not None:
            return self.out_of_fold.scored
        return self.scored[EVIDENCE]

    @property
    def reported(self) -> Mapping[str, ScoredSplit]:
        """What the model's folder reports: the evidence, and the splits it was not trained on."""
        if self.out_of_fold is None:
            return self.scored
        return {OUT_OF_FOLD: self.out_of_fold.scored, **self.scored}

    def shown(self, split: str) -> ScoredSplit:
        """Return the scores that come first in a report: those of test, or of the evidence."""
        return self.scored["test"] if split == "test" else self.evidence

    def predictions(self) -> EvidencePredictions:
        """Return the predicted labels that methods are compared by."""
        if self.out_of_fold is not None:
            return self.out_of_fold.predictions
        if self.held_out is not None:
            return self.held_out
        validation = self.evidence
        return EvidencePredictions.held_out(validation.label_ids, validation.probs.argmax(axis=1))

    def records(self, splits: Sequence[str], labels: Sequence[str]) -> Iterator[PredictionEntry]:
        """Return what is written about every text that was predicted.

        Parameters
        ----------
        splits : sequence of str
            The split of each text of train and validation, in this order.
        labels : sequence of str
        """
        if self.out_of_fold is not None:
            yield from self.out_of_fold.records(splits, labels)
        groups = self.predictions().groups.tolist()
        for split, one in self.scored.items():
            records = prediction_records(split, one.labelled, one.probs, labels)
            for i, record in enumerate(records):
                if split == EVIDENCE:
                    record = {**record, "group": groups[i]}
                yield record

    @property
    def predict_texts_per_s(self) -> float:
        """Throughput of prediction over all splits that were scored."""
        n_texts = sum(len(one.labelled) for one in self.scored.values())
        predict_s = sum(one.predict_s for one in self.scored.values())
        return n_texts / max(predict_s, 1e-9)

    def timings(self) -> MethodTimings:
        """Return the times as results.json holds them."""
        return {
            "fit_s": round(self.fit_s, 3),
            "folds_s": round(self.folds_s, 3),
            "predict_texts_per_s": round(self.predict_texts_per_s, 1),
        }

    def to_dict(self, near: NearEvidence | None = None) -> MethodEntry:
        """Return what results.json says about the method, without times.

        Parameters
        ----------
        near : NearEvidence, optional
            How much of its evidence is memory; None if that is not known.
        """
        return {
            "method": self.method,
            "model": f"models/{self.method}",
            "model_bytes": self.model.n_bytes,
            "evidence": self._evidence(near),
            "fitted_on": self.fitted_on,
            **self._scores(),
            "coverage": self.coverage,
        }

    def _scores(self) -> SavedScores:
        """Return the scores of the saved model."""
        validation = self.scored.get(EVIDENCE)
        entry: SavedScores = {"validation": None if validation is None else validation.to_dict()}
        if "test" in self.scored:
            entry["test"] = self.scored["test"].to_dict()
        if self.label_rule is not None:
            entry["label_rule"] = self.label_rule.to_dict(self.model.labels)
        return entry

    def _evidence(self, near: NearEvidence | None) -> EvidenceEntry:
        """Return what choices rest on, without the scores of each class."""
        predictions, scores = self.predictions(), self.evidence.scores
        return {
            "kind": predictions.kind,
            "n_texts": predictions.n_texts,
            "n_folds": predictions.n_folds,
            "n_repeats": predictions.n_repeats,
            "accuracy": scores.accuracy,
            "f1_weighted": scores.f1_weighted,
            "f1_macro": scores.f1_macro,
            "intervals": {name: list(bounds) for name, bounds in scores.intervals.items()},
            "log_loss": scores.log_loss,
            "ece": scores.ece,
            "note": self.note,
            "near_duplicates": None if near is None else near.to_dict(),
        }


def find_judged_alone(methods: Sequence[MethodResult]) -> list[Fact]:
    """Say which methods were judged on few validation texts alone, if folds were tried.

    The `note` of each says in English why.
    """
    of_note: dict[str, list[MethodResult]] = {}
    for one in methods:
        if one.out_of_fold is None and one.note:
            of_note.setdefault(one.note, []).append(one)
    facts = []
    for note, judged in of_note.items():
        kind = "caveats.no_folds"
        if note == SHORT_BUDGET:
            kind = "caveats.no_time_for_folds"
        names, n_texts = [one.method for one in judged], judged[0].evidence.scores.n_texts
        facts.append(Fact.of(kind, n_methods=len(names), methods=", ".join(names), n_texts=n_texts))
    return facts
