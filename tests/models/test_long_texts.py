"""`long_texts` and `class_weight`: the estimators and what they save agree, and both do what they say."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.errors import InputError, ModelError
from assay.models import make_estimator, save_model, select_parameters
from assay.runtime.layout import Layout
from assay.runtime.predictor import load_model

TEXTS, LABELS = small_data()
LONG = [" ".join(TEXTS[i : i + 30]) for i in range(0, 60, 20)]
NETWORKS = ("compact", "features", "finetune")


def fit(method, checkpoint, **parameters):
    """Fit a method quickly, reading 12 tokens at once."""
    quick = {
        "n_epochs": 1,
        "max_tokens": 12,
        "checkpoint": checkpoint,
        "hidden_size": 8,
        "embedding_size": 8,
    }
    chosen = select_parameters(method, {**quick, **parameters})
    return make_estimator(method, **chosen).fit(TEXTS, LABELS)


@pytest.mark.parametrize("method", NETWORKS)
def test_windows_read_what_truncation_cuts(tiny_bert, tmp_path, method):
    """The saved folder scores long texts window by window as the estimator does; short texts score as before."""
    cut, windowed = (fit(method, tiny_bert, long_texts=policy) for policy in ("truncate", "window"))
    save_model(windowed, tmp_path / "model")
    model = load_model(tmp_path / "model")
    order = [list(windowed.classes_).index(label) for label in model.labels]
    np.testing.assert_allclose(
        model.predict_proba(LONG), windowed.predict_proba(LONG)[:, order], atol=1e-5
    )
    assert np.abs(windowed.predict_proba(LONG) - cut.predict_proba(LONG)).max() > 1e-4
    if method != "features":  # whose training texts are read in windows too
        short = ["ok", "so good", ""]
        np.testing.assert_allclose(
            windowed.predict_proba(short), cut.predict_proba(short), atol=1e-6
        )
    assert model.long_texts == "window"
    assert model.is_long([*LONG, "ok"]).tolist() == [True, True, True, False]


@pytest.mark.parametrize("method", ["compact", "finetune"])
def test_policy_can_be_changed_when_a_model_is_loaded(tiny_bert, tmp_path, method):
    """The same weights read long texts to their end when they are asked to."""
    windowed = fit(method, tiny_bert, long_texts="window")
    save_model(fit(method, tiny_bert), tmp_path / "model")
    model = load_model(tmp_path / "model", long_texts="window")
    order = [list(windowed.classes_).index(label) for label in model.labels]
    np.testing.assert_allclose(
        model.predict_proba(LONG), windowed.predict_proba(LONG)[:, order], atol=1e-5
    )
    assert (model.max_tokens, model.cut_tokens) == (12, None)
    assert (
        load_model(tmp_path / "model").long_texts,
        load_model(tmp_path / "model").cut_tokens,
    ) == ("truncate", 12)


def test_words_at_the_end_reach_the_prediction(tmp_path):
    """A text whose only telling words come after the limit is told apart by windows alone."""
    texts = ["joy joy joy", "sad sad sad"] * 40
    compact = make_estimator(
        "compact", max_tokens=8, n_epochs=20, batch_size=16, learning_rate=0.02, hidden_size=8
    )
    save_model(compact.fit(texts, ["joy", "sadness"] * 40), tmp_path / "model")
    hidden = ["joy " + "sad " * 40, "sad " + "joy " * 40]
    hidden = ["zzz " * 12 + text for text in hidden]
    assert load_model(tmp_path / "model", long_texts="window").predict(hidden) == ["sadness", "joy"]


def test_models_that_read_all_ignore_the_policy(tmp_path):
    """`linear` has no limit, and says so."""
    save_model(make_estimator("linear").fit(TEXTS, LABELS), tmp_path / "model")
    model = load_model(tmp_path / "model", long_texts="window")
    assert model.long_texts is None
    assert model.is_long(LONG) is None


@pytest.mark.parametrize("method", NETWORKS)
def test_unknown_policy_is_refused_before_training(tiny_bert, method):
    """It is a parameter's mistake and costs nothing."""
    with pytest.raises(InputError, match="'cut' is not known; truncate or window is accepted"):
        fit(method, tiny_bert, long_texts="cut")


def test_unknown_policy_of_a_folder_is_refused(tmp_path):
    """A manifest from elsewhere cannot choose what nobody knows."""
    save_model(
        make_estimator("compact", n_epochs=1, hidden_size=8).fit(TEXTS, LABELS), tmp_path / "model"
    )
    manifest = Layout(tmp_path / "model").manifest
    manifest.write_text(
        manifest.read_text().replace('"long_texts": "truncate"', '"long_texts": "fold"')
    )
    with pytest.raises(
        ModelError, match=r"tokenization.long_texts is 'fold'; truncate or window is accepted"
    ):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("method", ["linear", *NETWORKS])
def test_balanced_classes_find_more_of_the_rare_class(tiny_bert, method):
    """With one text in ten of a class, balanced weights raise that class's scores."""
    rare = [i for i, label in enumerate(LABELS) if label == "joy"][:8]
    frequent = [i for i, label in enumerate(LABELS) if label != "joy"][:72]
    rows = rare + frequent
    texts, labels = [TEXTS[i] for i in rows], ["joy" if i in rare else "other" for i in rows]
    quick = {
        "checkpoint": tiny_bert,
        "n_epochs": 4,
        "hidden_size": 8,
        "C": 0.1,  # weaker fits: where every text is fitted, no weight changes much
        "batch_size": 16,
        "learning_rate": 0.01,
    }
    mean = {}
    for weight in (None, "balanced"):
        chosen = select_parameters(method, {**quick, "class_weight": weight})
        estimator = make_estimator(method, **chosen).fit(texts, labels)
        mean[weight] = estimator.predict_proba(TEXTS)[:, 0].mean()
    assert mean["balanced"] > mean[None] + 0.02


@pytest.mark.parametrize("method", ["linear", *NETWORKS])
def test_unknown_class_weight_is_refused(tiny_bert, method):
    """Both accepted values are named."""
    with pytest.raises(
        InputError,
        match="class_weight is 'rare'; 'balanced', one weight per label, or None is accepted",
    ):
        fit(method, tiny_bert, class_weight="rare")
