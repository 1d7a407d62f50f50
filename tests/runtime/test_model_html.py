"""What a notebook shows of a model: escaped, with its labels and scores."""

from assay.data.labels import LabelSet
from assay.runtime.manifest import Manifest
from assay.runtime.model_html import N_SHOWN_LABELS, model_html


def test_labels_and_scores_are_shown_escaped(monkeypatch):
    """Names of labels are text, never markup; of many labels the first are listed."""
    names = ("<b>joy</b>", *(f"label {i}" for i in range(N_SHOWN_LABELS)))
    score = {
        "split": "test",
        "metric": "accuracy",
        "value": 0.5,
        "interval": [0.4, 0.6],
        "n_texts": 9,
    }
    manifest = Manifest(method="linear", labels=LabelSet(names).names, seed=0, scores=(score,))
    shown = model_html(manifest)
    assert "&lt;b&gt;joy&lt;/b&gt;" in shown
    assert "<b>joy" not in shown
    assert f"{len(names)} labels" in shown
    assert " …" in shown
    assert "0.400 to 0.600" in shown
