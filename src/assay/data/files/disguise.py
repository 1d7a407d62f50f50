"""Files that are not what their names say: recognised by how they begin, refused in one sentence.

Read as text, an archive or a web page ends in an error about columns that helps nobody.
"""

from __future__ import annotations

import json
import re
from operator import itemgetter
from pathlib import Path

from assay.data.files.beginnings import is_binary, name_binary
from assay.data.files.decoding import open_bytes
from assay.data.files.delimiters import find_header_delimiter
from assay.data.files.null_bytes import check_end
from assay.data.files.reading import Reading
from assay.data.files.signatures import HEAD_BYTES, Signature, find_signature
from assay.errors import DataError

__all__ = ["check_content", "check_stream", "name_rows"]

TEXT_KINDS = (".csv", ".tsv", ".txt", ".jsonl", ".json")
# "*+" and "(?>...)" give nothing back that they took: else a long file could be tried in every way
# to divide it.
# A line of names, and below it a line of dashes.
MARKDOWN_RULE = re.compile(
    rb"[^|\r\n]*+\|[^\r\n]*+\r?\n\s*+\|?\s*+:?-{3,}+:?\s*+\|[-:| \t]*+[\r\n]"
)
# The line above or under the names of columns on the terminal of a database.
DRAWN_RULE = re.compile(rb"(?:[^\r\n]*+\r?\n)?[ \t]*+\+?-{3}-*+\+[-+]*+[ \t]*+[\r\n]")
# Statements that make or fill a table, perhaps below comments.
SQL_DUMP = re.compile(
    rb"(?>\s|--[^\n]*\n|/\*.*?\*/;?)*+(?:insert\s+into\s+\S+\s*(?:\(|values)|"
    rb"copy\s+\S+\s*(?:\([^()]*\)\s*)?from\s+stdin|"
    rb"(?:create|drop)\s+table\s+(?:if\s+(?:not\s+)?exists\s+)?\S+\s*(?:\(|;))|"
    rb"(?:--\s*\n)?--\s+(?:postgresql\s+database|mysql|mariadb)\s+dump",
    re.IGNORECASE | re.DOTALL,
)
JSON_ARRAY = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*\{\s*\"")

WRITE_AS_TEXT = "save it as CSV UTF-8, or name its encoding with --encoding"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
# How files of other kinds begin, and what these are called.
OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
STARTS = {".xlsx": (b"PK", "a workbook"), ".parquet": (b"PAR1", "Parquet")}


def _is_json_line(head: bytes) -> bool:
    first = head.partition(b"\n")[0].strip()
    if not first.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


JSON_SEQUENCE = re.compile(rb"\x1e\s*[{\[]")
OVER_LINES = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{[ \t]*\r?\n")
OTHER_PREFIX = re.compile(rb"__(?!label__)[a-z]{2,20}__\S")


def _has_record_marks(head: bytes) -> bool:
    """Tell whether records end in a character of their own, and lines nowhere."""
    return b"\x1e" in head and b"\n" not in head and b"\r" not in head


def _repeats_key(head: bytes) -> bool:
    """Tell whether the first object has two values under one name: only one would be read."""
    first = head.partition(b"\n")[0]
    try:
        pairs = json.loads(first, object_pairs_hook=list)
        names = list(map(itemgetter(0), pairs)) if first.lstrip().startswith(b"{") else []
    except (ValueError, RecursionError):
        return False
    return len(set(names)) < len(names)


# The kinds of files that are not read in a form, how it is recognised, what it is, what to do.
FORMS = (
    ((".csv", ".tsv"), _is_json_line, "holds lines of JSON", "call it .jsonl"),
    (
        (".csv", ".tsv", ".jsonl"),
        JSON_ARRAY.match,
        "holds an array of JSON objects",
        "call it .json",
    ),
    (
        (".csv", ".tsv", ".txt"),
        MARKDOWN_RULE.match,
        "is a table of Markdown",
        "paste it into a spreadsheet and save it as .xlsx or .csv",
    ),
    (
        (".csv", ".tsv", ".txt"),
        DRAWN_RULE.match,
        "is a table drawn for a terminal",
        "export it as CSV",
    ),
    (
        (".jsonl", ".json"),
        JSON_SEQUENCE.match,
        "is a sequence of JSON with the character 0x1E before each object",
        "take these away: tr -d '\\036'",
    ),
    (
        (".csv", ".tsv", ".txt"),
        _has_record_marks,
        "ends its records with the character 0x1E",
        "end them with line breaks: tr '\\036' '\\n'",
    ),
    (
        (".jsonl",),
        OVER_LINES.match,
        "holds objects that go over several lines",
        "write one object per line, such as with jq -c .",
    ),
    ((".jsonl",), _repeats_key, "has two values under one name in line 1", "keep one of them"),
    (
        (".txt",),
        OTHER_PREFIX.match,
        "marks its labels with another word than __label__",
        "write __label__ in its place",
    ),
    (TEXT_KINDS, SQL_DUMP.match, "is a dump of a database", "export the table as CSV"),
)


def check_content(path: Path, kind: str, reading: Reading) -> None:
    """Refuse a text file that is something else.

    Parameters
    ----------
    path : Path
    kind : str
        What its suffix says.
    reading : Reading

    Raises
    ------
    DataError
        Says what it is.
    """
    if kind in STARTS:
        _check_start(path, kind)
    if kind not in TEXT_KINDS:
        return
    with open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    if named := name_binary(head) or _name_form(head, kind):
        raise DataError(f"{path.name} {named[0]}", hint=named[1])
    if reading.encoding is None and (found := find_signature(head)) is not None:
        raise _other_encoding(path.name, found)
    check_end(path, head)
    if reading.encoding is None and is_binary(head):
        raise DataError(
            f"{path.name} is no text: it has many control characters", hint=WRITE_AS_TEXT
        )


def check_stream(head: bytes, name: str, reading: Reading) -> None:
    """Refuse lines of a stream that are something else.

    Parameters
    ----------
    head : bytes
        How the stream begins, as far as that has come.
    name : str
        How messages call it.
    reading : Reading

    Raises
    ------
    DataError
        Says what it is.
    """
    if named := name_binary(head):
        raise DataError(
            f"{name} {named[0]}", hint="give it as a file, or unpacked as lines of text"
        )
    if reading.encoding is None and (found := find_signature(head)) is not None:
        raise _other_encoding(name, found)


def name_rows(head: bytes) -> tuple[str, str] | None:
    """Return what a stream of rows looks like, and the suffix of such files; None: lines of text.

    >>> name_rows(b'{"text": "so glad"}'), name_rows(b"id,text,label"), name_rows(b"so, so")
    (('lines of JSON', '.jsonl'), ('a table', '.csv'), None)
    """
    if _is_json_line(head):
        return "lines of JSON", ".jsonl"
    first = head.partition(b"\n")[0].decode("utf-8-sig", "replace")
    delimiter = find_header_delimiter(first.strip())
    if delimiter is None:
        return None
    return "a table", ".tsv" if delimiter == "\t" else ".csv"


def _name_form(head: bytes, kind: str) -> tuple[str, str] | None:
    """Return which form of text a file has that is not read, and what to do; None if none."""
    for kinds, recognises, what, advice in FORMS:
        if kind in kinds and recognises(head):
            return what, advice
    return None


def _check_start(path: Path, kind: str) -> None:
    """Refuse a file that does not begin as its kind does, and say what it is if that is known."""
    start, name = STARTS[kind]
    with open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    if head.startswith(start) and OPEN_DOCUMENT not in head[:100]:
        return
    if OPEN_DOCUMENT in head[:100]:
        raise DataError(
            f"{path.name} is a workbook of OpenDocument (.ods)", hint="save it as .xlsx"
        )
    what, advice = "is empty", "copy or download it again"
    if head:
        what, advice = _tell(head, kind)
    if what:
        raise DataError(f"{path.name} cannot be read as {name}: it {what}", hint=advice)


def _tell(head: bytes, kind: str) -> tuple[str, str]:
    """Return what a file is that is called something else, and what to do; else empty texts."""
    if kind == ".xlsx" and head.startswith(OLD_WORKBOOK):
        return "is encrypted or an old workbook", "save it as .xlsx without a password"
    if named := name_binary(head):
        return named
    if b"\0" in head:
        return "", ""
    return "is text", "call it .csv if it is a table, .jsonl if it is lines of JSON, else .txt"


def _other_encoding(name: str, found: Signature) -> DataError:
    """Return the error about a file in an encoding that it has a sign of."""
    if not found.has_lines:
        return DataError(
            f"{name} {found.sign}, and has no ends of line",
            hint="convert it where it was written to UTF-8 with one record per line",
        )
    flags = [f"--encoding {found.encoding}", *(f"--encoding {one}" for one, _ in found.others)]
    advice = f"try {flags[0]}"
    if found.others:
        readings = [f"{one} ('{shown}')" for one, shown in found.others]
        shown = f"a line of it is '{found.shown}' as {found.encoding}, {', '.join(readings)}"
        return DataError(f"{name} {found.sign}; {shown}", hint=advice, flags=flags)
    if not found.is_certain:
        flags.append("--encoding utf-8")
        advice += "; --encoding utf-8 takes the characters as they are"
    return DataError(
        f"{name} {found.sign}; a line of it is then '{found.shown}'", hint=advice, flags=flags
    )
