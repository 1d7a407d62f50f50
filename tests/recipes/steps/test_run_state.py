"""What an interrupted run leaves: whole methods are taken as they are, the rest is made again."""

import json
import shutil

import pytest

from _support.small_runs import comparable, listing, read_json
from assay import disk
from assay.errors import InputError
from assay.models import record_scores
from assay.progress import Progress
from assay.recipes import run as run_module
from assay.recipes.run import Run, RunOptions, run_data
from assay.recipes.steps.fit import FittedModel
from assay.recipes.steps.run_state import RunState, forget_state
from assay.recipes.train import train_model

IDENTITY = {"seed": 0, "methods": ["majority", "linear"]}


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Train a model with scores."""
    out = tmp_path_factory.mktemp("state") / "majority"
    train_model(data, out, method="majority")
    return out


@pytest.fixture
def partial(tmp_path, model):
    """Make a partial run with one finished method, half another, and parts of a report."""
    root = tmp_path / "r.partial"
    shutil.copytree(model, root / "models" / "majority")
    state = RunState.open(root, identity=IDENTITY)
    shutil.copytree(model, root / "models" / "majority")
    state.finish("majority", FittedModel(root / "models" / "majority", 1.5, [{"epoch": 1}]))
    for name in ("models/linear", "models/linear.partial", "model", "predictions", "report_files"):
        (root / name).mkdir()
        (root / name / "old").write_text("old", encoding="utf-8")
    for name in ("run.log", "results.json", "state.json.partial"):
        (root / name).write_text("old", encoding="utf-8")
    return root


def test_state_keeps_finished_methods_and_the_log_only(partial):
    """Nothing that was half done, and no file of an older report, gets into the resumed run."""
    state = RunState.open(partial, identity=IDENTITY)
    assert {name for name in listing(partial) if name.count("/") < 2} == {
        "state.json",
        "run.log",
        "models",
        "models/majority",
    }
    found = state.finished("majority", partial / "models" / "majority")
    assert found == FittedModel(partial / "models" / "majority", 1.5, [{"epoch": 1}])
    assert state.finished("linear", partial / "models" / "linear") is None


def test_scores_that_were_written_do_not_undo_a_finished_method(partial):
    """A run that was stopped while its report was written has trained all it has to."""
    folder = partial / "models" / "majority"
    assert read_json(folder / "assay.json")["scores"]
    record_scores(folder, [], card="another card")
    assert read_json(folder / "assay.json")["scores"] == []
    assert RunState.open(partial, identity=IDENTITY).finished("majority", folder) is not None


@pytest.mark.parametrize("change", ["assay.json", "gone", "seed"])
def test_changed_model_is_trained_again(partial, change):
    """A model that is broken, gone or another one does not count."""
    folder = partial / "models" / "majority"
    if change == "assay.json":
        (folder / "assay.json").write_text("{", encoding="utf-8")
    elif change == "gone":
        shutil.rmtree(folder)
    else:
        content = read_json(folder / "assay.json")
        (folder / "assay.json").write_text(json.dumps(content | {"seed": 7}), encoding="utf-8")
    assert RunState.open(partial, identity=IDENTITY).finished("majority", folder) is None


def test_other_identity_is_refused_and_nothing_deleted(partial):
    """What differs is named; the partial run stays for whoever resumes it rightly."""
    before = listing(partial)
    with pytest.raises(
        InputError,
        match=r"r\.partial cannot be resumed: other seed, extra than in the interrupted run",
    ):
        RunState.open(partial, identity={**IDENTITY, "seed": 1, "extra": 2})
    assert listing(partial) == before


def test_resumed_run_may_have_other_methods(partial):
    """A method that takes too long can be left out; the work on the others is kept."""
    for path in ("folds/majority.npz", "folds/finetune.npz", "training/finetune/state.json"):
        (partial / path).parent.mkdir(parents=True, exist_ok=True)
        (partial / path).write_text("old", encoding="utf-8")
    folder = partial / "models" / "majority"
    fewer = RunState.open(partial, identity={**IDENTITY, "methods": ["majority"]})
    assert fewer.finished("majority", folder) is not None
    assert {name for name in listing(partial) if name.startswith(("folds/", "training/"))} == {
        "folds/majority.npz"
    }
    others = RunState.open(partial, identity={**IDENTITY, "methods": ["linear"]})
    assert others.finished("majority", folder) is None
    assert not folder.exists()


def test_resumed_run_may_leave_out_all_that_read_a_checkpoint(partial):
    """Another checkpoint is refused only where both runs have one."""
    reads = {**IDENTITY, "checkpoint": "e5", "checkpoint_sha256": "5e"}
    others = {**IDENTITY, "checkpoint": "auto", "checkpoint_sha256": None}
    content = read_json(partial / "state.json")
    (partial / "state.json").write_text(json.dumps(content | {"identity": reads}), encoding="utf-8")
    with pytest.raises(InputError, match="other checkpoint, checkpoint_sha256 than"):
        RunState.open(partial, identity=reads | {"checkpoint": "mini", "checkpoint_sha256": "31"})
    RunState.open(partial, identity=others)
    RunState.open(partial, identity=reads)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"identity": {}}', '{"identity": 1, "finished": {}}']
)
def test_damaged_state_is_said(partial, text):
    """A state that cannot be read is no internal error."""
    (partial / "state.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"cannot be resumed: its state\.json is damaged"):
        RunState.open(partial, identity=IDENTITY)


def test_closed_state_leaves_no_file(tmp_path):
    """A whole run has no state."""
    RunState.open(tmp_path, identity=IDENTITY)
    forget_state(tmp_path)
    assert listing(tmp_path) == set()
    assert Progress().say("silent") is None


def stop(*_args, **_kwargs):
    """Press Ctrl-C."""
    raise KeyboardInterrupt


PHASES = [
    (run_module, "find_named"),
    (run_module.TrainingSet, "prepare"),
    (Run, "_fit"),
    *((Run, name) for name in ("score", "choose", "expect_more", "audit", "draw")),
    *((run_module, name) for name in ("write_issues", "finish_model", "write_report")),
    (disk, "_put_in_place"),
]


@pytest.mark.slow
def test_run_that_is_interrupted_in_every_phase_goes_on(data, tmp_path, monkeypatch):
    """What was finished is kept whatever came next, nothing is at OUT before all is, and the result is the same."""
    options = RunOptions(methods=("majority", "linear"), folds=None)
    out = tmp_path / "r"
    for owner, name in PHASES:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, stop)
            with pytest.raises(KeyboardInterrupt):
                run_data(data, out, options=options, resume=True)
        assert not out.exists()
        has_models = PHASES.index((owner, name)) > PHASES.index((Run, "_fit"))
        found = {path.name for path in tmp_path.glob("r.partial/models/*")}
        assert found == ({"majority", "linear"} if has_models else set()), name
    results = run_data(data, out, options=options, resume=True)
    assert {path.name for path in tmp_path.iterdir()} == {"r"}
    assert not {"state.json", "folds", "training"} & {path.name for path in out.iterdir()}
    assert (out / "run.log").read_text(encoding="utf-8").count("linear: fitted") == 1
    whole = run_data(data, tmp_path / "whole", options=options)
    assert comparable(results) == comparable(whole)
