"""`--abstain-below`, `--target-accuracy` and `--scope` of predict and train: what is said, and with which exit code."""

import json
import os
import re
import shutil

import pytest

from _support.small_runs import listing, read_json, start_assay, write_data
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.limits.abstain import AbstainRule

STRANGE = "zxcv qwrt plmk"
SURE = "happy day"
BLANK = "warning: 1 row holds no text (line 3): its label and scores say nothing about it\n"

N_FOLDED = 320  # texts of train and validation, where a rule is chosen


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Train linear and majority on small data; beside them a copy of linear with a rule, and one without a curve."""
    root = tmp_path_factory.mktemp("flags")
    data = write_data(root / "data", sizes={"train": 120, "validation": 200, "test": 27})
    for method in ("linear", "majority"):
        train_model(data, root / method, method=method)
    for name, facts in {
        "cautious": {"abstain": AbstainRule(0.9).to_dict()},
        "plain": {"coverage_curve": {}},
    }.items():
        copy = shutil.copytree(root / "linear", root / name)
        manifest = json.loads((copy / "assay.json").read_text(encoding="utf-8"))
        (copy / "assay.json").write_text(json.dumps({**manifest, **facts}), encoding="utf-8")
    return root


@pytest.fixture
def texts(tmp_path):
    """Write a text that is sure, one that is strange and an empty one; return the file."""
    path = tmp_path / "in.txt"
    path.write_text(f"{SURE}\n{STRANGE}\n\n", encoding="utf-8")
    return path


def records(done):
    """Read JSON Lines from stdout."""
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_abstain_below_leaves_unsure_labels_out(invoke, folders, texts):
    """Under the threshold there is no label; nothing is said beside the results."""
    done = invoke("predict", folders / "linear", texts, "--abstain-below", "0.8")
    found = records(done)
    assert (
        [one["abstained"] for one in found]
        == [one["predicted_score"] < 0.8 for one in found]
        == [False, True, True]
    )
    assert [one["predicted_label"] for one in found] == ["joy", None, None]
    assert done.stderr == BLANK


def test_target_accuracy_takes_the_threshold_from_the_curve(invoke, folders, texts):
    """The same answers as by that threshold, and a sentence on stderr that says what it was measured to be worth."""
    rule = load_model(folders / "linear").coverage_curve.reaching(0.95)
    done = invoke("predict", folders / "linear", texts, "--target-accuracy", "0.95")
    by_hand = invoke("predict", folders / "linear", texts, "--abstain-below", repr(rule.threshold))
    assert records(done) == records(by_hand)
    assert done.stderr == (
        f"answering from a score of {rule.threshold:.3f} on: {rule.coverage:.1%} of the 200 texts of validation, "
        f"of which {rule.accuracy:.1%} were right\n{BLANK}"
    )
    quiet = invoke("predict", folders / "linear", texts, "--target-accuracy", "0.95", "--quiet")
    assert (quiet.stderr, quiet.stdout) == ("", done.stdout)


def test_own_rule_needs_no_flag_and_gives_way_to_one(invoke, folders, texts):
    """A model that records a rule abstains by it; --abstain-below 0 makes it answer everything."""
    own = records(invoke("predict", folders / "cautious", texts))
    assert own == records(invoke("predict", folders / "linear", texts, "--abstain-below", "0.9"))
    always = records(invoke("predict", folders / "cautious", texts, "--abstain-below", "0"))
    assert [one["abstained"] for one in always] == [False] * 3
    assert None not in [one["predicted_label"] for one in always]


def test_info_says_when_a_model_abstains(invoke, folders):
    """A line with the threshold, where there is one."""
    assert "abstains     below a score of 0.900\n" in invoke("info", folders / "cautious").stdout
    assert "abstains" not in invoke("info", folders / "linear").stdout


def test_info_refuses_what_no_prediction_would_follow(invoke, folders, tmp_path):
    """A threshold that is no number is named; it was a mistake of assay."""
    forged = shutil.copytree(folders / "cautious", tmp_path / "forged")
    content = read_json(forged / "assay.json")
    content["abstain"]["threshold"] = "0.9"
    (forged / "assay.json").write_text(json.dumps(content), encoding="utf-8")
    done = invoke("info", forged)
    assert done.exit_code == 2
    assert "abstain.threshold is '0.9'; a number from 0 to 1 is accepted" in done.stderr


def test_scope_is_a_column(invoke, folders, texts):
    """In scope or not, beside labels that are what they were."""
    found = records(invoke("predict", folders / "linear", texts, "--scope"))
    assert [one["in_scope"] for one in found] == [True, False, False]
    plain = records(invoke("predict", folders / "linear", texts))
    assert [
        {name: value for name, value in one.items() if name != "in_scope"} for one in found
    ] == plain


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are of POSIX")
def test_terminal_shows_a_dash_where_it_abstains(folders, texts):
    """On a terminal there is a table of 80 columns: a dash for no label, yes or no for the scope."""
    ours, theirs = os.openpty()
    with start_assay(
        "predict", folders / "linear", texts, "--abstain-below", "0.8", "--scope", stdout=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read_terminal(ours):
            shown += chunk
        _, error = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, error) == (0, BLANK)
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown.decode("utf-8")).splitlines()  # without colours
    assert all(len(line) <= 80 for line in lines)
    titles = ["label", "score", "second label", "confidence", "in scope", "text"]
    assert re.split(r" {2,}", lines[0].strip()) == titles
    cells = [re.split(r" {2,}", line.strip()) for line in lines[2:5]]
    assert [(row[0], row[4]) for row in cells] == [("joy", "yes"), ("–", "no"), ("–", "no")]
    assert [row[3] for row in cells[1:]] == ["does not know", "no text"]


def _read_terminal(ours):
    try:
        return os.read(ours, 65536)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


def test_flags_reach_the_file(invoke, folders, texts, tmp_path):
    """With --out the columns are in the file."""
    out = tmp_path / "out.jsonl"
    asked = ["--abstain-below", "0.8", "--scope", "--top-k", "1"]
    done = invoke("predict", folders / "linear", texts, "--out", out, *asked, "--json")
    plain = {"out": str(out), "n_texts": 3, "n_rejected": 0, "rejected": None}
    assert records(done) == [{**plain, "n_blank": 1, "blank_lines": [3]}]
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert found == records(invoke("predict", folders / "linear", texts, *asked))
    assert list(found[0]) == [
        "text",
        "predicted_label",
        "predicted_score",
        "abstained",
        "in_scope",
        "top_k",
    ]


# Name -> (model, flags, what the message must say, in order). {n} is any text that the numbers
# depend on.
BAD = {
    "threshold above one": (
        "linear",
        ["--abstain-below", "1.5"],
        ["error: the threshold is 1.5; a score from 0 to 1 is accepted"],
    ),
    "threshold below zero": (
        "linear",
        ["--abstain-below", "-0.1"],
        ["error: the threshold is -0.1; a score from 0 to 1 is accepted"],
    ),
    "threshold that is nan": (
        "linear",
        ["--abstain-below", "nan"],
        ["error: the threshold is nan; a score from 0 to"],
    ),
    "threshold that is no number": (
        "linear",
        ["--abstain-below", "high"],
        ["error: Invalid value for '--abstain-below'", "predict --help"],
    ),
    "target in percent": (
        "linear",
        ["--target-accuracy", "95"],
        ["error: the target accuracy is 95; a fraction above 0, up to 1, is accepted"],
    ),
    "target of nothing": (
        "linear",
        ["--target-accuracy", "0"],
        ["error: the target accuracy is 0; a fraction above 0, up to 1, is"],
    ),
    "target that is nan": (
        "linear",
        ["--target-accuracy", "nan"],
        ["error: the target accuracy is nan; a fraction"],
    ),
    "target that is no number": (
        "linear",
        ["--target-accuracy", "95%"],
        ["error: Invalid value for '--target-accuracy'", "predict --help"],
    ),
    "target out of reach": (
        "linear",
        ["--target-accuracy", "0.9999"],
        [
            "error: a target accuracy of 0.9999 cannot be reached: on the 200 texts of validation the best that can be",
            "(lower end of the 95 % interval), answering ",
            " of them, of which ",
            " are right",
            "hint: aim lower, or train with more validation texts",
        ],
    ),
    "threshold and target": (
        "linear",
        ["--abstain-below", "0.5", "--target-accuracy", "0.9"],
        ["error: a threshold and a target accuracy were given; one of the two is accepted"],
    ),
    "target without a curve": (
        "plain",
        ["--target-accuracy", "0.9"],
        [
            "error: the model has no coverage curve to take the threshold from",
            "hint: give the threshold itself",
        ],
    ),
    "scope of the floor": (
        "majority",
        ["--scope"],
        [
            "error: the majority model in ",
            " holds no statistics of its training texts to tell scope by",
            "hint: train it again with assay train, in Python with train_model, as any method but majority",
        ],
    ),
}


@pytest.mark.parametrize("to_file", [False, True], ids=["stdout", "file"])
@pytest.mark.parametrize("name", BAD)
def test_bad_flag_of_predict_is_one_sentence(invoke, folders, texts, tmp_path, name, to_file):
    """Exit code 2, what was given and what is accepted, no traceback; no text is predicted and no file is written."""
    model, flags, said = BAD[name]
    before = listing(tmp_path)
    out = ["--out", tmp_path / "out.csv"] if to_file else []
    done = invoke("predict", folders / model, texts, *flags, *out)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    position = 0
    for part in said:
        position = done.stderr.find(part, position)
        assert position >= 0, f"{part!r} is not in {done.stderr!r}"
    assert listing(tmp_path) == before
    as_json = json.loads(invoke("predict", folders / model, texts, *flags, *out, "--json").stdout)
    assert as_json["error"] in done.stderr
    assert as_json["error_type"] in ("InputError", "UsageError")


def test_empty_input_shows_a_bad_flag_too(invoke, folders, tmp_path):
    """A wrong wish is said even where there is nothing to predict."""
    (tmp_path / "in.txt").write_text("")
    for model, *flags in (("majority", "--scope"), ("linear", "--target-accuracy", "2")):
        assert invoke("predict", folders / model, tmp_path / "in.txt", *flags).exit_code == 2


def test_train_records_the_rule(invoke, folders, tmp_path):
    """The model abstains by the threshold that its texts out of fold prove; --json says which."""
    out = tmp_path / "model"
    done = invoke(
        "train",
        folders / "data",
        "--method",
        "linear",
        "--out",
        out,
        "--target-accuracy",
        "0.95",
        "--json",
        "--quiet",
    )
    rule = records(done)[0]["abstain"]
    curve = load_model(out).coverage_curve
    assert rule == curve.reaching(0.95).to_dict() == read_json(out / "assay.json")["abstain"]
    assert (rule["target_accuracy"], rule["n_texts"], rule["split"]) == (
        0.95,
        N_FOLDED,
        "out_of_fold",
    )
    assert rule["accuracy"] >= 0.95
    assert f"below a score of {rule['threshold']:.3f}" in invoke("info", out).stdout
    (tmp_path / "in.txt").write_text(f"{SURE}\n{STRANGE}\n\nday\n")
    for record in records(invoke("predict", out, tmp_path / "in.txt")):
        assert record["abstained"] == (record["predicted_score"] < rule["threshold"])


def test_train_without_a_target_says_nothing_of_it(invoke, folders, tmp_path):
    """No key in the result, no rule in the model, and still a curve to choose by later."""
    out = tmp_path / "model"
    done = invoke(
        "train", folders / "data", "--method", "majority", "--out", out, "--json", "--quiet"
    )
    assert "abstain" not in records(done)[0]
    assert load_model(out).abstain_rule is None
    assert load_model(out).coverage_curve.n_texts == 200


@pytest.mark.parametrize("as_json", [False, True])
def test_target_out_of_reach_is_a_check_that_said_no(invoke, folders, tmp_path, as_json):
    """Training is not thrown away: the exit code of a check, a sentence, a model that always answers."""
    out, flags = tmp_path / "model", ["--json"] if as_json else []
    command = ("train", folders / "data", "--method", "majority", "--out", out)
    done = invoke(*command, "--target-accuracy", "0.95", *flags)
    assert done.exit_code == 3
    said = f"a target accuracy of 0.95 cannot be reached: on the {N_FOLDED} texts of train and"
    if as_json:
        result = json.loads(done.stdout)
        assert result["abstain"] is None
        assert said in result["abstain_refused"]
        assert done.stderr.count("cannot be reached") == 0
    else:
        assert done.stderr.count(f"error: {said}") == 1
        assert "hint: the model was saved without a rule: it always answers" in done.stderr
    assert load_model(out).abstain_rule is None
    assert "abstains" not in invoke("info", out).stdout


def test_target_that_no_model_can_show_is_refused_before_training(invoke, folders, tmp_path):
    """If all answers were right, the interval would still begin below it."""
    command = ("train", folders / "data", "--method", "linear", "--out", tmp_path / "model")
    done = invoke(*command, "--target-accuracy", "0.9999")
    assert done.exit_code == 2
    assert f"error: a target accuracy of 0.9999 cannot be shown on the {N_FOLDED} texts of" in (
        done.stderr
    )
    assert listing(tmp_path) == set()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("95", "error: the target accuracy is 95; a fraction above 0, up to 1, is accepted"),
        ("0", "error: the target accuracy is 0; a fraction above 0, up to 1, is accepted"),
        ("-0.5", "error: the target accuracy is -0.5; a fraction above 0, up to 1, is accepted"),
        ("inf", "error: the target accuracy is inf; a fraction above 0, up to 1, is accepted"),
        ("high", "error: Invalid value for '--target-accuracy'"),
    ],
)
def test_bad_target_of_train_is_said_before_any_work(invoke, tmp_path, value, said):
    """The data are not even looked at: what is wrong with the flag comes first, and nothing is written."""
    done = invoke(
        "train",
        tmp_path / "nowhere.csv",
        "--method",
        "linear",
        "--out",
        tmp_path / "model",
        "--target-accuracy",
        value,
    )
    assert done.exit_code == 2
    assert said in done.stderr
    assert listing(tmp_path) == set()


def test_flags_stand_in_the_help(invoke):
    """Each flag with its placeholder."""
    text = invoke("predict", "--help").stdout
    for flag in ("--abstain-below", "--target-accuracy", "--scope"):
        assert flag in text
    assert "--target-accuracy" in invoke("train", "--help").stdout


def test_train_says_the_rule(invoke, folders, tmp_path):
    """A person reads from which score the model answers, and what that was worth out of fold."""
    out = tmp_path / "model"
    shown = invoke(
        "train", folders / "data", "--method", "linear", "--out", out, "--target-accuracy", "0.95"
    ).stdout
    rule = read_json(out / "assay.json")["abstain"]
    assert (
        f"abstains below a score of {rule['threshold']:.3f}: answers {rule['coverage']:.1%} of "
        "train and validation (out of fold), "
        f"{rule['accuracy']:.1%} of them right" in shown
    )


def test_folder_is_predicted_by_ray_alone(invoke, folders, tmp_path):
    """Whatever the output is called: the kind of the output is not what is wrong."""
    (tmp_path / "parts").mkdir()
    for out in ("scored", "scored.csv"):
        done = invoke("predict", folders / "linear", tmp_path / "parts", "--out", tmp_path / out)
        assert done.exit_code == 2
        assert "parts is a folder; one file is accepted" in done.stderr
        assert "--engine ray" in done.stderr
