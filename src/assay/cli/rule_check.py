"""What a command does where a model cannot be shown to reach what was asked of its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from assay.errors import CheckError

if TYPE_CHECKING:
    from assay.evaluation.rule_effects import RuleOutcomeEntry

__all__ = ["refuse_broken_rule", "refuse_unreached"]

WITHOUT_RULE = "the model was saved without a rule: it gives labels as if nothing had been asked"
ALWAYS_ANSWERS = "the model was saved without a rule: it always answers"


def refuse_broken_rule(outcome: RuleOutcomeEntry | None, *, as_json: bool) -> None:
    """End with the exit code of a check that said no, once the result was printed.

    Parameters
    ----------
    outcome : RuleOutcomeEntry, optional
        None: nothing was asked for.
    as_json : bool
        The result is one JSON object and has the sentence: nothing more is printed.

    Raises
    ------
    CheckError
        There is no rule.
    """
    if outcome is not None:
        _end(outcome["refused"], as_json=as_json, hint=WITHOUT_RULE)


def refuse_unreached(refused: str | None, *, as_json: bool) -> None:
    """End in the same way where a target accuracy is not reached.

    Parameters
    ----------
    refused : str, optional
        What can be reached instead; None: nothing was asked for, or it is reached.
    as_json : bool

    Raises
    ------
    CheckError
        There is no rule.
    """
    _end(refused, as_json=as_json, hint=ALWAYS_ANSWERS)


def _end(refused: str | None, *, as_json: bool, hint: str) -> None:
    if refused is None:
        return
    if as_json:
        raise typer.Exit(CheckError.exit_code)
    raise CheckError(refused.rstrip("."), hint=hint)
