"""`check_inputs`: nothing that a run or a training reads is replaced by what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.checkpoints.aliases import ALIASES
from assay.checkpoints.auto import AUTO
from assay.output_place import check_apart
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.rule_options import RuleOptions

__all__ = ["check_inputs"]


def check_inputs(
    out: Path,
    data: Any,
    options: DataOptions,
    *,
    rule: RuleOptions,
    checkpoint: object,
) -> None:
    """Refuse an output that would destroy one of the inputs, before any work is done.

    Raises
    ------
    InputError
        `out` is one of them, or a folder that holds one.
    """
    check_apart(data, out)
    check_apart(options.corrections, out, what="the corrections")
    check_apart(rule.cost, out, what="the costs")
    if checkpoint not in (AUTO, *ALIASES):  # these are names, whatever folders there are
        check_apart(checkpoint, out, what="the checkpoint")
