"""What all commands share: common options, data options, and one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import functools
import inspect
import logging
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from assay import _env
from assay.cli.interrupt import EXIT_INTERRUPTED, settle_interrupt, was_interrupted
from assay.errors import AssayError, InputError
from assay.progress import Progress

__all__ = ["Common", "DataFlags", "add_command", "first_speaks", "say_error"]

EXIT_BUG, EXIT_OUTSIDE = 1, 4
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
# What the machine refuses, whatever the code does: no space, no permission, a broken disk, too many
# open files.
OUTSIDE_ERRNOS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
}


@dataclass(frozen=True)
class Common:
    """The flags that every command takes."""

    seed: Annotated[
        int, typer.Option(help="Seed of every shuffle, split and fresh weight.", min=0)
    ] = 0
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON object (JSON Lines where rows are the result)."
        ),
    ] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no messages but errors.")
    ] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False
    threads: Annotated[
        int | None, typer.Option(help="Compute threads.  [default: all CPUs]", min=1)
    ] = None
    device: Annotated[str, typer.Option(help="Where to train: auto, cpu, cuda, cuda:N, mps.")] = (
        "auto"
    )

    def progress(self) -> Progress:
        """Return the progress to pass on: drawn on stderr, or silent."""
        if self.quiet or _env.process_rank():
            return Progress()
        from assay.cli.progress import TerminalProgress

        return TerminalProgress()


@dataclass(frozen=True)
class DataFlags:
    """The flags that say how DATA is read."""

    text_column: Annotated[
        str | None, typer.Option(help="Column with the texts.  [default: by name]")
    ] = None
    label_column: Annotated[
        str | None, typer.Option(help="Column with the labels.  [default: by name]")
    ] = None
    labels: Annotated[
        str | None,
        typer.Option(help="Label names in order: a,b,c.  [default: labels.txt, else sorted]"),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(help="Between columns of .csv and .tsv, or text and label of .txt."),
    ] = None
    encoding: Annotated[
        str | None, typer.Option(help="Of text files, such as cp949.  [default: utf-8]")
    ] = None
    max_chars: Annotated[int, typer.Option(help="Longest text accepted, in characters.", min=1)] = (
        100_000
    )

    def options(self, **more: Any) -> Any:
        """Return `DataOptions` with these flags and what else is given."""
        from assay.recipes.steps.prepare import DataOptions

        names = None if self.labels is None else [name.strip() for name in self.labels.split(",")]
        given = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "labels"
        }
        return DataOptions(labels=names, **given, **more)


def add_command(
    app: typer.Typer, name: str, *, panel: str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a command; parameters annotated with a dataclass, such as `Common`, become the flags that it holds."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        groups: dict[str, type[Any]] = {}
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(function, eval_str=True).parameters.values():
            if is_dataclass(parameter.annotation):
                groups[parameter.name] = cast(type[Any], parameter.annotation)
            else:
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
        for group in sorted(groups.values(), key=lambda kind: kind is Common):
            annotations = inspect.get_annotations(group, eval_str=True)
            parameters += [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=field.default,
                    annotation=annotations[field.name],
                )
                for field in fields(group)
            ]

        @functools.wraps(function)
        def command(**given: Any) -> None:
            bundles = {
                key: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
                for key, kind in groups.items()
            }
            common = next(bundle for bundle in bundles.values() if isinstance(bundle, Common))
            _guard(lambda: function(**given, **bundles), common)

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name, rich_help_panel=panel)(command)
        return function

    return decorate


@contextmanager
def first_speaks() -> Iterator[None]:
    """Of several processes that do one job together, let only the first say what went wrong; all end alike."""
    try:
        yield
    except (KeyboardInterrupt, Exception) as err:
        if _env.process_rank() == 0:
            raise
        code = EXIT_INTERRUPTED if was_interrupted(err) else getattr(err, "exit_code", EXIT_BUG)
        raise typer.Exit(code) from None


def _guard(work: Callable[[], None], common: Common) -> None:
    """Run a command; turn whatever goes wrong into one message and an exit code."""
    try:
        _set_up(common)
        work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(_say_stopped(common)) from None
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): nothing is wrong, and nothing more can be
        # said
        _close_stdout()
        raise typer.Exit(0) from None
    except typer.Exit:
        raise
    except Exception as err:
        if common.debug:
            traceback.print_exc()
        if was_interrupted(err):
            raise typer.Exit(_say_stopped(common)) from None
        raise typer.Exit(_say_exception(err, as_json=common.json)) from None


def _say_stopped(common: Common) -> int:
    settle_interrupt()
    say_error("stopped", "Interrupted", as_json=common.json)
    return EXIT_INTERRUPTED


def _say_exception(err: Exception, *, as_json: bool) -> int:
    """Say what went wrong in one message; return the exit code."""
    if isinstance(err, AssayError):
        say_error(err.message, type(err).__name__, err.hint, as_json=as_json)
        return err.exit_code
    if isinstance(err, OSError) and err.errno in OUTSIDE_ERRNOS:
        where = f" ({err.filename})" if err.filename else ""
        hint = "look at free space and permissions, and run it again"
        say_error(
            f"the system refused: {err.strerror}{where}", "OutsideError", hint, as_json=as_json
        )
        return EXIT_OUTSIDE
    if isinstance(err, MemoryError):
        say_error(
            "there is not enough memory",
            "OutsideError",
            "take fewer rows (--max-rows)",
            as_json=as_json,
        )
        return EXIT_OUTSIDE
    # The last resort: a mistake of ours, said in one line.
    hint = "this is a mistake in assay: run it again with --debug and report what it prints"
    say_error(
        f"internal error: {type(err).__name__}: {err}", "InternalError", hint, as_json=as_json
    )
    return EXIT_BUG


def _set_up(common: Common) -> None:
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
    logger = logging.getLogger("assay")
    logger.handlers[:] = [handler]
    logger.propagate = False


def say_error(message: str, error_type: str, hint: str = "", *, as_json: bool) -> None:
    """Say what went wrong: two lines on stderr, or with --json one object on stdout."""
    from assay.cli.show import print_json, printable

    if as_json:
        try:
            print_json({"error": message, "error_type": error_type, "hint": hint})
            sys.stdout.flush()
        except OSError:  # a closed pipe, a full disk: the exit code has to do
            _close_stdout()
        return
    sys.stderr.write(f"error: {printable(message, keep_newlines=True)}\n")
    if hint:
        sys.stderr.write(f"hint: {printable(hint)}\n")


def _close_stdout() -> None:
    """Let what is still buffered go nowhere: flushing it at exit would fail once more, and say so."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # stdout is no file, but what a test put in its place


Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write; must not exist.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what stands at --out.")]
Checkpoint = Annotated[
    str,
    typer.Option(
        help="Transformer: minilm (English), e5 (about 100 languages), a local folder, or a Hub id."
    ),
]
Pooling = Annotated[
    Literal["mean", "cls"], typer.Option(help="Tokens to one vector: their mean, or the first.")
]
LongTexts = Annotated[
    Literal["truncate", "window"],
    typer.Option(help="What a model cannot read at once: cut off, or read window by window."),
]
# Of a saved model, which has a policy of its own.
LongTextsInstead = Annotated[
    Literal["truncate", "window"] | None,
    typer.Option(
        "--long-texts",
        help="What it cannot read at once: cut, or read in windows.  [default: the model's]",
    ),
]
ClassWeight = Annotated[
    Literal["balanced", "none"],
    typer.Option(help="Balanced: rare labels count as much as frequent ones."),
]
AnyModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A model folder, or a classifier of transformers: folder or OWNER/NAME.",
    ),
]
LabelMap = Annotated[
    str | None,
    typer.Option(metavar="FILE", help=".json or .csv: other names for the model's labels."),
]
Corrections = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Of `assay audit`, with yes under accept: corrects those labels of train.",
    ),
]
KeepTexts = Annotated[
    bool,
    typer.Option(
        "--keep-texts", help="Keep training texts in the model, to show the nearest to a text."
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="sample, a file, a folder with train.*, or a Hub data set id."
    ),
]
