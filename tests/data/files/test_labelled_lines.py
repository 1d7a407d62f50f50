"""Lines of text with their labels: behind a delimiter, or first, in a form of their own."""

from __future__ import annotations

import io

import pytest

from assay.data.files.labelled_lines import find_line_form, labelled_line_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.load import load_data
from assay.errors import InputError

FORMS = {
    "delimiter": ("so glad; really;joy\nso sad;fear\n", "so glad; really;x\nso sad;fear\n"),
    "fastText": (
        "__label__joy so  glad\n__label__fear a\n",
        "__label__x so  glad\n__label__fear a\n",
    ),
    "TREC": ("DESC:manner How so ?\nHUM:ind Who ?\n", "x How so ?\nHUM:ind Who ?\n"),
    "trees": (
        "(3 (2 so) (4 glad))\n(0 (2 so) (1 sad))\n",
        "(x (2 so) (4 glad))\n(0 (2 so) (1 sad))\n",
    ),
}
READ = {
    "delimiter": (("so glad; really", "so sad"), ("joy", "fear")),
    "fastText": (("so  glad", "a"), ("joy", "fear")),
    "TREC": (("How so ?", "Who ?"), ("DESC:manner", "HUM:ind")),
    "trees": (("so glad", "so sad"), ("3", "0")),
}


@pytest.mark.parametrize("form", FORMS)
def test_form_is_read_and_written_again(tmp_path, form):
    """Everything but the label of the first row stays as it was."""
    before, after = FORMS[form]
    path, out = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text(before, encoding="utf-8")
    splits = load_data(path)
    assert (splits["all"].texts, splits["all"].labels) == READ[form]
    write_relabelled(path, out, {1: {"label": "x"}}, reading=Reading())
    assert out.read_text(encoding="utf-8") == after


def test_line_of_another_form_is_a_bad_row(tmp_path):
    """A line that is no tree among trees, or no question; a blank line is a blank text."""
    path = tmp_path / "a.txt"
    trees = [f"({i % 2} (2 so) (4 glad{i}))" for i in range(200)]
    path.write_text("\n".join([*trees, "(oops", ""]), encoding="utf-8")
    splits = load_data(path)
    assert len(splits["all"]) == 200
    assert [row.reason for row in splits.dropped] == ["no record of a treebank"]


def test_label_of_fasttext_holds_no_white_space(tmp_path):
    """It would end there."""
    path = tmp_path / "a.txt"
    path.write_text(FORMS["fastText"][0], encoding="utf-8")
    with pytest.raises(InputError, match="'so glad' holds white space, which ends a label"):
        write_relabelled(path, tmp_path / "b", {1: {"label": "so glad"}}, reading=Reading())


@pytest.mark.parametrize("separator", [":", "-"])
def test_lines_that_only_look_marked_are_labelled_lines(tmp_path, separator):
    """A colon in the first word is no label where another line has none."""
    path = tmp_path / "a.txt"
    path.write_text(f"RE{separator}joy so glad;joy\nso sad;fear\n", encoding="utf-8")
    assert load_data(path)["all"].labels == ("joy", "fear")


def test_lines_with_equal_tabs_are_a_table(tmp_path):
    """The message says that the first line is a row, unless it names the columns."""
    path = tmp_path / "a.txt"
    rows = "".join(f"{('ham', 'spam')[i % 2]}\tsee you at number {i}\n" for i in range(20))
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(InputError, match="the first line seems to be a row") as caught:
        load_data(path)
    assert caught.value.flags == ("--no-header --text-column 2 --label-column 1",)
    splits = load_data(path, header=False, text_column="2", label_column="1")
    assert splits["all"].labels[:2] == ("ham", "spam")
    path.write_text(f"kind\tmessage\n{rows}", encoding="utf-8")
    assert load_data(path, label_column="kind")["all"].texts[0] == "see you at number 0"
    assert load_data(path, delimiter="tab", label_column="text", text_column="label")  # as before


def test_labels_of_fasttext_end_at_any_white_space():
    """A tab is kept where a label is written anew."""
    stream = io.StringIO("__label__a\tso glad\n__label__b  so sad\n")
    rows = list(labelled_line_rows(stream, "utf-8", delimiter=";"))
    assert [row.values for row in rows] == [
        {"text": "so glad", "label": ["a"]},
        {"text": "so sad", "label": ["b"]},
    ]
    form = find_line_form(io.StringIO("__label__a\tso glad\n"), "utf-8")
    assert form is not None
    assert form.relabel("__label__a\tso glad", "b") == "__label__b\tso glad"
    assert form.relabel("__label__a __label__c so sad", "b") == "__label__b so sad"
