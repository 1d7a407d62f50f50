"""`assay train`: one method, from labelled texts to a saved, scored model folder."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import _env
from assay._display import Shown, html_block, html_table
from assay.data.languages import find_wrong_language
from assay.data.texts import LabelledTexts, Splits
from assay.disk import atomic_folder, check_output
from assay.errors import InputError, MissingDependencyError
from assay.evaluation.limits import measure_limits
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import SplitScores
from assay.evaluation.scoring import ScoredSplit, manifest_scores, score_split
from assay.methods import (
    FLOOR,
    METHODS,
    cheaper_methods,
    check_methods,
    find_method,
    join_names,
    methods_where,
)
from assay.models import make_estimator
from assay.notebook import default_progress
from assay.progress import Progress
from assay.recipes.steps.prepare import DataOptions, check_apart, prepare_data
from assay.reporting.card import CONFUSION_PICTURE, render_card
from assay.reporting.score_figures import draw_confusion
from assay.runtime.entries import TrainingDataEntry
from assay.runtime.folder import read_folder
from assay.runtime.limits.abstain import check_target
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import load_model
from assay.training.states import TrainingStates, has_training_state

if TYPE_CHECKING:
    from assay.models.estimator import TextClassifier

__all__ = ["FittedModel", "baselines_of", "finish_model", "fit_and_save", "train_model"]

logger = logging.getLogger(__name__)

MODEL, STATES = "model", "training"  # inside OUT.partial
HEADLINES = ("accuracy", "f1_weighted", "f1_macro")
MAX_LANGUAGE_TEXTS = 300  # looked at to tell the language of the card


@dataclass(frozen=True)
class FittedModel:
    """A saved model, and what only its training knows.

    Parameters
    ----------
    folder : Path
    fit_s : float
        Seconds of fitting and calibrating, on this machine.
    history : list of dict
        An entry an epoch; empty for methods without epochs.
    """

    folder: Path
    fit_s: float
    history: list[dict[str, Any]] = field(default_factory=list)


def fit_and_save(
    method: str,
    splits: Splits,
    out: Path,
    *,
    seed: int,
    parameters: dict[str, Any],
    overwrite: bool = False,
    states: TrainingStates | None = None,
    keep_texts: bool = False,
    progress: Progress,
) -> FittedModel:
    """Fit one method on train, with validation for its choices, and save it. The test split is not looked at.

    Parameters
    ----------
    method : str
    splits : Splits
        With train and validation.
    out : Path
    seed : int
    parameters : dict
        Parameters of the estimator; one that it does not have is refused.
    states : TrainingStates, optional
        Where a long training keeps its state; deleted by whoever gives it.
    keep_texts : bool
        Keep training texts in the model, too.
    """
    from assay.models import save_model  # here: it loads scikit-learn
    from assay.models.term_statistics import fit_term_statistics

    train, validation = splits["train"], splits["validation"]
    with ThreadPoolExecutor(1) as aside:  # the language's model is unpacked while libraries load
        training_data = aside.submit(_training_data, splits)
        estimator = make_estimator(method, seed=seed, **parameters)  # before the clock starts
    started_s = time.perf_counter()
    _fit(estimator, splits, seed=seed, states=states, progress=progress)
    fit_s = time.perf_counter() - started_s
    statistics = None
    if METHODS[method].reads_texts:  # to a method that reads none, no text is unfamiliar
        label_ids = splits.label_set.ids(train.labels)
        statistics = fit_term_statistics(train.texts, label_ids, n_classes=len(splits.label_set))
    save_model(
        estimator,
        out,
        label_set=splits.label_set,
        parity_texts=validation.texts,
        training_data=training_data.result(),
        term_statistics=statistics,
        overwrite=overwrite,
    )
    logger.info(
        "%s: fitted in %.1f s on %d texts, temperature %.3f",
        method,
        fit_s,
        len(train),
        estimator.temperature_,
    )
    if keep_texts:
        _keep_train_texts(out, splits, progress=progress)
    return FittedModel(out, fit_s, estimator.history_)


def _keep_train_texts(folder: Path, splits: Splits, *, progress: Progress) -> None:
    """Write the train split into a saved model, or as much of it as a model may hold, and say who can read it."""
    from assay.models import keep_texts

    train = splits["train"]
    kept = keep_texts(folder, train.texts, splits.label_set.ids(train.labels).tolist()).kept_texts
    progress.say(
        f"{kept['n_texts']:,} training texts are in the model now: whoever has it can read them"
    )


def _fit(
    estimator: TextClassifier,
    splits: Splits,
    *,
    seed: int,
    states: TrainingStates | None,
    progress: Progress,
) -> None:
    """Fit the estimator on train, with validation for its choices."""
    train, validation = splits["train"], splits["validation"]

    def score(label_ids: Any, probs: Any) -> dict[str, float]:
        # Inside an estimator classes are sorted; these two metrics do not depend on their order.
        scores = score_predictions(label_ids, probs, splits.label_set, seed=seed, n_resamples=2)
        return {"accuracy": scores.accuracy, "f1_weighted": scores.f1_weighted}

    held_out = validation.texts, validation.labels
    estimator.fit(
        train.texts,
        train.labels,
        validation=held_out,
        score=score,
        progress=progress,
        states=states,
    )


def _training_data(splits: Splits) -> TrainingDataEntry:
    """Return what a manifest says of the data that its model was trained on."""
    train = splits["train"]
    facts: TrainingDataEntry = {
        "source": _public_source(splits.source),
        "n_texts": len(train),
        "sha256": train.sha256(),
    }
    if (language := _main_language(train)) is not None:
        facts["language"] = language
    if splits.n_corrections:
        # With it, `verify` knows the train split again in data whose labels are as they were.
        facts["corrections"] = splits.n_corrections
        facts["texts_sha256"] = train.sha256(with_labels=False)
    return facts


def _main_language(train: LabelledTexts) -> str | None:
    """Return the ISO 639 code of the language of most texts, from some of them; None: mixed, or cannot be told."""
    step = max(1, len(train) // MAX_LANGUAGE_TEXTS)
    try:
        return find_wrong_language(train.texts[::step][:MAX_LANGUAGE_TEXTS]).main
    except MissingDependencyError:
        return None


def _public_source(source: str) -> str:
    """Name the data in public: of a path on this machine only the last part; a Hub id as it is."""
    try:
        is_local = Path(source).expanduser().exists()
    except (OSError, ValueError):  # a name that is no path
        is_local = False
    return Path(source).expanduser().resolve().name if is_local else source


def train_model(
    data: Any,
    out: str | Path,
    *,
    method: str,
    seed: int = 0,
    options: DataOptions | None = None,
    parameters: dict[str, Any] | None = None,
    target_accuracy: float | None = None,
    keep_texts: bool = False,
    overwrite: bool = False,
    resume: bool = False,
    save_every_s: float = 60.0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train one method and save it as a model folder.

    Under `torchrun` or `accelerate launch` all processes train one `finetune` model; process 0
    saves and returns it.

    Parameters
    ----------
    data
        What `load_data` accepts. Missing splits are cut from train.
    out : path
    method : str
        One of the five methods.
    seed : int
    options : DataOptions, optional
    parameters : dict, optional
        Parameters of the estimator, such as ``{"n_epochs": 3}``; one that it does not have is
        refused.
    target_accuracy : float, optional
        The model is to abstain so that what it answers reaches this, as measured on validation; a
        warning is logged, and nothing recorded, where that cannot be shown.
    keep_texts : bool
        Keep training texts in the model, to show the nearest of them beside its answers.
    overwrite : bool
    resume : bool
        Go on with a training of `finetune` that was cut short, from the state that it kept in
        ``OUT.partial``.
    save_every_s : float
        Seconds between two such states.
    progress : Progress, optional

    Returns
    -------
    dict
        `model`, `method`, `labels`, `fit_s`, `model_bytes`, `epochs` (an entry an epoch; empty for
        methods without), and the scores of the saved folder on validation and test. Empty in all
        processes but the first.

    Raises
    ------
    InputError
        The data, the method or the output cannot be used; nothing is written.
    """
    out, progress = Path(out), progress or default_progress()
    with _join(method) as is_first:
        check_methods([method])
        if target_accuracy is not None:
            check_target(target_accuracy)
        check_output(out, overwrite=overwrite)
        check_apart(data, out)
        splits = prepare_data(data, options=options or DataOptions(), seed=seed)
        states = TrainingStates(_partial(out) / STATES, every_s=save_every_s, resume=resume)
        if not is_first:  # it lends a hand: the model is that of process 0
            helper = make_estimator(method, seed=seed, **parameters or {})
            _fit(helper, splits, seed=seed, states=states, progress=Progress())
            return {}
        with atomic_folder(out, overwrite=overwrite, resume=resume, keep=_has_state) as root:
            _clear(root)
            # A model without its scores is half a model: until it has them, the state of its
            # training stays.
            folder = root / MODEL
            fitted = fit_and_save(
                method,
                splits,
                folder,
                seed=seed,
                parameters=parameters or {},
                states=states,
                keep_texts=keep_texts,
                progress=progress,
            )
            model = load_model(folder)
            scored = {
                split: score_split(
                    model, splits[split], seed=seed, train=splits["train"], progress=progress
                )
                for split in ("validation", "test")
            }
            manifest = finish_model(
                folder,
                scored,
                name=out.name,
                baselines=baselines_of(method, {method: scored}, splits),
                target_accuracy=target_accuracy,
            )
            _move_up(root)
    result = {
        "model": str(out),
        "method": method,
        "labels": list(model.labels),
        "fit_s": round(fitted.fit_s, 2),
        "model_bytes": model.n_bytes,
        "epochs": fitted.history,
        **{split: one.to_dict() for split, one in scored.items()},
        **({} if target_accuracy is None else {"abstain": manifest.abstain or None}),
    }
    return Shown(result, as_html=_trained_html(result))


@contextmanager
def _join(method: str) -> Iterator[bool]:
    """Join the processes that were started together, if there are several; tell whether this is the first.

    Raises
    ------
    InputError
        The method does not know how to share its work.
    """
    n = _env.n_processes()
    if n == 1:
        yield True
        return
    from assay.training.processes import join_ranks  # here: it loads torch

    with join_ranks() as ranks:
        if not find_method(method).shares_work:
            shared = join_names(methods_where(lambda method: method.shares_work), "or")
            raise InputError(
                f"{n} processes were started for method '{method}'; {shared} alone shares its work",
                hint=f"start one process, or take --method {shared}",
            )
        yield ranks.is_first


def _partial(out: Path) -> Path:
    return out.with_name(f"{out.name}.partial")


def _has_state(partial: Path) -> bool:
    return has_training_state(partial / STATES)


def _clear(root: Path) -> None:
    """Delete all that an interrupted training left behind but its state: the rest is made again."""
    for path in root.iterdir():
        if path.name != STATES:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _move_up(root: Path) -> None:
    """Put the finished model in the place of the folder that it was made in; the state of its training goes."""
    shutil.rmtree(root / STATES, ignore_errors=True)
    for path in (root / MODEL).iterdir():
        path.replace(root / path.name)
    (root / MODEL).rmdir()


def _trained_html(result: Mapping[str, Any]) -> str:
    splits = [
        {
            "split": split,
            "texts": result[split]["n_texts"],
            **{name: result[split][name] for name in HEADLINES},
            "95 % interval of accuracy": "{:.3f} to {:.3f}".format(
                *result[split]["intervals"]["accuracy"]
            ),
        }
        for split in ("validation", "test")
    ]
    shown = (
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "validation_f1_weighted",
    )
    epochs = [{name: epoch[name] for name in shown if name in epoch} for epoch in result["epochs"]]
    sentence = f"fitted in {result['fit_s']:.1f} s, {result['model_bytes'] / 1e6:.1f} MB, saved in {result['model']}"
    return html_block(
        result["method"], sentence, html_table(epochs, caption="epochs"), html_table(splits)
    )


def finish_model(
    folder: Path,
    scored: Mapping[str, ScoredSplit],
    *,
    name: str,
    baselines: Mapping[str, Mapping[str, SplitScores]] | None = None,
    target_accuracy: float | None = None,
) -> Manifest:
    """Write the scores, what the model knows of its limits, and the card with its picture into a saved model."""
    from assay.models import record_scores

    scores = manifest_scores(scored)
    measured = measure_limits(folder, scored["validation"], target_accuracy=target_accuracy)
    shown = scored["test"]
    (folder / CONFUSION_PICTURE).write_bytes(
        draw_confusion(
            shown.scores.confusion_by_true, [row.label for row in shown.scores.per_class]
        )
    )
    card = render_card(
        {**read_folder(folder).to_dict(), "scores": scores, **measured},
        name=name,
        baselines={
            method: {
                split: {metric: getattr(one, metric) for metric in HEADLINES}
                for split, one in splits.items()
            }
            for method, splits in (baselines or {}).items()
        },
        has_picture=True,
    )
    return record_scores(folder, scores, measured=measured, card=card)


def baselines_of(
    method: str, scored: Mapping[str, Mapping[str, ScoredSplit]], splits: Splits
) -> dict[str, dict[str, SplitScores]]:
    """Return the scores that stand beside a method's own: of `majority` always, of `linear` where it was trained."""
    found = {FLOOR: _score_floor(splits)}
    found |= {
        name: {split: one.scores for split, one in scored[name].items()}
        for name in methods_where(lambda method: method.is_baseline)
        if name in scored
    }
    cheaper = cheaper_methods(method)
    return {name: scores for name, scores in found.items() if name in cheaper}


def _score_floor(splits: Splits) -> dict[str, SplitScores]:
    """Score the method `majority` on validation and test, from the shares of the labels in train."""
    labels = splits.label_set
    shares = np.bincount(labels.ids(splits["train"].labels), minlength=len(labels)) / len(
        splits["train"]
    )
    return {
        name: score_predictions(
            labels.ids(splits[name].labels),
            np.tile(shares, (len(splits[name]), 1)),
            labels,
            seed=0,
            n_resamples=2,
        )
        for name in ("validation", "test")
    }
