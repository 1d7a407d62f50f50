"""What assay saves, used without assay: the lines of its card in a process that cannot import it; transformers."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import huggingface_hub
import pytest
import transformers

from _support.small_models import METHODS, small_data, small_estimator
from assay.models import save_model, select_parameters
from assay.recipes.train import train_model
from assay.runtime.predictor import load_model

TEXTS = [
    "a new text",
    "i am so happy today",
    "오늘 정말 슬퍼요 i hate this",
    "x",
    "c++ 好吃 น้ำ मेरा 👍🏽",
]
BLOCKED = "import sys; sys.modules['assay'] = None\n"


@pytest.fixture(
    scope="module", params=[*METHODS[:-1], pytest.param("finetune", marks=pytest.mark.slow)]
)
def saved(request, tmp_path_factory, tiny_bert):
    """Train and save each method by the command's own recipe; return method and folder."""
    folder = tmp_path_factory.mktemp("saved") / request.param
    given = {"checkpoint": str(tiny_bert), "n_epochs": 1}
    parameters = select_parameters(request.param, given)
    train_model(small_data(90), folder, method=request.param, parameters=parameters)
    return request.param, folder


def code_without_assay(card):
    """Return the Python block of the card that does not import assay."""
    (block,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", card, re.S)
        if "from assay" not in block
    ]
    return block


def test_card_lines_predict_without_assay(saved):
    """The lines that the card shows give assay's scores, in a process that has no assay."""
    method, folder = saved
    code = code_without_assay((folder / "README.md").read_text(encoding="utf-8"))
    model = load_model(folder)
    for text in TEXTS:
        given = code.replace('"a new text"', repr(text))
        assert method == "majority" or repr(text) in given
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", BLOCKED + given],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found = ast.literal_eval(done.stdout)
        if method == "finetune":
            found = {one["label"]: one["score"] for one in found}
        expected = dict(zip(model.labels, model.predict_proba([text])[0], strict=True))
        assert found == pytest.approx(expected, abs=1e-5)
        if method in ("finetune", "majority"):
            break  # one process is slow; the pipeline's other texts are below


def test_card_of_a_saved_model_is_valid(saved):
    """The Hub's client reads the card: task, library, scores of both splits, and the baseline beside them."""
    method, folder = saved
    card = huggingface_hub.ModelCard.load(folder / "README.md")
    assert card.data.pipeline_tag == "text-classification"
    assert card.data.library_name == ("transformers" if method == "finetune" else "assay")
    recorded = {(one["split"], one["value"]) for one in load_model(folder).manifest.scores}
    assert {(one.dataset_split, one.metric_value) for one in card.data.eval_results} == recorded
    assert ("| majority |" in card.text) == (method != "majority")
    assert "](confusion.png)" in card.text
    assert (folder / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_stock_pipeline_gives_the_calibrated_scores(tiny_checkpoint, tmp_path):
    """`transformers.pipeline` on the folder, with label names, agrees with assay to 1e-5 for each kind of encoder."""
    estimator = small_estimator("finetune", tiny_checkpoint)
    texts, labels = small_data(90)
    estimator.fit(texts, labels, validation=small_data(40, seed=1))
    save_model(estimator, tmp_path / "model")
    model = load_model(tmp_path / "model")
    assert abs(model.manifest.temperature - 1) > 1e-3  # else nothing would tell calibrated from raw
    stock = transformers.pipeline(
        "text-classification", model=str(tmp_path / "model"), top_k=None, device="cpu"
    )
    given = [*TEXTS, *small_data(20, seed=2)[0]]
    for text, row in zip(given, model.predict_proba(given), strict=True):
        found = {one["label"]: one["score"] for one in stock(text)[0]}
        assert found == pytest.approx(dict(zip(model.labels, row, strict=True)), abs=1e-5)
