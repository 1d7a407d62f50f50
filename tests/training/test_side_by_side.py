"""Two branches side by side: the numbers of one after the other, gradients too, and nothing left behind."""

import threading

import pytest
import torch
from torch import nn

from assay.training.side_by_side import Branch, compute_both, side_by_side

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """Ask for two threads, however many the machine has."""
    monkeypatch.setenv("ASSAY_THREADS", "2")


@pytest.fixture
def branches():
    """Make two branches that differ, and note the threads that read them."""
    torch.manual_seed(0)
    readers = []

    def branch(layer):
        def read(x):
            readers.append(threading.current_thread())
            return torch.tanh(layer(x)).amax(dim=0)

        return Branch(read, list(layer.parameters()))

    return branch(nn.Linear(4, 3)), branch(nn.Linear(4, 5)), readers


def gradients(first, second, x):
    """Return both outputs, and the gradients of the input and of all weights."""
    x = x.clone().requires_grad_()
    one, other = compute_both(first, second, x)
    loss = one.sum() + 2 * other.square().sum()
    return (
        one.detach(),
        other.detach(),
        *torch.autograd.grad(loss, [x, *first.weights, *second.weights]),
    )


def test_outputs_and_gradients_are_those_of_one_thread(branches):
    """All numbers are the same to the last bit; the second branch was read by another thread, the first by this one."""
    first, second, readers = branches
    x = torch.randn(7, 4)
    expected = gradients(first, second, x)
    assert set(readers) == {threading.current_thread()}
    readers.clear()
    with side_by_side(CPU):
        beside = gradients(first, second, x)
    assert len(beside) == 7
    for one, other in zip(expected, beside, strict=True):
        assert torch.equal(one, other)
    assert threading.current_thread() in readers
    assert len(set(readers)) == 2


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_nothing_is_kept_for_gradients_where_none_are_wanted(branches, mode):
    """The other thread computes in the mode of the one that asks."""
    first, second, readers = branches
    with side_by_side(CPU), mode():
        one, other = compute_both(first, second, torch.randn(7, 4))
        assert one.is_inference() == other.is_inference() == (mode is torch.inference_mode)
    assert not one.requires_grad
    assert not other.requires_grad
    assert len(set(readers)) == 2


def test_threads_are_halved_inside_and_restored_after():
    """Each of the two computes with half of the threads; the block leaves no thread and no setting behind."""
    before, threads = torch.get_num_threads(), threading.active_count()
    counts = []

    def read(x):
        counts.append(torch.get_num_threads())
        return x

    with side_by_side(CPU), torch.no_grad():
        compute_both(Branch(read, []), Branch(read, []), torch.zeros(1))
        assert threading.active_count() == threads + 1
    assert counts == [1, 1]
    assert (torch.get_num_threads(), threading.active_count()) == (before, threads)


def test_one_thread_and_gpus_have_no_companion(branches, monkeypatch):
    """Where there is nothing to gain all is read by the thread that asks."""
    first, second, readers = branches
    with side_by_side(torch.device("cuda")), torch.no_grad():
        compute_both(first, second, torch.randn(7, 4))
    monkeypatch.setenv("ASSAY_THREADS", "1")
    with side_by_side(CPU), torch.no_grad():
        compute_both(first, second, torch.randn(7, 4))
    assert set(readers) == {threading.current_thread()}


@pytest.mark.parametrize("fails", [0, 1])
def test_an_error_in_either_thread_reaches_the_caller(branches, fails):
    """It is the error itself, and what comes after computes as before."""
    first, second, _ = branches

    def read(x):
        raise ValueError("no such word")

    pair = [first, second]
    pair[fails] = Branch(read, [])
    x = torch.randn(7, 4)
    with side_by_side(CPU), torch.no_grad():
        with pytest.raises(ValueError, match="no such word"):
            compute_both(*pair, x)
        assert [part.shape for part in compute_both(first, second, x)] == [(3,), (5,)]


def test_another_thread_of_the_caller_is_left_alone(branches):
    """The block holds for the thread that entered it: one that predicts meanwhile computes by itself."""
    first, second, readers = branches

    def predict():
        with torch.no_grad():
            compute_both(first, second, torch.randn(7, 4))

    with side_by_side(CPU):
        other = threading.Thread(target=predict)
        other.start()
        other.join()
    assert set(readers) == {other}
