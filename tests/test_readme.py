"""README.md is true: its examples run, its generated parts are fresh, its links lead somewhere."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import statistics
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from _support import forks
from _support.documents import PageRunner
from assay.data.load import load_data

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
KOREAN = (ROOT / "README.ko.md").read_text(encoding="utf-8")
RUN = re.compile(r"<!-- run -->\n```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = RUN.findall(README)
WALK = re.compile(r"<!-- walk -->\n```bash\n(.*?)```", re.DOTALL)
TOPICS = {
    "delivery": "parcel courier late address doorstep damaged tracking",
    "invoice": "invoice tax receipt amount company copy bookkeeping",
    "login": "password account locked code email reset sign",
}
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]


def run(command, folder):
    """Run in an empty folder with this environment's programs first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )


def test_readme_has_examples_of_both_kinds():
    """There is something to run: shell and Python."""
    assert [kind for kind, _ in BLOCKS] == ["bash", "python"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "code"), BLOCKS, ids=[kind for kind, _ in BLOCKS])
def test_readme_example_runs(kind, code, tmp_path):
    """The commands and the Python lines of the README work as they are."""
    command = ["bash", "-euo", "pipefail", "-c", code] if kind == "bash" else ["python", "-c", code]
    environment = {**forks.shared.pages, "ASSAY_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "joy" in done.stdout


def read_walk(page):
    """Return the commands on a file of one's own, without what is said of them."""
    (block,) = WALK.findall(page)
    return [line.partition("#")[0].strip() for line in block.splitlines()]


def write_tickets(folder):
    """Write tickets.xlsx, some of whose labels are wrong, and new-tickets.xlsx without labels."""
    rng = random.Random(0)
    rows = []
    for i in range(240):
        label = [*TOPICS][i % 3]
        rows.append([f"{' '.join(rng.sample(TOPICS[label].split(), 4))} number {i}", label])
    texts = [[text] for text, _ in rows[:5]]
    for row in rows[::30]:
        row[1] = {"delivery": "login"}.get(row[1], "delivery")
    for name, table in (
        ("tickets", [["text", "label"], *rows]),
        ("new-tickets", [["text"], *texts]),
    ):
        workbook = openpyxl.Workbook()
        for cells in table:
            workbook.active.append(cells)
        workbook.save(folder / f"{name}.xlsx")


def accept_proposals(folder):
    """Accept what the audit of the run proposes, as a person may; return how many labels change."""
    with (folder / "runs/tickets/issues.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["accept"] = "yes" * (row["kind"] == "wrong_label")
    with (folder / "decisions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return sum(row["accept"] == "yes" for row in rows)


def read_labels(path):
    """Return the second column of a workbook."""
    return [row[1] for row in openpyxl.load_workbook(path).active.iter_rows(values_only=True)]


@pytest.mark.slow
def test_the_way_with_a_file_of_ones_own_works(tmp_path):
    """From a workbook to corrected labels and answers; on the page nothing is decided, but it is served."""
    assert read_walk(KOREAN) == read_walk(README)
    write_tickets(tmp_path)
    environment = {**forks.shared.pages, "ASSAY_CACHE": str(tmp_path / "cache")}
    n_accepted = 0
    with PageRunner(tmp_path, environment) as runner:
        for line in read_walk(README):
            if line.startswith("assay fix"):
                n_accepted = accept_proposals(tmp_path)
            runner.run_bash(line)
    assert n_accepted
    own, fixed = (read_labels(tmp_path / name) for name in ("tickets.xlsx", "fixed-tickets.xlsx"))
    assert sum(one != other for one, other in zip(own, fixed, strict=True)) == n_accepted
    assert (tmp_path / "answers.xlsx").is_file()


def test_readme_generated_parts_are_fresh(tmp_path):
    """The table of commands and the numbers are what the program and the benchmarks say."""
    done = run([sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def read_results(name):
    """Return a file of benchmarks/results."""
    return json.loads((ROOT / "benchmarks" / "results" / name).read_text(encoding="utf-8"))


def plain(page):
    """Return a page with its lines joined, as a reader sees it."""
    return " ".join(page.split())


def test_numbers_in_the_prose_are_those_that_were_measured():
    """What is not in a generated table, in both languages: the peers' settings, the sizes of the data."""
    by_setting = {}
    for one in read_results("trainer_rate.json")["trainings"]:
        setting = (one["n_epochs"], one["learning_rate"])
        by_setting.setdefault(setting, []).append(one["n_right"] / one["n_validation"])
    n_epochs, _ = max(by_setting, key=lambda setting: statistics.mean(by_setting[setting]))
    assert (len({rate for _, rate in by_setting}), n_epochs) == (5, 3)
    assert "best of five rates" in plain(README)
    assert "its seconds are three epochs" in plain(README)
    assert "학습률 다섯 가지" in plain(KOREAN)
    assert "세 에포크" in plain(KOREAN)

    samples = read_results("peers.json")["samples"]
    sizes = [one["model_bytes"] for one in samples if one["contestant"] == "fasttext"]
    assert 80e6 <= min(sizes) < 90e6
    setfit = [one for one in samples if one["contestant"] == "setfit"]
    assert {(one["data"], one["settings"]["n_a_class"]) for one in setfit} == {("emotion", 16)}
    emotion = {(one["n_train"], one["n_validation"]) for one in samples if one["data"] == "emotion"}
    assert emotion == {(16_000, 2_000)}
    assert "16,000 English tweets for training, 2,000 for validation" in plain(README)
    assert "영어 트윗을 훈련에 16,000개, 검증에 2,000개" in plain(KOREAN)

    sample = load_data("sample")
    assert (sum(map(len, sample.values())), len(sample.label_set)) == (1_460, 6)
    assert "The sample is 1,460 short messages in six emotions" in plain(README)
    assert "여섯 가지 감정이 담긴 짧은 메시지 1,460개" in plain(KOREAN)


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_page_links_to_files_that_exist(page):
    """No relative link or picture is broken."""
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert not missing


def test_korean_readme_says_what_the_english_one_says():
    """It has the same parts in the same order: examples that are run, commands, tables, links; and it is Korean."""
    assert RUN.findall(KOREAN) == BLOCKS
    for pattern in (r"^#+ ", r"^```\w*", r"^\|", r"^assay \w+", r"!\["):
        counts = [len(re.findall(pattern, page, flags=re.MULTILINE)) for page in (README, KOREAN)]
        assert counts[0] == counts[1], pattern
    links = [
        sorted(
            link.replace(".ko.", ".")
            for link in re.findall(r"\]\(([^)]+)\)", page)
            if "README" not in link
        )
        for page in (README, KOREAN)
    ]
    assert links[0] == links[1]
    prose = [
        line
        for line in KOREAN.splitlines()
        if line and not line.startswith(("|", "```", "assay ", "<!--"))
    ]
    korean = [line for line in prose if re.search("[가-힣]", line)]
    assert len(korean) > 0.8 * len(prose)
