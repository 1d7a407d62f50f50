"""Two branches of a network, computed side by side by a thread each, forwards and backwards.

Torch shares out every operation on a CPU among its threads, which wait for each other after each:
some sixty times per step of a small network. Two branches that do not ask for each other until
their ends wait twice. Where other processes want the cores too, that is three times as fast: no
thread waits sixty times for the others to get their turn.
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

_companion: ContextVar[ThreadPoolExecutor | None] = ContextVar(
    "_companion", default=None
)  # of the thread that asks


class Branch(NamedTuple):
    """A part of a network that draws no random numbers.

    `read` takes the input; `weights` are what it learns.
    """

    read: Read
    weights: list[nn.Parameter]


@contextmanager
def side_by_side(device: torch.device) -> Iterator[None]:
    """Let `compute_both` have a second thread inside the block.

    Each of the two has half of torch's threads.

    On a GPU, or with one thread, the block changes nothing.
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

    Inside `side_by_side` the second is computed by the thread of that block.

    Gradients flow as always, but have no gradients of their own.
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
        with mode():  # a thread has modes of its own
            return second.read(x)

    return _both(pool, lambda: first.read(x), read_second)


def _both(
    pool: ThreadPoolExecutor, first: Callable[[], Result], second: Callable[[], Result]
) -> tuple[Result, Result]:
    beside = pool.submit(second)
    return first(), beside.result()


class _SideBySide(torch.autograd.Function):
    """Cuts the graph at both ends of the branches.

    Each thread then goes back through its own part of it.
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
