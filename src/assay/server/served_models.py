"""The models that are served, by name: loaded, watched, and swapped for a newer one while requests go on.

A request keeps the model that it began with. A folder that cannot be loaded is refused, and the
model from before goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assay.errors import AssayError, InputError, did_you_mean
from assay.runtime.explain import explain_text
from assay.runtime.memory import give_back_memory
from assay.runtime.predictor import Model, load_model
from assay.server.budget import estimate_tokens, measure_budget
from assay.server.failures import ApiError
from assay.server.logs import describe_exception
from assay.server.queue import Work
from assay.server.requests import MAX_NEAREST

__all__ = ["ModelShelf", "ServedModel", "name_folders"]

logger = logging.getLogger(__name__)

Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class ServedModel:
    """A loaded model and the kinds of work that it does.

    Parameters
    ----------
    name : str
    model : Model
    scoring : Work
        Texts -> rows of scores.
    judging : Work
        Texts -> (row of scores, scope or None).
    explaining : Work
        Texts -> explanations, where the model gives exact ones.
    counting : Work
        Texts -> tokens a text before anything is cut; None where nothing is ever cut.
    finding : Work
        Texts -> the nearest `MAX_NEAREST` training texts of each, where the model keeps them.
    loaded_at : float
        Seconds since the epoch.
    """

    name: str
    model: Model
    scoring: Work
    judging: Work
    explaining: Work
    counting: Work
    finding: Work
    loaded_at: float

    @classmethod
    def load(cls, name: str, folder: Path, *, n_threads: int | None = None) -> ServedModel:
        """Load a folder, and measure how much of it goes in one pass.

        Raises
        ------
        ModelError
            The folder is no model, or a broken one.
        """
        model = load_model(folder, n_threads=n_threads)
        score = partial(_score, model)
        budget = measure_budget(score, max_tokens=model.cut_tokens)
        _judge(
            model, [""]
        )  # unpacks the statistics of its training texts: no request should wait for that
        find = partial(_find, model)
        # A look-up takes longer than a score of `linear`: with the budget of scores one pass could
        # hold up all others.
        find_budget = (
            budget if model.training_texts is None else measure_budget(find, max_tokens=None)
        )
        make = partial(
            Work, cost=partial(estimate_tokens, max_tokens=model.cut_tokens), budget=budget
        )
        return cls(
            name,
            model,
            scoring=make(score),
            judging=make(partial(_judge, model)),
            explaining=make(partial(_explain, model)),
            counting=make(partial(_count, model)),
            finding=Work(find, cost=partial(estimate_tokens, max_tokens=None), budget=find_budget),
            loaded_at=time.time(),
        )

    def describe(self) -> dict[str, Any]:
        """Return what /info says of it."""
        model, rule = self.model, self.model.abstain_rule
        return {
            "name": self.name,
            "method": model.method,
            "labels": list(model.labels),
            "max_tokens": model.max_tokens,
            "size_bytes": model.n_bytes,
            "abstains_below": None if rule is None else rule.threshold,
            "out_of_scope_below": model.scope_threshold,
            "scores": list(model.manifest.scores),
            "pass_tokens": self.scoring.budget,
            "kept_texts": 0 if model.training_texts is None else len(model.training_texts.texts),
            "loaded_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.loaded_at)),
        }


def _score(model: Model, texts: Sequence[str]) -> list[Any]:
    return list(model.predict_proba(texts))


def _judge(model: Model, texts: Sequence[str]) -> list[tuple[Any, float | None]]:
    probs = model.predict_proba(texts)
    scope = model.scope(texts, probs=probs)
    return [(row, None if scope is None else float(scope[i])) for i, row in enumerate(probs)]


def _explain(model: Model, texts: Sequence[str]) -> list[Any]:
    return [explain_text(model, text) for text in texts]


def _find(model: Model, texts: Sequence[str]) -> list[list[dict[str, Any]]]:
    return [[one.to_dict() for one in found] for found in model.nearest(texts, n=MAX_NEAREST)]


def _count(model: Model, texts: Sequence[str]) -> list[int | None]:
    counts = model.count_tokens(texts)
    return [None] * len(texts) if counts is None else [*counts]


def name_folders(given: Sequence[str]) -> dict[str, Path]:
    """Return the folder of each served name: ``NAME=FOLDER``, or a folder that is called by its own name.

    Raises
    ------
    InputError
        Nothing is given, a name is empty, or two folders have one name.
    """
    folders: dict[str, Path] = {}
    for one in given:
        name, is_named, folder = one.rpartition("=")
        path = Path(folder)
        if not is_named or Path(one).is_dir():
            path = Path(one)
            name = path.resolve().name
        if not name or not folder:
            raise InputError(f"'{one}' names no model; FOLDER and NAME=FOLDER are accepted")
        if name in folders:
            raise InputError(
                f"two models are called '{name}': {folders[name]} and {path}",
                hint=f"give one of them another name: other={path}",
            )
        folders[name] = path
    if not folders:
        raise InputError("no model was given to serve; one folder or more are accepted")
    return folders


class ModelShelf:
    """The served models by name; the first is the one that answers where none is named.

    Parameters
    ----------
    folders : mapping of str to Path
        Name -> model folder.
    n_threads : int, optional
        Compute threads of each; None means what the environment says.
    on_reload : callable, optional
        Told the name and whether it went well.

    Raises
    ------
    ModelError
        A folder is no model, or a broken one.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        *,
        n_threads: int | None = None,
        on_reload: Callable[[str, bool], None] = lambda name, is_loaded: None,
    ) -> None:
        self._folders = dict(folders)
        self._n_threads = n_threads
        self.on_reload = on_reload
        self._signatures = {name: sign_folder(folder) for name, folder in self._folders.items()}
        self._served = {
            name: ServedModel.load(name, folder, n_threads=n_threads)
            for name, folder in self._folders.items()
        }
        self._reloading = threading.Lock()

    @property
    def served(self) -> list[ServedModel]:
        """Every model, in the order given."""
        return [self._served[name] for name in self._folders]

    def find(self, name: str | None) -> ServedModel:
        """Return a model; None: the first.

        Raises
        ------
        ApiError
            404: no model has this name.
        """
        if name is None:
            return self._served[next(iter(self._folders))]
        if name not in self._served:
            known = ", ".join(self._folders)
            sentence = (
                f"there is no model '{name}'; models: {known}.{did_you_mean(name, self._folders)}"
            )
            raise ApiError(404, "validation", sentence)
        return self._served[name]

    def reload(self, *, only_changed: bool) -> list[str]:
        """Load folders again, those that changed or all; return the names of what was swapped.

        Takes as long as loading does: not for the event loop. Never raises: what is broken is
        logged and left.
        """
        with self._reloading:
            return [
                name for name in self._folders if self._reload_one(name, only_changed=only_changed)
            ]

    def _reload_one(self, name: str, *, only_changed: bool) -> bool:
        folder = self._folders[name]
        signature = sign_folder(folder)
        if only_changed and (signature == self._signatures[name] or not signature):
            return False  # unchanged, or in the middle of being replaced
        self._signatures[name] = signature
        try:
            self._served[name] = ServedModel.load(name, folder, n_threads=self._n_threads)
        except AssayError as err:
            facts = {"model": name, "reason": err.message}
            logger.warning(
                "a changed model was refused; the one from before goes on", extra={"facts": facts}
            )
        except Exception as err:  # a folder that is being written can be broken in any way
            facts = {"model": name, **describe_exception(err)}
            logger.warning(
                "a changed model was refused; the one from before goes on", extra={"facts": facts}
            )
        else:
            logger.info("a model was loaded again", extra={"facts": {"model": name}})
            self.on_reload(name, True)
            give_back_memory()  # what a request still holds goes with the next swap
            return True
        self.on_reload(name, False)
        return False


def sign_folder(folder: Path) -> Signature:
    """Return names, sizes and times of the files of a folder: what changes when it does.

    Empty: there is none.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            facts = path.stat()
        except OSError:  # gone since it was listed
            continue
        if path.is_file():
            found.append((path.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns))
    return tuple(found)
