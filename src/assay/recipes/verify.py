"""`assay verify`: a model's hashes, and the scores that it claims, checked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from assay._arguments import checked
from assay._display import Brief, percent
from assay.data.texts import Splits
from assay.errors import CheckError, DataError, ModelError
from assay.evaluation.result import SplitScores
from assay.evaluation.several_scores import SeveralScores
from assay.json_text import parse_json
from assay.progress import Progress
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.known_data import cut_as_trained, load_as_trained
from assay.runtime.entries import ScoreEntry
from assay.runtime.folder import read_folder
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model, load_model
from assay.runtime.trial import try_model

__all__ = ["Verification", "verify_model"]

TOLERANCE = 1e-9  # scores are counts over counts: the same predictions give the same value


class CheckedClaim(ScoreEntry):
    """A recorded score, what was found instead, and whether the two agree."""

    found: float
    found_n_texts: int
    agrees: bool


class VerificationEntry(TypedDict):
    """A `Verification` as JSON holds it."""

    model: str
    method: str
    n_files: int
    verified: bool
    claims: list[CheckedClaim]


@dataclass(frozen=True, repr=False)
class Verification(Brief):
    """What was checked of a model; its own claims hold.

    Parameters
    ----------
    model, method : str
    n_files : int
        Files whose hashes were checked.
    claims : sequence of CheckedClaim
        The recorded scores, each with what was found.
    """

    model: str
    method: str
    n_files: int
    claims: Sequence[CheckedClaim]

    def to_dict(self) -> VerificationEntry:
        """Return plain values, ready for JSON."""
        return {
            "model": self.model,
            "method": self.method,
            "n_files": self.n_files,
            "verified": True,
            "claims": list(self.claims),
        }


@checked
def verify_model(
    model_folder: str | Path,
    splits: Any = None,
    *,
    isolated: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Check a model's hashes and that it can answer; with data, also the scores that it claims.

    Parameters
    ----------
    model_folder : path
    splits : Splits, or anything that `load_data` accepts, optional
        Labelled texts. What is not loaded yet is read as the data of the model were read, and a
        single file is cut as training cut it. None: no score is computed again.
    isolated : bool
        Whether the model is tried in a process of its own first, under limits of memory and time.
    progress : Progress, optional

    Raises
    ------
    ModelError
        The folder is no model, one of a newer assay, or one that cannot be used or could do harm.
    CheckError
        A file is missing, changed or unsafe, or a recorded score is not what the model scores on
        these texts.
    InputError
        The data cannot be read, or (`DataError`) has none of the splits that scores are recorded
        of.
    """
    folder = Path(model_folder)
    manifest = _read_checked(folder)
    if isolated:
        try_model(folder)
    model = load_model(folder, verified=manifest)  # its files were hashed a moment ago
    claims: list[CheckedClaim] = []
    if splits is not None:
        splits = cut_as_trained(load_as_trained(splits, folder), manifest)
        claims = _check_claims(model, splits, progress)
        if not claims:
            recorded = ", ".join(_recorded_splits(manifest)) or "no split"
            raise DataError(
                f"{folder} has recorded scores of {recorded}; the data has {', '.join(splits)}"
            )
    return Verification(str(folder), manifest.method, len(manifest.files), claims)


def _recorded_splits(manifest: Manifest) -> list[str]:
    return list(dict.fromkeys(claim["split"] for claim in manifest.scores))


def _check_claims(model: Model, splits: Splits, progress: Progress | None) -> list[CheckedClaim]:
    """Score the splits again that the manifest and the data share; raise if a score differs."""
    manifest = model.manifest
    claims: list[CheckedClaim] = []
    for split in _recorded_splits(manifest):
        if split not in splits:
            continue
        scores = evaluate_model(model, splits, split=split, progress=progress).scores
        own = [claim for claim in manifest.scores if claim["split"] == split]
        claims += [_check_claim(claim, scores) for claim in own]
    wrong = [_disagreement(claim) for claim in claims if not claim["agrees"]]
    if wrong:
        raise CheckError(
            f"{model.folder} does not score what it says: {'; '.join(wrong)}",
            hint="is this the data it was scored on?",
        )
    return claims


def _check_claim(claim: ScoreEntry, scores: SplitScores | SeveralScores) -> CheckedClaim:
    found: float = getattr(scores, claim["metric"])
    agrees = scores.n_texts == claim["n_texts"] and abs(found - claim["value"]) <= TOLERANCE
    return {**claim, "found": found, "found_n_texts": scores.n_texts, "agrees": agrees}


def _disagreement(claim: CheckedClaim) -> str:
    recorded = f"recorded {percent(claim['value'], 2)} on {claim['n_texts']:,} texts"
    found = f"found {percent(claim['found'], 2)} on {claim['found_n_texts']:,}"
    return f"{claim['split']} {claim['metric']}: {recorded}, {found}"


def _read_checked(folder: Path) -> Manifest:
    """Read a model; what is wrong with its files is a failed check here, not a wrong input."""
    try:
        return read_folder(folder)
    except ModelError as err:
        if not _has_manifest(folder):
            raise
        raise CheckError(err.message, hint=err.hint) from err


def _has_manifest(folder: Path) -> bool:
    """Tell whether a folder says that it is a model which this assay can read."""
    path = Layout(folder).manifest
    try:
        Manifest.from_dict(parse_json(path.read_text(encoding="utf-8")), where=path)
    except (OSError, ValueError, AttributeError):  # no file, no JSON, no such schema, no object
        return False
    return True
