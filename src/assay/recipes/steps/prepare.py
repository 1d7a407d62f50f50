"""Labelled texts, ready to train on: loaded, missing splits cut from train, limited, checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay._arguments import check_fields
from assay._display import Brief
from assay._paths import expand_home
from assay.audit.corrections import apply_corrections
from assay.data.clean import MAX_BAD_FRACTION
from assay.data.files.reading import ReadingOptions
from assay.data.files.remembered import complete_reading, record_reading
from assay.data.load import load_data
from assay.data.reading import describe_spellings
from assay.data.split import cut_missing, limit_rows
from assay.data.stored_texts import hold_texts
from assay.data.texts import Splits
from assay.data.trainable import check_trainable
from assay.runtime.entries import CutEntry
from assay.runtime.layout import Layout
from assay.runtime.manifest import read_manifest

__all__ = ["DataOptions", "cut_splits", "prepare_data", "public_source"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class DataOptions(Brief):
    """How DATA is read, cut, limited and corrected.

    See `load_data`, `cut_missing`, `limit_rows` and `apply_corrections`.
    """

    text_column: str | None = None
    label_column: str | None = None
    labels: Sequence[str] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    quoting: str | None = None
    escape: str | None = None
    header: bool = True
    sheet: str | None = None
    max_chars: int = 100_000
    strict: bool = False
    max_bad_fraction: float = MAX_BAD_FRACTION
    single_label: bool = False
    merge_labels: bool = False
    known_labels: Sequence[str] = ()
    split_column: str | None = None
    id_column: str | None = None
    label_separator: str | None = None
    label_columns: Sequence[str] | None = None
    validation_fraction: float = 0.1
    test_fraction: float = 0.1
    max_rows: int | None = None
    corrections: str | Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if isinstance(self.corrections, Path):
            object.__setattr__(self, "corrections", str(self.corrections))

    def reading(self) -> ReadingOptions:
        """Return the options that say how files are read."""
        return ReadingOptions(
            delimiter=self.delimiter,
            encoding=self.encoding,
            quoting=self.quoting,
            escape=self.escape,
            header=self.header,
            sheet=self.sheet,
        )

    def as_trained(self, model: str | Path, data: Any) -> DataOptions:
        """Return these options, completed by those with which the data of a model were read."""
        path = Layout(Path(model)).manifest
        if not path.is_file():
            return self
        manifest = read_manifest(path)
        recorded = manifest.training_data.get("reading", {})
        completed = complete_reading(self._asked(), recorded, data)
        return replace(self, **completed, known_labels=manifest.labels)

    def recorded(self, data: Any) -> dict[str, Any]:
        """Return what a model remembers of how its data were read; `Splits` know it themselves."""
        if isinstance(data, Splits):
            return dict(data.reading)
        return record_reading(self._asked(), data)

    def cut(self) -> CutEntry:
        """Return how missing splits are cut, as far as it is not the usual way."""
        usual = DataOptions()
        entry: CutEntry = {}
        if self.validation_fraction != usual.validation_fraction:
            entry["validation_fraction"] = self.validation_fraction
        if self.test_fraction != usual.test_fraction:
            entry["test_fraction"] = self.test_fraction
        if self.max_rows is not None:
            entry["max_rows"] = self.max_rows
        return entry

    def _asked(self) -> dict[str, Any]:
        columns = {
            "text_column": self.text_column,
            "label_column": self.label_column,
            "split_column": self.split_column,
        }
        several = {"label_separator": self.label_separator, "label_columns": self.label_columns}
        rules = {"merge_labels": self.merge_labels, "single_label": self.single_label}
        return {**self.reading(), **columns, **several, **rules}

    def load(self, data: Any, *, on_disk: bool = False) -> Splits:
        """Load DATA as it is; nothing is cut. `on_disk`: see `RowRules`."""
        return load_data(
            data,
            text_column=self.text_column,
            label_column=self.label_column,
            labels=self.labels,
            max_chars=self.max_chars,
            strict=self.strict,
            max_bad_fraction=self.max_bad_fraction,
            single_label=self.single_label,
            merge_labels=self.merge_labels,
            known_labels=self.known_labels,
            split_column=self.split_column,
            id_column=self.id_column,
            label_separator=self.label_separator,
            label_columns=self.label_columns,
            on_disk=on_disk,
            **self.reading(),
        )


def prepare_data(data: Any, *, options: DataOptions, seed: int) -> Splits:
    """Load DATA and make it train, validation and test.

    Parameters
    ----------
    data
        What `load_data` accepts.
    options : DataOptions
    seed : int
        Seed of the cuts.

    Raises
    ------
    InputError
        The data cannot be read, corrected, or trained on.
    """
    # Only the drawn texts of a file come into memory; data that are no file are there already.
    is_limited_file = options.max_rows is not None and isinstance(data, str | Path)
    whole = options.load(data, on_disk=is_limited_file)
    if spellings := describe_spellings(whole):
        logger.warning("%s: %s", whole.source, spellings)
    splits = cut_splits(whole, options=options, seed=seed)
    if options.corrections is not None:
        splits = apply_corrections(splits, options.corrections, separator=options.label_separator)
    check_trainable(splits)
    if options.max_rows is not None:
        splits = hold_texts(limit_rows(splits, options.max_rows, seed=seed))
    return splits


def cut_splits(splits: Splits, *, options: DataOptions, seed: int) -> Splits:
    """Cut missing splits from train.

    The same data, fractions and seed give the same rows in every command.

    Raises
    ------
    InputError
        A fraction is out of range, or (`DataError`) there is nothing to cut from.
    """
    return cut_missing(
        _without_unused_labels(splits),
        seed=seed,
        validation_fraction=options.validation_fraction,
        test_fraction=options.test_fraction,
    )


def _without_unused_labels(splits: Splits) -> Splits:
    """Leave out label names that no row has.

    A class without a text cannot be learnt, and no score should speak of it.
    """
    used: set[str] = set()
    for labelled in splits.values():
        used.update(labelled.counts())
    unused = [name for name in splits.label_set if name not in used]
    if not unused:
        return splits
    logger.warning(
        "%d label names have no text and are left out: %s", len(unused), ", ".join(unused[:10])
    )
    names = tuple(name for name in splits.label_set if name in used)
    return replace(splits, label_set=replace(splits.label_set, names=names))


def public_source(source: str) -> str:
    """Name the data in public: a Hub id as it is, a path on this machine by its last part."""
    path = expand_home(source)
    try:
        is_local = path.exists()
    except (OSError, ValueError):  # a name that cannot be a path
        is_local = False
    return path.resolve().name if is_local else source
