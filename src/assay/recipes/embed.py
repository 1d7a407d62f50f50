"""Frozen features of a data set into one file, or the shapes behind one text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from assay import checkpoints  # its names load scikit-learn only when they are used
from assay._arguments import checked
from assay._display import Brief
from assay._optional import require
from assay.checkpoints.aliases import AUTO
from assay.checkpoints.auto import choose_checkpoint
from assay.checkpoints.resolve import Checkpoint, resolve_checkpoint
from assay.data.labels import LabelSet
from assay.data.texts import Splits, check_texts
from assay.disk import atomic_file, check_output, refusals_of_disk
from assay.errors import InputError
from assay.output_lock import lock_output
from assay.progress import Progress
from assay.recipes.steps.checkpoint import find_checkpoint, warn_if_read_badly
from assay.runtime.entries import CheckpointEntry

if TYPE_CHECKING:
    import pyarrow

__all__ = ["EmbedResult", "EmbeddedText", "embed_data", "embed_text", "embed_texts"]

SUFFIXES = (".parquet", ".npz")


@dataclass(frozen=True, repr=False)
class EmbeddedText(Brief):
    """One text's features, and the shapes on the way to them.

    Parameters
    ----------
    checkpoint, pooling : str
    tokens : tuple of str
        Special tokens included.
    hidden_states_shape : (1, n_tokens, hidden_size)
    features_shape : (1, hidden_size)
    features : tuple of float
    """

    checkpoint: str
    pooling: str
    tokens: tuple[str, ...]
    hidden_states_shape: tuple[int, ...]
    features_shape: tuple[int, ...]
    features: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, repr=False)
class EmbedResult(Brief):
    """A file of features that was written.

    Parameters
    ----------
    n_texts : dict
        Number of texts by split.
    checkpoint : CheckpointEntry
        Name, sha256 and size of the transformer.
    """

    out: str
    n_texts: dict[str, int]
    hidden_size: int
    dtype: str
    pooling: str
    precision: str
    checkpoint: CheckpointEntry

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@checked
def embed_texts(
    texts: Sequence[str],
    *,
    checkpoint: str | Path | Checkpoint = AUTO,
    pooling: str = "mean",
    precision: str = "float32",
    progress: Progress | None = None,
) -> np.ndarray:
    """Return frozen features, float32 of shape (n_texts, hidden_size), in the order of `texts`.

    The checkpoint `auto` goes by the language of the texts. Features of different checkpoints have
    nothing in common, even where they have the same size: name the checkpoint to compare features
    of several calls.

    Raises
    ------
    InputError
        A text, the pooling or the checkpoint cannot be used.
    """
    return (
        checkpoints.FrozenEncoder(_chosen(checkpoint, texts), pooling=pooling, precision=precision)
        .fit(texts)
        .transform(texts, progress=progress)
    )


def embed_text(
    text: str,
    *,
    checkpoint: str | Path | Checkpoint = AUTO,
    pooling: str = "mean",
    precision: str = "float32",
) -> EmbeddedText:
    """Return the features of one text with the shapes of its hidden states.

    Raises
    ------
    InputError
        `text` is not one text, or the pooling or the checkpoint cannot be used.
    """
    resolved = resolve_checkpoint(_chosen(checkpoint, [text]))
    warn_if_read_badly(resolved, [text])
    encoder = checkpoints.FrozenEncoder(resolved, pooling=pooling, precision=precision)
    hidden = encoder.hidden_states(text)
    features = encoder.transform([text])
    return EmbeddedText(
        checkpoint=encoder.resolved.name,
        pooling=pooling,
        tokens=tuple(encoder.tokenizer.encode(text)[1]),
        hidden_states_shape=hidden.shape,
        features_shape=features.shape,
        features=tuple(float(value) for value in features[0]),
    )


def embed_data(
    splits: Splits,
    *,
    out: Path,
    checkpoint: str | Path | Checkpoint = AUTO,
    pooling: str = "mean",
    precision: str = "float32",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> EmbedResult:
    """Write the features of every split into one file, whole or not at all.

    Parameters
    ----------
    out : Path
        `.parquet`: columns split, line, label and features (fixed-size lists of float32), rows in
        the order of the splits. `.npz`: arrays of the same names. Several labels: `labels`, lists,
        in `.npz` zeros and ones of shape (n_texts, n_labels), with names as `label_names`.
    overwrite : bool
        Replace a file that is there.

    Raises
    ------
    OutputExistsError
        `out` is there already.
    InputError
        The suffix of `out`, the pooling or the checkpoint cannot be used.
    OutsideError
        The file could not be written, or another process writes it.
    """
    out = Path(out)
    write = _check_out(out, overwrite=overwrite)
    resolved = find_checkpoint(checkpoint, splits, progress or Progress())
    encoder = checkpoints.FrozenEncoder(resolved, pooling=pooling, precision=precision)
    rows = _Rows(splits)
    about = {"checkpoint": resolved.to_dict(), "pooling": pooling, "precision": precision}
    with lock_output(out, may_be_held=True):
        table = _FeatureTable(
            split=rows.splits,
            line=np.asarray(rows.lines, dtype=np.int64),
            label=rows.labels,
            label_set=splits.label_set,
            features=encoder.transform(rows.texts, progress=progress),
        )
        with (
            refusals_of_disk(out),
            atomic_file(out) as partial,
            partial.open("wb") as stream,
        ):
            write(stream, table, json.dumps(about, ensure_ascii=False))
    return EmbedResult(
        out=str(out),
        n_texts={name: len(labelled) for name, labelled in splits.items()},
        hidden_size=resolved.hidden_size,
        dtype="float32",
        pooling=pooling,
        precision=precision,
        checkpoint=resolved.to_dict(),
    )


def _chosen(checkpoint: str | Path | Checkpoint, texts: Sequence[str]) -> str | Path | Checkpoint:
    """Return the checkpoint, or what `auto` is for these texts."""
    if checkpoint != AUTO:
        return checkpoint
    return choose_checkpoint(checkpoint, check_texts(texts)).checkpoint


class _Rows:
    """The rows of all splits, one after the other."""

    def __init__(self, splits: Splits) -> None:
        self.splits: list[str] = []
        self.lines: list[int] = []
        self.labels: list[Any] = []
        self.texts: list[str] = []
        for name, labelled in splits.items():
            self.splits += [name] * len(labelled)
            self.lines += labelled.lines
            self.labels += labelled.labels
            self.texts += labelled.texts


@dataclass(frozen=True)
class _FeatureTable:
    """The columns that a file of features has; features are float32, one row per text.

    `label` is a label per text, or a tuple of them where texts may have several.
    """

    split: list[str]
    line: np.ndarray
    label: list[Any]
    label_set: LabelSet
    features: np.ndarray

    @property
    def has_several(self) -> bool:
        """Whether texts may have several labels."""
        return self.label_set.task == "multi"


# Takes an open file, the columns, and as JSON how the features were made.
Writer = Callable[[IO[bytes], _FeatureTable, str], None]


def _check_out(out: Path, *, overwrite: bool) -> Writer:
    """Check `out` before an hour of computing; return the function that writes its format."""
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"features cannot be written as '{out.name or out}'; "
            f"{' and '.join(SUFFIXES)} are accepted"
        )
    check_output(out, overwrite=overwrite)
    if out.suffix.lower() == ".npz":
        return _write_npz
    require("pyarrow.parquet")
    return _write_parquet


def _write_npz(stream: IO[bytes], table: _FeatureTable, about: str) -> None:
    # Without its type, numpy would make an empty list an array of floats.
    labels: dict[str, np.ndarray] = {}
    if table.has_several:
        labels["labels"] = table.label_set.indicator(table.label).astype(np.int8)
        labels["label_names"] = np.asarray(table.label_set.names, dtype=np.str_)
    else:
        labels["label"] = np.asarray(table.label, dtype=np.str_)
    np.savez(
        stream,
        allow_pickle=False,
        split=np.asarray(table.split, dtype=np.str_),
        line=table.line,
        **labels,
        features=table.features,
        about=np.asarray(about),
    )


def _write_parquet(stream: IO[bytes], table: _FeatureTable, about: str) -> None:
    pa = require("pyarrow")
    features = table.features
    lists: pyarrow.Array = pa.FixedSizeListArray.from_arrays(
        pa.array(features.ravel()), features.shape[1]
    )
    name, kind = "label", pa.string()
    if table.has_several:
        name, kind = "labels", pa.list_(pa.string())
    columns = {
        "split": pa.array(table.split, pa.string()),
        "line": pa.array(table.line),
        name: pa.array(table.label, kind),
        "features": lists,
    }
    written = pa.table(columns).replace_schema_metadata({"assay": about})
    require("pyarrow.parquet").write_table(written, stream)
