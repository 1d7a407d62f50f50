"""Tables as programs write them, read back by assay without an option: the same rows, or a refusal.

Hypothesis draws rows full of quotes, delimiters, line breaks and backslashes, and a way to write
them: any dialect of the csv module, pandas, polars (where it is installed), openpyxl. Each example
is one of four outcomes:

same        the rows came back
refused     an error, or a row with a problem: somebody is told
ambiguous   other rows came back, and the csv module writes the same bytes for those: the file
            alone cannot tell
wrong       other rows came back, without a word. There must be none.

    python benchmarks/files.py --examples 2000 --out benchmarks/results/files.json
"""

from __future__ import annotations

import argparse
import collections
import csv
import datetime
import importlib.util
import io
import json
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from house import describe_machine
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from assay.data.files.readers import read_rows
from assay.errors import AssayError

OUTCOMES = ("same", "refused", "ambiguous", "wrong")
WRITERS = ("assay", "pandas", "polars", "openpyxl")
HEADERS = (("text", "label"), ("id", "text", "label"), ("Nr", "Wortlaut", "Art"), ("문장", "라벨"))
SUFFIX_OF = {",": ".csv", ";": ".csv", "\t": ".tsv", "|": ".csv"}
PIECES = [
    '"',
    '""',
    "'",
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\\",
    " ",
    "a",
    "so glad",
    "ä",
    "1",
    "N",
]

Rows = Sequence[tuple[str, ...]]

CELLS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@dataclass
class Counts:
    """How many examples came to which outcome, by program, and what the wrong ones were."""

    outcomes: dict[str, collections.Counter[str]] = field(default_factory=dict)
    wrong: list[dict[str, str]] = field(default_factory=list)

    def add(self, program: str, outcome: str) -> None:
        """Count one example."""
        self.outcomes.setdefault(program, collections.Counter())[outcome] += 1


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """Draw a header and rows of cells."""
    header = draw(st.sampled_from(HEADERS))
    row = st.tuples(*[CELLS] * len(header))
    return [header, *draw(st.lists(row, min_size=1, max_size=5))]


@st.composite
def csv_options(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a dialect of the csv module."""
    delimiter = draw(st.sampled_from(list(SUFFIX_OF)))
    quoting = draw(
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE])
    )
    doublequote = draw(st.booleans())
    needs_escape = quoting == csv.QUOTE_NONE or not doublequote
    escape = "\\" if needs_escape or draw(st.booleans()) else None
    return {
        "delimiter": delimiter,
        "quoting": quoting,
        "doublequote": doublequote,
        "escapechar": escape,
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
    }


def write_csv(rows: Rows, options: dict[str, Any]) -> bytes:
    """Write rows with the csv module."""
    stream = io.StringIO()
    csv.writer(stream, **options).writerows(rows)
    return stream.getvalue().encode()


def write_pandas(rows: Rows, options: dict[str, Any]) -> bytes:
    """Write rows with pandas, without the index."""
    import pandas

    frame = pandas.DataFrame(rows[1:], columns=list(rows[0]))
    how = {
        "sep": options["delimiter"],
        "quoting": options["quoting"],
        "doublequote": options["doublequote"],
        "escapechar": options["escapechar"],
        "lineterminator": options["lineterminator"],
    }
    return frame.to_csv(index=False, **how).encode()


def write_polars(rows: Rows, options: dict[str, Any]) -> bytes:
    """Write rows with polars."""
    import polars

    styles = {csv.QUOTE_ALL: "always", csv.QUOTE_NONNUMERIC: "non_numeric"}
    frame = polars.DataFrame(list(rows[1:]), schema=list(rows[0]), orient="row")
    written = frame.write_csv(
        separator=options["delimiter"],
        quote_style=styles.get(options["quoting"], "necessary"),
        line_terminator=options["lineterminator"],
    )
    return written.encode()


def write_openpyxl(rows: Rows, options: dict[str, Any]) -> bytes:
    """Write rows as a workbook."""
    import openpyxl

    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(list(row))
    for row in workbook.active.iter_rows():
        for cell in row:
            cell.data_type = "s"
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


WRITERS = {
    "csv": (write_csv, "csv"),
    "pandas": (write_pandas, "pandas"),
    "polars": (write_polars, "polars"),
    "openpyxl": (write_openpyxl, "openpyxl"),
}


def judge(rows: Rows, content: bytes, path: Path, options: dict[str, Any]) -> str:
    """Read what was written and return the outcome."""
    path.write_bytes(content)
    try:
        found = list(read_rows(path))
    except AssayError:
        return "refused"
    if any(row.problem for row in found):
        return "refused"
    read = [tuple(row.values.values()) for row in found]
    expected = [tuple(row) for row in rows[1:]]
    if path.suffix == ".xlsx":
        expected = _as_in_workbook(expected)
    if read == expected:
        return "same"
    return "ambiguous" if _is_ambiguous([rows[0], *read], content, options) else "wrong"


def _as_in_workbook(rows: Rows) -> Rows:
    """Return rows as XML keeps them: ends of line are line feeds, white space alone is nothing."""
    cells = [
        tuple(cell.replace("\r\n", "\n") if cell.strip() else "" for cell in row) for row in rows
    ]
    return [row for row in cells if any(row)]


def _is_ambiguous(read: Rows, content: bytes, options: dict[str, Any]) -> bool:
    """Tell whether the csv module writes these bytes for the rows that were read."""
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        for end in ("\n", "\r\n"):
            how = {"delimiter": options["delimiter"], "quoting": quoting, "lineterminator": end}
            if write_csv(read, how) == content:
                return True
    return False


def run(n_examples: int, *, first_seed: int = 0) -> Counts:
    """Try that many examples of each program that is installed."""
    logging.getLogger("assay").setLevel(logging.ERROR)
    counts = Counts()
    with tempfile.TemporaryDirectory() as folder:
        for program, (write, module) in WRITERS.items():
            if importlib.util.find_spec(module) is None:
                continue
            _try(program, write, Path(folder), n_examples, first_seed, counts)
    return counts


def _try(
    program: str,
    write: Callable[[Rows, dict[str, Any]], bytes],
    folder: Path,
    n_examples: int,
    first_seed: int,
    counts: Counts,
) -> None:
    @seed(first_seed)
    @settings(
        max_examples=n_examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(rows=tables(), options=csv_options())
    def example(rows: Rows, options: dict[str, Any]) -> None:
        suffix = ".xlsx" if program == "openpyxl" else SUFFIX_OF[options["delimiter"]]
        try:
            content = write(rows, options)
        except Exception:  # a program that refuses to write such rows is no example
            counts.add(program, "not written")
            return
        outcome = judge(rows, content, folder / f"data{suffix}", options)
        counts.add(program, outcome)
        if outcome == "wrong":
            written = content.decode("utf-8", "replace")[:500]
            counts.wrong.append(
                {
                    "program": program,
                    "rows": repr(rows),
                    "options": repr(options),
                    "written": written,
                }
            )

    example()


def summarise(content: dict[str, Any]) -> str:
    """Return the outcomes of each program as a table."""
    lines = [f"| written by | {' | '.join(OUTCOMES)} |", f"|---{'|---' * len(OUTCOMES)}|"]
    for program, found in content["outcomes"].items():
        counts = [f"{found.get(outcome, 0):,}" for outcome in OUTCOMES]
        lines.append(f"| {program} | {' | '.join(counts)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=2000, help="of each program")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given_options = parser.parse_args()
    counts = run(given_options.examples, first_seed=given_options.seed)
    for program, outcomes in counts.outcomes.items():
        print(program, dict(outcomes))
    for one in counts.wrong[:5]:
        print("WRONG", one)
    if given_options.out is not None:
        outcomes = {program: dict(found) for program, found in counts.outcomes.items()}
        found = {
            "machine": describe_machine(WRITERS),
            "when": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
            "seed": given_options.seed,
            "outcomes": outcomes,
            "wrong": counts.wrong,
        }
        given_options.out.write_text(json.dumps(found, indent=1) + "\n")
    raise SystemExit(bool(counts.wrong))


if __name__ == "__main__":
    main()
