"""The served models by name: loaded, watched, and replaced by newer ones while requests go on.

A request keeps the model that it began with. A changed folder that cannot be loaded is refused, and
the model that was loaded before stays.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.errors import AssayError, InputError, did_you_mean
from assay.runtime.memory import give_back_memory
from assay.runtime.trial import try_model
from assay.server.failures import ApiError
from assay.server.logs import describe_exception
from assay.server.served_models import ServedModel

__all__ = ["ModelShelf", "name_folders", "sign_folder"]

logger = logging.getLogger(__name__)

SHOWN_CHARS = 80  # of the name of a model that does not exist
REFUSED = "a changed model was refused; the one from before goes on"

# Of each file of a folder: path, size in bytes, time of change in ns.
Signature = tuple[tuple[str, int, int], ...]


def name_folders(given: Sequence[str]) -> dict[str, Path]:
    """Return the model folders by the name under which each is served.

    Parameters
    ----------
    given : sequence of str
        ``NAME=FOLDER``, or ``FOLDER``, which is served under its own name.

    Raises
    ------
    InputError
        Nothing is given, a name is empty, or two folders have one name.
    """
    folders: dict[str, Path] = {}
    for one in given:
        name, path = _split_name(one)
        if name in folders:
            raise InputError(
                f"two models are called '{name}': {folders[name]} and {path}",
                hint=f"give one of them another name: other={path}",
            )
        folders[name] = path
    if not folders:
        raise InputError("no model was given to serve; one folder or more are accepted")
    return folders


def _split_name(given: str) -> tuple[str, Path]:
    """Return name and folder of ``NAME=FOLDER`` or ``FOLDER``."""
    name, equals, folder = given.rpartition("=")
    if not equals or Path(given).is_dir():
        folder = given
        name = _own_name(Path(given)) if given else ""
    if not name or not folder:
        raise InputError(f"'{given}' names no model; FOLDER and NAME=FOLDER are accepted")
    if any("\ud800" <= char <= "\udfff" for char in name):  # bytes that are no UTF-8
        raise InputError(
            f"the model would be called {name!a}, which is no text that can be sent",
            hint=f"give it a name: NAME={given}",
        )
    return name, Path(folder)


def _own_name(path: Path) -> str:
    """Return the name of a folder. A link keeps its own name, wherever it points."""
    return os.path.basename(os.path.abspath(path))  # noqa: PTH100, PTH119 - resolve follows links


class ModelShelf:
    """The served models by name. The first one answers requests that name none.

    Parameters
    ----------
    folders : mapping of str to Path
        Model folder by name.
    n_threads : int, optional
        Compute threads of each model; None: what the environment says.
    on_reload : callable, optional
        Called after a reload with the name and whether it succeeded.
    trial : callable
        Called with a changed folder before it is loaded; it raises if the model could do harm.

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
        trial: Callable[[Path], object] = try_model,
    ) -> None:
        self._folders = dict(folders)
        self._n_threads = n_threads
        self.on_reload = on_reload
        self._trial = trial
        self._signatures: dict[str, Signature] = {}
        self._served: dict[str, ServedModel] = {}
        self._reloading = threading.Lock()
        for name, folder in self._folders.items():
            self._signatures[name] = sign_folder(folder)  # before loading: a later change shows
            self._served[name] = ServedModel.load(name, folder, n_threads=n_threads)

    @property
    def served(self) -> list[ServedModel]:
        """Every model, in the order given."""
        return [self._served[name] for name in self._folders]

    def find(self, name: str | None) -> ServedModel:
        """Return a model by name; None: the first one.

        Raises
        ------
        ApiError
            404: no model has this name.
        """
        if name is None:
            return self._served[next(iter(self._folders))]
        if name not in self._served:
            short = name[:SHOWN_CHARS]
            known = ", ".join(self._folders)
            hint = did_you_mean(short, self._folders)
            raise ApiError(
                404, "validation", f"there is no model '{short}'; models: {known}.{hint}"
            )
        return self._served[name]

    def reload(self, *, only_changed: bool) -> list[str]:
        """Load folders again, all or only those that changed.

        This takes as long as loading does and must not run on the event loop. It never raises: a
        folder that cannot be loaded is logged.

        Returns
        -------
        list of str
            Names of the models that were replaced.
        """
        with self._reloading:
            names = list(self._folders)
            return [name for name in names if self._reload_one(name, only_changed=only_changed)]

    def _reload_one(self, name: str, *, only_changed: bool) -> bool:
        folder = self._folders[name]
        signature = sign_folder(folder)
        if only_changed and (signature == self._signatures[name] or not signature):
            return False  # unchanged, or just being replaced
        self._signatures[name] = signature
        try:
            self._trial(folder)
            self._served[name] = ServedModel.load(name, folder, n_threads=self._n_threads)
        except BaseException as err:  # a folder that is being written can be broken in any way
            logger.warning(REFUSED, extra={"facts": {"model": name, **_describe_refusal(err)}})
            self.on_reload(name, False)
            return False
        logger.info("a model was loaded again", extra={"facts": {"model": name}})
        self.on_reload(name, True)
        give_back_memory()  # the old model goes, unless a request still holds it
        return True


def _describe_refusal(err: BaseException) -> dict[str, Any]:
    """Return the reason; the message of an error that is not assay's own may hold a text."""
    if isinstance(err, AssayError):
        return {"reason": err.message}
    return describe_exception(err)


def sign_folder(folder: Path) -> Signature:
    """Return names, sizes and times of all files of a folder; empty if there is no such folder.

    What it returns changes whenever a file does.
    """
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            facts = path.stat()
        except OSError:  # deleted since it was listed
            continue
        if path.is_file():
            found.append((path.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns))
    return tuple(found)
