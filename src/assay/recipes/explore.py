"""`assay explore`: a data set in numbers and pictures, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay._arguments import checked
from assay._display import Brief
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.data.load import load_data
from assay.data.origin import read_other_cells
from assay.data.summary import DataSummary, TokenLengths, quantiles, summarise
from assay.data.texts import Splits
from assay.data.trainable import warn_of_unlearnable
from assay.disk import atomic_folder, check_output
from assay.notebook import default_progress
from assay.output_lock import lock_output
from assay.output_place import check_apart
from assay.progress import Progress
from assay.recipes.steps.checkpoint import choose_from_splits
from assay.reporting.figures import draw_summary
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["Exploration", "explore_data"]


class ExplorationEntry(DataSummary):
    """An `Exploration` as JSON holds it."""

    figures: list[str]


@dataclass(frozen=True, repr=False)
class Exploration(Brief):
    """A data set's numbers, and where its figures were written.

    Parameters
    ----------
    summary : DataSummary
        As `summarise` returns it; with a checkpoint, each split also has `tokens`.
    figures : tuple of str
        Files; empty if no folder was given.
    """

    summary: DataSummary
    figures: tuple[str, ...] = ()

    def to_dict(self) -> ExplorationEntry:
        """Return plain values, ready for JSON."""
        return {**self.summary, "figures": list(self.figures)}


@checked
def explore_data(
    splits: Any,
    *,
    out: str | Path | None = None,
    checkpoint: str | None = None,
    n_first: int = 5,
    id_column: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Exploration:
    """Describe a data set: sizes, classes, lengths, first rows.

    Parameters
    ----------
    splits : Splits, or anything that `load_data` accepts
        Loaded data, a path, a Hub id, a frame; nothing is cut.
    out : path, optional
        A folder for the figures. None: none are drawn.
    checkpoint : str, optional
        Also count the tokens of this transformer's tokenizer, and the texts that it would cut.
    n_first : int
        First rows of each split that are shown.
    id_column : str, optional
        A column that names these rows. None: they are named by their lines.
    overwrite : bool
    progress : Progress, optional

    Raises
    ------
    InputError
        The data, the output or the checkpoint cannot be used.
    """
    progress = progress or default_progress()
    out = None if out is None else Path(out)
    if out is not None:
        check_output(out, overwrite=overwrite, is_folder=True)
        check_apart(splits, out)
    with lock_output(out, may_be_held=True):
        data = load_data(splits)
        warn_of_unlearnable(data)
        summary = summarise(data, n_first=n_first)
        _name_rows(summary, data, id_column)
        if checkpoint is not None:
            checkpoint = choose_from_splits(checkpoint, data).checkpoint
            tokenizer = load_tokenizer(resolve_checkpoint(checkpoint, progress=progress))
            for name, labelled in data.items():
                summary["splits"][name]["tokens"] = _count_tokens(
                    labelled.texts, tokenizer, checkpoint=checkpoint
                )
        if out is None:
            return Exploration(summary)
        return Exploration(summary, _draw(summary, out, overwrite=overwrite))


def _name_rows(summary: DataSummary, data: Splits, id_column: str | None) -> None:
    """Add to the first rows what a column calls them."""
    if id_column is None:
        return
    places = []
    for split, described in summary["splits"].items():
        places += [(split, row["line"]) for row in described["first_rows"]]
    others = read_other_cells(data.origins, places)
    for split, described in summary["splits"].items():
        for row in described["first_rows"]:
            found = others.get((split, row["line"]))
            if found is not None and id_column in found.cells:
                row["id"] = str(found.cells[id_column])


def _count_tokens(
    texts: tuple[str, ...], tokenizer: SubwordTokenizer, *, checkpoint: str
) -> TokenLengths:
    counts = np.asarray(tokenizer.count_tokens(texts))
    return {
        "checkpoint": checkpoint,
        "max_tokens": tokenizer.max_tokens,
        "n_truncated": int((counts > tokenizer.max_tokens).sum()),
        "all": quantiles(counts),
    }


def _draw(summary: DataSummary, out: Path, *, overwrite: bool) -> tuple[str, ...]:
    """Write the figures into a folder, all or none; return their paths."""
    pictures = draw_summary(summary)
    with atomic_folder(out, overwrite=overwrite) as root:
        for name, png in pictures.items():
            (root / f"{name}.png").write_bytes(png)
    return tuple(str(out / f"{name}.png") for name in pictures)
