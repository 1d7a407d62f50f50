"""The commands that look: at data, at one text, at a model, at the cache.

These are also the tests of data_commands and model_commands.
"""

import json
import re
import shutil

import numpy as np
import pytest
from rich.cells import cell_len

from _support.small_models import small_data
from _support.small_runs import read_json, write_data, write_rows
from assay.checkpoints import resolve_checkpoint
from assay.errors import MissingDependencyError
from assay.models import make_estimator, save_model
from assay.recipes.train import train_model

SENTENCE = "Tokenizing text is a core task of NLP."
SENTENCE_IDS = [101, 19204, 6026, 3793, 2003, 1037, 4563, 4708, 1997, 17953, 2361, 1012, 102]


@pytest.fixture(scope="session")
def minilm():
    """Find the packaged checkpoint, or skip."""
    try:
        return resolve_checkpoint("minilm")
    except MissingDependencyError as err:
        pytest.skip(f"the package with minilm is not installed: {err}")


def test_explore_shows_the_data(invoke, data):
    """Sizes, label and label_name, words per text and the first rows, in tables that fit."""
    done = invoke("explore", data, "--first", "2")
    assert done.exit_code == 0
    assert f"{data}: 117 texts, 3 labels; columns text, label" in done.stdout
    lines = done.stdout.splitlines()
    assert lines[3].split()[:2] == ["train", "66"]
    ids = next(i for i, line in enumerate(lines) if line.split()[:2] == ["label", "label_name"])
    names = [line.split(maxsplit=1)[1].split("  ")[0] for line in lines[ids + 2 : ids + 5]]
    assert names == ["sadness", "joy", '화남, "분노"']
    assert max(map(cell_len, lines[1:])) <= 80


def test_explore_counts_tokens_and_draws(invoke, data, tiny_bert, tmp_path):
    """With a checkpoint the tokens and what would be cut, with --out the figures; the JSON names them."""
    out = tmp_path / "figures"
    done = invoke(
        "explore", data, "--checkpoint", tiny_bert, "--out", out, "--json", "--first", "0"
    )
    found = json.loads(done.stdout)
    assert found["splits"]["train"]["tokens"]["max_tokens"] == 64
    assert found["splits"]["train"]["tokens"]["n_truncated"] == 0
    assert found["splits"]["train"]["first_rows"] == []
    assert found["figures"] == [str(out / "class_counts.png"), str(out / "words_per_text.png")]
    for name in ("class_counts", "words_per_text"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    table = invoke("explore", data, "--checkpoint", tiny_bert).stdout
    assert "tokens median   tokens p95   tokens max   over 64" in table


def test_explore_names_rows_by_a_column(invoke, tmp_path):
    """The cell of a column is shown in the place of the line, and is in the JSON."""
    texts, _ = small_data(20)
    path = tmp_path / "d.csv"
    rows = [f"T-{i},{text},{'ab'[i % 2]}" for i, text in enumerate(texts)]
    path.write_text("\n".join(["nr,text,label", *rows]) + "\n", encoding="utf-8")
    done = invoke("explore", path, "--id-column", "nr", "--first", "2")
    assert any(
        line.split()[:3] == ["nr", "label", "label_name"] for line in done.stdout.splitlines()
    )
    assert "T-1" in done.stdout
    found = json.loads(invoke("explore", path, "--id-column", "nr", "--json").stdout)
    assert [row["id"] for row in found["splits"]["all"]["first_rows"]] == [
        "T-0",
        "T-1",
        "T-2",
        "T-3",
        "T-4",
    ]


def test_explore_counts_what_was_left_out(invoke, tmp_path):
    """A blank text is dropped, counted and said; the other rows stay."""
    texts, labels = small_data(20)
    path = write_rows(tmp_path / "d.csv", [*texts, " "], [*labels, "joy"])
    assert "1 row left out (no text: 1)" in invoke("explore", path).stdout
    assert json.loads(invoke("explore", path, "--json").stdout)["dropped"] == [
        {"split": "all", "reason": "blank text", "n_rows": 1}
    ]


@pytest.mark.usefixtures("minilm")
def test_tokens_of_the_sentence(invoke):
    """The notebook's numbers: 38 characters, 20 symbols, 8 words, 13 subwords of 30,522, at most 512."""
    found = json.loads(invoke("tokens", SENTENCE, "--json").stdout)
    assert found["characters"]["one_hot_shape"] == [38, 20]
    assert len(found["characters"]["ids"]) == 38
    assert len(found["words"]["tokens"]) == 8
    assert found["subwords"]["ids"] == SENTENCE_IDS
    assert (found["subwords"]["vocabulary_size"], found["subwords"]["max_tokens"]) == (30_522, 512)
    text = invoke("tokens", SENTENCE).stdout
    for part in (
        "38 tokens, 20 symbols, one-hot 38 x 20",
        "words       8 tokens",
        "13 tokens of minilm",
        "30,522 in its vocabulary, 512 at most",
        "[CLS] token ##izing text is a core task of nl ##p . [SEP]",
        " ".join(map(str, SENTENCE_IDS)),
        "back again  tokenizing text is a core task of nlp.",
    ):
        assert part in text


def test_tokens_of_another_checkpoint_and_what_it_cuts(invoke, tiny_roberta):
    """Any checkpoint will do; of a long text it is said what is cut off; an empty one is legal."""
    done = invoke("tokens", "좋은 하루 " * 40, "--checkpoint", tiny_roberta)
    assert done.exit_code == 0
    assert "of tiny-roberta" in done.stdout
    assert "tokens" in next(
        line for line in done.stdout.splitlines() if line.startswith("  cut off")
    )
    assert "0 tokens, 0 symbols" in invoke("tokens", "", "--checkpoint", tiny_roberta).stdout


def test_embed_shows_the_shapes_of_one_text(invoke, tiny_bert):
    """(1, n_tokens, hidden) and (1, hidden)."""
    done = invoke("embed", "this is a good day", "--checkpoint", tiny_bert, "--pooling", "cls")
    assert done.exit_code == 0
    assert "7 tokens: [CLS] this is a good day [SEP]" in done.stdout
    assert "last hidden state  1 x 7 x 32\n" in done.stdout
    assert "pooled (cls)      1 x 32\n" in done.stdout
    found = json.loads(
        invoke("embed", "this is a good day", "--checkpoint", tiny_bert, "--json").stdout
    )
    assert (found["hidden_states_shape"], found["features_shape"]) == ([1, 7, 32], [1, 32])
    assert len(found["features"]) == 32


def test_embed_writes_features_of_every_split(invoke, data, tiny_bert, tmp_path):
    """A file for the whole data set, and its sizes on stdout."""
    out = tmp_path / "f.npz"
    done = invoke("embed", data, "--out", out, "--checkpoint", tiny_bert)
    assert done.stdout == (
        f"train: 66 x 32 float32\nvalidation: 24 x 32 float32\ntest: 27 x 32 float32\nwritten to {out}\n"
    )
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["features"].shape == (117, 32)


def test_a_word_is_a_text_even_if_a_folder_is_called_so(invoke, tiny_bert, tmp_path, monkeypatch):
    """Only what looks like a path is taken for one."""
    (tmp_path / "good").mkdir()
    monkeypatch.chdir(tmp_path)
    assert invoke("embed", "good", "--checkpoint", tiny_bert).exit_code == 0
    assert invoke("embed", "./good", "--checkpoint", tiny_bert).exit_code == 2


def test_evaluate_shows_scores_classes_matrix_and_mistakes(invoke, data, linear_model):
    """Scores agree with the JSON; the matrix has label names; --split chooses."""
    text = invoke("evaluate", linear_model, data, "--split", "validation").stdout
    found = json.loads(
        invoke("evaluate", linear_model, data, "--split", "validation", "--json").stdout
    )
    assert found["split"] == "validation"
    assert found["labels"] == ["sadness", "joy", '화남, "분노"']
    assert f" {found['scores']['accuracy']:.2%} " in text
    assert re.search(r"true \\ predicted +sadness +joy +화남,", text)
    assert text.count("화남") >= 3
    assert len(found["mistakes"]) == found["scores"]["n_texts"] - np.trace(
        found["scores"]["confusion"]
    )
    assert max(map(cell_len, text.splitlines())) <= 80
    assert json.loads(invoke("evaluate", linear_model, data, "--json").stdout)["split"] == "test"


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("long", [f"a rather long label name of a class, number {i}" for i in range(6)]),
        ("korean", [f"경제와 사회 그리고 문화 {name}" for name in "가나다라마바"]),
        ("many", [f"intent_{i:02d}_of_the_bank" for i in range(77)]),
    ],
)
def test_tables_fit_whatever_the_labels_are(invoke, tmp_path, kind, labels):
    """Six long names, Korean ones (two columns a letter), 77: nothing wraps, every row starts with its label."""
    texts, ys = small_data(max(60, 3 * len(labels)), labels=tuple(labels))
    path = write_rows(tmp_path / "d.csv", texts, ys)
    model = tmp_path / "m"
    options = {"train": path, "validation": path, "test": path}
    folder = tmp_path / "d"
    folder.mkdir()
    for split in options:
        shutil.copy(path, folder / f"{split}.csv")
    train_model(folder, model, method="majority")
    for args in (["explore", folder], ["evaluate", model, folder], ["info", model]):
        lines = invoke(*args).stdout.splitlines()
        tables = [
            line
            for line in lines
            if not line.startswith(("labels  ", "trained on  ", "Note: ", str(folder)))
        ]
        assert max(map(cell_len, tables)) <= 80
        if args[0] == "evaluate":
            assert all(any(line.startswith(" " + label[:8]) for line in lines) for label in labels)
            matrix = [line for line in lines if line.startswith(" 1 ")]
            assert len(matrix) == (len(labels) <= 8)
            if matrix:
                values = matrix[0].split()[-len(labels) :]
                shares = [float(value.removesuffix("%")) for value in values]
                assert sum(shares) == pytest.approx(100, abs=5)


def test_info_of_a_model_that_was_fitted_in_python(invoke, tmp_path):
    """It knows how many texts it learnt from, and not where they are from; one without a record says so."""
    folder = tmp_path / "m"
    save_model(make_estimator("linear").fit(["좋아요", "싫어요"], ["a", "b"]), folder)
    assert "trained on   2 texts, seed 0\n" in invoke("info", folder).stdout
    facts = read_json(folder / "assay.json")
    facts["training_data"] = {}
    (folder / "assay.json").write_text(json.dumps(facts), encoding="utf-8")
    assert "trained on   texts of which nothing is recorded" in invoke("info", folder).stdout


def test_info_says_what_a_model_is(invoke, linear_model):
    """Method, labels in order, training data, scores."""
    text = invoke("info", linear_model).stdout
    assert "method       linear\n" in text
    assert 'labels       sadness; joy; 화남, "분노"\n' in text
    assert "trained on   66 texts of " in text
    assert "validation   accuracy" in text
    assert json.loads(invoke("info", linear_model, "--json").stdout) == read_json(
        linear_model / "assay.json"
    )


@pytest.mark.slow
def test_run_shows_five_methods_and_its_models_say_what_they_are(invoke, five):
    """Every model of a run verifies with the run's data; info names the checkpoint."""
    for method in ("majority", "linear", "compact", "features", "finetune"):
        assert (
            invoke("verify", five.folder / "models" / method, five.data, "--quiet").exit_code == 0
        )
    assert (
        "method       finetune (tiny-bert)"
        in invoke("info", five.folder / "models" / "finetune").stdout
    )


def test_verify_checks_hashes_and_scores(invoke, data, linear_model):
    """All files as recorded; with data, every recorded score again."""
    n_files = len(read_json(linear_model / "assay.json")["files"])
    assert invoke("verify", linear_model).stdout == f"{n_files} files are what assay.json says\n"
    found = json.loads(invoke("verify", linear_model, data, "--json").stdout)
    assert found["verified"]
    assert len(found["claims"]) == 6
    assert all(claim["agrees"] and claim["found"] == claim["value"] for claim in found["claims"])


@pytest.mark.parametrize("change", ["append", "flip", "delete", "add"])
def test_verify_of_a_changed_model_says_no(invoke, data, linear_model, tmp_path, change):
    """A changed, missing or unsafe file is a failed check (3) to verify, and unusable input (2) to all others."""
    model = shutil.copytree(linear_model, tmp_path / "m")
    path = model / "model.safetensors"
    if change == "append":
        path.write_bytes(path.read_bytes() + b"x")
    elif change == "flip":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
    elif change == "delete":
        path.unlink()
    else:
        path = model / "helper.pkl"
        path.write_bytes(b"x")
    done = invoke("verify", model)
    assert done.exit_code == 3
    assert f"'{path.name}'" in done.stderr
    assert json.loads(invoke("verify", model, data, "--json").stdout)["error_type"] == "CheckError"
    for args in (["evaluate", model, data], ["predict", model]):
        assert invoke(*args, stdin="a\n").exit_code == 2


def test_verify_of_what_is_no_model_is_wrong_input(invoke, linear_model, tmp_path):
    """There is nothing to check in no folder, no model, a model of a later assay: exit 2."""
    assert invoke("verify", tmp_path / "nothing").exit_code == 2
    assert invoke("verify", tmp_path).exit_code == 2
    model = shutil.copytree(linear_model, tmp_path / "m")
    manifest = read_json(model / "assay.json")
    (model / "assay.json").write_text(
        json.dumps(manifest | {"schema_version": 99}), encoding="utf-8"
    )
    done = invoke("verify", model)
    assert done.exit_code == 2
    assert "has schema 99; this assay reads up to 2" in done.stderr


def test_verify_of_false_scores_says_no(invoke, data, linear_model, tmp_path):
    """A model that claims more than it scores is caught: exit 3, both numbers named."""
    model = shutil.copytree(linear_model, tmp_path / "m")
    manifest = read_json(model / "assay.json")
    manifest["scores"][0]["value"] = 0.999
    (model / "assay.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert invoke("verify", model).exit_code == 0
    done = invoke("verify", model, data)
    assert done.exit_code == 3
    assert (
        "does not score what it says: validation accuracy: recorded 99.90% on 24 texts, found 100.00%"
        in done.stderr
    )
    other = write_data(tmp_path / "other", sizes={"train": 40, "validation": 20, "test": 20})
    assert invoke("verify", linear_model, other).exit_code == 3


def test_verify_needs_a_split_that_was_scored(invoke, linear_model, data):
    """A file that training never saw has none of the recorded splits: wrong input, not a failed check."""
    done = invoke("verify", linear_model, data / "test.csv")
    assert done.exit_code == 2
    assert "has recorded scores of validation, test; the data has all" in done.stderr


def test_one_text_and_one_rejected_row_are_said_as_one(invoke, linear_model, tmp_path):
    """Not 1 texts, 1 rows."""
    source, out = tmp_path / "a.jsonl", tmp_path / "p.jsonl"
    source.write_text('{"text": "good"}\n{"text": []}\n', encoding="utf-8")
    done = invoke("predict", linear_model, source, "--out", out)
    said = done.stdout.splitlines()
    assert said[0] == f"1 text predicted, written to {out}"
    assert said[1].startswith("1 row rejected, listed in ")


def test_predict_writes_files_and_keeps_the_columns(invoke, data, linear_model, tmp_path):
    """Every format holds the input's columns and then the predictions; --top-k is a list."""
    out = tmp_path / "p.csv"
    done = invoke("predict", linear_model, data / "test.csv", "--out", out)
    assert done.stdout == f"27 texts predicted, written to {out}\n"
    header = out.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("text,label,predicted_label,predicted_score,score:sadness,score:joy,")
    assert invoke("predict", linear_model, data / "test.csv", "--out", out).exit_code == 2
    summary = json.loads(
        invoke(
            "predict", linear_model, data / "test.csv", "--out", out, "--overwrite", "--json"
        ).stdout
    )
    assert summary == {"out": str(out), "n_texts": 27, "n_rejected": 0, "rejected": None}
    top = invoke("predict", linear_model, data / "test.csv", "--top-k", "2").stdout.splitlines()
    best = json.loads(top[0])["top_k"]
    assert best[0]["label"] == json.loads(top[0])["predicted_label"]
    assert best[0]["score"] >= best[1]["score"]


def test_cache_is_shown_and_cleared(invoke, tiny_bert, data, tmp_path, monkeypatch):
    """Where, how many, how much; `clear` frees it all."""
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    assert json.loads(invoke("cache", "--json").stdout)["n_arrays"] == 0
    train_model(data, tmp_path / "m", method="features", parameters={"checkpoint": str(tiny_bert)})
    before = json.loads(invoke("cache", "--json").stdout)
    assert before["n_arrays"] >= 1
    assert before["folder"].startswith(str(tmp_path / "cache"))
    assert f"{before['n_arrays']} arrays, " in invoke("cache").stdout
    after = json.loads(invoke("cache", "clear", "--json").stdout)
    assert (after["n_arrays"], after["n_bytes"], after["freed_bytes"]) == (0, 0, before["n_bytes"])
