"""Tables fit the terminal, JSON is JSON, no text drives the terminal."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from assay.cli import show


@pytest.fixture
def stdout(monkeypatch):
    """Put a stream of a given encoding in the place of stdout; return what was written."""

    def put(encoding="utf-8"):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
        monkeypatch.setattr(sys, "stdout", stream)

        def written():
            stream.flush()
            return stream.buffer.getvalue().decode(encoding)

        return written

    return put


TABLES = {
    "short": [{"a": "1", "label": "joy", "text": "fine"}],
    "long texts": [{"line": 7, "label": "joy", "text": "word " * 500, "last": "0.50"}],
    "korean": [
        {
            "이름": "경제와 사회 그리고 문화",
            "값": "0.1234",
            "글": "오늘 정말 행복해요 " * 20,
            "끝": "END",
        }
    ],
    "long labels": [{f"a very long label name {i}": "0.12" for i in range(6)}],
    "leaderboard": [
        {
            "": "→",
            "method": "finetune",
            "validation": "0.123",
            "test": "0.123",
            "95 % interval": "0.1–0.2",
            "F1": "0.123",
            "fit s": "12345.6",
            "MB": "12345.6",
        }
    ],
    "eleven columns": [{f"column {i}": "0.12" for i in range(11)}],
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("elastic", [(), ("text", "글")])
def test_table_keeps_every_column_within_80(stdout, monkeypatch, name, elastic):
    """A row is a line of at most 80 cells, and each cell is there: whole, or cut with an ellipsis."""
    monkeypatch.setenv("COLUMNS", "80")
    rows = TABLES[name]
    written = stdout()
    show.print_table(rows * 2, elastic=elastic)
    lines = written().splitlines()
    assert len(lines) == 5  # headings, rule, two rows, a blank line
    assert max(map(cell_len, lines)) <= 80
    for line, cells in ((lines[0], rows[0]), (lines[2], rows[0].values())):
        found = [cell for cell in line.split("  ") if cell.strip()]
        assert len(found) >= len([cell for cell in cells if str(cell)])
    values = list(rows[0].values())
    assert lines[2].rstrip().endswith((str(values[-1])[-4:], "…"))


def test_table_cuts_elastic_columns_first(stdout, monkeypatch):
    """Numbers and names stay whole while a text can give way."""
    monkeypatch.setenv("COLUMNS", "80")
    written = stdout()
    show.print_table(
        [{"label": "x" * 40, "score": "0.123456", "text": "y" * 100}], elastic=("text",)
    )
    assert "x" * 40 in written()
    assert "0.123456" in written()
    assert "y…" in written()


@given(
    natural=st.lists(st.integers(0, 300), min_size=1, max_size=20),
    limit=st.integers(20, 200),
    data=st.data(),
)
def test_widths_fit_whenever_they_can(natural, limit, data):
    """Widths sum to the limit at most unless all are at their least; none grows, none falls below the least."""
    is_elastic = data.draw(st.lists(st.booleans(), min_size=len(natural), max_size=len(natural)))
    widths = show._fit(natural, is_elastic, limit=limit)
    assert all(width <= before for width, before in zip(widths, natural, strict=True))
    assert all(
        width >= min(before, show.MIN_WIDTH) for width, before in zip(widths, natural, strict=True)
    )
    if sum(widths) > limit:
        assert all(width <= show.MIN_WIDTH for width in widths)
    if sum(natural) <= limit:
        assert widths == natural


def test_rows_may_lack_cells(stdout):
    """The first row says which columns there are; what another lacks is blank."""
    written = stdout()
    show.print_table([{"a": 1, "b": 2}, {"b": 3}])
    assert [line.split() for line in written().splitlines()[2:4]] == [["1", "2"], ["3"]]


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\rb", "a\x07b", "a\u202eb", "a\x9bb", "a\u2028b"])
def test_no_text_can_drive_the_terminal(stdout, text):
    """Escape sequences, carriage returns and direction marks come out as what they are."""
    written = stdout()
    show.print_line(text)
    show.print_table([{text: text, "b": 1}])
    assert not set(written()) & set("\x1b\r\x07\u202e\x9b\u2028")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp949", "cp1252"])
def test_json_survives_every_terminal_encoding(stdout, encoding):
    """What stdout cannot hold is escaped: the object is the same, emoji and lone surrogates included."""
    content = {"라벨": ["기쁨", "😀", "a\ud800b", "é"]}
    written = stdout(encoding)
    show.print_json(content)
    assert json.loads(written()) == content
    assert written().count("\n") == 1
    assert ("기쁨" in written()) == (encoding == "utf-8")


def test_lines_survive_a_narrow_encoding(stdout):
    """A table of Korean labels on an ASCII terminal is ugly, and no crash."""
    written = stdout("ascii")
    show.print_table([{"label": "기쁨", "n": 1}])
    show.print_line("→ 기쁨")
    assert "\\uae30" in written()


def test_words_with_joiners_are_shown_as_they_are():
    """Persian verbs and emoji families need them; marks of direction stay visible."""
    assert show.printable("می\u200cکند 👨‍👩‍👧") == "می\u200cکند 👨‍👩‍👧"
    assert show.printable("\u200fسلام") == "\\u200fسلام"
