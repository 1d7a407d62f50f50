"""`assay audit`: load the data as a run would cut them, for `audit_data` to look at."""

from __future__ import annotations

import logging
from typing import Any

from assay.data.texts import Splits
from assay.errors import DataError
from assay.recipes.steps.prepare import DataOptions, cut_splits

__all__ = ["load_for_audit"]

logger = logging.getLogger(__name__)


def load_for_audit(data: Any, *, options: DataOptions | None = None, seed: int = 0) -> Splits:
    """Load DATA and cut it as `assay run` with the same seed will.

    So the corrections of an audit find their rows again. Data that are too small to be cut, or have
    no train split, are audited as they are.
    """
    options = options or DataOptions()
    splits = options.load(data)
    try:
        return cut_splits(splits, options=options, seed=seed)
    except DataError as err:
        logger.info("not cut: %s", err.message)
        return splits
