"""Other names for a model's labels, so that LABEL_0 of a checkpoint is joy of the data."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.labels import list_labels
from assay.errors import InputError, did_you_mean
from assay.runtime.predictor import Model

__all__ = ["read_label_map", "relabel_model"]


def read_label_map(path: str | Path) -> dict[str, str]:
    """Read which label of a model is which label of the data.

    Parameters
    ----------
    path : path
        ``.json``: an object ``{"LABEL_0": "joy", ...}``. ``.csv``: a header line, then one pair per
        line.

    Returns
    -------
    dict of label of the model to label of the data

    Raises
    ------
    InputError
        No such file, or no such pairs in it.
    """
    path = Path(path)
    accepted = (
        '{"LABEL_0": "joy", ...} as .json, or a header line and one pair per line as .csv, '
        "is accepted"
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
                f"the label map {path} has '{pair[0]}' twice; "
                "each label of the model is accepted once"
            )
        names[pair[0]] = pair[1]
    if not names:
        raise InputError(f"the label map {path} is empty; {accepted}")
    return names


def _read_pairs(path: Path) -> list[Sequence[Any]]:
    """Return what the file holds, not yet checked to be pairs of names."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix.casefold() == ".csv":
        rows = list(filter(None, csv.reader(text.splitlines(), strict=True)))
        return [[cell.strip() for cell in row] for row in rows[1:]]
    # As a list of pairs, so that a key that is there twice is seen.
    content = json.loads(text, object_pairs_hook=list)
    if not isinstance(content, list) or not all(isinstance(pair, tuple) for pair in content):
        raise ValueError("it holds no object")
    return list(content)


def relabel_model(model: Model, names: Mapping[str, str]) -> Model:
    """Return the model with other label names.

    Labels that get the same name become one label, and their scores are added.

    Parameters
    ----------
    model : Model
        It stays as it is.
    names : mapping of old to new name
        For every label of the model. What is recorded about the model's limits is kept, unless
        labels are merged.

    Raises
    ------
    InputError
        A label is left out, one is named that the model does not have, or labels are joined that a
        text may have together.
    """
    labels = model.labels
    _check_names(names, labels)
    new = list(dict.fromkeys(names[label] for label in labels))
    if tuple(new) == labels:
        return model
    merge = np.zeros((len(labels), len(new)))
    for i, label in enumerate(labels):
        merge[i, new.index(names[label])] = 1.0
    manifest = replace(model.manifest.without_texts(), labels=tuple(new))
    if len(new) < len(labels):
        if model.label_set.task == "multi":
            raise InputError(
                "the label map gives one name to several labels; where texts may have several "
                "labels, each has a threshold of its own, and a name of its own is accepted"
            )
        manifest = replace(manifest, abstain={}, coverage_curve={}, scope={}, label_rule={})
    renamed = Model(
        model.folder,
        manifest,
        lambda texts: model.predict_proba(texts) @ merge,
        tokenizer=model.tokenizer,
    )
    if model.rebuild is not None:
        renamed.rebuild = (relabel_model, (model, dict(names)))
    return renamed


def _check_names(names: Mapping[str, str], labels: Sequence[str]) -> None:
    """Refuse a map that does not name each label of the model, and no others."""
    unknown = [name for name in names if name not in labels]
    if unknown:
        raise InputError(
            f"the label map names '{unknown[0]}', which the model does not have; "
            f"it has {list_labels(labels)}.{did_you_mean(unknown[0], labels)}"
        )
    missing = [name for name in labels if name not in names]
    if missing:
        raise InputError(
            f"the label map leaves out {list_labels(missing)}; every label of the model is needed"
        )
