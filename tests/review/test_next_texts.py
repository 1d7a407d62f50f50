"""`assay next` writes the rows that are most worth a label, in the format of the pool."""

import csv
import json

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from _support.small_models import small_data, small_estimator
from _support.small_runs import write_rows
from assay.cli.app import app
from assay.data.load import load_data
from assay.errors import DataError, InputError, OutputExistsError
from assay.models import save_model
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.review.choosing import uncertainty
from assay.review.next_texts import next_texts
from assay.runtime.predictor import load_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model."""
    folder = tmp_path_factory.mktemp("next") / "model"
    save_model(small_estimator("linear").fit(*small_data(200)), folder)
    return folder


@pytest.fixture
def pool(tmp_path):
    """A table as another program writes it: semicolons, a number first, no labels."""
    texts = list(dict.fromkeys(small_data(600, seed=3)[0]))[:80]
    path = tmp_path / "pool.csv"
    lines = [f"{i};{text}" for i, text in enumerate(texts)]
    path.write_text("\n".join(["id;text", *lines]) + "\n", encoding="utf-8")
    return path


def read(path):
    """Read a table with semicolons."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def write_table(path, rows):
    """Write a table with commas."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def test_rows_are_those_of_the_pool_with_an_empty_label(model, pool, tmp_path):
    """All columns, the same delimiter; filled in, they are data for a run."""
    out = tmp_path / "to_label.csv"
    done = next_texts(model, pool, out, n=10)
    assert (done.n_written, done.n_pool, done.n_scored, done.n_labelled) == (10, 80, 80, 0)
    rows = read(out)
    given = {row["id"]: row["text"] for row in read(pool)}
    assert len(rows) == 10
    assert all(row["text"] == given[row["id"]] and row["label"] == "" for row in rows)
    filled = out.read_text(encoding="utf-8").splitlines()
    labelled = [filled[0], *(f"{line}{'ab'[i % 2]}" for i, line in enumerate(filled[1:]))]
    out.write_text("\n".join(labelled) + "\n", encoding="utf-8")
    assert len(load_data(out)["all"]) == 10


def test_model_is_unsure_about_what_is_chosen(model, pool, tmp_path):
    """More than about the texts of the pool on average."""
    next_texts(model, pool, tmp_path / "n.csv", n=10)
    loaded = load_model(model)
    of_chosen = uncertainty(loaded.predict_proba([row["text"] for row in read(tmp_path / "n.csv")]))
    of_all = uncertainty(loaded.predict_proba([row["text"] for row in read(pool)]))
    assert of_chosen.mean() > of_all.mean()
    assert np.isfinite(of_chosen).all()


def test_model_of_several_labels_is_asked_for_each(tmp_path):
    """Unsure is where one label is near its threshold; what is not known yet is null in JSON."""
    texts, labels = small_data(200)
    lists = [[label, "odd"] if i % 2 else [label] for i, label in enumerate(labels)]
    train_model((texts, lists), tmp_path / "model", method="linear")
    pool = write_rows(tmp_path / "pool.jsonl", small_data(60, seed=4)[0], [None] * 60)
    pool.write_text(pool.read_text(encoding="utf-8").replace('"label"', '"kind"'), encoding="utf-8")
    done = next_texts(tmp_path / "model", pool, tmp_path / "n.jsonl", n=5)
    rows = [json.loads(line) for line in (tmp_path / "n.jsonl").read_text().splitlines()]
    assert done.n_written == 5
    assert [row["labels"] for row in rows] == [None] * 5


def test_labelled_rows_are_left_out(model, tmp_path):
    """A pool in which some texts have labels already."""
    texts, labels = small_data(40, seed=5)
    half = [label if i % 2 else "" for i, label in enumerate(labels)]
    pool = write_rows(tmp_path / "pool.jsonl", texts, half)
    done = next_texts(model, pool, tmp_path / "n.jsonl", n=1_000)
    assert done.n_labelled + done.n_written <= done.n_pool
    full = write_rows(tmp_path / "full.jsonl", texts, labels)
    with pytest.raises(DataError, match="has a label already"):
        next_texts(model, full, tmp_path / "m.jsonl")


def test_command_reads_the_pool_as_the_data_of_the_model(tmp_path):
    """Names of columns that were given once are not asked for again, as by predict."""
    lines = [f"{('good', 'bad')[i % 2]} day number {i},{('up', 'down')[i % 2]}" for i in range(60)]
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["النص,الصنف", *lines]) + "\n", encoding="utf-8")
    columns = ["--text-column", "النص", "--label-column", "الصنف"]
    train = ["train", data, "--method", "linear", *columns, "--out", tmp_path / "m", "--quiet"]
    runner = CliRunner()
    trained = runner.invoke(app, list(map(str, train)))
    assert trained.exit_code == 0, trained.output
    data.write_text(
        "\n".join(["النص,الصنف", *lines, "a new one,", "another one,"]) + "\n", encoding="utf-8"
    )
    args = ["next", tmp_path / "m", data, "--out", tmp_path / "next.csv"]
    done = runner.invoke(app, list(map(str, args)))
    assert done.exit_code == 0, done.output
    assert "60 texts left out that have a label already" in done.output
    head, *rows = (tmp_path / "next.csv").read_text(encoding="utf-8").splitlines()
    assert head == "النص,الصنف"
    assert sorted(rows) == ["a new one,", "another one,"]
    bare = [line.partition(",")[0] for line in lines]
    data.write_text("\n".join(["النص", *bare, "a new one"]) + "\n", encoding="utf-8")
    done = runner.invoke(app, [*map(str, args), "--overwrite", "-n", "100"])
    assert "6 texts of the test split left out" in done.output
    assert "54 texts of the data of the model left out" in done.output
    assert "100 were asked for: no others wait for a label" in done.output
    assert (tmp_path / "next.csv").read_text(encoding="utf-8") == "النص,الصنف\na new one,\n"
    data.write_text("\n".join(["النص", *bare]) + "\n", encoding="utf-8")
    done = runner.invoke(app, [*map(str, args), "--overwrite"])
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert "has a label already, or is among the data of the model, or is of the test split" in said


def test_fewer_than_asked_is_explained(model, tmp_path):
    """Texts that say nearly the same as one that is written are not written for a number's sake."""
    texts = [" ".join(one * (i + 2) for i in range(8)) for one in ("abc", "xyz", "mno")]
    repeats = [" ".join([texts[0]] * n) for n in (2, 3, 4)]
    rows = [["text"], *([one] for one in (*texts, *repeats))]
    pool = write_table(tmp_path / "pool.csv", rows)
    args = ["next", model, pool, "--out", tmp_path / "n.csv", "-n", 4, "--json"]
    runner = CliRunner()
    done = runner.invoke(app, list(map(str, args)))
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["n_written"], found["n_repeats"]) == (3, 1)
    done = runner.invoke(app, [*map(str, args[:-1]), "--overwrite"])
    assert (
        "4 were asked for: each of the others says nearly the same as one that is written"
        in " ".join(done.output.split())
    )


def test_as_many_as_are_asked_for_are_written(model, tmp_path):
    """More than are looked at where fewer are wanted."""
    rows = [
        [f"{i} {'abcdefgh'[i % 8] * 3} {i * 7919 % 10_007} {i * i % 9_973}"] for i in range(4_400)
    ]
    pool = write_table(tmp_path / "pool.csv", [["text"], *rows])
    done = next_texts(model, pool, tmp_path / "n.csv", n=4_300)
    assert done.n_written + done.n_repeats >= 4_300
    assert done.n_written > 4_000


@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_numbers_that_are_none_are_refused(model, pool, tmp_path, n):
    """In Python; the command says the same in its own words."""
    with pytest.raises(InputError, match="n is "):
        next_texts(model, pool, tmp_path / "n.csv", n=n)


def test_columns_of_one_label_each_are_the_cells_to_fill_in(tmp_path):
    """Rows that say yes or no have labels already; a pool without the columns gets them."""
    texts, labels = small_data(120)
    names = sorted(set(labels))
    rows = [["note", "text", *names]]
    for i, (text, label) in enumerate(zip(texts, labels, strict=True)):
        rows.append([f"n{i % 7}", text, *(("no", "yes")[one == label] for one in names)])
    data = write_table(tmp_path / "data.csv", rows)
    options = DataOptions(label_columns=names)
    train_model(data, tmp_path / "model", method="linear", options=options)
    new = ["n1", "a new one", *[""] * len(names)]
    done = next_texts(tmp_path / "model", write_table(data, [*rows, new]), tmp_path / "n.csv")
    assert done.n_written == 1
    assert done.n_labelled == done.n_pool - 1
    with (tmp_path / "n.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [rows[0], new]
    bare = write_rows(tmp_path / "bare.jsonl", ["one more", "two more"], ["", ""])
    bare.write_text(bare.read_text("utf-8").replace('"label"', '"kind"'), encoding="utf-8")
    next_texts(tmp_path / "model", bare, tmp_path / "bare.csv", n=1)
    with (tmp_path / "bare.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == ["text", "kind", *names]
    some = write_table(tmp_path / "some.csv", [["text", *names[:2]], ["one more", "", ""]])
    next_texts(tmp_path / "model", some, tmp_path / "more.csv")
    with (tmp_path / "more.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == [["text", *names], ["one more", *[""] * len(names)]]


def test_label_column_is_called_as_in_the_data_of_the_model(tmp_path):
    """Rows with such a label are left out; in a workbook, too, which a run takes back."""
    texts, labels = small_data(120)
    rows = [["text", "mood"], *zip(texts, labels, strict=True)]
    data = write_table(tmp_path / "data.csv", rows)
    options = DataOptions(label_column="mood")
    train_model(data, tmp_path / "model", method="linear", options=options)
    pool = write_table(tmp_path / "pool.csv", [*rows[:60], ["a new one", ""], ["two new", ""]])
    done = next_texts(tmp_path / "model", pool, tmp_path / "next.xlsx")
    assert (done.n_written, done.n_labelled) == (2, done.n_pool - 2)
    sheet = list(openpyxl.load_workbook(tmp_path / "next.xlsx").active.values)
    assert sheet[0] == ("text", "mood")
    assert {row[0] for row in sheet[1:]} == {"a new one", "two new"}
    assert {row[1] for row in sheet[1:]} == {None}


def test_outputs_that_cannot_be_written_are_refused(model, pool, tmp_path):
    """Before any work: the pool itself, a file that is there, a kind that is not written."""
    with pytest.raises(InputError, match="holds the data itself"):
        next_texts(model, pool, pool, overwrite=True)
    (tmp_path / "n.csv").write_text("", encoding="utf-8")
    with pytest.raises(OutputExistsError, match=r"n\.csv"):
        next_texts(model, pool, tmp_path / "n.csv")
    with pytest.raises(InputError, match="cannot be written"):
        next_texts(model, pool, tmp_path / "n.docx")


def test_workbook_is_named_as_the_data_of_the_model(tmp_path):
    """The sheet is that of the pool, and the column for labels that of the data of the model."""
    rows = [["Ticket", "Description", "Category"]]
    rows += [[i, f"the {'bill' if i % 2 else 'login'} fails {i}", "ab"[i % 2]] for i in range(40)]
    pool = [["Ticket", "Description"], *([i, f"something new {i}"] for i in range(9))]
    for name, table in (("data", rows), ("pool", pool)):
        book = openpyxl.Workbook()
        book.active.title = "Tickets of May"
        for row in table:
            book.active.append(row)
        book.save(tmp_path / f"{name}.xlsx")
    train_model(tmp_path / "data.xlsx", tmp_path / "model", method="linear")
    next_texts(tmp_path / "model", tmp_path / "pool.xlsx", tmp_path / "out.xlsx", n=3)
    written = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert written.sheetnames == ["Tickets of May"]
    assert [cell.value for cell in next(written.active.rows)] == [
        "Ticket",
        "Description",
        "Category",
    ]
