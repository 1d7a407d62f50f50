"""`assay fix`: a person's own file with the labels that were accepted, in its own format."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from assay._arguments import checked
from assay._display import Brief
from assay._paths import expand_home
from assay.audit.answers import read_corrections
from assay.data.columns import find_columns, list_columns
from assay.data.files.formats import file_kind
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.files.relabelled_values import NewLabel, SeveralNames, find_joint
from assay.data.folders import find_split_files, read_file
from assay.data.indicators import change_indicators
from assay.data.texts import Splits
from assay.disk import atomic_file, atomic_folder, check_output, refusals_of_disk
from assay.errors import InputError, cut
from assay.output_lock import lock_output
from assay.output_place import check_apart, find_place
from assay.recipes.steps.accepted_labels import Changes, find_changes
from assay.recipes.steps.prepare import DataOptions

__all__ = ["Fixed", "fix_data"]

GZIP = ".gz"


class FixedEntry(TypedDict):
    """A `Fixed` as JSON holds it."""

    out: str
    n_applied: int
    n_right_already: int
    n_merged: int
    n_skipped: int
    n_changed_since: int
    skipped: list[str]


@dataclass(frozen=True, repr=False)
class Fixed(Brief):
    """What `fix_data` did.

    Parameters
    ----------
    out : str
        The file or folder that was written.
    n_applied : int
        Labels that changed.
    n_right_already : int
        Accepted rows that had the label before.
    skipped : tuple of str
        One sentence per accepted row that was not applied, and one on those that change no label.
    n_merged : int
        Rows whose label became another spelling of it, where labels are merged.
    n_changed_since : int
        Skipped rows that have another label than when they were decided.
    """

    out: str
    n_applied: int
    n_right_already: int
    skipped: tuple[str, ...] = ()
    n_merged: int = 0
    n_changed_since: int = 0

    def to_dict(self) -> FixedEntry:
        """Return plain values, ready for JSON."""
        return {
            "out": self.out,
            "n_applied": self.n_applied,
            "n_right_already": self.n_right_already,
            "n_merged": self.n_merged,
            "n_skipped": len(self.skipped),
            "n_changed_since": self.n_changed_since,
            "skipped": list(self.skipped),
        }


@checked
def fix_data(
    data: str | Path,
    decisions: str | Path,
    out: str | Path,
    *,
    options: DataOptions | None = None,
    overwrite: bool = False,
) -> Fixed:
    """Write data with the labels that a person accepted, in the format of the input.

    Parameters
    ----------
    data : path
        A file, or a folder with one file per split.
    decisions : path
        The file of an audit with yes under accept; see `read_corrections`.
    out : path
        A file, or a folder if `data` is one.
    options : DataOptions, optional
        How the data are read. Where labels are merged, all their spellings become one.
    overwrite : bool

    Raises
    ------
    InputError
        A file cannot be read or written again, no row is accepted that the data hold, or
        `out` exists or is named as another format.
    OutsideError
        The disk refused, or another process writes the same output.
    """
    data, out, options = expand_home(data), Path(out), options or DataOptions()
    if not data.exists():
        raise InputError(f"no such file or folder: {data}; what is corrected is a file of your own")
    check_output(out, overwrite=overwrite, is_folder=data.is_dir())
    check_apart(data, out)
    check_apart(decisions, out, what="the decisions")
    _check_format(data, out)
    with lock_output(out):
        corrections, n_other_kinds = read_corrections(decisions)
        splits = options.load(data)
        changes = find_changes(splits, corrections, separator=options.label_separator)
        if options.merge_labels:
            changes.merge(splits, separator=options.label_separator)
        if not (corrections or changes.n_merged):
            raise _nothing_accepted(Path(decisions), n_other_kinds)
        changes.check_found(len(corrections), Path(decisions), data)
        if n_other_kinds:
            changes.skipped.append(f"{n_other_kinds:,} accepted rows are not about a label")
        writer = _Writer(options, _label_columns(splits))
        if data.is_dir():
            writer.write_folder(data, out, changes.labels, overwrite=overwrite)
        else:
            with refusals_of_disk(out):
                writer.write_file(data, out, changes.of_all_splits())
    return _say_done(out, changes)


def _say_done(out: Path, changes: Changes) -> Fixed:
    return Fixed(
        str(out),
        n_applied=changes.n_applied,
        n_right_already=changes.n_right_already,
        skipped=tuple(changes.skipped),
        n_merged=changes.n_merged,
        n_changed_since=changes.n_changed_since,
    )


def _check_format(data: Path, out: Path) -> None:
    """Refuse a file whose name says another format than that of the data, which stays."""
    kind, named = file_kind(data), file_kind(out)
    if data.is_dir() or kind is None or named is None:
        return
    given = f"{kind}{GZIP}" if data.name.casefold().endswith(GZIP) else kind
    if not out.name.casefold().endswith(given):
        raise InputError(
            f"{data.name} is written again in its own format, and {out.name} is called otherwise; "
            f"--out with {given} is accepted"
        )


def _label_columns(splits: Splits) -> tuple[str, ...]:
    """Return the columns of one label each; none where one column holds the labels."""
    for origin in splits.origins.values():
        _, *columns = origin.used
        if len(columns) > 1:
            return tuple(columns)
    return ()


def _nothing_accepted(decisions: Path, n_other_kinds: int) -> InputError:
    accepted = "no row is accepted"
    if n_other_kinds:
        accepted = f"the {n_other_kinds:,} accepted rows are not about a label"
    return InputError(
        f"{decisions.name}: {accepted}, so no label changes and nothing is written",
        hint="write yes under accept where the proposed label is right",
    )


@dataclass(frozen=True)
class _Writer:
    """Writes files again with other labels.

    Parameters
    ----------
    options : DataOptions
        How the data were read.
    label_columns : tuple of str
        The columns of one label each; empty where one column holds the labels.
    """

    options: DataOptions
    label_columns: tuple[str, ...]

    def write_folder(
        self,
        data: Path,
        out: Path,
        labels: Mapping[str, Mapping[int, str | SeveralNames]],
        *,
        overwrite: bool,
    ) -> None:
        """Write the files of the splits again, and copy all others; all of them or none."""
        files = {}
        split_files = find_split_files(data)
        if not split_files.keys() >= labels.keys():
            raise InputError(
                f"{data} has no file per split, and cannot be written again with other labels",
                hint="save it as one file first, such as .csv or .parquet",
            )
        for split, paths in split_files.items():
            if len(paths) > 1 and labels.get(split):
                raise InputError(
                    f"the {split} split of {data} is in {len(paths):,} files; one is accepted"
                )
            files[paths[0]] = labels.get(split, {})
        kept = [path for path in sorted(data.iterdir()) if path != find_place(out).lock]
        with atomic_folder(out, overwrite=overwrite) as root:
            for path in kept:
                if files.get(path):
                    self.write_file(path, root / path.name, files[path])
                elif path.is_file():
                    shutil.copyfile(path, root / path.name)

    def write_file(self, path: Path, out: Path, labels: Mapping[int, str | SeveralNames]) -> None:
        """Write one file again."""
        reading = Reading(**self.options.reading())
        cells = self._changed_cells(path, labels, reading)
        with atomic_file(out) as partial:
            write_relabelled(path, partial, cells, reading=reading)

    def _changed_cells(
        self, path: Path, labels: Mapping[int, str | SeveralNames], reading: Reading
    ) -> Mapping[int, Mapping[str, NewLabel]]:
        """Return what changes in each row: the label, or cells that say yes or no to one each."""
        if self.label_columns:
            named = {line: _names(label, self.label_columns) for line, label in labels.items()}
            rows = read_rows(path, **reading.to_dict())
            return change_indicators(rows, self.label_columns, named)
        raw = read_file(path, reading, source=path.name).splits["all"]
        text, column = find_columns(
            raw.columns,
            text_column=self.options.text_column,
            label_column=self.options.label_column or raw.published_column,
            source=path.name,
        )
        separator = self.options.label_separator
        if separator is not None and labels:
            cells = (row.values.get(column) for row in raw.read(text, column))
            joint = find_joint(cells, separator)
        else:
            joint = None
        return {line: {column: _joined_by(joint, label)} for line, label in labels.items()}


def _joined_by(joint: str | None, label: str | SeveralNames) -> str | SeveralNames:
    return label if isinstance(label, str) else replace(label, separator=joint)


def _names(label: str | SeveralNames, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of a text, each of which has a column.

    Raises
    ------
    InputError
        One has none.
    """
    names = label.names if isinstance(label, SeveralNames) else (label,)
    for name in names:
        if name not in columns:
            raise InputError(
                f"label '{cut(name)}' has no column; columns of labels: {list_columns(columns)}",
                hint="add a column for it to the data, or correct the decisions",
            )
    return names
