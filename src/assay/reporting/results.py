"""What a run measured, as typed objects that the report reads.

results.json is written from them; `results_entries` names its keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay._version import __version__
from assay.audit.result import Audit
from assay.catalogue import ENGLISH, Fact, open_language
from assay.checkpoints.auto import CheckpointChoice
from assay.data.reading import find_reading
from assay.data.texts import Splits
from assay.evaluation.caveats import find_caveats, find_fall, find_near_leaks, find_unknowable
from assay.evaluation.choice import Choice
from assay.evaluation.coverage_report import CoverageEntry
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.fold_evidence import FoldEvidence
from assay.evaluation.more_texts import MoreTexts
from assay.evaluation.rule_effects import RuleOutcome
from assay.evaluation.scoring import PredictionEntry, ScoredSplit, prediction_records
from assay.methods import FLOOR
from assay.reporting.results_entries import (
    EvidenceEntry,
    MachineEntry,
    MethodEntry,
    MethodTimings,
    ResultsEntry,
    RunDataEntry,
    SavedScores,
    SkippedEntry,
    SplitFingerprint,
)
from assay.runtime.predictor import Model

__all__ = ["EVIDENCE", "Machine", "MethodResult", "Results", "SkippedMethod"]

SCHEMA_VERSION = 2
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

    def to_dict(self) -> MethodEntry:
        """Return what results.json says about the method, without times."""
        return {
            "method": self.method,
            "model": f"models/{self.method}",
            "model_bytes": self.model.n_bytes,
            "evidence": self._evidence(),
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

    def _evidence(self) -> EvidenceEntry:
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
        }


def _reaches_rule(one: MethodResult) -> bool:
    reaches = one.label_rule is not None and one.label_rule.refusal is None
    return reaches and one.method != FLOOR


@dataclass(frozen=True)
class SkippedMethod:
    """A method that was asked for and not trained, and why.

    Parameters
    ----------
    method : str
    reason : str
        In English, as results.json has it.
    spent_budget_s : float, optional
        The budget in seconds, if it was spent before the method began.
    missing_checkpoint : str, optional
        The alias of the checkpoint that is not installed, if that is why.
    """

    method: str
    reason: str
    spent_budget_s: float | None = None
    missing_checkpoint: str | None = None

    def fact(self) -> Fact:
        """Return what a report says about it."""
        if self.spent_budget_s is not None:
            return Fact.of("notes.over_budget", method=self.method, budget=self.spent_budget_s)
        if self.missing_checkpoint is not None:
            return Fact.of(
                "notes.no_checkpoint", method=self.method, checkpoint=self.missing_checkpoint
            )
        return Fact.of("notes.skipped", method=self.method, reason=self.reason)

    def to_dict(self) -> SkippedEntry:
        """Return the entry of results.json."""
        return {"method": self.method, "reason": self.reason}


@dataclass(frozen=True)
class Machine:
    """Where a run was made: Python and system, compute threads, device as asked for."""

    python: str
    system: str
    n_threads: int
    device: str

    def to_dict(self) -> MachineEntry:
        """Return the entry of results.json."""
        return {
            "python": self.python,
            "system": self.system,
            "n_threads": self.n_threads,
            "device": self.device,
        }


@dataclass(frozen=True)
class Results:
    """Everything that a run measured.

    Parameters
    ----------
    seed : int
    splits : Splits
    fingerprints : mapping of split to str
        SHA-256 of each split.
    methods : tuple of MethodResult
        From the cheapest to the most expensive.
    choice : Choice
    audit : Audit
    machine : Machine
    skipped : tuple of SkippedMethod
    checkpoint : CheckpointChoice, optional
        The transformer of the run, and why; None if no method needs one.
    checkpoint_caveat : Fact, optional
        That the transformer reads the training texts badly.
    id_column : str, optional
        The column that names the rows of the data.
    more_texts : MoreTexts, optional
        What twice as many texts would bring; None if that was not measured.
    map_s, total_s : float
        Seconds of the map, and of the run up to its results.
    """

    seed: int
    splits: Splits
    fingerprints: Mapping[str, str]
    methods: tuple[MethodResult, ...]
    choice: Choice
    audit: Audit
    machine: Machine
    skipped: tuple[SkippedMethod, ...] = ()
    checkpoint: CheckpointChoice | None = None
    checkpoint_caveat: Fact | None = None
    id_column: str | None = None
    more_texts: MoreTexts | None = None
    map_s: float = 0.0
    total_s: float = 0.0

    @property
    def recommended(self) -> MethodResult:
        """The recommended method."""
        return next(one for one in self.methods if one.method == self.choice.recommended)

    @property
    def shown_split(self) -> str:
        """The split whose scores a reader is shown: test, or the evidence if there is no test."""
        return "test" if "test" in self.recommended.scored else EVIDENCE

    @property
    def evidence_split(self) -> str:
        """What choices rest on for the recommended method: `EVIDENCE`, or out of fold."""
        return EVIDENCE if self.recommended.out_of_fold is None else OUT_OF_FOLD

    def caveats(self) -> list[Fact]:
        """Return one fact for each reason to read the shown scores with care."""
        split = self.shown_split
        of_scores = find_caveats(
            self.recommended.scored[split], split=split, fitted_on=self.recommended.fitted_on
        )
        near = find_near_leaks(
            self.audit.near_leaks,
            split=split,
            n_texts=len(self.recommended.scored[split].labelled),
            fitted_on=self.recommended.fitted_on,
        )
        found = [*find_reading(self.splits), *self._broken_promise(), *of_scores, *near]
        if self.checkpoint_caveat is not None:
            found.append(self.checkpoint_caveat)
        return [*self._broken_rule(), *found]

    def _broken_rule(self) -> list[Fact]:
        """Say that the recommended model does not reach the recall or precision asked for."""
        outcome = self.recommended.label_rule
        if outcome is None or outcome.refusal is None:
            return []
        found = [outcome.refusal]
        able = [one.method for one in self.methods if _reaches_rule(one)]
        if able:
            found.append(Fact.of("rule.others", methods=", ".join(able)))
        return found

    def _broken_promise(self) -> list[Fact]:
        """Say where test is below the evidence, or has other classes than train."""
        found = find_unknowable(self.recommended.predictions(), self.splits.label_set.names)
        if "test" in self.recommended.scored:
            evidence, test = self.recommended.evidence, self.recommended.scored["test"]
            fall = find_fall(evidence.scores, test.scores)
            if fall is not None:
                found.append(fall)
        shifts = [one for one in self.audit.class_shifts if one.split == "test" and one.is_notable]
        found.extend(one.fact() for one in shifts)
        return found

    def warnings(self) -> list[str]:
        """Return the caveats in English, as results.json and the terminal show them."""
        english = open_language(ENGLISH)
        return [english.tell(fact) for fact in self.caveats()]

    def to_dict(self) -> ResultsEntry:
        """Return what results.json holds.

        The same seed gives the same values outside `timings` and `machine`.
        """
        return {
            "schema_version": SCHEMA_VERSION,
            "assay_version": __version__,
            "seed": self.seed,
            "recommended": self.choice.recommended,
            "why": self.choice.why,
            "choice": self.choice.to_dict(),
            "warnings": self.warnings(),
            "data": self._data(),
            "methods": [one.to_dict() for one in self.methods],
            "comparisons": [one.to_dict() for one in self.choice.comparisons],
            "skipped": [one.to_dict() for one in self.skipped],
            "checkpoint": None if self.checkpoint is None else self.checkpoint.to_dict(),
            "more_texts": None if self.more_texts is None else self.more_texts.to_dict(),
            "timings": self._timings(),
            "machine": self.machine.to_dict(),
        }

    def _data(self) -> RunDataEntry:
        splits: dict[str, SplitFingerprint] = {}
        for name, labelled in self.splits.items():
            splits[name] = {"n_texts": len(labelled), "sha256": self.fingerprints[name]}
        return {
            "source": self.splits.source,
            "labels": list(self.splits.label_set),
            "splits": splits,
            "dropped": [row.to_dict() for row in self.splits.dropped],
            "mended": [rows.to_dict() for rows in self.splits.mended],
            "corrections": self.splits.n_corrections,
            "audit": self.audit.summary(),
        }

    def _timings(self) -> dict[str, MethodTimings | float]:
        return {
            **{one.method: one.timings() for one in self.methods},
            "audit_s": round(self.audit.checks_s, 3),
            "audit_folds_s": round(self.audit.label_check.fit_s, 3),
            "map_s": round(self.map_s, 3),
            "total_s": round(self.total_s, 3),
        }
