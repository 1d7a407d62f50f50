"""Odd files by kind that walks along the contract left behind; see `odd_inputs`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from _support.odd_inputs import Content, Odd

__all__ = ["ODD_WALKS"]

N = 40
LABELS = [("neg", "pos")[i % 2] for i in range(N)]
TEXTS = [f"good word {i}" for i in range(N)]
TWO = "40 texts, 2 labels; columns text, label"
NULLS = "\0" * 99
NEVER_WRITTEN = "null bytes in place of text, as in a part that was never written"


def _rows(form: str = "good word{i},{label}\n", header: str = "text,label\n", n: int = N) -> str:
    return header + "".join(form.format(i=i, label=LABELS[i % N]) for i in range(n))


def _lines(make: Callable[[str, str], object]) -> str:
    return "".join(
        json.dumps(make(text, label)) + "\n" for text, label in zip(TEXTS, LABELS, strict=True)
    )


def _plain(text: str, label: str) -> dict[str, str]:
    return {"text": text, "label": label}


def _file(kind: str, name: str, content: Content, said: str, code: int = 2) -> Odd:
    return Odd(kind, {name: content}, f"explore {name}", said, code)


def _packed(content: str) -> bytes:
    return gzip.compress(content.encode())


PLAIN = _rows()
UNWRITTEN = [
    _file("a packed table that stops", "d.csv.gz", _packed(PLAIN + NULLS), "from line 42 on"),
    _file("a packed list that stops", "d.jsonl.gz", _packed(_lines(_plain) + NULLS), "line 41 on"),
    _file("packed lines that stop", "d.txt.gz", _packed("a;b\nc;d\n" + NULLS + "\n"), "line 3 on"),
    _file("an end of line after nulls", "d.csv", PLAIN + NULLS + "\r\n", "from line 42 on"),
    _file(
        "an end of DOS after nulls", "d.csv", PLAIN + "x,p" + NULLS + "\r\n\x1a", "from line 42 on"
    ),
    _file(
        "a packed array before nulls",
        "d.json.gz",
        _packed(json.dumps([_plain("a", "b")] * 90) + NULLS),
        "null bytes follow",
    ),
    _file("packed null bytes", "d.csv.gz", _packed(NULLS), "d.csv.gz begins with null bytes"),
    _file("a line of nulls", "d.csv", PLAIN + NULLS + "\n" + _rows(n=90, header=""), "never", 0),
    _file("a line of nulls in JSON", "d.jsonl", NULLS + "\n" + _lines(_plain), NEVER_WRITTEN),
    _file("nulls inside a text", "d.csv", PLAIN + f"a{NULLS}b,pos\n", "the first is row 42", 0),
    _file("an end of DOS", "d.csv", PLAIN + "\x1a", TWO, 0),
    _file("an end of DOS after JSON", "d.jsonl", _lines(_plain) + "\x1a", TWO, 0),
    _file("an end of DOS after lines", "d.txt", "a b;x\nc d;y\n\x1a", "2 texts, 2 labels", 0),
]
ROWS = [
    Odd(
        "a label of one row",
        {"d.csv": PLAIN + "x,psoo\n"},
        "train d.csv --method linear --out m",
        "label 'psoo' has one row in train, line 42; at least 2 are accepted. Did you mean 'pos'?",
    ),
]
TAGS = ["B-ORG", "O", "B-MISC"]
WORDS = ["EU", "rejects", "German"]
ENTITY = {"start": 0, "end": 2, "label": "ORG"}
SEEN = {"value": {"start": 0, "end": 2, "text": "EU", "labels": ["ORG"]}, "type": "labels"}
OF_SPANS = "seems to hold labels of spans inside the texts"
COLUMNS = "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\nGerman JJ B-NP B-MISC\n. . O O\n\n"


def _repeated(record: object) -> str:
    return (json.dumps(record) + "\n") * 30


WORD_LABELS = [
    _file("CoNLL", "d.txt", "-DOCSTART- -X- -X- O\n\n" + COLUMNS * 9, "of words, such as 'B-MISC'"),
    _file("words in a table", "d.csv", "word,label\n" + "EU,B-ORG\nis,O\n" * 9, "such as 'B-ORG'"),
    _file("words named text", "d.csv", "text,label\n" + "EU,B-ORG\nis,O\n" * 9, "as a whole", 0),
    _file(
        "tokens and tags",
        "d.jsonl",
        _repeated({"tokens": WORDS, "ner_tags": TAGS}),
        "'ner_tags' seems to hold one label for each word in 'tokens'",
    ),
    _file("texts of tokens", "d.jsonl", _repeated({"text": WORDS, "labels": TAGS}), "each word in"),
    _file(
        "spans of doccano", "d.jsonl", _repeated({"text": "EU", "label": [[0, 2, "X"]]}), OF_SPANS
    ),
    _file("entities", "d.jsonl", _repeated({"text": "EU", "entities": [ENTITY]}), OF_SPANS),
    _file(
        "entities of Prodigy",
        "d.jsonl",
        _repeated({"text": "EU", "spans": [ENTITY], "answer": "accept"}),
        f"'spans' {OF_SPANS}",
    ),
    _file(
        "spans of Label Studio",
        "d.json",
        json.dumps([{"data": {"text": "EU"}, "annotations": [{"result": [SEEN]}]}] * 30),
        f"'annotations' {OF_SPANS}",
    ),
    _file(
        "spans of Label Studio in short",
        "d.json",
        json.dumps([{"text": "EU", "label": [ENTITY]}] * 30),
        f"'label' {OF_SPANS}",
    ),
]
FOOTERS = [
    _file("a note of SQL Server", "d.csv", PLAIN + "\n(40 rows affected)\n", "note of a database", 0),
    _file("a note in Korean", "d.csv", PLAIN + "(40개 행이 영향을 받음)\n", "note of a database", 0),
    _file("a note of Oracle", "d.tsv", _rows("a{i}\t{label}\n", "text\tlabel\n") + "40 rows selected.\n", "note of a", 0),
    _file("a note of MySQL", "d.csv", PLAIN + "Query OK, 40 rows affected\n", "is it a sum or a note?", 0),
    _file("when it was done", "d.csv", PLAIN + "\nCompletion time: 2024-01-01T10:00\n", "note of a", 0),
    _file("numbers of a spreadsheet", "d.csv", _rows("w{i},1.2{i}E+11\n", n=9), "shows of long numbers", 0),
]  # fmt: skip
R_ROWS = '"text" "label"\n' + "".join(f'"{i + 1}" "w{i} b" "{LABELS[i]}"\n' for i in range(N))
SHEETS = _rows('"He said ""w{i}"", ok\nnext",{label}\n')
UKRAINIAN = _rows("сьогодні гарний день їжак {i},{label}\n").encode("koi8-u")
DIALECTS = [
    _file("write.table of R", "d.txt", R_ROWS, TWO, 0),
    _file("write.table of R called .csv", "d.csv", R_ROWS, "' ' separates the columns", 0),
    _file("each text on two lines", "d.csv", SHEETS, TWO, 0),
    _file("each text on two lines, tabs", "d.tsv", SHEETS.replace(",", "\t"), "--quoting minimal"),
    _file("apostrophes around texts", "d.csv", _rows("'a, {i}',{label}\n"), "apostrophes seem to"),
    _file("koi8-u", "d.csv", UKRAINIAN, "koi8-u ('сьогодні гарний день"),
]
PAIRS = list(zip(TEXTS, LABELS, strict=True))


def _task(text: str, **answers: object) -> dict[str, object]:
    """Return a task of Label Studio with an answer to each question."""
    results = []
    for question, value in answers.items():
        results.append({"from_name": question, "value": value})
    return {"data": {"text": text}, "annotations": [{"result": results}]}


def _short(text: str, label: str, i: int) -> dict[str, object]:
    """Return what Label Studio writes in short: one choice as a text, several as an object."""
    chosen: object = label if i % 2 else {"choices": [label, "both"]}
    return {"text": text, "label": chosen, "annotator": 1}


SHORT = [_short(*one, i) for i, one in enumerate(PAIRS)]
FIRST_ARGILLA = [
    {"text": text, "annotation": label, "status": ("Validated", "Discarded")[i % 20 == 0]}
    for i, (text, label) in enumerate(PAIRS)
]
CHOICE = [
    {
        "text": text,
        "accept": [label] * (i > 2),
        "answer": "accept",
        "config": {"choice_style": "single"},
    }
    for i, (text, label) in enumerate(PAIRS)
]
RATED = json.dumps([_task(text, stars={"rating": i % 5 + 1}) for i, (text, _) in enumerate(PAIRS)])
PATHS = json.dumps([_task(text, topic={"taxonomy": [["A", label]]}) for text, label in PAIRS])
ASKED = json.dumps(
    [
        _task(text, sentiment={"choices": [label]}, useful={"choices": ["yes"]})
        for text, label in PAIRS
    ]
)
CELLS = "".join(
    f'{text},"{{""choices"": [""{label}"", ""both""]}}"\n' if i % 2 else f"{text},{label}\n"
    for i, (text, label) in enumerate(PAIRS)
)
HASHED = {f"d/train-0000{i}-of-00002-ab12cd34ef56ab12.csv": PLAIN for i in (0, 1)}
CLOUD = "".join(f"{('TRAIN', 'TEST')[i % 2]},good {i} day,{'xyy'[i % 3]}\n" for i in range(N))
TOOLS = [
    _file("ratings of Label Studio", "d.json", RATED, "40 texts, 5 labels; columns text, label", 0),
    _file("paths of Label Studio", "d.json", PATHS, "A / pos", 0),
    _file("two questions", "d.json", ASKED, "40 texts, 2 labels; columns text, sentiment", 0),
    _file("one choice or several", "d.json", json.dumps(SHORT), "40 texts, 3 labels", 0),
    _file("one choice or several, in cells", "d.csv", "text,label\n" + CELLS, "40 texts, 3 la", 0),
    _file("annotations of Argilla 1", "d.json", json.dumps(FIRST_ARGILLA), "38 texts, 2 labels", 0),
    _file("nothing chosen in Prodigy", "d.json", json.dumps(CHOICE), "37 texts, 2 labels", 0),
    _file("fastText with tabs", "d.txt", "".join(f"__label__{b}\t{a}\n" for a, b in PAIRS), TWO, 0),
    Odd("shards with a hash", HASHED, "explore d", "80 texts, 2 labels", 0),
    _file(
        "splits, and short texts", "d.csv", CLOUD, "--no-header --text-column 2 --label-column 3"
    ),
    _file(
        "a holdout",
        "d.csv",
        _rows("w{i},{label},train\nv{i},{label},holdout\n", "text,label,split\n"),
        "(train 40, test 40)",
        0,
    ),
]
WRITTEN = [
    _file(
        "hyphens in labels", "d.csv", _rows("a{i},e-mail\nb{i},email\n"), "'email' (40 texts) is", 0
    ),
    _file("underscores", "d.csv", _rows("a{i},my box\nb{i},my_box\n"), "is probably 'my", 0),
    _file(
        "how an emoji is drawn",
        "d.csv",
        _rows("a{i},\u2764\nb{i},\u2764\ufe0f\n"),
        "is probably",
        0,
    ),
    _file(
        "truth in two forms", "d.csv", _rows("a{i},1\nb{i},TRUE\n"), "'TRUE' (40 texts) is prob", 0
    ),
    _file("shares of a hundred", "d.csv", _rows("a{i},{i}%\n"), "these are measurements"),
]
ODD_WALKS = [*TOOLS, *WRITTEN, *DIALECTS, *WORD_LABELS, *FOOTERS, *UNWRITTEN, *ROWS]
