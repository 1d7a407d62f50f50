"""The audit of texts with several labels: planted entries are found, said, and put right."""

import json

import numpy as np
import pytest

from assay import load_data
from assay.audit.checks import audit_data, write_issues
from assay.audit.corrections import apply_corrections
from assay.audit.several_check import FEW_GIVEN, MANY_TEXTS, count_check_folds, find_suspect_entries
from assay.data.files.readers import read_rows
from assay.errors import DataError
from assay.recipes.fix import fix_data
from assay.recipes.steps.prepare import DataOptions

WORDS = ("rude", "fun", "sad")
N_PLANTED = 12


def draw():
    """Return texts that hold the words of their labels, and the same labels with wrong entries."""
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for i, row in enumerate(rng.random((240, 3)) < [0.4, 0.3, 0.3]):
        own = [WORDS[j] for j in np.flatnonzero(row)]
        texts.append(" ".join(rng.permutation([*own, "the", "day", f"n{i}"])))
        labels.append(own)
    wrong = [list(own) for own in labels]
    for i in range(N_PLANTED):
        word = WORDS[i % 3]
        wrong[20 * i] = sorted(set(wrong[20 * i]) ^ {word})
    return texts, labels, wrong


TEXTS, LABELS, WRONG = draw()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a file with planted wrong entries, and the same text twice with other labels."""
    path = tmp_path_factory.mktemp("audit") / "tickets.jsonl"
    rows = [
        {"id": i, "text": text, "labels": own}
        for i, (text, own) in enumerate(zip(TEXTS, WRONG, strict=True))
    ]
    rows += [{"id": 900, "text": "rude twice", "labels": ["rude"]}]
    rows += [{"id": 901, "text": "Rude twice", "labels": ["rude", "sad"]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def audit(data):
    """Return the audit of it."""
    return audit_data(load_data(data))


def test_suspect_entries_are_ranked_by_how_surprising_they_are():
    """A label that is more likely than not, and one that the text speaks against."""
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]] * 20)
    rng = np.random.default_rng(0)
    probs = np.where(truth > 0, 0.6, 0.0) + 0.35 * rng.random(truth.shape)
    probs[3, 0], probs[2, 1] = 0.97, 0.02
    found = find_suspect_entries(truth, probs)
    assert [(one.row, one.label, one.is_missing) for one in found] == [
        (2, 1, False),
        (3, 0, True),
    ]
    assert found[0].score == pytest.approx(0.98)


def test_list_is_as_long_as_it_is_half_wrong():
    """Of flipped entries the list holds most, whether few or many were flipped, and few others."""
    rng = np.random.default_rng(0)
    for flipped in (0.002, 0.05):
        truth = (rng.random((3_000, 6)) < [0.4, 0.2, 0.1, 0.05, 0.05, 0.02]).astype(np.int64)
        probs = np.clip(
            np.where(truth > 0, 0.8, 0.03) + 0.1 * rng.standard_normal(truth.shape), 0.001, 0.999
        )
        is_flipped = rng.random(truth.shape) < flipped
        found = find_suspect_entries(truth ^ is_flipped, probs)
        hits = sum(is_flipped[one.row, one.label] for one in found)
        assert hits >= 0.9 * is_flipped.sum()
        assert hits >= 0.5 * len(found)


@pytest.mark.parametrize("n_texts", [100, 3_000])
def test_few_labels_that_weak_models_doubt_are_not_listed(n_texts):
    """Where a fifth of few labels may be wrong, the models are: of many labels, it is told."""
    rng = np.random.default_rng(0)
    truth = (rng.random((n_texts, 4)) < 0.3).astype(np.int64)
    drawn = rng.random(truth.shape)
    is_hard = rng.random(truth.shape) < 0.2  # texts that models know nothing about
    probs = np.where(truth.astype(bool) & ~is_hard, 0.6 + 0.4 * drawn, 0.4 * drawn)
    n_given = truth.sum()
    assert (n_given < FEW_GIVEN) == (n_texts == 100)
    found = find_suspect_entries(truth, probs)
    assert bool([one for one in found if not one.is_missing]) == (n_given >= FEW_GIVEN)


def test_labels_that_models_cannot_tell_are_not_listed():
    """Scores that say nothing about the labels make no list, however surprising some are."""
    rng = np.random.default_rng(0)
    truth = (rng.random((2_000, 4)) < 0.1).astype(np.int64)
    probs = np.clip(0.1 + 0.05 * rng.standard_normal(truth.shape), 0.001, 0.999)
    assert len(find_suspect_entries(truth, probs)) <= 0.01 * truth.sum()


def test_label_that_one_text_has_is_not_judged():
    """There is nothing to hold it against."""
    truth = np.zeros((5, 1), dtype=int)
    truth[0] = 1
    assert find_suspect_entries(truth, np.full((5, 1), 0.9)) == []


def test_planted_entries_are_found(audit):
    """Most of them, in front of everything else, with the labels that the text should have."""
    suspects = [one for one in audit.issues if one.kind in ("missing_label", "extra_label")]
    planted = {20 * i + 1: LABELS[20 * i] for i in range(N_PLANTED)}
    first = suspects[:N_PLANTED]
    right = [one for one in first if one.row in planted]
    assert len(right) >= 10
    for one in right:
        assert json.loads(one.proposed_label) == sorted(planted[one.row])
    assert "may be missing or too many" in audit.label_check.describe()
    assert audit.label_check.agreement["all"] > 0.8


def test_same_text_with_other_labels_is_a_conflict(audit):
    """Sets are compared, and written as lists."""
    conflict = [one for one in audit.issues if one.kind == "conflict"]
    assert [one.label for one in conflict] == ['["rude"]', '["rude", "sad"]']


def accept(audit, path, *, rows):
    """Write the issues with yes for the suspects of these rows."""
    write_issues(audit, path)
    lines = []
    for row in read_rows(path):
        cells = dict(row.values)
        is_suspect = cells["kind"] in ("missing_label", "extra_label")
        cells["accept"] = "yes" if is_suspect and int(cells["row"]) in rows else ""
        lines.append(json.dumps(cells))
    accepted = path.with_suffix(".jsonl")
    accepted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return accepted


def test_fix_writes_the_lists_of_the_file_again(audit, data, tmp_path):
    """Accepted rows get the proposed labels, all others stay as they were, byte by byte."""
    suspects = [one for one in audit.issues if one.kind in ("missing_label", "extra_label")][:3]
    decisions = accept(audit, tmp_path / "issues.csv", rows={one.row for one in suspects})
    fixed = fix_data(data, decisions, tmp_path / "fixed.jsonl")
    assert (fixed.n_applied, fixed.skipped) == (3, ())
    before, after = (
        data.read_text().splitlines(),
        (tmp_path / "fixed.jsonl").read_text().splitlines(),
    )
    changed = {one.row: json.loads(one.proposed_label) for one in suspects}
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if number in changed:
            assert json.loads(new) == {**json.loads(old), "labels": changed[number]}
        else:
            assert new == old


def test_fix_joins_labels_as_the_table_does(audit, tmp_path):
    """By the separator that was given; an empty list is an empty cell."""
    table = tmp_path / "tickets.csv"
    rows = [
        f'{i},"{text}",{"|".join(own)}'
        for i, (text, own) in enumerate(zip(TEXTS, WRONG, strict=True))
    ]
    table.write_text("id,text,labels\n" + "\n".join(rows) + "\n", encoding="utf-8")
    options = DataOptions(label_separator="|")
    own_audit = audit_data(options.load(table))
    suspect = next(one for one in own_audit.issues if one.kind == "missing_label")
    decisions = accept(own_audit, tmp_path / "issues.csv", rows={suspect.row})
    fixed = fix_data(table, decisions, tmp_path / "fixed.csv", options=options)
    assert fixed.n_applied == 1
    line = (tmp_path / "fixed.csv").read_text().splitlines()[suspect.row - 1]
    assert line.split(",")[2] == "|".join(json.loads(suspect.proposed_label))


def test_one_column_per_label_is_written_again(tmp_path):
    """With 1 for each label of the accepted proposal, and 0 for the others."""
    table = tmp_path / "tickets.csv"
    lines = ["text," + ",".join(WORDS)]
    for text, own in zip(TEXTS, WRONG, strict=True):
        lines.append(text + "," + ",".join("1" if word in own else "0" for word in WORDS))
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    own_audit = audit_data(load_data(table))
    suspect = next(one for one in own_audit.issues if one.kind == "missing_label")
    decisions = accept(own_audit, tmp_path / "issues.csv", rows={suspect.row})
    fix_data(table, decisions, tmp_path / "fixed.csv")
    line = (tmp_path / "fixed.csv").read_text(encoding="utf-8").splitlines()[suspect.row - 1]
    proposed = json.loads(suspect.proposed_label)
    assert line.split(",")[1:] == ["1" if word in proposed else "0" for word in WORDS]


def test_corrections_reach_the_training_texts(audit, data, tmp_path):
    """As lists; a label that the data do not have is named."""
    suspects = [one for one in audit.issues if one.kind in ("missing_label", "extra_label")][:2]
    decisions = accept(audit, tmp_path / "issues.csv", rows={one.row for one in suspects})
    splits = load_data(data)
    train = splits["all"]
    whole = load_data({"train": (list(train.texts), [list(own) for own in train.labels])})
    text = decisions.read_text().replace('"split": "all"', '"split": "train"')
    decisions.write_text(text)
    corrected = apply_corrections(whole, decisions)
    assert corrected.n_corrections == 2
    decisions.write_text(text.replace('[\\"', '[\\"odd'))
    with pytest.raises(DataError, match="odd"):
        apply_corrections(whole, decisions)


def test_many_texts_are_judged_in_fewer_folds():
    """Two thirds of many texts teach about as much as four fifths, in half of the time."""
    assert count_check_folds(MANY_TEXTS) < count_check_folds(MANY_TEXTS - 1) == 5
