"""Process-wide state is set for a block and put back, also where blocks of two threads overlap."""

import threading

import pytest
import torch
import transformers
from huggingface_hub.utils import are_progress_bars_disabled

from assay.checkpoints.torch_state import (
    compute_threads,
    multiplies_bfloat16,
    pick_device,
    quiet_hub,
    quiet_transformers,
    unprinted_graphs,
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
        ("cuda:99", r"this machine has no device 'cuda:99' \(\d+ CUDA devices\)"),
        ("mps", r"this machine has no device 'mps' \(use device='auto' or device='cpu'\)"),
    ],
)
def test_impossible_devices_are_refused(monkeypatch, name, message):
    """A device that is no device, or that this machine lacks, is named."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InputError, match=message):
        pick_device(name)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"avx512_f": True, "avx512_bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),  # torch emulates it
        ({"architecture": "arm64"}, False),
    ],
)
def test_processors_multiply_bfloat16_by_instructions_alone(monkeypatch, known, expected):
    """An x86 processor says which instructions it has; others say nothing."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert multiplies_bfloat16(torch.device("cpu")) is expected
    assert not multiplies_bfloat16(torch.device("mps"))


def test_torch_that_names_no_instructions_computes_in_float32(monkeypatch):
    """Older releases cannot be asked."""
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not multiplies_bfloat16(torch.device("cpu"))


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


def overlap(first, second, look):
    """Open `first` here and `second` in another thread, close `first`, then `second`; look at each step."""
    is_open, may_close = threading.Event(), threading.Event()
    seen = {}

    def other():
        with second:
            seen["second open"] = look()
            is_open.set()
            may_close.wait(timeout=10)
            seen["first closed, in the second"] = look()
        seen["second closed"] = look()

    thread = threading.Thread(target=other)
    with first:
        seen["first open"] = look()
        thread.start()
        assert is_open.wait(timeout=10)
        seen["both open, in the first"] = look()
    seen["first closed"] = look()
    may_close.set()
    thread.join(timeout=10)
    seen["after all"] = look()
    return seen


def test_thread_counts_of_two_threads_do_not_mix():
    """Each thread computes with its own count, and each gets the host's back, whichever closes first."""
    before = torch.get_num_threads()
    seen = overlap(compute_threads(before + 1), compute_threads(before + 2), torch.get_num_threads)
    assert seen == {
        "first open": before + 1,
        "second open": before + 2,
        "both open, in the first": before + 1,
        "first closed": before,
        "first closed, in the second": before + 2,
        "second closed": before,
        "after all": before,
    }
    fresh = []
    thread = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert fresh == [before]


def test_thread_counts_nest():
    """A block inside a block puts back the outer one's count."""
    before = torch.get_num_threads()
    with compute_threads(before + 2):
        with compute_threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == before + 2
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("quiet", [quiet_hub, quiet_transformers])
def test_silence_lasts_until_the_last_thread_is_done(quiet):
    """The block that closes first does not switch anything on under the other."""
    logging = transformers.utils.logging

    def look():
        return logging.get_verbosity(), are_progress_bars_disabled()

    before = look()
    seen = overlap(quiet(), quiet(), look)
    silent = seen["first open"]
    assert silent != before
    assert seen["first closed"] == seen["first closed, in the second"] == silent
    assert seen["second closed"] == seen["after all"] == before


def test_exporter_that_fails_prints_nothing(capfd):
    """Its whole graph was on stdout, in the middle of what a program reads there."""
    inside = torch._C._jit_onnx_log
    with unprinted_graphs():
        torch._C._jit_onnx_log("graph(")
        assert torch._C._jit_onnx_log is not inside
    assert torch._C._jit_onnx_log is inside
    assert capfd.readouterr().out == ""
