"""What the child processes of benchmarks/peers.py do: fit one peer, save it, and predict validation.

Runs in .venv-peers, without assay. The task comes as JSON on stdin, what was measured goes out as
JSON. Each peer is set up as its documentation recommends; what is chosen on validation comes as
`settings`.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from house import folder_bytes, peak_bytes, read_labelled

Rows = tuple[list[str], list[str]]
Predict = Callable[[list[str]], Any]
# Fits on train (validation is there for early stopping); returns what predicts labels and what
# saves into the folder.
Peer = Callable[[dict[str, Any], Rows, Rows, Path], tuple[Predict, Callable[[], Any]]]
# Imported before the fit is timed, as assay's own libraries are; the time to a saved model has the
# imports in it.
MODULES = {
    "tfidf": ("joblib", "sklearn.feature_extraction.text", "sklearn.pipeline", "sklearn.svm"),
    "fasttext": ("fasttext",),
    "spacy": ("spacy.cli.init_config", "spacy.cli.train", "spacy.tokens"),
    "model2vec": ("model2vec.train",),
    "sentences": ("joblib", "sentence_transformers", "sklearn.linear_model"),
    "setfit": ("datasets", "setfit"),
}

MANY_FEW = 500  # texts from which on SetFit gets a number of pairs a text, not all pairs


def fit_tfidf(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit scikit-learn's TF-IDF of words and word pairs, sublinear, and LinearSVC; no probabilities."""
    import joblib
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    fitted = make_pipeline(words, LinearSVC(random_state=task["seed"], **task["settings"])).fit(
        *train
    )
    return fitted.predict, lambda: joblib.dump(fitted, out / "model.joblib")


def fit_fasttext(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit fastText with word pairs; lower-cased, as its tutorial says."""
    import fasttext

    labels = sorted(set(train[1]))
    clean = lambda text: " ".join(text.lower().split())  # noqa: E731
    lines = [
        f"__label__{labels.index(label)} {clean(text)}" for text, label in zip(*train, strict=True)
    ]
    source = out.parent / "fasttext.txt"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = fasttext.train_supervised(
        str(source),
        wordNgrams=2,
        epoch=25,
        thread=task["n_threads"],
        seed=task["seed"],
        verbose=0,
        **task["settings"],
    )

    def predict(texts: list[str]) -> list[str]:
        # A list: fastText 0.9.2 predicts a lone text through an array call that numpy 2 refuses.
        found, _ = model.predict([clean(text) for text in texts])
        return [labels[int(one[0].removeprefix("__label__"))] for one in found]

    return predict, lambda: model.save_model(str(out / "model.bin"))


def fit_spacy(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit spaCy's text classifier by `spacy init config` and `spacy train`, with its own early stopping."""
    import spacy
    from spacy.cli.init_config import init_config
    from spacy.cli.train import train as train_spacy
    from spacy.tokens import DocBin

    settings = dict(task["settings"])
    blank, labels = spacy.blank(settings["lang"]), sorted(set(train[1]))
    for name, (texts, own) in (("train", train), ("dev", validation)):
        docs = DocBin(store_user_data=True)
        for doc, label in zip(blank.pipe(texts), own, strict=True):
            doc.cats = {one: float(one == label) for one in labels}
            docs.add(doc)
        docs.to_disk(out.parent / f"{name}.spacy")
    config = out.parent / "config.cfg"
    init_config(lang=settings["lang"], pipeline=["textcat"], optimize=settings["optimize"]).to_disk(
        config
    )
    overrides = {
        "paths.train": str(out.parent / "train.spacy"),
        "paths.dev": str(out.parent / "dev.spacy"),
        "paths.vectors": None,
        "initialize.vectors": None,
        "training.seed": task["seed"],
    }
    overrides |= {"training.max_steps": settings["max_steps"]} if "max_steps" in settings else {}
    if settings["optimize"] == "accuracy":  # word vectors would come from a download
        overrides["components.tok2vec.model.embed.include_static_vectors"] = False
    train_spacy(config, out, overrides=overrides)
    model = spacy.load(out / "model-best")
    for last in out.glob("model-last"):  # spaCy saves two; one is the model
        last.rename(out.parent / "model-last")
    return lambda texts: [
        max(doc.cats, key=doc.cats.get) for doc in model.pipe(texts)
    ], lambda: None  # it is saved


def fit_model2vec(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit model2vec's trainable classifier on static embeddings; it keeps its best epoch on validation."""
    from model2vec import StaticModel
    from model2vec.train import StaticModelForClassification

    static = StaticModel.from_pretrained(task["static_model"])
    model = StaticModelForClassification.from_static_model(model=static)
    model.fit(
        *train, X_val=validation[0], y_val=validation[1], device="cpu", random_seed=task["seed"]
    )
    pipeline = model.to_pipeline()
    return pipeline.predict, lambda: pipeline.save_pretrained(str(out))


def fit_sentences(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit scikit-learn's logistic regression on sentence-transformers' embeddings, as its examples do."""
    import joblib
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    encoder = SentenceTransformer(task["checkpoint"], device="cpu")
    head = LogisticRegression(max_iter=1000, **task["settings"]).fit(
        encoder.encode(train[0]), train[1]
    )
    save = lambda: (encoder.save(str(out)), joblib.dump(head, out / "head.joblib"))  # noqa: E731
    return lambda texts: head.predict(encoder.encode(texts)), save


def fit_setfit(
    task: dict[str, Any], train: Rows, validation: Rows, out: Path
) -> tuple[Predict, Callable[[], Any]]:
    """Fit SetFit on a few texts per class, which is what it is for."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments, sample_dataset

    labels = sorted(set(train[1]))
    rows = Dataset.from_dict({"text": train[0], "label": [labels.index(one) for one in train[1]]})
    few = sample_dataset(rows, num_samples=task["settings"]["n_a_class"], seed=task["seed"])
    model = SetFitModel.from_pretrained(task["checkpoint"], labels=labels, device="cpu")
    more = {"max_steps": task["settings"]["max_steps"]} if "max_steps" in task["settings"] else {}
    if "num_iterations" in task["settings"]:
        more["num_iterations"] = task["settings"]["num_iterations"]
    elif len(few) > MANY_FEW:
        more["num_iterations"] = (
            20  # of its paper (Tunstall et al., 2022): all pairs of 77 x 16 texts are 1.5 million
        )
    arguments = TrainingArguments(
        output_dir=str(out.parent / "trainer"),
        num_epochs=1,
        seed=task["seed"],
        save_strategy="no",
        report_to="none",
        **more,
    )
    Trainer(model=model, args=arguments, train_dataset=few).train()
    return lambda texts: list(model.predict(texts, use_labels=True)), lambda: model.save_pretrained(
        str(out)
    )


PEERS: dict[str, Peer] = {
    "tfidf": fit_tfidf,
    "fasttext": fit_fasttext,
    "spacy": fit_spacy,
    "model2vec": fit_model2vec,
    "sentences": fit_sentences,
    "setfit": fit_setfit,
}


def distil(task: dict[str, Any]) -> dict[str, Any]:
    """Make model2vec's static embeddings out of the same checkpoint that assay uses."""
    from model2vec.distill import distill

    started_s = time.perf_counter()
    distill(task["checkpoint"], device="cpu").save_pretrained(task["out"])
    return {"distil_s": round(time.perf_counter() - started_s, 3), "peak_bytes": peak_bytes()}


def fit_peer(task: dict[str, Any]) -> dict[str, Any]:
    """Fit, save, predict; return seconds, accuracy, memory and size."""
    train, validation = read_labelled(task["train"]), read_labelled(task["validation"])
    out = Path(task["out"])
    out.mkdir(parents=True)
    for module in MODULES[task["peer"]]:
        importlib.import_module(module)
    fit_started_s = time.perf_counter()
    predict, save = PEERS[task["peer"]](task, train, validation, out)
    fit_s = time.perf_counter() - fit_started_s
    save()
    saved_s = time.time() - task["started_s"]
    started_s = time.perf_counter()
    predicted = [str(one) for one in predict(validation[0])]
    predict_s = time.perf_counter() - started_s
    n_right = sum(one == true for one, true in zip(predicted, validation[1], strict=True))
    return {
        "n_train": len(train[0]),
        "n_validation": len(validation[0]),
        "n_right": n_right,
        "saved_s": round(saved_s, 3),
        "fit_s": round(fit_s, 3),
        "predict_s": round(predict_s, 4),
        "peak_bytes": peak_bytes(),
        "model_bytes": folder_bytes(out),
    }


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    found = distil(given) if given["peer"] == "distil" else fit_peer(given)
    print("\n" + json.dumps(found))
