"""Features through ONNX Runtime: those of torch, or from 8-bit weights, which are close; made once, kept apart."""

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, small_data
from assay import _env
from assay.checkpoints import FrozenEncoder, exported, frozen
from assay.checkpoints.cache import cached_features, clear_cache, find_cached
from assay.errors import InputError, ModelError
from assay.models import Features, save_model

TEXTS, LABELS = small_data(80)


def cosines(one, other):
    """Return the cosine of each pair of rows."""
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_features_point_where_those_of_float32_point(tiny_bert, pooling):
    """Rows are in the order of the texts, of the same size, nearly parallel, and not the same."""
    plain = FrozenEncoder(tiny_bert, pooling=pooling).transform([*TEXTS, *EDGE_TEXTS])
    small = FrozenEncoder(tiny_bert, pooling=pooling, precision="int8").transform(
        [*TEXTS, *EDGE_TEXTS]
    )
    assert small.shape == plain.shape
    assert small.dtype == np.float32
    assert cosines(plain, small).min() > 0.97
    assert np.abs(plain - small).max() > 1e-5


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_many_texts_are_read_by_onnx_runtime(tiny_bert, monkeypatch, pooling):
    """From so many texts on the exported network reads them: the same features but for the last digits."""
    texts = [*TEXTS, *EDGE_TEXTS]
    encoder = FrozenEncoder(tiny_bert, pooling=pooling)
    expected = encoder.transform(texts)
    assert not list(_env.cache_dir().rglob("*.onnx"))
    monkeypatch.setattr(frozen, "MIN_EXPORTED_TEXTS", len(texts))
    found = encoder.transform(texts)
    assert len(list(_env.cache_dir().rglob("*.onnx"))) == 1
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(FrozenEncoder(tiny_bert, pooling=pooling).transform(texts), found)


def test_a_network_that_cannot_be_exported_is_read_by_torch(tiny_bert, monkeypatch):
    """float32 goes on without the file; 8-bit weights are an error that says why."""
    expected = FrozenEncoder(tiny_bert).transform(TEXTS)
    monkeypatch.setattr(frozen, "MIN_EXPORTED_TEXTS", 1)
    monkeypatch.setattr(exported, "_export", lambda *args, **more: 1 / 0)
    np.testing.assert_array_equal(FrozenEncoder(tiny_bert).transform(TEXTS), expected)
    with pytest.raises(
        ModelError, match="cannot be read by ONNX Runtime in int8: division by zero"
    ):
        FrozenEncoder(tiny_bert, precision="int8").transform(TEXTS)


def test_an_exported_network_that_says_something_else_is_not_believed(
    tiny_bert, monkeypatch, caplog
):
    """What differs from torch's features of two texts reads none of the others."""
    expected = FrozenEncoder(tiny_bert).transform(TEXTS)
    monkeypatch.setattr(frozen, "MIN_EXPORTED_TEXTS", 1)
    wrong = exported.ExportedEncoder.transform
    monkeypatch.setattr(exported.ExportedEncoder, "transform", lambda *given: wrong(*given) + 0.01)
    np.testing.assert_array_equal(FrozenEncoder(tiny_bert).transform(TEXTS), expected)
    assert "differs by 0.01 when exported: torch reads the texts" in caplog.text


def test_file_is_made_once(tiny_bert):
    """A second encoder finds the file of the first; a broken one is made again; clearing the cache deletes it."""
    first = FrozenEncoder(tiny_bert, precision="int8").transform(TEXTS)
    (path,) = (_env.cache_dir() / "encoders").iterdir()
    before = path.stat().st_mtime_ns
    np.testing.assert_array_equal(
        FrozenEncoder(tiny_bert, precision="int8").transform(TEXTS), first
    )
    assert path.stat().st_mtime_ns == before
    path.write_bytes(b"no network")
    np.testing.assert_array_equal(
        FrozenEncoder(tiny_bert, precision="int8").transform(TEXTS), first
    )
    assert clear_cache() > 1000
    assert not path.exists()


def test_cache_keeps_precisions_apart(tiny_bert):
    """What float32 made is not given to who asked for int8."""
    plain, small = FrozenEncoder(tiny_bert), FrozenEncoder(tiny_bert, precision="int8")
    features = cached_features(plain, TEXTS)
    assert find_cached(small, TEXTS) is None
    assert np.abs(cached_features(small, TEXTS) - features).max() > 1e-5
    np.testing.assert_array_equal(cached_features(plain, TEXTS), features)


def test_parameters_are_followed(tiny_bert):
    """Another pooling of the same encoder is another file; an unknown precision is refused."""
    encoder = FrozenEncoder(tiny_bert, precision="int8")
    mean = encoder.transform(TEXTS[:4])
    assert np.abs(encoder.set_params(pooling="cls").transform(TEXTS[:4]) - mean).max() > 1e-3
    with pytest.raises(InputError, match="precision is 'int4'; float32 and int8 are accepted"):
        FrozenEncoder(tiny_bert, precision="int4").transform(TEXTS)


def test_features_trained_on_8_bits_are_saved_in_float32(tiny_bert, tmp_path):
    """The head learns from 8-bit features, predictions are those of the saved float32 network, and close by."""
    small = Features(checkpoint=tiny_bert, precision="int8").fit(TEXTS, LABELS)
    plain = Features(checkpoint=tiny_bert).fit(TEXTS, LABELS)
    manifest = save_model(
        small, tmp_path / "m"
    )  # checks that the saved folder gives the same scores
    assert manifest.parameters["precision"] == "int8"
    assert np.abs(small.head_.coef_ - plain.head_.coef_).max() > 1e-6
    assert np.mean(small.predict(TEXTS) == plain.predict(TEXTS)) > 0.9
