"""The settings of a training are in their ranges, and the learning rate reaches zero in time."""

import pytest
import torch

from assay.errors import InputError
from assay.training import schedule
from assay.training.processes import ALONE
from assay.training.schedule import Schedule, TrainingConfig

CPU = torch.device("cpu")


def config(**changes):
    """Return settings of ten steps, two of which warm up."""
    settings = {
        "name": "test",
        "n_epochs": 1,
        "batch_size": 4,
        "learning_rate": 1.0,
        "weight_decay": 0.0,
        "warmup_fraction": 0.2,
        "label_smoothing": 0.0,
        "max_gradient_norm": 1.0,
        "seed": 0,
    }
    return TrainingConfig(**{**settings, **changes})


@pytest.fixture
def clock(monkeypatch):
    """Let a test set the time, in seconds."""
    now = [100.0]
    monkeypatch.setattr(schedule.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("n_epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("learning_rate", 0.0, "more than 0"),
        ("warmup_fraction", 1.0, "0 up to less than 1"),
        ("label_smoothing", 1.5, "0 to 1"),
        ("time_limit_s", 0.0, "more than 0"),
    ],
)
def test_setting_out_of_its_range_is_refused(name, value, accepted):
    """The message names the setting, its value and what is accepted."""
    with pytest.raises(InputError, match=f"^{name} is {value}; {accepted} is accepted"):
        config(**{name: value})


def test_unknown_precision_is_refused():
    """The message names what was given, and both that are known."""
    with pytest.raises(InputError, match=r"^precision is 'float64'; float32 and bfloat16 are"):
        config(precision="float64")


def test_rate_rises_over_the_warm_up_and_falls_to_zero():
    """The first steps rise in a straight line, and the step after the last one would be zero."""
    steps = Schedule(config(), 10, ALONE, CPU)
    rates = [steps.next_rate() for _ in range(10)]
    assert rates[:2] == pytest.approx([0.5, 1.0])
    assert rates[2:] == pytest.approx([1 - i / 8 for i in range(8)])
    assert steps.next_rate() == 0


def test_without_warm_up_the_first_rate_is_the_highest():
    """A warm-up of no steps divides by nothing."""
    steps = Schedule(config(warmup_fraction=0.0), 4, ALONE, CPU)
    assert [steps.next_rate() for _ in range(4)] == pytest.approx([1, 0.75, 0.5, 0.25])


def test_time_limit_shortens_the_schedule(clock):
    """Half of the time is over: the rate is that of half of the steps; then the training ends."""
    steps = Schedule(config(time_limit_s=10.0), 1000, ALONE, CPU)
    steps.next_rate()
    clock[0] += 6
    assert steps.next_rate() == pytest.approx((1 - 0.6) / 0.8)
    clock[0] += 4
    assert steps.next_rate() is None
    assert steps.step == 2


def test_first_step_is_taken_however_late_it_is(clock):
    """A training without any step would leave a network that learnt nothing."""
    steps = Schedule(config(time_limit_s=10.0), 10, ALONE, CPU)
    clock[0] += 99
    assert steps.next_rate() == 0
    assert steps.next_rate() is None


def test_resumed_schedule_counts_the_time_before_the_interruption(clock):
    """Steps and seconds continue where they were."""
    steps = Schedule(config(time_limit_s=10.0), 10, ALONE, CPU)
    steps.resume(5, 4.0)
    assert (steps.step, steps.elapsed_s) == (5, 4.0)
    assert steps.next_rate() == pytest.approx(0.5 / 0.8)
    clock[0] += 6
    assert steps.next_rate() is None
