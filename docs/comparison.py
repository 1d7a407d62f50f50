"""The tables that compare assay with other tools, and its methods with each other, on three data sets.

Every number comes from benchmarks/results; docs/generate.py writes the tables into the pages.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "results"
METHODS = ("majority", "linear", "compact", "features", "finetune")
N_THREADS = 2
# Data set -> how a heading describes it.
DATA = {
    "en": {
        "emotion": "emotion: tweets, 6 labels",
        "banking77": "banking77: questions, 77 labels",
        "klue_ynat": "klue_ynat: Korean headlines, 7 labels",
    },
    "ko": {
        "emotion": "emotion: 영어 트윗, 라벨 6개",
        "banking77": "banking77: 영어 문의, 라벨 77개",
        "klue_ynat": "klue_ynat: 한국어 기사 제목, 라벨 7개",
    },
}
# Name in the results -> the tool as the README calls it, and what it is besides a score.
TOOLS = {
    "en": {
        "tfidf": (
            "scikit-learn + cleanlab",
            "parts: you write the splits, the search, the probabilities, the check of the labels, "
            "the report and the server yourself",
        ),
        "fasttext": (
            "fastText",
            "trains in seconds; models of 80 MB and more, no check of the data, no intervals",
        ),
        "setfit": (
            "SetFit",
            "made for a handful of texts per label: trained here on 16 per label; "
            "needs torch to predict",
        ),
        "trainer": (
            "transformers `Trainer` + `pipeline`",
            "one method and its rates, to be tuned by you; needs torch to predict",
        ),
        "autogluon": (
            "AutoGluon",
            "searches and stacks models over tables, texts and images; for texts it fine-tunes "
            "transformers and its manual advises a GPU. Not measured here",
        ),
    },
    "ko": {
        "tfidf": (
            "scikit-learn + cleanlab",
            "부품입니다. 분할, 탐색, 확률 보정, 라벨 점검, 보고서, 서버는 직접 만들어야 합니다",
        ),
        "fasttext": (
            "fastText",
            "몇 초 만에 훈련합니다. 모델이 80MB를 넘고, 데이터 점검과 신뢰 구간이 없습니다",
        ),
        "setfit": (
            "SetFit",
            "라벨마다 텍스트가 몇 개뿐일 때 쓰는 도구입니다. 여기서는 라벨당 16개로 "
            "훈련했습니다. 예측할 때도 torch가 필요합니다",
        ),
        "trainer": (
            "transformers `Trainer` + `pipeline`",
            "방법은 하나이고 학습률은 직접 찾아야 합니다. 예측할 때도 torch가 필요합니다",
        ),
        "autogluon": (
            "AutoGluon",
            "표, 텍스트, 이미지를 아울러 여러 모델을 찾고 쌓습니다. 텍스트에는 트랜스포머를 미세 "
            "조정하며, 설명서는 GPU를 권합니다. 여기서는 재지 않았습니다",
        ),
    },
}
OWN = {
    "en": (
        "**assay**, its best method",
        "one command: checks the data, compares five methods with intervals, recommends one, "
        "writes the report; the model predicts without torch",
    ),
    "ko": (
        "**assay**의 가장 좋은 방법",
        "명령 하나로 데이터를 점검하고, 다섯 방법을 신뢰 구간과 함께 비교하고, 하나를 추천하고, "
        "보고서를 씁니다. 모델은 torch 없이 예측합니다",
    ),
}
HEADS = {"en": ("tool", "what it is besides"), "ko": ("도구", "그 밖에")}
NOT_MEASURED = "–"
ROUNDING = 1e-9  # halves are rounded up, as readers do


def read(name):
    """Return a file of results, or nothing where it was not measured."""
    path = RESULTS / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def measure(data, name):
    """Return the mean validation accuracy and the median seconds to a saved model, or None."""
    own = [
        one
        for one in read("peers.json").get("samples", [])
        if (one["data"], one["contestant"], one["n_threads"]) == (data, name, N_THREADS)
    ]
    if own:
        accuracy = statistics.mean(one["n_right"] / one["n_validation"] for one in own)
        return accuracy, statistics.median(one["saved_s"] for one in own)
    if data == "emotion" and name in METHODS:
        return measure_in_run(name)
    if data == "emotion" and name == "trainer":
        return measure_trainer()
    return None


def measure_in_run(name):
    """Return accuracy and seconds of fitting from the runs of all five methods on emotion."""
    runs = [
        (entry["validation"]["accuracy"], run["timings"][name]["fit_s"])
        for run in read("methods-emotion.json")["runs"]
        for entry in run["methods"]
        if entry["method"] == name
    ]
    accuracies, seconds = zip(*runs, strict=True)
    return statistics.mean(accuracies), statistics.median(seconds)


def measure_trainer():
    """Return the accuracy of Trainer at its best rate, and the seconds of as many epochs.

    The rate was tuned on validation (trainer_rate.json), with the same arithmetic as on the CPU; the
    seconds are those of an epoch of training.json. None where the rate was not tuned.
    """
    groups = {}
    for one in read("trainer_rate.json").get("trainings", []):
        key = (one["n_epochs"], one["learning_rate"])
        groups.setdefault(key, []).append(one["n_right"] / one["n_validation"])
    if not groups:
        return None
    (n_epochs, _), found = max(groups.items(), key=lambda item: statistics.mean(item[1]))
    system = {
        "system": "Trainer, dynamic padding, grouped",
        "device": "cpu",
        "n_threads": N_THREADS,
    }
    epochs = [one["epoch_s"] for one in read("training.json")["epoch"] if system.items() <= one.items()]
    return statistics.mean(found), n_epochs * statistics.median(epochs)


def show(measured, language):
    """Return the cell of a measurement."""
    if measured is None:
        return NOT_MEASURED
    unit = " s" if language == "en" else "초"
    return f"{measured[0] + ROUNDING:.3f}, {round(measured[1]):,}{unit}"


def describe_tools(language):
    """Return the table of tools."""
    tool, besides = HEADS[language]
    heads = DATA[language]
    lines = [f"| {tool} | {' | '.join(heads.values())} | {besides} |", "|---" * (len(heads) + 2) + "|"]
    cells = []
    for data in heads:
        best = max(METHODS, key=lambda name: (measure(data, name) or (0,))[0])
        cells.append(f"{show(measure(data, best), language)} (`{best}`)")
    label, words = OWN[language]
    lines.append(f"| {label} | {' | '.join(cells)} | {words} |")
    for name, (label, words) in TOOLS[language].items():
        cells = [show(measure(data, name), language) for data in heads]
        lines.append(f"| {label} | {' | '.join(cells)} | {words} |")
    return "\n".join(lines)


def describe_choice(language):
    """Return the table of methods on all data sets."""
    heads = DATA[language]
    lines = [f"| method | {' | '.join(heads.values())} |", "|---" * (len(heads) + 1) + "|"]
    for name in METHODS:
        cells = [show(measure(data, name), language) for data in heads]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)
