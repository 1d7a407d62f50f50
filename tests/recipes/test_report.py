"""The write-up of a run again: the same report in each form, from report.json alone."""

from __future__ import annotations

import json
import re
import shutil

import nbformat
import pytest

from _support.small_runs import read_json
from assay.errors import InputError, OutputExistsError
from assay.recipes.report import write_report_file


def test_markdown_is_the_run_s_own_with_its_pictures(five, tmp_path):
    """The page is the same but for where its pictures are, and each of them is there."""
    found = write_report_file(five.folder, tmp_path / "my page.md")
    text = (tmp_path / "my page.md").read_text(encoding="utf-8")
    own = (five.folder / "report.md").read_text(encoding="utf-8")
    assert text == own.replace("](report_files/", "](my%20page_files/")
    shown = re.findall(r"\]\(my%20page_files/(\w+)\.png\)", text)
    assert shown
    assert {tmp_path / "my page_files" / f"{name}.png" for name in shown} == set(
        (tmp_path / "my page_files").iterdir()
    )
    assert len(found.pictures) == len(shown)


def test_html_is_the_run_s_own(five, tmp_path):
    """One file, the same as that of the run; only report.json is needed for it."""
    run = tmp_path / "run"
    run.mkdir()
    shutil.copyfile(five.folder / "report.json", run / "report.json")
    write_report_file(run, tmp_path / "again.html", format="html")
    found = (tmp_path / "again.html").read_text(encoding="utf-8")
    pictures = re.compile(r"data:image/png;base64,[\w+/=]+")
    assert pictures.sub("", found) == pictures.sub(
        "", (five.folder / "report.html").read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_notebook_loads_the_data_of_the_run(five, tmp_path, language):
    """It is a valid notebook that names the run's data, columns and checkpoint, and holds no text of the data."""
    write_report_file(five.folder, tmp_path / "run.ipynb", language=language)
    notebook = nbformat.read(tmp_path / "run.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert f"data = assay.load_data({json.dumps(str(five.data))}" in code
    assert json.dumps(str(five.checkpoint)) in code
    compile(code, "notebook", "exec")
    for row in read_json(five.folder / "report.json")["data"]["first_rows"]:
        assert row["text"] not in code


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            {"out": "r.docx"},
            r"the ending of .*r\.docx says no format; md, html, ipynb are accepted",
        ),
        ({"out": "r.md", "format": "pdf"}, "^format is 'pdf'; md, html, ipynb are accepted"),
        ({"out": "r.txt", "format": "md"}, r"a name that ends in \.md is accepted"),
        ({"out": "r.ipynb", "language": "de"}, "language 'de' is unknown; en, ko are accepted"),
    ],
)
def test_unknown_forms_are_refused(five, tmp_path, args, said):
    """Nothing is written."""
    with pytest.raises(InputError, match=said):
        write_report_file(five.folder, **{**args, "out": tmp_path / args["out"]})
    assert not list(tmp_path.iterdir())


def test_what_is_no_run_or_a_damaged_one_says_so(five, tmp_path):
    """No report.json, no JSON, no report in it."""
    with pytest.raises(InputError, match=r"has no report\.json: it is not a run"):
        write_report_file(tmp_path, tmp_path / "r.md")
    for content in ("{", "[]", "{}", '{"schema_version": 1}', '{"schema_version": 1, "data": 1}'):
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=r"report\.json is damaged"):
            write_report_file(tmp_path, tmp_path / "r.md")
    (tmp_path / "report.json").write_text('{"schema_version": 99}', encoding="utf-8")
    with pytest.raises(InputError, match="has schema 99; this assay reads up to 2"):
        write_report_file(tmp_path, tmp_path / "r.md")


def test_existing_report_is_kept_unless_told_otherwise(five, tmp_path):
    """Neither the page nor its pictures are replaced without being asked."""
    (tmp_path / "r_files").mkdir()
    (tmp_path / "r_files" / "old.png").touch()
    with pytest.raises(OutputExistsError, match="r_files exists already"):
        write_report_file(five.folder, tmp_path / "r.md")
    assert not (tmp_path / "r.md").exists()
    write_report_file(five.folder, tmp_path / "r.md", overwrite=True)
    with pytest.raises(OutputExistsError, match=r"r\.md exists already"):
        write_report_file(five.folder, tmp_path / "r.md")


def test_report_without_a_part_is_no_mistake_of_ours(five, tmp_path):
    """A report of an earlier version that lacks what the page shows is said so in one sentence."""
    report = read_json(five.folder / "report.json")
    del report["slices"]
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    for name in ("r.md", "r.html"):
        with pytest.raises(InputError, match=r"the report cannot be rendered: .*'slices'"):
            write_report_file(tmp_path, tmp_path / name)
        assert not (tmp_path / name).exists()
