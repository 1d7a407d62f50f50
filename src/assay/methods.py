"""The table of methods: everything that depends on which method it is.

The table imports nothing. Classes and functions are named as ``"package.module:name"`` and are
loaded when they are needed. Everything else in assay asks the table and does not compare names of
methods, so a new method is its own file and one entry here, or one call of `register`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from assay.errors import InputError, did_you_mean

__all__ = [
    "FLOOR",
    "LABEL_CHECK",
    "SECOND_CHECK",
    "METHODS",
    "Method",
    "check_methods",
    "cheaper_methods",
    "find_method",
    "join_names",
    "methods_where",
    "register",
]


@dataclass(frozen=True)
class Method:
    """What the rest of assay needs to know about one method.

    Parameters
    ----------
    name : str
        Name in commands, files and reports.
    estimator : str
        ``"module:Class"`` of the estimator, a subclass of `TextClassifier`.
    loader : str
        ``"module:function"``, called as ``loader(folder, manifest, n_threads)``; returns the
        `Model` of a saved folder. It must not need torch.
    description : str
        What it is, in a few words, for the report and the model card.
    colour : str
        Colour in every figure, ``#rrggbb``.
    is_floor : bool
        Whether every score is compared with this method's. Exactly one method is the floor.
    is_baseline : bool
        Whether its scores are shown in the model cards of more expensive methods.
    checks_labels : bool
        Whether its out-of-fold predictions judge the labels, unless another method is asked for.
        Exactly one method does.
    checks_again : bool
        Whether it judges the labels where the method of `checks_labels` is weak. Exactly one does.
    reads_texts : bool
        Whether its answer depends on the text. If not, it has no scope, its scores are not
        calibrated, and it cannot judge labels.
    needs_torch : bool
        Whether training needs torch. Prediction never does.
    default_checkpoint : str or None
        The pre-trained transformer that it starts from; None if it starts from none.
    shares_work : bool
        Whether several processes can train it together.
    trains_in_epochs : bool
        Whether it trains in epochs, so that its training has a curve.
    keeps_states : bool
        Whether its training writes states that `--resume` can continue from.
    budget_fraction : float or None
        Fraction of the time left in a run that its training may take, over 0 up to 1; None if it
        takes seconds and needs no limit.
    ignores_budget : bool
        Whether it runs even when the budget is spent: a run must have something to recommend.
    has_tokenizer : bool
        Whether its saved folder holds tokenizer.json.
    exports : tuple of str
        Formats of `assay export` that it supports.
    use_without_assay : str
        Which example the model card gives for use without assay: ``transformers``, ``onnx``,
        ``numpy`` or ``priors``; empty if there is none.
    takes_several : bool
        Whether it learns several labels per text.
    reveals : str
        What of the training texts can be read in a saved folder, besides texts that were kept on
        request; empty if nothing can be.
    """

    name: str
    estimator: str
    loader: str
    description: str
    colour: str
    is_floor: bool = False
    is_baseline: bool = False
    checks_labels: bool = False
    checks_again: bool = False
    reads_texts: bool = True
    needs_torch: bool = False
    default_checkpoint: str | None = None
    shares_work: bool = False
    trains_in_epochs: bool = False
    keeps_states: bool = False
    budget_fraction: float | None = None
    ignores_budget: bool = False
    has_tokenizer: bool = False
    exports: tuple[str, ...] = ()
    use_without_assay: str = ""
    takes_several: bool = False
    reveals: str = ""

    @property
    def needs_checkpoint(self) -> bool:
        """Whether it starts from a pre-trained transformer."""
        return self.default_checkpoint is not None

    def load_estimator_class(self) -> Any:
        """Import and return the class of its estimator."""
        return _load(self.estimator)

    def load_loader(self) -> Callable[..., Any]:
        """Import and return the function that loads its saved models."""
        loader: Callable[..., Any] = _load(self.loader)
        return loader


def _load(dotted: str) -> Any:
    """Return what ``"module:name"`` names."""
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


# From cheapest to most expensive: every choice of "the cheapest" uses this order.
METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="majority",
            estimator="assay.models.majority:Majority",
            loader="assay.runtime.loaders:load_majority",
            description="answers by how frequent the labels are, without reading the text",
            colour="#98a2b3",
            is_floor=True,
            is_baseline=True,
            reads_texts=False,
            ignores_budget=True,
            use_without_assay="priors",
            takes_several=True,
        ),
        Method(
            name="linear",
            estimator="assay.models.linear:Linear",
            loader="assay.runtime.loaders:load_linear",
            description="TF-IDF of words and character n-grams, linear classifier",
            colour="#e69f00",
            is_baseline=True,
            checks_labels=True,
            ignores_budget=True,
            use_without_assay="numpy",
            takes_several=True,
            reveals="words, word pairs and character n-grams that several training texts hold",
        ),
        Method(
            name="compact",
            estimator="assay.models.compact:Compact",
            loader="assay.runtime.loaders:load_recurrent",
            description="word-piece n-grams; from about a thousand texts on, a small network too",
            colour="#009e73",
            needs_torch=True,
            trains_in_epochs=True,
            budget_fraction=0.35,
            has_tokenizer=True,
            exports=("onnx", "onnx-int8"),
            use_without_assay="onnx",
            takes_several=True,
            reveals="words or word pieces that occur at least twice in the training texts",
        ),
        Method(
            name="features",
            estimator="assay.models.features:Features",
            loader="assay.runtime.loaders:load_transformer",
            description="frozen transformer, logistic regression on top",
            colour="#cc79a7",
            checks_again=True,
            needs_torch=True,
            default_checkpoint="auto",
            has_tokenizer=True,
            exports=("onnx", "onnx-int8"),
            use_without_assay="onnx",
            takes_several=True,
        ),
        Method(
            name="finetune",
            estimator="assay.models.finetune:Finetune",
            loader="assay.runtime.loaders:load_transformer",
            description="pre-trained transformer trained on the texts",
            colour="#0072b2",
            needs_torch=True,
            default_checkpoint="auto",
            shares_work=True,
            trains_in_epochs=True,
            keeps_states=True,
            budget_fraction=0.9,
            has_tokenizer=True,
            exports=("onnx", "onnx-int8"),
            use_without_assay="transformers",
            takes_several=True,
        ),
    )
}


def methods_where(holds: Callable[[Method], bool]) -> list[str]:
    """Return the names of the methods for which `holds` is true, from cheapest to most expensive.

    >>> methods_where(lambda method: method.needs_checkpoint)
    ['features', 'finetune']
    """
    return [name for name, method in METHODS.items() if holds(method)]


(FLOOR,) = methods_where(lambda method: method.is_floor)
(LABEL_CHECK,) = methods_where(lambda method: method.checks_labels)
(SECOND_CHECK,) = methods_where(lambda method: method.checks_again)


def find_method(name: str) -> Method:
    """Return the entry of a method.

    Raises
    ------
    InputError
        There is no method of that name.
    """
    check_methods([name])
    return METHODS[name]


def check_methods(names: Iterable[str]) -> list[str]:
    """Return the methods from cheapest to most expensive, each once.

    Raises
    ------
    InputError
        There is no method of one of these names.
    """
    wanted = list(names)
    for name in wanted:
        if name not in METHODS:
            known = ", ".join(METHODS)
            raise InputError(
                f"unknown method '{name}'; methods: {known}.{did_you_mean(name, METHODS)}"
            )
    return [name for name in METHODS if name in wanted]


def cheaper_methods(name: str) -> list[str]:
    """Return the methods that are cheaper than `name`, cheapest first."""
    names = list(METHODS)
    return names[: names.index(name)]


def join_names(names: Iterable[str], last: str = "and") -> str:
    """Return the names as a phrase.

    >>> join_names(["linear", "compact", "finetune"], "or")
    'linear, compact or finetune'
    """
    *firsts, final = names
    return f"{', '.join(firsts)} {last} {final}" if firsts else final


def register(method: Method, *, cheaper_than: str | None = None) -> None:
    """Add a method to the table of this process.

    Register it before the command or function that uses it runs; a process that loads its saved
    models, such as a server, must register it too.

    Parameters
    ----------
    method : Method
    cheaper_than : str, optional
        The method before which it is placed in the order of cost. None: it is the most expensive.

    Raises
    ------
    InputError
        The name is taken, `cheaper_than` is unknown, or there would be a second floor or a second
        method that checks the labels.
    """
    if method.name in METHODS:
        raise InputError(f"there is a method '{method.name}' already; choose another name")
    if method.is_floor or method.checks_labels or method.checks_again:
        raise InputError(
            f"method '{method.name}' cannot be the floor or check the labels; "
            f"'{FLOOR}', '{LABEL_CHECK}' and '{SECOND_CHECK}' do"
        )
    if cheaper_than is not None:
        check_methods([cheaper_than])
    more_expensive = [] if cheaper_than is None else [*METHODS][[*METHODS].index(cheaper_than) :]
    METHODS[method.name] = method
    for name in more_expensive:  # a dict keeps the order of insertion
        METHODS[name] = METHODS.pop(name)
