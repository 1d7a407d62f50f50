"""`add_command`: register a function as a command, with common flags and one place for errors."""

from __future__ import annotations

import functools
import inspect
import logging
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

import typer
from typer.core import TyperCommand

from assay import _env
from assay.cli.errors import first_speaks, guard
from assay.cli.options import Common
from assay.cli.show import begin_output
from assay.disk import partial_folder
from assay.errors import InputError
from assay.progress import Progress

__all__ = ["add_command", "resumable"]

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def add_command(
    app: typer.Typer, name: str, *, panel: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command.

    Parameters that are annotated with a dataclass, such as `Common`, become one flag per field;
    the function gets the filled dataclass.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        parameters, bundles = _flags_of(function)

        @functools.wraps(function)
        def command(**given: Any) -> None:
            filled: dict[str, Any] = {}
            for key, kind in bundles.items():
                filled[key] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            common = next(bundle for bundle in filled.values() if isinstance(bundle, Common))

            def work() -> None:
                _set_up(common)
                _env.find_temporary_folder(_find_out(given, filled))
                function(**given, **filled)

            guard(work, as_json=common.json, debug=common.debug)

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name, cls=Command, rich_help_panel=panel)(command)
        return function

    return decorate


class Command(TyperCommand):
    """A command that says so where a flag is given twice with a value: the first one is lost.

    It is no error: scripts put their own flags before those that they are given.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for flag, n_times in Counter(order).items():
            is_switch = getattr(flag, "is_flag", False)
            takes_one = flag.param_type_name == "option" and not (flag.multiple or is_switch)
            if n_times > 1 and takes_one and "--quiet" not in args:
                said = f"warning: {flag.opts[0]} is given {n_times} times; the last one counts"
                typer.echo(said, err=True)
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed


def _find_out(given: dict[str, Any], filled: dict[str, Any]) -> Path | None:
    """Return what was given as ``--out``, to the command itself or in one of its dataclasses."""
    found = given.get("out")
    for bundle in filled.values():
        found = found or getattr(bundle, "out", None)
    return found if isinstance(found, Path) else None


def _flags_of(
    function: Callable[..., None],
) -> tuple[list[inspect.Parameter], dict[str, type[Any]]]:
    """Return the flags of a command, those of `Common` last, and its dataclasses by parameter."""
    bundles: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            bundles[parameter.name] = cast(type[Any], parameter.annotation)
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    for kind in sorted(bundles.values(), key=lambda kind: kind is Common):
        parameters += _flags_of_bundle(kind)
    return parameters, bundles


def _flags_of_bundle(kind: type[Any]) -> list[inspect.Parameter]:
    """Return one flag for each field of a dataclass."""
    annotations = inspect.get_annotations(kind, eval_str=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=annotations[field.name],
        )
        for field in fields(kind)
    ]


def _set_up(common: Common) -> None:
    """Apply the common flags: network, threads, device, warnings and log messages."""
    begin_output()
    if common.offline:
        _env.set_offline()
    if common.threads is not None:
        _env.set_threads(common.threads)
    if not DEVICE.fullmatch(common.device):
        raise InputError(
            f"--device is '{common.device}'; auto, cpu, cuda, cuda:N and mps are accepted"
        )
    _env.set_device(common.device)
    if not common.debug:
        warnings.simplefilter("ignore")  # of libraries; assay's own go through logging
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("warning: %(message)s"))
    handler.setLevel(logging.ERROR if common.quiet else logging.WARNING)
    handler.addFilter(_SayOnce())
    logger = logging.getLogger("assay")
    logger.handlers[:] = [handler]
    logger.propagate = False


class _SayOnce(logging.Filter):
    """Lets each sentence about how data are read through once: some files are read twice."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a message is said."""
        if not record.name.startswith("assay.data"):
            return True
        message = record.getMessage()
        is_new = message not in self._said
        self._said.add(message)
        return is_new


@contextmanager
def resumable(out: Path, progress: Progress, *, what: str, also: str = "") -> Iterator[None]:
    """Say how to go on if the block is interrupted and left something in ``OUT.partial``.

    Parameters
    ----------
    out : Path
    progress : Progress
    what : str
        What is kept there, as the start of a sentence: "finished methods are kept".
    also : str
        How else one can go on, as the end of it.
    """
    with first_speaks():
        try:
            yield
        except (KeyboardInterrupt, Exception) as err:
            partial = partial_folder(out)
            if not isinstance(err, InputError) and partial.is_dir():
                progress.say(f"{what} in {partial}: add --resume to go on{also}")
            raise
