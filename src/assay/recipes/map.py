"""`assay map`: the texts of a split as points on a plane, in one HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NotRequired, TypedDict

from assay.catalogue import ENGLISH, open_language
from assay.checkpoints.aliases import AUTO
from assay.data.split import KEPT_ROWS
from assay.data.texts import LabelledTexts, Splits
from assay.disk import atomic_files, check_output
from assay.errors import AssayError, InputError, OutsideError
from assay.maps.points import MAX_POINTS, SplitMap, map_split
from assay.notebook import default_progress
from assay.output_lock import lock_output
from assay.progress import Progress
from assay.recipes.map_by_model import Coloured, colour_texts
from assay.recipes.steps.checkpoint import find_checkpoint
from assay.reporting.data_figures import draw_map
from assay.reporting.map_page import render_map_page

__all__ = ["MapSummary", "check_map_files", "draw_map_file"]


class MapSummary(TypedDict):
    """What `assay map` drew, as its JSON says it; `n_texts` counts the whole split.

    The last two are there if the model was trained on some of the points.
    """

    out: str
    png: str | None
    split: str
    n_points: int
    n_texts: int
    checkpoint: str
    pooling: str
    seed: int
    model: str | None
    n_other: int | None
    n_trained_on: NotRequired[int]
    n_other_unseen: NotRequired[int]


def draw_map_file(
    splits: Splits,
    out: Path,
    *,
    png: Path | None = None,
    split: str | None = None,
    checkpoint: str = AUTO,
    pooling: str = "mean",
    seed: int = 0,
    max_points: int = MAX_POINTS,
    model: Path | None = None,
    report_language: str = ENGLISH,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> MapSummary:
    """Draw texts as points on a plane, similar ones close together, into an HTML page.

    Parameters
    ----------
    out, png : Path
        The .html file, and optionally a .png file for the panels.
    split : str, optional
        `train`, or the only one.
    checkpoint, pooling : str
        The transformer whose features say what is similar; `mean` or `cls`.
    max_points : int
        From more texts a stratified sample is drawn.
    model : Path, optional
        Colours tell where this model gives the labels of the data, and where others.
    report_language : str
        Code of the language that the page is in.

    Returns
    -------
    MapSummary

    Raises
    ------
    InputError
        Something that was given cannot be used, or a file exists.
    OutsideError
        A file cannot be written; then neither is.
    """
    open_language(report_language)  # refuses one that there is not, before any work
    split = _choose_split(splits, split, max_points)
    progress = progress or default_progress()
    with _lock_files(out, png, overwrite=overwrite) as files:
        drawn = map_split(
            splits,
            split,
            checkpoint=find_checkpoint(checkpoint, splits, progress),
            pooling=pooling,
            seed=seed,
            max_points=max_points,
            progress=progress,
        )
        coloured = _colour(splits, drawn, model, language=report_language)
        _write(files, _render(splits, drawn, coloured, seed=seed, language=report_language))
    return _summarise(drawn, files, seed=seed, model=model, coloured=coloured)


def _summarise(
    drawn: SplitMap, files: list[Path], *, seed: int, model: Path | None, coloured: Coloured
) -> MapSummary:
    out, *pictures = files
    summary: MapSummary = {
        "out": str(out),
        "png": str(pictures[0]) if pictures else None,
        "split": drawn["split"],
        "n_points": len(drawn["points"]),
        "n_texts": drawn["n_texts"],
        "checkpoint": drawn["checkpoint"],
        "pooling": drawn["pooling"],
        "seed": seed,
        "model": None if model is None else str(model),
        "n_other": coloured.n_other,
    }
    if coloured.n_trained_on:
        summary["n_trained_on"] = coloured.n_trained_on
        summary["n_other_unseen"] = coloured.n_other_unseen
    return summary


@contextmanager
def _lock_files(out: Path, png: Path | None, *, overwrite: bool) -> Iterator[list[Path]]:
    """Check and lock the files to write, and yield them."""
    files = check_map_files(out, png, overwrite=overwrite)
    with ExitStack() as locks:
        for path in files:
            locks.enter_context(lock_output(path, may_be_held=True))
        yield files


def check_map_files(out: Path, png: Path | None, *, overwrite: bool) -> list[Path]:
    """Return the files to write: the page, and the panels if they are wanted.

    Raises
    ------
    InputError
        One is called otherwise than what is written, or exists.
    """
    out, png = Path(out), None if png is None else Path(png)
    _check_file(out, ".html", "the map", overwrite=overwrite)
    if png is None:
        return [out]
    _check_file(png, ".png", "the panels", overwrite=overwrite)
    return [out, png]


def _check_file(path: Path, suffix: str, what: str, *, overwrite: bool) -> None:
    if path.suffix.lower() != suffix:
        raise InputError(
            f"{what} cannot be written as '{path.name or path}'; "
            f"a name that ends in {suffix} is accepted"
        )
    check_output(path, overwrite=overwrite)


def _choose_split(splits: Splits, split: str | None, max_points: int) -> str:
    """Return the split to draw, of which `max_points` are enough."""
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
    _check_points(splits, split, max_points)
    return split


def _check_points(splits: Splits, split: str, max_points: int) -> None:
    """Say that a sample is too small before the features are computed."""
    least, n_texts = KEPT_ROWS * len(splits.label_set), len(splits[split])
    if max_points < least and max_points < n_texts:
        raise InputError(
            f"{max_points:,} points are too few for {len(splits.label_set):,} classes; "
            f"at least {least:,} are accepted: {KEPT_ROWS} for each",
            hint="choose a larger --max-points; "
            f"all {n_texts:,} texts of {split} can be drawn as well",
        )


def _colour(splits: Splits, drawn: SplitMap, model: Path | None, *, language: str) -> Coloured:
    texts = _texts_at(splits[drawn["split"]], drawn["rows"])
    return colour_texts(model, splits.label_set, drawn["label_ids"], texts, language=language)


def _render(
    splits: Splits, drawn: SplitMap, coloured: Coloured, *, seed: int, language: str
) -> list[bytes]:
    """Return the page and the panels."""
    panels = draw_map(drawn["points"], coloured.label_ids, coloured.labels)
    page = render_map_page(
        {**drawn, "label_ids": coloured.label_ids, "note": coloured.note(language)},
        coloured.labels,
        coloured.texts,
        panels=panels,
        source=splits.source,
        seed=seed,
        by_model=coloured.n_other is not None,
        language=language,
    )
    return [page.encode(), panels]


def _texts_at(labelled: LabelledTexts, lines: list[int]) -> list[str]:
    """Return the texts at the given lines of the source, in the order of the split."""
    wanted = set(lines)
    rows = zip(labelled.lines, labelled.texts, strict=True)
    return [text for line, text in rows if line in wanted]


def _write(files: list[Path], contents: list[bytes]) -> None:
    """Write the files, all or none."""
    try:
        with atomic_files(files) as partials:
            for partial, content in zip(partials, contents, strict=False):
                partial.write_bytes(content)
    except OSError as err:
        if isinstance(err, AssayError):
            raise
        raise OutsideError(
            f"{' and '.join(map(str, files))} could not be written: {err.strerror or err}",
            hint="look at free space and permissions",
        ) from err
