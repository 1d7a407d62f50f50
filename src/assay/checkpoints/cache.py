"""Frozen features on disk, so that the same texts and encoder are never run twice.

The key holds the encoder's identity (hashes of its files), pooling, limit, precision and the texts
in order. Only arrays are kept, never texts. A file that cannot be read is written again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay import _env
from assay.data.texts import check_texts
from assay.disk import atomic_file
from assay.errors import OutsideError
from assay.progress import Progress
from assay.tokenization.composed import compose

if TYPE_CHECKING:
    from assay.checkpoints.frozen import FrozenEncoder

__all__ = ["cached_features", "clear_cache", "find_cached", "measure_cache"]

VERSION = 1  # raise it when the meaning of a cached array changes
MIN_TEXTS = 64  # below this, running the encoder costs less than it is worth to keep


def cached_features(
    encoder: FrozenEncoder,
    texts: Sequence[str],
    *,
    min_texts: int = MIN_TEXTS,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return ``encoder.transform(texts)``, read from the cache where it was computed before.

    Parameters
    ----------
    encoder : FrozenEncoder
        Computes what the cache does not hold.
    texts : sequence of str
    min_texts : int
        Fewer texts are neither looked for nor kept. Lower where the same few texts are asked for
        again and again, since the first time also loads the network.
    progress : Progress, optional
        Told how many texts are done, where the encoder has to compute.

    Returns
    -------
    float32 array of shape (n_texts, hidden_size)
        Bit for bit what the encoder computed for these texts.
    """
    as_list = check_texts(texts)
    if (found := find_cached(encoder, as_list, min_texts=min_texts)) is not None:
        return found
    features = encoder.transform(as_list, progress=progress)
    if len(as_list) >= min_texts:
        with suppress(OutsideError):  # there is no place for a cache
            _write(_path(encoder, as_list), features)
    return features


def find_cached(
    encoder: FrozenEncoder, texts: Sequence[str], *, min_texts: int = MIN_TEXTS
) -> np.ndarray | None:
    """Return the features of these texts, float32 of shape (n_texts, hidden_size), if cached.

    None if they are not in the cache, or fewer than `min_texts`. Nothing is computed.
    """
    as_list = check_texts(texts)
    if len(as_list) < min_texts:
        return None
    try:
        path = _path(encoder, as_list)
    except OutsideError:  # there is no place for a cache
        return None
    return _read(path, (len(as_list), encoder.resolved.hidden_size))


def measure_cache() -> tuple[Path, int, int]:
    """Return the cache's folder, how many arrays it holds, and their bytes."""
    folder = _folder()
    sizes = [path.stat().st_size for path in folder.glob("*.npy")] if folder.is_dir() else []
    return folder, len(sizes), sum(sizes)


def clear_cache() -> int:
    """Delete every cached array and converted checkpoint; return how many bytes that freed."""
    folder, _, n_bytes = measure_cache()
    for path in [*folder.glob("*.npy"), *folder.glob("*.partial")]:
        path.unlink(missing_ok=True)
    # Exported encoders and converted checkpoints are made again when they are needed.
    for path in (_env.cache_dir() / "encoders").glob("*.onnx"):
        n_bytes += path.stat().st_size
        path.unlink(missing_ok=True)
    converted = _env.cache_dir() / "checkpoints"
    n_bytes += sum(path.stat().st_size for path in converted.rglob("*") if path.is_file())
    shutil.rmtree(converted, ignore_errors=True)
    return n_bytes


def _folder() -> Path:
    return _env.cache_dir() / "features"


def _path(encoder: FrozenEncoder, texts: list[str]) -> Path:
    from assay.checkpoints.frozen import CPU_BATCH_TOKENS  # here: it loads scikit-learn

    checkpoint = encoder.resolved
    settings = [
        VERSION,
        checkpoint.sha256,
        encoder.pooling,
        encoder.max_tokens or checkpoint.max_tokens,
    ]
    if encoder.long_texts != "truncate":
        settings.append(encoder.long_texts)
    if encoder.precision != "float32":
        # 8-bit features depend on what is read together, and are computed on the CPU.
        settings += [encoder.precision, encoder.batch_tokens or CPU_BATCH_TOKENS]
    if any(compose(text) != text for text in texts):
        settings.append("composed")  # such texts were once read as they are
    digest = hashlib.sha256(json.dumps(settings).encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return _env.cache_path("features", f"{digest.hexdigest()}.npy")


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray | None:
    try:
        found: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == shape and found.dtype == np.float32 else None


def _write(path: Path, features: np.ndarray) -> None:
    """Keep the array if the disk allows; a cache that cannot be written is no reason to fail."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, is_shared=True) as partial, partial.open("wb") as stream:
            np.save(stream, features, allow_pickle=False)
