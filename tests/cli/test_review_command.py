"""Which models check the labels before a review, and what excludes what."""

import pytest

from assay.errors import DataError


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [((), "linear"), (("--method", "auto"), "auto"), (("--method", "none"), None)],
)
def test_audit_of_a_review_is_quick_unless_asked(
    invoke, data, tmp_path, monkeypatch, flags, wanted
):
    """The page is for now: `linear` alone, or what --method says."""
    asked = []

    def audit_data(splits, *, method, **more):
        asked.append(method)
        raise DataError("no audit today")

    monkeypatch.setattr("assay.audit.checks.audit_data", audit_data)
    done = invoke("review", data, "--out", tmp_path / "d.csv", *flags)
    assert (done.exit_code, asked) == (2, [wanted])


def test_issues_leave_nothing_for_a_method(invoke, data, tmp_path):
    """Both at once is a mistake, said before anything is read."""
    out, issues = tmp_path / "d.csv", tmp_path / "i.csv"
    done = invoke("review", data, "--out", out, "--issues", issues, "--method", "linear")
    assert done.exit_code == 2
    assert "exclude each other" in done.stderr
