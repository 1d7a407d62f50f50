"""`assay audit`: what is wrong with the data, before any score is believed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.command import add_command
from assay.cli.next_step import fix_command_for
from assay.cli.options import Common, Data, DataFlags, Overwrite, reading_flags
from assay.cli.outputs import hold_output
from assay.cli.show import print_json, print_line, print_sentence, print_table, show_labels
from assay.errors import plural
from assay.methods import LABEL_CHECK, SECOND_CHECK, methods_where

if TYPE_CHECKING:
    from assay.audit.issues import Issue
    from assay.audit.result import Audit

__all__ = ["register"]

SPELLED, MERGE = "label_spelling", "--merge-labels"

PANEL = "Look at texts"
READERS = ", ".join(methods_where(lambda method: method.reads_texts))
N_SUSPECTS = 10  # shown on the terminal; the file has them all
WHOLE = "all"  # the split of a lone table before it is cut: rows that are in no split carry it
SEVERAL_KINDS = ("missing_label", "extra_label")  # where texts may have several labels
SUSPECT_KINDS = ("wrong_label", *SEVERAL_KINDS)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "audit", panel=PANEL)(audit_command)


def audit_command(
    data: Data,
    flags: DataFlags,
    common: Common,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .csv file with every row to look at.")
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help=f"Whose models check the labels: auto ({LABEL_CHECK}, and {SECOND_CHECK} where "
            f"{LABEL_CHECK} is weak), {READERS}; or none."
        ),
    ] = "auto",
    validation_fraction: Annotated[
        float, typer.Option(help="As `run` will cut it from train.")
    ] = 0.1,
    test_fraction: Annotated[float, typer.Option(help="As `run` will cut it from train.")] = 0.1,
    overwrite: Overwrite = False,
) -> None:
    """Look for what is wrong with the data, before any score.

    Duplicates, leaks between splits, the same text with different labels, garbled rows, other
    languages, shift between splits, and labels that are probably wrong. Write yes under accept in
    the file, and `assay run DATA --corrections FILE` corrects those labels of train.

    \b
    Examples:
      assay audit sample
      assay audit tweets/ --out issues.csv
      assay audit reviews.csv --method none      # without the labels: seconds
    """
    from assay.audit.checks import audit_data, write_issues
    from assay.audit.issues import check_issues_file
    from assay.recipes.audit import load_for_audit

    if out is not None:
        check_issues_file(out, overwrite=overwrite)
    options = flags.options(validation_fraction=validation_fraction, test_fraction=test_fraction)
    with hold_output(out, overwrite=overwrite, apart=data):
        audit = audit_data(
            load_for_audit(data, options=options, seed=common.seed),
            method=None if method == "none" else method,
            seed=common.seed,
            progress=common.progress(),
        )
        if out is not None:
            write_issues(audit, out, overwrite=overwrite)
    if common.json:
        print_json({**audit.to_dict(), "out": None if out is None else str(out)})
        return
    _show(audit, flags.id_column)
    if out is not None:
        print_line(_say_written(audit, out))
        _show_next_step(audit, data, out, reading_flags(options.recorded(data)))


def _say_written(audit: Audit, out: Path) -> str:
    """Say how many rows are in the file; one that was found in several ways is there as often."""
    n_lines, n_rows = len(audit.issues), audit.n_rows
    verb = "is" if n_rows == 1 else "are"
    again = ""
    if n_lines > n_rows:
        again = f": {n_lines:,} lines, since some were found in several ways"
    return f"{plural(n_rows, 'row')} to look at {verb} written to {out}{again}"


def _show_next_step(audit: Audit, data: str, out: Path, flags: str) -> None:
    """Say what to do with the file, where a label is proposed and the data are a person's own."""
    command = fix_command_for(data, out, flags)
    if not command or not any(one.proposed_label for one in audit.issues):
        return
    n_spelled = sum(one.kind == SPELLED for one in audit.issues)
    merges = n_spelled > 0 and MERGE not in flags.split()
    print_line("next: write yes under accept where the proposed label is right, save it, and run")
    if not merges:
        print_line(f"  {command}")
    else:
        print_line(f"  {command} {MERGE}")
        rows = plural(n_spelled, f"{SPELLED} row")
        print_line(f"{MERGE} mends the {rows} without a yes; leave it out to decide on each")


def _show(audit: Audit, id_column: str | None) -> None:
    sizes = ", ".join(f"{n:,} {name}" for name, n in audit.n_texts.items())
    n_labels = len(audit.labels)
    print_line(f"{audit.source}: {sizes} texts, {n_labels:,} label{'' if n_labels == 1 else 's'}")
    _show_counts(audit)
    _show_suspects(audit, id_column)
    for sentence in audit.shift_sentences():
        print_line(sentence)
    check = audit.label_check
    if not check.method:
        print_line(f"took {audit.checks_s:.1f} s")
        return
    total_s = audit.checks_s + check.fit_s
    models = f"{check.fit_s:.1f} s of them for the models that check the labels ({check.method})"
    print_line(f"took {total_s:.1f} s, {models}")


def _show_counts(audit: Audit) -> None:
    from assay.audit.issues import KINDS

    if not audit.issues:
        print_line("nothing found")
        return
    names = dict.fromkeys([*audit.n_texts, *(issue.split for issue in audit.issues)])
    titles = {name: name for name in names}
    if len(names) > 1 and WHOLE in titles:
        titles[WHOLE] = "in no split"  # "all" would read as the sum
    print_table(
        [
            {
                "kind": kind,
                **{title: f"{rows.get(name, 0):,}" for name, title in titles.items()},
                "what": KINDS[kind],
            }
            for kind, rows in audit.counts().items()
        ],
        title="Rows to look at",
        right=tuple(titles.values()),
        elastic=("what",),
    )
    leaks = {(leak.split, leak.seen_in): leak.n_rows for leak in audit.overlaps.leaks}
    for name, found in (("leaks", leaks), ("near leaks", audit.near_leaks)):
        if found:
            listed = ", ".join(
                f"{plural(n_rows, f'{split} row')} in {seen_in}"
                for (split, seen_in), n_rows in found.items()
            )
            print_line(f"{name}: {listed}, and a score there measures memory")


def _place(issue: Issue, id_column: str | None) -> object:
    """Return what names a row for a person: its cell, else its row and, if it differs, its line."""
    record = issue.others.record
    place = issue.row if record is None else f"{record} (line {issue.row})"
    return place if id_column is None else issue.others.cells.get(id_column, place)


def _show_label(written: str, kind: str) -> str:
    """Return a label for a person: several, which a file has as a list in JSON, with commas."""
    from assay.data.label_forms import parse_list_cell

    names = parse_list_cell(written) if kind in SEVERAL_KINDS else None
    return written if names is None else show_labels(names)


def _show_suspects(audit: Audit, id_column: str | None) -> None:
    place = id_column or "row"
    print_sentence(audit.label_check.describe())
    suspects = [issue for issue in audit.issues if issue.kind in SUSPECT_KINDS][:N_SUSPECTS]
    print_table(
        [
            {
                "split": one.split,
                place: _place(one, id_column),
                "label": _show_label(one.label, one.kind),
                "proposed": _show_label(one.proposed_label, one.kind),
                "score": f"{one.score:.3f}",
                "text": one.text,
            }
            for one in suspects
        ],
        title="Most suspect labels",
        right=(place, "score"),
        elastic=("text",),
    )
