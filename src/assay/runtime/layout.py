"""Where things are in a model folder, and which files may be there at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from assay.output_place import OS_FILES

__all__ = ["Layout", "is_free", "is_unsafe"]

# Endings of files that run code when they are loaded, or are code. No model needs one of them.
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

# Free to edit and to add: the model card, pictures, a licence, hidden files, and what operating
# systems leave in folders. Not hashed, and never read: a network with weights there is refused.
FREE_SUFFIXES = (".md", ".png", ".jpg", ".jpeg", ".svg", ".gif")
FREE_STEMS = ("license", "licence", "notice")


@dataclass(frozen=True)
class Layout:
    """The paths of a model folder.

    Parameters
    ----------
    root : Path
        The folder itself. Nothing is read: the paths need not exist.
    """

    root: Path

    @property
    def manifest(self) -> Path:
        """What the model is, and the hash of every file that prediction reads."""
        return self.root / "assay.json"

    @property
    def onnx(self) -> Path:
        """The network of compact, features and finetune: token ids and mask in, `probs` out."""
        return self.root / "onnx" / "model.onnx"

    @property
    def quantized(self) -> Path:
        """The network with 8-bit weights, which an export may hold instead of `onnx`."""
        return self.root / "onnx" / "model_quantized.onnx"

    @property
    def network(self) -> Path:
        """The network that prediction reads: `onnx`, or `quantized` where only that exists."""
        return self.quantized if self.quantized.is_file() and not self.onnx.is_file() else self.onnx

    @property
    def has_network(self) -> bool:
        """Whether the folder holds `onnx` or `quantized`."""
        return self.network.is_file()

    @property
    def tokenizer(self) -> Path:
        """The tokenizer that training used."""
        return self.root / "tokenizer.json"

    @property
    def weights(self) -> Path:
        """The weights of linear; those of finetune as a stock transformers checkpoint."""
        return self.root / "model.safetensors"

    @property
    def vocabulary(self) -> Path:
        """The terms of linear, in column order."""
        return self.root / "vocabulary.json"

    @property
    def scope(self) -> Path:
        """Statistics of the terms of train, by which a text unlike the training data is told."""
        return self.root / "scope.json"

    @property
    def training_texts(self) -> Path:
        """Texts of train with their labels; only where training was asked to keep them."""
        return self.root / "training_texts.json"

    @property
    def training_hashes(self) -> Path:
        """Short hashes of the texts that the model was trained on, from which none can be read."""
        return self.root / "training_hashes.safetensors"

    @property
    def card(self) -> Path:
        """The model card."""
        return self.root / "README.md"


def is_free(path: PurePath) -> bool:
    """Tell whether anybody may add or edit a file, given by its path inside the folder."""
    if _is_hidden(path) or path.name in OS_FILES:
        return True
    return path.suffix.lower() in FREE_SUFFIXES or path.stem.lower() in FREE_STEMS


def is_unsafe(path: PurePath) -> bool:
    """Tell whether a file, given by its path inside the folder, could run code.

    Hidden files, such as those of .git, are never read and count as safe.
    """
    if _is_hidden(path):
        return False
    return any(suffix.lower() in UNSAFE_SUFFIXES for suffix in path.suffixes)


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith(".") for part in path.parts)
