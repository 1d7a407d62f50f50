"""What a report shows beside the results: only what the run has, with how it was made."""

import numpy as np


def test_sections_leave_out_what_was_not_run(cheap_run):
    """No transformer: no tokens, no truncation, no map.

    No epochs: no curve. The floor is not calibrated.
    """
    _, sections = cheap_run
    assert sections.tokens is None
    assert sections.truncation is None
    assert sections.map is None
    assert sections.training == {}
    assert set(sections.calibration) == {"linear"}
    assert set(sections.mistakes) == {"majority", "linear"}


def test_sections_tell_how_the_run_was_made(cheap_run):
    """The options that were set, the ones of the data among them, versions, and what was left out."""
    _, sections = cheap_run
    options = sections.how.options
    assert options["methods"] == "majority, linear"
    assert options["max_rows"] == 25
    assert not set(options) & {"budget_s", "labels", "data", "command"}
    assert sections.how.command == "assay run"
    assert sections.how.versions["numpy"] == np.__version__
