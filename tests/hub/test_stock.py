"""A checkpoint of somebody else, straight from the Hub: evaluated and predicted with by its name."""

from __future__ import annotations

import json

import pytest
import transformers

from _support.checkpoints import write_checkpoint
from _support.loopback_hub import Repo
from _support.small_runs import write_data

LABELS = {0: "joy", 1: "sadness", 2: '화남, "분노"'}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Write a random sequence classifier with names; return its files."""
    folder = write_checkpoint(tmp_path_factory.mktemp("foreign") / "theirs", "bert")
    config = transformers.AutoConfig.from_pretrained(folder, id2label=LABELS)
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_classifier_of_the_hub_is_used_by_its_name(shell, hub, classifier, tmp_path):
    """OWNER/NAME is fetched, scored and predicted with; labels have the names of its config.json."""
    hub.repos["models", "acme/mood"] = Repo("models", "acme/mood", classifier)
    data = write_data(tmp_path / "data")
    code, found, _ = shell("evaluate", "acme/mood", data, token=None)
    assert code == 0
    assert (found["method"], found["labels"]) == ("checkpoint", list(LABELS.values()))
    code, found, _ = shell("predict", "acme/mood", token=None, stdin="a good day\n")
    assert code == 0
    assert sum(found[f"score:{name}"] for name in LABELS.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("has_config", [True, False], ids=["finetune", "linear"])
def test_model_of_assay_on_the_hub_is_pulled_first(shell, hub, classifier, has_config):
    """Its thresholds and rules would be lost, and `linear` is no checkpoint."""
    files = {"assay.json": b"{}", **classifier}
    if not has_config:
        del files["config.json"]
    hub.repos["models", "acme/mood"] = Repo("models", "acme/mood", files)
    code, found, _ = shell("predict", "acme/mood", token=None, stdin="a good day\n")
    assert (code, found["error"]) == (2, "'acme/mood' on the Hub is a model of assay")
    assert found["hint"].startswith("assay pull acme/mood --out FOLDER fetches it")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"config.json": {"auto_map": {"AutoModel": "x.Y"}}}, "holds its own code (auto_map)"),
        (
            {"model.safetensors": None},
            "has no safetensors weights but pytorch_model.bin, which is a pickle and could run code",
        ),
        (None, "there is no model folder at acme/mood, and unknown checkpoint 'acme/mood'"),
    ],
    ids=["code", "pickle", "none"],
)
def test_classifier_of_the_hub_that_is_not_safe_or_not_there_is_refused(
    shell, hub, classifier, tmp_path, change, said
):
    """Nothing but stock architectures on safetensors is loaded, and a name that is nothing says so."""
    if change is not None:
        files = {**classifier, "pytorch_model.bin": b"pickle"}
        for name, content in change.items():
            files[name] = (
                b""
                if content is None
                else json.dumps({**json.loads(files[name]), **content}).encode()
            )
            if content is None:
                del files[name]
        hub.repos["models", "acme/mood"] = Repo("models", "acme/mood", files)
    code, found, _ = shell("evaluate", "acme/mood", write_data(tmp_path / "data"), token=None)
    assert code == 2
    assert said in found["error"]
