"""Python objects as raw splits: Hugging Face `Dataset`/`DatasetDict`, pandas and polars frames, pairs of sequences.

None of their libraries is imported: an object tells by its class where it comes from.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assay.data.files.readers import Row
from assay.data.raw import RawSplit, check_unique, split_name
from assay.data.texts import LabelledTexts
from assay.errors import DataError, InputError

__all__ = ["ACCEPTED", "frame_splits", "named_splits"]

logger = logging.getLogger(__name__)

ACCEPTED = "a path, 'sample', a Hub id, a DatasetDict, a Dataset, a pandas or polars frame, or a pair (texts, labels)"
EXPORTED_COLUMNS = ["split", "line", "text", "label", "label_name"]  # of Splits.to_pandas


def frame_splits(data: Any, *, source: str | None = None) -> tuple[dict[str, RawSplit], str]:
    """Return the raw splits of a Python object, and how the data set is called.

    Parameters
    ----------
    data : object
        Anything `load_data` takes but text and paths; a mapping of split names to such objects too.
    source : str, optional
        How messages call it. None: by its class.

    Raises
    ------
    InputError
        It is something else.
    """
    if source is None:
        source = "(texts, labels)" if isinstance(data, tuple) else type(data).__name__
    if isinstance(data, Mapping):  # a DatasetDict is a dict
        if not data:
            raise DataError(
                f"the {source} is empty; a mapping of split names to frames is accepted"
            )
        parts = {
            str(name): _one_split(part, source=f"{source}['{name}']") for name, part in data.items()
        }
        return named_splits(parts, source=source), source
    if (
        _comes_from(data, "pandas")
        and [str(c) for c in getattr(data, "columns", ())] == EXPORTED_COLUMNS
    ):
        return _exported_splits(data), source
    return {"all": _one_split(data, source=source)}, source


def named_splits(parts: Mapping[str, RawSplit], *, source: str) -> dict[str, RawSplit]:
    """Give splits their names: `train`, `validation`, `test`; a lone one of another name is `all`.

    Parameters
    ----------
    parts : mapping
        Published name -> raw split. Names that mean none of the three are left out, with a log
        line.
    source : str

    Raises
    ------
    DataError
        Two names mean one split, or none of several means any.
    """
    named: dict[str, RawSplit] = {}
    came_from: dict[str, str] = {}
    ignored = []
    for name, raw in parts.items():
        split = split_name(name)
        if split is None:
            ignored.append(name)
        elif split in named:
            raise DataError(
                f"'{came_from[split]}' and '{name}' of {source} both mean the {split} split; one is accepted"
            )
        else:
            named[split], came_from[split] = raw, name
    if not named and len(ignored) == 1:
        return {"all": parts[ignored[0]]}
    if not named:
        raise DataError(
            f"no split of {source} is called train, validation or test; splits: {', '.join(ignored)}"
        )
    if ignored:
        logger.info("splits of %s that are not used: %s", source, ", ".join(ignored))
    return named


def _one_split(data: Any, *, source: str) -> RawSplit:
    if isinstance(data, LabelledTexts):
        return _column_split(
            source, ("text", "label"), {"text": data.texts, "label": data.labels}.__getitem__
        )
    if _comes_from(data, "datasets") and hasattr(data, "column_names"):
        return _dataset_split(data, source=source)
    if _comes_from(data, "pandas") and hasattr(data, "columns"):
        return _pandas_split(data, source=source)
    if _comes_from(data, "polars") and hasattr(data, "get_column"):
        orders = {
            name: tuple(dtype.categories.to_list())
            for name, dtype in data.schema.items()
            if type(dtype).__name__ == "Enum"  # a categorical whose order was declared
        }
        return _column_split(
            source, tuple(data.columns), lambda name: data.get_column(name).to_list(), orders
        )
    if isinstance(data, tuple) and len(data) == 2 and all(_is_sequence(part) for part in data):
        return _pair_split(*data, source=source)
    raise InputError(f"data is {type(data).__name__}; {ACCEPTED} is accepted{_advice(data)}")


def _advice(data: Any) -> str:
    name = type(data).__name__
    if name in ("LazyFrame", "IterableDataset", "IterableDatasetDict"):
        return "; it has no rows yet: collect it, or load it without streaming"
    return "; two sequences are passed as one tuple" if isinstance(data, list | tuple) else ""


def _comes_from(data: Any, library: str) -> bool:
    return any(cls.__module__.partition(".")[0] == library for cls in type(data).__mro__)


def _is_sequence(value: Any) -> bool:
    return (
        hasattr(value, "__len__")
        and hasattr(value, "__getitem__")
        and not isinstance(value, str | bytes | Mapping)
    )


def _values(column: Any) -> list[Any]:
    """Return plain Python values: arrays and series know how, lazy columns of `datasets` are only iterable."""
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _column_split(
    source: str,
    columns: tuple[str, ...],
    column: Callable[[str], Iterable[Any]],
    class_names: Mapping[str, tuple[str, ...]] | None = None,
) -> RawSplit:
    """Return a split that is read by columns, its rows counted from 1."""

    def read(text: str, label: str) -> Iterable[Row]:
        pairs = zip(column(text), column(label), strict=True)
        return (Row(number, {text: t, label: y}) for number, (t, y) in enumerate(pairs, 1))

    return RawSplit(source, columns, read, class_names or {}, unit="row")


def _dataset_split(dataset: Any, *, source: str) -> RawSplit:
    class_names = {}
    for name, feature in (dataset.features or {}).items():
        element = getattr(
            feature, "feature", feature
        )  # a List of ClassLabel is several labels a row
        if type(element).__name__ == "ClassLabel" and element.names:
            class_names[name] = tuple(element.names)
    if not hasattr(dataset, "num_rows"):
        raise InputError(
            f"data is {type(dataset).__name__}; {ACCEPTED} is accepted{_advice(dataset)}"
        )
    # list(): since datasets 4 a column is lazy, and no list.
    return _column_split(
        source, tuple(dataset.column_names), lambda name: list(dataset[name]), class_names
    )


def _pandas_split(frame: Any, *, source: str) -> RawSplit:
    columns = check_unique([str(name) for name in frame.columns], source=source)
    series = {name: frame.iloc[:, i] for i, name in enumerate(columns)}
    orders = {}
    for name, one in series.items():
        categories = getattr(one.dtype, "categories", ())
        if getattr(one.dtype, "ordered", False) and all(isinstance(c, str) for c in categories):
            orders[name] = tuple(categories)
    return _column_split(source, columns, lambda name: _values(series[name]), orders)


def _exported_splits(frame: Any) -> dict[str, RawSplit]:
    """Read back what `Splits.to_pandas` wrote: splits, lines and the order of the labels."""
    order = frame.drop_duplicates("label").sort_values("label")["label_name"]
    raws: dict[str, RawSplit] = {}
    for split, part in frame.groupby("split", sort=False):
        rows = list(
            zip(
                _values(part["line"]),
                _values(part["text"]),
                _values(part["label_name"]),
                strict=True,
            )
        )

        def read(
            text: str, label: str, rows: Sequence[tuple[int, Any, Any]] = rows
        ) -> Iterable[Row]:
            return (Row(int(line), {text: t, label: name}) for line, t, name in rows)

        if split not in ("train", "validation", "test", "all"):
            raise DataError(
                f"split '{split}' in the frame; train, validation, test and all are accepted"
            )
        raws[str(split)] = RawSplit(
            f"split {split} of the frame",
            ("text", "label_name"),
            read,
            {"label_name": tuple(_values(order))},
        )
    return raws


def _pair_split(texts: Any, labels: Any, *, source: str) -> RawSplit:
    if len(texts) != len(labels):
        raise DataError(
            f"{len(texts):,} texts and {len(labels):,} labels; the same number of each is accepted"
        )
    return _column_split(
        source, ("text", "label"), {"text": _values(texts), "label": _values(labels)}.__getitem__
    )
