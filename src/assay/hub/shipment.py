"""The files of a model folder as they are sent to the Hub: which ones, and what differs there."""

from __future__ import annotations

import glob
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from assay._paths import follow_links
from assay.errors import InputError
from assay.hub.card import address_card, set_license
from assay.runtime.layout import Layout, is_free
from assay.runtime.manifest import Manifest, render_manifest

__all__ = ["SentFile", "Shipment", "find_stale", "plan_shipment", "stage_shipment"]


class SentFile(TypedDict):
    """A file by its path inside the folder."""

    path: str
    size_bytes: int


@dataclass(frozen=True)
class Shipment:
    """What is sent.

    Parameters
    ----------
    folder : Path
        The model.
    files : list of SentFile
    left_out : list of SentFile
        What stays here: the training texts that the model keeps, unless they are wanted.
    manifest : bytes or None
        An assay.json without training texts, which replaces that of the folder; None: the folder's
        own is sent.
    license_id : str or None
        For the card; None: what the card says.
    """

    folder: Path
    files: list[SentFile]
    left_out: list[SentFile]
    manifest: bytes | None
    license_id: str | None

    def patterns(self) -> list[str]:
        """Return the paths as patterns of the Hub's client."""
        return [glob.escape(one["path"]) for one in self.files]


def plan_shipment(
    folder: Path, manifest: Manifest, *, license_id: str | None, with_texts: bool
) -> Shipment:
    """List what is sent: all files but hidden ones, and training texts only with `with_texts`.

    Raises
    ------
    InputError
        A link in the folder leads out of it.
    """
    files = _list_files(folder)
    if with_texts or not manifest.keeps_texts:
        return Shipment(folder, files, [], None, license_id)
    bare = render_manifest(manifest.without_texts()).encode("utf-8", "backslashreplace")
    layout = Layout(Path())
    sent: list[SentFile] = []
    left_out: list[SentFile] = []
    for one in files:
        if one["path"] == layout.training_texts.name:
            left_out.append(one)
        elif one["path"] == layout.manifest.name:
            sent.append({"path": one["path"], "size_bytes": len(bare)})
        else:
            sent.append(one)
    return Shipment(folder, sent, left_out, bare, license_id)


def _list_files(folder: Path) -> list[SentFile]:
    files: list[SentFile] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        is_hidden = any(name.startswith(".") for name in inside.parts)
        if is_hidden:
            continue
        _check_link(path, folder)
        if path.is_file():
            files.append({"path": inside.as_posix(), "size_bytes": path.stat().st_size})
    return files


def _check_link(path: Path, folder: Path) -> None:
    """Refuse a link out of the folder: it would publish a file that is no part of the model."""
    if path.is_symlink() and not follow_links(path).is_relative_to(follow_links(folder)):
        raise InputError(
            f"'{path.relative_to(folder).as_posix()}' in {folder} is a link out of the folder; "
            "a model that is sent holds its files itself",
            hint="replace the link by the file, or delete it",
        )


@contextmanager
def stage_shipment(shipment: Shipment, repo: str) -> Iterator[Path]:
    """Yield a temporary folder that holds what is sent.

    Its files are links to those of the model, but for the card, which names the repository and the
    licence, and an assay.json that says nothing about training texts.
    """
    layout = Layout(shipment.folder)
    with tempfile.TemporaryDirectory(prefix="assay-push-") as temporary:
        staged = Path(temporary)
        for one in shipment.files:
            target = staged / one["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(shipment.folder / one["path"], target)
        if shipment.manifest is not None:
            _replace(staged / layout.manifest.name, shipment.manifest)
        if layout.card.is_file():
            card = address_card(layout.card.read_text(encoding="utf-8"), repo)
            if shipment.license_id is not None:
                card = set_license(card, shipment.license_id)
            _replace(staged / layout.card.name, card.encode("utf-8"))
        yield staged


def _link(path: Path, target: Path) -> None:
    try:
        target.symlink_to(path.resolve())
    except OSError:  # Windows, without the right to make links
        shutil.copyfile(path, target)


def _replace(path: Path, content: bytes) -> None:
    """Replace a link by a file; writing to the link would change the model."""
    path.unlink()
    path.write_bytes(content)


def find_stale(info: Any, shipment: Shipment) -> list[str]:
    """Return patterns for the files of an earlier model in the repository that this one lacks.

    A folder that holds files which its assay.json does not name is refused when it is pulled.
    """
    sent = {one["path"] for one in shipment.files}
    stale = []
    for sibling in info.siblings or ():
        name = sibling.rfilename
        if name not in sent and not is_free(Path(name)):
            stale.append(glob.escape(name))
    return stale
