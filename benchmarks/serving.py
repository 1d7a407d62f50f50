"""How many requests a second, at which latency: `assay serve` and LitServe over the same runtime, on loopback.

    python benchmarks/serving.py --model DIR                       one model folder, some minutes
    python benchmarks/serving.py --model DIR --pipeline FINETUNE   and transformers' pipeline over a finetune folder
    python benchmarks/serving.py --smoke                           the built-in sample: does the script still run?

Open loop (see load.py), real tweets, one compute thread each. Systems take turns at every rate, in rounds, so that
what else the machine does meets all of them. A system's rate is the highest whose p99 stays within the bound in the
median of the rounds. LitServe is measured unbatched and batched; the better one counts. Also: p50 of a lone request
over HTTP, less that of a direct call. LitServe's environment is made in .venv-serving from requirements-serving.txt;
it sees the libraries of this one. Raw results go to benchmarks/results/serving-NAME-METHOD.json.
"""

from __future__ import annotations

import argparse
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from load import offer_load, time_alone
from methods import describe_machine

import assay

ROOT = Path(__file__).resolve().parent.parent
PEER_ENVIRONMENT = ROOT / ".venv-serving"
RATES = (50, 100, 200, 300, 400, 500, 600, 800, 1000, 1250, 1500, 1750, 2000, 2500, 3000)
P99_MS = 10.0
N_ALONE = 500


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
        # assay, onnxruntime, torch: the very libraries of this environment, so that both run the same code.
        site = subprocess.run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                              check=True, capture_output=True, text=True).stdout.strip()  # fmt: skip
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
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
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
    found = {"assay": [sys.executable, "-m", "assay", "serve", model, "--threads", "1", "--quiet"]}
    if not peers:
        return found
    peer = [str(make_peer_environment()), str(ROOT / "benchmarks" / "serving_peer.py")]
    found["litserve"] = [*peer, model]
    found["litserve, batches of 32 in 2 ms"] = [*peer, model, "--batch", "32", "--timeout-s", "0.002"]
    if pipeline is not None:
        found["litserve + pipeline"] = [*peer, pipeline, "--kind", "pipeline"]
        found["litserve + pipeline, batches of 16 in 5 ms"] = [
            *peer, pipeline, "--kind", "pipeline", "--batch", "16", "--timeout-s", "0.005"
        ]  # fmt: skip
    return found


def measure_rates(
    ports: dict[str, int], texts: list[str], *, rates: tuple[int, ...], seconds: float, n_rounds: int, p99_ms: float
) -> list[dict[str, Any]]:
    """Offer each rate to each system in turn; a system that failed two rates in a row gets no higher one."""
    loads: list[dict[str, Any]] = []
    n_failed = dict.fromkeys(ports, 0)
    for rate in rates:
        asked = [name for name in ports if n_failed[name] < 2]
        for round_ in range(n_rounds):
            for name in asked:
                load = offer_load(ports[name], "/predict", texts, rate=rate, seconds=seconds, seed=round_)
                loads.append({"system": name, "round": round_, **load.to_dict()})
                print(f"{name} at {rate}/s: p99 {load.quantile_ms(0.99):.1f} ms", file=sys.stderr)
        for name in asked:
            p99 = median_p99(loads, name, rate)
            n_failed[name] = 0 if p99 <= p99_ms else n_failed[name] + 1
    return loads


def median_p99(loads: list[dict[str, Any]], name: str, rate: float) -> float:
    """Return the median over rounds."""
    return statistics.median(one["p99_ms"] for one in loads if one["system"] == name and one["rate"] == rate)


def measure_alone(ports: dict[str, int], model: str, texts: list[str]) -> dict[str, float]:
    """Return the p50 of a lone request of each system, and of a direct call, in ms."""
    loaded = assay.load_model(model, n_threads=1)
    direct: list[float] = []
    for text in texts:
        started_s = time.perf_counter()
        loaded.predict_proba([text])
        direct.append(time.perf_counter() - started_s)
    found = {"direct call": statistics.median(direct) * 1000}
    for name, port in ports.items():
        found[name] = statistics.median(time_alone(port, "/predict", texts)) * 1000
    return found


def summarise(content: dict[str, Any]) -> str:
    """Return the table."""
    loads, bound = content["loads"], content["p99_ms"]
    lines = [f"| system | requests/s with p99 <= {bound:g} ms | p99 there, ms | p50 alone, ms |", "|---|---|---|---|"]
    for name in dict.fromkeys(one["system"] for one in loads):
        rates = sorted({one["rate"] for one in loads if one["system"] == name})
        good = [rate for rate in rates if median_p99(loads, name, rate) <= bound]
        best = f"{max(good):,.0f} | {median_p99(loads, name, max(good)):.1f}" if good else f"under {rates[0]:,.0f} | "
        lines.append(f"| {name} | {best} | {content['alone_ms'][name]:.2f} |")
    added = content["alone_ms"]["assay"] - content["alone_ms"]["direct call"]
    direct = content["alone_ms"]["direct call"]
    lines += ["", f"A direct call takes {direct:.2f} ms (p50); HTTP adds {added:.2f} ms."]
    return "\n".join(lines)


def main() -> None:
    """Start all, measure in turns, keep, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a model folder")
    parser.add_argument("--pipeline", help="a finetune folder for transformers' pipeline")
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", help="requests a second, such as 100,200,400")
    parser.add_argument("--p99-ms", type=float, default=P99_MS)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    with ExitStack() as stack:
        model = given.model
        if given.smoke:
            model = str(Path(stack.enter_context(TemporaryDirectory())) / "linear")
            assay.train_model("sample", model, method="linear")
        texts = list(assay.load_data("sample" if given.smoke else given.data)["test"].texts)
        rates, seconds, n_rounds = ((20, 40), 1.0, 1) if given.smoke else (RATES, given.seconds, given.rounds)
        if given.rates:
            rates = tuple(int(rate) for rate in given.rates.split(","))
        ports: dict[str, int] = {}
        for name, command in commands(model, given.pipeline, peers=not (given.smoke or given.no_peers)).items():
            port = find_port()
            stack.enter_context(serving([*command, "--port", str(port)], port))
            ports[name] = port
        alone = measure_alone(ports, model, texts[: 50 if given.smoke else N_ALONE])
        loads = measure_rates(ports, texts, rates=rates, seconds=seconds, n_rounds=n_rounds, p99_ms=given.p99_ms)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    content = {"name": given.name, "model": assay.load_model(model).method if given.model else "linear", "when": when,
               "p99_ms": given.p99_ms, "machine": describe_machine(), "alone_ms": alone, "loads": loads}  # fmt: skip
    print(summarise(content))
    if not given.smoke:
        path = ROOT / "benchmarks" / "results" / f"serving-{given.name}-{content['model']}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
