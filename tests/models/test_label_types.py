"""Labels and texts of every kind of column: NumPy, pandas, pyarrow, polars where it is installed.

So label_array is tested here.
"""

import datetime
import decimal
import enum
import importlib.util
from functools import partial

import numpy as np
import pandas as pd
import pytest

from assay import load_data
from assay._optional import require
from assay.errors import DataError, InputError
from assay.models import Linear

N_PAIRS = 20
TEXTS = [f"{words} {i}" for i in range(N_PAIRS) for words in ("apple pear", "car lane")]
NAMES, NUMBERS = ["a", "b"] * N_PAIRS, [0, 1] * N_PAIRS


def numpy_columns():
    """Yield name, column, and the labels that it stands for."""
    yield "str", np.array(NAMES), ("a", "b")
    yield "object", np.array(NAMES, dtype=object), ("a", "b")
    yield "StringDType", np.array(NAMES, dtype=np.dtypes.StringDType()), ("a", "b")
    kinds = (np.int8, np.uint16, np.int64, np.float16, np.float32, np.float64, np.longdouble)
    for kind in (*kinds, object):
        yield f"numbers of {kind.__name__}", np.array(NUMBERS, dtype=kind), ("0", "1")
    yield "bool", np.array(NUMBERS, dtype=bool), ("False", "True")


def pandas_columns():
    """Yield name, column, and the labels that it stands for."""
    for kind in ("object", "str", "string", "string[pyarrow]", "category"):
        yield f"pandas {kind}", pd.Series(NAMES, dtype=kind), ("a", "b")
    for kind in ("int8", "Int64", "UInt8", "Float64", "int64[pyarrow]"):
        yield f"pandas {kind}", pd.Series(NUMBERS, dtype=kind), ("0", "1")
    yield "pandas boolean", pd.Series(NUMBERS).astype("boolean"), ("False", "True")
    yield "pandas index", pd.Index(NAMES), ("a", "b")
    yield "pandas ordered", pd.Series(pd.Categorical(NAMES, ["b", "a"], ordered=True)), ("a", "b")


def arrow_columns():
    """Yield name, column, and the labels that it stands for."""
    arrow = require("pyarrow")
    yield "arrow", arrow.array(NAMES), ("a", "b")
    yield "arrow chunks", arrow.chunked_array([NAMES[:4], NAMES[4:]]), ("a", "b")
    yield "arrow dictionary", arrow.array(NAMES).dictionary_encode(), ("a", "b")
    yield "arrow large", arrow.array(NAMES, arrow.large_string()), ("a", "b")
    yield "arrow view", arrow.array(NAMES, arrow.string_view()), ("a", "b")
    yield "arrow numbers", arrow.array(NUMBERS), ("0", "1")


def polars_columns():
    """Yield name, column, and the labels that it stands for."""
    if importlib.util.find_spec("polars") is None:
        return
    polars = importlib.import_module("polars")
    yield "polars", polars.Series(NAMES), ("a", "b")
    yield "polars categorical", polars.Series(NAMES, dtype=polars.Categorical), ("a", "b")
    yield "polars enum", polars.Series(NAMES, dtype=polars.Enum(["a", "b"])), ("a", "b")
    yield "polars numbers", polars.Series(NUMBERS, dtype=polars.UInt8), ("0", "1")


COLUMNS = [*numpy_columns(), *pandas_columns(), *arrow_columns(), *polars_columns()]


@pytest.mark.parametrize(
    ("column", "names"), [one[1:] for one in COLUMNS], ids=[one[0] for one in COLUMNS]
)
def test_labels_of_every_kind_are_taken(column, names):
    """An estimator predicts them, and data of them have the same names as a list has."""
    predicted = Linear().fit(TEXTS, column).predict(TEXTS[:2])
    assert len(set(predicted.tolist())) == 2
    assert predicted.tolist() == np.asarray(column).tolist()[:2]
    assert load_data((TEXTS, column)).label_set.names == names


@pytest.mark.parametrize(
    "column",
    [one[1] for one in COLUMNS if one[2] == ("a", "b")],
    ids=[one[0] for one in COLUMNS if one[2] == ("a", "b")],
)
def test_texts_of_every_kind_are_taken(column):
    """A column of texts is a sequence of texts, whichever library holds it."""
    model = Linear().fit(TEXTS, NUMBERS)
    np.testing.assert_array_equal(model.predict_proba(column), model.predict_proba(NAMES))


@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_columns_of_lists_are_several_labels(library):
    """Whichever library holds the lists."""
    lists = [["a"], ["a", "b"]] * N_PAIRS
    module = pytest.importorskip(library)
    column = module.array(lists) if library == "pyarrow" else module.Series(lists)
    data = load_data((TEXTS, column))
    assert (data.label_set.task, data["all"].labels[:2]) == ("multi", (("a",), ("a", "b")))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frame_of_labels_has_one_column_per_label(library):
    """One column is the labels themselves: the error says how to give it."""
    module = pytest.importorskip(library)
    found = load_data((TEXTS, module.DataFrame({"a": [1, 1] * N_PAIRS, "b": [0, 1] * N_PAIRS})))
    assert found["all"].labels[:2] == (("a",), ("a", "b"))
    with pytest.raises(DataError, match=r"has 1 column; .*give labels\['y'\]"):
        load_data((TEXTS, module.DataFrame({"y": NAMES})))


def test_what_is_no_column_of_labels_is_said():
    """A table of pyarrow, and an array without an axis."""
    table = require("pyarrow").table({"y": NAMES})
    with pytest.raises(InputError, match="the labels are a Table with y; one column of labels"):
        load_data((TEXTS, table))
    with pytest.raises(InputError, match="a pair \\(texts, labels\\) is accepted"):
        load_data((TEXTS, np.array("a")))


@pytest.mark.parametrize(
    "column", [[b"a", b"b"] * N_PAIRS, np.array([b"a", b"b"] * N_PAIRS)], ids=["list", "array"]
)
def test_labels_of_bytes_are_refused(column):
    """Nobody knows their encoding."""
    with pytest.raises(InputError, match="the labels are bytes; texts and numbers are accepted"):
        Linear().fit(TEXTS, column)
    with pytest.raises(DataError, match="the label is bytes"):
        load_data((TEXTS, column))


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (np.array([1, 2] * N_PAIRS, dtype=complex), "complex numbers"),
        (np.array([b"1", b"2"] * N_PAIRS).view("V1"), r"of type \|V1; texts and numbers"),
        (np.array([(1, "a"), (2, "b")] * N_PAIRS, dtype=[("n", int), ("y", "U1")]), "n, y; one"),
    ],
    ids=["complex", "void", "records"],
)
def test_labels_that_are_none_by_their_type_are_refused(column, problem):
    """Each would become a text that nobody wrote, such as '(1+0j)', or the number of a byte."""
    for take in (Linear().fit, lambda texts, labels: load_data((texts, labels))):
        with pytest.raises(InputError, match=f"the labels are .*{problem}"):
            take(TEXTS, column)


@pytest.mark.parametrize(
    "column",
    [
        [float("nan"), "b"] * N_PAIRS,
        np.array([np.nan, "b"] * N_PAIRS, dtype=object),
        pd.Series([None, 1] * N_PAIRS, dtype="Int64"),
        np.ma.array(NUMBERS, mask=[True, False] * N_PAIRS),
        [np.datetime64("NaT", "s"), np.datetime64("2026-01-01")] * N_PAIRS,
    ],
    ids=["list", "objects", "pandas", "masked", "time"],
)
def test_unknown_label_is_no_class(column):
    """NumPy makes the text `nan` of it, and leaves out the mask."""
    with pytest.raises(InputError, match=r"the label of text 0 is .*; one label per text"):
        Linear().fit(TEXTS, column)


class Mood(str, enum.Enum):  # noqa: UP042 - `StrEnum` has another `str`
    """Labels as web frameworks and schemas have them."""

    GOOD = "joy"
    BAD = "sad"


class Stars(enum.IntEnum):
    """Labels that are numbers."""

    ONE = 1
    TWO = 2


@pytest.mark.parametrize("make", [list, tuple, pd.Series, partial(np.array, dtype=object)])
@pytest.mark.parametrize(("kind", "values"), [(Mood, ["joy", "sad"]), (Stars, [1, 2])])
def test_members_of_enumerations_are_their_values(make, kind, values):
    """NumPy cuts `Mood.GOOD` to the length of `joy`: all labels would be `Moo`."""
    labels = make(list(kind) * N_PAIRS)
    assert Linear().fit(TEXTS, labels).classes_.tolist() == values
    splits = load_data((TEXTS, labels))
    assert set(splits["all"].labels) == set(map(str, values))


@pytest.mark.parametrize(
    ("label", "problem"),
    [(2**64, "more than 64 bits"), (10**5000, "more than 64 bits"), ("a\0", "a null character")],
    ids=["64 bits", "5,000 digits", "null character"],
)
def test_labels_that_numpy_cannot_hold_are_refused(label, problem):
    """It drops null characters at the end, and has no number of that size."""
    with pytest.raises(InputError, match=problem):
        Linear().fit(TEXTS, [label, type(label)(1)] * N_PAIRS)


@pytest.mark.parametrize("label", [decimal.Decimal(1), pd.Period("2026-01"), datetime.time(1)])
def test_objects_are_no_labels_of_an_estimator(label):
    """The error says how to write them."""
    with pytest.raises(InputError, match=rf"type {type(label).__name__}; .*str\(label\)"):
        Linear().fit(TEXTS, [label, label] * N_PAIRS)


@pytest.mark.parametrize(
    "column", [(name for name in NAMES), np.array("a"), set(NAMES)], ids=["once", "one", "set"]
)
def test_labels_without_order_or_length_are_refused(column):
    """They cannot be gone through twice, or are not one per text."""
    with pytest.raises(InputError, match=r"y, the labels, is of the type .*; a sequence"):
        Linear().fit(TEXTS, column)


def test_lone_column_of_an_estimator_is_said_as_its_library_gives_it():
    """A frame by the name of the column, an array by its number."""
    with pytest.raises(InputError, match=r"has 1 column; .*labels\['y'\]"):
        Linear().fit(TEXTS, pd.DataFrame({"y": NUMBERS}))
    with pytest.raises(InputError, match=r"has 1 column; .*labels\[:, 0\]"):
        Linear().fit(TEXTS, np.array(NUMBERS)[:, None])


def test_complex_numbers_in_a_list_are_no_labels_and_no_texts():
    """They are numbers to Python."""
    mixed = [1j, "a"] * N_PAIRS
    with pytest.raises(DataError, match="row 1: the label is of type complex"):
        load_data((TEXTS, mixed))
    with pytest.raises(DataError, match="row 1: the text is of type complex"):
        load_data((mixed, NAMES))
    with pytest.raises(InputError, match="the labels are complex numbers"):
        Linear().fit(TEXTS, [1j, 2] * N_PAIRS)


def test_labels_that_are_dates_are_read_as_they_are_seen():
    """As a file would name them."""
    dates = [datetime.date(2026, 1, 1 + i % 2) for i in range(2 * N_PAIRS)]
    found = load_data((TEXTS, dates))["all"]
    assert set(found.labels) == {"2026-01-01", "2026-01-02"}


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (pd.Series([1, "joy"] * N_PAIRS), "some labels are texts and others numbers"),
        ([float("inf"), 1.0] * N_PAIRS, "a label is infinite"),
        (pd.to_timedelta(pd.Series(NUMBERS), unit="D"), "the labels are spans of time"),
    ],
    ids=["mixed", "infinite", "spans"],
)
def test_labels_that_cannot_be_sorted_or_saved_are_refused(labels, problem):
    """Where the model is fitted; the error was one of NumPy, or came when it was saved."""
    with pytest.raises(InputError, match=problem):
        Linear().fit(TEXTS, labels)


def test_columns_that_numpy_has_no_type_for_are_read_one_by_one():
    """Libraries of columns raise an exception of their own where NumPy lacks a type."""
    arrow = require("pyarrow")
    words, numbers = arrow.array(NAMES), arrow.array(NUMBERS)
    kinds = arrow.array([0] * len(NAMES), arrow.int8())
    union = arrow.UnionArray.from_sparse(kinds, [words, numbers])
    assert Linear().fit(TEXTS, union).classes_.tolist() == ["a", "b"]


def test_polars_numbers_of_128_bits_are_labels():
    """NumPy has none."""
    polars = pytest.importorskip("polars")
    column = polars.Series(NUMBERS, dtype=polars.Int128)
    assert Linear().fit(TEXTS, column).classes_.tolist() == [0, 1]


@pytest.mark.parametrize("joined", [["a|b", "a", "b|c"], np.array(["a|b", "a", "b|c"])])
def test_joined_labels_are_refused_with_the_way_out(joined):
    """As in a file: each would be a label of its own, silently."""
    texts, labels = ["one", "two", "three"] * 10, list(joined) * 10
    with pytest.raises(InputError, match=r"look like several that are joined by '\|'") as err:
        Linear().fit(texts, labels)
    assert "label.split('|')" in err.value.hint
    assert "single_label=True" in err.value.hint
    kept = Linear().fit(texts, labels, single_label=True)
    assert kept.classes_.tolist() == ["a", "a|b", "b|c"]


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [
        ([True, 1, 0], "True or False and others numbers"),
        ([True, 1.0, 0.0], "True or False and others numbers"),
        (["1", 1, 0], "texts and others numbers"),
        (["True", True, False], "texts and others True or False"),
    ],
)
def test_labels_of_two_kinds_are_refused(labels, kinds):
    """True and 1 would become one label, and 1 and "1" too; for one label and for several."""
    texts = ["one", "two", "three"] * 10
    lists = [[label] for label in labels]
    lists[0] = labels
    array = np.array(labels * 10, dtype=object)
    for given in (labels * 10, array, lists * 10):
        with pytest.raises(InputError, match=f"some labels are {kinds}"):
            Linear().fit(texts, given)
    for one_kind in ([True, False, True], [1, 0, 1.0], np.array([True, False, True])):
        assert len(Linear().fit(texts, list(one_kind) * 10).classes_) == 2


def test_few_texts_of_many_labels_are_no_regression(recwarn):
    """As many names as texts, in validation too: scikit-learn would ask whether they are numbers."""
    names = [f"label {i}" for i in range(30)]
    texts = [f"{name} {word}" for word in ("one", "two") for name in names]
    Linear().fit(texts, names * 2, validation=(texts[:30], names))
    assert not [one for one in recwarn if "regression" in str(one.message)]
