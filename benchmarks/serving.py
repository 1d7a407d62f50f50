"""How many requests per second, at which latency: `assay serve` and LitServe over the same runtime, on loopback.

    python benchmarks/serving.py --model DIR                       one model folder, up to an hour
    python benchmarks/serving.py --model INT8 --pipeline FINETUNE  an int8 copy, and the pipeline
                                                                   over its model
    python benchmarks/serving.py --smoke                           the built-in sample: does the
                                                                   script still run?

Open loop (see load.py), real tweets, one compute thread each. What is fixed before anything is
measured:

- The bound is p99 <= 10 ms, the one that the goal names (1,500 requests/s within it). A system's
rate is the highest whose p99 is within the bound in the median of the rounds. The same is printed
for 25, 50 and 100 ms (what feels like at once to a person): all of them, so that none is chosen
afterwards. - Systems take turns at every rate, in rounds, each round in another order. - In every
round a server that does nothing (serving_control.py) is loaded first. Where its p99 is above 5 ms
the machine was busy with something else: the round is tried again, up to `--retries` times, and if
that does not help it is marked. Medians are over unmarked rounds where there are two at least, else
over all; how many were quiet is printed. A round is judged by the control alone, never by what it
measured.

LitServe is measured unbatched and batched; the better one counts. CPU time a request is that of all
processes of a system, which depends less on what else the machine does. What HTTP adds to a lone
request: a direct call and a request to every system in turn, text by text, so that all meet the
same moments. LitServe's environment is made in .venv-serving from requirements-serving.txt and sees
the libraries of this one. Results go to benchmarks/results/serving-NAME-METHOD.json, every single
latency to serving-NAME-METHOD.samples.json.gz beside it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import socket
import statistics
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from load import Caller, build_request, offer_load
from methods import describe_machine

import assay

ROOT = Path(__file__).resolve().parent.parent
PEER_ENVIRONMENT = ROOT / ".venv-serving"
RATES = (50, 100, 200, 300, 400, 500, 600, 800, 1000, 1250, 1500, 1750, 2000, 2500, 3000)
P99_MS = 10.0
OTHER_BOUNDS_MS = (25.0, 50.0, 100.0)
# Half of the bound: a machine that takes more than that by itself cannot tell what a server takes
CONTROL_MS = 5.0
CONTROL = "control"
MIN_QUIET = 2
N_ALONE = 500
DIRECT = "direct call"


@dataclass(frozen=True)
class Plan:
    """What is measured: rates, seconds a load, rounds a rate, and when a round is tried again."""

    rates: tuple[int, ...]
    seconds: float
    n_rounds: int
    n_retries: int
    p99_ms: float


@dataclass(frozen=True)
class Running:
    """A system that is running: where it listens, and the process whose session holds all of its processes."""

    port: int
    pid: int


def find_port() -> int:
    """Return a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_peer_environment() -> Path:
    """Make LitServe's environment where it is not there yet; return its Python."""
    python = PEER_ENVIRONMENT / "bin" / "python"
    if not (PEER_ENVIRONMENT / ".ok").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER_ENVIRONMENT)], check=True)
        needs = ROOT / "benchmarks" / "requirements-serving.txt"
        subprocess.run([str(python), "-m", "pip", "install", "-qq", "-r", str(needs)], check=True)
        # assay, onnxruntime, torch: the very libraries of this environment, so that both run the
        # same code.
        site = subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        paths = [str(ROOT / "src"), sysconfig.get_path("purelib")]
        (Path(site) / "assay-benchmark.pth").write_text("\n".join(paths) + "\n")
        (PEER_ENVIRONMENT / ".ok").touch()
    return python


@contextmanager
def serving(command: list[str], port: int) -> Iterator[int]:
    """Run a server and wait until it answers; yield the id of its process."""
    threads = {"OMP_NUM_THREADS": "1", "ASSAY_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment = {**os.environ, **threads}  # noqa: TID251
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            raise SystemExit(f"{' '.join(command)} did not answer within a minute")
        yield process.pid
    finally:
        os.killpg(process.pid, 15)  # a session of its own: its workers too
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def commands(model: str, pipeline: str | None, *, peers: bool) -> dict[str, list[str]]:
    """Return the command line of each system, without its port."""
    found = {
        CONTROL: [sys.executable, str(ROOT / "benchmarks" / "serving_control.py")],
        "assay": [sys.executable, "-m", "assay", "serve", model, "--threads", "1", "--quiet"],
    }
    if not peers:
        return found
    peer = [str(make_peer_environment()), str(ROOT / "benchmarks" / "serving_peer.py")]
    found["litserve"] = [*peer, model]
    found["litserve, batches of 32 in 2 ms"] = [
        *peer,
        model,
        "--batch",
        "32",
        "--timeout-s",
        "0.002",
    ]
    if pipeline is not None:
        found["litserve + pipeline"] = [*peer, pipeline, "--kind", "pipeline"]
        found["litserve + pipeline, batches of 16 in 5 ms"] = [
            *peer,
            pipeline,
            "--kind",
            "pipeline",
            "--batch",
            "16",
            "--timeout-s",
            "0.005",
        ]
    return found


def cpu_s(session: int) -> float:
    """Return the CPU time of all processes of a session so far."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # gone since it was listed
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure_rates(
    systems: dict[str, Running], texts: list[str], plan: Plan
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Offer each rate to each system in turn; one that failed the loosest bound twice in a row gets no higher rate."""
    loads: list[dict[str, Any]] = []
    samples: list[Any] = []
    n_failed = dict.fromkeys(systems, 0)
    for rate in plan.rates:
        asked = [name for name in systems if n_failed[name] < 2 and name != CONTROL]
        for round_ in range(plan.n_rounds if asked else 0):
            turned = asked[round_ % len(asked) :] + asked[: round_ % len(asked)]
            measured, latencies = measure_round(
                systems, turned, texts, plan, rate=rate, round_=round_
            )
            loads += measured
            samples += latencies
        for name in asked:
            n_failed[name] = (
                0 if median_p99(loads, name, rate) <= max(OTHER_BOUNDS_MS) else n_failed[name] + 1
            )
    return loads, samples


def measure_round(
    systems: dict[str, Running],
    turned: list[str],
    texts: list[str],
    plan: Plan,
    *,
    rate: int,
    round_: int,
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Load the control and then each system; again where the control was slow.

    Every attempt is kept.
    """
    loads: list[dict[str, Any]] = []
    samples: list[Any] = []
    for attempt in range(plan.n_retries + 1):
        found: list[dict[str, Any]] = []
        for name in (CONTROL, *turned):
            one, before_s = systems[name], cpu_s(systems[name].pid)
            load = offer_load(
                one.port, "/predict", texts, rate=rate, seconds=plan.seconds, seed=round_
            )
            cpu_ms = (cpu_s(one.pid) - before_s) * 1000 / max(len(load.latencies_s), 1)
            key = {"system": name, "round": round_, "attempt": attempt}
            found.append({**key, "cpu_ms_a_request": cpu_ms, **load.to_dict()})
            samples.append({**key, "rate": rate, "latencies_10us": load.samples()})
            print(f"{name} at {rate}/s: p99 {load.quantile_ms(0.99):.1f} ms", file=sys.stderr)
        is_quiet = found[0]["p99_ms"] <= CONTROL_MS
        is_last = is_quiet or attempt == plan.n_retries
        loads += [{**one, "is_quiet": is_quiet, "counts": is_last} for one in found]
        if is_last:
            break
    return loads, samples


def chosen(loads: list[dict[str, Any]], name: str, rate: float) -> list[dict[str, Any]]:
    """Return the rounds that count: the quiet ones where there are enough, else all."""
    own = [one for one in loads if one["system"] == name and one["rate"] == rate and one["counts"]]
    quiet = [one for one in own if one["is_quiet"]]
    return quiet if len(quiet) >= min(MIN_QUIET, len(own)) else own


def median_p99(loads: list[dict[str, Any]], name: str, rate: float) -> float:
    """Return the median over the rounds that count."""
    return statistics.median(one["p99_ms"] for one in chosen(loads, name, rate))


def measure_alone(
    systems: dict[str, Running], model: str, texts: list[str]
) -> dict[str, list[float]]:
    """Return the latency of a lone request to each system, and of a direct call, in ms: a list over texts each."""
    loaded = assay.load_model(model, n_threads=1)
    callers = {name: Caller(one.port) for name, one in systems.items()}
    found: dict[str, list[float]] = {DIRECT: [], **{name: [] for name in systems}}
    for i, text in enumerate([*texts[:20], *texts]):  # the first ones warm up
        request = build_request("/predict", text)
        started_s = time.perf_counter()
        loaded.predict_proba([text])
        times = {
            DIRECT: time.perf_counter() - started_s,
            **{name: one.time(request) for name, one in callers.items()},
        }
        if i >= len(texts[:20]):
            for name, seconds in times.items():
                found[name].append(round(seconds * 1000, 4))
    for one in callers.values():
        one.close()
    return found


def summarise(content: dict[str, Any]) -> str:
    """Return the tables."""
    loads, alone = content["loads"], content["alone_ms"]
    names = [name for name in dict.fromkeys(one["system"] for one in loads) if name != CONTROL]
    bounds = list(dict.fromkeys([content["p99_ms"], *OTHER_BOUNDS_MS]))
    counted = [one for one in loads if one["counts"] and one["system"] == CONTROL]
    n_quiet = sum(one["is_quiet"] for one in counted)
    columns = [
        "system",
        *(f"p99 <= {bound:g} ms" for bound in bounds),
        "p50 alone, ms",
        "CPU per request, ms",
    ]
    lines = [
        f"{n_quiet} of {len(counted)} rounds were quiet (p99 of the control <= {CONTROL_MS:g} ms).",
        "",
    ]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name in names:
        best = [
            f"{rate:,.0f}/s" if (rate := best_rate(loads, name, bound)) else "none"
            for bound in bounds
        ]
        cpu_ms = statistics.median(
            one["cpu_ms_a_request"] for one in loads if one["system"] == name and one["counts"]
        )
        lines.append(
            f"| {name} | {' | '.join(best)} | {statistics.median(alone[name]):.2f} | {cpu_ms:.2f} |"
        )
    for peers in group_peers(names):
        lines += [f"\n{compare_rates(loads, peers, bound)}" for bound in bounds]
    direct = statistics.median(alone[DIRECT])
    added = statistics.median(x - y for x, y in zip(alone["assay"], alone[DIRECT], strict=True))
    lines += [
        "",
        f"A direct call takes {direct:.2f} ms (p50); HTTP adds {added:.2f} ms (median over texts; "
        f"a server that does nothing takes {statistics.median(alone[CONTROL]):.2f} ms).",
    ]
    return "\n".join(lines)


def best_rate(loads: list[dict[str, Any]], name: str, bound_ms: float) -> float:
    """Return the highest rate within the bound; 0: none is."""
    rates = {one["rate"] for one in loads if one["system"] == name}
    return max((rate for rate in rates if median_p99(loads, name, rate) <= bound_ms), default=0.0)


def group_peers(names: Iterable[str]) -> list[list[str]]:
    """Return the peers over the same runtime, and those over transformers' pipeline, where there are any."""
    peers = [name for name in names if name not in ("assay", CONTROL)]
    groups = (
        [name for name in peers if ("pipeline" in name) == is_pipeline]
        for is_pipeline in (False, True)
    )
    return [group for group in groups if group]


def compare_rates(loads: list[dict[str, Any]], peers: list[str], bound_ms: float) -> str:
    """Say how many times the best peer's rate is reached, and how many times at least: its next rate was too high."""
    own = best_rate(loads, "assay", bound_ms)
    best = max(peers, key=lambda name: best_rate(loads, name, bound_ms))
    rate = best_rate(loads, best, bound_ms)
    next_rate = min(
        (one["rate"] for one in loads if one["system"] == best and one["rate"] > rate), default=None
    )
    if not own:
        return f"p99 <= {bound_ms:g} ms: assay none of the rates offered, {best} {rate:,.0f}/s."
    if not rate:
        least = f"{own / next_rate:.1f}" if next_rate else "unknown"
        return (
            f"p99 <= {bound_ms:g} ms: assay {own:,.0f}/s, {best} not even the lowest rate offered, "
            f"{next_rate:,.0f}/s: more than {least} times."
        )
    least = "unknown" if next_rate is None else f"{own / next_rate:.1f}"
    return f"p99 <= {bound_ms:g} ms: {own / rate:.1f} times the rate of {best} (at least {least})."


def goals(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured; peers only where they took part."""
    loads, alone = content["loads"], content["alone_ms"]
    groups = group_peers(dict.fromkeys(one["system"] for one in loads))
    bounds = dict.fromkeys([content["p99_ms"], *OTHER_BOUNDS_MS])
    rows = []
    if groups:
        asked = (
            ">= 3x LitServe at the same p99"
            if content["model"] == "compact"
            else ">= 3x LitServe with the pipeline"
        )
        compared = " ".join(compare_rates(loads, groups[-1], b) for b in bounds)
        rows.append((f"`{content['model']}`, requests/s", asked, compared))
    if content["model"] == "compact":
        own = best_rate(loads, "assay", P99_MS)
        added = statistics.median(x - y for x, y in zip(alone["assay"], alone[DIRECT], strict=True))
        rows.append(("`compact`, requests/s at p99 <= 10 ms", "(1,500)", f"{own:,.0f}"))
        rows.append(("what HTTP adds to a direct call, p50", "<= 1 ms", f"{added:.2f} ms"))
    return rows


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a model folder")
    parser.add_argument("--pipeline", help="a finetune folder for transformers' pipeline")
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=5, help="at each rate")
    parser.add_argument(
        "--retries", type=int, default=2, help="of a round in which the machine was busy"
    )
    parser.add_argument("--rates", help="requests per second, such as 100,200,400")
    parser.add_argument("--p99-ms", type=float, default=P99_MS, help="the bound; see above")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    return given


def main() -> None:
    """Start all, measure in turns, keep, print."""
    given = read_arguments()
    rates = tuple(int(rate) for rate in given.rates.split(",")) if given.rates else RATES
    plan = Plan(rates, given.seconds, given.rounds, given.retries, given.p99_ms)
    if given.smoke:
        plan = Plan((20, 40), 1.0, 2, 1, given.p99_ms)
    started_s, load_before = time.monotonic(), os.getloadavg()
    with ExitStack() as stack:
        model = given.model
        if given.smoke:
            model = str(Path(stack.enter_context(TemporaryDirectory())) / "linear")
            assay.train_model("sample", model, method="linear")
        method = assay.load_model(model).method
        texts = list(assay.load_data("sample" if given.smoke else given.data)["test"].texts)
        systems: dict[str, Running] = {}
        for name, command in commands(
            model, given.pipeline, peers=not (given.smoke or given.no_peers)
        ).items():
            port = find_port()
            systems[name] = Running(
                port, stack.enter_context(serving([*command, "--port", str(port)], port))
            )
        alone = measure_alone(systems, model, texts[: 50 if given.smoke else N_ALONE])
        loads, samples = measure_rates(systems, texts, plan)
    content = {
        "name": given.name,
        "model": method,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "p99_ms": plan.p99_ms,
        "control_ms": CONTROL_MS,
        "seconds": plan.seconds,
        "rounds": plan.n_rounds,
        "took_s": round(time.monotonic() - started_s),
        "load_average": [load_before, os.getloadavg()],
        "machine": describe_machine(),
        "alone_ms": alone,
        "loads": loads,
    }
    print(summarise(content))
    if not given.smoke:
        path = ROOT / "benchmarks" / "results" / f"serving-{given.name}-{method}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        with gzip.GzipFile(path.with_suffix(".samples.json.gz"), "wb", mtime=0) as stream:
            stream.write(json.dumps(samples).encode())


if __name__ == "__main__":
    main()
