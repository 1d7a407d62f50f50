"""The one thing in a model card that depends on where it stands: which model its examples load."""

from __future__ import annotations

__all__ = ["HERE", "address_card"]

HERE = "cd MODEL   # this folder"  # first line of the card's shell example
LOCAL_PIPELINE = 'model="."'


def address_card(card: str, repo: str) -> str:
    """Return the card with examples that start from the Hub; what a person wrote otherwise stays as it is.

    >>> address_card("cd MODEL   # this folder", "me/mood")
    'assay pull me/mood --out MODEL && cd MODEL'
    """
    return card.replace(HERE, f"assay pull {repo} --out MODEL && cd MODEL").replace(LOCAL_PIPELINE, f'model="{repo}"')
