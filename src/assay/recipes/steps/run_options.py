"""`RunOptions`: what a run does, checked before any work begins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from assay import _env
from assay._arguments import check_fields
from assay._display import Brief
from assay._version import __version__
from assay.bounds import POSITIVE, SEED
from assay.catalogue import ENGLISH, open_language
from assay.checkpoints.aliases import AUTO
from assay.data.labels import SINGLE_LABEL_HINT, Task
from assay.disk import check_output
from assay.errors import InputError
from assay.evaluation.choice import TOLERANCE, check_tolerance
from assay.evaluation.score_draws import check_metric
from assay.methods import METHODS, check_methods, join_names, methods_where
from assay.recipes.steps.fit import TrainingSet
from assay.recipes.steps.inputs import check_inputs
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.rule_options import Costs, RuleOptions
from assay.tokenization.window import check_long_texts

__all__ = ["RunOptions", "check_run"]

N_FOLDS = 5

# Options that a resumed run may change.
FREE_OPTIONS = ("command", "budget_s", "report_language", "min_recall", "min_precision", "cost")
# Options that the report does not list.
NOT_SHOWN = ("command", "report_language", "min_recall", "min_precision", "cost")


@dataclass(frozen=True, repr=False)
class RunOptions(Brief):
    """What a run does.

    Parameters
    ----------
    methods : tuple of str
    checkpoint : str
        The transformer of `features`, `finetune` and the map; `auto` goes by the language of the
        training texts.
    long_texts : {"truncate", "window"}
        What happens to texts that are longer than a model reads at once.
    class_weight : {"balanced"} or None
        Balanced: rare labels count as much as frequent ones in every training.
    seed : int
    budget_s : float, optional
        Wall-clock seconds for the whole run: long trainings are shortened, and methods that no
        longer fit are left out. None: no limit.
    keep_texts : bool
        Save training texts in every model, to show the nearest ones beside its answers.
    metric : {"accuracy", "macro-f1", "micro-f1"}, optional
        The score by which methods are chosen. None: accuracy, or macro F1 where one label has most
        of the texts.
    tolerance : float
        How much of the metric a cheaper method may lose before a better one is recommended.
    folds : int or None
        Folds in which methods are judged where validation has few texts, at least 2. None: methods
        are always judged on validation.
    min_recall, min_precision : mapping of str to float
        Label -> share, above 0 and up to 1: every model gives the label from the score on at which
        it is shown to reach that on the evidence.
    cost : path or mapping, optional
        What mistakes cost, as a file or true label -> given label -> cost: every model gives the
        label that is expected to cost least.
    data : DataOptions
    command : str
        The command line, for the report; empty from Python.
    report_language : str
        Language of the report, its figures and the model cards: `en` or `ko`.
    """

    methods: tuple[str, ...] = field(default_factory=lambda: tuple(METHODS))
    checkpoint: str = AUTO
    long_texts: str = "truncate"
    class_weight: str | None = None
    seed: int = 0
    budget_s: float | None = None
    keep_texts: bool = False
    metric: str | None = None
    tolerance: float = TOLERANCE
    folds: int | None = N_FOLDS
    min_recall: Mapping[str, float] = field(default_factory=dict)
    min_precision: Mapping[str, float] = field(default_factory=dict)
    cost: str | Path | Costs | None = None
    data: DataOptions = field(default_factory=DataOptions)
    command: str = ""
    report_language: str = ENGLISH

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def rule(self) -> RuleOptions:
        """What is asked of the labels that models give."""
        return RuleOptions(self.min_recall, self.min_precision, self.cost)

    @property
    def uses_checkpoint(self) -> bool:
        """Whether a transformer takes part in the run."""
        return any(METHODS[method].needs_checkpoint for method in self.methods)

    @property
    def uses_torch(self) -> bool:
        """Whether a network is trained in the run."""
        return any(METHODS[method].needs_torch for method in self.methods)

    def identity(self, data: TrainingSet, *, checkpoint_sha256: str | None) -> Mapping[str, object]:
        """Return what a resumed run must have in common with the interrupted one."""
        plain = {name: value for name, value in asdict(self).items() if name not in FREE_OPTIONS}
        if data.splits.label_set.task == "multi":  # thresholds are part of a finished method
            plain["rule"] = self.rule.identity()
        return {
            **json.loads(json.dumps(plain)),
            "splits": data.fingerprints,
            "label_names": list(data.splits.label_set),
            "checkpoint_sha256": checkpoint_sha256,
            "assay_version": __version__,
        }

    def shared_parameters(self) -> dict[str, object]:
        """Return the parameters that estimators have in common."""
        return {
            "checkpoint": self.checkpoint,
            "long_texts": self.long_texts,
            "class_weight": self.class_weight,
        }

    def for_task(self, task: Task) -> RunOptions:
        """Return the options with those methods alone that can learn such labels.

        Raises
        ------
        InputError
            None of them can.
        """
        if task == "single":
            return self
        able = methods_where(lambda method: method.takes_several)
        methods = tuple(method for method in self.methods if method in able)
        if not methods:
            verb = "takes" if len(self.methods) == 1 else "take"
            raise InputError(
                f"{join_names(self.methods)} {verb} one label per text; "
                f"{join_names(able)} take several",
                hint=SINGLE_LABEL_HINT,
            )
        return replace(self, methods=methods)

    def shown(self) -> dict[str, object]:
        """Return the options that were set, those of the data among them, for the report."""
        return {**_flat(asdict(self)), **self.rule.shown()}


def _flat(options: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in options.items():
        if name in NOT_SHOWN:
            continue
        if isinstance(value, Mapping):
            flat |= _flat(value)
        elif value in (None, "", ()) or value is False:
            continue
        elif isinstance(value, tuple):
            flat[name] = ", ".join(value)
        else:
            flat[name] = value
    return flat


def check_run(data: Any, out: Path, options: RunOptions, *, overwrite: bool) -> RunOptions:
    """Check a run before its data are read; return the options with the methods in order of cost.

    Raises
    ------
    InputError
        The output or an option cannot be used, or several processes were started.
    """
    n = _env.n_processes()
    if n > 1:
        shared = join_names(methods_where(lambda method: method.shares_work), "or")
        raise InputError(
            f"{n} processes were started for a run; one is accepted",
            hint=f"`assay train --method {shared}` shares its work among processes",
        )
    check_output(out, overwrite=overwrite, is_folder=True)
    open_language(options.report_language)  # refuses one that there is not
    check_inputs(out, data, options.data, rule=options.rule, checkpoint=options.checkpoint)
    options = replace(options, methods=tuple(check_methods(list(options.methods))))
    if not options.methods:
        raise InputError(f"no method is given; one or more of {', '.join(METHODS)} is accepted")
    SEED.check("--seed", options.seed)
    replace(POSITIVE, is_optional=True).check("--budget", options.budget_s)
    check_long_texts(options.long_texts)
    check_tolerance(options.tolerance)
    options.rule.check()
    if options.folds is not None and options.folds < 2:
        raise InputError(f"folds is {options.folds}; a whole number of at least 2 is accepted")
    if options.metric is not None:
        check_metric(options.metric)
    if options.uses_torch and _env.device() not in ("auto", "cpu"):
        from assay.checkpoints.torch_state import pick_device  # loads torch

        pick_device()
    return options
