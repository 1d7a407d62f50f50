"""A folder of files on a real local Ray: the rows of the plain engine, whatever dies, nothing done twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from _support.datasets import N_ROWS, write_dataset, write_lines
from _support.small_models import small_data, small_estimator
from _support.small_runs import run_assay
from assay.batch import predict_file
from assay.batch import shards as shards_module
from assay.batch.shards import plan_shards
from assay.errors import InputError, OutputExistsError
from assay.models import save_model
from assay.ray_batch import predict_dataset
from assay.runtime import load_model
from assay.runtime.limits.abstain import AbstainRule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "json.md"


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """Save a small `linear` model."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(small_estimator("linear").fit(*small_data(200)), out)
    return out


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Write a folder of files."""
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture(scope="module")
def several_folder(tmp_path_factory):
    """Save a small `linear` model of several labels per text."""
    texts, labels = small_data(200)
    several = [
        [label, "long"] if len(text) > 30 else [label]
        for text, label in zip(texts, labels, strict=True)
    ]
    several[::5] = [[] for _ in several[::5]]
    out = tmp_path_factory.mktemp("models") / "several"
    save_model(small_estimator("linear").fit(texts, several, validation=(texts, several)), out)
    return out


@pytest.fixture
def _small_shards(monkeypatch):
    monkeypatch.setattr(shards_module, "SHARD_BYTES", 900)
    monkeypatch.setattr(shards_module, "SHARD_ROWS", 30)


def test_what_cannot_be_read_is_refused_first(model_folder, dataset, tmp_path):
    """No such folder, nothing in it, an output that is there: said before Ray is started."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="no such file or folder"):
        predict_dataset(model_folder, tmp_path / "none", tmp_path / "out")
    with pytest.raises(InputError, match=r"holds no \.parquet or \.jsonl file"):
        predict_dataset(model_folder, tmp_path / "empty", tmp_path / "out")
    with pytest.raises(InputError, match="top_k is 9"):
        predict_dataset(model_folder, dataset, tmp_path / "out", top_k=9)
    with pytest.raises(OutputExistsError, match="empty exists already"):
        predict_dataset(model_folder, dataset, tmp_path / "empty")


def read_output(folder):
    """Return the rows of an output by `n`, and the rejected ones."""
    rows = [
        row
        for path in sorted(folder.glob("part-*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    rejected = [
        json.loads(line)
        for path in sorted((folder / "_rejected").glob("*"))
        for line in path.read_text().splitlines()
    ]
    return rows, rejected


def plain_rows(model_folder, dataset, folder, **options):
    """Return what the plain engine makes of each file, in the order of the parts."""
    rows = []
    for name in ("a.jsonl", "c.parquet", "b.jsonl"):
        out = folder / f"{name}.parquet"
        predict_file(model_folder, next(dataset.rglob(name)), out, **options)
        rows += pq.read_table(out).to_pylist()
    return rows


def assert_same_rows(found, expected):
    """Compare rows; batches differ, so the last digit of a score may."""
    assert [row["n"] for row in found] == [row["n"] for row in expected]
    assert [list(row) for row in found] == [list(row) for row in expected]
    scores = [name for name in expected[0] if name.startswith("score:")]
    for name in set(expected[0]) - {*scores, "predicted_score"}:
        assert [row[name] for row in found] == [row[name] for row in expected]
    for name in scores:
        np.testing.assert_allclose(
            [row[name] for row in found], [row[name] for row in expected], atol=2e-7
        )


@pytest.fixture(scope="module")
def ray_here():
    """Start Ray with two workers, once for this module."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0")
    import logging

    import ray
    import ray.data

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    yield ray
    ray.shutdown()


pytest_ray = [pytest.mark.slow, pytest.mark.usefixtures("_small_shards", "ray_here"),
              # Ray and what it brings warn of their own plans
              pytest.mark.filterwarnings("ignore")]  # fmt: skip


class TestOnRay:
    """Tests that share one Ray."""

    pytestmark = pytest_ray

    def test_rows_are_those_of_the_plain_engine(self, model_folder, dataset, tmp_path):
        """Every row once, in order, with the plain engine's columns and scores; broken ones listed with their place."""
        summary = predict_dataset(model_folder, dataset, tmp_path / "out")
        rows, rejected = read_output(tmp_path / "out")
        assert_same_rows(rows, plain_rows(model_folder, dataset, tmp_path))
        assert (summary.n_texts, summary.n_rejected, summary.n_resumed) == (3 * N_ROWS, 2, 0)
        assert summary.n_workers == 2
        assert [one["file"] for one in rejected] == ["a.jsonl", "b.jsonl"]
        assert all("not JSON" in one["reason"] for one in rejected)
        documented = re.search(
            r"### DatasetSummary.*?\n\n(?=###|## )", PAGE.read_text(encoding="utf-8"), re.DOTALL
        )
        assert set(re.findall(r"^\| `(\w+)` ", documented.group(), re.MULTILINE)) == set(
            summary.to_dict()
        ) | {"unseen_scripts"}  # this model knows no scripts

    def test_several_labels_are_those_of_the_plain_engine(self, several_folder, dataset, tmp_path):
        """Lists of labels, empty ones and missing ones among them, have one type in all parts."""
        rule = AbstainRule(0.9)
        out = tmp_path / "out"
        predict_dataset(several_folder, dataset, out, rule=rule)
        rows, _ = read_output(out)
        plain = plain_rows(several_folder, dataset, tmp_path, rule=rule)
        assert_same_rows(rows, plain)
        given = [row["predicted_labels"] for row in rows]
        assert {own is None for own in given} == {True, False}
        assert [own is None for own in given] == [row["abstained"] for row in rows]
        types = {
            pq.read_schema(part).field("predicted_labels").type for part in out.glob("*.parquet")
        }
        assert len(types) == 1

    def test_killed_worker_is_replaced(self, model_folder, dataset, tmp_path, monkeypatch):
        """One of the two processes is killed half-way: every row is there once, and another process did the rest."""
        monkeypatch.setattr(shards_module, "SHARD_BYTES", 150)  # many parts: time to kill
        out = tmp_path / "out"
        killed = []

        def kill_one():
            notes = out.with_name("out.partial") / "_parts"
            started_s = time.monotonic()
            while not killed and time.monotonic() - started_s < 120:
                for path in notes.glob("*.json"):
                    killed.append(json.loads(path.read_text())["process"])
                    os.kill(killed[0], signal.SIGKILL)
                    return
                time.sleep(
                    0.005
                )  # between two looks at the disk: a note is the only sign of a finished part

        thread = threading.Thread(target=kill_one)
        thread.start()
        summary = predict_dataset(model_folder, dataset, out)
        thread.join()
        assert killed
        notes = [json.loads(path.read_text()) for path in (out / "_parts").glob("*.json")]
        assert len(notes) == summary.n_parts == len(plan_shards(dataset))
        assert len({note["process"] for note in notes}) >= 2
        assert 0 < sum(note["process"] == killed[0] for note in notes) < len(notes)
        rows, rejected = read_output(out)
        assert_same_rows(rows, plain_rows(model_folder, dataset, tmp_path))
        assert len(rejected) == 2
        assert not list(out.rglob("*.partial"))

    def test_resumed_call_scores_only_what_is_left(self, model_folder, dataset, tmp_path):
        """Finished parts stay as they are, the others are made; another model or data set is refused by name."""
        whole, out = tmp_path / "whole", tmp_path / "out"
        n_parts = predict_dataset(model_folder, dataset, whole).n_parts
        partial = shutil.copytree(whole, tmp_path / "out.partial")
        kept = sorted((partial / "_parts").glob("*.json"))[: n_parts // 2]
        for path in sorted((partial / "_parts").glob("*.json"))[n_parts // 2 :]:
            path.unlink()
            (partial / f"{path.stem}.parquet").unlink(missing_ok=True)
        stamps = {
            path.name: path.stat().st_mtime_ns
            for note in kept
            if (
                path := partial / f"{note.stem}.parquet"
            ).is_file()  # a part may have rejected rows only
        }
        with pytest.raises(InputError, match=r"out\.partial cannot be resumed: other options than"):
            predict_dataset(model_folder, dataset, out, resume=True, top_k=1)
        assert partial.is_dir()
        summary = predict_dataset(model_folder, dataset, out, resume=True)
        assert summary.n_resumed == len(kept)
        assert {name: (out / name).stat().st_mtime_ns for name in stamps} == stamps
        found, expected = read_output(out), read_output(whole)
        assert found == expected

    def test_file_that_is_broken_is_named(self, model_folder, tmp_path):
        """What is wrong with one file is said with its name, and does not look like a fault of the cluster."""
        folder = tmp_path / "data"
        folder.mkdir()
        write_lines(folder / "a.jsonl", 0)
        (folder / "b.jsonl.gz").write_bytes(b"no gzip at all")
        with pytest.raises(InputError, match=r"b\.jsonl\.gz.*is not a whole gzip file"):
            predict_dataset(model_folder, folder, tmp_path / "out")

    def test_command_line_uses_a_cluster(self, ray_here, model_folder, dataset, tmp_path):
        """`assay predict --engine ray --address A`: its own lines on stdout, the plans of Ray are not reported."""
        address = ray_here.get_runtime_context().gcs_address
        args = [
            "predict",
            model_folder,
            dataset,
            "--engine",
            "ray",
            "--out",
            tmp_path / "out",
            "--top-k",
            "1",
        ]
        done = run_assay(*args, "--address", address)
        assert done.returncode == 0, done.stderr
        assert not re.search("Traceback|INFO|WARNING", done.stderr)
        assert done.stdout.startswith(
            f"{3 * N_ROWS} texts predicted in 3 parts, written to {tmp_path}"
        )
        assert "2 rows rejected, listed in" in done.stdout
        rows, _ = read_output(tmp_path / "out")
        best = load_model(model_folder).predict([row["text"] for row in rows])
        assert [row["top_k"][0]["label"] for row in rows] == best


def test_options_of_one_file_are_refused_on_ray(model_folder, dataset, tmp_path):
    """What `--engine ray` cannot do is said before Ray is started."""
    refused = run_assay(
        "predict", model_folder, dataset, "--engine", "ray", "--out", tmp_path / "out", "--strict"
    )
    assert refused.returncode == 2
    assert (
        "--strict, --label-map, --long-texts, --id-column and flags that say how a file is read, such as --delimiter and --encoding, do not go with --engine ray"
        in refused.stderr
    )
