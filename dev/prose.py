"""Ways of writing that readers trip over, and where they occur in a Python file.

Docstrings, comments and other strings are read; code is not. A phrase may go on in the next line.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

# "Tokens a batch", "one thread a direction": a noun or a count, "a", and what there is one of.
PLURAL = (
    "batches|bits|bytes|characters|columns|entries|epochs|files|frames|ids|labels|lines|logits"
    "|megabytes|milliseconds|numbers|panels|parts|references|requests|rows|scores|seconds|steps"
    "|tens|terms|texts|threads|times|tokens|windows|words"
)
# These nouns are hardly ever verbs.
SINGULAR = (
    "array|batch|bit|box|byte|character|column|core|cpu|decoder|edge|entry|epoch|folder|frame|id"
    "|line|list|logit|object|output|panel|prior|probability|process|result|row|sentence|text"
    "|thread|token|vector|weight|word|number"
)
# These nouns are verbs as well ("score a text"): they need a word that makes them nouns.
VERBS = "call|cost|file|flag|label|name|page|part|score|share|step|value"
DETERMINER = "a|an|one|no|its|the|single"
COUNT = "one|once|twice|sorted once|each once"
UNIT = (
    "actor|batch|block|call|cell|character|class|column|core|day|direction|document|epoch|file|fold"
    "|group|hour|label|line|method|minute|name|number|panel|part|process|request|row|run|second"
    "|shard|split|step|term|text|thread|token|word"
)
# Not meant: "give each column a name", "how many rows a file holds".
NOT_BEFORE = r"(?<!\beach\s)(?<!\bevery\s)"
NOT_AFTER = r"(?!\s+(?:gives|group|had|has|holds|lacks|needs|says)\b)"
X_A_Y = re.compile(
    rf"\b{NOT_BEFORE}(?i:{PLURAL}|{SINGULAR}|(?:{DETERMINER})\s+(?:{VERBS})|{COUNT})"
    rf"\s+an?\s+(?:{UNIT})\b{NOT_AFTER}"
)
# "stands for" and "stand-in" are said of symbols and of substitutes, which is plain English.
STANDS = re.compile(r"(?<![\w-])(?:stands?|stood|standing)\b(?!-|\s+for\b)", re.IGNORECASE)
# A line that is indented deeper than the one before it and opens with "Of".
OPENING_OF = re.compile(r"^( *)\S[^\n]*\n\1 +(Of\b[^\n]*)", re.MULTILINE)
# "Of a packed file the end is looked at": a sentence that opens with what it is about to say.
OF_A = re.compile(r"(?:\A|[.:;]\s+|\n\s*\n\s*)(Of\s+(?:an?|these|those)\s[^\n]*)")


@dataclass(frozen=True)
class Passage:
    """Some prose and the line on which it begins."""

    line: int
    text: str


def find_pattern(source: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of each match in the prose of a file."""
    for passage in _passages(source):
        for match in pattern.finditer(passage.text):
            words = match[match.lastindex or 0]
            start = match.start(match.lastindex or 0)
            yield passage.line + passage.text.count("\n", 0, start), " ".join(words.split())


@cache
def _passages(source: str) -> tuple[Passage, ...]:
    """Return the prose of a file; kept, since every pattern is looked for in the same files."""
    return (*_strings(source), *_comments(source))


def _strings(source: str) -> Iterator[Passage]:
    """Yield every string, docstrings included; values inside an f-string become ``{}``."""
    inside: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            inside.update(node.values)
            yield Passage(node.lineno, "".join(map(_text_of, node.values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield Passage(node.lineno, node.value)


def _text_of(piece: ast.AST) -> str:
    return str(piece.value) if isinstance(piece, ast.Constant) else "{}"


def _comments(source: str) -> Iterator[Passage]:
    """Yield every comment; lines below one another with the same indent are one comment."""
    lines: list[str] = []
    first_line = column = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, own_column = token.start
        if lines and (line, own_column) != (first_line + len(lines), column):
            yield Passage(first_line, "\n".join(lines))
            lines = []
        if not lines:
            first_line, column = line, own_column
        lines.append(token.string.lstrip("# "))
    if lines:
        yield Passage(first_line, "\n".join(lines))
