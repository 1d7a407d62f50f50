"""A run that is cut short inside finetune takes up that training where it was."""

from contextlib import contextmanager
from functools import partial

import pytest

from _support.small_runs import read_json
from assay.progress import Progress
from assay.recipes import run as module
from assay.recipes.run import RunOptions, run_data
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
