"""One method from labelled texts to a folder: scored from what was saved, whole or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from _support.small_runs import listing, read_json, write_data
from assay.data.load import load_data
from assay.errors import DataError, InputError, OutputExistsError
from assay.models import Linear
from assay.progress import Progress
from assay.recipes import train as module
from assay.recipes.evaluate import evaluate_model
from assay.recipes.steps.rule_options import RuleOptions
from assay.recipes.train import train_model
from assay.runtime import load_model


def test_training_returns_the_scores_of_the_saved_folder(data, tmp_path):
    """What is returned, what assay.json says and what the folder scores again are one."""
    out = tmp_path / "m"
    result = train_model(data, out, method="linear", seed=3)
    assert list(result) == [
        "model",
        "method",
        "labels",
        "fit_s",
        "model_bytes",
        "epochs",
        "validation",
        "test",
    ]
    assert result["labels"] == list(load_data(data).label_set)
    manifest = read_json(out / "assay.json")
    assert manifest["seed"] == 3
    for split in ("validation", "test"):
        again = evaluate_model(out, load_data(data), split=split, seed=3)
        assert result[split] == again.scores.to_dict()
        claims = {
            claim["metric"]: claim["value"]
            for claim in manifest["scores"]
            if claim["split"] == split
        }
        assert claims["accuracy"] == result[split]["accuracy"]
    assert manifest["training_data"] == {
        "source": data.name,
        "n_texts": 66,
        "sha256": load_data(data)["train"].sha256(),
        "scripts": ["LATIN", "HANGUL"],
        "emoji": False,
        "label_column": "label",
    }
    assert (out / "README.md").read_text(encoding="utf-8").count("# m") == 1
    assert result["model_bytes"] == sum(facts["size_bytes"] for facts in manifest["files"].values())


def test_parameters_reach_the_estimator(data, tmp_path):
    """They are recorded; one that the method does not have is refused, and nothing is written."""
    train_model(data, tmp_path / "m", method="compact", parameters={"n_epochs": 1})
    with pytest.raises(InputError, match=r"'compact' has no parameter 'epochs'.*'n_epochs'"):
        train_model(data, tmp_path / "x", method="compact", parameters={"epochs": 1})
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["m"]
    assert read_json(tmp_path / "m" / "assay.json")["parameters"]["n_epochs"] == 1


def test_winner_of_a_search_is_trained_as_it_is(data, tmp_path):
    """Its parameters, also those that NumPy holds, or the estimator itself; the data are cut by `seed`."""
    train = load_data(data)["train"]
    grid = {"C": np.array([0.5, 1.0]), "min_count": np.array([1, 2]), "seed": [3]}
    search = GridSearchCV(Linear(), grid, cv=2).fit(train.texts, train.labels)
    best = {
        "C": float(search.best_params_["C"]),
        "min_count": int(search.best_params_["min_count"]),
    }
    trained = []
    for name, arguments in {
        "plain": {"method": "linear", "parameters": {**best, "seed": 3}},
        "params": {"method": "linear", "parameters": search.best_params_},
        "all": {"method": "linear", "parameters": search.best_estimator_.get_params()},
        "winner": {"method": search.best_estimator_},
    }.items():
        train_model(data, tmp_path / name, seed=5, **arguments)
        manifest = read_json(tmp_path / name / "assay.json")
        trained.append((manifest["parameters"], manifest["files"], manifest["scores"]))
        assert manifest["parameters"].items() >= best.items()
    assert trained[1:] == trained[:1] * 3


@pytest.mark.parametrize("method", [LogisticRegression(), 3, Linear])
def test_method_that_is_none_of_ours_is_refused(data, tmp_path, method):
    """An estimator of another library cannot be saved as a model."""
    with pytest.raises(InputError, match="a text or TextClassifier is accepted"):
        train_model(data, tmp_path / "m", method=method)


@pytest.mark.parametrize("method", ["majority", "linear", "compact"])
def test_training_texts_are_kept_where_asked(data, tmp_path, method):
    """Every method can: the file is hashed, the count recorded, the card still there; nothing is kept unasked."""
    parameters = {"n_epochs": 1} if method == "compact" else {}
    train_model(data, tmp_path / "kept", method=method, parameters=parameters, keep_texts=True)
    train_model(data, tmp_path / "bare", method=method, parameters=parameters)
    train = load_data(data)["train"]
    model = load_model(tmp_path / "kept")
    found = model.nearest([train.texts[0]], n=1)[0][0]
    assert (found.text, found.similarity) == (train.texts[0], pytest.approx(1))
    assert found.label in {
        label for text, label in zip(train.texts, train.labels, strict=True) if text == found.text
    }
    assert model.manifest.kept_texts["n_train"] == 66
    assert listing(tmp_path / "kept") - listing(tmp_path / "bare") == {"training_texts.json"}
    assert read_json(tmp_path / "bare" / "assay.json")["kept_texts"] == {}


def test_unknown_method_and_existing_output_cost_nothing(data, tmp_path):
    """Both are said before the data is read."""
    with pytest.raises(InputError, match=r"unknown method 'lineal'.*Did you mean 'linear'"):
        train_model("nothing-there.csv", tmp_path / "m", method="lineal")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "assay.json").touch()
    with pytest.raises(OutputExistsError, match="m exists already"):
        train_model("nothing-there.csv", tmp_path / "m", method="linear")
    with pytest.raises(InputError, match="holds the data itself"):
        train_model(write_data(tmp_path / "d"), tmp_path / "d", method="linear", overwrite=True)


def test_model_without_its_scores_is_not_left_behind(data, tmp_path, monkeypatch):
    """Saved but not yet scored is not finished: an interruption in between leaves nothing."""

    def stop(*args, **kwargs):
        assert listing(tmp_path) >= {"m.partial", "m.partial/model/assay.json"}
        raise KeyboardInterrupt

    monkeypatch.setattr("assay.recipes.steps.score.score_split", stop)
    with pytest.raises(KeyboardInterrupt):
        train_model(data, tmp_path / "m", method="linear")
    assert listing(tmp_path) == set()


def test_progress_is_told_of_the_training(data, tmp_path):
    """Whoever waits sees what is going on, to the last step."""
    seen = {}

    class Count(Progress):
        def track(self, name, n_steps):
            seen[name] = [0, n_steps]
            manager = super().track(name, n_steps)

            class Counting:
                def __enter__(self):
                    manager.__enter__()
                    return lambda n: seen[name].__setitem__(0, seen[name][0] + n)

                def __exit__(self, *exc_info):
                    return manager.__exit__(*exc_info)

            return Counting()

    train_model(
        data, tmp_path / "m", method="compact", parameters={"n_epochs": 2}, progress=Count()
    )
    assert seen
    assert all(n_done == n_steps for n_done, n_steps in seen.values())


def test_bad_data_leaves_nothing(tmp_path):
    """A split that cannot be scored is refused before anything is written."""
    data = write_data(tmp_path / "d")
    (data / "labels.txt").unlink()
    (data / "test.csv").write_text("text,label\na,joy\nb,anger\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"label 'anger' has rows in test \(1\) but none in train"):
        train_model(data, tmp_path / "m", method="linear")
    assert {path.name for path in tmp_path.iterdir()} == {"d"}


def test_card_is_written_in_the_language_that_is_asked_for(data, tmp_path):
    """An unknown language is refused before anything is read."""
    train_model(data, tmp_path / "m", method="majority", report_language="ko")
    assert "모델" in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="language 'tlh' is unknown; en, ko are accepted"):
        train_model("nothing.csv", tmp_path / "x", method="majority", report_language="tlh")


def test_a_rule_to_abstain_is_chosen_out_of_fold(data, tmp_path):
    """Few texts of validation are trained on, too; nothing of the folds is left in the folder."""
    result = train_model(data, tmp_path / "m", method="linear", target_accuracy=0.6)
    splits = [split for split in ("validation", "out_of_fold", "test") if split in result]
    assert splits == ["out_of_fold", "test"]
    whole = load_data(data)
    n_texts = len(whole["train"]) + len(whole["validation"])
    assert result["abstain"]["n_texts"] == result["out_of_fold"]["n_texts"] == n_texts
    plain = train_model(data, tmp_path / "plain", method="linear")
    assert "validation" in plain
    assert listing(tmp_path / "m") == listing(tmp_path / "plain")
    assert "out of fold" in result._repr_html_()


def test_processes_that_share_a_training_fit_no_folds(tmp_path, monkeypatch):
    """They would each fit all of them: the rule is chosen on validation."""
    training = module._Training(
        tmp_path, "finetune", 0, None, 0.9, RuleOptions(), False, False, Progress()
    )
    assert training.n_folds == 5
    monkeypatch.setattr(module._env, "n_processes", lambda: 2)
    assert training.n_folds is None
    monkeypatch.undo()
    assert replace(training, target_accuracy=None).n_folds is None
    asked = RuleOptions(min_recall={"joy": 0.5})
    assert replace(training, target_accuracy=None, rule=asked).n_folds == 5
