"""How much more two workers of one thread answer than one: `assay serve --workers 2`, on loopback.

    python benchmarks/serving_workers.py --model DIR   a model folder, some minutes
    python benchmarks/serving_workers.py --smoke       the built-in sample: does it still run?

Closed loop: as many clients as `--clients` ask again as soon as they are answered, so that a server
always has more to do than it can. Both servers run all the time and are asked in turn, in rounds,
each round in the other order; the answer is the median over rounds of the ratio of their rates.
The clients run on the same cores: their processor time is told beside that of the servers. A round
in which other programs took more than `MAX_OTHERS` of a core is marked; medians are over unmarked
rounds where there are two at least. Results go to benchmarks/results/workers-NAME-METHOD.json,
every single latency to workers-NAME-METHOD.samples.json.gz beside it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from load import Caller, build_request
from methods import describe_machine
from serving import Running, find_port, serving

import assay

ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {"one worker": 1, "two workers": 2}
GOAL = 1.6
MAX_OTHERS = 0.1  # cores
MIN_QUIET = 2
IDLE_FIELDS = (3, 4)  # of a line of /proc/stat: idle, and waiting for the disk
N_FIELDS = 8  # the rest is counted in these already


@dataclass(frozen=True)
class Plan:
    """What is measured: rounds, seconds of each load, and clients at a time."""

    n_rounds: int
    seconds: float
    n_clients: int


def machine_cpu_s() -> float:
    """Return the processor time that all programs of the machine took so far."""
    fields = (
        Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1 : N_FIELDS + 1]
    )
    ticks = [int(field) for i, field in enumerate(fields) if i not in IDLE_FIELDS]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def server_cpu_s(pid: int) -> float:
    """Return the processor time of a server and its workers, which have sessions of their own."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # gone since it was listed
            continue
        child = int(path.parent.name)
        parents[child], ticks[child] = int(fields[1]), int(fields[11]) + int(fields[12])
    counted = {pid}
    while found := {one for one, parent in parents.items() if parent in counted} - counted:
        counted |= found
    return sum(ticks.get(one, 0) for one in counted) / os.sysconf("SC_CLK_TCK")


def ask_all_the_time(port: int, requests: list[bytes], plan: Plan) -> list[float]:
    """Let all clients ask until the time is over; return the latency of every answer in seconds."""
    until_s = time.perf_counter() + plan.seconds
    latencies: list[list[float]] = [[] for _ in range(plan.n_clients)]

    def ask(client: int) -> None:
        caller = Caller(port)
        i = client
        while time.perf_counter() < until_s:
            latencies[client].append(caller.time(requests[i % len(requests)]))
            i += plan.n_clients
        caller.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(plan.n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for of_client in latencies for one in of_client]


def measure_load(running: Running, requests: list[bytes], plan: Plan) -> tuple[dict[str, Any], Any]:
    """Load one server; return what came of it, and every latency in units of 10 us."""
    before_s = (server_cpu_s(running.pid), time.process_time(), machine_cpu_s())
    started_s = time.perf_counter()
    latencies_s = ask_all_the_time(running.port, requests, plan)
    took_s = time.perf_counter() - started_s
    after_s = (server_cpu_s(running.pid), time.process_time(), machine_cpu_s())
    server_s, client_s, machine_s = (y - x for x, y in zip(before_s, after_s, strict=True))
    found = {
        "n_answered": len(latencies_s),
        "took_s": took_s,
        "rate": len(latencies_s) / took_s,
        "p50_ms": statistics.median(latencies_s) * 1000,
        "server_cores": server_s / took_s,
        "client_cores": client_s / took_s,
        "other_cores": max(machine_s - server_s - client_s, 0.0) / took_s,
    }
    return found, [round(one * 1e5) for one in latencies_s]


def measure(
    systems: dict[str, Running], texts: list[str], plan: Plan
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Load both servers in turn, in rounds; what comes first is thrown away, to warm up."""
    requests = [build_request("/predict", text) for text in texts]
    for running in systems.values():
        ask_all_the_time(running.port, requests, Plan(1, min(plan.seconds, 2.0), plan.n_clients))
    loads: list[dict[str, Any]] = []
    samples: list[Any] = []
    for round_ in range(plan.n_rounds):
        for name in list(systems)[:: -1 if round_ % 2 else 1]:
            found, latencies = measure_load(systems[name], requests, plan)
            loads.append({"system": name, "round": round_, **found})
            samples.append({"system": name, "round": round_, "latencies_10us": latencies})
            print(f"{name}: {found['rate']:.0f} requests per second", file=sys.stderr)
    return loads, samples


def chosen_rounds(loads: list[dict[str, Any]]) -> list[dict[str, dict[str, Any]]]:
    """Return the loads of each round by system: of quiet rounds where there are enough, else all."""
    rounds: dict[int, dict[str, dict[str, Any]]] = {}
    for load in loads:
        rounds.setdefault(load["round"], {})[load["system"]] = load
    quiet = [
        one
        for one in rounds.values()
        if max(load["other_cores"] for load in one.values()) <= MAX_OTHERS
    ]
    return quiet if len(quiet) >= MIN_QUIET else list(rounds.values())


def median_ratio(loads: list[dict[str, Any]]) -> float:
    """Return how many times as much two workers answer, the median over rounds."""
    rounds = chosen_rounds(loads)
    return statistics.median(
        one["two workers"]["rate"] / one["one worker"]["rate"] for one in rounds
    )


def summarise(content: dict[str, Any]) -> str:
    """Return the table, and the ratio in a sentence."""
    rounds = chosen_rounds(content["loads"])
    lines = [
        "| system | requests per second | p50, ms | cores: server | clients | others |",
        "|---|---|---|---|---|---|",
    ]
    for name in SYSTEMS:
        keys = ("rate", "p50_ms", "server_cores", "client_cores", "other_cores")
        medians = {key: statistics.median(one[name][key] for one in rounds) for key in keys}
        lines.append(
            f"| `{content['model']}`, {name} of one thread | {medians['rate']:,.0f} | "
            f"{medians['p50_ms']:.1f} | {medians['server_cores']:.2f} | "
            f"{medians['client_cores']:.2f} | {medians['other_cores']:.2f} |"
        )
    ratios = [one["two workers"]["rate"] / one["one worker"]["rate"] for one in rounds]
    n_rounds = len({load["round"] for load in content["loads"]})
    lines += [
        "",
        f"Two workers answer {median_ratio(content['loads']):.2f} times as much (median of "
        f"{len(rounds)} of {n_rounds} rounds, {min(ratios):.2f} to {max(ratios):.2f}; "
        f"{content['n_clients']} clients).",
    ]
    return "\n".join(lines)


def goals(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    if content["model"] != "finetune":
        return []
    ratio = median_ratio(content["loads"])
    return [("`finetune`, two workers beside one", f">= {GOAL}x", f"{ratio:.2f}x")]


def main() -> None:
    """Start both servers, measure in turns, keep, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a model folder")
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    plan = Plan(given.rounds, given.seconds, given.clients)
    if given.smoke:
        plan = Plan(2, 0.5, 4)
    with ExitStack() as stack:
        model = given.model
        if given.smoke:
            model = str(Path(stack.enter_context(TemporaryDirectory())) / "linear")
            assay.train_model("sample", model, method="linear")
        systems: dict[str, Running] = {}
        for name, n_workers in SYSTEMS.items():
            port = find_port()
            command = [sys.executable, "-m", "assay", "serve", model, "--threads", "1", "--quiet"]
            command += ["--workers", str(n_workers), "--port", str(port)]
            systems[name] = Running(port, stack.enter_context(serving(command, port)))
        texts = list(assay.load_data("sample" if given.smoke else given.data)["test"].texts)
        loads, samples = measure(systems, texts, plan)
    content = {
        "name": given.name,
        "model": assay.load_model(given.model).method if given.model else "linear",
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": plan.seconds,
        "n_clients": plan.n_clients,
        "machine": describe_machine(),
        "loads": loads,
    }
    print(summarise(content))
    if not given.smoke:
        path = ROOT / "benchmarks" / "results" / f"workers-{given.name}-{content['model']}.json"
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        with gzip.GzipFile(path.with_suffix(".samples.json.gz"), "wb", mtime=0) as stream:
            stream.write(json.dumps(samples).encode())


if __name__ == "__main__":
    main()
