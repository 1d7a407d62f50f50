"""`RuleOptions`: the recall, precision or costs that a person asks for, checked and read."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypedDict

from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.labels import LabelSet, Task, list_labels
from assay.errors import InputError, cut, did_you_mean
from assay.evaluation.label_rules import AskedRule, find_impossible
from assay.recipes.steps.cost_table import read_cost_table, read_cost_text, refuse_twice

__all__ = ["Costs", "RuleArguments", "RuleOptions", "refuse_impossible"]

Costs = Mapping[str, Mapping[str, float]]  # true label -> given label -> cost

LARGEST = 1e300  # whole numbers of JSON have no limit, those of NumPy have

SEVERAL_KINDS = ("missing", "extra")  # what costs where texts may have several labels
SEVERAL_ACCEPTED = (
    "a table with the header label,missing,extra and one row per label as .csv, or "
    '{"label": {"missing": cost, "extra": cost}} as .json, is accepted where texts may have '
    "several labels"
)
ACCEPTED = (
    "a table with the labels as header and as first column as .csv, one row per true label, "
    'or {"true label": {"given label": cost}} as .json, is accepted'
)


class RuleArguments(TypedDict, total=False):
    """The fields of `RuleOptions`, as arguments.

    `min_recall` and `min_precision` map a label to a share, above 0 and up to 1: the model gives
    the label from the score on at which it is shown to reach that. `cost` says what mistakes cost,
    as a file or as true label -> given label -> cost: the model gives the label that is expected to
    cost least.
    """

    min_recall: Mapping[str, float]
    min_precision: Mapping[str, float]
    cost: str | Path | Mapping[str, Mapping[str, float]] | None


@dataclass(frozen=True)
class RuleOptions:
    """What is asked of the labels that a model gives.

    Parameters
    ----------
    min_recall, min_precision : mapping of str to float
        Label -> share, above 0 and up to 1.
    cost : path or mapping, optional
        What mistakes cost: a file, or true label -> given label -> cost, at least 0.
    """

    min_recall: Mapping[str, float] = field(default_factory=dict)
    min_precision: Mapping[str, float] = field(default_factory=dict)
    cost: str | Path | Costs | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.min_recall and not self.min_precision and self.cost is None

    def check(self) -> None:
        """Refuse what contradicts itself, before any data are read.

        Raises
        ------
        InputError
            A share is out of range, a label is named twice, or the costs cannot be read.
        """
        for flag, shares in self._named():
            for label, share in shares.items():
                if not _is_number(share) or not 0 < share <= 1:
                    raise InputError(
                        f"{flag} of '{cut(label)}' is {share}; a share above 0, up to 1, is "
                        "accepted, such as 0.95"
                    )
        both = sorted(set(self.min_recall) & set(self.min_precision))
        if both:
            raise InputError(
                f"--min-recall and --min-precision both name '{cut(both[0])}'; "
                "one of the two is accepted per label"
            )
        if self.cost is not None and (self.min_recall or self.min_precision):
            raise InputError(
                "--cost was given with --min-recall or --min-precision; one of the two is accepted"
            )
        if self.cost is not None:
            self.read_costs()

    def _named(self) -> tuple[tuple[str, Mapping[str, float]], ...]:
        return (("--min-recall", self.min_recall), ("--min-precision", self.min_precision))

    def resolve(self, label_set: LabelSet) -> AskedRule | None:
        """Return what is asked for, in the order of the labels; None if nothing is.

        Raises
        ------
        InputError
            A label is unknown, or the costs lack one.
        """
        if self.is_empty:
            return None
        for flag, shares in self._named():
            for label in shares:
                _check_label(label, label_set, where=flag)
        costs: tuple[tuple[float, ...], ...] = ()
        if self.cost is not None:
            costs = ORDER_COSTS[label_set.task](self.read_costs(), label_set)
        return AskedRule(tuple(label_set), self.min_recall, self.min_precision, costs)

    def of_thresholds(self, label_set: LabelSet) -> AskedRule | None:
        """Return what is asked of the thresholds that fitting chooses, those of several labels."""
        if label_set.task == "single":
            return None
        return self.resolve(label_set)

    def read_costs(self) -> Costs:
        """Return the costs by true and given label.

        Raises
        ------
        InputError
            There is no such file, or it holds something else.
        """
        if isinstance(self.cost, Mapping):
            return _check_costs(self.cost, "the costs")
        path = Path(self.cost or "")
        if not path.is_file():
            raise InputError(f"there is no file of costs {path}; {ACCEPTED}")
        try:
            text = read_cost_text(path)
            if path.suffix.casefold() == ".json":
                found = json.loads(text, object_pairs_hook=refuse_twice)
            else:
                found = read_cost_table(text)
        except InputError as err:
            raise InputError(f"the costs {path} cannot be read: {err.message}") from err
        except (OSError, ValueError, RecursionError, csv.Error) as err:
            raise InputError(f"the costs {path} cannot be read: {err}; {ACCEPTED}") from err
        return _check_costs(found, f"the file of costs {path}")

    def identity(self) -> list[object]:
        """Return what is asked for as plain values: the costs themselves, not where they are."""
        costs = None if self.cost is None else self.read_costs()
        return [dict(self.min_recall), dict(self.min_precision), costs]

    def shown(self) -> dict[str, str]:
        """Return the options that were set, as a report lists them."""
        shown = {}
        for flag, shares in self._named():
            if shares:
                listed = [f"{label}={share}" for label, share in shares.items()]
                shown[flag.removeprefix("--").replace("-", "_")] = ", ".join(listed)
        if isinstance(self.cost, Mapping):
            shown["cost"] = "given"
        elif self.cost is not None:
            shown["cost"] = Path(self.cost).name
        return shown


def refuse_impossible(
    asked: AskedRule | None, labels: Sequence[str | Sequence[str]], split: str
) -> None:
    """Refuse a recall that no model can be shown to reach, before any is trained.

    Parameters
    ----------
    asked : AskedRule, optional
    labels : sequence of str, or of sequences of str
        The labels of the texts that are the evidence.
    split : str
        What these are called.

    Raises
    ------
    InputError
        Too few texts have the label.
    """
    if asked is None:
        return
    names = chain.from_iterable((own,) if isinstance(own, str) else own for own in labels)
    counts = Counter(names)
    fact = find_impossible(asked, counts, split)
    if fact is not None:
        raise InputError(_say(fact), hint="ask for less, or label more texts of that kind")


def _say(fact: Fact) -> str:
    return open_language(ENGLISH).tell(fact).rstrip(".")


def _check_label(label: str, label_set: LabelSet, *, where: str) -> None:
    if label not in label_set.names:
        known = list_labels(label_set.names[:20])
        raise InputError(
            f"{where} names the label '{cut(label)}', which the data do not have; "
            f"they have {known}.{did_you_mean(label, label_set.names)}"
        )


def _check_costs(found: object, where: str) -> Costs:
    """Refuse what is no table of costs.

    Raises
    ------
    InputError
        It holds something other than numbers of at least 0, or no cost above 0.
    """
    if not isinstance(found, Mapping) or not found:
        raise InputError(f"{where} is no table; {ACCEPTED}")
    has_cost = False
    for true_label, row in found.items():
        if not isinstance(row, Mapping):
            raise InputError(f"{where} has no costs for '{cut(str(true_label))}'; {ACCEPTED}")
        for given_label, cost in row.items():
            if not _is_number(cost) or cost < 0:
                raise InputError(
                    f"{where}: the row '{cut(str(true_label))}' has {cut(repr(cost))} in the "
                    f"column '{cut(str(given_label))}'; a number of at least 0 and below "
                    f"{LARGEST:g} is accepted"
                )
            has_cost = has_cost or cost > 0
    if not has_cost:
        raise InputError(
            f"{where} holds no cost above 0; one mistake at least has to cost something"
        )
    return found


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < LARGEST


def _order_costs(costs: Costs, label_set: LabelSet) -> tuple[tuple[float, ...], ...]:
    """Return a matrix in LabelSet order. A right answer without a cost costs nothing.

    Raises
    ------
    InputError
        A label is unknown or missing.
    """
    for label in [*costs, *(label for row in costs.values() for label in row)]:
        _check_label(label, label_set, where="the table of costs")
    matrix = []
    for true_label in label_set:
        if true_label not in costs:
            raise InputError(
                f"the table of costs has no row for the label '{cut(true_label)}'; "
                "one row per label is needed"
            )
        row = {true_label: 0.0, **costs[true_label]}
        missing = [label for label in label_set if label not in row]
        if missing:
            raise InputError(
                f"the table of costs does not say what it costs to give '{cut(missing[0])}' to "
                f"a text of '{cut(true_label)}'; a cost for each pair of labels is needed"
            )
        matrix.append(tuple(float(row[label]) for label in label_set))
    _refuse_senseless(matrix, label_set.names)
    return tuple(matrix)


def _refuse_senseless(matrix: Sequence[Sequence[float]], labels: Sequence[str]) -> None:
    """Refuse costs by which a wrong label would be better, or one label best for all texts.

    Raises
    ------
    InputError
        A right answer costs more than a mistake, or a label costs nothing wherever it is given.
    """
    for i, (label, row) in enumerate(zip(labels, matrix, strict=True)):
        least = min(range(len(row)), key=row.__getitem__)
        if row[least] < row[i]:
            raise InputError(
                f"the table of costs has {row[i]:g} where a text of '{cut(label)}' is given its "
                f"own label, and {row[least]:g} where it is given '{cut(labels[least])}': a right "
                "answer must not cost more than a mistake",
                hint="a row is what the text is, a column what it is given: are they exchanged?",
            )
        if not any(one[i] for one in matrix):
            raise InputError(
                f"the table of costs has 0 wherever '{cut(label)}' is given, so that every text "
                "would be given it; one mistake at least in that column has to cost something"
            )


def _order_several_costs(costs: Costs, label_set: LabelSet) -> tuple[tuple[float, ...], ...]:
    """Return for each label, in LabelSet order, what a missing one and one too many cost.

    Raises
    ------
    InputError
        A label is unknown or missing, or other costs than these two are given.
    """
    for label, row in costs.items():
        _check_label(label, label_set, where="the table of costs")
        if set(row) != set(SEVERAL_KINDS):
            named = ", ".join(map(cut, row))
            raise InputError(
                f"the table of costs has the columns {named} for the label '{cut(label)}'; "
                f"{SEVERAL_ACCEPTED}"
            )
    ordered = []
    for label in label_set:
        if label not in costs:
            raise InputError(
                f"the table of costs has no row for the label '{cut(label)}'; "
                "one row per label is needed"
            )
        missing, extra = map(costs[label].__getitem__, SEVERAL_KINDS)
        ordered.append((float(missing), float(extra)))
    return tuple(ordered)


ORDER_COSTS: Mapping[Task, Callable[[Costs, LabelSet], tuple[tuple[float, ...], ...]]] = {
    "single": _order_costs,
    "multi": _order_several_costs,
}  # by task
