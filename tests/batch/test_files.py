"""`predict_file`: rows in, rows with scores out, in every format and order, and nothing half written.

These are also the tests of chunks, misfits and rows.
"""

import datetime
import gzip
import io
import json
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from _support.small_models import EDGE_TEXTS, WORDS, small_data, small_estimator
from assay.batch import PredictionSummary, chunks, open_rows, predict_file, predict_rows
from assay.batch import rows as batch_rows
from assay.batch.blank_rows import BlankRows
from assay.data.files.readers import read_rows
from assay.data.files.writers import open_writer
from assay.errors import DataError, InputError, ModelError, OutputExistsError, OutsideError
from assay.models import save_model
from assay.progress import Progress
from assay.runtime import load_model
from assay.runtime.limits.scripts import UnseenScripts
from assay.runtime.relabel import relabel_model

TEXTS = ["happy day", "I am so sad", "오늘 화나요", "", "zzz"]
FORMATS = ["csv", "tsv", "jsonl", "csv.gz", "tsv.gz", "jsonl.gz", "parquet"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Load a small `linear` model from its folder."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(small_estimator("linear").fit(*small_data(200)), out)
    return load_model(out)


def write(path, records):
    """Write records to a file in the format of its name."""
    with open_writer(path, like=path) as writer:
        for record in records:
            writer.write(record)
    return path


def read(path):
    """Read the records of a file."""
    rows = list(read_rows(path))
    assert all(row.problem is None for row in rows)
    return [row.values for row in rows]


def names(folder):
    """Return the names in a folder."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("out_suffix", FORMATS)
@pytest.mark.parametrize("in_suffix", ["csv", "jsonl.gz", "parquet"])
def test_rows_come_back_with_label_and_scores(model, tmp_path, in_suffix, out_suffix):
    """Whatever the formats, each row keeps its columns and gets label, best score and all scores, in its order."""
    source = write(
        tmp_path / f"in.{in_suffix}",
        [{"id": f"r{i}", "text": text} for i, text in enumerate(TEXTS)],
    )
    out = tmp_path / f"out.{out_suffix}"
    summary = predict_file(model, source, out)
    line = TEXTS.index("") + (2 if in_suffix == "csv" else 1)
    blank, unseen = BlankRows(1, (line,)), UnseenScripts(len(TEXTS))
    assert summary == PredictionSummary(str(out), len(TEXTS), 0, None, blank, unseen)
    plain = {"out": str(out), "n_texts": 5, "n_rejected": 0, "rejected": None}
    assert summary.to_dict() == {**plain, "n_blank": 1, "blank_lines": [line]}
    found = read(out)
    columns = [
        "id",
        "text",
        "predicted_label",
        "predicted_score",
        *(f"score:{label}" for label in model.labels),
    ]
    assert [list(row) for row in found] == [columns] * len(TEXTS)
    assert [row["id"] for row in found] == ["r0", "r1", "r2", "r3", "r4"]
    assert [row["text"] for row in found] == TEXTS
    probs = model.predict_proba(TEXTS)
    np.testing.assert_allclose(
        [[float(row[f"score:{x}"]) for x in model.labels] for row in found], probs, atol=1e-6
    )
    assert [row["predicted_label"] for row in found] == model.predict(TEXTS)
    np.testing.assert_allclose(
        [float(row["predicted_score"]) for row in found], probs.max(axis=1), atol=1e-6
    )
    assert names(tmp_path) == {source.name, out.name}


def test_lines_of_a_stream_are_texts(model, tmp_path):
    """Each line of standard input is one text: blank ones too, tabs and semicolons and all; it is left open."""
    stream = io.BytesIO("happy day\n\n좋은; 하루\tx\r\nlast".encode())
    summary = predict_file(model, stream, tmp_path / "out.jsonl")
    assert summary.n_texts == 4
    assert [row["text"] for row in read(tmp_path / "out.jsonl")] == [
        "happy day",
        "",
        "좋은; 하루\tx",
        "last",
    ]
    assert not stream.closed


def test_lines_of_a_txt_file_are_texts(model, tmp_path):
    """For prediction a .txt file has no labels: a semicolon is part of the text."""
    (tmp_path / "in.txt").write_text("happy; day\nsad\n", encoding="utf-8")
    predict_file(model, tmp_path / "in.txt", tmp_path / "out.jsonl")
    assert [row["text"] for row in read(tmp_path / "out.jsonl")] == ["happy; day", "sad"]


def test_awkward_texts_are_scored_like_any_other(model, tmp_path):
    """Blank, right to left, null and long texts get the model's own scores."""
    source = write(tmp_path / "in.jsonl", [{"text": text} for text in EDGE_TEXTS])
    predict_file(model, source, tmp_path / "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    assert [row["text"] for row in found] == EDGE_TEXTS
    scores = [[row[f"score:{label}"] for label in model.labels] for row in found]
    np.testing.assert_allclose(scores, model.predict_proba(EDGE_TEXTS), atol=1e-6)


def test_null_is_scored_like_the_empty_text(model, tmp_path):
    """Null and "" are legal texts that say nothing; numbers are their text; a row without the column is rejected."""
    records = [{"text": None}, {"text": ""}, {"text": 2026}, {"text": "2026"}, {"other": "x"}]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    summary = predict_file(model, source, tmp_path / "out.jsonl")
    null, empty, number, digits = (row["predicted_score"] for row in read(tmp_path / "out.jsonl"))
    assert null == empty
    assert number == digits
    assert read(tmp_path / "out.jsonl.rejected.jsonl") == [
        {"line": 5, "reason": "no column 'text'"}
    ]
    assert (summary.n_texts, summary.n_rejected) == (4, 1)


def test_column_of_a_predicted_name_is_kept(model, tmp_path):
    """Predicting over predictions, again and again, loses no column of the ones before."""
    source = write(
        tmp_path / "0.jsonl", [{"text": "happy", "predicted_label": "mine", "score:joy": "0.5"}]
    )
    for i in range(3):
        predict_file(model, source, tmp_path / f"{i + 1}.jsonl")
        source = tmp_path / f"{i + 1}.jsonl"
    first, third = read(tmp_path / "1.jsonl")[0], read(tmp_path / "3.jsonl")[0]
    assert (first["input_predicted_label"], first["input_score:joy"]) == ("mine", "0.5")
    assert first["predicted_label"] == "joy"
    kept = {name: value for name, value in third.items() if name.endswith("predicted_label")}
    assert sorted(kept.values()) == ["joy", "joy", "joy", "mine"]
    assert len(kept) == 4


def test_top_k_lists_the_best(model, tmp_path):
    """Only the best labels, best first, as a list; in a table as JSON."""
    source = write(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    predict_file(model, source, tmp_path / "out.jsonl", top_k=2)
    for row, probs in zip(read(tmp_path / "out.jsonl"), model.predict_proba(TEXTS), strict=True):
        assert list(row) == ["text", "predicted_label", "predicted_score", "top_k"]
        assert [entry["label"] for entry in row["top_k"]] == [
            model.labels[i] for i in np.argsort(-probs)[:2]
        ]
        np.testing.assert_allclose(
            [entry["score"] for entry in row["top_k"]], np.sort(probs)[::-1][:2], atol=1e-6
        )
        assert row["top_k"][0] == {"label": row["predicted_label"], "score": row["predicted_score"]}
    predict_file(model, source, tmp_path / "out.csv", top_k=1)
    assert json.loads(read(tmp_path / "out.csv")[0]["top_k"])[0]["label"] == "joy"


@pytest.mark.parametrize("top_k", [0, 4, -1])
def test_impossible_top_k_is_refused(model, tmp_path, top_k):
    """As many labels as the model has, at most; nothing is written."""
    source = write(tmp_path / "in.jsonl", [{"text": "a"}])
    with pytest.raises(InputError, match=f"top_k is {top_k}; 1 to 3 is accepted"):
        predict_file(model, source, tmp_path / "new" / "folder" / "out.jsonl", top_k=top_k)
    assert names(tmp_path) == {"in.jsonl"}


BAD_CSV = b"id,text\n1,happy\n2,\xff\xfe\n3,sad,too many\n4,angry\n5," + b"x" * 100_001 + b"\n6,\n"


def test_rows_that_cannot_be_scored_are_listed(model, tmp_path):
    """Bad bytes, ragged rows and giant texts are rejected with line and reason; the others keep their order."""
    (tmp_path / "in.csv").write_bytes(BAD_CSV)
    summary = predict_file(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["1", "4", "6"]
    rejected = read(tmp_path / "out.csv.rejected.jsonl")
    assert [row["line"] for row in rejected] == [3, 4, 6]
    for row, part in zip(
        rejected,
        ["bytes that are not UTF-8", "3 fields where the header has 2", "100,001"],
        strict=True,
    ):
        assert part in row["reason"]
    assert summary == PredictionSummary(
        str(tmp_path / "out.csv"),
        3,
        3,
        str(tmp_path / "out.csv.rejected.jsonl"),
        BlankRows(1, (7,)),
        UnseenScripts(3),
    )
    assert names(tmp_path) == {"in.csv", "out.csv", "out.csv.rejected.jsonl"}


def test_strict_stops_at_the_first_bad_row(model, tmp_path):
    """With `strict` a bad row is an error that names file and line, and nothing is written."""
    (tmp_path / "in.csv").write_bytes(BAD_CSV)
    with pytest.raises(DataError, match=r"in\.csv line 3: bytes that are not UTF-8"):
        predict_file(model, tmp_path / "in.csv", tmp_path / "out.csv", strict=True)
    assert names(tmp_path) == {"in.csv"}


def test_long_files_keep_their_order(model, tmp_path, monkeypatch):
    """Across many chunks, rejected rows in between, every row gets its own scores."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 7)
    words = [word for some in WORDS.values() for word in some]
    lines = [
        json.dumps({"n": n, "text": f"{words[n % 18]} {n}"}) if n % 5 else "{broken"
        for n in range(60)
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    summary = predict_file(model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    assert [row["n"] for row in found] == [n for n in range(60) if n % 5]
    assert [row["predicted_label"] for row in found] == model.predict(
        [row["text"] for row in found]
    )
    assert [row["line"] for row in read(tmp_path / "out.jsonl.rejected.jsonl")] == list(
        range(1, 61, 5)
    )
    assert (summary.n_texts, summary.n_rejected) == (48, 12)


def test_rows_stream(model):
    """Rows are asked for a chunk at a time, so that memory does not grow with the file."""
    n_read = 0

    def endless():
        nonlocal n_read
        while True:
            n_read += 1
            yield from open_rows(io.StringIO("happy\n"))[0]

    predictions = predict_rows(model, endless(), text_column="text")
    assert next(predictions).record["predicted_label"] == "joy"
    assert n_read == batch_rows.CHUNK_ROWS


def test_column_is_found_or_named(model, tmp_path):
    """Well-known names are found; a misspelt one is answered with the one that was meant."""
    source = write(tmp_path / "in.csv", [{"tweet": "happy", "내용2": "sad"}])
    predict_file(model, source, tmp_path / "1.jsonl")
    predict_file(model, source, tmp_path / "2.jsonl", text_column="내용2")
    assert read(tmp_path / "1.jsonl")[0]["predicted_label"] == "joy"
    assert read(tmp_path / "2.jsonl")[0]["predicted_label"] == "sadness"
    with pytest.raises(
        DataError, match=r"column 'twet' not in in\.csv; .*\. Did you mean 'tweet'\?"
    ):
        predict_file(model, source, tmp_path / "3.jsonl", text_column="twet")
    assert not (tmp_path / "3.jsonl").exists()


def test_delimiter_and_encoding_are_passed_on(model, tmp_path):
    """A Korean Windows CSV with semicolons is read as it says."""
    (tmp_path / "in.csv").write_bytes("text;id\n행복해요;1\n".encode("cp949"))
    predict_file(model, tmp_path / "in.csv", tmp_path / "out.csv", delimiter=";", encoding="cp949")
    found = next(read_rows(tmp_path / "out.csv", delimiter=";", encoding="cp949"))  # as the input
    assert found.values["predicted_label"] == "joy"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"in\.csv is empty"),
        (b"text,id\n", r"in\.csv has no text: it has no rows"),
        (b"text,text\na,b\n", r"column 'text' occurs twice in in\.csv"),
        (b"x,y\na,b\n", r"no text column found in in\.csv; columns: x, y"),
    ],
)
def test_unusable_input_is_refused(model, tmp_path, content, message):
    """What holds no texts is an error of the input, before anything is written."""
    (tmp_path / "in.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        predict_file(model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert names(tmp_path) == {"in.csv"}


def test_json_lines_without_any_object_are_refused(model, tmp_path):
    """If no row can be read, the first problem says why."""
    (tmp_path / "in.jsonl").write_text("plain text\nmore\n")
    with pytest.raises(DataError, match=r"in\.jsonl has no text: line 1: not JSON"):
        predict_file(model, tmp_path / "in.jsonl", tmp_path / "out.csv")


def test_missing_file_is_refused(model, tmp_path):
    """A path where nothing is."""
    with pytest.raises(InputError, match=r"no such file: .*none\.csv"):
        predict_file(model, tmp_path / "none.csv", tmp_path / "out.csv")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("name", ["out.txt", "out.json", "out", "out.parquet.gz"])
def test_unknown_output_is_refused_first(model, tmp_path, name):
    """A suffix that cannot be written is said before the input is even looked for."""
    with pytest.raises(InputError, match="cannot be written"):
        predict_file(model, tmp_path / "none.csv", tmp_path / name)


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.rejected.jsonl"])
def test_existing_output_is_kept(model, tmp_path, name):
    """OUT, and the list of rejected rows beside it, are replaced only with `overwrite`."""
    source = write(tmp_path / "in.jsonl", [{"text": "happy"}])
    (tmp_path / name).write_text("old")
    with pytest.raises(OutputExistsError, match=f"{name} exists already"):
        predict_file(model, source, tmp_path / "out.jsonl")
    assert (tmp_path / name).read_text() == "old"
    predict_file(model, source, tmp_path / "out.jsonl", overwrite=True)
    assert names(tmp_path) == {"in.jsonl", "out.jsonl"}
    assert read(tmp_path / "out.jsonl")[0]["predicted_label"] == "joy"


def test_output_that_is_a_folder_is_refused(model, tmp_path):
    """Overwriting never removes a folder."""
    source = write(tmp_path / "in.jsonl", [{"text": "happy"}])
    (tmp_path / "out.jsonl").mkdir()
    with pytest.raises(InputError, match=r"out\.jsonl is a folder; the path of a file is accepted"):
        predict_file(model, source, tmp_path / "out.jsonl", overwrite=True)


def test_input_is_never_destroyed_by_its_predictions(model, tmp_path):
    """Neither as the output nor as the list of rejected rows; the model's files are safe as well."""
    rows = [{"text": text} for text in TEXTS]
    for name in ("a.jsonl", "a.jsonl.rejected.jsonl"):
        source = write(tmp_path / name, rows)
        before = source.read_bytes()
        with pytest.raises(InputError, match="holds the data itself"):
            predict_file(model, source, tmp_path / "a.jsonl", overwrite=True)
        assert source.read_bytes() == before
    inside = model.folder / "vocabulary.json"
    with pytest.raises(InputError, match=r"cannot be written|is the model itself"):
        predict_file(model, source, inside, overwrite=True)


class Interrupted(Progress):
    """Raises when the first texts are scored, as Ctrl-C does."""

    def __init__(self, kind):
        self.kind = kind

    def track(self, name, n_steps):
        """Track nothing, and raise at the first step."""

        def advance(n_done):
            raise self.kind("stop")

        return nullcontext(advance)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_after_an_exception(model, tmp_path, suffix, kind):
    """Whatever cuts the work short, no half of OUT is left, and an old OUT stays as it was."""
    source = write(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    (tmp_path / f"out.{suffix}").write_text("old")
    with pytest.raises(kind, match="stop"):
        predict_file(
            model, source, tmp_path / f"out.{suffix}", overwrite=True, progress=Interrupted(kind)
        )
    assert names(tmp_path) == {"in.jsonl", f"out.{suffix}"}
    assert (tmp_path / f"out.{suffix}").read_text() == "old"


@pytest.mark.parametrize("suffix", ["csv", "tsv.gz", "parquet"])
def test_row_with_a_new_column_is_rejected(model, tmp_path, monkeypatch, suffix):
    """JSON Lines may have other keys in each row, a table may not: the other rows stay."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)
    rows = [{"text": f"happy {i}"} for i in range(10)]
    rows[7] = {"text": "b", "more": 1}
    source, out = write(tmp_path / "in.jsonl", rows), tmp_path / f"out.{suffix}"
    summary = predict_file(model, source, out)
    assert (summary.n_texts, summary.n_rejected) == (9, 1)
    assert [row.values["text"] for row in read_rows(out)] == [
        row["text"] for row in rows if "more" not in row
    ]
    assert json.loads(Path(summary.rejected).read_text(encoding="utf-8")) == {
        "line": 8,
        "reason": "column 'more' is not in the first row, so it has no place in a table: "
        "write .jsonl",
    }
    assert predict_file(model, source, tmp_path / "out.jsonl").n_rejected == 0
    with pytest.raises(DataError, match=r"in\.jsonl line 8: column 'more' is not in the first row"):
        predict_file(model, source, tmp_path / f"strict.{suffix}", strict=True)
    assert not [path for path in tmp_path.iterdir() if "strict" in path.name]


def test_value_of_another_type_is_rejected(model, tmp_path, monkeypatch):
    """Parquet has one type per column: rows of another type do not cost what was finished."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 4)
    rows = [{"n": i, "text": "happy"} for i in range(20)]
    rows[9]["n"], rows[14]["n"] = "nine", {"n": 1}
    source = write(tmp_path / "in.jsonl", rows)
    summary = predict_file(model, source, tmp_path / "out.parquet")
    assert (summary.n_texts, summary.n_rejected) == (18, 2)
    kept = [row.values["n"] for row in read_rows(tmp_path / "out.parquet")]
    assert kept == [i for i in range(20) if i not in (9, 14)]
    rejected = Path(summary.rejected).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["line"] for line in rejected] == [10, 15]


def test_first_chunk_with_values_of_several_kinds_is_written(model, tmp_path):
    """The first value decides; nothing is refused as a whole."""
    rows = [{"n": value, "text": "happy"} for value in (None, 1, "one", 2.5, {}, {"a": 1})]
    source = write(tmp_path / "in.jsonl", rows)
    summary = predict_file(model, source, tmp_path / "out.parquet")
    assert (summary.n_texts, summary.n_rejected) == (3, 3)
    assert [row.values["n"] for row in read_rows(tmp_path / "out.parquet")] == [None, 1, 2.5]
    reason = json.loads(Path(summary.rejected).read_text(encoding="utf-8").splitlines()[0])[
        "reason"
    ]
    assert reason.startswith("column 'n' cannot be written as Parquet, where all its values are of")
    assert reason.endswith(": write .jsonl")


def test_number_that_no_float_holds_keeps_its_column(model, tmp_path, monkeypatch):
    """Fractions after 2**53 + 1 are rejected: the number that was written stays what it was."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)
    rows = [{"n": value, "text": "happy"} for value in (1, 2**53 + 1, 3, 0.5)]
    source = write(tmp_path / "in.jsonl", rows)
    assert predict_file(model, source, tmp_path / "out.parquet").n_rejected == 1
    found = [row.values["n"] for row in read_rows(tmp_path / "out.parquet")]
    assert found == [1, 2**53 + 1, 3]


def test_types_of_a_parquet_input_are_kept(model, tmp_path, monkeypatch):
    """Also of a column whose first chunk holds nulls alone; categories become their values."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)
    n = 8
    half = [None] * 4
    day = datetime.date(2026, 1, 2)
    columns = {
        "text": pyarrow.array(["happy"] * n).dictionary_encode(),
        "predicted_label": pyarrow.array([*half, 1, 2, 3, 4], pyarrow.int8()),
        "price": pyarrow.array([1, 2.5, *half, 3, 4], pyarrow.float32()),
        "kind": pyarrow.array([*half, "a", "b", "a", "a"]).dictionary_encode(),
        "big": pyarrow.array([2**64 - 1] * n, pyarrow.uint64()),
        "days": pyarrow.array([*half, *[[day]] * 4], pyarrow.list_(pyarrow.date32())),
        "pairs": pyarrow.array([[("k", 1)]] * n, pyarrow.map_(pyarrow.string(), pyarrow.int16())),
        "at": pyarrow.array([*half, 1, 2, 3, 4], pyarrow.timestamp("us", "UTC")),
        "none": pyarrow.nulls(n),
    }
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), source)
    assert predict_file(model, source, out).n_rejected == 0
    given, found = pyarrow.parquet.read_table(source), pyarrow.parquet.read_table(out)
    assert found.column("predicted_label").type == pyarrow.string()
    for name, column in columns.items():
        written = found.column("input_predicted_label" if name == "predicted_label" else name)
        assert written.to_pylist() == given.column(name).to_pylist(), name
        if name not in ("text", "kind", "none"):
            assert written.type == column.type
    assert {str(found.column(name).type) for name in ("text", "kind", "none")} == {"string"}


def test_row_that_needs_quotes_costs_no_other(model, tmp_path):
    """A table without quotes has no place for a label with a tab; no row is written twice."""
    with_tab = ("joy\tand more", "anger", "sadness")
    renamed = relabel_model(model, dict(zip(model.labels, with_tab, strict=True)))
    source = tmp_path / "in.tsv"
    source.write_text("text\n" + "".join(f"{text}\n" for text in ('"happy', "angry", "sad") * 3))
    out = tmp_path / "out.tsv"
    with pytest.raises(InputError, match="the names of the columns cannot be written without quo"):
        predict_file(renamed, source, out, quoting="none")
    assert names(tmp_path) == {"in.tsv"}
    summary = predict_file(renamed, source, out, top_k=1, quoting="none")
    assert summary.n_rejected
    assert summary.n_texts + summary.n_rejected == 9
    assert len(out.read_text().splitlines()) == 1 + summary.n_texts


def test_second_writer_of_one_output_is_refused(model, tmp_path):
    """Exit code 4 with a sentence; the first one goes on, and nothing is left of the second."""
    source, out = write(tmp_path / "in.jsonl", [{"text": "happy"}] * 3), tmp_path / "out.csv"

    class Second(Progress):
        def track(self, name, n_steps):
            """Predict into the same output while the first call is at work."""
            for resume in (False, True):
                with pytest.raises(OutsideError, match=r"out\.csv is being written by") as caught:
                    predict_file(model, source, out, resume=resume, overwrite=True)
                assert caught.value.exit_code == 4
            return super().track(name, n_steps)

    assert predict_file(model, source, out, progress=Second()).n_texts == 3
    assert names(tmp_path) == {"in.jsonl", "out.csv"}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_broken_number_is_never_a_score(model, tmp_path, monkeypatch, value):
    """A model with NaN in its weights is an error, and nothing is written."""
    broken = np.full((1, len(model.labels)), value)
    monkeypatch.setattr(type(model), "predict_proba", lambda *_, **__: broken)
    source = write(tmp_path / "in.jsonl", [{"text": "happy"}])
    with pytest.raises(ModelError, match=r"model in .* is broken: it gives scores that are no num"):
        predict_file(model, source, tmp_path / "out.jsonl")
    assert names(tmp_path) == {"in.jsonl"}


def test_disk_that_refuses_is_outside(model, tmp_path):
    """A folder that cannot be made is exit code 4."""
    source = write(tmp_path / "in.jsonl", [{"text": "happy"}])
    with pytest.raises(OutsideError, match=r"out\.jsonl could not be written") as caught:
        predict_file(model, source, source / "below" / "out.jsonl")
    assert caught.value.exit_code == 4


def test_folder_of_the_output_is_made(model, tmp_path):
    """Parents of OUT are made as needed."""
    source = write(tmp_path / "in.jsonl", [{"text": "happy"}])
    predict_file(model, source, tmp_path / "new" / "deep" / "out.jsonl")
    assert names(tmp_path / "new" / "deep") == {"out.jsonl"}


def test_progress_knows_the_lines_of_a_plain_file(model, tmp_path):
    """The number of lines is told beforehand where it is cheap to know, else 0."""
    source = write(tmp_path / "in.jsonl", [{"text": text} for text in TEXTS])
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(source.read_bytes()))
    totals = []

    class Recording(Progress):
        def track(self, name, n_steps):
            """Note the total."""
            totals.append((name, n_steps))
            return super().track(name, n_steps)

    for path in (source, tmp_path / "in.jsonl.gz"):
        predict_file(model, path, tmp_path / f"{path.name}.out.jsonl", progress=Recording())
    assert totals == [("predict", 5), ("predict", 0)]


def test_cell_that_a_spreadsheet_would_run_is_guarded(model, tmp_path):
    """In tables, in columns of the input too, and never a number; `guard=False` leaves all alone."""
    new_names = ("=HYPERLINK(1)", "@joy", "-1")
    renamed = relabel_model(model, dict(zip(model.labels, new_names, strict=True)))
    source = write(tmp_path / "in.csv", [{"=n": "-5", "text": text} for text in ["=1+1", *TEXTS]])
    seen = {}
    for name, guard in (("a.csv", True), ("b.csv", False), ("c.jsonl", True), ("d.tsv", True)):
        predict_file(renamed, source, tmp_path / name, guard=guard)
        rows = read(tmp_path / name)
        mark = "'" if name in ("a.csv", "d.tsv") else ""
        assert (rows[0][f"{mark}=n"], rows[0]["text"]) == ("-5", f"{mark}=1+1")
        seen[name] = [row["predicted_label"] for row in rows]
    plain = seen["b.csv"]
    guarded = [f"'{label}" if label[0] in "=@" else label for label in plain]
    assert guarded != plain
    assert seen["c.jsonl"] == plain
    assert seen["a.csv"] == seen["d.tsv"] == guarded
