"""Two branches of a network, each computed by a thread of its own, forwards and backwards.

On a CPU, torch divides every operation among its threads, which wait for each other after each
operation: some sixty times per step of a small network. Two branches that need nothing of each
other wait only twice, after the forward and after the backward pass. Where other processes use the
cores too, training is three times as fast: no thread waits sixty times for the others' turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from assay import _env
from assay.checkpoints.torch_state import compute_threads

__all__ = ["Branch", "compute_both", "side_by_side"]

Result = TypeVar("Result")
Read = Callable[[Tensor], Tensor]

# The second thread of the thread that asks; None outside `side_by_side`
_companion: ContextVar[ThreadPoolExecutor | None] = ContextVar("_companion", default=None)


class Branch(NamedTuple):
    """A part of a network that draws no random numbers.

    `read` computes its output from the input; `weights` are its parameters.
    """

    read: Read
    weights: list[nn.Parameter]


@contextmanager
def side_by_side(device: torch.device) -> Iterator[None]:
    """Let `compute_both` use a second thread inside the block.

    Each of the two threads gets half of torch's threads. On a GPU, or with one thread, the block
    changes nothing.
    """
    n_threads = _env.n_threads()
    if device.type != "cpu" or n_threads == 1:
        yield
        return
    with (
        compute_threads(n_threads // 2),
        ThreadPoolExecutor(1, thread_name_prefix="assay-branch") as pool,
    ):
        token = _companion.set(pool)
        try:
            yield
        finally:
            _companion.reset(token)


def compute_both(first: Branch, second: Branch, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``first.read(x)`` and ``second.read(x)``.

    Inside `side_by_side` the second is computed by the second thread. Gradients are those of the
    plain computation, but second derivatives are not available.
    """
    pool = _companion.get()
    if pool is None:
        return first.read(x), second.read(x)
    if torch.is_grad_enabled():
        outputs: tuple[Tensor, Tensor] = _SideBySide.apply(
            pool, first, second, x, *first.weights, *second.weights
        )  # type: ignore[no-untyped-call]
        return outputs
    mode = torch.inference_mode if torch.is_inference_mode_enabled() else torch.no_grad

    def read_second() -> Tensor:
        with mode():  # each thread has a mode of its own
            return second.read(x)

    return _both(pool, lambda: first.read(x), read_second)


def _both(
    pool: ThreadPoolExecutor, first: Callable[[], Result], second: Callable[[], Result]
) -> tuple[Result, Result]:
    beside = pool.submit(second)
    return first(), beside.result()


class _SideBySide(torch.autograd.Function):
    """Cuts the graph of gradients at both ends of the branches.

    So each thread computes the gradients of its own branch.
    """

    @staticmethod
    def forward(
        ctx: Any,
        pool: ThreadPoolExecutor,
        first: Branch,
        second: Branch,
        x: Tensor,
        *_weights: nn.Parameter,
    ) -> tuple[Tensor, Tensor]:
        def read(branch: Branch) -> tuple[Tensor, list[Tensor]]:
            start = x.detach().requires_grad_()
            with torch.enable_grad():
                return branch.read(start), [start, *branch.weights]

        ctx.pool = pool
        ctx.parts = _both(pool, lambda: read(first), lambda: read(second))
        (end, _), (end_beside, _) = ctx.parts
        return end.detach(), end_beside.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, gradient_beside: Tensor) -> tuple[Tensor | None, ...]:
        (end, inputs), (end_beside, inputs_beside) = ctx.parts
        own, beside = _both(
            ctx.pool,
            lambda: torch.autograd.grad(end, inputs, gradient),
            lambda: torch.autograd.grad(end_beside, inputs_beside, gradient_beside),
        )
        return None, None, None, own[0] + beside[0], *own[1:], *beside[1:]
