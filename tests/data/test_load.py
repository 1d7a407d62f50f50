"""`load_data` on files and folders: what it finds, in which order, and what it says when it cannot.

The modules `raw`, `raw_split`, `row_rules` and `folders` are tested here too.
"""

from __future__ import annotations

import gzip
import io
import json

import pytest

from assay._env import set_offline
from assay._optional import require
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.reading import describe_spellings
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.errors import DataError, InputError

CSV = "text,label\nso glad,joy\nso sad,sadness\n"


def fill(folder, **files):
    """Write files named like train_csv into a folder."""
    for name, content in files.items():
        stem, _, suffix = name.partition("_")
        path = folder / f"{stem}.{suffix.replace('_', '.')}"
        path.write_bytes(
            gzip.compress(content.encode()) if suffix.endswith("gz") else content.encode()
        )
    return folder


def test_load_sample_is_the_packaged_data():
    """The sample has three fixed splits, six labels in their published order, nothing dropped."""
    splits = load_data("sample")
    assert list(splits) == ["train", "validation", "test"]
    assert splits.label_set.names == ("sadness", "joy", "love", "anger", "fear", "surprise")
    assert splits.source == "sample"
    assert splits.dropped == ()
    assert sum(len(part) for part in splits.values()) >= 1200


def test_load_file_is_one_split_called_all(tmp_path):
    """A lone file is not cut by loading it, whatever its name."""
    path = fill(tmp_path, train_csv=CSV) / "train.csv"
    for given in (path, str(path)):
        splits = load_data(given)
        assert list(splits) == ["all"]
        assert splits["all"] == LabelledTexts(("so glad", "so sad"), ("joy", "sadness"), (2, 3))
        assert splits.source == str(path)


@pytest.mark.parametrize("name", ["validation", "val", "dev", "valid", "Val"])
def test_load_folder_knows_the_names_of_splits(tmp_path, name):
    """Each usual name of the validation split means it, in any case and of any kind of file; order is fixed."""
    rows = json.dumps([{"text": "a", "label": "joy"}])
    splits = load_data(
        fill(tmp_path, **{f"{name}_json_gz": rows, "train_csv": CSV, "test_txt": "b;sadness"})
    )
    assert list(splits) == ["train", "validation", "test"]
    assert splits["validation"].texts == ("a",)


def test_load_folder_passes_over_other_files(tmp_path):
    """What is no split is no matter: a README, notes, a folder called test."""
    (tmp_path / "test").mkdir()
    splits = load_data(
        fill(tmp_path, train_csv=CSV, README_md="#", unlabelled_csv="text\n", training_txt="x")
    )
    assert list(splits) == ["train"]


def test_load_folder_refuses_two_files_for_one_split(tmp_path):
    """Which one counts is for the user to say."""
    with pytest.raises(
        InputError,
        match=r"two files for the validation split in .*: dev\.tsv, val\.csv; one is accepted",
    ):
        load_data(fill(tmp_path, train_csv=CSV, val_csv=CSV, dev_tsv=CSV))


def test_load_folder_says_what_it_found(tmp_path):
    """A folder without split names lists its files; an empty one says so."""
    with pytest.raises(InputError, match=r"no train\.\*, validation\.\* .* found: nothing"):
        load_data(tmp_path)
    with pytest.raises(
        InputError, match=r"no train\.\*.* found: data\.csv, notes\.md \(give the data file itself"
    ):
        load_data(fill(tmp_path, data_csv=CSV, notes_md=""))


def test_load_folder_names_splits_of_kinds_it_cannot_read(tmp_path):
    """A test split in a spreadsheet is not passed over in silence."""
    with pytest.raises(InputError, match=r"test\.ods is of a kind that cannot be read; \.csv"):
        load_data(fill(tmp_path, train_csv=CSV, test_ods=""))


def test_load_labels_txt_orders_the_labels(tmp_path):
    """labels.txt beside the data wins over natural order, beside a lone file too; blank lines and marks are nothing."""
    fill(tmp_path, train_csv=CSV, labels_txt="\ufeffsadness\r\n\njoy \n")
    assert load_data(tmp_path).label_set.names == ("sadness", "joy")
    assert load_data(tmp_path / "train.csv").label_set.names == ("sadness", "joy")
    assert load_data(tmp_path, labels=["joy", "sadness"]).label_set.names == ("joy", "sadness")


def test_load_labels_must_hold_every_label(tmp_path):
    """Labels that are not among the names are all listed, with the file that lacks them."""
    fill(tmp_path, train_csv="text,label\na,joy\nb,xxxxx\nc,Sadness\n", labels_txt="sadness\njoy\n")
    with pytest.raises(DataError) as caught:
        load_data(tmp_path)
    assert caught.value.message == (
        "2 labels occur in the data but not in labels.txt:\n  - 'Sadness' Did you mean 'sadness'?\n  - 'xxxxx'"
    )
    with pytest.raises(
        DataError, match=r"label 'joy' occurs in the data but not in labels\. Did you mean 'joyy'\?"
    ):
        load_data(tmp_path, labels=["xxxxx", "Sadness", "joyy"])


def test_load_labels_must_be_good_names(tmp_path):
    """A name that occurs twice is an error that names labels.txt; one text is no sequence of names."""
    fill(tmp_path, train_csv=CSV, labels_txt="joy\nsadness\njoy\n")
    with pytest.raises(
        DataError,
        match=r"labels\.txt: the label names cannot be used:\n  - label 'joy' occurs twice",
    ):
        load_data(tmp_path)
    with pytest.raises(
        InputError, match="labels is the text 'joy,sadness'; a sequence of names is accepted"
    ):
        load_data(tmp_path, labels="joy,sadness")


def test_load_labels_txt_in_another_encoding(tmp_path):
    """--encoding holds for labels.txt too; without it the line's bytes are explained."""
    (tmp_path / "labels.txt").write_bytes("슬픔\n기쁨\n".encode("cp949"))
    (tmp_path / "train.csv").write_bytes("text,label\n가,기쁨\n나,슬픔\n".encode("cp949"))
    assert load_data(tmp_path, encoding="cp949").label_set.names == ("슬픔", "기쁨")
    (tmp_path / "train.csv").write_text("text,label\n가,기쁨\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"labels\.txt: bytes that are not UTF-8 .* cp949 \(.슬픔.\).* encoding"
    ):
        load_data(tmp_path)


def test_load_orders_integer_labels_by_number(tmp_path):
    """Twelve integer classes come as texts with 2 before 10, from CSV and from JSON."""
    rows = [{"text": f"t{i}", "label": i} for i in (10, 2, 11, 0, 1, 9, 8, 7, 6, 5, 4, 3)]
    fill(
        tmp_path,
        a_json=json.dumps(rows),
        b_csv="text,label\n" + "".join(f"{r['text']},{r['label']}\n" for r in rows),
    )
    names = tuple(str(i) for i in range(12))
    assert load_data(tmp_path / "a.json").label_set.names == names
    assert load_data(tmp_path / "b.csv").label_set.names == names


def test_load_keeps_labels_with_commas_quotes_and_korean(tmp_path):
    """Label names are any text."""
    path = fill(tmp_path, a_csv='text,label\na,"x, y"\nb,"say ""hi"""\nc,기쁨\n') / "a.csv"
    assert set(load_data(path).label_set) == {"x, y", 'say "hi"', "기쁨"}


def test_load_finds_columns_that_the_first_json_rows_lack(tmp_path):
    """JSON rows may leave keys out: the columns are those of many rows together."""
    lines = [{"text": "a"}, *({"text": f"t{i}", "label": "x"} for i in range(9))]
    path = fill(tmp_path, a_jsonl="\n".join(map(json.dumps, lines))) / "a.jsonl"
    splits = load_data(path)
    assert len(splits["all"]) == 9
    assert splits.dropped == (DroppedRow("all", 1, "null label"),)


def test_load_raises_all_problems_of_all_splits_at_once(tmp_path):
    """One error lists the bad rows of every file, in order, with file and line."""
    fill(
        tmp_path,
        train_csv="text,label\na,x\nb\n",
        test_csv="text,label\na,x,y\n",
        val_txt="a;x\nno label\n",
    )
    with pytest.raises(DataError) as caught:
        load_data(tmp_path)
    assert caught.value.exit_code == 2
    assert caught.value.message == (
        f"{tmp_path} has 3 problems:\n"
        "  - train.csv line 3: 1 field where the header has 2\n"
        "  - val.txt line 2: no ';' between text and label\n"
        "  - test.csv line 2: 3 fields where the header has 2"
    )


def test_load_reports_bad_bytes_of_a_whole_file(tmp_path):
    """A file in cp949 under no header is one line and a count, and says what to do."""
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"text": "슬퍼요", "label": "슬픔"}\n'.encode("cp949") * 30)
    with pytest.raises(
        DataError,
        match=r"(?s)a\.jsonl line 1: bytes that are not UTF-8.*may be cp949.*encoding; 29 more like it",
    ):
        load_data(path)


def test_load_refuses_a_list_among_names(tmp_path):
    """Data with several labels per text are told from a mistake: a list among names is a bad row."""
    path = (
        fill(
            tmp_path,
            a_jsonl='{"text": "a", "labels": "x"}\n{"text": "b", "labels": ["x", "y"]}\n',
        )
        / "a.jsonl"
    )
    with pytest.raises(
        DataError, match=r"^a\.jsonl line 2: several labels in a row, where the column"
    ):
        load_data(path)


def test_load_cuts_texts_over_max_chars(tmp_path, caplog):
    """One text of 1 MB does not end the work: it is cut, listed and said; a higher limit takes it whole."""
    path = fill(tmp_path, a_txt=f"a;x\n{'b' * 1_000_000};y\n") / "a.txt"
    splits = load_data(path)
    assert len(splits["all"].texts[1]) == 100_000
    assert [rows.lines for rows in splits.mended] == [(2,)]
    assert (
        "1 row was mended: text cut to its first 100,000 characters; the first is row 2 of the data."
        in caplog.text
    )
    assert len(load_data(path, max_chars=1_000_000)["all"].texts[1]) == 1_000_000


def test_load_refuses_texts_over_max_chars_if_strict(tmp_path):
    """With `strict` a text of 1 MB is refused with its line and the option; a higher limit takes it."""
    path = fill(tmp_path, a_txt=f"a;x\n{'b' * 1_000_000};y\n") / "a.txt"
    with pytest.raises(
        DataError,
        match=r"^a\.txt line 2: a text of 1,000,000 characters; at most 100,000 .*max_chars",
    ):
        load_data(path, strict=True)
    assert len(load_data(path, max_chars=1_000_000, strict=True)["all"]) == 2


def test_load_leaves_out_a_few_bad_rows_and_lists_them(tmp_path, caplog):
    """One ragged row in a hundred is left out, listed and said; two in a hundred, or `strict`, refuse."""
    rows = [f"text {i},{'xy'[i % 2]}" for i in range(99)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["text,label", *rows, "one, two, x"]))
    splits = load_data(path)
    assert len(splits["all"]) == 99
    assert splits.dropped == (DroppedRow("all", 101, "3 fields where the header has 2"),)
    assert (
        "1 row that cannot be used was left out; the first is row 101 of the data: 3 fields"
        in caplog.text
    )
    with pytest.raises(DataError, match=r"line 101: 3 fields where the header has 2"):
        load_data(path, strict=True)
    path.write_text("\n".join(["text,label", *rows, "one, two, x", "three"]))
    with pytest.raises(DataError, match=r"2 problems:"):
        load_data(path)
    assert len(load_data(path, max_bad_fraction=0.05).dropped) == 2
    with pytest.raises(InputError, match=r"max_bad_fraction is 2; a number from 0 to 1"):
        load_data(path, max_bad_fraction=2)


def test_load_never_leaves_out_rows_that_put_a_file_in_doubt(tmp_path):
    """One row in another encoding in a thousand says that the encoding is wrong, not the row."""
    rows = [f"text {i},{'xy'[i % 2]}".encode() for i in range(1000)]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join([b"text,label", *rows, b"caf\xe9,x"]))
    with pytest.raises(DataError, match=r"line 1,002: bytes that are not UTF-8"):
        load_data(path, max_bad_fraction=0.5)


def test_load_merges_spellings_of_labels_if_asked(tmp_path, caplog):
    """Pos and pos stay two labels with a word about it, until one asks for one."""
    path = fill(tmp_path, a_csv="text,label\na, pos\nb,pos\nc,Pos\nd,neg\ne,neg \n") / "a.csv"
    splits = load_data(path)
    assert splits.label_set.names == ("neg", "Pos", "pos")
    assert "is probably" not in caplog.text
    assert "'Pos' (1 text) is probably 'pos'. `--merge-labels`" in describe_spellings(splits)
    merged = load_data(path, merge_labels=True)
    assert merged.label_set.names == ("neg", "pos")
    assert merged["all"].labels == ("pos", "pos", "pos", "neg", "neg")
    assert merged.mended[-1].to_dict() == {
        "split": "all",
        "kind": "label_merged",
        "reason": "'Pos' → 'pos'",
        "n_rows": 1,
        "lines": [4],
    }


def test_load_merges_into_given_names(tmp_path):
    """A name of labels.txt is kept, however rare it is; without merging the error says how."""
    fill(tmp_path, labels_txt="pos\nneg\n", a_csv="text,label\na,POS\nb,POS\nc,pos\nd,neg\n")
    with pytest.raises(
        DataError, match=r"label 'POS' occurs in the data but not in labels.txt"
    ) as err:
        load_data(tmp_path / "a.csv")
    assert "--merge-labels" in err.value.hint
    assert load_data(tmp_path / "a.csv", merge_labels=True).label_set.names == ("pos", "neg")


def test_load_drops_up_to_a_fifth_of_the_rows(tmp_path):
    """One blank text in five is dropped and listed; two in nine are an error that counts them.

    Rows without a label are no error: their texts are the pool.
    """
    path = tmp_path / "a.txt"
    path.write_text("a;x\n;x\nb;y\nc;x\nd;y\n")
    assert load_data(path).dropped == (DroppedRow("all", 2, "blank text"),)
    path.write_text("a;x\n;x\nb;y\nc;x\nd;y\ne;x\n;y\ng;x\nh;x\n")
    with pytest.raises(
        DataError,
        match=r"^a\.txt: 2 of 9 rows .*\(no text: 2; the first is line 2\); .* 20%",
    ):
        load_data(path)
    path.write_text("a;x\n;x\nb;y\nc;x\nd;y\ne;x\nf;\ng;x\nh;x\n")
    assert load_data(path).pool == ("f",)
    table = tmp_path / "b.csv"
    table.write_text('text,label\n"a\nb",x\n,x\n,y\nc,y\n')
    with pytest.raises(DataError, match="the first is line 4, row 3 in a spreadsheet"):
        load_data(table)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", r"a\.csv is empty"),
        ("a.csv", "text,label\n", r"a\.csv is empty: it has no rows"),
        ("a.txt", "", r"a\.txt is empty"),
        ("a.jsonl", "\n\n", r"a\.jsonl is empty"),
        ("a.json", "[]", r"a\.json is empty"),
    ],
)
def test_load_refuses_empty_files(tmp_path, name, content, message):
    """No rows is an error with the file's name, whatever the kind."""
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=message):
        load_data(tmp_path / name)


def test_load_names_files_that_are_not_there(tmp_path):
    """A path is never taken for a Hub id; a near name is suggested."""
    fill(tmp_path, train_csv=CSV)
    with pytest.raises(
        InputError, match=r"no such file or folder: .*trian\.csv\. Did you mean 'train\.csv'\?$"
    ):
        load_data(tmp_path / "trian.csv")
    for path in (
        "./nothing",
        "/nothing/here",
        "~/nothing-here-at-all",
        "a/b/c",
        "nothing.csv",
        "x.jsonl.gz",
        "x.xlsx",
    ):
        with pytest.raises(InputError, match="no such file or folder: "):
            load_data(path)


@pytest.mark.parametrize("data", ["", " ", "a whole text " * 500, "a\0b"])
def test_load_refuses_texts_that_are_no_place(data):
    """An empty text is not this folder, a long one is no crash of the file system."""
    with pytest.raises(InputError, match=r"data is an empty text|no such file or folder"):
        load_data(data)


def test_load_prefers_an_existing_path_to_a_hub_id(tmp_path, monkeypatch):
    """A folder acme/moods here is loaded, without a look at the network."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "acme" / "moods").mkdir(parents=True)
    fill(tmp_path / "acme" / "moods", train_csv=CSV)
    assert load_data("acme/moods").source == "acme/moods"


def test_load_hub_id_offline_is_refused(monkeypatch):
    """Offline, a Hub id is an input error that says so and suggests what it may have meant."""
    for name in ("ASSAY_OFFLINE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "0")
    set_offline()
    with pytest.raises(
        InputError,
        match=r"'sampel' is no file .* cannot be loaded offline\. Did you mean 'sample'\?",
    ) as caught:
        load_data("sampel")
    assert caught.value.exit_code == 2
    with pytest.raises(InputError, match="'dair-ai/emotion:split' is no file or folder here"):
        load_data("dair-ai/emotion:split")


def test_load_options_reach_the_reader(tmp_path):
    """Delimiter, encoding and columns are passed on."""
    path = tmp_path / "a.csv"
    path.write_bytes("글|종류\n가,나|기쁨\n".encode("cp949"))
    splits = load_data(path, delimiter="|", encoding="cp949", text_column="글", label_column="종류")
    assert splits["all"] == LabelledTexts(("가,나",), ("기쁨",), (2,))


def test_load_returns_splits_as_they_are():
    """Recipes take what a user loaded."""
    splits = Splits({"all": LabelledTexts(("a",), ("x",))}, LabelSet(("x",)), source="memory")
    assert load_data(splits) is splits


def test_load_parquet_uses_the_class_names_inside(tmp_path):
    """A Parquet file that `datasets` wrote keeps ids and, in its metadata, their names and order."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["sad", "happy", "unused"]),
        }
    )
    table = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    buffer = io.BytesIO()
    require("pyarrow.parquet").write_table(table.with_format("arrow")[:], buffer)
    (tmp_path / "train.parquet").write_bytes(buffer.getvalue())
    splits = load_data(tmp_path)
    assert splits["train"].labels == ("happy", "sad")
    assert splits.label_set.names == ("sad", "happy")


def test_empty_rows_at_the_end_of_a_table_are_no_blank_texts(tmp_path, caplog):
    """Spreadsheets save them where cells were cleared; inside a table they count, as in a .txt."""
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nb,y\n,\nc,x\n" + "d,y\n" * 3 + ",\n , \n" * 5)
    assert load_data(path).dropped == (DroppedRow("all", 4, "blank text"),)
    assert "nothing is in the cells of the last rows, from line 9 on (10)" in caplog.text
    path = tmp_path / "a.txt"
    path.write_text("a;x\nb;y\n" * 4 + "\n")
    assert load_data(path).dropped == (DroppedRow("all", 9, "blank text"),)


def test_link_to_nothing_is_named(tmp_path):
    """Its own name would be the nearest one."""
    (tmp_path / "d.csv").symlink_to(tmp_path / "moved.csv")
    with pytest.raises(InputError, match=r"d\.csv is a link to a file that is not there: .*moved"):
        load_data(tmp_path / "d.csv")


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        ([1, "1", 2, "2"], "1"),
        ([[1], ["1"], [2], ["3"]], "1"),
        ([[1, 2], ["1"], [], ["3"]], "1"),
        ([True, "True", False, False], "True"),
    ],
)
def test_number_and_its_text_are_read_as_one_label_which_is_said(tmp_path, caplog, cells, label):
    """Estimators refuse them; files and frames often hold both."""
    path = tmp_path / "a.jsonl"
    rows = [{"text": f"t{i} {i % 3}", "label": cells[i % 4]} for i in range(24)]
    path.write_text("\n".join(map(json.dumps, rows)))
    load_data(path)
    assert f"a.jsonl: the label {label} is a text in some rows and a number" in caplog.text
    caplog.clear()
    load_data(([row["text"] for row in rows], [row["label"] for row in rows]))
    assert f"the label {label} is a text in some rows" in caplog.text


@pytest.mark.parametrize("cells", [[1, 1.0, 2], ["1", "2"], [[1, 2], [2]], [1, "a"], [True, False]])
def test_labels_of_one_kind_need_no_word(caplog, cells):
    """1 and 1.0 are one number, and what is no text of a number is another label."""
    n = len(cells)
    load_data(([f"t{i}" for i in range(4 * n)], [cells[i % n] for i in range(4 * n)]))
    assert "read as one label" not in caplog.text
