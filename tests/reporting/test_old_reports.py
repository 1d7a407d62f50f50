"""Reports of assay 0.1.0, which hold English sentences, render as they did."""

import json
from pathlib import Path

import pytest

from assay.catalogue import open_language
from assay.recipes.report import write_report_file
from assay.reporting.old_reports import upgrade_report, upgrade_several
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


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fact_that_lacks_a_value_takes_it_from_the_scores_beside_it(language):
    """Sentences of a small test split did not say its score when the report was written."""
    told = {"n_texts": 6, "n_evidence": 54, "promised": 0.8, "low": 0.7, "high": 0.9}
    single = {
        "schema_version": 2,
        "verdict": {
            "accuracy": 0.625,
            "warnings": [{"kind": "caveats.small_test", **told}, {"kind": "caveats.other"}],
        },
    }
    several = {
        "recommended": "linear",
        "choice": {"metric": "micro-f1"},
        "methods": [
            {"method": "linear", "test": {"f1_micro": 0.625, "f1_macro": 0.25}},
            {"method": "compact", "test": {"f1_micro": 0.125}},
        ],
        "caveats": [{"kind": "caveats.several_small_test", "metric": "micro-f1", **told}],
    }
    spoken = open_language(language)
    warnings = upgrade_report(single)["verdict"]["warnings"]
    assert "62.5%" in spoken.tell(warnings[0])
    assert warnings[1] == {"kind": "caveats.other"}
    upgraded = upgrade_several(several)
    assert "62.5%" in spoken.tell(upgraded["caveats"][0])
    assert upgrade_several(upgraded) is upgraded


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
