"""Refuse arguments of a wrong type where a person hands them over, by the annotations.

Inside the library mypy keeps the types; at the public names nobody does, and a path given where
`Splits` are wanted would end deep in a room with an AttributeError. What an annotation says about
the content of a container is not checked here.
"""

from __future__ import annotations

import builtins
import collections.abc
import errno
import functools
import inspect
import os
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

from assay.errors import InputError, cut

__all__ = ["check_argument", "check_fields", "check_parameters", "checked", "show_value"]

P = ParamSpec("P")
R = TypeVar("R")

TEXTS = "a sequence of texts"

# Types that are looked at from the outside -> a test of values, and how messages call them.
Test = Callable[[object], bool]


def _is_a(*kinds: type) -> Test:
    return lambda value: isinstance(value, kinds)


def _has_items(value: object) -> bool:
    """Tell whether a value can be gone through.

    Functions refuse a lone text or a dict with more advice than there is here.
    """
    return hasattr(value, "__iter__")


SEQUENCES = (Sequence, collections.abc.Iterable, collections.abc.Collection, list, tuple)
CALLABLE: Any = collections.abc.Callable
KNOWN: Mapping[Any, tuple[Test, str]] = {
    str: (_is_a(str), "a text"),
    bool: (_is_a(bool), "True or False"),
    int: (_is_a(Integral), "a whole number"),
    float: (_is_a(Real), "a number"),
    Path: (_is_a(os.PathLike, str), "a path"),
    CALLABLE: (callable, "a function"),
    typing.IO: (lambda value: hasattr(value, "read"), "a stream"),
    **dict.fromkeys((dict, Mapping, collections.abc.MutableMapping), (_is_a(Mapping), "a dict")),
    **dict.fromkeys(SEQUENCES, (_has_items, "a sequence")),
}

# What makes the objects that a public function wants.
MAKERS = {
    "Audit": "audit_data(...) returns one",
    "DataOptions": "write DataOptions(name=value)",
    "Evaluation": "evaluate_model(...) returns one",
    "FrozenEncoder": "write FrozenEncoder(checkpoint)",
    "LabelSet": "write LabelSet.from_labels(labels)",
    "Model": "load_model(folder) returns one",
    "RunOptions": "write RunOptions(name=value)",
    "Splits": "load_data(...) returns Splits",
    "TextClassifier": "write Linear(), or another method's estimator, and call its fit",
}


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Make a public function refuse arguments that are not of the annotated types.

    Raises
    ------
    InputError
        From the function: names the argument, what was given and what is accepted.

    Examples
    --------
    >>> @checked
    ... def repeat(text: str, times: int = 2) -> str:
    ...     return text * times
    >>> repeat("ab", times="3")
    Traceback (most recent call last):
    assay.errors.InputError: times is '3'; a whole number is accepted
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        for name, value in _arguments(function, args, kwargs):
            check_argument(name, value, _annotation(function, name))
        return function(*args, **kwargs)

    return call


def check_fields(record: Any) -> None:
    """Refuse values of a dataclass that are not of the types of its fields.

    Raises
    ------
    InputError
        Names the field.
    """
    cls: Any = type(record)
    for name in cls.__dataclass_fields__:
        if name not in vars(record):  # a field that is computed may come later
            continue
        value, annotation = getattr(record, name), _annotation(cls, name)
        if isinstance(value, str | Mapping) and _takes_only(SEQUENCES, annotation):
            raise _refusal(name, value, annotation)
        check_argument(name, value, annotation)


def check_parameters(estimator: Any) -> None:
    """Refuse parameters of an estimator that are not of the types that its `__init__` says.

    Raises
    ------
    InputError
        Names the parameter.
    """
    written = type(estimator).__init__
    for name, value in estimator.get_params(deep=False).items():
        check_argument(name, value, _annotation(written, name))


def _arguments(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each argument; nothing if the call itself is wrong."""
    signature = _signature(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:  # the function says it better, with its own name
        return
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            yield from ((name, one) for one in value)
        elif kind is not inspect.Parameter.VAR_KEYWORD:
            yield name, value


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


@functools.cache
def _annotation(owner: Any, name: str) -> Any:
    """Return the annotated type of a parameter or field; Any if there is none at run time."""
    for holder in getattr(owner, "__mro__", (owner,)):
        written = getattr(holder, "__annotations__", {}).get(name)
        if written is not None:
            break
    else:
        return Any
    namespace = _Names(vars(sys.modules[holder.__module__]))
    alone = types.SimpleNamespace(__annotations__={name: written})
    try:
        return typing.get_type_hints(alone, localns=namespace)[name]
    except TypeError:  # a container of what is imported for mypy only
        return Any


class _Absent:
    """Base of what stands for a class that a module imports for mypy only, known by its name."""


class _Names(dict[str, object]):
    """The names of a module; one that it does not have at run time stands for a class."""

    def __contains__(self, name: object) -> bool:
        return True  # some versions of typing ask before they look a name up

    def __missing__(self, name: str) -> object:
        return getattr(builtins, name, None) or type(name, (_Absent,), {})


def check_argument(name: str, value: object, annotation: Any) -> None:
    """Refuse a value that is not of an annotated type.

    Raises
    ------
    InputError
        Names the argument, what was given and what is accepted.
    """
    alternatives = tuple(_alternatives(annotation))
    if not any(_holds(value, one) for one in alternatives):
        raise _refusal(name, value, annotation)
    if Path in alternatives and isinstance(value, str | os.PathLike):
        _check_path(name, value)


def _check_path(name: str, value: str | os.PathLike[str]) -> None:
    """Refuse what no file or folder can be called; whether there is one is asked elsewhere."""
    try:
        os.lstat(value)
    except ValueError:  # a null character, or half of a pair of surrogates
        reason = "it holds a character that no file has in its name"
    except OSError as err:
        if err.errno != errno.ENAMETOOLONG:
            return
        reason = "it is longer than names of files may be"
    else:
        return
    raise InputError(f"{name} is no path: {reason} ({cut(ascii(os.fspath(value)))})")


def _refusal(name: str, value: object, annotation: Any) -> InputError:
    """Return the error that names the argument, what was given, what is accepted, what to do."""
    accepted = list(_alternatives(annotation))
    words = dict.fromkeys(_words(one) for one in accepted if one is not type(None))
    hints = [MAKERS[word] for word in words if word in MAKERS]
    if isinstance(value, str) and TEXTS in words:
        hints.append(f"write [{cut(value)!r}]")
    return InputError(
        f"{name} is {show_value(value)}; {' or '.join(words)} is accepted", hint="; ".join(hints)
    )


def _takes_only(kinds: Sequence[Any], annotation: Any) -> bool:
    """Tell whether all types of an annotation are of these kinds, None aside."""
    found = map(_kind, _alternatives(annotation))
    return all(kind in kinds or kind is type(None) for kind in found)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the types of a union one by one; another type as it is."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


def _kind(annotation: Any) -> Any:
    """Return a type without what it says about its content."""
    origin = typing.get_origin(annotation) or annotation
    return dict if typing.is_typeddict(origin) else origin


def _holds(value: object, annotation: Any) -> bool:
    """Tell whether a value is of one type, as far as that can be told from its outside."""
    kind = _kind(annotation)
    if kind is Literal:
        return value in typing.get_args(annotation)
    if kind in KNOWN:
        return KNOWN[kind][0](value)
    return _is_of_class(value, kind)


def _is_of_class(value: object, kind: Any) -> bool:
    """Tell whether a value is of a class; anything is of what is no class, such as Any."""
    if kind is Any or not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return True
    if issubclass(kind, _Absent):
        return kind.__name__ in {cls.__name__ for cls in type(value).__mro__}
    return isinstance(value, kind)


def _words(annotation: Any) -> str:
    """Say what one type accepts."""
    kind = _kind(annotation)
    if kind is Literal:
        return " or ".join(map(repr, typing.get_args(annotation)))
    if kind in SEQUENCES and str in typing.get_args(annotation):
        return TEXTS
    return KNOWN[kind][1] if kind in KNOWN else str(kind.__name__)


def show_value(value: object) -> str:
    """Return how messages show a value: a plain one as it is written, others by their type."""
    if isinstance(value, str):
        return repr(cut(value))
    if value is None or isinstance(value, bool | Integral | Real):
        return repr(value)
    return f"of the type {type(value).__name__}"
