"""Several processes that train one network together.

`torchrun` and `accelerate launch` start them.

Each reads its share of every batch; torch's DistributedDataParallel gives all of them the gradient
of the whole batch, so that they take the same steps. Only process 0 decides what depends on a
clock, writes files and reports. An error in another process is passed to it through the store that
they share. Source: torch.distributed (https://docs.pytorch.org/docs/stable/distributed.html).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from assay import _env
from assay.checkpoints.torch_state import pick_device
from assay.errors import AssayError, InputError, OutsideError, first_line

__all__ = ["ALONE", "Processes", "join_processes"]

logger = logging.getLogger(__name__)

# Longest time of one exchange: another process may be busy with the data that long
TIMEOUT = timedelta(hours=2)
MEET_WITHIN = timedelta(minutes=5)
HEARD_WITHIN_S = 20.0  # how long a process that failed waits for process 0 to read why
ERROR, HEARD = "assay/error", "assay/heard"


@dataclass(frozen=True)
class Processes:
    """The processes that train together, and which of them this one is.

    Parameters
    ----------
    rank : int
        Number of this process, from 0.
    n : int
        Number of processes; if it is 1, nothing is exchanged.
    store : torch.distributed.Store, optional
        Where a process that fails leaves the reason.
    """

    rank: int = 0
    n: int = 1
    store: Any = None

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files and reports."""
        return self.rank == 0

    def own(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of a batch that this process reads; there may be none."""
        return rows[self.rank :: self.n]

    def share_gradients(
        self,
        parameters: Sequence[nn.Parameter],
        forward: Callable[[Tensor, Tensor], Tensor],
        *,
        uses_all: bool,
    ) -> Callable[[Tensor, Tensor], Tensor]:
        """Return `forward` with gradients that belong to all processes.

        `sum_up` has to run its way back, in every process and for every batch.

        Parameters
        ----------
        parameters : sequence of nn.Parameter
            Those that learn.
        forward : callable
            ``(input_ids, attention_mask) -> logits``.
        uses_all : bool
            Whether every batch uses all of the parameters. False costs a search for those that are
            not used.
        """
        # Gradients that are views of what is sent are not copied
        shared: Callable[[Tensor, Tensor], Tensor] = DistributedDataParallel(
            _Through(parameters, forward),
            gradient_as_bucket_view=True,
            find_unused_parameters=not uses_all,
        )
        return shared

    def sum_up(self, loss: Tensor) -> Tensor:
        """Return the sum of the losses of all processes, shape (); leave its gradient everywhere.

        Parameters
        ----------
        loss : tensor of shape ()
            Came through what `share_gradients` returned; zero times a loss if this process read no
            text.
        """
        total = loss.detach().clone()
        with self._exchange():
            (loss * self.n).backward()  # torch takes the mean over processes, not the sum
            distributed.all_reduce(total)
        return total

    def sum_array(self, array: np.ndarray, device: torch.device) -> np.ndarray:
        """Return the sum of every process's array."""
        if self.n == 1:
            return array
        together = torch.from_numpy(array).to(device)
        with self._exchange():
            distributed.all_reduce(together)
        return np.asarray(together.cpu().numpy())

    def follow_first(self, values: Sequence[float], device: torch.device) -> list[float]:
        """Return the values of process 0."""
        if self.n == 1:
            return list(values)
        said = torch.tensor(values, dtype=torch.float64, device=device)
        with self._exchange():
            distributed.broadcast(said, src=0)
        return list(map(float, said.cpu()))

    def gather(self, tensor: Tensor, device: torch.device) -> list[Tensor]:
        """Return the tensors of all processes, on the CPU; they have the same shape everywhere."""
        if self.n == 1:
            return [tensor]
        given = tensor.to(device)
        received = [torch.empty_like(given) for _ in range(self.n)]
        with self._exchange():
            distributed.all_gather(received, given)
        return [one.cpu() for one in received]

    def check_alike(self, digest: str, device: torch.device, *, what: str) -> None:
        """Make sure that all processes have the same digest.

        Raises
        ------
        InputError
            They do not; the message says that they have different `what`.
        """
        own = torch.frombuffer(bytearray(digest.encode()), dtype=torch.uint8)
        if any(not torch.equal(one, own) for one in self.gather(own, device)):
            raise InputError(
                f"the {self.n} processes have different {what}; the same in each is accepted",
                hint="give every process the same command, "
                "and data and output on a disk that all can read",
            )

    @contextmanager
    def _exchange(self) -> Iterator[None]:
        """Turn a failed exchange into the error of the process that failed.

        Raises
        ------
        OutsideError
            Another process ended or does not answer.
        """
        try:
            yield
        except torch.OutOfMemoryError:  # of this process: gradients are computed while exchanged
            raise
        except RuntimeError as err:  # the base of torch's errors of exchanges
            reason = self._read_error() if self.is_first else None
            lost = "another process of this training ended, or cannot be reached"
            raise OutsideError(reason or f"{lost}: {first_line(err)}") from err

    def _read_error(self) -> str | None:
        """Return the reason that a failed process left; None if it left none."""
        with suppress(Exception):
            for _ in range(20):
                if self.store.check([ERROR]):
                    reason = str(self.store.get(ERROR).decode())
                    self.store.set(HEARD, "1")
                    return reason
                time.sleep(0.05)
        return None

    def tell_first(self, err: BaseException) -> None:
        """Leave the reason where process 0 finds it, end the exchanges, wait until it was read."""
        if isinstance(err, OutsideError) and isinstance(err.__cause__, RuntimeError):
            return  # another process failed, and has left its reason
        message = f"{type(err).__name__}: {first_line(err)}"
        if isinstance(err, AssayError):
            message = err.message
        with suppress(Exception):
            self.store.set(ERROR, f"process {self.rank}: {message}")
            distributed.destroy_process_group()
            started_s = time.monotonic()
            while time.monotonic() - started_s < HEARD_WITHIN_S:
                if self.store.check([HEARD]):
                    return
                time.sleep(0.05)
        logger.error("process %d: %s", self.rank, message)


class _Through(nn.Module):
    """What learns, and the way from texts to logits through it.

    It names no other tensors of the network: torch would send those too, with every batch.
    """

    def __init__(
        self, parameters: Sequence[nn.Parameter], forward: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.learning = nn.ParameterList(parameters)
        self._through = forward

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the logits of a batch."""
        return self._through(input_ids, attention_mask)


ALONE = Processes()
_joined: list[Processes] = []  # joined by an outer `join_processes`; inner ones share it


@contextmanager
def join_processes() -> Iterator[Processes]:
    """Join the processes that were started together, if there are several; leave at the end.

    If torch.distributed is set up already, its group is used and left as it is.

    Raises
    ------
    OutsideError
        The others could not be reached, or one of them failed.
    """
    if distributed.is_available() and distributed.is_initialized():
        yield _joined[-1] if _joined else _current_group()
        return
    if _env.n_processes() == 1:
        yield ALONE
        return
    processes = _join_group(_env.process_rank(), _env.n_processes())
    _joined.append(processes)
    try:
        yield processes
    except BaseException as err:
        if not processes.is_first:
            processes.tell_first(err)
        raise
    finally:
        _joined.clear()
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _current_group() -> Processes:
    """Return the group that somebody else has set up."""
    return Processes(distributed.get_rank(), distributed.get_world_size())


def _join_group(rank: int, n: int) -> Processes:
    """Set up torch.distributed for processes that a launcher started.

    Raises
    ------
    OutsideError
        The others could not be reached.
    """
    device = pick_device()
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        meeting = distributed.rendezvous("env://", rank=rank, world_size=n, timeout=MEET_WITHIN)
        store, _, _ = next(iter(meeting))
        distributed.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=distributed.PrefixStore("assay", store),
            rank=rank,
            world_size=n,
            timeout=TIMEOUT,
        )
    except (RuntimeError, ValueError) as err:
        raise OutsideError(
            f"process {rank} of {n} could not join the others: {first_line(err)}",
            hint="start all of them with torchrun or accelerate launch",
        ) from err
    return Processes(rank, n, store)
