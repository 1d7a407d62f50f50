"""Reports of assay 0.1.0, which hold English sentences, render as they did."""

import json
from pathlib import Path

import pytest

from assay.recipes.report import write_report_file
from assay.reporting.old_reports import upgrade_report
from assay.reporting.render import render_html, render_markdown

RUN = Path(__file__).parent.parent / "fixtures" / "v0.1.0" / "run"


@pytest.fixture(scope="module")
def old():
    """Read the report of a run of 0.1.0."""
    return json.loads((RUN / "report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_old_sentences_are_told_as_they_are(old, render):
    """The recommendation, with its numbers, and what the audit said."""
    text = render(old, {})
    assert old["schema_version"] == 1
    assert old["verdict"]["why"][1:60] in text
    for choice in old["how"]["choices"]:
        assert choice["choice"] in text


def test_report_of_today_stays_as_it_is():
    """Nothing is copied where nothing is old."""
    report = {"schema_version": 2}
    assert upgrade_report(report) is report


def test_old_report_stays_english_with_a_warning(tmp_path, caplog):
    """Sentences cannot be translated: the page is English as a whole, and the reader is told."""
    write_report_file(RUN, tmp_path / "r.html", language="ko")
    assert "holds English sentences: the report stays English" in caplog.text
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "데이터 문제" not in page


def test_notebook_of_an_old_run_is_korean(tmp_path, caplog):
    """It holds no sentence of the report."""
    write_report_file(RUN, tmp_path / "r.ipynb", language="ko")
    assert caplog.records == []
    cells = json.loads((tmp_path / "r.ipynb").read_text(encoding="utf-8"))["cells"]
    assert any("데이터 불러오기" in "".join(cell["source"]) for cell in cells)
