"""Wrong inputs by the thousand: model folders, files of texts, and requests, changed at random.

    python benchmarks/faults.py [--inputs 20000]   continues where it stopped
    python benchmarks/faults.py --smoke            a few of each kind: does it still run?

Every input is made from a right one: bytes flipped, cut, repeated or inserted, numbers made
extreme, and JSON with values that nobody expects; a changed model folder is mostly sealed again, as
somebody who forges one would do. An input is refused in a sentence, or answered with finite scores.
Anything else is a finding: an internal error, a panic, a process that died, more than 5 s of
computing or 60 s of waiting, more than 1 GB of memory, output that is no JSON. Exit code 1 if there
is one. Input i of a kind follows from the seed, the kind and i alone: ``faults_child.py KIND FOLDER
i i+1 SEED`` tries one again. Results go to benchmarks/results/faults.json.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
from faults_child import KINDS, MAINFRAME
from methods import describe_machine

from assay import Compact, Linear, Majority, load_data, save_model
from assay.audit.issues import hash_text
from assay.data.files.writers import open_writer

ROOT = Path(__file__).resolve().parent.parent
CHILD = Path(__file__).resolve().parent / "faults_child.py"
PIECE = 250  # inputs of one process
# The last three came later: they are tried on top, so that the others stay what they were.
SHARES = {
    "models": 0.4,
    "files": 0.4,
    "requests": 0.2,
    "odd_files": 0.1,
    "several": 0.1,
    "fixes": 0.1,
}
MAX_CPU_S, MAX_WAIT_S, MAX_GROWN_MB = 5.0, 60.0, 1000.0
MAX_START_S = 600.0  # until a process, and the server that it may need, has loaded its libraries
GOOD = ("answered", "refused")
MAX_LISTED = 50  # findings that are kept of each kind
SUFFIXES = (".jsonl", ".csv", ".tsv", ".json", ".txt", ".parquet", ".csv.gz", ".xlsx")
N_TEXTS = 60
SHORT_CHARS = 80  # shorter texts have a second label where texts have several


def make_inputs(root: Path) -> None:
    """Write the right inputs: small models, and one file of each format."""
    splits = load_data("sample")
    train = splits["train"]
    texts, labels = train.texts[:N_TEXTS], train.labels[:N_TEXTS]
    for name, estimator in (
        ("majority", Majority()),
        ("linear", Linear()),
        ("compact", Compact(n_epochs=1)),
    ):
        save_model(estimator.fit(texts, labels), root / "models" / name)
    (root / "files").mkdir()
    rows = [{"text": text, "label": label} for text, label in zip(texts, labels, strict=True)]
    for suffix in SUFFIXES:
        path = root / "files" / f"data{suffix}"
        if suffix == ".json":
            path.write_text(json.dumps(rows), encoding="utf-8")
        elif suffix == ".txt":
            path.write_text("".join(f"{row['text']};{row['label']}\n" for row in rows))
        else:
            with open_writer(path, like=path) as writer:
                for row in rows:
                    writer.write(row)
    (root / "odd_files").mkdir()
    write_odd_files(root / "odd_files", rows)
    write_decisions(root)
    several = [[one] for one in labels]
    for text, own in zip(texts, several, strict=True):
        if len(text) < SHORT_CHARS:
            own.append("short")
    for estimator in (Linear(), Compact(n_epochs=1)):
        fitted = estimator.fit(texts, several, validation=(texts, several))
        save_model(fitted, root / "several" / estimator.method)


def write_decisions(root: Path) -> None:
    """Write a file of answers for each file of texts: every third row gets another label."""
    (root / "decisions").mkdir()
    for folder in ("files", "odd_files"):
        for path in sorted((root / folder).iterdir()):
            encoding = MAINFRAME if path.stem == "mainframe" else None
            lines = ["kind,split,row,proposed_label,text_sha256,accept"]
            for split, labelled in load_data(path, encoding=encoding).items():
                for text, line in zip(labelled.texts[::3], labelled.lines[::3], strict=True):
                    lines.append(f"wrong_label,{split},{line},joy,{hash_text(text)},yes")
            answers = root / "decisions" / f"{path.name}.csv"
            answers.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_odd_files(folder: Path, rows: list[dict[str, str]]) -> None:
    """Write what mainframes, spreadsheets and spaCy write, and names beyond ASCII."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "고객 & 문의"
    workbook.active.append(["text", "label", "n"])
    for i, row in enumerate(rows):
        label = f'="{row["label"]}"' if i % 2 else f'=IF(C{i + 2}>0,"joy","fear")'
        workbook.active.append([row["text"], label if i % 4 < 2 else row["label"], i])
    workbook.save(folder / "formulas.xlsx")
    cells = [(row["text"].replace(",", ""), row["label"]) for row in rows]
    table = "".join(f"{text},{label}\n" for text, label in [("text", "label"), *cells])
    (folder / "mainframe.csv").write_bytes(table.encode(MAINFRAME, "replace"))
    korean = "문장,감정\n" + table.partition("\n")[2]
    (folder / "감정 데이터.csv").write_text(korean, encoding="utf-8")
    pairs = [[row["text"], {"cats": {row["label"]: 1.0, "other": 0.0}}] for row in rows]
    (folder / "spacy.json").write_text(json.dumps(pairs), encoding="utf-8")
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    (folder / "spacy.jsonl").write_text(lines, encoding="utf-8")


def try_piece(kind: str, root: Path, first: int, end: int, seed: int) -> list[dict[str, Any]]:
    """Try inputs in a process of its own; go on behind an input that it hung or died on."""
    rows: list[dict[str, Any]] = []
    while first < end:
        tried, how = run_child(kind, root, first, end, seed)
        rows += tried
        first += len(tried)
        if first < end:
            rows.append({"end": first, "outcome": how, "cpu_s": 0.0, "grown_mb": 0.0})
            first += 1
    return rows


def run_child(
    kind: str, root: Path, first: int, end: int, seed: int
) -> tuple[list[dict[str, Any]], str]:
    """Return the outcomes that a process told of, and how it ended."""
    command = [sys.executable, str(CHILD), kind, str(root), *map(str, (first, end, seed))]
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    rows = []
    assert child.stdout is not None
    waiting_s, limit_s = time.monotonic(), MAX_START_S
    try:
        while True:
            ready, _, _ = select.select([child.stdout], [], [], 1.0)
            if not ready:
                if time.monotonic() - waiting_s > limit_s:
                    return rows, "it hung"
                continue
            line = child.stdout.readline()
            if not line:
                return rows, f"the process died with {child.wait()}"
            waiting_s, limit_s = time.monotonic(), MAX_WAIT_S
            row = json.loads(line)
            if "end" in row:
                rows.append(row)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with its server
        child.wait()
        child.stdout.close()


def judge(row: dict[str, Any]) -> str | None:
    """Return what is wrong with an outcome; None: nothing."""
    if row["outcome"] not in GOOD:
        return str(row["outcome"])
    if row["cpu_s"] > MAX_CPU_S:
        return f"it took {row['cpu_s']:.1f} s"
    if row["grown_mb"] > MAX_GROWN_MB:
        return f"it took {row['grown_mb']:.0f} MB"
    return None


def add_rows(found: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Add the outcomes of a piece to what is known of a kind."""
    outcomes = Counter(found.get("outcomes", {}))
    findings = found.get("findings", [])
    for row in rows:
        wrong = judge(row)
        outcomes["wrong" if wrong else row["outcome"]] += 1
        if wrong and len(findings) < MAX_LISTED:
            findings.append({"i": row["end"], "what": wrong})
    found["n"] = found.get("n", 0) + len(rows)
    found["outcomes"] = dict(outcomes)
    found["findings"] = findings
    for name in ("cpu_s", "grown_mb"):
        found[f"most_{name}"] = max([found.get(f"most_{name}", 0.0), *(row[name] for row in rows)])


def summarise(content: dict[str, Any]) -> str:
    """Return a table with a row for each kind."""
    lines = [
        "| kind | inputs | refused | answered | wrong | most seconds | most MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, found in content["kinds"].items():
        outcomes = found["outcomes"]
        counts = [outcomes.get(name, 0) for name in ("refused", "answered", "wrong")]
        shown = " | ".join(f"{n:,}" for n in (found["n"], *counts))
        most = f"{found['most_cpu_s']:.1f} | {found['most_grown_mb']:.0f}"
        lines.append(f"| {kind} | {shown} | {most} |")
    return "\n".join(lines)


def print_findings(results: dict[str, Any]) -> bool:
    """Print the table, and what is wrong; return whether nothing is."""
    print(summarise(results))
    for kind, found in results["kinds"].items():
        for one in found["findings"]:
            print(f"{kind} {one['i']}: {one['what']}", file=sys.stderr)
    return not any(found["outcomes"].get("wrong") for found in results["kinds"].values())


def main() -> None:
    """Try what is not tried yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "faults.json")
    parser.add_argument("--smoke", action="store_true")
    args = parser.parse_args()
    results: dict[str, Any] = {"machine": describe_machine(), "seed": args.seed, "kinds": {}}
    if not args.smoke and args.out.exists():
        results = json.loads(args.out.read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        make_inputs(Path(folder))
        for kind in args.kinds:
            found = results["kinds"].setdefault(kind, {})
            n_inputs = 12 if args.smoke else round(args.inputs * SHARES[kind])
            while (first := found.get("n", 0)) < n_inputs:
                end = min(first + PIECE, n_inputs)
                add_rows(found, try_piece(kind, Path(folder), first, end, args.seed))
                results["when"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                if not args.smoke:
                    args.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if print_findings(results) else 1)


if __name__ == "__main__":
    main()
