"""What the documentation site holds beside docs/*.md: pages made from the program and other files.

MkDocs calls these functions while it builds the site (`make site`; see mkdocs.yml).
"""

from __future__ import annotations

import re
from pathlib import Path

import typer.main
from mkdocs.structure.files import File
from typer.testing import CliRunner

from assay.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
# Page of the site -> the file of the repository that it shows.
COPIES = {
    "benchmarks.md": "benchmarks/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "ko.md": "README.ko.md",
}
# Files that have a page under another name, for links to them.
PAGES = {path: page for page, path in COPIES.items()} | {"README.md": "index.md"}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
CODE = re.compile(r"`[^`\n]+`")
# Kinds of values as the help writes them -> as a reader would.
KINDS = {"<str>": "TEXT", "<path>": "PATH", "<int range>": "N", "<float>": "X", "<float range>": "X"}
EXIT_CODES = """Results go to stdout, progress to stderr; `--json` prints [one JSON object](json.md). Exit codes: 0 done,
1 a bug of assay, 2 wrong input, 3 a check said no, 4 something outside failed, 130 interrupted."""


def on_files(files, config):
    """Add the pages that are made here."""
    for page, source in COPIES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=relink(text, source)))
    files.append(File.generated(config, "commands.md", content=describe_commands()))
    return files


def on_page_markdown(markdown, page, config, files):
    """Point links to files outside docs/ to their pages, or name those that have none."""
    if page.file.src_uri in COPIES:
        return markdown
    return relink(markdown, f"docs/{page.file.src_uri}")


def relink(text, source):
    """Return the text of `source` with links that are right on the site.

    A link to a file of docs/ or to one that has a page of its own leads there. Another file of the
    repository is named in place of a link, since the site does not hold it.
    """

    def replace(found):
        mark, words, target = found.groups()
        path, hash_sign, anchor = target.partition("#")
        if "://" in target or not path:
            return found[0]
        resolved = (ROOT / source).parent.joinpath(path).resolve()
        name = resolved.relative_to(ROOT).as_posix()
        page = PAGES.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else None)
        if page:
            return f"{mark}[{words}]({page}{hash_sign}{anchor})"
        return f"{words} (`{name}`)" if words != name else f"`{name}`"

    text = CODE.sub(lambda found: found[0].replace("\\|", "|"), text)  # the site needs no escape there
    return LINK.sub(replace, text)


def describe_commands():
    """Return the reference of all commands, read from their help."""
    helps = {name: read_help(name) for name in typer.main.get_command(app).commands}
    options = [dict(one.get("Options", [])) for one in helps.values()]
    common = {name: words for name, words in options[0].items() if all(name in o for o in options)}
    passages = ["# Commands", EXIT_CODES, "## Options of every command", table(common.items())]
    for name, sections in helps.items():
        own = [item for item in sections.get("Options", []) if item[0] not in common]
        passages += [f"## assay {name}", sections["words"]]
        passages += [f"```text\n{sections['usage']}\n```"]
        arguments = [(name.split(" ")[0], words) for name, words in sections.get("Arguments", [])]
        passages += [table([*arguments, *own])]
        if "examples" in sections:
            passages += [f"```bash\n{sections['examples']}\n```"]
    return "\n\n".join(passages) + "\n"


def read_help(name):
    """Return the help of a command by section: words and examples as text, lists as pairs."""
    printed = CliRunner(env={"COLUMNS": "100"}).invoke(app, [name, "--help"]).output
    usage, *rest = printed.strip().split("\n")
    sections = {"usage": f"assay {name} " + usage.split(f" {name} ", 1)[1].replace("[OPTIONS] ", "")}
    sections["usage"] = re.sub(r"\{([\w|]+)\}", r"\1", sections["usage"]) + " [OPTIONS]"
    title, blocks = "words", {"words": []}
    for line in rest:
        if re.fullmatch(r"(Arguments|Options):", line):
            title = line[:-1]
            blocks[title] = []
        elif re.fullmatch(r"  Examples?:", line):
            title = "examples"
            blocks[title] = []
        else:
            blocks[title].append(line[2:])
    for title, lines in blocks.items():
        if title in ("words", "examples"):
            shift = 2 if title == "examples" else 0
            sections[title] = "\n".join(line[shift:] for line in lines).strip()
        else:
            sections[title] = read_items(lines)
    return sections


def read_items(lines):
    """Return the names and meanings of a list in a help; a deeper line continues the last one."""
    items = []
    for line in lines:
        if not line.strip():
            continue
        if line.startswith(" "):
            items[-1][1] += f" {line.strip()}"
        else:
            name, _, words = line.partition("  ")
            items.append([name, words.strip()])
    return [(name, words.strip()) for name, words in items]


def table(items):
    """Return a table of arguments and options."""
    rows = ["| argument or option | meaning |", "|---|---|"]
    for name, words in items:
        for kind, plain in KINDS.items():
            name = name.replace(kind, plain)
        name = re.sub(r"<([\w|]+)>", r"\1", name)
        words = words.replace("|", "\\|").replace("<", "&lt;")
        rows.append(f"| `{name}` | {words} |")
    return "\n".join(rows)
