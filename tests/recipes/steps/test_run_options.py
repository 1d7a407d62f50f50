"""What a run does is checked before its data are read, and recorded so that it can be resumed."""

import json
from dataclasses import replace

import pytest

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError, OutputExistsError
from assay.recipes.steps.fit import TrainingSet
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.run_options import RunOptions, check_run

LINEAR = RunOptions(methods=("linear", "majority"))


def check(out, options=LINEAR, **how):
    """Check a run of the built-in sample."""
    return check_run("sample", out, options, **{"overwrite": False, **how})


def test_methods_are_put_in_the_order_of_cost(tmp_path):
    """Whatever order they were asked for in; the other options stay."""
    options = check(tmp_path / "r", replace(LINEAR, seed=3))
    assert (options.methods, options.seed) == (("majority", "linear"), 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ("liner",)}, "^unknown method 'liner'; .*Did you mean 'linear'"),
        ({"long_texts": "cut"}, "'cut'"),
        ({"metric": "f2"}, "'f2'"),
        ({"tolerance": -0.1}, "-0.1"),
        ({"methods": "linear"}, "methods is 'linear'; a sequence of texts is accepted"),
        ({"methods": ()}, "no method is given"),
        ({"seed": -1}, "seed is -1; 0 to 4294967295 is accepted"),
        ({"budget_s": -1}, "budget_s is -1; more than 0 is accepted"),
    ],
    ids=["method", "long texts", "metric", "tolerance", "text", "none", "seed", "budget"],
)
def test_option_that_cannot_be_used_is_refused(tmp_path, changes, message):
    """Before anything is read or written."""
    with pytest.raises(InputError, match=message):
        check(tmp_path / "r", replace(LINEAR, **changes))
    assert not list(tmp_path.iterdir())


def test_output_is_checked_first(tmp_path):
    """A run that is there stays, unless it may be replaced."""
    out = tmp_path / "r"
    (out / "model").mkdir(parents=True)
    with pytest.raises(OutputExistsError, match="exists already"):
        check(out)
    assert check(out, overwrite=True).methods == ("majority", "linear")


def test_run_takes_one_process(tmp_path, monkeypatch):
    """Only a training of one method is shared."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(InputError, match=r"^2 processes were started for a run; one is accepted"):
        check(tmp_path / "r")


def test_identity_is_plain_and_leaves_free_options_out():
    """A resumed run may have another budget and another command line, and nothing else."""
    labelled = LabelledTexts(("a", "b"), ("x", "y"))
    splits = Splits({"train": labelled}, LabelSet(("x", "y")), source="memory")
    data = TrainingSet(splits)
    identity = LINEAR.identity(data, checkpoint_sha256=None)
    assert json.loads(json.dumps(identity)) == identity
    assert identity["splits"] == {"train": labelled.sha256()}
    assert identity["label_names"] == ["x", "y"]
    same = replace(LINEAR, budget_s=60.0, command="assay run")
    assert same.identity(data, checkpoint_sha256=None) == identity
    assert replace(LINEAR, seed=1).identity(data, checkpoint_sha256=None) != identity
    assert LINEAR.identity(data, checkpoint_sha256="00") != identity


def test_report_shows_the_options_that_were_set():
    """Those of the data are among them; the command line has a place of its own."""
    data = DataOptions(labels=("b", "a"), max_rows=50)
    shown = replace(LINEAR, data=data, command="assay run sample").shown()
    assert (shown["methods"], shown["labels"], shown["max_rows"]) == (
        "linear, majority",
        "b, a",
        50,
    )
    assert not {"command", "data", "budget_s", "encoding"} & set(shown)


def test_options_tell_what_a_run_needs():
    """Linear alone needs neither a transformer nor torch; compact needs torch alone."""
    needs = {
        methods: (one.uses_checkpoint, one.uses_torch)
        for methods in ("linear", "compact", "features")
        if (one := RunOptions(methods=(methods,)))
    }
    assert needs["linear"] == (False, False)
    assert needs["compact"] == (False, True)
    assert needs["features"][0]
