"""Python objects: data sets of `datasets`, frames of pandas and polars, pairs of sequences."""

from __future__ import annotations

import numpy as np
import pytest

from assay._optional import require
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.errors import DataError, InputError

PAIR = LabelledTexts(("so glad", "so sad"), ("joy", "sadness"))


def dataset(texts, labels, names=("sad", "happy", "angry")):
    """Make a `datasets.Dataset` with a ClassLabel."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=list(names))}
    )
    return datasets.Dataset.from_dict(
        {"text": list(texts), "label": list(labels)}, features=features
    )


@pytest.mark.parametrize("dtype", ["Int64", "string", "boolean"])
def test_frames_of_pandas_may_hold_its_own_null(dtype):
    """Which answers no comparison: `pandas.NA != ""` is neither true nor false."""
    pandas = require("pandas")
    labels = pandas.array([1, 0, None] if dtype != "string" else ["x", "y", None], dtype=dtype)
    splits = load_data(pandas.DataFrame({"text": list("abc"), "label": labels}))
    assert (len(splits["all"]), splits.pool) == (2, ("c",))


def test_dict_of_columns_is_no_data_set():
    """Nor is it called a list: the sentence names the entry, and what makes a frame of it."""
    with pytest.raises(InputError, match=r"data\['text'\] is list; .*pandas.DataFrame\(data\)"):
        load_data({"text": ["a"], "label": ["b"]})


def test_dataset_columns_are_lazy_and_still_load():
    """A column of `datasets` is no list: this fails if the library changes that, and shows that it is read rightly."""
    data = dataset(["a", "b"], [1, 0])
    assert not isinstance(data["text"], list)
    splits = load_data(data)
    assert splits["all"] == LabelledTexts(("a", "b"), ("happy", "sad"))
    assert all(type(text) is str for text in splits["all"].texts)
    assert splits.label_set.names == ("sad", "happy")
    assert splits.source == "Dataset"


def test_dataset_dict_splits_are_named_and_others_ignored():
    """Usual names are normalised, others left out; ids become names in ClassLabel order; -1 is no label."""
    datasets = pytest.importorskip("datasets")
    many = dataset("abcdefg", [0, 1, 2, 2, 1, 0, -1])
    data = datasets.DatasetDict({"extra": many, "test": many, "dev": many, "train": many})
    splits = load_data(data)
    assert list(splits) == ["train", "validation", "test"]
    assert splits.label_set.names == ("sad", "happy", "angry")
    assert splits.dropped == tuple(
        DroppedRow(name, 7, "null label") for name in ("train", "validation", "test")
    )


def test_dataset_dict_leaves_a_split_without_labels_out():
    """Test splits of competitions have -1 everywhere: no reason to refuse the rest."""
    datasets = pytest.importorskip("datasets")
    data = datasets.DatasetDict({"train": dataset("ab", [0, 1]), "test": dataset("cd", [-1, -1])})
    assert list(load_data(data)) == ["train"]
    with pytest.raises(DataError, match="no split of DatasetDict has labels"):
        load_data(datasets.DatasetDict({"train": data["test"], "test": data["test"]}))


def test_dataset_dict_with_one_strange_split_is_all():
    """A lone split of any name is the whole."""
    assert list(
        load_data(pytest.importorskip("datasets").DatasetDict({"corpus": dataset("ab", [0, 1])}))
    ) == ["all"]


def test_dataset_dict_names_splits_that_clash_or_mean_nothing():
    """Two names of one split, or none that is known, are told."""
    one = dataset("ab", [0, 1])
    with pytest.raises(DataError, match="'val' and 'dev' of dict both mean the validation split"):
        load_data({"train": one, "val": one, "dev": one})
    with pytest.raises(
        DataError, match="no split of dict is called train, validation or test; splits: a, b"
    ):
        load_data({"a": one, "b": one})
    with pytest.raises(DataError, match="the dict is empty"):
        load_data({})


def test_dataset_label_order_cannot_be_contradicted():
    """Label names that differ from the ClassLabel's are an error, the same ones are welcome."""
    data = dataset("ab", [0, 1], names=["sad", "happy"])
    assert load_data(data, labels=["sad", "happy"]).label_set.names == ("sad", "happy")
    with pytest.raises(
        DataError, match="labels are given as happy, sad, but the data set has its own: sad, happy"
    ):
        load_data(data, labels=["happy", "sad"])


def test_dataset_finds_its_only_class_label():
    """A ClassLabel under a name of its own is the label; lists of labels are several labels per text."""
    datasets = pytest.importorskip("datasets")
    assert load_data(dataset("ab", [0, 1]).rename_column("label", "mood"))["all"].labels == (
        "sad",
        "happy",
    )
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "labels": datasets.List(datasets.ClassLabel(names=["sad", "happy"])),
        }
    )
    several = datasets.Dataset.from_dict(
        {"text": ["a", "b"], "labels": [[1], [0, 1]]}, features=features
    )
    assert load_data(several)["all"].labels == (("happy",), ("happy", "sad"))
    assert load_data(several.select([0]))["all"].labels == ("happy",)


def test_streaming_datasets_are_refused():
    """A data set without rows says what to do."""
    with pytest.raises(InputError, match=r"data is IterableDataset; .* it has no rows yet"):
        load_data(dataset("ab", [0, 1]).to_iterable_dataset())


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_load(library):
    """A frame of either library is read by its column names; row numbers count from 1."""
    frame = pytest.importorskip(library).DataFrame({"Review": list(PAIR.texts), "stars": [5, 1]})
    splits = load_data(frame, label_column="stars")
    assert splits["all"] == LabelledTexts(PAIR.texts, ("5", "1"))
    assert list(load_data({"train": frame, "val": frame}, label_column="stars")) == [
        "train",
        "validation",
    ]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_keep_na_texts_and_drop_nulls(library):
    """The text "NA" is a text, a null is none; whole numbers stay whole beside it."""
    frame = pytest.importorskip(library).DataFrame(
        {"text": ["NA", "b", "c", "d", "e", None], "label": [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]}
    )
    splits = load_data(frame)
    assert splits["all"].texts[0] == "NA"
    assert splits["all"].labels == ("1", "2", "1", "2", "1")
    assert splits.dropped == (DroppedRow("all", 6, "null text"),)


def test_pandas_types_load():
    """Nullable, string and categorical columns; integer column names; a declared order of categories."""
    pandas = require("pandas")
    frame = pandas.DataFrame(
        {
            "text": pandas.array(["a", "b", "c"], dtype="string"),
            "label": pandas.Categorical(
                ["low", "high", "low"], categories=["low", "mid", "high"], ordered=True
            ),
        }
    )
    assert load_data(frame).label_set.names == ("low", "high")
    labels = pandas.array([10, 2, 1], dtype="Int64")
    assert load_data(
        pandas.DataFrame({"text": ["a", "b", "c"], "label": labels})
    ).label_set.names == ("1", "2", "10")
    numbered = pandas.DataFrame([["a", "x"], ["b", "y"]])
    assert load_data(numbered, text_column="0", label_column="1")["all"].labels == ("x", "y")


def test_pandas_duplicate_columns_are_refused():
    """A frame may have two columns of one name; that is told, with all names."""
    frame = require("pandas").DataFrame([["a", "b", "x"]], columns=["text", "text", "label"])
    with pytest.raises(
        DataError, match="column 'text' occurs twice in DataFrame; columns: text, text, label"
    ):
        load_data(frame)


def test_polars_enum_order_is_kept():
    """An Enum declares its categories in order."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"text": ["a", "b"], "label": ["hi", "lo"]},
        schema_overrides={"label": polars.Enum(["lo", "hi"])},
    )
    assert load_data(frame).label_set.names == ("lo", "hi")
    with pytest.raises(InputError, match=r"data is LazyFrame; .* it has no rows yet"):
        load_data(frame.lazy())


def test_to_pandas_and_back():
    """What `Splits.to_pandas` writes loads as the same splits, lines and label order."""
    train = LabelledTexts(("a", "b", "c"), ("z", "y", "z"), (2, 5, 6))
    splits = Splits(
        {"train": train, "test": PAIR}, LabelSet(("z", "sadness", "y", "joy")), source="memory"
    )
    back = load_data(splits.to_pandas())
    assert dict(back) == dict(splits)
    assert back.label_set.names == splits.label_set.names


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda v: require("pandas").Series(v)])
def test_pairs_of_sequences_load(kind):
    """Texts and labels in any two sequences; plain str come out."""
    splits = load_data((kind(list(PAIR.texts)), kind(list(PAIR.labels))))
    assert splits["all"] == PAIR
    assert splits.source == "(texts, labels)"
    assert {type(value) for value in (*splits["all"].texts, *splits["all"].labels)} == {str}


def test_pairs_take_integer_labels_and_given_names():
    """Integer labels become texts; the given order is kept although one name has no row."""
    splits = load_data((["a", "b"], np.array([2, 10])), labels=["10", "2", "3"])
    assert splits["all"].labels == ("2", "10")
    assert splits.label_set.names == ("10", "2", "3")


def test_pairs_must_match():
    """Different lengths are counted."""
    with pytest.raises(
        DataError, match="2 texts and 1 labels; the same number of each is accepted"
    ):
        load_data((["a", "b"], ["x"]))


def test_labelled_texts_load():
    """A split of one's own making is a data set."""
    assert load_data({"train": PAIR, "test": PAIR})["test"] == PAIR


@pytest.mark.parametrize(
    "data", [None, 3, ["a", "b"], [["a"], ["x"]], ("a", "x"), [("a", "x")], object(), b"a"]
)
def test_other_objects_are_refused(data):
    """What is no data set is named with all that is accepted."""
    with pytest.raises(
        InputError,
        match=rf"data is {type(data).__name__}; a path, 'sample', a Hub id, .* is accepted",
    ):
        load_data(data)


def test_times_and_classes_of_numbers_are_labels_as_they_are_seen():
    """Arrays of nanoseconds, periods, and the intervals that pandas cuts numbers into."""
    pandas = pytest.importorskip("pandas")
    texts = [f"text {i}" for i in range(6)]
    days = np.array(["2026-01-01", "2026-01-02"] * 3, dtype="datetime64[ns]")
    assert load_data((texts, days)).label_set.names == ("2026-01-01", "2026-01-02")
    months = pandas.DataFrame(
        {"text": texts, "label": pandas.PeriodIndex(["2026-01"] * 6, freq="M")}
    )
    assert load_data(months).label_set.names == ("2026-01",)
    cut = pandas.cut(pandas.Series([1, 2, 3, 4, 5, 6]), [0, 3, 6])
    found = load_data(pandas.DataFrame({"text": texts, "label": cut}))
    assert found.label_set.names == ("(0, 3]", "(3, 6]")


@pytest.mark.parametrize("labels", [[0, 1] * 5, [[0], [1, 0]] * 5], ids=["one", "several"])
def test_class_names_of_an_arrow_table_are_read_as_those_of_a_file(labels):
    """The metadata have them; the numbers in the column were the labels."""
    datasets = pytest.importorskip("datasets")
    feature = datasets.ClassLabel(names=["sad", "happy"])
    kind = feature if isinstance(labels[0], int) else datasets.List(feature)
    features = datasets.Features({"text": datasets.Value("string"), "label": kind})
    texts = [f"text {i}" for i in range(10)]
    table = datasets.Dataset.from_dict({"text": texts, "label": labels}, features).data.table
    assert load_data(table).label_set.names == ("sad", "happy")
