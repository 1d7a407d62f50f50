"""A training that was cut short goes on to the same weights, bit for bit; what does not belong to it is refused."""

import json
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from _support.small_models import small_data, small_estimator
from assay.errors import InputError, OutsideError
from assay.progress import Progress
from assay.training.state_store import StateStore, TrainingState, find_setting
from assay.training.states import TrainingStates, has_training_state

TEXTS, LABELS = small_data(64)
HELD_OUT = small_data(24, seed=1)
N_STEPS = 12  # three epochs of four batches


class StopAt(Progress):
    """End a training after a step, wherever it is, as a signal would."""

    def __init__(self, step):
        self.left = step

    @contextmanager
    def track(self, name, n_steps):
        """Count the steps, and stop."""

        def advance(n_done):
            self.left -= n_done if name == "finetune" else 0
            if self.left <= 0:
                raise KeyboardInterrupt

        yield advance


def finetune(
    checkpoint, *, folder=None, stop_at=None, every_s=0.0, texts=TEXTS, labels=LABELS, **parameters
):
    """Fine-tune a small checkpoint, keeping a state after every step."""
    estimator = small_estimator(
        "finetune", checkpoint, **{"n_epochs": 3, "class_weight": "balanced", **parameters}
    )
    states = None if folder is None else TrainingStates(folder, every_s=every_s)
    progress = None if stop_at is None else StopAt(stop_at)
    return estimator.fit(texts, labels, validation=HELD_OUT, progress=progress, states=states)


def assert_same(one, other):
    """Hold weights, epochs and temperature of two trainings against each other: equal, not close."""
    assert one.history_ == other.history_
    assert one.temperature_ == other.temperature_
    for name, value in one.network_.state_dict().items():
        assert torch.equal(value, other.network_.state_dict()[name]), name


@pytest.fixture(scope="module")
def whole(tiny_bert):
    """Train in one go."""
    return finetune(tiny_bert)


@pytest.mark.parametrize("steps", [(1,), (4,), (5,), (11,), (12,), (2, 4, 8)], ids=str)
def test_training_goes_on_to_the_same_weights(tiny_bert, whole, tmp_path, steps):
    """Cut short in an epoch, at its end, after the first or the last step, or three times: bit for bit the same."""
    before = 0
    for step in steps:
        with pytest.raises(KeyboardInterrupt):
            # A state is written after a step was counted: the last one is lost, and taken again.
            finetune(tiny_bert, folder=tmp_path, stop_at=step + (1 if before else 0))
        assert has_training_state(tmp_path) or step == 1
        before = step
    resumed = finetune(tiny_bert, folder=tmp_path)
    assert_same(whole, resumed)


def test_training_above_frozen_layers_goes_on_to_the_same_weights(tiny_bert, tmp_path):
    """What the frozen layers made of the texts is made again, of the same batches: bit for bit the same."""
    with pytest.raises(KeyboardInterrupt):
        finetune(tiny_bert, folder=tmp_path, frozen_layers=1, stop_at=6)
    assert_same(
        finetune(tiny_bert, frozen_layers=1), finetune(tiny_bert, folder=tmp_path, frozen_layers=1)
    )


def test_keeping_states_changes_nothing(tiny_bert, whole, tmp_path):
    """Writing states draws no random number and touches no weight."""
    assert_same(whole, finetune(tiny_bert, folder=tmp_path))


def test_finished_training_is_not_done_again(tiny_bert, whole, tmp_path):
    """What follows a training can be cut short too: the state of its end gives the model without a step."""
    finetune(tiny_bert, folder=tmp_path)
    assert_same(whole, finetune(tiny_bert, folder=tmp_path, stop_at=N_STEPS + 1))


def test_time_that_was_spent_counts(tiny_bert, tmp_path):
    """With a time limit, the seconds before the interruption are over: the schedule does not begin anew."""
    with pytest.raises(KeyboardInterrupt):
        finetune(tiny_bert, folder=tmp_path, stop_at=3, time_limit_s=1000.0)
    state = json.loads((tmp_path / "training.json").read_text())
    (tmp_path / "training.json").write_text(json.dumps({**state, "elapsed_s": 2000.0}))
    resumed = finetune(tiny_bert, folder=tmp_path, time_limit_s=1000.0)
    assert [entry["epoch"] for entry in resumed.history_] == [pytest.approx(2 * 16 / 64)]


@pytest.fixture(scope="module")
def stopped(tiny_bert, tmp_path_factory):
    """Cut a training short in its second epoch; return the folder."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(KeyboardInterrupt):
        finetune(tiny_bert, folder=folder, stop_at=7)
    return folder


def copied(folder, to):
    """Copy the files of a folder."""
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 1}, "seed"),
        ({"batch_size": 8, "learning_rate": 1e-3}, "batch_size, learning_rate"),
        ({"class_weight": None}, "class_weights"),
        ({"texts": TEXTS[::-1], "labels": LABELS[::-1]}, "training texts"),
    ],
)
def test_other_settings_or_data_do_not_go_on(tiny_bert, stopped, tmp_path, changes, named):
    """What differs is named, and the state stays for whoever gives the right ones."""
    folder = copied(stopped, tmp_path)
    with pytest.raises(
        InputError, match=f"cannot be resumed: other {named} than in the interrupted training"
    ) as caught:
        finetune(tiny_bert, folder=folder, **changes)
    assert (
        caught.value.hint
        == "give the same data and options, or put --overwrite in the place of --resume to start afresh"
    )
    assert has_training_state(folder)


def test_another_transformer_does_not_go_on(tiny_distilbert, stopped, tmp_path):
    """Nor does a training that begins from other weights."""
    with pytest.raises(InputError, match="cannot be resumed: other checkpoint than"):
        finetune(tiny_distilbert, folder=copied(stopped, tmp_path))


def test_damaged_states_are_refused(tiny_bert, stopped, tmp_path):
    """A byte that changed, a file that is gone, or a list that is no JSON: named, not trained with."""
    folder = copied(stopped, tmp_path)
    (weights,) = folder.glob("state-*.safetensors")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        InputError, match=rf"cannot be resumed: its {weights.name} is missing or damaged"
    ):
        finetune(tiny_bert, folder=folder)
    weights.unlink()
    with pytest.raises(InputError, match=rf"its {weights.name} is missing or damaged"):
        finetune(tiny_bert, folder=folder)
    (folder / "training.json").write_text('{"identity": {}')
    with pytest.raises(InputError, match=r"its training\.json is damaged"):
        finetune(tiny_bert, folder=folder)


def test_state_holds_no_code(stopped):
    """JSON and safetensors, and nothing else: no pickle, no half file."""
    state = json.loads((stopped / "training.json").read_text())
    assert {path.name for path in stopped.iterdir()} == {
        "training.json",
        state["state"]["file"],
        state["best"]["file"],
    }
    tensors = load_file(stopped / state["state"]["file"])
    kinds = {name.partition(".")[0] for name in tensors}
    assert kinds == {"network", "optimiser", "random", "loss_sum"}
    assert state["place"]["epoch"] == 2


def place(**changes):
    """Return a place in a training."""
    return TrainingState(
        torch.zeros(()), dict(np.random.default_rng(0).bit_generator.state), **changes
    )


def test_slow_disks_are_written_less_often(tmp_path, monkeypatch):
    """Writing takes a hundredth of the time at most, whatever was asked for."""
    now = [0.0]
    monkeypatch.setattr("assay.training.state_store.time.monotonic", lambda: now[0])

    def slow(tensors, path):
        now[0] += 5.0
        save_file(tensors, path)

    monkeypatch.setattr("assay.training.state_store.save_file", slow)
    keeper = StateStore(tmp_path, identity={}, every_s=60.0)
    assert not keeper.is_due
    now[0] = 60.0
    assert keeper.is_due
    keeper.write(place(), {"network.w": torch.ones(2)}, elapsed_s=60.0)
    now[0] += 499.0
    assert not keeper.is_due
    now[0] += 2.0
    assert keeper.is_due


def test_disk_that_refuses_is_said(tmp_path):
    """A folder that cannot be made is an error of the outside, with the path."""
    (tmp_path / "file").write_text("")
    keeper = StateStore(tmp_path / "file" / "states", identity={}, every_s=0.0)
    with pytest.raises(OutsideError, match="states could not be written: Not a directory"):
        keeper.write(place(), {}, elapsed_s=0.0)


def test_tied_weights_are_kept(tmp_path):
    """Two names of one array are two arrays in the file, which knows no ties."""
    shared = torch.arange(3.0)
    keeper = StateStore(tmp_path, identity={"seed": 0}, every_s=0.0)
    keeper.write(place(), {"network.a": shared, "network.b": shared}, elapsed_s=1.5)
    _, tensors, elapsed_s = keeper.read()
    assert elapsed_s == 1.5
    assert torch.equal(tensors["network.a"], shared)
    assert torch.equal(tensors["network.b"], shared)


def test_impossible_interval_is_refused(tmp_path):
    """Seconds below zero are a mistake."""
    with pytest.raises(InputError, match=r"between two states is -1\.0 s; 0 or more is accepted"):
        StateStore(tmp_path, identity={}, every_s=-1.0)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_training_goes_on_in_the_precision_that_it_began_with(
    tiny_bert, tmp_path, monkeypatch, precision
):
    """Also on a processor of another kind, or after a release that chooses otherwise: it was refused."""
    is_other = precision == "float32"
    monkeypatch.setattr("assay.training.precision.multiplies_bfloat16", lambda _: not is_other)
    with pytest.raises(KeyboardInterrupt):
        finetune(tiny_bert, folder=tmp_path, stop_at=5)
    begun = find_setting(TrainingStates(tmp_path), "precision")
    monkeypatch.setattr("assay.training.precision.multiplies_bfloat16", lambda _: is_other)
    resumed = finetune(tiny_bert, folder=tmp_path)
    assert (begun, resumed.precision_) == (precision, precision)
    assert_same(finetune(tiny_bert, precision=precision), resumed)


def test_a_setting_of_no_or_a_damaged_state_is_none(tmp_path):
    """What is damaged is said when the state is read."""
    assert find_setting(None, "precision") is None
    assert find_setting(TrainingStates(tmp_path), "precision") is None
    for damaged in ("{", "[]", '{"identity": 1}', "{}"):
        (tmp_path / "training.json").write_text(damaged, encoding="utf-8")
        assert find_setting(TrainingStates(tmp_path), "precision") is None
    whole = '{"identity": {"precision": "bfloat16"}}'
    (tmp_path / "training.json").write_text(whole, encoding="utf-8")
    assert find_setting(TrainingStates(tmp_path), "precision") == "bfloat16"
    assert find_setting(TrainingStates(tmp_path, resume=False), "precision") is None
