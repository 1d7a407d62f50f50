"""Write the generated parts of the pages: the table of commands, from the program, and the numbers, from benchmarks.

python docs/generate.py            rewrite
python docs/generate.py --check    exit 1 if a page is out of date
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import typer.main  # noqa: E402
from methods import summarise_runs  # noqa: E402
from prediction import median_of, summarise  # noqa: E402

from assay.cli.app import app  # noqa: E402


def describe_commands() -> str:
    """Return the table of commands: usage, and the first line of the help."""
    group = typer.main.get_command(app)
    rows = ["| command | does |", "|---|---|"]
    for name, command in group.commands.items():
        arguments = [name if p.required else f"[{name}]" for p in command.params if p.param_type_name == "argument"
                     for name in [(p.metavar or p.name.upper()).strip("[]")]]  # fmt: skip
        required = [f"{p.opts[0]} {p.metavar or p.name.upper()}" for p in command.params
                    if p.param_type_name == "option" and p.required]  # fmt: skip
        usage = " ".join(["assay", name, *arguments, *required]).replace("|", "\\|")
        sentence = (command.help or "").split("\n\n")[0].replace("\n", " ").strip()
        rows.append(f"| `{usage}` | {sentence} |")
    return "\n".join(rows)


def describe_numbers() -> str:
    """Return the table of measured numbers, and on what they were measured."""
    content = json.loads((ROOT / "benchmarks" / "results" / "methods-emotion.json").read_text())
    machine = content["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    return (
        f"{summarise_runs(content['runs'])}\n\n"
        f"Measured on {machine['n_cpus']} CPU cores ({machine['system']}, Python {machine['python']}; {versions})."
    )


def describe_rates() -> str:
    """Return what was measured of prediction, and the machine hours of a billion texts at those rates."""
    path = ROOT / "benchmarks" / "results" / "prediction.json"
    if not path.is_file():
        return "Not measured yet: `make bench` measures the rates, `make docs` writes the table."
    content = json.loads(path.read_text(encoding="utf-8"))
    lines = ["| way | texts/s, one machine | machine hours of a billion texts |", "|---|---|---|"]
    for name, samples in content["samples"].items():
        if "file to file" in name or name.startswith("pipeline, batch"):
            rate = median_of(samples)
            lines.append(f"| {name} | {rate:,.0f} | {1e9 / rate / 3600:,.0f} |")
    machine = content["machine"]
    return (
        "\n".join(lines) + f"\n\nMeasured on {machine['n_cpus']} CPU cores ({machine['system']}, Python "
        f"{machine['python']}), beside each other:\n\n{summarise(content)}"
    )


PARTS = {"commands": describe_commands, "numbers": describe_numbers, "rates": describe_rates}
PAGES = {"README.md": ("commands", "numbers"), "docs/scale.md": ("rates",)}


def generate(text: str, page: str = "README.md") -> str:
    """Return a page with its generated parts written again."""
    for name in PAGES[page]:
        pattern = rf"(<!-- generated: {name} -->\n).*?(<!-- end of {name} -->)"
        text, n_found = re.subn(
            pattern, lambda m, d=PARTS[name]: f"{m.group(1)}{d()}\n{m.group(2)}", text, flags=re.DOTALL
        )
        if n_found != 1:
            raise SystemExit(f"{page} has {n_found} places for '{name}'; one is needed")
    return text


def main() -> None:
    """Rewrite the pages, or check them."""
    for page in PAGES:
        path = ROOT / page
        before = path.read_text(encoding="utf-8")
        after = generate(before, page)
        if "--check" in sys.argv:
            if before != after:
                raise SystemExit(f"{page} is out of date: run make docs")
            continue
        path.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
