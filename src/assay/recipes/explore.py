"""`assay explore`: a data set in numbers and pictures, before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.data.summary import quantiles, summarise
from assay.data.texts import Splits
from assay.disk import atomic_folder, check_output
from assay.notebook import default_progress
from assay.progress import Progress
from assay.reporting.figures import draw_summary

__all__ = ["Exploration", "explore_data"]


@dataclass(frozen=True)
class Exploration:
    """A data set's numbers, and where its figures were written.

    Parameters
    ----------
    summary : dict
        As `summarise` returns it; each split carries `tokens` as well where a checkpoint was given.
    figures : tuple of str
        Files, empty where no folder was given.
    """

    summary: dict[str, Any]
    figures: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**self.summary, "figures": list(self.figures)}


def explore_data(
    splits: Splits,
    *,
    out: Path | None = None,
    checkpoint: str | None = None,
    n_first: int = 5,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Exploration:
    """Describe a data set: sizes, classes, lengths, first rows.

    Parameters
    ----------
    splits : Splits
    out : Path, optional
        A folder for the figures.
    checkpoint : str, optional
        Count the tokens of its tokenizer too, and what it would cut off.
    n_first : int
    overwrite : bool
    progress : Progress, optional
    """
    progress = progress or default_progress()
    if out is not None:
        check_output(out, overwrite=overwrite)
    summary = summarise(splits, n_first=n_first)
    if checkpoint is not None:
        tokenizer = load_tokenizer(resolve_checkpoint(checkpoint, progress=progress))
        for name, part in splits.items():
            counts = np.asarray(tokenizer.count_tokens(part.texts))
            n_cut = int((counts > tokenizer.max_tokens).sum())
            summary["splits"][name]["tokens"] = {
                "checkpoint": checkpoint,
                "max_tokens": tokenizer.max_tokens,
                "n_truncated": n_cut,
                "all": quantiles(counts),
            }
    if out is None:
        return Exploration(summary)
    with atomic_folder(out, overwrite=overwrite) as root:
        pictures = draw_summary(summary)
        for name, png in pictures.items():
            (root / f"{name}.png").write_bytes(png)
    return Exploration(summary, tuple(str(out / f"{name}.png") for name in pictures))
