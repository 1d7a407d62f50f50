"""Pictures for notebooks: the figures of a report, one by one, each as a `Picture`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay._arguments import checked
from assay._display import Picture
from assay.catalogue import ENGLISH, open_language
from assay.checkpoints.aliases import AUTO
from assay.data.load import load_data
from assay.data.summary import summarise
from assay.errors import InputError
from assay.methods import join_names, methods_where
from assay.notebook import default_progress
from assay.progress import Progress
from assay.recipes.evaluate import Evaluation
from assay.recipes.steps.checkpoint import choose_from_splits

__all__ = ["draw_classes", "draw_confusions", "draw_epochs", "draw_lengths", "draw_text_map"]


@checked
def draw_classes(splits: Any, *, language: str = ENGLISH) -> Picture:
    """Draw how many texts each label has, in train or else in the first split.

    Parameters
    ----------
    splits : Splits, or anything that `load_data` accepts
    language : str
        Language of the words in the picture and of its description: `en` or `ko`.
    """
    return _draw_summary_figure(splits, "class_counts", language)


@checked
def draw_lengths(splits: Any, *, language: str = ENGLISH) -> Picture:
    """Draw words per text for each label, as box plots, in train or else in the first split.

    Parameters
    ----------
    splits : Splits, or anything that `load_data` accepts
    language : str
        Language of the words in the picture and of its description: `en` or `ko`.
    """
    return _draw_summary_figure(splits, "words_per_text", language)


@checked
def draw_text_map(
    splits: Any,
    split: str = "train",
    *,
    checkpoint: str = AUTO,
    pooling: str = "mean",
    max_points: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
    language: str = ENGLISH,
) -> Picture:
    """Draw the texts of a split as points on a plane, with one density panel per label.

    Texts of similar meaning are close together.

    Parameters
    ----------
    splits : Splits, or anything that `load_data` accepts
    split : str
    checkpoint, pooling : str
        The frozen transformer whose features say what is similar, `auto` by the language of the
        texts; `mean` or `cls`.
    max_points : int
        From a larger split a stratified sample is drawn.
    seed : int
    progress : Progress, optional
    language : str
        Language of the words in the picture and of its description: `en` or `ko`.
    """
    from assay.maps.points import label_positions, map_split
    from assay.reporting.data_figures import draw_map

    alt = open_language(language).say("alt.map")
    splits = load_data(splits)
    drawn = map_split(
        splits,
        split,
        checkpoint=choose_from_splits(checkpoint, splits).checkpoint,
        pooling=pooling,
        seed=seed,
        max_points=max_points,
        progress=progress or default_progress(),
    )
    label_ids = label_positions(drawn["label_ids"])
    png = draw_map(drawn["points"].tolist(), label_ids, list(splits.label_set))
    return Picture(png, alt=alt)


@checked
def draw_confusions(evaluation: Evaluation, *, language: str = ENGLISH) -> Picture:
    """Draw the confusion matrix of an evaluation, normalised by true label.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate_model` returned.
    language : str
        Language of the words in the picture and of its description: `en` or `ko`.
    """
    from assay.reporting.score_figures import draw_confusion

    fractions, labels = evaluation.scores.confusion_by_true, list(evaluation.labels)
    png = draw_confusion(fractions, labels, language=language)
    return Picture(png, alt=f"{evaluation.method}: {open_language(language).say('alt.confusion')}")


@checked
def draw_epochs(*results: Mapping[str, Any], language: str = ENGLISH) -> Picture:
    """Draw loss, accuracy and F1 of each epoch of training.

    Parameters
    ----------
    results : dict
        What `train_model` returned, for methods that train in epochs.
    language : str
        Language of the words in the picture and of its description: `en` or `ko`.

    Raises
    ------
    InputError
        A result has no epochs.
    """
    from assay.reporting.score_figures import draw_training

    curves: dict[str, Sequence[Mapping[str, Any]]] = {}
    for result in results:
        if not result.get("epochs"):
            in_epochs = methods_where(lambda method: method.trains_in_epochs)
            raise InputError(
                f"'{result.get('method')}' was not trained in epochs; {join_names(in_epochs)} are"
            )
        curves[result["method"]] = result["epochs"]
    if not curves:
        raise InputError("there is nothing to draw: give what train_model returned")
    png = draw_training(curves, language=language)
    return Picture(png, alt=open_language(language).say("alt.training"))


def _draw_summary_figure(splits: Any, name: str, language: str) -> Picture:
    from assay.reporting.figures import draw_summary

    alt = open_language(language).say(f"alt.{name}")
    return Picture(draw_summary(summarise(load_data(splits)), language=language)[name], alt=alt)
