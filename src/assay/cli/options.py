"""The flags and arguments that several commands share."""

from __future__ import annotations

import csv
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assay import _env
from assay.errors import InputError, cut
from assay.progress import Progress

if TYPE_CHECKING:
    from assay.recipes.steps.rule_options import RuleArguments

__all__ = [
    "ChoiceFlags",
    "Common",
    "CutFlags",
    "DataFlags",
    "RuleFlags",
    "id_of",
    "reading_flags",
    "split_names",
]


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

    text_column: TextColumn = None
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
        str | None,
        typer.Option(help="Encoding of text files: cp949, utf-8+cp1252.  [default: utf-8]"),
    ] = None
    quoting: Quoting = None
    escape: Escape = None
    header: Header = True
    sheet: Sheet = None
    split_column: Annotated[
        str | None,
        typer.Option(help="Column of a lone table that names the split of a row; fold=5; none."),
    ] = None
    label_separator: Annotated[
        str | None,
        typer.Option(metavar="CHAR", help="Between several labels of one cell, such as ; or |."),
    ] = None
    label_columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="One column per label, with 0 or 1, yes or no, ✓ or nothing, x or nothing and "
            "other such words (예, 是); a name with a comma in double quotes.  "
            "[default: found if there are only such columns]",
        ),
    ] = None
    max_chars: Annotated[
        int, typer.Option(help="Characters of a text that are read; the rest is cut.", min=1)
    ] = 100_000
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Refuse data with any row that cannot be used as it is."),
    ] = False
    max_bad_fraction: Annotated[
        float, typer.Option(help="Share of rows that may be left out as unusable, 0 to 1.")
    ] = 0.01
    single_label: Annotated[
        bool,
        typer.Option("--single-label", help="Take cells with joined labels as one label each."),
    ] = False
    merge_labels: Annotated[
        bool,
        typer.Option(
            "--merge-labels", help="Make one label of Pos, pos and a rare typo of a label."
        ),
    ] = False

    id_column: Annotated[
        str | None,
        typer.Option(help="Column that names a row where rows are listed.  [default: its line]"),
    ] = None

    def options(self, **more: Any) -> Any:
        """Return `DataOptions` with these flags and what else is given."""
        from assay.recipes.steps.prepare import DataOptions

        given = {one.name: getattr(self, one.name) for one in fields(self)}
        for name in ("labels", "label_columns"):
            given[name] = None if given[name] is None else split_names(given[name])
        return DataOptions(**given, **more)


@dataclass(frozen=True)
class CutFlags:
    """The flags that say how DATA is cut into splits, limited and corrected before training."""

    max_rows: Annotated[
        int | None, typer.Option(help="Rows per split, at most; a stratified sample.", min=2)
    ] = None
    validation_fraction: Annotated[
        float, typer.Option(help="Part of train, if there is no validation split.")
    ] = 0.1
    test_fraction: Annotated[
        float, typer.Option(help="Part of train, if there is no test split.")
    ] = 0.1
    corrections: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Written by `assay audit`, with yes under accept: corrects labels of train.",
        ),
    ] = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of `DataOptions` with these names."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True)
class ChoiceFlags:
    """The flags that say how a run chooses among its methods."""

    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Choose by accuracy, macro-f1 or micro-f1.  "
            "[default: accuracy; macro-f1 if one label has most texts]",
        ),
    ] = None
    tolerance: Annotated[
        float, typer.Option(help="How much of it a cheaper method may lose: 0.01 is one point.")
    ] = 0.01
    folds: Annotated[
        str,
        typer.Option(
            metavar="N|never", help="Folds to judge methods in, where validation has few texts."
        ),
    ] = "5"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of `RunOptions` with these names.

        Raises
        ------
        InputError
            The folds are neither a number nor ``never``.
        """
        return {"metric": self.metric, "tolerance": self.tolerance, "folds": _folds(self.folds)}


@dataclass(frozen=True)
class RuleFlags:
    """The flags that say which mistakes matter more than others."""

    min_recall: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=SHARE",
            help="Find this share of the texts of a label, such as fraud=0.95; may be repeated.",
        ),
    ] = None
    min_precision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL=SHARE",
            help="Be right this often where a label is given; may be repeated.",
        ),
    ] = None
    cost: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What mistakes cost, .csv or .json: a row per true label, a column per given one. "
            "Where a text may have several labels: columns label, missing and extra.",
        ),
    ] = None

    def to_dict(self) -> RuleArguments:
        """Return the fields of `RuleOptions`.

        Raises
        ------
        InputError
            A share is no number, or a label is named twice.
        """
        return {
            "min_recall": _shares("--min-recall", self.min_recall),
            "min_precision": _shares("--min-precision", self.min_precision),
            "cost": self.cost,
        }


def _shares(flag: str, given: Sequence[str] | None) -> dict[str, float]:
    """Return the share of each label; what is after the last ``=`` is the share."""
    shares: dict[str, float] = {}
    for one in given or ():
        label, _, written = one.rpartition("=")
        try:
            share = float(written)
        except ValueError:
            share = math.nan
        if not label or math.isnan(share):
            raise InputError(
                f"{flag} is '{cut(one)}'; a label and a share is accepted, such as fraud=0.95"
            )
        if label in shares:
            raise InputError(f"{flag} names '{cut(label)}' twice; once is accepted")
        shares[label] = share
    return shares


def _folds(given: str) -> int | None:
    if given == "never":
        return None
    if not given.isdecimal() or int(given) < 2:
        raise InputError(
            f"--folds is '{given}'; a whole number of at least 2, or never, is accepted"
        )
    return int(given)


def reading_flags(recorded: Mapping[str, object]) -> str:
    """Return the flags behind options of reading; see `record_reading`.

    >>> reading_flags({"text_column": "Customer comment", "header": False, "kind": ".csv"})
    "--text-column 'Customer comment' --no-header"
    >>> print(reading_flags({"label_columns": ["rude", "funny"]}))
    --label-columns rude,funny
    """
    from assay.data.columns import join_names

    flags = []
    for name, value in recorded.items():
        flag = name.replace("_", "-")
        if name == "header":
            flags.append("--no-header")
        elif value is True:
            flags.append(f"--{flag}")
        elif isinstance(value, str) and name != "kind":
            flags.append(f"--{flag} {shlex.quote(value)}")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            flags.append(f"--{flag} {shlex.quote(join_names(value))}")
    return " ".join(flags)


def id_of(columns: Mapping[str, object], id_column: str | None, line: int) -> object:
    """Return what names a row: its cell in a column, or its line where none was asked for."""
    return line if id_column is None else columns.get(id_column, line)


def split_names(listed: str) -> list[str]:
    """Return the names that a flag lists: ``a, b`` becomes ``["a", "b"]``.

    A name that holds a comma is in quotes, as in a table: ``a,"b, c"``.
    """
    try:
        names = next(csv.reader([listed], skipinitialspace=True), [])
    except csv.Error:  # a line break
        names = listed.split(",")
    return [name.strip() for name in names or [""]]


Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write; must not exist.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is at --out.")]
TextColumn = Annotated[str | None, typer.Option(help="Column with the texts.  [default: by name]")]
Quoting = Annotated[
    str | None,
    typer.Option(metavar="Q", help="none: a quote is a character; minimal: as in CSV."),
]
Escape = Annotated[
    str | None,
    typer.Option(metavar="CHAR", help="Character before a quote or delimiter, such as \\\\."),
]
Header = Annotated[
    bool, typer.Option("--header/--no-header", help="Does the first line name the columns?")
]
Sheet = Annotated[str | None, typer.Option(help="Sheet of an .xlsx.  [default: its only one]")]
Checkpoint = Annotated[
    str,
    typer.Option(
        help="Transformer: auto (by the language of the texts), minilm (English), "
        "e5 (about 100 languages), a local folder, or a Hub id."
    ),
]
LANGUAGE_CODES = "en|ko"  # files of the catalogue, which costs too much to import for the help
ReportLanguage = Annotated[
    str, typer.Option(metavar=LANGUAGE_CODES, help="Language of the report.")
]
CardLanguage = Annotated[str, typer.Option(metavar=LANGUAGE_CODES, help="Language of the card.")]
Pooling = Annotated[
    Literal["mean", "cls"], typer.Option(help="Tokens to one vector: their mean, or the first.")
]
LongTexts = Annotated[
    Literal["truncate", "window"],
    typer.Option(help="What a model cannot read at once: cut off, or read window by window."),
]
# For a saved model, which has a policy of its own.
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
ModelFolder = Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder.")]
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
