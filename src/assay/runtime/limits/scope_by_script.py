"""Scope where training texts are in several scripts: each is compared with texts of its own.

How familiar the terms of a text are depends on its language: a Korean word has more forms than an
English one. With one reference for a mix of Korean headlines and English tweets, 14 % of new
headlines and 0.2 % of new tweets were called unlike the training texts, where 5 % of each are
meant (dev/LOG.md, "Texts unlike the training data").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import ModelError
from assay.runtime.entries import ScopeEntry
from assay.runtime.limits.scope import ScopeReference
from assay.tokenization.scripts import count_scripts

__all__ = ["BY_SCRIPT", "ScopeByScript", "name_main_scripts"]

BY_SCRIPT = "by_script"


def name_main_scripts(texts: Sequence[str]) -> list[str]:
    """Return the script of most letters of each text; empty for a text without letters."""
    return [next(iter(count_scripts([text])), "") for text in texts]


@dataclass(frozen=True)
class ScopeByScript:
    """What assay.json says under `scope`.

    Parameters
    ----------
    whole : ScopeReference
        Reference of all validation texts.
    by_script : mapping of str to ScopeReference
        References of those whose letters are mostly of one script, for scripts with enough of
        them. Empty where all texts are compared with all others.
    """

    whole: ScopeReference
    by_script: Mapping[str, ScopeReference] = field(default_factory=dict)

    def scope(self, measured: np.ndarray, texts: Sequence[str]) -> np.ndarray:
        """Return the share of validation texts, of the same script, that look no more like train.

        Parameters
        ----------
        measured : array of shape (n_texts, 4)
            As `ScopeReference.scope` takes it.
        texts : sequence of str

        Returns
        -------
        float64 array of shape (n_texts,), from 0 to 1
        """
        scope = self.whole.scope(measured)
        if self.by_script:
            scripts = np.array(name_main_scripts(texts), dtype=object)
            for script, reference in self.by_script.items():
                is_own = scripts == script
                scope[is_own] = reference.scope(measured[is_own])
        return scope

    def to_dict(self) -> ScopeEntry:
        """Return plain values, as they are in assay.json."""
        entry = self.whole.to_dict()
        if self.by_script:
            entry["by_script"] = {name: own.to_dict() for name, own in self.by_script.items()}
        return entry

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: Path) -> ScopeByScript:
        """Read what `to_dict` wrote.

        Raises
        ------
        ModelError
            An entry is missing or not a number, or quantiles are not ascending.
        """
        entries = plain.get(BY_SCRIPT, {})
        if not isinstance(entries, dict) or not all(isinstance(v, dict) for v in entries.values()):
            raise ModelError(f"{where}: scope has no references under {BY_SCRIPT}")
        by_script = {
            script: ScopeReference.from_dict(entry, where=where)
            for script, entry in entries.items()
        }
        return cls(ScopeReference.from_dict(plain, where=where), by_script)
