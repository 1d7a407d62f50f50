"""MODEL as a person gives it.

It is a folder that assay wrote, or any sequence classifier of transformers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assay._paths import expand_home, is_hub_id, is_meant_as_path, nearby
from assay.errors import DataError, InputError, ModelError, OutsideError
from assay.notebook import default_progress
from assay.progress import Progress
from assay.runtime.layout import Layout
from assay.runtime.predictor import Model, load_model
from assay.runtime.relabel import read_label_map, relabel_model

__all__ = ["match_labels", "open_model"]

N_SHOWN = 20  # labels named in a message


def open_model(
    model: str | Path | Model,
    *,
    label_map: str | Path | None = None,
    long_texts: str | None = None,
    progress: Progress | None = None,
) -> Model:
    """Load a model.

    Parameters
    ----------
    model : str, Path or Model
        A folder of assay; a local folder of transformers with a sequence classifier; or such a
        checkpoint's Hub id, ``OWNER/NAME``. What is loaded already is returned as it is.
    label_map : path, optional
        Other names for its labels; see `read_label_map`.
    long_texts : {"truncate", "window"}, optional
        See `load_model`; a model that is loaded already has its policy.
    progress : Progress, optional

    Raises
    ------
    InputError
        There is no such model, it cannot be used, or the label map does not fit it.
    OutsideError
        The Hub could not be reached.
    """
    names = None if label_map is None else read_label_map(label_map)
    found = (
        model
        if isinstance(model, Model)
        else _find(model, long_texts, progress or default_progress())
    )
    return found if names is None else relabel_model(found, names)


def _find(model: str | Path, long_texts: str | None, progress: Progress) -> Model:
    folder = expand_home(model)
    is_checkpoint = (folder / "config.json").is_file() and not Layout(folder).manifest.is_file()
    if folder.is_dir() and not is_checkpoint:
        return load_model(folder, long_texts=long_texts)
    if not folder.is_dir():
        _check_hub_id(str(model), folder)
    from assay.models.stock import load_classifier  # here: it loads torch

    policy = long_texts or "truncate"
    if is_checkpoint:
        return load_classifier(folder, long_texts=policy, progress=progress)
    try:
        return load_classifier(str(model), long_texts=policy, progress=progress)
    except ModelError:
        raise
    except (InputError, OutsideError) as err:
        hint = "a model is a folder here, or a sequence classifier on the Hub as OWNER/NAME"
        raise type(err)(
            f"there is no model folder at {model}, and {err.message}", hint=hint
        ) from err


def _check_hub_id(given: str, folder: Path) -> None:
    """Refuse what cannot be a Hub id, above all what was meant as a path."""
    if folder.is_file():
        raise ModelError(
            f"{given} is a file; a model is a folder", hint="give the folder that holds it"
        )
    if is_meant_as_path(given) or not is_hub_id(given, with_owner=True):
        meant = nearby(folder)
        stop = "." if meant else ""
        raise ModelError(f"there is no model folder at {given}{stop}{meant}")


def match_labels(model: Model, data_labels: Iterable[str], *, where: str) -> Model:
    """Return the model with its labels named as in the data, matched by name: never by position.

    Names that differ in case alone are the same. A model of assay keeps its names: they came from
    the data.

    Raises
    ------
    DataError
        The data has labels that the model does not.
    """
    wanted = list(data_labels)
    if _differ_without_case(wanted) and _differ_without_case(model.labels):
        folded = {name.casefold(): name for name in wanted}
        names = {label: folded.get(label.casefold(), label) for label in model.labels}
        model = relabel_model(model, names)
    if unknown := [name for name in wanted if name not in model.labels]:
        free = [label for label in model.labels if label not in wanted]
        example = ", ".join(
            f'"{label}": "{name}"' for label, name in zip(free[:2], unknown[:2], strict=False)
        )
        raise DataError(
            f"the labels of the model and of {where} do not match: "
            f"the model has {_listed(model.labels)}; "
            f"the data has {_listed(wanted)}",
            hint=(
                "write which is which into labels.json, every label of the model once, "
                f"such as {{{example}, ...}} "
                "if that is what they mean, and add --label-map labels.json"
            ),
        )
    return model


def _differ_without_case(names: Sequence[str]) -> bool:
    return len(set(map(str.casefold, names))) == len(names)


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:N_SHOWN]) + (
        f" and {len(listed) - N_SHOWN:,} more" if len(listed) > N_SHOWN else ""
    )
