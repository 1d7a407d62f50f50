"""A pool has each text once, with its line; its random order depends on seed and text alone."""

import json

import pytest

from assay.errors import DataError, InputError
from assay.review.pool import Pool, read_pool


def test_pool_has_each_text_once_with_its_first_line(tmp_path):
    """Repeats and rows without text are left out and counted; labels are not looked at."""
    path = tmp_path / "pool.csv"
    path.write_text('text,label\none,a\n"two\nlines",\none,b\n ,c\nthree,\n', encoding="utf-8")
    pool = read_pool(path)
    assert pool.texts == ("one", "two\nlines", "three")
    assert pool.lines == (2, 3, 7)
    assert (pool.n_repeats, pool.n_unusable) == (1, 1)


def test_text_that_two_systems_wrote_comes_once(tmp_path):
    """Syllables as macOS decomposes them look the same, and would be labelled twice."""
    path = tmp_path / "pool.txt"
    texts = ["\u1112\u1161\u11ab 번", "한 번", "cafe\u0301", "café", "cafe"]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    pool = read_pool(path)
    assert (pool.texts, pool.lines) == ((texts[0], texts[2], "cafe"), (1, 3, 5))


def test_lines_of_a_text_file_are_texts(tmp_path):
    """A .txt file has one text per line; markup, emoji and Arabic stay as they are."""
    path = tmp_path / "pool.txt"
    texts = ["<b>bold</b>", "😀👩‍👩‍👧", "مرحبا بالعالم", "x" * 100_000]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    assert list(read_pool(path).texts) == texts


@pytest.mark.parametrize("content", ["", "text,label\n", "text,label\n ,a\n"])
def test_pool_without_a_text_is_refused(tmp_path, content):
    """There is nothing to label, and the message says so."""
    path = tmp_path / "pool.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"has no text|is empty"):
        read_pool(path)


def test_missing_pool_is_refused(tmp_path):
    """A folder or a wrong name is no pool."""
    with pytest.raises(InputError, match="no such file"):
        read_pool(tmp_path / "none.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_pool(tmp_path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["x" * 100_001, "b"], "pool.jsonl: 1 row left out; the first, line 1: a text of 100,001"),
        (["b", "", None, ["c"]], "pool.jsonl: 3 rows left out; the first, line 2: blank text"),
        (["b", None], "pool.jsonl: 1 row left out; the first, line 2: no text"),
        (["b", "b", "b"], "pool.jsonl: each text is taken once; 2 rows left out"),
    ],
)
def test_rows_that_are_left_out_are_said(tmp_path, caplog, rows, said):
    """What cannot be shown is never dropped in silence."""
    path = tmp_path / "pool.jsonl"
    path.write_text("".join(json.dumps({"text": one}) + "\n" for one in rows), encoding="utf-8")
    assert read_pool(path).texts == ("b",)
    assert said in caplog.text


def test_larger_pool_keeps_the_random_order():
    """The texts that both pools share are in the same order; another seed has another one."""
    texts = tuple(f"text {i}" for i in range(50))
    small, large = (Pool("p", texts[:n], tuple(range(n))) for n in (20, 50))
    ordered = [small.texts[i] for i in small.random_order(0)]
    assert [large.texts[i] for i in large.random_order(0) if i < 20] == ordered
    assert sorted(ordered) == sorted(texts[:20])
    assert [small.texts[i] for i in small.random_order(1)] != ordered
