"""Blocks of code in Markdown pages: read, and run one after another as a reader would."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from _support.annotator import answer_all

ROOT = Path(__file__).resolve().parents[2]
# `text` is a drawing, or with title="output" what the block before it prints; another block with a
# title is a file.
KINDS = {"bash", "python", "text", "csv", "json"}
BLOCK = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
INSTALL = re.compile(r"^pip install '?assay(?:\[([\w,]+)\])?'?", re.MULTILINE)
NUMBER = re.compile(r"\d[\d.,]*")
PORT = "8000"  # of the pages; a free one takes its place
PAGES = ("assay label", "assay review")  # commands that serve a page until they are ended
# Runs blocks of Python in one namespace: a line of standard input is one block, as a literal.
PYTHON = """
import ast, sys
namespace = {"__name__": "__main__"}
for line in sys.stdin:
    exec(compile(ast.literal_eval(line), "<page>", "exec"), namespace)
    print("<end of block>", flush=True)
"""


@dataclass(frozen=True)
class Block:
    """One block: its language, its title and its text."""

    kind: str
    title: str
    text: str

    @property
    def info(self):
        """What to call it in a message."""
        return f"{self.kind or 'without a language'}: {self.text[:60]!r}"


def read_blocks(page):
    """Return the blocks of a page, in order."""
    return [Block(*found) for found in BLOCK.findall(page.read_text(encoding="utf-8"))]


def read_shapes(page):
    """Return the table under each `### Shape` of docs/json.md: {shape: {key: type}}."""
    shapes = {}
    for section in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        name = section.split("\n", 1)[0].strip()
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]*) \|$", section, flags=re.MULTILINE)
        shapes[name] = {key: kind.strip() for key, kind, _ in rows}
    return shapes


class PageRunner:
    """Runs blocks in a folder; use it as a context manager, which ends what the blocks started.

    `environment` holds the PATH on which `assay` and `python` are found; `label_of` what somebody
    says of the texts of pools, who labels them on the page.
    """

    def __init__(self, folder, environment, label_of=None):
        self.folder, self.environment, self.label_of = folder, environment, label_of
        self.printed, self.server, self.python, self.port = "", None, None, free_port()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.server, self.python):
            if process is not None:
                process.kill()
                process.communicate()

    def run(self, blocks):
        """Run blocks in order."""
        for block in blocks:
            if block.title == "output":
                self.compare(block.text)
            elif block.title:
                path = self.folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.kind == "bash":
                self.run_bash(block.text.replace(PORT, str(self.port)))
            elif block.kind == "python":
                self.run_python(block.text.replace(PORT, str(self.port)))

    def run_bash(self, text):
        """Run commands; an installation is checked, not done; a server goes on in the background, and a page is ended."""
        check_extras(text)
        lines = [line for line in text.splitlines() if not line.startswith("pip install")]
        for line in lines:
            if line.startswith("assay serve"):
                self.start_server(line)
            elif line.startswith(PAGES):
                self.open_and_end_page(line)
        code = "\n".join(line for line in lines if not line.startswith(("assay serve", *PAGES)))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
        self.printed = done.stdout + done.stderr

    def run_python(self, text):
        """Run Python after the blocks that came before on the page."""
        if self.python is None:
            self.python = subprocess.Popen(
                ["python", "-c", PYTHON],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        self.python.stdin.write(ascii(text) + "\n")
        self.python.stdin.flush()
        lines = []
        for line in self.python.stdout:
            if line == "<end of block>\n":
                self.printed = "".join(lines)
                return
            lines.append(line)
        raise AssertionError(f"{text}\n{self.python.stderr.read()}")

    def start_server(self, line):
        """Start `assay serve` and wait until it answers."""
        command = line.partition("#")[0].split()
        self.server = subprocess.Popen(
            [*command, "--port", str(self.port), "--quiet"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(300):
            assert self.server.poll() is None, self.server.communicate()[1].decode()
            try:
                urlopen(f"http://127.0.0.1:{self.port}/health").close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"no answer from: {line}")

    def open_and_end_page(self, line):
        """Start `assay label` or `assay review`, fetch its page, label, and end it as Ctrl-C does."""
        process = subprocess.Popen(
            [*line.split(), "--port", str(self.port), "--json"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            first = process.stdout.readline()
            assert first, process.communicate()[1]
            url = json.loads(first)["url"]
            with urlopen(url) as answer:
                assert answer.status == 200
            if self.label_of and line.startswith("assay label"):
                answer_all(url, self.label_of)
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=60)[1]
        finally:
            process.kill()
        assert process.returncode == 0, f"{line}\n{errors}"

    def compare(self, text):
        """Hold what a page shows against what was printed, numbers aside."""
        printed = {simplify(line) for line in self.printed.splitlines()}
        missing = [line for line in text.splitlines() if simplify(line) not in printed]
        assert not missing, f"{missing} not in:\n{self.printed}"


def simplify(line):
    """Return a line without its numbers and the widths of its columns."""
    return " ".join(NUMBER.sub("#", line).split())


def check_extras(text):
    """Hold the extras that are installed against those that there are."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for names in INSTALL.findall(text):
        assert set(filter(None, names.split(","))) <= set(extras), names


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
