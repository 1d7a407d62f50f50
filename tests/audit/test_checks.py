"""An audit finds what was planted, and nothing else.

Tests of checks, and through it of findings, result and assay.recipes.audit.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from _support.small_models import small_data
from assay.audit.checks import audit_data, write_issues
from assay.audit.issues import KINDS, hash_text
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.errors import InputError
from assay.recipes.audit import load_for_audit
from assay.recipes.steps.prepare import DataOptions, prepare_data

LONG = (
    "i never thought that a walk along the river could make me feel so much better about everything"
)


def splits_of(**parts):
    """Build splits from {split: [(text, label), ...]}.

    Lines count from 2, as in a CSV with a header.
    """
    made = {
        name: LabelledTexts(
            tuple(t for t, _ in rows), tuple(y for _, y in rows), tuple(range(2, 2 + len(rows)))
        )
        for name, rows in parts.items()
    }
    return Splits(
        made, LabelSet.from_labels(y for rows in parts.values() for _, y in rows), source="memory"
    )


def found(audit, kind):
    """Return the places of a kind, group by group."""
    groups = {}
    for i, issue in enumerate(audit.issues):
        if issue.kind == kind:
            groups.setdefault(issue.group or -i, []).append((issue.split, issue.row))
    return list(groups.values())


@pytest.fixture(scope="module")
def planted():
    """Audit a data set with one problem of each kind, labels left out."""
    train = [
        ("the first thing i did today was smile", "joy"),
        ("The first thing  I did today was smile", "joy"),
        ("nobody came to see me in the hospital", "sadness"),
        ("nobody came to see me in the hospital", "joy"),
        (LONG, "joy"),
        ("ok", "joy"),
        ("it hurts so much \ufffd\ufffd", "sadness"),
        ("Ich fühle mich heute sehr traurig und allein", "sadness"),
        ("rain is all that i think of when evening comes", "sadness"),
        ("my dog ran away and i miss him", "sadness"),
        ("we lost the house after the flood in spring", "sadness"),
    ]
    test = [
        ("THE FIRST THING I DID TODAY WAS SMILE", "joy"),
        (LONG + " again", "joy"),
        ("what a strange new day", "fun"),
        ("all the lights came on when we walked in", "Joy"),
    ]
    splits = splits_of(train=train, test=test)
    dropped = (
        DroppedRow("train", 40, "blank text"),
        DroppedRow("test", 41, "null label"),
        DroppedRow("test", 42, "3 fields where the header has 2"),
    )
    return audit_data(Splits(splits.parts, splits.label_set, "memory", dropped), method=None)


@pytest.mark.parametrize(
    ("kind", "places"),
    [
        ("exact_duplicate", [[("train", 4), ("train", 5)], [("train", 2), ("train", 3)]]),
        ("leak", [[("train", 2), ("train", 3), ("test", 2)]]),
        ("conflict", [[("train", 4), ("train", 5)]]),
        ("near_duplicate", [[("train", 6), ("test", 3)]]),
        ("one_word", [[("train", 7)]]),
        ("garbled", [[("train", 8)]]),
        ("language", [[("train", 9)]]),
        ("unseen_label", [[("test", 4)], [("test", 5)]]),
        ("empty", [[("train", 40)]]),
        ("no_label", [[("test", 41)]]),
        ("unusable", [[("test", 42)]]),
        ("label_spelling", [[("test", 5)]]),
        ("wrong_label", []),
    ],
)
def test_planted_problem_is_found(planted, kind, places):
    """Each kind holds what was planted and nothing more; rows of one finding share a group."""
    assert found(planted, kind) == places


def test_row_without_a_label_is_listed_with_its_text(tmp_path):
    """Each its own, in every split; one without a text, or that cannot be used, has none."""
    for split in ("train", "test"):
        rows = [f"{split} {i},{'ab'[i % 2]}" for i in range(40)]
        rows[3:3] = [f"{split} bare,", ",a", f"{split} bare too,", "too,many,cells,here"]
        (tmp_path / f"{split}.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    splits = load_data(tmp_path, max_bad_fraction=0.5)
    audit = audit_data(splits, method=None)
    listed = {(one.kind, one.split, one.row): one.text for one in audit.issues if not one.label}
    assert listed == {
        (kind, split, line): text
        for split in ("train", "test")
        for kind, line, text in [
            ("no_label", 5, f"{split} bare"),
            ("empty", 6, ""),
            ("no_label", 7, f"{split} bare too"),
            ("unusable", 8, ""),
        ]
    }


def test_groups_are_numbered_once(planted):
    """A group number belongs to one finding of one kind."""
    kinds = {}
    for issue in planted.issues:
        if issue.group is not None:
            assert kinds.setdefault(issue.group, issue.kind) == issue.kind
    assert len(kinds) == 6


def test_summary_is_plain_and_adds_up(planted):
    """The JSON says how many rows of each kind, between which splits they leak, and how long it took."""
    plain = json.loads(json.dumps(planted.to_dict()))
    assert (
        sum(row["n_rows"] for row in plain["counts"]) == len(plain["issues"]) == len(planted.issues)
    )
    assert [row["kind"] for row in plain["counts"]] == [
        kind for kind in KINDS if kind in planted.counts()
    ]
    assert plain["leaks"] == [{"split": "test", "seen_in": "train", "n_rows": 1}]
    assert plain["near_leaks"] == [{"split": "test", "seen_in": "train", "n_rows": 1}]
    assert plain["wrong_labels"]["why_not"] == "not asked for"
    assert plain["timings"]["checks_s"] > 0
    assert {
        "split": "train",
        "main": "en",
        "fraction": pytest.approx(0.9, abs=0.1),
        "n_wrong": 1,
    } in plain["languages"]


def test_text_hash_is_that_of_the_row(planted):
    """A correction finds its row by it."""
    row = next(issue for issue in planted.issues if issue.kind == "one_word").to_dict()
    assert row["text_sha256"] == hash_text("ok")


def labelled(n_texts, *, seed, n_flipped=0):
    """Make rows a linear model can tell apart, the first few with another label."""
    texts, labels = small_data(n_texts, labels=("joy", "sadness"), seed=seed)
    texts = [f"{text} {seed} {i}" for i, text in enumerate(texts)]
    other = {"joy": "sadness", "sadness": "joy"}
    rng = np.random.default_rng(seed)
    flipped = set(rng.choice(n_texts, n_flipped, replace=False).tolist())
    rows = [
        (t, other[y] if i in flipped else y)
        for i, (t, y) in enumerate(zip(texts, labels, strict=True))
    ]
    return rows, {i + 2 for i in flipped}


@pytest.fixture(scope="module")
def flipped():
    """Audit easy texts of which twelve of train and three of test are labelled wrongly."""
    train, wrong = labelled(200, seed=0, n_flipped=12)
    test, wrong_test = labelled(50, seed=1, n_flipped=3)
    return audit_data(splits_of(train=train, test=test)), {"train": wrong, "test": wrong_test}


@pytest.mark.parametrize("split", ["train", "test"])
def test_flipped_labels_are_the_first_suspects(flipped, split):
    """Of as many suspects as labels were flipped, most are flipped ones.

    The true label is proposed.
    """
    audit, wrong = flipped
    suspects = [
        issue for issue in audit.issues if issue.kind == "wrong_label" and issue.split == split
    ]
    first = suspects[: len(wrong[split])]
    assert len({one.row for one in first} & wrong[split]) >= 0.6 * len(wrong[split])
    assert all(one.proposed_label != one.label for one in suspects)
    assert [one.score for one in suspects] == sorted((one.score for one in suspects), reverse=True)


def test_suspects_of_train_come_first(flipped):
    """They are the ones that can be corrected."""
    audit, _ = flipped
    splits = [issue.split for issue in audit.issues if issue.kind == "wrong_label"]
    assert splits == sorted(splits, reverse=True)
    assert audit.issues[0].kind == "wrong_label"
    assert audit.label_check.n_judged == {"train": 200, "test": 50}
    assert (audit.label_check.method, audit.label_check.split) == ("linear", "train")


def test_the_test_split_has_no_part_in_suspects_of_train():
    """Other test texts and labels leave the suspects of train as they are."""
    train, _ = labelled(100, seed=0, n_flipped=6)
    one, other = (
        [
            (i.row, i.score)
            for i in audit_data(splits_of(train=train, test=test)).issues
            if (i.kind, i.split) == ("wrong_label", "train")
        ]
        for test in (labelled(40, seed=1)[0], labelled(30, seed=2, n_flipped=30)[0])
    )
    assert one == other
    assert one


def test_same_seed_gives_the_same_issues():
    """An audit can be made again."""
    splits = splits_of(train=labelled(60, seed=0, n_flipped=4)[0])
    assert audit_data(splits, seed=3).issues == audit_data(splits, seed=3).issues


def test_too_few_labels_are_said_and_the_rest_is_audited():
    """A file of one class still has its duplicates."""
    audit = audit_data(splits_of(all=[("so happy today", "joy"), ("So happy today", "joy")]))
    assert "two labels" in audit.label_check.why_not
    assert found(audit, "exact_duplicate") == [[("all", 2), ("all", 3)]]


def test_method_that_cannot_judge_is_refused():
    """The floor of every score says nothing of a row."""
    with pytest.raises(InputError, match="'majority' does not read the texts"):
        audit_data(splits_of(all=labelled(30, seed=0)[0]), method="majority")


def test_lone_file_is_cut_as_run_cuts_it():
    """The splits of the audit are those of a run with the same seed, so that its rows are found again."""
    rows, _ = labelled(80, seed=0)
    pair = ([t for t, _ in rows], [y for _, y in rows])
    assert (
        load_for_audit(pair, seed=4).parts
        == prepare_data(pair, options=DataOptions(), seed=4).parts
    )


def test_what_cannot_be_cut_is_audited_as_it_is():
    """Four rows, and a folder without train, are no reason to refuse."""
    assert list(load_for_audit((["a b", "b c", "c d", "d e"], ["x", "x", "y", "y"]))) == ["all"]
    test_only = splits_of(test=[("a b", "x"), ("c d", "y")])
    assert list(load_for_audit(test_only)) == ["test"]


def test_data_may_be_a_path_or_a_pair(tmp_path):
    """Whatever `load_data` takes can be audited, and gives the same issues."""
    texts, labels = ["so happy today", "So happy today", "ok"], ["joy", "sadness", "joy"]
    path = tmp_path / "tweets.csv"
    rows = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    of_pair = audit_data((texts, labels), method=None)
    for data in (path, str(path)):
        of_file = audit_data(data, method=None)
        assert of_file.counts() == of_pair.counts()
        assert of_file.n_texts == {"all": 3}
    with pytest.raises(InputError):
        audit_data(tmp_path / "no-such-file.csv", method=None)


def test_shift_is_said_in_sentences():
    """A class that only test has, and texts twice as long, are named with their numbers."""
    train = [(f"short text number {i}", "joy") for i in range(300)]
    test = [(f"a text that is very much longer than the others {i}", "fun") for i in range(300)]
    sentences = audit_data(splits_of(train=train, test=test), method=None).shift_sentences()
    assert sentences[0] == (
        "Classes of test are not those of train: 'fun' is 100.0% of it and 0.0% there; for the "
        "same shares of all classes, 100% of its texts would need another label."
    )
    assert sentences[1].startswith("Texts of test have 51 characters (median), those of train 21")
    same = splits_of(train=train, test=train)
    assert audit_data(same, method=None).shift_sentences() == [
        "No shift in classes or lengths between the splits."
    ]


def test_near_duplicates_whose_labels_differ_come_first():
    """Of 2 pairs, the one on which a person has to decide, wherever its rows are."""
    train = [
        (LONG, "joy"),
        (LONG + " again", "joy"),
        ("we lost the whole house after the great flood in spring, and nobody came", "sadness"),
        ("we lost the whole house after the great flood in spring, and nobody came!?", "joy"),
        ("what a strange new day it is", "sadness"),
    ]
    audit = audit_data(splits_of(train=train), method=None)
    assert found(audit, "near_duplicate") == [
        [("train", 4), ("train", 5)],
        [("train", 2), ("train", 3)],
    ]


def test_issues_are_written_in_their_order(tmp_path, planted):
    """A line an issue, after the header."""
    write_issues(planted, tmp_path / "i.csv")
    lines = (tmp_path / "i.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [issue.kind for issue in planted.issues]
