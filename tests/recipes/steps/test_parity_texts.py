"""Texts that are made of a vocabulary; which texts an export takes is tested in recipes/test_export.py."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.models import WordPiece

from _support.small_models import small_estimator
from assay.models import keep_texts, save_model
from assay.recipes.export import export_model
from assay.recipes.steps.parity_texts import _pieces, find_parity_texts
from assay.runtime import load_model


def test_pieces_are_as_in_texts(tmp_path):
    """Special tokens are left out, and marks of continued words taken off."""
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "good": 2, "##ness": 3, "▁day": 4, "<s>": 5}
    path = tmp_path / "tokenizer.json"
    Tokenizer(WordPiece(vocabulary, unk_token="[UNK]")).save(str(path))
    assert _pieces(path) == ["good", "ness", "day"]


def test_texts_of_models_of_several_labels_have_sets(tmp_path):
    """Those that the model keeps come with all of their labels; those that are made with one."""
    texts = [f"{'rude ' * (i % 2)}{'fun ' * (i % 3 > 0)}day {i}" for i in range(180)]
    labels = [[word for word in ("rude", "fun") if word in text] for text in texts]
    estimator = small_estimator("compact").fit(texts, labels, validation=(texts, labels))
    save_model(estimator, tmp_path / "m", parity_texts=texts[:20])
    model = load_model(tmp_path / "m")
    made = find_parity_texts(model, None, "test")
    assert made.labelled.labels[0] == (model.labels[0],)
    keep_texts(tmp_path / "m", texts, model.label_set.numbers(labels))
    kept = find_parity_texts(load_model(tmp_path / "m"), None, "test")
    own = dict(zip(texts, labels, strict=True))
    for text, names in zip(kept.labelled.texts, kept.labelled.labels, strict=True):
        assert list(names) == sorted(own[text])
    assert export_model(tmp_path / "m", tmp_path / "x", export_format="onnx")
