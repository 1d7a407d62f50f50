"""How fast, small and steady prediction is, against transformers.pipeline and scikit-learn in the same run.

    python benchmarks/prediction.py --models RUN/models  linear, compact and finetune, trained on
                                                         --data
    python benchmarks/prediction.py --smoke              a minute or two: does the script still run?

Every measurement is a process of its own, the contestants take turns, and what is reported are
medians. Loading is not timed, but where the start itself is measured. Raw samples stay in
benchmarks/results/prediction.json.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from methods import describe_machine

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = Path(__file__).resolve().with_name("prediction_children.py")
RESULTS = ROOT / "benchmarks" / "results" / "prediction.json"
MIB = 1 << 20


def write_texts(path: Path, texts: list[str], n: int) -> Path:
    """Write `n` rows; texts that come again have another number behind them, so that none is a repeat."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text"])
        for i in range(n):
            again = i // len(texts)
            writer.writerow([i, texts[i % len(texts)] + (f" {again}" if again else "")])
    return path


def run_child(name: str, *args: Any, python: str = sys.executable) -> dict[str, Any]:
    """Run one measurement in a fresh process; its peak memory and whole time come with it."""
    command = [python, str(CHILDREN), name, *map(str, args)]
    started_s = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    return {
        **json.loads(done.stdout.splitlines()[-1]),
        "process_s": time.perf_counter() - started_s,
    }


def environment() -> dict[str, str]:
    """Return the environment of a child: as many threads as there are CPUs, nothing from the network."""
    n = str(describe_machine()["n_cpus"])
    return {**os.environ, "OMP_NUM_THREADS": n, "ASSAY_THREADS": n, "HF_HUB_OFFLINE": "1"}  # noqa: TID251


def time_start(code: str, python: str = sys.executable) -> dict[str, Any]:
    """Time a fresh process from its start to its first label."""
    started_s = time.perf_counter()
    subprocess.run([python, "-c", code], check=True, capture_output=True, env=environment())
    return {"s": time.perf_counter() - started_s}


# --- what is measured ---


def measure_rates(
    models: Path, data: str, folder: Path, n: dict[str, int], repeats: int
) -> dict[str, list[Any]]:
    """Let the contestants take turns; return every sample of each."""
    texts = load_texts(data)
    long, short = (
        write_texts(folder / "long.csv", texts, n["fast"]),
        write_texts(folder / "short.csv", texts, n["slow"]),
    )
    single = write_texts(folder / "single.csv", texts, n["single"])
    int8 = folder / "int8"
    export = [
        "export",
        models / "finetune",
        "--format",
        "onnx-int8",
        "--data",
        data,
        "--out",
        int8,
        "--quiet",
    ]
    subprocess.run(
        [sys.executable, "-m", "assay", *map(str, export)], check=True, env=environment()
    )
    first = "import assay; assay.load_model({!r}).predict(['hello'])"
    peer = "import transformers; transformers.pipeline('text-classification', model={!r}, device='cpu')('hello')"
    contestants: dict[str, Callable[[], dict[str, Any]]] = {
        "matrix product": lambda: run_child("matrix"),
        "pipeline, batch 32": lambda: run_child(
            "pipeline", models / "finetune", short, folder / "p.jsonl"
        ),
        "compact, file to file": lambda: run_child(
            "files", models / "compact", long, folder / "c.jsonl"
        ),
        "linear, file to file": lambda: run_child(
            "files", models / "linear", long, folder / "l.jsonl"
        ),
        "linear, in memory": lambda: run_child("linear", models / "linear", long, "-"),
        "scikit-learn, in memory": lambda: run_child("sklearn", data, long, "-"),
        "finetune, file to file": lambda: run_child(
            "files", models / "finetune", short, folder / "f.jsonl"
        ),
        "finetune int8, file to file": lambda: run_child("files", int8, short, folder / "i.jsonl"),
        "compact, one text": lambda: run_child("latency", models / "compact", single, "-"),
        "pipeline, one text": lambda: run_child(
            "pipeline_latency", models / "finetune", single, "-"
        ),
        "start: compact": lambda: time_start(first.format(str(models / "compact"))),
        "start: linear": lambda: time_start(first.format(str(models / "linear"))),
        "start: finetune": lambda: time_start(first.format(str(models / "finetune"))),
        "start: pipeline": lambda: time_start(peer.format(str(models / "finetune"))),
    }
    samples: dict[str, list[Any]] = {name: [] for name in contestants}
    for i in range(repeats):
        for name, measure in contestants.items():
            samples[name].append(measure())
            print(f"{i + 1}/{repeats} {name}: {samples[name][-1]}", file=sys.stderr)
    return samples


def load_texts(data: str) -> list[str]:
    """Return every text of a data set."""
    import assay

    return [text for part in assay.load_data(data).values() for text in part.texts]


def measure_base(models: Path, data: str, folder: Path, n_texts: int) -> dict[str, Any]:
    """Install the base into a fresh environment: its size, and the memory and the start of `compact` in it."""
    venv = folder / "base"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    target = subprocess.run(
        [python, "-c", "import site; print(site.getsitepackages()[0])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    install = ["-m", "pip", "install", "--quiet", "--target", target, str(ROOT)]
    subprocess.run([sys.executable, *install], check=True)
    size = sum(path.lstat().st_size for path in Path(target).rglob("*") if path.is_file())
    source = write_texts(folder / "base.csv", load_texts(data), n_texts)
    sample = run_child(
        "files", models / "compact", source, folder / "base.jsonl", python=str(python)
    )
    return {"installed_bytes": size, "compact": sample}


def measure_million(models: Path, data: str, folder: Path, n_texts: int) -> dict[str, Any]:
    """Score many texts: memory and shards over time; then again, killed half-way and resumed, for the same bytes."""
    source = write_texts(folder / "many.csv", load_texts(data), n_texts)
    whole, resumed = folder / "whole.jsonl.gz", folder / "resumed.jsonl.gz"
    samples = predict_watching(models / "compact", source, whole)
    n_shards = samples[-1]["n_shards"]
    predict_watching(models / "compact", source, resumed, kill_after=max(1, n_shards // 2))
    again = predict_watching(models / "compact", source, resumed, resume=True)
    return {
        "n_texts": n_texts,
        "samples": samples,
        "resumed_s": again[-1]["s"],
        "is_exact": hash_file(whole) == hash_file(resumed),
    }


def predict_watching(
    model: Path, source: Path, out: Path, *, kill_after: int | None = None, resume: bool = False
) -> list[dict[str, Any]]:
    """Run `assay predict`; return time, resident memory and finished shards, a few times per second."""
    command = [
        sys.executable,
        "-m",
        "assay",
        "predict",
        model,
        source,
        "--out",
        out,
        "--quiet",
        *(["--resume"] if resume else []),
    ]
    journal = out.with_name(f"{out.name}.partial") / "shards.jsonl"
    samples: list[dict[str, Any]] = []
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, env=environment())
    started_s, n_shards = time.perf_counter(), 0
    while process.poll() is None:
        time.sleep(0.2)
        n_shards = max(n_shards, journal.read_bytes().count(b"\n") if journal.is_file() else 0)
        samples.append(
            {
                "s": time.perf_counter() - started_s,
                "rss_bytes": resident(process.pid),
                "n_shards": n_shards,
            }
        )
        if kill_after is not None and n_shards >= kill_after:
            process.send_signal(signal.SIGKILL)
    if process.returncode not in ((0,) if kill_after is None else (0, -signal.SIGKILL)):
        raise SystemExit(f"{command} failed with {process.returncode}")
    return samples


def resident(pid: int) -> int:
    """Return the resident memory of a process; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def compact_flops(models: Path, texts: list[str]) -> float:
    """Return floating point operations of a text in `compact`'s matrix products, on average."""
    import onnx

    import assay
    from assay.tokenization.subwords import SubwordTokenizer

    model = assay.load_model(models / "compact")
    sizes = {
        one.name: list(one.dims)
        for one in onnx.load(str(models / "compact" / "onnx" / "model.onnx")).graph.initializer
    }
    a_token = sum(2 * a * b * c for a, b, c in (sizes["lstm_W"], sizes["lstm_R"]))
    max_tokens = model.manifest.tokenization["max_tokens"]
    tokenizer = SubwordTokenizer.from_file(
        models / "compact" / "tokenizer.json", max_tokens=max_tokens
    )
    return float(a_token * tokenizer.encode_texts(texts[:2000]).lengths.mean())


# --- the table ---


def median_of(samples: list[Any], name: str = "rate") -> float:
    """Return the median of a value; `rate` is texts per second."""
    return statistics.median(
        one["n_texts"] / one["s"] if name == "rate" else one[name] for one in samples
    )


def summarise(content: dict[str, Any]) -> str:
    """Return the table of all that was measured, with the goal beside it."""
    runs = content["samples"]
    rate = {
        name: median_of(of)
        for name, of in runs.items()
        if of and "n_texts" in of[0] and "s" in of[0]
    }
    pipeline = rate["pipeline, batch 32"]
    matrix = median_of(runs["matrix product"], "gflop_per_s")
    share = rate["compact, file to file"] * content["compact_flops"] / 1e9 / matrix
    one, peer = runs["compact, one text"], runs["pipeline, one text"]
    base, many = content["base"], content["many"]
    pipeline_rss = median_of(runs["pipeline, batch 32"], "peak_bytes")
    rows = [
        (
            "`compact`, file to file",
            f"{rate['compact, file to file']:,.0f} texts/s, "
            f"{rate['compact, file to file'] / pipeline:.0f}x the pipeline; {share:.0%} of the machine's "
            f"{matrix:.0f} GFLOP/s",
            ">= 100x",
        ),
        (
            "`linear`, in memory",
            f"{rate['linear, in memory']:,.0f} texts/s, "
            f"{rate['linear, in memory'] / rate['scikit-learn, in memory']:.1f}x scikit-learn",
            ">= 0.8x",
        ),
        ("`linear`, file to file", f"{rate['linear, file to file']:,.0f} texts/s", ""),
        (
            "`finetune`, float32",
            f"{rate['finetune, file to file']:,.0f} texts/s, "
            f"{rate['finetune, file to file'] / pipeline:.2f}x the pipeline",
            ">= 3x",
        ),
        (
            "`finetune`, int8",
            f"{rate['finetune int8, file to file']:,.0f} texts/s, "
            f"{rate['finetune int8, file to file'] / pipeline:.2f}x the pipeline",
            ">= 4.5x",
        ),
        ("transformers.pipeline, batch 32", f"{pipeline:,.0f} texts/s", ""),
        (
            "`compact`, one text, p50 / p99",
            f"{median_of(one, 'p50_ms'):.2f} / {median_of(one, 'p99_ms'):.2f} ms "
            f"(pipeline {median_of(peer, 'p50_ms'):.0f} / {median_of(peer, 'p99_ms'):.0f} ms)",
            "<= 0.5 / 1 ms",
        ),
        (
            "start to first label",
            ", ".join(
                f"{name} {median_of(runs[f'start: {name}'], 's'):.2f} s"
                for name in ("compact", "linear", "finetune", "pipeline")
            ),
            "<= 0.4, 0.4, 1.5 s",
        ),
    ]
    if base:
        peak = base["compact"]["peak_bytes"]
        rows += [
            (
                "peak memory, base, `compact`",
                f"{peak / MIB:,.0f} MiB, {peak / pipeline_rss:.2f} of the pipeline's "
                f"{pipeline_rss / MIB:,.0f} MiB",
                "<= 0.2",
            ),
            ("installed size of the base", f"{base['installed_bytes'] / 1e6:,.0f} MB", "<= 300 MB"),
        ]
    if many:
        rss = [
            one["rss_bytes"] for one in many["samples"] if one["n_shards"] >= 1 and one["rss_bytes"]
        ]
        rows.append(
            (
                f"{many['n_texts']:,} texts",
                f"{many['samples'][-1]['s']:.0f} s, {min(rss) / MIB:,.0f} to "
                f"{max(rss) / MIB:,.0f} MiB; killed and resumed: {'the same bytes' if many['is_exact'] else 'OTHER BYTES'}",
                "memory flat, exact",
            )
        )
    lines = [
        "| measured | result | goal |",
        "|---|---|---|",
        *(f"| {a} | {b} | {c} |" for a, b, c in rows),
    ]
    return "\n".join(lines)


def prepare_models(given: Path | None, data: str, folder: Path, *, is_smoke: bool) -> Path:
    """Return the folder of models; train them where none is given, or there."""
    if given is not None and given.is_dir():
        return given
    for method in ("linear", "compact", "finetune"):
        small = ["--max-rows", "60", "--epochs", "1"] if is_smoke else []
        command = [
            "train",
            data,
            "--method",
            method,
            "--out",
            folder / "models" / method,
            "--quiet",
            *small,
        ]
        subprocess.run(
            [sys.executable, "-m", "assay", *map(str, command)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return folder / "models"


def main() -> None:
    """Measure everything, keep the samples, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument(
        "--models",
        type=Path,
        help="a folder with linear, compact and finetune; else they are trained",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    data = "sample" if given.smoke and given.models is None else given.data
    sizes = (
        {"fast": 400, "slow": 16, "single": 100}
        if given.smoke
        else {"fast": 20_000, "slow": 640, "single": 1000}
    )
    with TemporaryDirectory() as name:
        folder = Path(name)
        models = prepare_models(given.models, data, folder, is_smoke=given.smoke)
        content: dict[str, Any] = {
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": describe_machine(),
            "sizes": sizes,
            "compact_flops": compact_flops(models, load_texts(data)),
            "samples": measure_rates(
                models, data, folder, sizes, 1 if given.smoke else given.repeats
            ),
            "base": {} if given.smoke else measure_base(models, data, folder, sizes["fast"]),
            "many": measure_million(models, data, folder, 20_000 if given.smoke else 1_000_000),
        }
    if not given.smoke:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(summarise(content))


if __name__ == "__main__":
    main()
