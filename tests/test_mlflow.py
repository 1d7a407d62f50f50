"""The lines for MLflow in docs/library.md do what they say, where MLflow is installed."""

import importlib.util
import re
from pathlib import Path

import pytest

from _support.small_models import small_data
from assay.recipes.train import train_model
from assay.runtime import load_model

PAGE = Path(__file__).resolve().parent.parent / "docs" / "library.md"
RECIPE = re.compile('```python title="track_with_mlflow.py"\n(.*?)```', re.DOTALL)


@pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None,
    reason="MLflow is not installed: pip install mlflow-skinny",
)
@pytest.mark.filterwarnings("ignore")  # MLflow warns about its own defaults
def test_model_and_its_scores_go_into_mlflow_and_back(tmp_path, monkeypatch, capsys):
    """The model that comes back predicts what the folder does, and the run has its scores."""
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    train_model(small_data(120), "runs/sample/model", method="linear")
    mlflow.set_tracking_uri(f"file:{tmp_path / 'mlruns'}")
    (recipe,) = RECIPE.findall(PAGE.read_text(encoding="utf-8"))
    exec(recipe, {"__name__": "__main__"})
    model = load_model("runs/sample/model")
    assert capsys.readouterr().out.splitlines()[-1] == str(model.predict(["what a lovely day"]))
    (run,) = mlflow.search_runs(output_format="list")
    expected = {f"{one['split']}_{one['metric']}": one["value"] for one in model.manifest.scores}
    assert run.data.metrics == expected
