"""Write the generated part of benchmarks/README.md, from benchmarks/results/*.json and nothing else.

    python benchmarks/table.py          rewrite
    python benchmarks/table.py --check  exit 1 if it is out of date

The scripts that measured render their own results: each has a function for it.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from house import RESULTS, ROOT

PAGE = ROOT / "benchmarks" / "README.md"
Content = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """A table: its heading, the make target that measures it, its result files, and the script that renders them."""

    heading: str
    target: str
    files: str
    script: str
    render: str = "summarise"


SECTIONS = (
    Section("The five methods", "bench-methods", "methods-*.json", "methods", "summarise_content"),
    Section("Training", "bench-training", "training.json", "training"),
    Section("The rate of Trainer", "bench-trainer-rate", "trainer_rate.json", "trainer_rate"),
    Section("Beside what a user would run instead", "bench-peers", "peers.json", "peers"),
    Section("The map", "bench-map", "map.json", "map"),
    Section("Prediction", "bench-prediction", "prediction.json", "prediction"),
    Section("Serving", "bench-serving", "serving-*.json", "serving"),
    Section("Several workers", "bench-serving", "workers-*.json", "serving_workers"),
    Section("Faults of clients", "bench-serving", "faults-*.json", "serving_faults"),
    Section("Mixed load", "bench-serving", "mixed-load-*.json", "mixed_load"),
    Section("Trust", "bench-trust", "trust.json", "trust"),
    Section("Every language", "bench-languages", "languages.json", "languages"),
    Section(
        "Linear in twelve languages", "bench-languages", "linear_languages.json", "linear_languages"
    ),
    Section("Several labels per text", "bench-several", "several.json", "several"),
    Section("Choosing", "bench-choice", "choice.json", "choice"),
    Section("Labelling", "bench-labelling", "labelling.json", "labelling_tables"),
    Section("The label page", "bench-labelling", "labelling_pages.json", "labelling_pages"),
    Section("Tables of other programs", "bench-files", "files.json", "files"),
    Section("Wrong inputs", "bench-faults", "faults.json", "faults"),
    Section("Explanations", "bench-explain", "explain-*.json", "explain", "summarise_content"),
)


def load_function(script: str, name: str) -> Callable[[Content], Any] | None:
    """Return a function of a benchmark, or None where it has none of that name."""
    if not (ROOT / "benchmarks" / f"{script}.py").is_file():
        return None
    found: Callable[[Content], Any] | None = getattr(importlib.import_module(script), name, None)
    return found


def read_results(section: Section) -> list[tuple[str, Content]]:
    """Return the names and contents of the result files of a section."""
    return [
        (path.stem, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(RESULTS.glob(section.files))
    ]


def show_section(section: Section) -> str:
    """Return a heading, a table a result file, and on what it was measured."""
    parts = [f"### {section.heading}"]
    results, render = read_results(section), load_function(section.script, section.render)
    if not results or render is None:
        parts.append(f"Not measured yet: `make {section.target}`.")
    for name, content in results if render is not None else []:
        parts += [
            str(render(content)),
            f"`results/{name}.json`, `make {section.target}`. {show_circumstances(content)}",
        ]
    return "\n\n".join(parts)


def show_circumstances(content: Content) -> str:
    """Return machine, threads, versions and dates of a result file."""
    measured_on = [
        *find_values(content, "machine")
    ]  # places in `machines`, of which some may have no sample left
    machines = [one for i, one in enumerate(content.get("machines", [])) if i in measured_on] or [
        content["machine"]
    ]
    days = sorted(when[:10] for when in find_values(content, "when"))
    dates = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return f"{dates}; " + "; ".join(dict.fromkeys(map(show_machine, machines))) + "."


def show_machine(machine: Content) -> str:
    """Return one line for a machine and the versions on it."""
    threads = f", {machine['n_threads']} threads" if "n_threads" in machine else ""
    cpu = f" ({machine['cpu']})" if machine.get("cpu") else ""
    versions = {
        **machine["versions"],
        **{f"peers' {name}": one for name, one in machine.get("peers", {}).items()},
    }
    listed = ", ".join(f"{name} {number}" for name, number in versions.items())
    return f"{machine['n_cpus']} CPUs{cpu}{threads}, {machine['system']}, Python {machine['python']}; {listed}"


def find_values(value: Any, key: str) -> Iterator[Any]:
    """Yield every value of a key, at any depth."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for one in value.values():
            yield from find_values(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from find_values(one, key)


def show_goals() -> str:
    """Return the table of goals beside what was measured; what is not measured is not in it."""
    rows = []
    for section in SECTIONS:
        if (goals := load_function(section.script, "goals")) is not None:
            rows += [row for _, content in read_results(section) for row in goals(content)]
    lines = [
        "| what | goal (stretch) | measured |",
        "|---|---|---|",
        *(f"| {a} | {b} | {c} |" for a, b, c in rows),
    ]
    return "\n".join(lines) if rows else "Nothing of it is measured yet."


def generate(text: str) -> str:
    """Return the page with its generated part written again."""
    tables = "\n\n".join(["### Goals", show_goals(), *map(show_section, SECTIONS)])
    pattern = r"(<!-- generated: tables -->\n).*?(<!-- end of tables -->)"
    text, n_found = re.subn(
        pattern, lambda m: f"{m.group(1)}\n{tables}\n\n{m.group(2)}", text, flags=re.DOTALL
    )
    if n_found != 1:
        raise SystemExit(f"{PAGE.name} has {n_found} places for the tables; one is needed")
    return text


def main() -> None:
    """Rewrite the page, or check it."""
    before = PAGE.read_text(encoding="utf-8")
    after = generate(before)
    if "--check" in sys.argv and before != after:
        raise SystemExit("benchmarks/README.md is out of date: run make docs")
    if before != after:
        PAGE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
