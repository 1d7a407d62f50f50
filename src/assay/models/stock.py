"""Checkpoints that others trained: any sequence classifier of transformers as a `Model`.

Nothing of it is run but the stock architecture that its config.json names, on safetensors weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from assay.checkpoints.fetch import refuse_own_model
from assay.checkpoints.network import load_pretrained
from assay.checkpoints.resolve import Checkpoint, load_tokenizer, resolve_checkpoint
from assay.checkpoints.torch_state import pick_device
from assay.data.labels import LabelSet, Task
from assay.errors import DataError, ModelError
from assay.json_text import parse_json
from assay.models.estimator import describe_subwords
from assay.progress import Progress
from assay.runtime.entries import FileEntry
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model
from assay.tokenization.window import check_long_texts
from assay.training.inference import network_logits, read_long_texts
from assay.training.objectives import OBJECTIVES
from assay.training.thresholds import DEFAULT_THRESHOLD

__all__ = ["load_classifier"]

SEVERAL_LABELS = OBJECTIVES["multi"].problem_type
METHOD = "checkpoint"  # in the place where models of assay have their method


def load_classifier(
    name: str | Path,
    *,
    revision: str | None = None,
    long_texts: str = "truncate",
    progress: Progress | None = None,
) -> Model:
    """Load a sequence classification checkpoint.

    Its labels are those of its config.json, in their order. Where it gives several labels per text,
    each is given from the threshold that config.json has for it, else from a half.

    Parameters
    ----------
    name : str or Path
        A local folder or a Hub id.
    revision : str, optional
        Revision of a Hub id.
    long_texts : {"truncate", "window"}
        What becomes of texts that are longer than it reads at once.
    progress : Progress, optional

    Raises
    ------
    ModelError
        It is a model of assay, has no classifier, or holds pickles, code or unusable label names.
    InputError
        There is nothing of that name.
    OutsideError
        The Hub could not be reached.
    """
    check_long_texts(long_texts)
    checkpoint = resolve_checkpoint(name, revision=revision, progress=progress)
    _refuse_own_model(name, checkpoint)
    config = _read_config(checkpoint)
    labels = _read_labels(checkpoint, config)
    task: Task = "multi" if config.get("problem_type") == SEVERAL_LABELS else "single"
    network = _load_network(checkpoint).to(pick_device())
    tokenizer = load_tokenizer(checkpoint)

    def forward(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits

    def score(texts: Sequence[str]) -> np.ndarray:
        if not len(texts):
            return np.empty((0, len(labels)))
        logits = read_long_texts(
            tokenizer,
            texts,
            lambda encoded: network_logits(network, forward, encoded, pad_id=tokenizer.pad_id),
            policy=long_texts,
            task=task,
        )
        return OBJECTIVES[task].probs(logits)

    described = _describe(checkpoint, labels, tokenizer.max_tokens, long_texts)
    thresholds = _read_thresholds(config, labels) if task == "multi" else ()
    manifest = replace(described, task=task, thresholds=thresholds)
    return Model(checkpoint.folder, manifest, score, tokenizer=tokenizer)


def _refuse_own_model(name: str | Path, checkpoint: Checkpoint) -> None:
    if Layout(checkpoint.folder).manifest.is_file() and not Path(name).is_dir():
        raise refuse_own_model(str(name))


def _describe(
    checkpoint: Checkpoint, labels: tuple[str, ...], max_tokens: int, long_texts: str
) -> Manifest:
    """Return what a model folder of the checkpoint would say; its files are not hashed."""
    files: dict[str, FileEntry] = {
        path.name: {"sha256": "", "size_bytes": path.stat().st_size}
        for path in checkpoint.folder.iterdir()
    }
    return Manifest(
        method=METHOD,
        labels=labels,
        seed=0,
        tokenization=describe_subwords(max_tokens, long_texts=long_texts),
        checkpoint=checkpoint.to_dict(),
        files=files,
    )


def _read_config(checkpoint: Checkpoint) -> Mapping[str, Any]:
    config: Mapping[str, Any] = parse_json(
        (checkpoint.folder / "config.json").read_text(encoding="utf-8")
    )
    return config


def _read_thresholds(config: Mapping[str, Any], labels: tuple[str, ...]) -> tuple[float, ...]:
    """Return the score from which each label is given, as `finetune` writes it."""
    known = config.get("thresholds")
    if not isinstance(known, Mapping):
        known = {}
    thresholds = []
    for label in labels:
        own = known.get(label)
        if not isinstance(own, int | float) or not 0 <= own <= 1:
            own = DEFAULT_THRESHOLD
        thresholds.append(float(own))
    return tuple(thresholds)


def _read_labels(checkpoint: Checkpoint, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the label names in the order of the outputs."""
    if config.get("problem_type") == "regression":
        raise ModelError(
            f"checkpoint '{checkpoint.name}' is for regression; labels of texts are accepted"
        )
    _check_architectures(checkpoint, config)
    named = config.get("id2label") or _numbered_labels(config.get("num_labels", 2))
    try:
        by_id = {int(i): name for i, name in named.items()}
        labels = LabelSet(tuple(map(by_id.__getitem__, range(len(by_id))))).names
    except (AttributeError, ValueError, TypeError, KeyError, DataError) as err:
        raise ModelError(
            f"the label names (id2label) of checkpoint '{checkpoint.name}' cannot be used: {err}"
        ) from err
    if len(labels) < 2:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' has one output (regression); "
            "at least two labels are accepted"
        )
    return labels


def _check_architectures(checkpoint: Checkpoint, config: Mapping[str, Any]) -> None:
    """Refuse a network without a sequence classifier; one that does not say what it is passes."""
    architectures = list(map(str, config.get("architectures") or ()))
    if not architectures:
        return
    if not any(one.endswith("ForSequenceClassification") for one in architectures):
        raise ModelError(
            f"checkpoint '{checkpoint.name}' ({', '.join(architectures)}) "
            "has no sequence classifier, so no labels",
            hint=_advise_training(checkpoint),
        )


def _advise_training(checkpoint: Checkpoint) -> str:
    return (
        "train one on it: assay train DATA --method finetune "
        f"--checkpoint {checkpoint.name} --out MODEL"
    )


def _numbered_labels(n_labels: int) -> dict[str, str]:
    """Return the names that transformers gives to labels without names."""
    return {str(i): f"LABEL_{i}" for i in range(n_labels)}


def _load_network(checkpoint: Checkpoint) -> Any:
    network, missing = load_pretrained(
        transformers.AutoModelForSequenceClassification, checkpoint, role=" as a classifier"
    )
    if missing:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(missing)} weights of a classifier, "
            f"among them {missing[0]}: they would be random",
            hint=_advise_training(checkpoint),
        )
    return network
