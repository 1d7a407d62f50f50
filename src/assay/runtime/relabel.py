"""Other names for a model's labels: what joins a checkpoint that says LABEL_0 with data that says joy."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import InputError, did_you_mean
from assay.runtime.predictor import Model

__all__ = ["read_label_map", "relabel_model"]


def read_label_map(path: str | Path) -> dict[str, str]:
    """Read which label of a model is which of the data.

    Parameters
    ----------
    path : path
        ``.json``: an object ``{"LABEL_0": "joy", ...}``; ``.csv``: a header line, then a pair a
        line.

    Raises
    ------
    InputError
        No such file, or no such pairs in it.
    """
    path = Path(path)
    accepted = (
        '{"LABEL_0": "joy", ...} as .json, or a header line and a pair a line as .csv, is accepted'
    )
    if not path.is_file():
        raise InputError(f"there is no label map {path}; {accepted}")
    try:
        pairs = _read_pairs(path)
    except (OSError, ValueError, csv.Error) as err:  # UnicodeDecodeError is a ValueError
        raise InputError(f"the label map {path} cannot be read: {err}; {accepted}") from err
    names: dict[str, str] = {}
    for i, pair in enumerate(pairs, start=1):
        if len(pair) != 2 or not all(isinstance(name, str) and name.strip() for name in pair):
            raise InputError(f"pair {i} of the label map {path} is {pair!r}; {accepted}")
        if pair[0] in names:
            raise InputError(
                f"the label map {path} has '{pair[0]}' twice; each label of the model stands once"
            )
        names[pair[0]] = pair[1]
    if not names:
        raise InputError(f"the label map {path} is empty; {accepted}")
    return names


def _read_pairs(path: Path) -> list[Sequence[Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.casefold() == ".csv":
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(text.splitlines(), strict=True)
            if row
        ]
        return list(rows[1:])
    content = json.loads(
        text, object_pairs_hook=list
    )  # a list of pairs: a key that stands twice is seen
    if not isinstance(content, list) or not all(isinstance(pair, tuple) for pair in content):
        raise ValueError("it holds no object")
    return list(content)


def relabel_model(model: Model, names: Mapping[str, str]) -> Model:
    """Return the model with other label names; labels that get one name become one, and their scores are added.

    Parameters
    ----------
    model : Model
    names : mapping of old to new name
        Of every label of the model. What is known of the model's limits goes with its labels, and
        is left out where labels are merged.

    Raises
    ------
    InputError
        A label is left out, or one is named that the model does not have.
    """
    labels = model.labels
    if unknown := [name for name in names if name not in labels]:
        raise InputError(
            f"the label map names '{unknown[0]}', which the model does not have; it has {', '.join(labels)}."
            f"{did_you_mean(unknown[0], labels)}"
        )
    if missing := [name for name in labels if name not in names]:
        raise InputError(
            f"the label map leaves out {', '.join(missing)}; every label of the model is needed"
        )
    new = list(dict.fromkeys(names[label] for label in labels))
    if tuple(new) == labels:
        return model
    merge = np.zeros((len(labels), len(new)))
    for i, label in enumerate(labels):
        merge[i, new.index(names[label])] = 1.0
    manifest = replace(model.manifest.without_texts(), labels=tuple(new))
    if len(new) < len(labels):
        manifest = replace(manifest, abstain={}, coverage_curve={}, scope={})
    return Model(
        model.folder,
        manifest,
        lambda texts: model.predict_proba(texts) @ merge,
        tokenizer=model.tokenizer,
    )
