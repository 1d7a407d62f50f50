"""Realistic made-up reports: six English emotions, and 77 Korean labels of which some are long."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from _support.small_runs import write_data
from assay.audit.label_check import LabelCheck
from assay.audit.result import Audit
from assay.data.labels import LabelSet
from assay.data.overlaps import find_leaks
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.evaluation import costly_confusions, score_predictions, worst_mistakes
from assay.evaluation.choice import choose_method
from assay.evaluation.scoring import ScoredSplit
from assay.recipes.run import RunOptions, run_data
from assay.recipes.steps.prepare import DataOptions
from assay.reporting.collect import collect_report
from assay.reporting.data_sections import describe_data, describe_duplicates
from assay.reporting.method_result import MethodResult
from assay.reporting.results import Machine, Results
from assay.reporting.score_sections import CalibrationSection, Epoch, ShownMistake
from assay.reporting.sections import HowSection, ReportSections, gather_sections
from assay.reporting.token_sections import (
    Characters,
    Subwords,
    TokenSection,
    TruncationSection,
    Words,
)
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
EMOTION_SHARES = (0.29, 0.335, 0.08, 0.135, 0.12, 0.04)
EMOTION_TEXTS = (
    "i didnt feel humiliated",
    "i can go from feeling so hopeless to so damned hopeful just from being around someone who cares",
    "im grabbing a minute to post i feel greedy wrong",
    "i am ever feeling nostalgic about the fireplace i will know that it is still on the property",
    "i have been feeling a little burdened lately and i wasnt sure why that was",
    "i feel as confused about life as a teenager or as jaded as a year old man",
)
TOPICS = (
    "배송",
    "환불",
    "결제",
    "카드",
    "계좌",
    "비밀번호",
    "수수료",
    "환율",
    "한도",
    "본인 인증",
    "앱 오류",
)
ACTIONS = ("문의", "지연", "취소", "변경", "실패", "확인", "재발급")
SENTENCE = "Tokenizing text is a core task of NLP."
SUBWORDS = (
    "[CLS]",
    "token",
    "##izing",
    "text",
    "is",
    "a",
    "core",
    "task",
    "of",
    "nl",
    "##p",
    ".",
    "[SEP]",
)
SUBWORD_IDS = (101, 19204, 6026, 3793, 2003, 1037, 4563, 4708, 1997, 17953, 2361, 1012, 102)
FIT_S = {"majority": 0.01, "linear": 3.2, "compact": 24.0, "features": 41.0, "finetune": 291.0}
MODEL_BYTES = {
    "majority": 2_100,
    "linear": 9_400_000,
    "compact": 6_100_000,
    "features": 91_200_000,
    "finetune": 91_300_000,
}
SKILL = {"majority": None, "linear": 2.6, "compact": 3.3, "features": 1.2, "finetune": 3.45}


def korean_labels():
    """Name 77 labels, most of them short, two much too long for any axis."""
    names = [f"{topic} {action}" for topic in TOPICS for action in ACTIONS]
    names[5] = (
        "해외 결제 수수료가 예상보다 많이 청구되었을 때의 환불 절차와 처리 기간 문의 및 이의 제기"
    )
    names[40] = "card_payment_not_recognised_because_the_merchant_name_differs_from_the_statement"
    return tuple(names)


def predict(rng, true, n_classes, *, skill, hardness):
    """Make up probabilities of a model: right more often with more skill, neighbouring classes mixed up."""
    logits = rng.normal(0, 1.0, size=(len(true), n_classes))
    logits[np.arange(len(true)), true] += skill + hardness
    logits[np.arange(len(true)), (true + 1) % n_classes] += 0.8
    logits = 1.5 * logits
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def build_splits(rng, label_set, shares, texts, n_texts, *, title):
    """Make up three splits of texts of the given words, with a few repeats, leaks and conflicting labels."""
    words = " ".join(texts).split(" ")
    parts = {}
    for split, n in {"train": 2 * n_texts, "validation": n_texts, "test": n_texts}.items():
        ids = rng.choice(len(label_set), size=n, p=shares)
        lengths = 2 + rng.gamma(3.0, 3.0 + ids % 5).astype(int)
        rows = [" ".join(rng.choice(words, size=length)) for length in lengths]
        rows[: len(texts)] = texts
        parts[split] = LabelledTexts(
            tuple(rows), tuple(label_set[i] for i in ids), tuple(range(1, n + 1))
        )
    return Splits(
        parts,
        label_set,
        source=f"data/{title}",
        dropped=(DroppedRow("validation", 1021, "blank text"),),
    )


def build_scores(rng, label_set, ids):
    """Make up probabilities of every method on both splits; the same texts are hard for all of them."""
    hardness = {split: rng.normal(0, 1.2, size=len(true)) for split, true in ids.items()}
    bonus = np.log(len(label_set)) * 0.45
    probs = {}
    for method, skill in SKILL.items():
        probs[method] = {}
        for split, true in ids.items():
            if skill is None:
                most = np.bincount(ids["validation"]).argmax()
                probs[method][split] = np.tile(
                    np.eye(len(label_set))[most] * 0.7 + 0.3 / len(label_set), (len(true), 1)
                )
            else:
                probs[method][split] = predict(
                    rng, true, len(label_set), skill=skill + bonus, hardness=hardness[split]
                )
    return probs


def build_map(rng, label_set, n_points):
    """Scatter blobs, one per class, over a common cloud."""
    label_ids = rng.integers(0, len(label_set), n_points)
    centres = rng.normal(0, 3, size=(len(label_set), 2))
    spread = np.where(rng.random((n_points, 1)) < 0.3, 3.0, 0.9)
    points = centres[label_ids] + rng.normal(0, 1, size=(n_points, 2)) * spread
    return {
        "points": points,
        "label_ids": label_ids,
        "checkpoint": "minilm",
        "pooling": "mean",
        "split": "train",
    }


def build_model(method, labels, n_bytes):
    """Make up a loaded model: what a report reads of it is in its manifest."""
    files = {"weights": {"sha256": "", "size_bytes": n_bytes}}
    versions = {"assay": "0.1.0", "numpy": "2.4.6", "torch": "2.13.0", "onnxruntime": "1.32.0"}
    manifest = Manifest(method, labels, seed=0, temperature=1.37, files=files, versions=versions)
    return Model(Path("models") / method, manifest, scorer=lambda texts: np.zeros((0, 0)))


def build_audit(splits):
    """Make up an audit that found what is equal and nothing else."""
    return Audit(
        source=splits.source,
        n_texts={split: len(labelled) for split, labelled in splits.items()},
        labels=splits.label_set.names,
        issues=(),
        overlaps=find_leaks(splits),
        near_leaks={},
        languages={},
        class_shifts=(),
        length_shifts=(),
        label_check=LabelCheck(why_not="not asked for"),
        checks_s=1.0,
    )


def build_results(splits, ids, probs):
    """Make up what a run measured, from made-up probabilities."""
    label_set = splits.label_set
    methods = []
    for method, by_split in probs.items():
        scored = {}
        for split, found in by_split.items():
            scores = score_predictions(ids[split], found, label_set, seed=0, n_resamples=200)
            scored[split] = ScoredSplit(splits[split], ids[split], found, scores, predict_s=0.1)
        model = build_model(method, label_set.names, MODEL_BYTES[method])
        methods.append(MethodResult(model, FIT_S[method], scored))
    return Results(
        seed=0,
        splits=splits,
        fingerprints={split: labelled.sha256() for split, labelled in splits.items()},
        methods=tuple(methods),
        choice=choose_method(
            {one.method: one.predictions() for one in methods}, model_bytes=MODEL_BYTES
        ),
        audit=build_audit(splits),
        machine=Machine("3.11.7", "Linux x86_64", 2, "cpu"),
        map_s=9.1,
        total_s=402.3,
    )


def build_epochs(rows):
    """Make up the epochs of a training from pairs of loss and accuracy; the best one is kept."""
    best = max(accuracy for _, accuracy in rows)
    return tuple(
        Epoch(i, loss, loss + 0.1, accuracy, accuracy - 0.002, kept=accuracy == best)
        for i, (loss, accuracy) in enumerate(rows, start=1)
    )


def build_sections(results, rng):
    """Make up what a report shows beside the results."""
    splits, labels = results.splits, results.splits.label_set
    mistakes, calibration = {}, {}
    for one in results.methods:
        if one.method == "majority":
            continue
        held = one.evidence
        worst = worst_mistakes(
            held.labelled.texts, held.labelled.lines, held.label_ids, held.probs, labels, n=12
        )
        mistakes[one.method] = [ShownMistake(mistake) for mistake in worst]
        bins = held.scores.reliability
        before = tuple(replace(part, accuracy=part.accuracy * 0.9) for part in bins)
        calibration[one.method] = CalibrationSection(1.37, 0.061, held.scores.ece, bins, before)
    shown = results.recommended.scored["test"].scores
    return ReportSections(
        data=describe_data(splits),
        duplicates=describe_duplicates(splits, results.audit.overlaps),
        tokens=TokenSection(
            text=SENTENCE,
            characters=Characters(len(SENTENCE), len(set(SENTENCE)), tuple(SENTENCE)),
            words=Words(8, tuple(SENTENCE.split())),
            subwords=Subwords("minilm", 30522, 512, len(SUBWORDS), SUBWORDS, SUBWORD_IDS),
        ),
        truncation=TruncationSection(
            128, 0.0004, {label: 0.0004 * (i % 3) for i, label in enumerate(labels)}
        ),
        training={
            "compact": build_epochs([(0.84, 0.908), (0.19, 0.931), (0.11, 0.936), (0.07, 0.934)]),
            "finetune": build_epochs([(0.71, 0.921), (0.21, 0.938)]),
        },
        mistakes=mistakes,
        confusions=costly_confusions(shown.confusion, labels),
        calibration=calibration,
        map=build_map(rng, labels, 4000),
        how=HowSection(
            command=f"assay run {splits.source} --out runs/made-up",
            options={"seed": 0, "checkpoint": "minilm", "methods": list(SKILL), "max_rows": None},
            versions=results.methods[0].model.manifest.versions,
        ),
    )


def build_run(
    labels=EMOTIONS, shares=EMOTION_SHARES, texts=EMOTION_TEXTS, *, n_texts=2000, title="emotion"
):
    """Make up the results of a run and the sections of its report."""
    rng = np.random.default_rng(7)
    label_set = LabelSet(labels)
    shares = np.asarray(shares) / np.sum(shares)
    splits = build_splits(rng, label_set, shares, texts, n_texts, title=title)
    ids = {split: label_set.ids(splits[split].labels) for split in ("validation", "test")}
    results = build_results(splits, ids, build_scores(rng, label_set, ids))
    return results, build_sections(results, rng)


def build_korean_run():
    """Make up a run with 77 labels and Korean texts."""
    texts = (
        "해외에서 카드로 결제했는데 수수료가 두 번 빠져나갔어요 ㅠㅠ",
        "비밀번호를 잊어버렸습니다. 어떻게 바꾸나요?",
        "배송이 너무 늦어요",
    )
    return build_run(korean_labels(), np.linspace(2, 1, 77), texts, n_texts=3080, title="고객 문의")


def build_hostile_run():
    """Make up a run whose labels and texts try to break every form of the report."""
    labels = (
        "<script>alert(1)</script>",
        "a|b](javascript:alert(1))",
        "`code` $x$ *b* _i_ {{ 7 * 7 }}",
        "\u202eevil\u0007\x1b[31m",
        "x" * 300,
        "\"quoted\", 'comma'\nnewline: # - 1. ---",
    )
    texts = tuple(
        f"{label} & ![i](http://evil.example/x.png) <img src=x onerror=alert(1)>\ud800"
        for label in labels
    )
    return build_run(labels, EMOTION_SHARES, texts, n_texts=120, title="<b>|hostile|</b>")


@pytest.fixture(scope="session")
def made_up():
    """Hand out the results and the sections of six English emotions."""
    return build_run()


@pytest.fixture(scope="session")
def results(made_up):
    """Hand out the results of six English emotions."""
    return made_up[0]


@pytest.fixture(scope="session")
def sections(made_up):
    """Hand out the sections of six English emotions."""
    return made_up[1]


@pytest.fixture(scope="session")
def report(made_up):
    """Collect the report of six English emotions."""
    return collect_report(*made_up)


@pytest.fixture(scope="session")
def korean_report():
    """Collect the report of 77 Korean labels."""
    return collect_report(*build_korean_run())


@pytest.fixture(scope="session")
def hostile_report():
    """Collect the report of labels and texts that try to break it."""
    return collect_report(*build_hostile_run())


@pytest.fixture(scope="session")
def cheap_run(tmp_path_factory):
    """Run two methods on a small data set; hand out the results and the sections of the report."""
    kept = []

    def keep(results, **more):
        kept.append((results, gather_sections(results, **more)))
        return kept[-1][1]

    root = tmp_path_factory.mktemp("cheap")
    options = RunOptions(
        methods=("majority", "linear"), data=DataOptions(max_rows=25), command="assay run"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assay.recipes.run.gather_sections", keep)
        run_data(write_data(root / "data"), root / "run", options=options)
    return kept[0]
