"""A model folder: sealing it with hashes, reading it safely, changing what its manifest says.

A folder is hashed once when it is sealed and once when it is read. Whoever holds the manifest that
`seal_folder`, `add_file` or `read_folder` returned passes it on instead of having the files hashed
again: to `load_model` as `verified`, and to `write_manifest` with what was measured since.

Loading runs no code from the folder: files that can hold code (pickles, Python) are refused by
name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PureWindowsPath

from assay.disk import write_whole
from assay.errors import ModelError, OutsideError
from assay.runtime.entries import FileEntry
from assay.runtime.layout import Layout, is_free, is_unsafe
from assay.runtime.manifest import Manifest, read_manifest, render_manifest

__all__ = [
    "add_file",
    "check_folder",
    "hash_file",
    "read_folder",
    "seal_folder",
    "write_manifest",
]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal_folder(root: Path, manifest: Manifest) -> Manifest:
    """Hash every file that prediction reads, and write assay.json.

    Parameters
    ----------
    root : Path
        The folder, with all its files but assay.json.
    manifest : Manifest
        What assay.json is to say; its `files` are ignored.

    Returns
    -------
    Manifest
        The same with the hashes. It counts as verified: `load_model` and `write_manifest` take it,
        and read no file again.
    """
    files = {path.relative_to(root).as_posix(): _describe_file(path) for path in _listed(root)}
    sealed = replace(manifest, files=files)
    write_manifest(root, sealed)
    _share_mode(root, files)
    return sealed


def add_file(root: Path, verified: Manifest, path: Path) -> Manifest:
    """Hash one file that was added to a sealed folder, and list it in assay.json.

    Parameters
    ----------
    root : Path
        The sealed folder.
    verified : Manifest
        What `seal_folder` or `read_folder` returned for it. Its files are not read again.
    path : Path
        The new file, inside the folder.

    Returns
    -------
    Manifest
        With the new file among `files`, which stay sorted by path.
    """
    name = path.relative_to(root).as_posix()
    files = {**verified.files, name: _describe_file(path)}
    in_order = {listed: files[listed] for listed in sorted(files, key=lambda one: Path(one).parts)}
    sealed = replace(verified, files=in_order)
    write_manifest(root, sealed)
    _share_mode(root, [name])
    return sealed


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Write assay.json as `manifest` says, hashes included; no other file is read or changed.

    To record what was measured of a sealed or loaded model, write ``replace(verified, scores=...)``
    with the manifest that sealing or reading returned.
    """
    write_whole(Layout(root).manifest, render_manifest(manifest))


def read_folder(root: Path, *, check_hashes: bool = True) -> Manifest:
    """Read and check a model folder.

    Parameters
    ----------
    root : Path
        The folder.
    check_hashes : bool
        Whether every listed file is read and hashed. Without it only names and sizes are checked.

    Raises
    ------
    ModelError
        No such folder, no assay.json, a newer schema, a missing, changed or unlisted file, or a
        file that could run code.
    OutsideError
        The disk refused to be read.
    """
    path = Layout(root).manifest
    if not root.is_dir():
        raise ModelError(f"there is no model folder at {root}")
    if not path.is_file():
        raise ModelError(
            f"{root} has no assay.json: it is not a model of assay",
            hint="a run's models are in RUN/models/METHOD, the recommended one in RUN/model",
        )
    try:
        manifest = read_manifest(path)
    except OSError as err:
        raise _unreadable(root, err) from err
    check_folder(root, manifest, check_hashes=check_hashes)
    return manifest


def check_folder(root: Path, manifest: Manifest, *, check_hashes: bool = True) -> None:
    """Compare the files of a model folder with its manifest.

    Parameters
    ----------
    root : Path
        The folder.
    manifest : Manifest
        What assay.json says.
    check_hashes : bool
        Whether every listed file is read and hashed. Without it only names and sizes are checked:
        enough for a folder whose manifest was verified in this process.

    Raises
    ------
    ModelError
        A missing, changed or unlisted file, or a file that could run code.
    OutsideError
        The disk refused to be read.
    """
    try:
        _refuse_unsafe(root)
        for name, entry in manifest.files.items():
            _check_file(root, name, entry, check_hash=check_hashes)
        _refuse_unlisted(root, manifest)
    except OSError as err:
        raise _unreadable(root, err) from err


def _unreadable(root: Path, err: OSError) -> OutsideError:
    reason = err.strerror or str(err)
    return OutsideError(f"{root} cannot be read: {reason}", hint="look at its permissions")


def _refuse_unsafe(root: Path) -> None:
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if is_unsafe(inside):
            raise ModelError(
                f"{root} holds '{inside.as_posix()}': files of this kind can run code when loaded, "
                "and no model of assay needs one",
                hint="get the model again from a source you trust, or remove the file",
            )


def _check_file(root: Path, name: str, entry: FileEntry, *, check_hash: bool) -> None:
    """Compare one file with what assay.json says of it."""
    # The name is judged, as Windows would read it too, and not where the file really is: a folder
    # may well hold links, as the Hub's cache does.
    as_given = PureWindowsPath(name)
    if as_given.anchor or ".." in as_given.parts:
        raise ModelError(f"assay.json in {root} names a file outside the model folder: '{name}'")
    path = root / name
    if not path.is_file():
        raise ModelError(
            f"{root} lacks '{name}', which assay.json lists", hint="copy the whole folder again"
        )
    size = path.stat().st_size
    if size != entry["size_bytes"]:
        raise ModelError(
            f"'{name}' in {root} has {size:,} bytes; assay.json says {entry['size_bytes']:,}",
            hint="the file was changed or cut: copy the folder again",
        )
    if check_hash and (found := hash_file(path)) != entry["sha256"]:
        raise ModelError(
            f"'{name}' in {root} has SHA-256 {found}; assay.json says {entry['sha256']}",
            hint="the file was changed: copy the folder again, or do not trust it",
        )


def _refuse_unlisted(root: Path, manifest: Manifest) -> None:
    """Refuse what assay, ONNX Runtime (external weights) or transformers could read unchecked."""
    for path in _listed(root):
        name = path.relative_to(root).as_posix()
        if name not in manifest.files:
            raise ModelError(
                f"{root} holds '{name}', which assay.json does not list",
                hint="remove the file; README.md, pictures and hidden files are free to add",
            )


def _listed(root: Path) -> list[Path]:
    """Return the files that assay.json must list, sorted."""
    manifest = Layout(root).manifest
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return [path for path in files if path != manifest and not is_free(path.relative_to(root))]


def _describe_file(path: Path) -> FileEntry:
    return {"sha256": hash_file(path), "size_bytes": path.stat().st_size}


def _share_mode(root: Path, names: Iterable[str]) -> None:
    """Let whoever may read assay.json read the files too.

    safetensors writes for the owner alone, whatever the umask says; a server in a container, or
    under systemd, is another user.
    """
    mode = Layout(root).manifest.stat().st_mode & 0o666
    for path in (root / name for name in names):
        if not path.is_symlink() and path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
