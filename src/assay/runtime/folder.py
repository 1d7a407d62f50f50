"""A model folder: its layout, its manifest with hashes, reading it safely, writing it whole or not at all.

Loading runs no code from the folder: files that can hold code (pickles, Python) are refused by name.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assay.data.labels import LabelSet
from assay.errors import AssayError, DataError, ModelError, OutputExistsError, OutsideError

__all__ = ["Layout", "Manifest", "atomic_folder", "check_output", "hash_file", "read_folder", "seal_folder"]

SCHEMA_VERSION = 1

# Endings of files that run code when they are loaded, or are code. A model folder needs none of them.
UNSAFE_SUFFIXES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".bin", ".ckpt", ".npy", ".h5", ".keras",
                   ".py", ".pyc", ".so", ".dll", ".dylib", ".sh", ".msgpack")  # fmt: skip

# Free to edit: the model card, pictures. Dot-files as well. They are not hashed.
UNHASHED_SUFFIXES = (".md", ".png", ".jpg", ".jpeg", ".svg", ".gif")


@dataclass(frozen=True)
class Layout:
    """Where things stand in a model folder."""

    root: Path

    @property
    def manifest(self) -> Path:
        """What the model is, and the hash of every file that prediction reads."""
        return self.root / "assay.json"

    @property
    def onnx(self) -> Path:
        """The network of compact, features and finetune: ids and mask in, `probs` out."""
        return self.root / "onnx" / "model.onnx"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer that training used."""
        return self.root / "tokenizer.json"

    @property
    def weights(self) -> Path:
        """Weights of linear; of finetune a stock transformers checkpoint."""
        return self.root / "model.safetensors"

    @property
    def vocabulary(self) -> Path:
        """The terms of linear, in column order."""
        return self.root / "vocabulary.json"

    @property
    def card(self) -> Path:
        """The model card."""
        return self.root / "README.md"


@dataclass(frozen=True)
class Manifest:
    """What assay.json says: the model's own account of itself.

    Parameters
    ----------
    method : str
        One of the five methods.
    labels : tuple of str
        In LabelSet order: the order of the columns of every probability.
    tokenization : dict
        How texts become tokens; `max_tokens` and `truncation` where a tokenizer.json is used.
    temperature : float
        Already folded into the last affine layer; recorded, never applied again.
    parameters : dict
        The estimator's hyper-parameters.
    checkpoint : dict or None
        Name and sha256 of the pre-trained transformer.
    scores : list of dict
        ``{"split", "metric", "value", "interval", "n_texts"}``.
    training_data : dict
        Source, number of texts and fingerprint of the train split.
    files : dict
        ``{path: {"sha256", "size_bytes"}}`` of every file that prediction reads.
    """

    method: str
    labels: tuple[str, ...]
    seed: int
    tokenization: dict[str, Any] = field(default_factory=dict)
    temperature: float = 1.0
    parameters: dict[str, Any] = field(default_factory=dict)
    checkpoint: dict[str, Any] | None = None
    training_data: dict[str, Any] = field(default_factory=dict)
    scores: tuple[dict[str, Any], ...] = ()
    parity: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def label_set(self) -> LabelSet:
        """The ordered labels."""
        return LabelSet(self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, `schema_version` first."""
        as_dict = asdict(self)
        return {"schema_version": as_dict.pop("schema_version"), **as_dict}

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, where: Path) -> Manifest:
        """Check and read what assay.json holds.

        Raises
        ------
        ModelError
            A newer schema, a missing part, a value of the wrong kind.
        """
        version = values.get("schema_version")
        if not isinstance(version, int):
            raise ModelError(f"{where} has no schema_version: it is not a model of assay")
        if version > SCHEMA_VERSION:
            raise ModelError(
                f"{where} has schema {version}; this assay reads up to {SCHEMA_VERSION}",
                hint="upgrade assay",
            )
        kinds = {"method": str, "labels": list, "seed": int, "files": dict, "tokenization": dict, "parameters": dict}
        for name, kind in kinds.items():
            if not isinstance(values.get(name), kind):
                raise ModelError(f"{where}: '{name}' is missing or not a {kind.__name__}")
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["labels"] = tuple(values["labels"])
        known["scores"] = tuple(values.get("scores", ()))
        try:
            LabelSet(known["labels"])
        except DataError as err:
            raise ModelError(f"{where}: {err}") from err
        return cls(**known)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal_folder(root: Path, manifest: Manifest) -> Manifest:
    """Hash every file that prediction reads and write assay.json; return the manifest with the hashes."""
    files = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        if name == "assay.json" or path.suffix.lower() in UNHASHED_SUFFIXES or path.name.startswith("."):
            continue
        files[name] = {"sha256": hash_file(path), "size_bytes": path.stat().st_size}
    sealed = Manifest(**{**vars(manifest), "files": files})
    text = json.dumps(sealed.to_dict(), ensure_ascii=False, indent=1)
    Layout(root).manifest.write_text(text + "\n", encoding="utf-8")
    return sealed


def read_folder(root: Path, *, check_hashes: bool = True) -> Manifest:
    """Read and check a model folder.

    Raises
    ------
    ModelError
        No such folder, no assay.json, a newer schema, a missing or changed file, a file that could run code.
    """
    layout = Layout(root)
    if not root.is_dir():
        raise ModelError(f"there is no model folder at {root}")
    if not layout.manifest.is_file():
        raise ModelError(
            f"{root} has no assay.json: it is not a model of assay",
            hint="a run's models stand in RUN/models/METHOD, the recommended one in RUN/model",
        )
    try:
        values = json.loads(layout.manifest.read_text(encoding="utf-8"))
    except ValueError as err:
        raise ModelError(f"{layout.manifest} is not valid JSON: {err}") from err
    if not isinstance(values, dict):
        raise ModelError(f"{layout.manifest} holds a {type(values).__name__}; an object is accepted")
    manifest = Manifest.from_dict(values, where=layout.manifest)
    _refuse_unsafe(root)
    _check_files(root, manifest, check_hashes=check_hashes)
    return manifest


def _refuse_unsafe(root: Path) -> None:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() in UNSAFE_SUFFIXES and not path.name.startswith("."):
            raise ModelError(
                f"{root} holds '{name}': files of this kind can run code when loaded, and no model of assay needs one",
                hint="get the model again from a source you trust, or remove the file",
            )


def _check_files(root: Path, manifest: Manifest, *, check_hashes: bool) -> None:
    for name, facts in manifest.files.items():
        path = root / name
        if not path.resolve().is_relative_to(root.resolve()):
            raise ModelError(f"assay.json names a file outside the model folder: '{name}'")
        if not path.is_file():
            raise ModelError(f"{root} lacks '{name}', which assay.json lists", hint="copy the whole folder again")
        size = path.stat().st_size
        if size != facts.get("size_bytes"):
            raise ModelError(
                f"'{name}' in {root} has {size:,} bytes; assay.json says {facts.get('size_bytes'):,}",
                hint="the file was changed or cut: copy the folder again",
            )
        if check_hashes and (found := hash_file(path)) != facts.get("sha256"):
            raise ModelError(
                f"'{name}' in {root} has SHA-256 {found}; assay.json says {facts.get('sha256')}",
                hint="the file was changed: copy the folder again, or do not trust it",
            )


@contextmanager
def atomic_folder(
    out: Path, *, overwrite: bool = False, resume: bool = False, keep: Callable[[Path], bool] | None = None
) -> Iterator[Path]:
    """Write a folder whole or not at all: yield ``OUT.partial`` and rename it to OUT at the end.

    Parameters
    ----------
    out : Path
    overwrite : bool
        Replace an existing OUT, but only once the new one is whole.
    resume : bool
        Go on in an existing ``OUT.partial`` instead of starting afresh.
    keep : callable, optional
        Asked, when the work is cut short, whether ``OUT.partial`` holds something that a later `resume` can use.

    Raises
    ------
    OutputExistsError
        OUT is there and `overwrite` is False.
    OutsideError
        The disk refused (full, no permission).
    """
    check_output(out, overwrite=overwrite)
    partial = out.with_name(out.name + ".partial")
    try:
        if partial.exists() and not resume:
            shutil.rmtree(partial)
        partial.mkdir(parents=True, exist_ok=True)
        yield partial
        _swap(partial, out)
    except BaseException as err:
        if keep is None or not partial.is_dir() or not keep(partial):
            shutil.rmtree(partial, ignore_errors=True)
        if isinstance(err, OSError) and not isinstance(err, AssayError):
            reason = err.strerror or str(err)
            raise OutsideError(
                f"{out} could not be written: {reason}", hint="look at free space and permissions"
            ) from err
        raise


def check_output(out: Path, *, overwrite: bool) -> None:
    """Say no before any work is done if the output is there already.

    Raises
    ------
    OutputExistsError
        `out` exists and `overwrite` is False.
    """
    if (out.exists() or out.is_symlink()) and not overwrite:
        raise OutputExistsError(f"{out} exists already", hint="choose another --out, or add --overwrite to replace it")


def _swap(partial: Path, out: Path) -> None:
    """Move the finished folder to its place; an old OUT is kept until the new one stands there."""
    if not out.exists():
        partial.replace(out)
        return
    old = out.with_name(out.name + ".old")
    if old.exists():
        shutil.rmtree(old)
    out.replace(old)
    partial.replace(out)
    if old.is_dir():
        shutil.rmtree(old)
    else:
        old.unlink()
