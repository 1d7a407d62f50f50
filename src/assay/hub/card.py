"""What the model card says differently on the Hub: the repository in its examples, the licence."""

from __future__ import annotations

import re

from assay._optional import require
from assay.errors import InputError

__all__ = ["HERE", "address_card", "check_license", "set_license"]

LICENSE = re.compile(r"[a-z0-9][a-z0-9.-]{1,40}")  # the Hub's identifiers, such as apache-2.0

# First line of the card's shell example, with a comment in the language of the card.
HERE = re.compile(r"^cd MODEL   # .*$", re.MULTILINE)
LOCAL_PIPELINE = 'model="."'


def address_card(card: str, repo: str) -> str:
    """Return the card with examples that load the model from the Hub; other text stays as it is.

    >>> address_card("cd MODEL   # this folder", "me/mood")
    'assay pull me/mood --out MODEL && cd MODEL'
    """
    card = HERE.sub(lambda found: f"assay pull {repo} --out MODEL && cd MODEL", card)
    return card.replace(LOCAL_PIPELINE, f'model="{repo}"')


def check_license(license_id: str) -> None:
    """Refuse what cannot be the Hub's identifier of a licence.

    Raises
    ------
    InputError
    """
    if not LICENSE.fullmatch(license_id):
        raise InputError(
            f"'{license_id}' is no identifier of a licence; "
            "such as apache-2.0, mit or cc-by-4.0 is accepted"
        )


def set_license(card: str, license_id: str) -> str:
    """Return the card with this licence in its metadata; the rest stays as it is."""
    parsed = require("huggingface_hub").ModelCard(card, ignore_metadata_errors=True)
    parsed.data.license = license_id
    return str(parsed)
