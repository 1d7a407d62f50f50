"""A model folder: its layout, its manifest with hashes, reading it safely.

Loading runs no code from the folder: files that can hold code (pickles, Python) are refused by
name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from assay.data.labels import LabelSet
from assay.disk import atomic_folder, check_output, write_whole
from assay.errors import DataError, ModelError, OutsideError

__all__ = [
    "Layout",
    "Manifest",
    "atomic_folder",
    "check_output",
    "hash_file",
    "is_free",
    "is_unsafe",
    "read_folder",
    "render_manifest",
    "seal_folder",
    "write_manifest",
    "write_whole",
]

SCHEMA_VERSION = 1

# Endings of files that run code when they are loaded, or are code. A model folder needs none of
# them.
UNSAFE_SUFFIXES = (
    ".pkl",
    ".pickle",
    ".joblib",
    ".dill",
    ".pt",
    ".pth",
    ".bin",
    ".ckpt",
    ".npy",
    ".h5",
    ".keras",
    ".py",
    ".pyc",
    ".so",
    ".dll",
    ".dylib",
    ".sh",
    ".msgpack",
)

# Free to edit and to add: the model card, pictures, a licence, and whatever stands in dot-files.
# They are not hashed.
FREE_SUFFIXES = (".md", ".png", ".jpg", ".jpeg", ".svg", ".gif")
FREE_STEMS = ("license", "licence", "notice")

# What assay.json must hold, and of which kind.
KINDS = {
    "method": str,
    "labels": list,
    "seed": int,
    "files": dict,
    "tokenization": dict,
    "parameters": dict,
}
OPTIONAL_KINDS = {
    "scores": list,
    "parity": dict,
    "versions": dict,
    "training_data": dict,
    "abstain": dict,
    "coverage_curve": dict,
    "scope": dict,
    "kept_texts": dict,
    "export": dict,
}


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
    def quantized(self) -> Path:
        """The same with 8-bit weights: what an export may have in its place."""
        return self.root / "onnx" / "model_quantized.onnx"

    @property
    def network(self) -> Path:
        """Whichever of the two is there."""
        return self.quantized if self.quantized.is_file() and not self.onnx.is_file() else self.onnx

    @property
    def has_network(self) -> bool:
        """Whether there is one of the two."""
        return self.network.is_file()

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
    def scope(self) -> Path:
        """Term statistics of train: what a text is compared with to tell whether it is like those."""
        return self.root / "scope.json"

    @property
    def training_texts(self) -> Path:
        """Texts of train with their labels, to show the nearest of them; only where training was asked to keep them."""
        return self.root / "training_texts.json"

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
    abstain : dict
        When the model says that it does not know (`AbstainRule`); empty: never.
    coverage_curve : dict
        How many texts it answers, and how many of those right, at each threshold (`CoverageCurve`).
    scope : dict
        Where validation texts stand on the statistics of scope.json (`ScopeReference`); empty where
        there are none.
    kept_texts : dict
        ``{"n_texts", "n_train"}`` where training_texts.json holds texts of train; else empty.
    export : dict
        Of a copy that `assay export` wrote: how it compares with the model (`Export`).
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
    abstain: dict[str, Any] = field(default_factory=dict)
    coverage_curve: dict[str, Any] = field(default_factory=dict)
    scope: dict[str, Any] = field(default_factory=dict)
    kept_texts: dict[str, Any] = field(default_factory=dict)
    export: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def label_set(self) -> LabelSet:
        """The ordered labels."""
        return LabelSet(self.labels)

    @property
    def keeps_texts(self) -> bool:
        """Whether the folder holds texts of its train split."""
        return Layout(Path()).training_texts.name in self.files

    def without_texts(self) -> Manifest:
        """Return what a copy without the texts of the train split says."""
        kept = Layout(Path()).training_texts.name
        return replace(
            self,
            kept_texts={},
            files={name: facts for name, facts in self.files.items() if name != kept},
        )

    def prediction_sha256(self) -> str:
        """Return a hash of all that scores depend on, in hexadecimal.

        The card, what was measured and the texts of train are no part of it.
        """
        bare = self.without_texts()
        facts = {
            name: getattr(bare, name)
            for name in ("method", "labels", "tokenization", "abstain", "scope", "files")
        }
        facts["priors"] = self.parameters.get("priors")
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

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
        if not isinstance(version, int) or version < 1:
            raise ModelError(f"{where} has no schema_version: it is not a model of assay")
        if version > SCHEMA_VERSION:
            raise ModelError(
                f"{where} has schema {version}; this assay reads up to {SCHEMA_VERSION}",
                hint="upgrade assay",
            )
        for name, kind in KINDS.items():
            if not isinstance(values.get(name), kind):
                raise ModelError(f"{where}: '{name}' is missing or not a {kind.__name__}")
        for name, kind in OPTIONAL_KINDS.items():
            if not isinstance(values.get(name, kind()), kind):
                raise ModelError(f"{where}: '{name}' is not a {kind.__name__}")
        kept = values.get("kept_texts", {})
        if kept and not all(isinstance(kept.get(name), int) for name in ("n_texts", "n_train")):
            raise ModelError(f"{where}: kept_texts lacks its n_texts or n_train")
        if odd := [name for name in values["labels"] if not isinstance(name, str)]:
            raise ModelError(f"{where}: label {odd[0]!r} is not a text")
        for name, facts in values["files"].items():
            if not _is_file_facts(facts):
                raise ModelError(
                    f"{where}: the entry of file '{name}' lacks its sha256 or size_bytes"
                )
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known["labels"] = tuple(values["labels"])
        known["scores"] = tuple(values.get("scores", ()))
        try:
            LabelSet(known["labels"])
        except DataError as err:
            raise ModelError(f"{where}: {err}") from err
        return cls(**known)


def _is_file_facts(facts: Any) -> bool:
    return (
        isinstance(facts, dict)
        and isinstance(facts.get("sha256"), str)
        and isinstance(facts.get("size_bytes"), int)
    )


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal_folder(root: Path, manifest: Manifest) -> Manifest:
    """Hash every file that prediction reads and write assay.json; return the manifest with the hashes."""
    files = {
        path.relative_to(root).as_posix(): {
            "sha256": hash_file(path),
            "size_bytes": path.stat().st_size,
        }
        for path in _hashed_files(root)
    }
    sealed = replace(manifest, files=files)
    write_manifest(root, sealed)
    _share_mode(root, list(files))
    return sealed


def _share_mode(root: Path, names: Sequence[str]) -> None:
    """Let whoever may read assay.json read the rest: safetensors writes for its owner alone, whatever the umask says.

    A server in a container, or under systemd, is another user.
    """
    mode = Layout(root).manifest.stat().st_mode & 0o666
    for path in (root / name for name in names):
        if not path.is_symlink() and path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Write assay.json as `manifest` says, hashes included."""
    write_whole(Layout(root).manifest, render_manifest(manifest))


def render_manifest(manifest: Manifest) -> str:
    """Return what assay.json holds."""
    return json.dumps(manifest.to_dict(), ensure_ascii=False, indent=1) + "\n"


def _hashed_files(root: Path) -> list[Path]:
    """Return the files that assay.json must list, sorted."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return [
        path
        for path in files
        if path != Layout(root).manifest and not is_free(path.relative_to(root))
    ]


def is_free(path: PurePath) -> bool:
    """Tell whether a file, by its path in the folder, is one that anybody may add or edit."""
    is_hidden = any(part.startswith(".") for part in path.parts)
    return is_hidden or path.suffix.lower() in FREE_SUFFIXES or path.stem.lower() in FREE_STEMS


def read_folder(root: Path, *, check_hashes: bool = True) -> Manifest:
    """Read and check a model folder.

    Raises
    ------
    ModelError
        No such folder, no assay.json, a newer schema, a missing, changed or unlisted file, a file
        that could run code.
    OutsideError
        The disk refused to be read.
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
        manifest = Manifest.from_dict(_read_object(layout.manifest), where=layout.manifest)
        _refuse_unsafe(root)
        _check_files(root, manifest, check_hashes=check_hashes)
    except OSError as err:
        raise OutsideError(
            f"{root} cannot be read: {err.strerror or err}", hint="look at its permissions"
        ) from err
    return manifest


def _read_object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as err:
        raise ModelError(f"{path} is not valid JSON: {err}") from err
    if not isinstance(values, dict):
        raise ModelError(f"{path} holds a {type(values).__name__}; an object is accepted")
    return values


def is_unsafe(inside: PurePath) -> bool:
    """Tell whether a file, by its path in the folder, could run code; hidden ones, such as .git, are read by nobody."""
    is_hidden = any(part.startswith(".") for part in inside.parts)
    return not is_hidden and any(suffix.lower() in UNSAFE_SUFFIXES for suffix in inside.suffixes)


def _refuse_unsafe(root: Path) -> None:
    for path in sorted(root.rglob("*")):
        if is_unsafe(inside := path.relative_to(root)):
            raise ModelError(
                f"{root} holds '{inside.as_posix()}': files of this kind can run code when loaded, "
                "and no model of assay needs one",
                hint="get the model again from a source you trust, or remove the file",
            )


def _check_files(root: Path, manifest: Manifest, *, check_hashes: bool) -> None:
    for name, facts in manifest.files.items():
        # Judged by its name, as Windows would read it too: a folder may well hold links, as the
        # Hub's cache does.
        as_given = PureWindowsPath(name)
        if as_given.anchor or ".." in as_given.parts:
            raise ModelError(
                f"assay.json in {root} names a file outside the model folder: '{name}'"
            )
        path = root / name
        if not path.is_file():
            raise ModelError(
                f"{root} lacks '{name}', which assay.json lists", hint="copy the whole folder again"
            )
        size = path.stat().st_size
        if size != facts["size_bytes"]:
            raise ModelError(
                f"'{name}' in {root} has {size:,} bytes; assay.json says {facts['size_bytes']:,}",
                hint="the file was changed or cut: copy the folder again",
            )
        if check_hashes and (found := hash_file(path)) != facts["sha256"]:
            raise ModelError(
                f"'{name}' in {root} has SHA-256 {found}; assay.json says {facts['sha256']}",
                hint="the file was changed: copy the folder again, or do not trust it",
            )
    for path in _hashed_files(root):
        # Nothing unlisted may be read, by assay, ONNX Runtime (external weights) or stock
        # transformers.
        if (name := path.relative_to(root).as_posix()) not in manifest.files:
            raise ModelError(
                f"{root} holds '{name}', which assay.json does not list",
                hint="remove the file; README.md, pictures and dot-files are free to add",
            )
