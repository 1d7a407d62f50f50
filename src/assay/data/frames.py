"""Python objects as raw splits: data sets of `datasets`, pandas and polars frames, pairs of lists.

None of their libraries is imported: the class of an object tells where it comes from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from assay._optional import require
from assay.data.cell_values import is_null
from assay.data.columns import check_unique, tell_apart
from assay.data.files.arrow_values import seen_values
from assay.data.files.parquet import names_of_schema
from assay.data.files.readers import Row
from assay.data.guess import propose_columns
from assay.data.label_dtypes import check_label_dtype
from assay.data.raw_split import RawSplit, split_name
from assay.data.several_arrays import advise_matrix
from assay.data.split_column import POSSIBLE_COLUMNS, SPLIT_COLUMNS
from assay.data.texts import SPLIT_ORDER, LabelledTexts, plain_list
from assay.errors import DataError, InputError, cut, plural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ACCEPTED", "frame_splits", "make_frame", "named_splits"]

logger = logging.getLogger(__name__)

ACCEPTED = (
    "a path, 'sample', a Hub id, a DatasetDict, a Dataset, a pandas, polars or pyarrow table, "
    "or a pair (texts, labels)"
)
N_PEEKED = 1000  # rows by which columns are proposed
EXPORTED_COLUMNS = ["split", "line", "text", "label", "label_name"]  # of Splits.to_pandas


def frame_splits(
    data: Any, *, source: str | None = None, label_names: Sequence[str] = ()
) -> tuple[dict[str, RawSplit], str]:
    """Return the raw splits of a Python object, and how the data set is called.

    Parameters
    ----------
    data : object
        Anything that `load_data` takes except text and paths, or a mapping of split names to such
        objects.
    source : str, optional
        How messages call it. None: by its class.
    label_names : sequence of str
        The columns of matrices of labels; empty: they are called by their numbers.

    Raises
    ------
    InputError
        It is something else.
    DataError
        It is an empty mapping, or its splits have no usable names.
    """
    if source is None:
        source = "(texts, labels)" if isinstance(data, tuple) else type(data).__name__
    if isinstance(data, Mapping):  # a DatasetDict is a dict
        if not data:
            raise DataError(
                f"the {source} is empty; a mapping of split names to frames is accepted"
            )
        raws = {}
        for name, frame in data.items():
            own = f"data['{cut(str(name))}']"
            called = f"{source}['{name}']"
            raws[str(name)] = _one_split(frame, label_names, source=called, name=own)
        return named_splits(raws, source=source), source
    if _comes_from(data, "pandas") and _has_exported_columns(data):
        return _exported_splits(data), source
    return {"all": _one_split(data, label_names, source=source)}, source


def _has_exported_columns(frame: Any) -> bool:
    return list(map(str, getattr(frame, "columns", ()))) == EXPORTED_COLUMNS


def named_splits(raws: Mapping[str, RawSplit], *, source: str) -> dict[str, RawSplit]:
    """Give splits their names: `train`, `validation`, `test`; a lone one of another name is `all`.

    Parameters
    ----------
    raws : mapping
        Published name -> raw split. Names that mean none of the three are left out, with a log
        line.
    source : str
        How messages call the data set.

    Raises
    ------
    DataError
        Two names mean one split, or none of several means any.
    """
    named: dict[str, RawSplit] = {}
    came_from: dict[str, str] = {}
    ignored = []
    for name, raw in raws.items():
        split = split_name(name)
        if split is None:
            ignored.append(name)
        elif split in named:
            raise DataError(
                f"'{came_from[split]}' and '{name}' of {source} both mean the {split} split; "
                "one is accepted"
            )
        else:
            named[split], came_from[split] = raw, name
    if not named and len(ignored) == 1:
        return {"all": raws[ignored[0]]}
    if not named:
        raise DataError(
            f"no split of {source} is called train, validation or test; "
            f"splits: {', '.join(ignored)}"
        )
    if ignored:
        logger.info("splits of %s that are not used: %s", source, ", ".join(ignored))
    return named


def _one_split(
    data: Any, label_names: Sequence[str], *, source: str, name: str = "data"
) -> RawSplit:
    if isinstance(data, LabelledTexts):
        return _pair_split(data.texts, data.labels, label_names, source=source)
    if _is_pair(data):
        texts, labels = data
        return _pair_split(texts, labels, label_names, source=source)
    if _comes_from(data, "datasets") and hasattr(data, "column_names"):
        return _dataset_split(data, source=source)
    if _comes_from(data, "pandas") and hasattr(data, "columns"):
        return _pandas_split(data, source=source)
    if _comes_from(data, "polars") and hasattr(data, "get_column"):
        return _polars_split(data, source=source)
    if _comes_from(data, "pyarrow") and hasattr(data, "column_names"):
        return _arrow_split(data, source=source)
    advice = _advice(data)
    if name != "data" and isinstance(data, list | tuple):
        advice = "; a dict of columns is accepted as pandas.DataFrame(data)"
    raise InputError(f"{name} is {type(data).__name__}; {ACCEPTED} is accepted{advice}")


def _advice(data: Any) -> str:
    name = type(data).__name__
    if name in ("LazyFrame", "IterableDataset", "IterableDatasetDict"):
        return "; it has no rows yet: collect it, or load it without streaming"
    if isinstance(data, list | tuple):
        return "; two sequences are passed as one tuple"
    return ""


def _comes_from(data: Any, library: str) -> bool:
    return any(cls.__module__.partition(".")[0] == library for cls in type(data).__mro__)


def _is_pair(data: Any) -> bool:
    return isinstance(data, tuple) and len(data) == 2 and all(map(_is_sequence, data))


def _is_sequence(value: Any) -> bool:
    if isinstance(value, str | bytes | Mapping) or getattr(value, "ndim", 1) == 0:
        return False
    return hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _column_split(
    source: str,
    columns: tuple[str, ...],
    column: Callable[[str], Iterable[Any]],
    class_names: Mapping[str, tuple[str, ...]] | None = None,
) -> RawSplit:
    """Return a split that is read by columns, its rows counted from 1."""

    def read(text: str, *labels: str) -> Iterable[Row]:
        known = (*SPLIT_COLUMNS, *POSSIBLE_COLUMNS)
        own = (name for name in columns if name.strip().casefold() in known)
        names = dict.fromkeys([text, *labels, *own])
        rows = zip(*map(column, names), strict=True)
        for number, values in enumerate(rows, 1):
            yield Row(number, dict(zip(names, values, strict=True)))

    propose = partial(_propose, columns, column)
    return RawSplit(source, columns, read, class_names or {}, unit="row", propose=propose)


def _propose(columns: Sequence[str], column: Callable[[str], Iterable[Any]]) -> list[str]:
    """Return flags that name columns which look like texts and labels; see `propose_columns`."""
    cells = [islice(column(name), N_PEEKED) for name in columns]
    rows = []
    for number, values in enumerate(zip(*cells, strict=True), 1):
        known = [None if is_null(value) else value for value in values]
        rows.append(Row(number, dict(zip(columns, known, strict=True))))
    return propose_columns(rows, has_header=True)


def _dataset_split(dataset: Any, *, source: str) -> RawSplit:
    if not hasattr(dataset, "num_rows"):
        raise InputError(
            f"data is {type(dataset).__name__}; {ACCEPTED} is accepted{_advice(dataset)}"
        )
    class_names = {}
    for name, feature in (dataset.features or {}).items():
        # A List of ClassLabel, which is several labels per row, holds the ClassLabel in `feature`.
        element = getattr(feature, "feature", feature)
        if type(element).__name__ == "ClassLabel" and element.names:
            class_names[name] = tuple(element.names)

    def column(name: str) -> list[Any]:
        return list(dataset[name])  # since datasets 4 a column is lazy, and no list

    return _column_split(source, tuple(dataset.column_names), column, class_names)


def _polars_split(frame: Any, *, source: str) -> RawSplit:
    orders = {}
    for name, dtype in frame.schema.items():
        if type(dtype).__name__ == "Enum":  # a categorical whose order was declared
            orders[name] = tuple(dtype.categories.to_list())

    def column(name: str) -> list[Any]:
        return plain_list(frame.get_column(name))

    return _column_split(source, tuple(frame.columns), column, orders)


def _arrow_split(table: Any, *, source: str) -> RawSplit:
    columns = check_unique(list(table.column_names), source=source)

    def column(name: str) -> list[Any]:
        return seen_values(table.column(name).to_pylist(), table.schema.field(name))

    return _column_split(source, columns, column, names_of_schema(table.schema))


def _pandas_split(frame: Any, *, source: str) -> RawSplit:
    columns = tell_apart(list(map(str, frame.columns)), source=source)
    series = {name: frame.iloc[:, i] for i, name in enumerate(columns)}
    orders = {}
    for name, one in series.items():
        categories = getattr(one.dtype, "categories", ())
        is_ordered = getattr(one.dtype, "ordered", False)
        if is_ordered and all(isinstance(category, str) for category in categories):
            orders[name] = tuple(categories)

    def column(name: str) -> list[Any]:
        return plain_list(series[name])

    return _column_split(source, columns, column, orders)


def _exported_splits(frame: Any) -> dict[str, RawSplit]:
    """Read back what `Splits.to_pandas` wrote: splits, lines and the order of the labels."""
    class_names = _exported_order(frame)
    raws: dict[str, RawSplit] = {}
    for split, rows in frame.groupby("split", sort=False):
        if split not in SPLIT_ORDER:
            raise DataError(
                f"split '{split}' in the frame; train, validation, test and all are accepted"
            )
        raws[str(split)] = RawSplit(
            f"split {split} of the frame",
            ("text", "label_name"),
            partial(_exported_rows, rows),
            class_names,
        )
    return raws


def _exported_order(frame: Any) -> dict[str, tuple[str, ...]]:
    """Return the labels by number; nothing where the labels of a text are a tuple."""
    if any(isinstance(value, tuple) for value in frame["label_name"]):
        return {}
    order = frame.drop_duplicates("label").sort_values("label")["label_name"]
    return {"label_name": tuple(plain_list(order))}


def _exported_rows(frame: Any, text: str, label: str) -> Iterable[Row]:
    """Yield the rows of one split of an exported frame, with the lines that they had."""
    columns = [plain_list(frame[name]) for name in ("line", "text", "label_name")]
    for line, own_text, own_label in zip(*columns, strict=True):
        yield Row(int(line), {text: own_text, label: own_label})


def _pair_split(texts: Any, labels: Any, label_names: Sequence[str], *, source: str) -> RawSplit:
    check_label_dtype(labels)
    n_dimensions = getattr(labels, "ndim", 1)
    if hasattr(labels, "column_names"):
        raise InputError(
            f"the labels are a {type(labels).__name__} with {', '.join(labels.column_names[:5])}; "
            "one column of labels, or a matrix or frame with one column per label, is accepted"
        )
    if n_dimensions > 2:
        raise DataError(
            f"the labels of {source} have {n_dimensions} dimensions; a matrix with one row per "
            "text and one column per label is accepted"
        )
    if n_dimensions == 2 or hasattr(labels, "columns"):
        return _indicator_split(texts, labels, label_names, source=source)
    if len(texts) != len(labels):
        raise DataError(
            f"{len(texts):,} texts and {len(labels):,} labels; the same number of each is accepted"
        )
    columns = {"text": plain_list(texts), "label": plain_list(labels)}
    return _column_split(source, ("text", "label"), columns.__getitem__)


def _too_few_columns(cells: Any, n_labels: int, *, source: str) -> DataError:
    """Return the error about a matrix of labels that is a column of labels, or nothing."""
    column = ":, 0"
    if hasattr(cells, "columns"):
        column = ", ".join(map(repr, cells.columns))
    return DataError(
        f"the matrix of labels of {source} has {plural(n_labels, 'column')}; "
        "at least 2 are accepted",
        hint=f"a single column is a label per text: give labels[{column}]",
    )


def _indicator_split(
    texts: Any, indicator: Any, label_names: Sequence[str], *, source: str
) -> RawSplit:
    """Read a matrix of zeros and ones, dense or sparse, or a frame with one column per label."""
    cells = indicator.toarray() if hasattr(indicator, "toarray") else indicator
    n_texts, n_labels = cells.shape
    if n_labels < 2:
        raise _too_few_columns(cells, n_labels, source=source)
    if len(texts) != n_texts:
        raise DataError(
            f"{len(texts):,} texts and {n_texts:,} rows of labels; the same number of each is "
            "accepted"
        )
    names = _column_names(cells, label_names, source=source)
    rows = plain_list(cells.to_numpy() if hasattr(cells, "to_numpy") else cells)
    values = {value for row in rows for value in row}
    if not values <= {0, 1}:
        odd = min(values - {0, 1}, key=lambda value: (is_null(value), str(value)))
        raise DataError(
            f"the matrix of labels of {source} holds {odd}; zeros and ones are accepted",
            hint=advise_matrix(list(values)),
        )
    labels = [[name for name, cell in zip(names, row, strict=True) if cell] for row in rows]
    columns: dict[str, list[Any]] = {"text": plain_list(texts), "label": labels}
    return _column_split(source, ("text", "label"), columns.__getitem__)


def _column_names(cells: Any, given: Sequence[str], *, source: str) -> list[str]:
    """Return what the columns of labels are called: by a frame, by who gave names, by numbers."""
    n_labels = cells.shape[1]
    names = list(map(str, getattr(cells, "columns", given or range(n_labels))))
    if len(names) != n_labels:
        raise DataError(
            f"labels holds {plural(len(names), 'name')}, and the matrix of labels of {source} has "
            f"{n_labels:,} columns; one name per column is accepted"
        )
    return names


def make_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows with the same columns as a pandas frame."""
    return require("pandas").DataFrame(list(rows))
