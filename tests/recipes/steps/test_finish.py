"""A saved model gets its scores, its limits and its card, and the files that it predicts with stay."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.evaluation.scoring import score_split
from assay.progress import Progress
from assay.recipes.steps.finish import SPLITS, finish_model, score_baselines
from assay.recipes.steps.fit import FitOptions, TrainingSet, fit_and_save
from assay.runtime.folder import read_folder

LABELS = ("sadness", "joy", '화남, "분노"')


@pytest.fixture(scope="module")
def splits():
    """Return small splits."""
    parts = {}
    for seed, (split, n_texts) in enumerate((("train", 60), ("validation", 20), ("test", 25))):
        texts, labels = small_data(n_texts, seed=seed)
        parts[split] = LabelledTexts(tuple(texts), tuple(labels))
    return Splits(parts, LabelSet(LABELS), source="memory")


def fit(method, splits, folder):
    """Fit and save a method; return the model and its scores."""
    data = TrainingSet(splits)
    fitted = fit_and_save(method, data, folder, options=FitOptions(), progress=Progress())
    scored = {split: score_split(fitted.model, splits[split], seed=0) for split in SPLITS}
    return fitted.model, scored


@pytest.fixture(scope="module")
def finished(splits, tmp_path_factory):
    """Finish a linear model; return it as it was saved, its scores and its last manifest."""
    folder = tmp_path_factory.mktemp("finish") / "m"
    model, scored = fit("linear", splits, folder)
    baselines = score_baselines({"linear": scored}, splits)
    manifest = finish_model(model, scored, name="tweets", baselines=baselines, target_accuracy=0.8)
    return model, scored, manifest


def test_scores_and_limits_are_recorded(finished):
    """Three metrics on two splits, and the rule to abstain by that was asked for."""
    model, scored, manifest = finished
    recorded = {(one["split"], one["metric"]): one["value"] for one in manifest.scores}
    assert len(recorded) == 6
    assert recorded["test", "accuracy"] == scored["test"].scores.accuracy
    assert manifest.abstain["target_accuracy"] == 0.8
    assert manifest.abstain["split"] == "validation"
    assert manifest.coverage_curve["n_texts"] == 20
    assert read_folder(model.folder) == manifest


def test_files_of_prediction_stay_as_they_are(finished):
    """Their hashes are those of the model as it was saved."""
    model, _, manifest = finished
    assert manifest.files == model.manifest.files
    assert manifest.prediction_sha256() != ""


def test_card_compares_with_cheaper_methods_only(finished):
    """The floor is cheaper than linear; a method is no baseline of itself."""
    model, *_ = finished
    card = (model.folder / "README.md").read_text(encoding="utf-8")
    assert "# tweets" in card
    assert "majority" in card
    assert list(model.folder.glob("*.png"))


def test_floor_scores_are_those_of_a_trained_majority(splits, tmp_path):
    """Label shares of train score as the model that always answers the most frequent label."""
    _, scored = fit("majority", splits, tmp_path / "m")
    trained = score_baselines({"majority": scored}, splits)["majority"]
    counted = score_baselines({}, splits)["majority"]
    for split in SPLITS:
        one, other = trained[split], counted[split]
        assert (one.accuracy, one.f1_macro) == (other.accuracy, other.f1_macro)
        assert np.isclose(one.log_loss, other.log_loss, atol=1e-6)
