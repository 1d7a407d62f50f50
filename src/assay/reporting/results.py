"""What a run measured, as typed objects that the report reads.

results.json is written from them; `results_entries` names its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from assay._display import percent
from assay._version import __version__
from assay.audit.result import Audit
from assay.catalogue import ENGLISH, Fact, open_language
from assay.checkpoints.auto import CheckpointChoice
from assay.data.reading import find_reading
from assay.data.texts import Splits
from assay.evaluation.caveats import (
    find_caveats,
    find_fall,
    find_leaked,
    find_near_leaks,
    find_small_test,
    find_too_clear,
    find_unknowable,
    says_more,
)
from assay.evaluation.choice import Choice
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.imbalance import find_few_of_labels, find_imbalance
from assay.evaluation.more_texts import MoreTexts
from assay.evaluation.near_evidence import NearEvidence, measure_near_evidence
from assay.evaluation.recommendation import NOT_SHOWN
from assay.evaluation.result import SplitScores
from assay.evaluation.rule_effects import find_dearer
from assay.evaluation.score_draws import MACRO_F1, METRICS, score_evidence
from assay.methods import FLOOR
from assay.reporting.method_result import EVIDENCE, MethodResult, find_judged_alone
from assay.reporting.results_entries import (
    MachineEntry,
    MethodTimings,
    MoreTextsResult,
    ResultsEntry,
    RunDataEntry,
    SkippedEntry,
    SplitFingerprint,
)
from assay.runtime.entries import NearClaim

__all__ = ["Machine", "Results", "SkippedMethod"]

SCHEMA_VERSION = 2


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
    figure_caveat : Fact, optional
        That characters show as boxes in the figures: see `find_missing_glyphs`. It is no part of
        `caveats`, since the report is written again on machines with other fonts.
    checkpoint_caveat : Fact, optional
        That the transformer reads the training texts badly.
    id_column : str, optional
        The column that names the rows of the data.
    more_texts : MoreTexts or Fact
        What twice as many texts would bring, or why that was not worked out.
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
    figure_caveat: Fact | None = None
    id_column: str | None = None
    more_texts: MoreTexts | Fact | None = None
    map_s: float = 0.0
    total_s: float = 0.0

    @property
    def recommended(self) -> MethodResult:
        """The recommended method."""
        return next(one for one in self.methods if one.method == self.choice.recommended)

    @property
    def shown_split(self) -> str:
        """The texts whose scores come first: test, unless the evidence says more.

        Where test has few texts, or is missing, they are those of the evidence.
        """
        test = self.recommended.scored.get("test")
        n_evidence = self.recommended.evidence.scores.n_texts
        if test is None or says_more(n_evidence, test.scores.n_texts):
            return self.evidence_split
        return "test"

    @property
    def evidence_split(self) -> str:
        """What choices rest on for the recommended method: `EVIDENCE`, or out of fold."""
        return EVIDENCE if self.recommended.out_of_fold is None else OUT_OF_FOLD

    def caveats(self) -> list[Fact]:
        """Return one fact for each reason to read the shown scores with care."""
        own, split = self.recommended, self.shown_split
        of_scores = find_caveats(own.shown(split), split=split, fitted_on=own.fitted_on)
        test = own.scored.get("test")
        if test is not None and split != "test":
            of_scores += find_leaked(test, split="test", fitted_on=own.fitted_on)
        unseen = "test" if test is not None else EVIDENCE
        near = find_near_leaks(
            self.audit.near_leaks,
            split=unseen,
            n_texts=len(own.scored[unseen].labelled),
            fitted_on=own.fitted_on,
            alike=self.audit.find_alike(unseen, own.fitted_on),
            n_equal=own.scored[unseen].n_leaked,
            correct=own.scored[unseen].correct,
        )
        promise = [*self._too_easy(), *self._price_of_rule(), *self._broken_promise()]
        found = [*find_reading(self.splits), *promise, *of_scores, *near]
        found += find_judged_alone(self.methods)
        for one in self.methods:
            found += one.cut_short()
        if self.checkpoint_caveat is not None:
            found.append(self.checkpoint_caveat)
        return [*self._broken_rule(), *found]

    def near_evidence(self, one: MethodResult) -> NearEvidence | None:
        """Measure how much of the evidence of a method is memory; None if that is not known."""
        groups = self.audit.near_groups
        if "train" not in groups or EVIDENCE not in groups:
            return None
        near = np.concatenate([groups["train"], groups[EVIDENCE]])
        return measure_near_evidence(one.predictions(), near, metrics=METRICS, score=score_evidence)

    def near_claim(self, one: MethodResult) -> NearClaim | None:
        """Return what the model says about near duplicates; None if there are few."""
        near = self.near_evidence(one)
        return near.claim() if near is not None and near.is_notable else None

    def with_growth_qualified(self) -> Results:
        """Return these results, where what more texts would bring says what it does not tell."""
        if not isinstance(self.more_texts, MoreTexts):
            return self
        choice, has_near = self.choice, self.near_claim(self.recommended) is not None
        more = replace(
            self.more_texts, has_near=has_near, metric=choice.metric, is_learnt=choice.has_learnt
        )
        return replace(self, more_texts=more)

    def doubts(self) -> list[str]:
        """Return in English why the recommended method may do worse than its scores promise."""
        not_shown = [one for one in self.choice.reasons if one.kind == NOT_SHOWN]
        found = [*not_shown, *self._fall(), *self._price_of_rule(), *self._too_easy()]
        found += self._uneven_labels()
        return list(map(open_language(ENGLISH).tell, found))

    def _near_evidence(self) -> list[Fact]:
        found = self.near_evidence(self.recommended)
        if found is None:
            return []
        metric = self.choice.metric
        score = score_evidence(self.recommended.predictions(), metric)
        return found.facts(metric=metric, score=score)

    def _too_easy(self) -> list[Fact]:
        """Say that the texts are from templates, or score as if they were."""
        scores = self.recommended.evidence.scores
        return self._near_evidence() or find_too_clear(scores.accuracy, scores.n_texts)

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

    def _price_of_rule(self) -> list[Fact]:
        """Say how many texts are right by the rule that the model follows, if they are others."""
        outcome = self.recommended.label_rule
        if outcome is None or outcome.rule is None:
            return []
        shown = [one for one in outcome.effects if one.split == self.shown_split]
        (effect,) = shown or outcome.effects[:1]
        dearer = find_dearer([one.to_dict() for one in outcome.effects])
        found = [] if dearer is None else [dearer]
        if percent(effect.accuracy) == percent(effect.accuracy_without):
            return found
        return [
            *found,
            Fact.of(
                "rule.price",
                split=effect.split,
                n_texts=effect.n_texts,
                accuracy=effect.accuracy,
                accuracy_without=effect.accuracy_without,
            ),
        ]

    def _broken_promise(self) -> list[Fact]:
        """Say where test is low or too small, and where classes are not those of train."""
        found = find_unknowable(self.recommended.predictions(), self.splits.label_set.names)
        if "test" in self.recommended.scored:
            evidence, test = self.recommended.evidence, self.recommended.scored["test"]
            found += [*self._fall(), *self._small_test(evidence.scores, test.scores)]
        found += self._few_of_labels()
        # What a choice rests on says little of a label that it hardly has, and neither does test
        told = ("test",) if self.recommended.out_of_fold is not None else (EVIDENCE, "test")
        shifts = [one for one in self.audit.class_shifts if one.split in told and one.is_notable]
        found.extend(one.fact() for one in shifts)
        return found

    def _few_of_labels(self) -> list[Fact]:
        """Say which labels macro F1 hardly measures, where methods were chosen by it."""
        if self.choice.metric != MACRO_F1:
            return []
        shown = self.recommended.shown(self.shown_split).scores
        return find_few_of_labels(shown, split=self.shown_split)

    def _uneven_labels(self) -> list[Fact]:
        """Say where accuracy promises too much, and which rare labels are hardly measured."""
        if self.choice.recommended == FLOOR:  # then nobody expects more
            return []
        shown = self.recommended.shown(self.shown_split).scores
        imbalance = find_imbalance(shown, split=self.shown_split)
        found = [] if imbalance is None else [imbalance]
        return [*found, *self._few_of_labels()]

    def _fall(self) -> list[Fact]:
        """Say that test is below what the evidence promised, if it is."""
        if "test" not in self.recommended.scored:
            return []
        test = self.recommended.scored["test"]
        found = find_fall(self.recommended.evidence.scores, test.scores)
        return [] if found is None else [found]

    def _small_test(self, evidence: SplitScores, test: SplitScores) -> list[Fact]:
        """Say that test is small, if it is.

        Where a rule gives labels, or texts are from templates, the evidence is no promise either.
        Where test is below the evidence by more than chance, that says enough.
        """
        found = find_small_test(evidence, test)
        if found is None or self._fall():
            return []
        if self._too_easy() or self._price_of_rule():
            return [Fact("caveats.small_test_near", found.values)]
        return [found]

    def warnings(self) -> list[str]:
        """Return the caveats in English, as results.json and the terminal show them."""
        english = open_language(ENGLISH)
        facts = self.caveats()
        if self.figure_caveat is not None:
            facts.append(self.figure_caveat)
        return list(map(english.tell, facts))

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
            "doubts": self.doubts(),
            "choice": self.choice.to_dict(),
            "warnings": self.warnings(),
            "data": self._data(),
            "methods": [one.to_dict(self.near_evidence(one)) for one in self.methods],
            "comparisons": [one.to_dict() for one in self.choice.comparisons],
            "skipped": [one.to_dict() for one in self.skipped],
            "checkpoint": None if self.checkpoint is None else self.checkpoint.to_dict(),
            **self._more_texts(),
            "timings": self._timings(),
            "machine": self.machine.to_dict(),
        }

    def _more_texts(self) -> MoreTextsResult:
        more = self.more_texts
        if isinstance(more, MoreTexts):
            return {"more_texts": more.to_dict(), "no_more_texts": None}
        said = None if more is None else open_language(ENGLISH).tell(more)
        return {"more_texts": None, "no_more_texts": said}

    def _data(self) -> RunDataEntry:
        splits: dict[str, SplitFingerprint] = {}
        for name, labelled in self.splits.items():
            splits[name] = {"n_texts": len(labelled), "sha256": self.fingerprints[name]}
            if name in self.splits.drawn_from:
                splits[name]["drawn_from"] = self.splits.drawn_from[name]
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
