"""Several labels per text: every way in which they are written, and what is refused.

This tests `several_texts` too.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from assay import load_data
from assay.data.reading import describe_reading
from assay.data.several_texts import SeveralLabelledTexts
from assay.data.split import cut_missing
from assay.data.texts import LabelledTexts
from assay.errors import DataError, InputError
from assay.models import Linear

EXPECTED = (("fun", "rude"), (), ("rude",))


def write(path: Path, content: str) -> Path:
    """Write a file and return its path."""
    path.write_text(content, encoding="utf-8")
    return path


def json_lines(*labels: object) -> str:
    """Return JSON Lines with these labels."""
    rows = [json.dumps({"text": f"text {i}", "labels": own}) for i, own in enumerate(labels)]
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.jsonl", json_lines(["rude", "fun"], [], ["rude"]), {}),
        ("a.csv", "text,label\na,\"['rude', 'fun']\"\nb,[]\nc,['rude']\n", {}),
        ("a.csv", "text,label\na,rude|fun\nb,\nc,rude\n", {"label_separator": "|"}),
        ("a.csv", "text,label\na,rude | fun\nb, \nc,rude |\n", {"label_separator": "|"}),
        ("a.csv", "id,text,rude,fun\n1,a,1,1\n2,b,0,0\n3,c,1,0\n", {}),
        ("a.csv", "text,label\na,\"{'rude', 'fun'}\"\nb,set()\nc,{'rude'}\n", {}),
        ("a.csv", "text,label\na,['rude' 'fun']\nb,[]\nc,['rude']\n", {}),
        ("a.csv", 'text,label\na,"[rude, fun]"\nb,[]\nc,[rude]\n', {"label_separator": ","}),
        ("a.csv", "text,rude,fun\na,x,X\nb,,\nc,x,\n", {}),
        ("a.csv", "text,rude,fun\na,예,네\nb,아니오,아니요\nc,예,아니오\n", {}),
        ("a.csv", "text,rude,fun\na,Y,yes\nb,N,no\nc,y,n\n", {}),
        ("a.csv", "text,rude,fun\na,TRUE,true\nb,false,False\nc,true,false\n", {}),
        (
            "a.csv",
            "text,label,rude,fun\na,q,1,1\nb,q,0,0\nc,r,1,0\n",
            {"label_columns": ["rude", "fun"]},
        ),
    ],
)
def test_several_labels_are_read_however_they_are_written(
    tmp_path: Path, name: str, content: str, options: dict[str, object]
) -> None:
    """Lists, list cells, a separator, and one column per label give the same data."""
    splits = load_data(write(tmp_path / name, content), **options)  # type: ignore[arg-type]
    assert splits.label_set.task == "multi"
    assert list(splits.label_set) == ["fun", "rude"]
    assert splits["all"].labels == EXPECTED
    assert splits["all"].counts() == {"fun": 1, "rude": 2}


def test_fasttext_lines_may_have_several_labels(tmp_path: Path) -> None:
    """Several marks before a text are several labels."""
    path = write(tmp_path / "a.txt", "__label__rude __label__fun ha\n__label__rude oh\n")
    assert load_data(path)["all"].labels == (("fun", "rude"), ("rude",))


def test_first_fasttext_line_may_have_no_label(tmp_path: Path) -> None:
    """A file is known by most of its first lines."""
    path = write(tmp_path / "a.txt", "so; ha\n__label__rude __label__fun ha\n__label__rude oh\n")
    assert load_data(path)["all"].labels == ((), ("fun", "rude"), ("rude",))


def test_empty_cells_beside_zeros_are_told(tmp_path: Path, caplog) -> None:
    """They count as no, which a person has to know; where nothing else says no, they do."""
    path = write(tmp_path / "a.csv", "text,rude,fun\na,1,1\nb,,0\nc,0,nan\nd,1,\n")
    assert load_data(path)["all"].labels == (("fun", "rude"), (), (), ("rude",))
    assert "3 cells of label columns (rude, fun) are empty, first in line 3" in caplog.text
    caplog.clear()
    load_data(write(tmp_path / "b.csv", "text,rude,fun\na,x,\nb,,x\n"))
    assert "empty" not in caplog.text


@pytest.mark.parametrize(
    "labels",
    [
        [["rude", "fun"], [], ["rude"]],
        pd.DataFrame({"fun": [1, 0, 0], "rude": [1, 0, 1]}),
        pd.Series([["fun", "rude"], [], ["rude"]]),
    ],
)
def test_python_objects_hold_several_labels(labels: object) -> None:
    """Lists of lists, and frames of zeros and ones whose columns are the names."""
    splits = load_data((["a", "b", "c"], labels))
    assert (splits.label_set.task, splits["all"].labels) == ("multi", EXPECTED)


@pytest.mark.parametrize("make", [np.array, scipy.sparse.csr_matrix])
def test_indicator_matrices_have_numbers_as_names(make: type) -> None:
    """Dense or sparse; the columns are called by their numbers."""
    splits = load_data((["a", "b"], make([[1, 1], [0, 1]])))
    assert splits["all"].labels == (("0", "1"), ("1",))


@pytest.mark.parametrize("make", [np.array, scipy.sparse.csr_matrix])
def test_given_names_are_those_of_the_columns(make: type) -> None:
    """In the order of the columns, as scikit-learn's binarizer has them; as many as columns."""
    matrix = make([[1, 1, 0], [0, 1, 1]])
    names = np.array(["rude", "funny", "spam"])
    splits = load_data({"train": (["a", "b"], matrix)}, labels=names)
    assert splits.label_set.names == ("rude", "funny", "spam")
    assert splits["train"].labels == (("funny", "rude"), ("funny", "spam"))
    with pytest.raises(DataError, match=r"labels holds 2 names, and .* has 3 columns"):
        load_data((["a", "b"], matrix), labels=["rude", "funny"])


def test_matrix_with_other_values_is_refused() -> None:
    """The sentence names the value."""
    with pytest.raises(DataError, match="holds 2; zeros and ones are accepted"):
        load_data((["a", "b"], np.array([[1, 2], [0, 1]])))


def test_lists_of_one_label_are_a_set_with_one_label_per_text() -> None:
    """As before: the task is single, unless a text has several."""
    splits = load_data((["a", "b"], [["x"], ["y"]]))
    assert splits.label_set.task == "single"
    assert type(splits["all"]) is LabelledTexts
    assert splits["all"].labels == ("x", "y")


def test_single_label_takes_lists_as_they_are() -> None:
    """`--single-label` makes one label of a list."""
    splits = load_data((["a", "b"], [["x", "y"], ["y"]]), single_label=True)
    assert splits["all"].labels == ('["x", "y"]', "y")


def test_names_among_lists_are_rows_that_cannot_be_used(tmp_path: Path) -> None:
    """A column that is partly lists and partly names is refused with a sentence."""
    path = write(tmp_path / "a.jsonl", json_lines(["a", "b"], "a", ["b"], ["a"]))
    with pytest.raises(DataError, match="line 2: one label where the others have a list"):
        load_data(path)


def test_unknown_labels_are_not_the_same_as_none(tmp_path: Path) -> None:
    """Null leaves the text without a known answer; an empty list says that no label fits."""
    splits = load_data(write(tmp_path / "a.jsonl", json_lines(["a", "b"], None, [])))
    assert splits["all"].labels == (("a", "b"), ())
    assert splits.pool == ("text 1",)


def test_lists_of_at_most_one_label_are_several_if_one_is_empty(tmp_path: Path, caplog) -> None:
    """An empty list is an answer, said once; `--single-label` leaves it out."""
    path = write(tmp_path / "a.jsonl", json_lines(["a"], [], ["b"]))
    assert load_data(path)["all"].labels == (("a",), (), ("b",))
    assert "empty lists of labels (1) are read as texts that no label fits" in caplog.text
    assert load_data(path, single_label=True)["all"].labels == ("a", "b")
    assert load_data((["x", "y"], [["a"], []]))["all"].labels == (("a",), ())


def test_empty_lists_of_tools_are_texts_without_an_answer(tmp_path: Path, caplog) -> None:
    """Doccano writes them for texts that nobody has labelled; so it is said."""
    rows = [{"id": i, "text": f"t{i}", "label": own} for i, own in enumerate((["a"], [], ["b"]))]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert load_data(path)["all"].labels == ("a", "b")
    assert "empty lists of labels (1) count as texts that are not labelled yet" in caplog.text
    assert load_data(path, label_separator=";")["all"].labels == (("a",), (), ("b",))


def test_splits_whose_lists_are_all_empty_decide_nothing() -> None:
    """A test split without labels leaves a train split with one label per text as it is."""
    train, test = (
        pd.DataFrame({"text": ["x", "y"], "label": [["a"], ["b"]]}),
        pd.DataFrame({"text": ["z"], "label": [[]]}),
    )
    assert load_data({"train": train, "test": test}).label_set.task == "single"


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (([], []), "no text of .* has any label: all 2 lists of labels are empty"),
        ((["a", "b"], [["a"], ["b"]]), "line 2: a label is itself a list"),
        ((["a", "b"], ["a", None]), "line 2: a list of labels holds null"),
    ],
)
def test_lists_that_say_nothing_are_refused(tmp_path: Path, labels, sentence: str) -> None:
    """Lists without any label, in lists, and with null among names."""
    with pytest.raises(DataError, match=sentence):
        load_data(write(tmp_path / "a.jsonl", json_lines(*labels)))


def test_null_alone_in_a_list_is_an_unknown_label(tmp_path: Path) -> None:
    """As null in place of the list; a blank name is left out of its list, and counted."""
    path = write(tmp_path / "a.jsonl", json_lines(*[["a", "b"]] * 5, [None], ["", "a"]))
    splits = load_data(path)
    assert (splits.pool, splits["all"].labels[-1]) == (("text 5",), ("a",))
    assert describe_reading(splits) == [
        "1 row was mended: a blank label in a list; the first is row 7 of the data."
    ]


def test_other_values_in_an_indicator_column_are_refused(tmp_path: Path) -> None:
    """The sentence names line, column and value."""
    path = write(tmp_path / "a.csv", "text,rude,fun\na,1,1\nb,maybe,0\n")
    message = (
        "line 3: column 'rude' holds 'maybe'; 0 or 1, true or false, yes or no, y or n, "
        "예 or 아니오, 是 or 否, ✓ or nothing, x or nothing is accepted"
    )
    with pytest.raises(DataError, match=message):
        load_data(path, label_columns=["rude", "fun"])


def test_missing_label_column_is_named(tmp_path: Path) -> None:
    """With the name that was probably meant."""
    path = write(tmp_path / "a.csv", "text,rude,fun\na,1,1\nb,0,0\n")
    with pytest.raises(DataError, match=r"'rudee' of label_columns.*Did you mean 'rude'"):
        load_data(path, label_columns=["rudee", "fun"])


def test_separator_inside_a_label_is_refused(tmp_path: Path) -> None:
    """Given names show that the separator is part of one."""
    write(tmp_path / "labels.txt", "a\nb;c\n")
    path = write(tmp_path / "a.csv", "text,label\nx,a\ny,a\n")
    with pytest.raises(DataError, match="';' is part of the label 'b;c'"):
        load_data(path, label_separator=";")


def test_ways_to_write_labels_exclude_each_other(tmp_path: Path) -> None:
    """Two flags that contradict each other are refused."""
    path = write(tmp_path / "a.csv", "text,label\nx,a\ny,a\n")
    with pytest.raises(InputError, match="single_label=True and label_separator are given"):
        load_data(path, single_label=True, label_separator=";")


def test_joined_cells_say_how_they_are_taken_apart(tmp_path: Path) -> None:
    """The hint names the flag with the separator that was found."""
    cells = ["joy", "fear", "joy;fear", "anger;joy", "fear;anger"]
    path = write(tmp_path / "a.csv", "text,label\n" + "".join(f"t{c},{c}\n" for c in cells))
    with pytest.raises(DataError) as caught:
        load_data(path)
    assert "--label-separator ';'" in caught.value.hint
    assert len(load_data(path, label_separator=";").label_set) == 3


def test_order_and_repeats_of_labels_change_nothing() -> None:
    """The same labels in another order are the same data, by fingerprint."""
    first = load_data((["a", "b"], [["x", "y"], ["z"]]))
    second = load_data((["a", "b"], [["y", "x", "y"], ["z"]]))
    assert first["all"].sha256() == second["all"].sha256()


def test_spellings_are_merged_inside_sets() -> None:
    """Two spellings in one text become one label."""
    labels = [["Joy", "joy"], ["joy", "fear"], ["fear"]]
    splits = load_data((["a", "b", "c"], labels), merge_labels=True)
    assert splits["all"].labels == (("joy",), ("fear", "joy"), ("fear",))


def test_taken_and_shown_rows_stay_several() -> None:
    """Parts of a split are of the same kind, and people read the labels joined."""
    texts = SeveralLabelledTexts(("a", "b"), (("x", "y"), ()))
    part = texts.take([0])
    assert isinstance(part, SeveralLabelledTexts)
    assert part.shown_label(0) == "x, y"
    assert "2 labels" in repr(texts)


def test_exported_frame_is_read_back():
    """What `to_pandas` wrote has the same texts and labels, one text without any included."""
    splits = load_data((["x", "y", "z"], [["b", "a"], [], ["b"]]))
    again = load_data(splits.to_pandas())
    assert again.label_set == splits.label_set
    assert [one.labels for one in again.parts.values()] == [(("a", "b"), (), ("b",))]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.ones((3, 1), dtype=int), "has 1 column; at least 2 are accepted"),
        (np.ones((3, 2, 2), dtype=int), "have 3 dimensions; a matrix with one row per text"),
    ],
)
def test_matrix_of_another_shape_is_refused(labels, sentence) -> None:
    """A single column is one label per text, and more dimensions mean nothing."""
    with pytest.raises(DataError, match=sentence):
        load_data((["a", "b", "c"], labels))


def test_halves_of_a_label_are_noticed(tmp_path: Path, caplog) -> None:
    """A separator that a label holds leaves two labels that no text has apart."""
    rows = [f'"Home, Garden",t{i}' for i in range(6)] + [f"Books,b{i}" for i in range(6)]
    path = write(tmp_path / "a.csv", "label,text\n" + "\n".join(rows) + "\n")
    load_data(path, label_separator=",", label_column="label", text_column="text")
    assert "'Garden' and 'Home' occur only together, in 6 texts" in caplog.text
    caplog.clear()
    path.write_text(path.read_text() + "Home,h\n")
    load_data(path, label_separator=",", label_column="label", text_column="text")
    assert "only together" not in caplog.text


def test_labels_that_are_all_rare_are_said_to_be(tmp_path: Path) -> None:
    """No validation can be cut where nearly every text has a label of its own."""
    texts = [f"text {i}" for i in range(60)]
    splits = load_data(
        (texts, [[f"own {i}", "common"] if i % 2 else [f"own {i}"] for i in range(60)])
    )
    with pytest.raises(DataError, match=r"60 of the 61 labels of .* have fewer than 4 texts"):
        cut_missing(splits, seed=0)


def test_separator_of_other_data_hides_no_columns(tmp_path: Path) -> None:
    """A model that was trained on joined cells is scored on a table with one column per label."""
    path = write(tmp_path / "a.csv", "text,rude,fun\na,1,0\nb,1,1\nc,0,1\n")
    splits = load_data(path, label_separator="|")
    assert splits["all"].labels == (("rude",), ("fun", "rude"), ("fun",))
    joined = write(tmp_path / "b.csv", "text,label\na,rude\nb,rude|fun\nc,fun\n")
    assert load_data(joined, label_separator="|")["all"].labels == splits["all"].labels


def test_columns_without_any_one_are_named(tmp_path: Path, caplog) -> None:
    """They are no labels, which the report says too."""
    path = write(tmp_path / "a.csv", "text,rude,fun,never\na,1,0,0\nb,1,1,0\nc,0,1,0\n")
    splits = load_data(path)
    assert (splits.empty_columns, list(splits.label_set)) == (("never",), ["fun", "rude"])
    assert "1 column has no 1, and is no label: never" in caplog.text
    assert "never" in describe_reading(splits)[0]


@pytest.mark.parametrize("labels", [["[1, 0, 0]", "[0, 1, 1]"], ["[true, false]", "[false, true]"]])
def test_rows_of_zeros_and_ones_are_no_names(tmp_path: Path, labels) -> None:
    """Each text would have the labels 0 and 1."""
    rows = [f'{{"text": "text {i}", "label": {labels[i % 2]}}}\n' for i in range(20)]
    path = write(tmp_path / "a.jsonl", "".join(rows))
    with pytest.raises(DataError, match="rows of zeros and ones, which do not say what"):
        load_data(path)
    lists = [[1, 0, 0], [0, 1, 1]] * 10
    with pytest.raises(DataError, match="rows of zeros and ones"):
        load_data(([f"text {i}" for i in range(20)], lists))
    with pytest.raises(InputError, match=r"rows of zeros and ones.*np\.array\(labels\)"):
        Linear().fit([f"text {i}" for i in range(20)], lists)


@pytest.mark.parametrize("odd", ["null", "[]", '""'])
def test_rows_without_a_label_make_no_names_of_a_matrix(tmp_path: Path, odd) -> None:
    """One row that is not labelled says nothing of the others, and nor does a split that has no labels."""
    lists = ["[1, 0, 0]", "[0, 1, 1]"] * 10
    for part, own in {"train": [*lists, odd], "validation": lists[:1], "test": [odd] * 5}.items():
        rows = [f'{{"text": "{part} {i}", "label": {one}}}\n' for i, one in enumerate(own)]
        write(tmp_path / f"{part}.jsonl", "".join(rows))
    with pytest.raises(DataError, match="rows of zeros and ones, which do not say what"):
        load_data(tmp_path / "train.jsonl")
    with pytest.raises(DataError, match="rows of zeros and ones, which do not say what"):
        load_data(tmp_path)


def test_lists_of_the_names_0_and_1_are_lists_of_names() -> None:
    """Where some text has one of them alone."""
    lists = [["0"], ["0", "1"], ["1"], ["1"]] * 5
    splits = load_data(([f"text {i}" for i in range(20)], lists))
    assert splits["all"].labels[:2] == (("0",), ("0", "1"))
