"""`assay map`: the texts of a split as dots on a plane, in one HTML file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from assay.data.split import KEPT_ROWS
from assay.data.texts import Splits
from assay.disk import check_output
from assay.errors import InputError, OutsideError
from assay.maps.points import MAX_POINTS, map_split
from assay.notebook import default_progress
from assay.progress import Progress
from assay.reporting.data_figures import draw_map
from assay.reporting.map_page import render_map_page

__all__ = ["draw_map_file"]


def draw_map_file(
    splits: Splits,
    out: Path,
    *,
    png: Path | None = None,
    split: str | None = None,
    checkpoint: str = "minilm",
    pooling: str = "mean",
    seed: int = 0,
    max_points: int = MAX_POINTS,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Draw texts as points on a plane, like texts together; write the page, and the panels as a picture.

    Parameters
    ----------
    splits : Splits
    out : Path
        An .html file.
    png : Path, optional
        A .png file for the panels, one a label.
    split : str, optional
        None: `train`, or the only one.
    checkpoint : str
        The transformer whose features say what is alike.
    pooling : str
        `mean` or `cls`.
    seed : int
        The same texts and seed give the same map.
    max_points : int
        Of more texts a stratified sample is drawn; at least two for each class.
    overwrite : bool
        Replace files that are there.
    progress : Progress, optional

    Returns
    -------
    dict
        `out`, `png`, `split`, `n_points`, `n_texts` (of the whole split), `checkpoint`, `pooling`,
        `seed`.

    Raises
    ------
    InputError
        A suffix, the split, `max_points`, the pooling or the checkpoint cannot be used.
    OutputExistsError
        A file is there already.
    OutsideError
        The files could not be written; then neither is.
    """
    out, png = Path(out), None if png is None else Path(png)
    _check_file(out, ".html", "the map", overwrite=overwrite)
    if png is not None:
        _check_file(png, ".png", "the panels", overwrite=overwrite)
    split = _choose_split(splits, split)
    _check_points(splits, split, max_points)
    drawn = map_split(
        splits,
        split,
        checkpoint=checkpoint,
        pooling=pooling,
        seed=seed,
        max_points=max_points,
        progress=progress or default_progress(),
    )
    part, labels = splits[split], splits.label_set.names
    kept = set(drawn["rows"])
    panels = draw_map(drawn["points"], drawn["label_ids"], labels)
    texts = [text for line, text in zip(part.lines, part.texts, strict=True) if line in kept]
    page = render_map_page(drawn, labels, texts, panels=panels, source=splits.source, seed=seed)
    _write_all({out: page.encode(), **({} if png is None else {png: panels})})
    return {
        "out": str(out),
        "png": None if png is None else str(png),
        "split": split,
        "n_points": len(drawn["points"]),
        "n_texts": drawn["n_texts"],
        "checkpoint": drawn["checkpoint"],
        "pooling": pooling,
        "seed": seed,
    }


def _check_file(path: Path, suffix: str, what: str, *, overwrite: bool) -> None:
    if path.suffix.lower() != suffix:
        raise InputError(
            f"{what} cannot be written as '{path.name}'; a name that ends in {suffix} is accepted"
        )
    if path.is_dir():
        raise InputError(f"{path} is a folder; the path of a file is accepted")
    check_output(path, overwrite=overwrite)


def _choose_split(splits: Splits, split: str | None) -> str:
    if split is None:
        if "train" not in splits and len(splits) != 1:
            raise InputError(
                f"{splits.source} has no split 'train'; splits: {', '.join(splits)}",
                hint="choose one with --split",
            )
        split = "train" if "train" in splits else next(iter(splits))
    if not len(splits[split]):
        raise InputError(
            f"split '{split}' of {splits.source} holds no texts; at least one is accepted"
        )
    return split


def _check_points(splits: Splits, split: str, max_points: int) -> None:
    """Say that a sample is too small before the features are computed."""
    least, n_texts = KEPT_ROWS * len(splits.label_set), len(splits[split])
    if max_points < least and max_points < n_texts:
        raise InputError(
            f"{max_points:,} points are too few for {len(splits.label_set):,} classes; "
            f"at least {least:,} are accepted: {KEPT_ROWS} for each",
            hint=f"choose a larger --max-points; all {n_texts:,} texts of {split} can be drawn as well",
        )


def _write_all(files: dict[Path, bytes]) -> None:
    """Write every file beside its place, then move all: each is whole, and if one fails, all is as it was."""
    partials = {path: path.with_name(f".{path.name}.partial") for path in files}
    olds = {path: path.with_name(f".{path.name}.old") for path in files}
    placed: list[Path] = []
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partials[path].write_bytes(content)
        for path, partial in partials.items():
            if path.is_file():
                path.replace(olds[path])
            partial.replace(path)
            placed.append(path)
    except BaseException as err:  # whatever stopped it, Ctrl-C as well
        _put_back(olds, placed)
        if not isinstance(err, OSError):
            raise
        names = " and ".join(map(str, files))
        raise OutsideError(
            f"{names} could not be written: {err.strerror or err}",
            hint="look at free space and permissions",
        ) from err
    finally:
        for path in [*partials.values(), *olds.values()]:
            with suppress(OSError):  # a folder that is not there holds nothing to remove
                path.unlink()


def _put_back(olds: dict[Path, Path], placed: list[Path]) -> None:
    """Leave at each place what stood there, or nothing."""
    for path, old in olds.items():
        if old.is_file():
            old.replace(path)
        elif path in placed:
            path.unlink(missing_ok=True)
