"""Several labels per text as programs hold them: which forms are read, and what is said of others.

This tests `label_array` too, as tests/models/test_label_types.py does.
"""

import enum

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from assay.data.label_array import label_array
from assay.data.several_arrays import (
    check_lists,
    is_matrix,
    label_lists,
    name_labels,
    own_labels,
    read_matrix,
)
from assay.errors import InputError

LISTS = [["b", "a"], [], ["b"]]
CELLS = [[1, 1], [0, 0], [0, 1]]


class Topic(str, enum.Enum):  # noqa: UP042 - `StrEnum` has another `str`
    """Names of labels as programs have them."""

    A = "a"
    B = "b"


def objects(values):
    """Return an array of objects that NumPy would make a matrix of, or refuse."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def columns_of_lists():
    """Yield the same labels as each library holds them."""
    yield "lists", LISTS
    yield "tuples", [tuple(own) for own in LISTS]
    yield "sets", [set(own) for own in LISTS]
    yield "arrays", [np.array(own, dtype=str) for own in LISTS]
    yield "enumeration", [[Topic(name) for name in own] for own in LISTS]
    yield "objects", objects(LISTS)
    yield "objects of arrays", objects([np.array(own, dtype=object) for own in LISTS])
    yield "pandas", pd.Series(LISTS)
    yield (
        "pandas of arrays",
        pd.Series([np.array(own, dtype=str) for own in LISTS], index=[7, 3, 5]),
    )
    polars = pytest.importorskip("polars")
    yield "polars", polars.Series(LISTS)
    yield "list of polars", list(polars.Series(LISTS))
    pyarrow = pytest.importorskip("pyarrow")
    yield "pyarrow", pyarrow.array(LISTS)
    yield "pyarrow in pieces", pyarrow.chunked_array([LISTS[:1], LISTS[1:]])
    yield "list of pyarrow", list(pyarrow.array(LISTS))
    arrow_type = pd.ArrowDtype(pyarrow.list_(pyarrow.string()))
    yield "pandas of pyarrow", pd.Series(LISTS, dtype=arrow_type)


def test_columns_of_lists_are_read_alike() -> None:
    """Whichever library holds them, and whatever a list is."""
    for name, column in columns_of_lists():
        assert not is_matrix(column), name
        assert check_lists(own_labels(column)), name
        assert [sorted(own) for own in label_lists(column)] == [["a", "b"], [], ["b"]], name


def test_one_label_per_text_is_no_list() -> None:
    """Texts, numbers and their arrays."""
    for labels in (["a", "b"], [1, 2], np.array(["a", "b"]), pd.Series([1.0, 2.0]), [np.str_("a")]):
        assert not check_lists(own_labels(labels))


def matrices():
    """Yield the same matrix as each library holds it, and what its columns are called."""
    cells, frame = np.array(CELLS), pd.DataFrame(CELLS, columns=["x", "y"])
    yield cells, [0, 1]
    yield cells.astype(bool), [0, 1]
    yield cells.astype(float), [0, 1]
    yield cells.astype(object), [0, 1]
    yield scipy.sparse.csr_matrix(cells), [0, 1]
    yield scipy.sparse.coo_array(cells), [0, 1]
    yield pd.DataFrame(CELLS), [0, 1]
    yield frame, ["x", "y"]
    yield frame.astype(bool), ["x", "y"]
    yield frame.astype({"x": "Int64", "y": "boolean"}), ["x", "y"]
    yield frame.astype(pd.SparseDtype(int, 0)), ["x", "y"]
    yield pytest.importorskip("polars").DataFrame(frame.to_dict("list")), ["x", "y"]


def test_matrices_are_read_alike() -> None:
    """Dense, sparse, and frames of which the columns have names."""
    for matrix, expected in matrices():
        assert is_matrix(matrix)
        names, cells = read_matrix(matrix)
        assert (names.tolist(), cells.tolist(), cells.dtype) == (expected, CELLS, np.int64)


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (np.array([[0, 2], [1, 0]]), "holds other values; zeros and ones"),
        (np.array([["a", "b"], ["c", "d"]]), r"other values.*give names as lists: labels.tolist"),
        (pd.DataFrame({"a": [1, None], "b": [0, 1]}), "holds other values"),
        (pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [0, 1]}), "holds other values"),
        (pd.DataFrame({"a": ["x", ""], "b": [0, 1]}), "holds other values"),
        (
            pd.DataFrame({"a": ["x", None], "b": [float("nan"), "x"]}),
            r"other values; .*where 'x' says yes: \(labels == 'x'\).astype\(int\)",
        ),
        (pd.DataFrame({"a": [0, 1]}), r"has 1 column; .*give labels\['a'\]"),
        (pd.DataFrame([[0, 1], [1, 0]], columns=["a", "a"]), "two columns .* are called 'a'"),
        (pd.DataFrame([[0, 1], [1, 0]], columns=["a", 1]), "some columns .* by texts and others"),
        (
            pd.DataFrame([[0, 1]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])),
            "called by values of type tuple; texts are accepted",
        ),
    ],
)
def test_other_matrices_are_refused(matrix, sentence) -> None:
    """One sentence says what is accepted."""
    with pytest.raises(InputError, match=sentence):
        read_matrix(matrix)


def test_names_are_sorted_and_keep_their_kind() -> None:
    """Texts stay texts, numbers numbers; both together are refused, as are bytes."""
    assert name_labels(LISTS).tolist() == ["a", "b"]
    assert name_labels([[10, 2], [3]]).tolist() == [2, 3, 10]
    assert name_labels([[], []]).tolist() == []
    with pytest.raises(InputError, match="some labels are texts and others numbers"):
        name_labels([["a", 1]])
    with pytest.raises(InputError, match="the labels are bytes"):
        name_labels([[b"a"], [b"b"]])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["a", "b"], "the labels are one per text; a list of labels for every text"),
        ([["a"], [{"b": 1}]], "a label of text 1 is itself a dict"),
        ([["a"], [float("nan")]], "a label of text 1 is nan"),
        (pd.Series([["a"], None]), "text 1 has no list of labels, and text 0 has one"),
        ([["a"], ["b\0"]], "a label of text 1 ends with a null character"),
        ([[np.datetime64("2026-01-02")], []], "a label of text 0 is of type datetime64"),
        ([[0, 1], [1, 1]], r"rows of zeros and ones; .*np.array\(labels\)"),
    ],
)
def test_other_lists_are_refused(labels, sentence) -> None:
    """No text is split into letters, and nothing is called nan."""
    with pytest.raises(InputError, match=sentence):
        label_lists(labels)


def test_members_of_an_enumeration_without_a_type_are_told_by_their_values() -> None:
    """Their names as texts would hold the name of the enumeration, too."""
    kind = enum.Enum("Mood", {"GOOD": "joy", "BAD": "sadness"})
    with pytest.raises(InputError, match=r"members of the enumeration Mood; .*label\.value for"):
        label_array(list(kind))
