"""Process-wide state is set for a block and put back."""

import pytest
import torch
import transformers
from huggingface_hub.utils import are_progress_bars_disabled

from assay.checkpoints.torch_state import (
    compute_threads,
    pick_device,
    quiet_hub,
    quiet_transformers,
)
from assay.errors import InputError


def fail_inside(block, look):
    """Look around inside the block, then fail there."""
    with block:
        look()
        raise KeyError("stop")


def test_auto_device_is_one_that_is_here():
    """`auto` is CUDA where there is one, else the CPU."""
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert pick_device("cpu").type == "cpu"


def test_device_of_the_environment_is_the_default(monkeypatch):
    """Without a name the user's choice counts."""
    monkeypatch.setenv("ASSAY_DEVICE", "cpu")
    assert pick_device().type == "cpu"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toaster", "device 'toaster' is unknown; auto, cpu, cuda"),
        ("cuda:99", "device 'cuda:99' is not here"),
    ],
)
def test_impossible_devices_are_refused(name, message):
    """A device that is no device, or is not here, is named."""
    with pytest.raises(InputError, match=message):
        pick_device(name)


def test_threads_come_back_after_an_error():
    """The host's thread count is restored even if the block fails."""
    before = torch.get_num_threads()
    seen = []
    with pytest.raises(KeyError, match="stop"):
        fail_inside(compute_threads(before + 1), lambda: seen.append(torch.get_num_threads()))
    assert seen == [before + 1]
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("quiet", [quiet_hub, quiet_transformers])
def test_log_levels_and_bars_come_back(quiet):
    """Log level and progress bars are as before, whatever they were, even if the block fails."""
    logging = transformers.utils.logging
    state = (
        logging.get_verbosity(),
        logging.is_progress_bar_enabled(),
        are_progress_bars_disabled(),
    )
    seen = []
    with pytest.raises(KeyError, match="stop"):
        fail_inside(quiet(), lambda: seen.append(are_progress_bars_disabled()))
    assert seen == [True]
    assert (
        logging.get_verbosity(),
        logging.is_progress_bar_enabled(),
        are_progress_bars_disabled(),
    ) == state
