"""Scope: signs against a plain reckoning, the share they become, the file they come from, and a model that tells."""

import base64
import json
import shutil
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS, WORDS, small_data, small_estimator
from _support.small_runs import write_data
from assay.errors import InputError, ModelError
from assay.models import save_model
from assay.models.term_statistics import fit_term_statistics
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.hashed_terms import BLOCKS, count_terms
from assay.runtime.limits.scope import (
    ASPECTS,
    CHUNK_TEXTS,
    MEASURES,
    PRIOR_COUNTS,
    ScopeReference,
    TermStatistics,
    add_sureness,
    standardise,
)
from assay.runtime.limits.scripts import name_unseen_scripts

STRANGE = [
    "zxcv qwrt plmk",
    "lorem ipsum dolor sit amet",
    "прогноз погоды на завтра",
    "0xdeadbeef 0xcafebabe",
]


def fit(n_texts=120, **more):
    """Count the terms of small texts."""
    texts, labels = small_data(n_texts, **more)
    names = sorted(set(labels))
    return fit_term_statistics(
        texts, np.array([names.index(label) for label in labels]), n_classes=len(names)
    )


@pytest.fixture(scope="module")
def statistics():
    """The statistics of 120 small texts in three classes."""
    return fit()


def measure_by_hand(statistics, text):
    """Reckon the three signs of one text with dictionaries and loops, in float64."""
    n_classes = statistics.levels.shape[1]
    cosines, odds = np.zeros(n_classes), np.zeros(n_classes)
    for block, terms in enumerate(count_terms([text], {})):
        counts = statistics._counts(block).astype(np.float64)  # (n_buckets, n_classes)
        of_term = counts.sum(axis=1)
        idf = 1 + np.log((1 + statistics.n_texts) / (1 + np.minimum(of_term, statistics.n_texts)))
        share = (of_term + 0.5) / (of_term.sum() + 0.5 * ((of_term > 0).sum() + 1))
        vector = {}
        for hashed, count in zip(terms.hashes.tolist(), terms.counts.tolist(), strict=True):
            bucket = hashed >> (32 - statistics.bits)
            vector.setdefault(bucket, []).append((1 + np.log(count)) * idf[bucket])
            for c in range(n_classes):
                in_class = (counts[bucket, c] + PRIOR_COUNTS * share[bucket]) / (
                    counts[:, c].sum() + PRIOR_COUNTS
                )
                odds[c] += count * np.log(in_class / share[bucket]) / np.sqrt(terms.counts.sum())
        length = np.sqrt(
            BLOCKS * sum(weight**2 for weights in vector.values() for weight in weights)
        )
        for c in range(n_classes):
            centroid = counts[:, c] * idf
            norm = np.linalg.norm(centroid)
            dot = sum(
                weight * centroid[bucket]
                for bucket, weights in vector.items()
                for weight in weights
            )
            cosines[c] += dot / norm / length if dot else 0.0
    first, second = np.sort(odds)[::-1][:2]
    return [cosines.max(), first, first - second]


@pytest.mark.parametrize(
    "text", [*EDGE_TEXTS, *STRANGE, *small_data(6, seed=5)[0], "happy happy happy sad"], ids=repr
)
def test_signs_are_what_reckoning_gives(statistics, text):
    """Familiarity, evidence and decisiveness as their definitions say, in plain loops."""
    expected = measure_by_hand(statistics, text)
    np.testing.assert_allclose(statistics.measure([text])[0], expected, rtol=2e-4, atol=2e-5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_signs_of_a_batch_are_those_of_each_text(statistics, texts):
    """A text measures the same alone and among others."""
    alone = [statistics.measure([text])[0] for text in texts]
    np.testing.assert_allclose(
        statistics.measure(texts), np.array(alone).reshape(len(texts), 3), atol=1e-12
    )


def test_chunks_leave_no_seam(statistics):
    """More texts than are measured at once: each has its own signs."""
    texts = [*small_data(2 * CHUNK_TEXTS, seed=3)[0], *EDGE_TEXTS]
    backwards = statistics.measure(texts[::-1])[::-1]
    np.testing.assert_allclose(statistics.measure(texts), backwards, atol=1e-12)


def test_long_texts_are_measured_in_parts(statistics, monkeypatch):
    """A text has its signs however few characters, terms and tokens are in memory at once."""
    texts = [" ".join(small_data(20, seed=seed)[0]) for seed in range(4)] + EDGE_TEXTS
    whole = statistics.measure(texts)
    monkeypatch.setattr("assay.runtime.limits.scope.CHUNK_CHARS", 300)
    monkeypatch.setattr("assay.runtime.limits.scope.CHUNK_CELLS", 21)
    monkeypatch.setattr("assay.runtime.hashed_terms.MOST_SEEN", 5)
    np.testing.assert_allclose(statistics.measure(texts), whole, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_signs_of_any_text_are_in_range(statistics, text):
    """A cosine is from 0 to 1, a lead is never negative, and all three are numbers."""
    familiarity, evidence, decisiveness = statistics.measure([text])[0]
    assert 0 <= familiarity <= 1 + 1e-6
    assert decisiveness >= 0
    assert np.isfinite(evidence)


def test_nothing_known_is_nothing_familiar(statistics):
    """A text without terms has 0 in all three; one whose terms train never held has no familiarity."""
    assert statistics.measure(["", "   "]).tolist() == [[0.0] * 3] * 2
    assert statistics.measure([]).shape == (0, 3)
    assert statistics.measure(["zzqx"])[0, 0] == 0


def test_words_of_train_are_more_familiar_than_strange_ones(statistics):
    """Each sign is higher for new texts like train than for texts about nothing of it."""
    inside, outside = statistics.measure(small_data(60, seed=9)[0]), statistics.measure(STRANGE)
    assert (inside.mean(axis=0) > outside.mean(axis=0)).all()
    assert inside[:, 0].min() > outside[:, 0].max()


def test_file_gives_the_statistics_back(statistics, tmp_path):
    """scope.json holds every level, and says little more."""
    statistics.save(tmp_path)
    again = TermStatistics.load(tmp_path, n_classes=3)
    assert (again.n_texts, again.largest, again.bits) == (
        statistics.n_texts,
        statistics.largest,
        15,
    )
    np.testing.assert_array_equal(again.levels, statistics.levels)
    assert {path.name for path in tmp_path.iterdir()} == {"scope.json"}
    assert (tmp_path / "scope.json").stat().st_size < 20_000


def broken(tmp_path, statistics, **changes):
    """Write scope.json with changes; a value of None leaves its key out."""
    statistics.save(tmp_path)
    path = tmp_path / "scope.json"
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(
        json.dumps({name: value for name, value in content.items() if value is not None})
    )
    return tmp_path


def packed(n_bytes):
    """Compress so many zeros."""
    return base64.b64encode(zlib.compress(bytes(n_bytes))).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"levels": None},
        {"levels": "no base64!"},
        {"levels": base64.b64encode(b"not zlib").decode()},
        {"levels": 7},
        {"n_texts": "many"},
        {"n_texts": float("inf")},
        {"shape": [2, 3]},
        {"shape": None},
        {"shape": [2, 3, 10**30]},
    ],
    ids=[
        "no-levels",
        "no-base64",
        "no-zlib",
        "number",
        "word",
        "infinite",
        "short-shape",
        "no-shape",
        "astronomic",
    ],
)
def test_file_that_cannot_be_read_is_a_model_error(tmp_path, statistics, changes):
    """Whatever is broken, the sentence names the file; no other exception gets out."""
    with pytest.raises(ModelError, match=r"scope\.json (cannot be read|has .* are accepted)"):
        TermStatistics.load(broken(tmp_path, statistics, **changes), n_classes=3)


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [2, 4, 1 << 15]},
        {"shape": [1, 3, 1 << 15]},
        {"shape": [2, 3, 3]},
        {"shape": [2, 3, 4]},
        {"shape": [2, 3, -4]},
        {"shape": [2, 3, 0], "levels": packed(0)},
        {"levels": packed(7)},
        {"levels": packed(2 * 3 * (1 << 15) + 1)},
        {"n_chars": [3, 5]},
        {"shape": [2, 3, 1 << 17], "levels": packed(2 * 3 * (1 << 17))},
    ],
    ids=[
        "classes",
        "blocks",
        "no-power",
        "too-few",
        "negative",
        "none",
        "short",
        "long",
        "n-grams",
        "too-many-buckets",
    ],
)
def test_file_of_another_make_is_refused(tmp_path, statistics, changes):
    """Other n-grams, classes or sizes than this assay reads: what is there, and what is accepted."""
    with pytest.raises(
        ModelError,
        match=r"scope\.json has [\d,]+ counts of blocks, classes and n-grams .* accepted",
    ):
        TermStatistics.load(broken(tmp_path, statistics, **changes), n_classes=3)


@pytest.mark.parametrize("name", ["n_texts", "largest"])
@pytest.mark.parametrize("value", [0, -1, 1e308, 10**30, 10**400])
def test_absurd_counts_are_refused(tmp_path, statistics, name, value):
    """A forged count that overflows made every scope NaN."""
    forged = broken(tmp_path, statistics, **{name: value})
    with pytest.raises(ModelError, match=r"scope\.json has a number of texts, or of the most freq"):
        TermStatistics.load(forged, n_classes=3)


@pytest.mark.parametrize(
    "shape", [[2, 3, 1 << 15], [2, 3, 1 << 25], [2, 3 << 10, 1 << 15]], ids=["own", "deep", "wide"]
)
def test_few_bytes_unpack_to_no_more_than_a_model_has(tmp_path, statistics, shape):
    """A file of some kilobytes that would fill the memory is refused before it does, whatever its shape says."""
    bomb = broken(tmp_path, statistics, shape=shape, levels=packed(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="counts of blocks, classes and n-grams"):
            TermStatistics.load(bomb, n_classes=3)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def reference(**changes):
    """Make a reference whose worse look has plain quantiles from -2 to 2."""
    parts = {
        "means": (0.5, 1.0, 1.0, -0.5),
        "stds": (0.1, 0.5, 0.5, 0.2),
        "aspect_stds": (1.5, 2.0),
        "quantiles": tuple(np.linspace(-2, 2, 101).tolist()),
        "n_texts": 200,
    }
    return ScopeReference(**{**parts, **changes})


SIGN_ROWS = st.lists(st.tuples(*[st.floats(-50, 50)] * 4), min_size=1, max_size=20)


@given(SIGN_ROWS)
def test_scope_is_a_share_that_grows_with_the_worse_aspect(rows):
    """From 0 to 1, the same order as the worse look; above it all is 1, far below it all still strictly falls."""
    signs = np.array(rows)
    worse, scope = reference().worse_aspect(signs), reference().scope(signs)
    assert ((scope >= 0) & (scope <= 1)).all()
    order = np.argsort(worse)
    assert (np.diff(scope[order]) >= -1e-15).all()
    assert (scope[worse >= 2] == 1).all()
    assert (scope[worse < -2] < 1 / 200).all()


@given(SIGN_ROWS)
def test_worse_aspect_is_the_lower_of_the_two(rows):
    """The signs in standard deviations, added up look by look, in standard deviations again; the lower counts."""
    one = reference()
    for row, found in zip(rows, one.worse_aspect(np.array(rows)), strict=True):
        scaled = [
            (value - mean) / std for value, mean, std in zip(row, one.means, one.stds, strict=True)
        ]
        looks = [
            sum(w * s for w, s in zip(weights, scaled, strict=True)) / std
            for weights, std in zip(ASPECTS.values(), one.aspect_stds, strict=True)
        ]
        assert found == pytest.approx(min(looks), abs=1e-9)


def test_scope_at_the_quantiles_is_the_share_below():
    """The conformal p value: at the median half of the validation texts look no better, and this one is counted in."""
    one = reference(aspect_stds=(1.0, 1.0), means=(0.0,) * 4, stds=(1.0,) * 4)
    signs = np.array([[look, look, 0.0, 0.0] for look in (-2.0, 0.0, 1.0, 2.0)])
    expected = [(1 + 200 * share) / 201 for share in (0.0, 0.5, 0.75, 1.0)]
    assert one.scope(signs).tolist() == pytest.approx(expected)


def test_reference_survives_json():
    """What assay.json holds is read back as the same reference, sign by sign under its name."""
    plain = json.loads(json.dumps(reference().to_dict()))
    assert set(plain["signs"]) == set(MEASURES)
    assert set(plain["looks"]) == set(ASPECTS)
    assert ScopeReference.from_dict(plain, where="assay.json") == reference()


@pytest.mark.parametrize("name", ["signs", "looks", "quantiles", "n_texts", "threshold"])
@pytest.mark.parametrize(
    "value", [None, "word", {}, float("inf")], ids=["null", "word", "empty", "infinite"]
)
def test_reference_with_a_part_missing_is_refused(name, value):
    """Null, words and infinities are no numbers, whichever part they are in."""
    with pytest.raises(
        ModelError,
        match=r"assay\.json: (scope lacks a number|the quantiles of scope are not in order)",
    ):
        ScopeReference.from_dict({**reference().to_dict(), name: value}, where="assay.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"quantiles": [0.0]},
        {"quantiles": [1.0, 0.0]},
        {"quantiles": [0.0, float("nan")]},
        {"n_texts": 0},
        {"n_texts": 10**400},
        {"threshold": -1e308},
        {"looks": dict.fromkeys(ASPECTS, 1e308)},
        {"signs": {name: [1e308, 1.0] for name in MEASURES}},
    ],
    ids=["one", "falling", "nan", "no-texts", "texts", "threshold", "looks", "signs"],
)
def test_reference_out_of_order_is_refused(changes):
    """Quantiles rise, and stand for at least one text."""
    with pytest.raises(
        ModelError, match="the quantiles of scope are not in order, or a number of it is none"
    ):
        ScopeReference.from_dict({**reference().to_dict(), **changes}, where="assay.json")


def test_sureness_is_the_negative_entropy():
    """0 for certainty, -ln 3 for three equal scores, also where a score is exactly 0."""
    probs = np.array([[1.0, 0.0, 0.0], [1 / 3] * 3, [0.5, 0.5, 0.0]])
    found = add_sureness(np.zeros((3, 3)), probs)
    assert found.shape == (3, 4)
    assert found[:, 3].tolist() == pytest.approx([0.0, -np.log(3), -np.log(2)])


def test_column_without_spread_stands_at_its_mean():
    """A sign that all validation texts share says nothing: 0, not infinity."""
    scaled = standardise(np.array([[1.0, 5.0], [3.0, 7.0]]), (1.0, 5.0), (2.0, 0.0))
    assert scaled.tolist() == [[0.0, 0.0], [1.0, 0.0]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train a linear and a majority model on small data; return their folders."""
    root = tmp_path_factory.mktemp("scope")
    data = write_data(root / "data", sizes={"train": 200, "validation": 100, "test": 60})
    for method in ("linear", "majority"):
        train_model(data, root / method, method=method)
    return root


@pytest.fixture(scope="module")
def model(trained):
    """Load the linear one."""
    return load_model(trained / "linear")


def test_model_tells_strange_texts_from_its_own(model):
    """Texts like train keep their scope, and few fall below the threshold; strange ones all do."""
    assert model.scope_threshold == 0.05
    inside, outside = model.scope(small_data(300, seed=77)[0]), model.scope(STRANGE)
    assert (outside < model.scope_threshold).all()
    assert (inside < model.scope_threshold).mean() < 0.15
    assert np.median(inside) > 0.25


def test_scope_of_texts_needs_no_scores_and_takes_them(model):
    """Scores that the caller has already are the ones that the model would make."""
    texts = [*EDGE_TEXTS, *STRANGE]
    scope = model.scope(texts)
    assert scope.shape == (len(texts),)
    is_seen = [not one for one in name_unseen_scripts(texts, seen=model.manifest.scripts)]
    assert (scope > 0).tolist() == is_seen
    assert (scope <= 1).all()
    np.testing.assert_array_equal(scope, model.scope(texts, probs=model.predict_proba(texts)))
    alone = [model.scope([text])[0] for text in texts]
    np.testing.assert_allclose(scope, alone, atol=1e-9)


def test_no_texts_have_no_scope(model):
    """An empty list is legal, a lone text is not."""
    assert model.scope([]).shape == (0,)
    with pytest.raises(InputError, match=r"one text; a sequence of texts is accepted"):
        model.scope("happy day")


def test_model_that_reads_no_text_cannot_tell(trained):
    """The floor has no statistics: None, for the threshold and for every text."""
    floor = load_model(trained / "majority")
    assert floor.scope_threshold is None
    assert floor.scope(["anything"]) is None


def test_model_without_scores_cannot_tell(tmp_path):
    """One saved by hand has nothing to compare with, with statistics or without."""
    texts, labels = small_data(60)
    estimator = small_estimator("linear").fit(texts, labels)
    save_model(estimator, tmp_path / "plain")
    save_model(estimator, tmp_path / "counted", term_statistics=fit(60))
    assert (tmp_path / "counted" / "scope.json").is_file()
    for name in ("plain", "counted"):
        assert load_model(tmp_path / name).scope(texts) is None


def test_statistics_are_hashed_like_every_other_part(trained, tmp_path):
    """A changed scope.json is a changed model."""
    copy = shutil.copytree(trained / "linear", tmp_path / "copy")
    fit(labels=("joy", "sadness")).save(copy)
    with pytest.raises(ModelError, match=r"scope\.json"):
        load_model(copy)


def test_manifest_says_where_validation_stands(model):
    """The reference in assay.json is of the validation texts, with every sign and both looks."""
    scope = model.manifest.scope
    assert (scope["split"], scope["n_texts"], scope["threshold"]) == ("validation", 100, 0.05)
    assert list(scope["signs"]) == list(MEASURES)
    assert len(WORDS) == len(model.labels)
