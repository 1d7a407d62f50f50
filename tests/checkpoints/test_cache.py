"""Tests of assay.checkpoints.cache."""

from __future__ import annotations

import numpy as np
import pytest

from assay import _env
from assay.checkpoints.cache import cached_features, clear_cache, find_cached, measure_cache
from assay.checkpoints.frozen import FrozenEncoder

TEXTS = [f"good day {i}" for i in range(70)]


@pytest.fixture
def encoder(tiny_bert):
    """A tiny encoder that counts how often it is run."""

    class Counting(FrozenEncoder):
        n_runs = 0

        def transform(self, texts, *, progress=None):
            type(self).n_runs += 1
            return super().transform(texts, progress=progress)

    return Counting(tiny_bert)


def test_cached_features_are_the_encoders_own(encoder):
    """The second call runs nothing and returns the identical array."""
    first = cached_features(encoder, TEXTS)
    second = cached_features(encoder, TEXTS)
    assert type(encoder).n_runs == 1
    assert second.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, FrozenEncoder.transform(encoder, TEXTS))


@pytest.mark.parametrize("change", ["text", "order", "pooling", "max_tokens"])
def test_cache_key_holds_texts_and_settings(encoder, tiny_bert, change):
    """Other texts, another order or other settings are never served from it."""
    cached_features(encoder, TEXTS)
    texts = {"text": ["other", *TEXTS[1:]], "order": TEXTS[::-1]}.get(change, TEXTS)
    settings = {"pooling": {"pooling": "cls"}, "max_tokens": {"max_tokens": 3}}.get(change, {})
    assert find_cached(FrozenEncoder(tiny_bert, **settings), texts) is None


def test_cache_makes_a_broken_file_again(encoder):
    """A cut or foreign file counts as absent."""
    first = cached_features(encoder, TEXTS)
    (path,) = (_env.cache_dir() / "features").glob("*.npy")
    path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(cached_features(encoder, TEXTS), first)
    assert type(encoder).n_runs == 2


def test_cache_does_not_keep_a_few_texts(encoder):
    """Single texts come and go; keeping them is not worth a file."""
    cached_features(encoder, TEXTS[:5])
    assert measure_cache()[1:] == (0, 0)


def test_cache_keeps_a_few_texts_that_are_asked_for_often(encoder, tiny_bert):
    """Names of labels: the second fold runs nothing, and loads no network."""
    first = cached_features(encoder, TEXTS[:3], min_texts=1)
    again = type(encoder)(tiny_bert)
    np.testing.assert_array_equal(first, cached_features(again, TEXTS[:3], min_texts=1))
    assert type(encoder).n_runs == 1
    assert "_loaded" not in vars(again)


def test_clear_cache_deletes_and_says_how_much(encoder):
    """After clearing nothing is left."""
    cached_features(encoder, TEXTS)
    folder, n_arrays, n_bytes = measure_cache()
    assert (folder, n_arrays) == (_env.cache_dir() / "features", 1)
    assert clear_cache() == n_bytes > 0
    assert measure_cache()[1:] == (0, 0)


def test_cache_that_cannot_be_written_is_no_failure(encoder, monkeypatch, tmp_path):
    """A full or read-only disk costs time, not the run."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "file"))
    assert cached_features(encoder, TEXTS).shape[0] == len(TEXTS)
