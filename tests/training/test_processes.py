"""Several processes that train one network: the same weights as one, one voice, and an end that all share."""

import os
import socket
import subprocess
import textwrap
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from _support import forks
from _support.small_runs import read_json, write_data
from assay import _env
from assay.training.processes import ALONE, Processes, join_processes

N = 2
SCRIPT = r"""
    import os, signal, sys, time
    import numpy as np, torch
    from assay.errors import InputError
    from assay.training.processes import join_processes

    cpu, how = torch.device("cpu"), sys.argv[1]
    with join_processes() as ranks:
        weight, other, unused = (torch.nn.Parameter(torch.ones(2)) for _ in range(3))
        shared = ranks.share_gradients(
            [weight, other, unused], lambda x, mask: x * weight + mask * other, uses_all=False
        )
        if how == "error" and ranks.rank == 1:
            raise InputError("its file is gone")
        if how == "kill" and ranks.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        has_rows = ranks.rank == 1
        x, mask = torch.full((2,), 3.0), torch.full((2,), 2.0)
        loss = ranks.sum_up(shared(x, mask).sum() * has_rows)
        with join_processes() as inner:
            assert inner is ranks
        first = ranks.follow_first([ranks.rank + 0.25], cpu)
        summed = ranks.sum_array(np.array([1.0, ranks.rank]), cpu)
        grads = weight.grad.unique().tolist(), other.grad.unique().tolist()
        assert unused.grad is None and not loss.requires_grad
        print(ranks.rank, *grads, float(loss), first, summed.tolist(), flush=True)
        ranks.check_alike(f"{ranks.rank}", cpu, what="settings")
"""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "ASSAY_THREADS": "1", "COLUMNS": "80"}


def start_together(*args, cwd, n=N):
    """Start processes that meet at an address; return their exit codes, and what all said.

    torchrun would set the same variables, and load torch once more to do so.
    """
    processes = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(listener.getsockname()[1])}
    for rank in range(n):
        numbers = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": n, "LOCAL_WORLD_SIZE": n}
        process = subprocess.Popen(
            [str(forks.shared.python), *map(str, args)],
            cwd=cwd,
            env={**ENVIRONMENT, **meeting, **{name: str(i) for name, i in numbers.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        processes.append(process)
    said = [process.communicate(timeout=280) for process in processes]
    codes = [process.returncode for process in processes]
    return codes, "".join(out for out, _ in said), "".join(error for _, error in said)


# Sums of bfloat16 differ by more than 1e-5, whichever process makes them
IN_FLOAT32 = """
    from assay.cli import main
    from assay.training import precision

    if __name__ == "__main__":
        precision.multiplies_bfloat16 = lambda device: False
        main()
"""


def launch(*args, cwd, n=N):
    """Start processes with torchrun; return the code it ended with, and what all said."""
    command = [
        forks.shared.python,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        n,
        *args,
    ]
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**ENVIRONMENT, forks.PYTHON: str(forks.shared.python)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
    )
    return done.returncode, done.stdout, done.stderr


def launch_script(how, folder):
    """Run the script above in two processes."""
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    return start_together(folder / "script.py", how, cwd=folder)


@pytest.mark.slow
def test_gradients_are_summed(tmp_path):
    """All have the sum of the gradients and losses, which a process without rows adds nothing to.

    All have what process 0 decides.

    At the end they find out that they have different settings, and all end with that.
    """
    codes, out, error = launch_script("well", tmp_path)
    assert sorted(out.splitlines()) == [f"{i} [3.0] [2.0] 10.0 [0.25] [2.0, 1.0]" for i in range(N)]
    assert 0 not in codes
    assert "InputError: the 2 processes have different settings; the same in each is " in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("error", "OutsideError: process 1: its file is gone"),
        ("kill", "OutsideError: another process of this training ended, or cannot be reached"),
    ],
)
def test_failure_of_one_ends_all(tmp_path, how, said):
    """Process 0 says why another one failed, and nobody waits for the time limit of an exchange."""
    started_s = time.monotonic()
    codes, out, error = launch_script(how, tmp_path)
    assert 0 not in codes
    assert out == ""
    assert said in error
    assert time.monotonic() - started_s < 60


def train(data, checkpoint, out, *more):
    """Return the command line of a training of 10 steps."""
    return [
        "train",
        data,
        "--method",
        "finetune",
        "--checkpoint",
        checkpoint,
        "--epochs",
        3,
        "--out",
        out,
        *more,
    ]


@pytest.fixture
def still(tiny_bert, tmp_path):
    """Copy the small checkpoint, without dropout."""
    folder = tmp_path / "still"
    folder.mkdir()
    for path in tiny_bert.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('dropout_prob": 0.1', 'dropout_prob": 0.0'))
    assert read_json(folder / "config.json")["hidden_dropout_prob"] == 0.0
    return folder


@pytest.mark.slow
def test_two_processes_train_the_model_of_one(still, tmp_path):
    """Without dropout the weights are the same to 1e-5, the scores too; one process writes and speaks."""
    data = write_data(tmp_path / "data")
    script = tmp_path / "in_float32.py"
    script.write_text(textwrap.dedent(IN_FLOAT32))
    code, _, error = launch(script, *train(data, still, tmp_path / "one"), cwd=tmp_path, n=1)
    assert code == 0, error
    code, out, error = launch(script, *train(data, still, tmp_path / "two"), cwd=tmp_path)
    assert code == 0, error
    assert out.count("written to") == 1
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for name, value in one.items():
        # The scores do not depend on the bias of keys (softmax takes no notice): its gradient is
        # rounding noise, of which Adam makes whole steps.
        if not name.endswith("key.bias"):
            np.testing.assert_allclose(two[name], value, atol=1e-5, err_msg=name)
    scores = [read_json(tmp_path / name / "assay.json")["scores"] for name in ("one", "two")]
    assert scores[0] == scores[1]


@pytest.mark.slow
def test_other_methods_do_not_share_their_work(tmp_path):
    """One message, and nothing written."""
    data = write_data(tmp_path / "data")
    codes, out, error = start_together(
        "-m", "assay", "train", data, "--method", "linear", "--out", "m", cwd=tmp_path
    )
    assert codes == [2, 2]
    assert out == ""
    assert (
        error.count(
            "error: 2 processes were started for method 'linear'; finetune alone shares its work"
        )
        == 1
    )
    assert not (tmp_path / "m").exists()


def test_one_process_exchanges_nothing():
    """Alone, sums are what was given, and every row is one's own."""
    rows = np.arange(5)
    with join_processes() as ranks:
        assert ranks is ALONE
    assert ALONE.own(rows).tolist() == rows.tolist()
    assert ALONE.sum_array(rows, None) is rows
    assert ALONE.follow_first([1.5], None) == [1.5]


@pytest.mark.parametrize("n_rows", [1, 2, 7])
def test_shares_make_up_the_batch(n_rows):
    """Every row is read by one process."""
    rows = np.arange(n_rows) + 10
    shares = [Processes(rank, 3).own(rows) for rank in range(3)]
    assert sorted(np.concatenate(shares).tolist()) == rows.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_launched_processes_are_seen(monkeypatch):
    """What torchrun sets is read where there is an address to meet at; others use these names too."""
    for name, value in {
        "WORLD_SIZE": "4",
        "RANK": "3",
        "LOCAL_RANK": "1",
        "LOCAL_WORLD_SIZE": "2",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert (_env.n_processes(), _env.process_rank(), _env.local_rank()) == (1, 0, 0)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    assert (_env.n_processes(), _env.process_rank(), _env.local_rank()) == (4, 3, 1)
    monkeypatch.setenv("ASSAY_THREADS", "")
    monkeypatch.setattr("assay._env.os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert _env.n_threads() == 4
