"""A run that is cut short inside finetune takes up that training where it was."""

import json
from contextlib import contextmanager
from functools import partial

import pytest

from _support.small_runs import read_json
from assay.progress import Progress
from assay.recipes import run as module
from assay.recipes.run import RunOptions, run_data
from assay.runtime.layout import Layout
from assay.training.states import TrainingStates


class Stopping(Progress):
    """Note the steps of finetune, and end it after one of them."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.steps = []

    @contextmanager
    def track(self, name, n_steps):
        """Count the steps, and stop."""

        def advance(n_done):
            if name == "finetune":
                self.steps.append(n_done)
                if self.stop_at == sum(self.steps):
                    raise KeyboardInterrupt

        yield advance


@pytest.mark.slow
def test_run_goes_on_inside_finetune(data, tiny_bert, tmp_path, monkeypatch):
    """Steps that were taken are not taken again, and no state is left over."""
    monkeypatch.setattr(module, "TrainingStates", partial(TrainingStates, every_s=0.0))
    options = RunOptions(methods=("majority", "finetune"), checkpoint=str(tiny_bert), folds=None)
    with pytest.raises(KeyboardInterrupt):
        run_data(data, tmp_path / "r", options=options, progress=Stopping(12))
    state = tmp_path / "r.partial" / "training" / "finetune" / "training.json"
    assert read_json(state)["place"]["n_steps"] == 11
    resumed = Stopping()
    results = run_data(data, tmp_path / "r", options=options, resume=True, progress=resumed)
    assert resumed.steps[0] == 11
    assert set(resumed.steps[1:]) == {1}
    assert not (tmp_path / "r" / "training").exists()
    assert [row["method"] for row in results["methods"]] == ["majority", "finetune"]


@pytest.mark.slow
def test_run_with_several_labels_goes_on_inside_finetune(tiny_bert, tmp_path, monkeypatch):
    """The model and its scores are those of a run that was not cut short."""
    monkeypatch.setattr(module, "TrainingStates", partial(TrainingStates, every_s=0.0))
    data = write_several(tmp_path / "comments.jsonl", n_texts=120)
    options = RunOptions(methods=("majority", "finetune"), checkpoint=str(tiny_bert), folds=None)
    with pytest.raises(KeyboardInterrupt):
        run_data(data, tmp_path / "r", options=options, progress=Stopping(12))
    resumed = Stopping()
    results = run_data(data, tmp_path / "r", options=options, resume=True, progress=resumed)
    assert resumed.steps[0] == 11
    whole = run_data(data, tmp_path / "whole", options=options)
    assert whole["task"] == "multi"
    assert results["methods"] == whole["methods"]
    weights = Layout(tmp_path / "r" / "models" / "finetune").weights.relative_to(tmp_path / "r")
    assert (tmp_path / "r" / weights).read_bytes() == (tmp_path / "whole" / weights).read_bytes()


def write_several(path, *, n_texts):
    """Write texts with two words, of which each says whether the text has a label."""
    lines = []
    for i in range(n_texts):
        words = [("rude", "kind")[i % 2], ("funny", "dull")[i // 2 % 2], f"x{i}"]
        labels = [word for word in words if word in ("rude", "funny")]
        lines.append(json.dumps({"text": " ".join(words), "labels": labels}))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
