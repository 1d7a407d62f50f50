"""Short keyed hashes of the texts that a model was trained on: enough to recognise a text.

No text can be read from them. Whoever has the model and a text can ask whether that text was
trained on; this is what they are for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from assay.data.normal_form import normalise_text
from assay.errors import ModelError
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest

__all__ = ["TrainedOn", "read_trained_on"]

# Of n texts, one that was not trained on is taken for a trained one with probability n / 2**64:
# 1 in 18 million million for a million texts.
HASH_BYTES = 8
HASHES, HELD_OUT, CHOSEN_ON, KEY = "hashes", "held_out", "chosen_on", "key"
NO_HASHES = np.zeros(0, dtype=np.uint64)


@dataclass(frozen=True)
class TrainedOn:
    """Hashes of the texts that a model was trained on.

    Parameters
    ----------
    hashes : uint64 array of shape (n_distinct_texts,)
        BLAKE2b of each distinct text in its normal form, cut to eight bytes; sorted, so that their
        order says nothing about the order of the texts.
    key : bytes
        Key of the hashes. It differs from data set to data set, so that no list of the hashes of
        common texts fits several models.
    held_out : uint64 array of shape (n_distinct_texts,)
        The same of the texts of test, which must not be trained on later. Empty where there are
        none, as in models that were saved before.
    chosen_on : uint64 array of shape (n_distinct_texts,)
        The same of the texts of validation, where the model was not trained on them.
    """

    hashes: np.ndarray
    key: bytes
    held_out: np.ndarray = field(default_factory=NO_HASHES.copy)
    chosen_on: np.ndarray = field(default_factory=NO_HASHES.copy)

    @classmethod
    def of(
        cls,
        normalised: Sequence[str],
        *,
        fingerprint: str,
        held_out: Sequence[str] = (),
        chosen_on: Sequence[str] = (),
    ) -> TrainedOn:
        """Hash texts.

        Parameters
        ----------
        normalised : sequence of str
            Texts in the form in which they are compared; see `normalise_text`.
        fingerprint : str
            SHA-256 of the training data in hexadecimal, from which the key follows: the same
            training writes the same file.
        held_out : sequence of str
            The texts of test, in the same form.
        chosen_on : sequence of str
            The texts of validation, where the model was not trained on them.
        """
        key = hashlib.blake2b(b"assay trained on " + fingerprint.encode(), digest_size=32).digest()
        held, chosen = (np.unique(_hash_texts(texts, key)) for texts in (held_out, chosen_on))
        return cls(np.unique(_hash_texts(normalised, key)), key, held, chosen)

    def find(self, texts: Iterable[str]) -> np.ndarray:
        """Tell which texts were trained on, bool of shape (n_texts,)."""
        found: np.ndarray = np.isin(_hash_texts(map(normalise_text, texts), self.key), self.hashes)
        return found

    def find_held_out(self, texts: Iterable[str]) -> np.ndarray:
        """Tell which texts are of the test split, bool of shape (n_texts,)."""
        found: np.ndarray = np.isin(
            _hash_texts(map(normalise_text, texts), self.key), self.held_out
        )
        return found

    def find_learnt(self, texts: Iterable[str]) -> np.ndarray:
        """Tell which texts were trained or chosen on, bool of shape (n_texts,)."""
        known = np.union1d(self.hashes, self.chosen_on)
        found: np.ndarray = np.isin(_hash_texts(map(normalise_text, texts), self.key), known)
        return found

    def save(self, root: Path) -> None:
        """Write training_hashes.safetensors into `root`."""
        from safetensors.numpy import save_file

        metadata = {KEY: self.key.hex()}
        tensors = {HASHES: self.hashes}
        others = {HELD_OUT: self.held_out, CHOSEN_ON: self.chosen_on}
        tensors |= {name: hashes for name, hashes in others.items() if len(hashes)}
        save_file(tensors, Layout(root).training_hashes, metadata=metadata)

    @classmethod
    def load(cls, root: Path) -> TrainedOn:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            The file is broken.
        """
        from safetensors import SafetensorError, safe_open

        path = Layout(root).training_hashes
        try:
            with safe_open(path, framework="numpy") as opened:
                hashes, others = opened.get_tensor(HASHES), [NO_HASHES, NO_HASHES]
                for i, name in enumerate((HELD_OUT, CHOSEN_ON)):
                    if name in opened.keys():  # noqa: SIM118  # it is no mapping
                        others[i] = opened.get_tensor(name)
                key = bytes.fromhex((opened.metadata() or {})[KEY])
        except (SafetensorError, KeyError, ValueError, OSError) as err:
            raise ModelError(f"{path} is broken: {err}") from err
        has_shape = all(one.dtype == np.uint64 and one.ndim == 1 for one in (hashes, *others))
        if not has_shape or not 0 < len(key) <= 64:
            raise ModelError(f"{path} is broken: it does not hold hashes of eight bytes with a key")
        return cls(hashes, key, *others)


def read_trained_on(root: Path, manifest: Manifest) -> TrainedOn | None:
    """Return the hashes in a model folder; None if it holds none, as those of assay 0.1.0."""
    if Layout(root).training_hashes.name not in manifest.files:
        return None
    return TrainedOn.load(root)


def _hash_texts(normalised: Iterable[str], key: bytes) -> np.ndarray:
    """Return one uint64 per text."""
    digests = bytearray()
    for text in normalised:
        encoded = text.encode("utf-8", "surrogatepass")
        digests += hashlib.blake2b(encoded, digest_size=HASH_BYTES, key=key).digest()
    return np.frombuffer(bytes(digests), dtype="<u8").astype(np.uint64)
