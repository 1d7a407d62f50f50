"""The review page without a browser. Tests answers, suspects, review_app, review_page and page_parts, too."""

import csv
import json
from contextlib import closing
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from assay.audit.issues import KINDS, Issue, write_issues_file
from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.texts import SPLIT_ORDER
from assay.errors import DataError, InputError, OutputExistsError
from assay.recipes.audit import load_for_audit
from assay.recipes.fix import fix_data
from assay.recipes.steps.prepare import DataOptions
from assay.review.effect import Effect
from assay.review.event_session import OtherPageError, UnknownChoiceError
from assay.review.events import Answer
from assay.review.journal import Journal, journal_path
from assay.review.review_app import create_review_app
from assay.review.review_page import ReviewOptions, check_decisions_file, review_issues
from assay.review.review_session import Filter, ReviewSession
from assay.review.row_names import RowNames
from assay.review.suspects import Nearest, find_suspects, read_suspects

ROWS = [
    ("so happy today", "joy"),
    ("so happy today", "sadness"),
    ("so very happy now", "sadness"),
    ("it rains and i cry", "sadness"),
    ("=1+1 is odd", "joy"),
]


@pytest.fixture
def data(tmp_path):
    """A table with five rows."""
    path = tmp_path / "data.csv"
    lines = ["text,label", *(f"{text},{label}" for text, label in ROWS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def issues():
    """What an audit could say about it."""

    def issue(kind, i, **more):
        return Issue(kind, "all", i + 2, *ROWS[i], **more)

    return [
        issue("wrong_label", 2, proposed_label="joy", score=0.9),
        issue("wrong_label", 4, proposed_label="sadness", score=0.4),
        issue("conflict", 0, group=1),
        issue("conflict", 1, group=1),
        Issue("empty", "all", 9, "", ""),
        Issue("no_label", "all", 10, "nobody knows", ""),
    ]


@pytest.fixture
def open_session(issues, tmp_path):
    """Open the session of one output, as often as it is asked for."""
    journals = []

    def open_session():
        out = tmp_path / "decisions.csv"
        journals.append(Journal(journal_path(out)))
        suspects = find_suspects(issues)
        return ReviewSession(suspects, LabelSet(["joy", "sadness"]), journals[-1], out, by="me")

    yield open_session
    for journal in journals:
        journal.close()


def test_row_that_is_found_twice_is_decided_once(issues, tmp_path):
    """It comes once with all its kinds; the file has one decision, of the finding it follows."""
    spelling = replace(issues[0], kind="label_spelling", proposed_label="Sadness", score=None)
    suspects = find_suspects([*issues, spelling, replace(issues[0], kind="garbled")])
    assert [one.key for one in suspects] == ["all 4", "all 6", "all 2", "all 3"]
    assert suspects[0].kinds == ("wrong_label", "label_spelling", "garbled")
    assert suspects[0].proposed_label == "joy"
    with closing(Journal(tmp_path / "d.csv.journal")) as journal:
        session = ReviewSession(suspects, LabelSet(["joy", "Sadness"]), journal, tmp_path / "d.csv")
        assert session.counts() == {
            "wrong_label": 2,
            "label_spelling": 1,
            "garbled": 1,
            "conflict": 2,
        }
        assert session.count(Filter(kind="garbled")) == 1
        decide(session, label="Sadness")
        assert (session.count(Filter(kind="wrong_label")), session.count(Filter())) == (1, 3)
        assert [(one["kind"], one["accept"]) for one in session.entries()] == [
            ("label_spelling", "yes")
        ]


def test_opposite_decisions_of_an_older_journal_are_one(issues, tmp_path):
    """Journals once knew a row by each of its findings: the later decision counts."""
    answers = [("wrong_label all 4", True), ("conflict all 4", False)]
    with closing(Journal(tmp_path / "d.csv.journal")) as journal:
        for key, accepts in answers:
            journal.append(Answer(key, "", "", (key,), accepts=accepts))
        found = find_suspects([*issues, replace(issues[2], row=4)])
        session = ReviewSession(found, LabelSet(["joy", "sadness"]), journal, tmp_path / "d.csv")
        assert session.decided() == {"changed": 0, "kept": 1, "skipped": 0}


def decide(session, **given):
    """Decide on the current row, or on given keys."""
    keys = given.pop("keys", None) or (session.current(Filter()).key,)
    session.decide(f"id {session.version}", keys, version=session.version, **given)


def test_suspects_come_with_the_rows_of_their_finding(issues):
    """A row without text is none; the same text with another label is beside it."""
    suspects = find_suspects(issues)
    assert [one.issue.kind for one in suspects] == [
        "wrong_label",
        "wrong_label",
        "conflict",
        "conflict",
    ]
    assert [one.label for one in suspects[2].others] == ["sadness"]


def test_decisions_are_taken_by_fix(open_session, data, tmp_path):
    """Accepted, kept, another label for a conflict, and a skipped row: the file has what was decided."""
    session = open_session()
    decide(session, accepts=True)
    decide(session)
    decide(session, is_skip=True)
    decide(session, label="joy")
    assert session.current(Filter()) is None
    assert session.decided() == {"changed": 2, "kept": 1, "skipped": 1}
    session.write()
    fixed = fix_data(data, session.out, tmp_path / "fixed.csv")
    assert (fixed.n_applied, fixed.skipped) == (2, ())
    labels = load_data(tmp_path / "fixed.csv")["all"].labels
    assert list(labels) == ["joy", "joy", "joy", "sadness", "joy"]


def test_column_of_ids_names_rows_on_the_page_and_in_the_file(open_session, data, tmp_path):
    """The page shows the number of a ticket; the file of decisions has it, and fix takes that file."""
    session = open_session()
    session.names = RowNames("ticket", {("all", line): f"T-{line}" for line in range(2, 7)})
    nearest = Nearest(load_data(data))
    nearest.prepare()
    client = TestClient(create_review_app(session, nearest, None), base_url="http://localhost")
    item = client.get("/state").json()["item"]
    for one in (item["row"], *item["others"], *item["nearest"]):
        assert one["id"] == f"T-{one['row']}"
    decide(session, accepts=True)
    session.write()
    with session.out.open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["ticket"] == f"T-{row['row']}"
    assert fix_data(data, session.out, tmp_path / "fixed.csv").n_applied == 1


def test_many_rows_are_decided_and_taken_back_at_once(open_session):
    """By kind, label or split; undo takes them all back."""
    session = open_session()
    wanted = Filter(kind="wrong_label")
    assert session.count(wanted) == 2
    decide(session, keys=session.keys_like(wanted), accepts=True)
    assert session.counts() == {"wrong_label": 0, "conflict": 2}
    session.undo("u", version=session.version)
    assert session.count(Filter()) == 4
    assert session.count(Filter(label="sadness", split="all")) == 2
    session.undo("nothing left", version=session.version)


def test_decisions_are_what_later_rows_show_and_propose(open_session, data):
    """A row of the same text shows the new label and has it proposed; accepted labels are those of a resumed session, too."""
    session = open_session()
    decide(session, keys=("all 2",), label="sadness")
    nearest = Nearest(load_data(data))
    nearest.prepare()
    client = TestClient(create_review_app(session, nearest, None), base_url="http://localhost")

    def ask():
        state = client.get("/state", params={"kind": "conflict"}).json()
        return state["n_acceptable"], state["item"]

    n_acceptable, item = ask()
    assert (item["row"]["label"], item["proposed"], n_acceptable) == ("sadness", "", 0)
    assert [(one["label"], one["is_decided"]) for one in item["others"]] == [("sadness", True)]
    session.undo("u", version=session.version)
    decide(session, keys=("all 2",))
    decide(session, keys=("all 4",), accepts=True)
    n_acceptable, item = ask()
    assert (item["proposed"], item["is_by_decision"], n_acceptable) == ("joy", True, 1)
    assert ("joy", True) in [(one["label"], one["is_decided"]) for one in item["nearest"]]
    decide(session, keys=("all 3",), accepts=True)
    with pytest.raises(UnknownChoiceError, match="no label is proposed"):
        decide(session, keys=("all 2",), accepts=True)
    again = open_session()
    assert (
        again.labels_now()
        == session.labels_now()
        == dict.fromkeys(("all 2", "all 4", "all 3"), "joy")
    )
    assert again.changed_labels() == {("all", 3): "joy", ("all", 4): "joy"}


def test_region_of_the_map_is_looked_at_alone(open_session):
    """Until its rows are decided; what waits elsewhere is still counted."""
    session = open_session()
    session.choose_region(["all 6", "all 3"])
    assert (session.n_region, session.count(Filter()), session.n_waiting) == (2, 2, 4)
    assert session.current(Filter()).key == "all 6"
    assert session.counts() == {"wrong_label": 2, "conflict": 2}
    decide(session, keys=session.keys_like(Filter()))
    assert (session.n_region, session.count(Filter())) == (0, 2)
    with pytest.raises(UnknownChoiceError, match="no such row"):
        session.choose_region(["all 99"])


@pytest.mark.parametrize("separator", [None, ";"], ids=["lists", "joined"])
def test_several_labels_are_decided_as_one_list(tmp_path, separator):
    """All labels of a text in one decision, which `assay fix` takes; unknown ones are refused."""
    rows = [("a text", ["joy"]), ("b text", ["fear", "joy"]), ("c text", []), ("d text", ["joy"])]
    path, fixed = tmp_path / "data.jsonl", tmp_path / "fixed.jsonl"
    lines = [json.dumps({"text": text, "labels": labels}) for text, labels in rows]
    if separator:
        path, fixed = tmp_path / "data.csv", tmp_path / "fixed.csv"
        lines = ["text,labels", *[f"{text},{separator.join(labels)}" for text, labels in rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = DataOptions(label_separator=separator)
    splits = options.load(path)
    write = splits.label_set.write_label
    own = splits["all"]
    found = [
        Issue(
            "missing_label",
            "all",
            own.lines[0],
            own.texts[0],
            write(("joy",)),
            write(("fear", "joy")),
        ),
        Issue(
            "extra_label",
            "all",
            own.lines[1],
            own.texts[1],
            write(("fear", "joy")),
            write(("joy",)),
        ),
        Issue("one_word", "all", own.lines[3], own.texts[3], write(("joy",))),
    ]
    write_issues_file(found, tmp_path / "i.csv")
    suspects = read_suspects(tmp_path / "i.csv", splits)
    assert suspects == find_suspects(found)
    with closing(Journal(tmp_path / "d.csv.journal")) as journal:
        session = ReviewSession(suspects, splits.label_set, journal, tmp_path / "d.csv")
        for wrong, match in (
            ('["rage"]', "no label 'rage'"),
            ("jy", "neither a label nor a list of labels"),
        ):
            with pytest.raises(UnknownChoiceError, match=match):
                decide(session, label=wrong)
        decide(session, accepts=True)
        decide(session, label='["joy", "fear"]')
        decide(session, label="[]")
        assert session.decided() == {"changed": 2, "kept": 1, "skipped": 0}
        session.write()
    assert fix_data(path, tmp_path / "d.csv", fixed, options=options).n_applied == 2
    labels = options.load(fixed)["all"].labels
    assert [tuple(one) for one in labels] == [("fear", "joy"), ("fear", "joy"), (), ()]


def test_resumed_review_is_as_it_was(open_session):
    """All decisions come back from the journal, byte for byte in the file."""
    session = open_session()
    decide(session, accepts=True)
    decide(session, label="joy")
    session.write()
    before = session.out.read_bytes()
    again = open_session()
    again.write()
    assert again.out.read_bytes() == before
    assert again.current(Filter()).issue.kind == "conflict"


def test_what_the_page_may_not_send(open_session):
    """Unknown rows and labels, a proposal where there is none, a state that is gone."""
    session = open_session()
    conflict = session.keys_like(Filter(kind="conflict"))[0]
    with pytest.raises(UnknownChoiceError, match="no such row"):
        decide(session, keys=("all 99",))
    with pytest.raises(UnknownChoiceError, match="no label 'anger'"):
        decide(session, label="anger")
    with pytest.raises(UnknownChoiceError, match="no label is proposed"):
        decide(session, keys=(conflict,), accepts=True)
    with pytest.raises(OtherPageError, match="another page"):
        session.decide("x", (conflict,), version=99)


def test_file_of_an_audit_is_found_in_the_data_again(issues, data, tmp_path, caplog):
    """Texts and labels are those of the data; rows that changed are counted, other data are refused."""
    path = tmp_path / "issues.csv"
    write_issues_file(issues, path)
    found = read_suspects(path, load_data(data))
    assert found == find_suspects(issues)
    assert caplog.messages == []
    data.write_text(data.read_text(encoding="utf-8").replace("so very", "so"), encoding="utf-8")
    assert len(read_suspects(path, load_data(data))) == len(found) - 1
    assert f"1 of 4 rows of {path.name} are not in" in caplog.text
    with pytest.raises(DataError, match="no row of issues"):
        read_suspects(path, load_data((["other", "texts"], ["a", "b"])))


def test_rows_of_an_audit_are_found_however_the_file_is_cut(tmp_path, caplog):
    """By row and text: with another seed, the same rows of the same file are in other splits."""
    path = tmp_path / "tickets.csv"
    lines = [f"ticket number {i} says so,{'bug' if i % 2 else 'idea'}" for i in range(60)]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    audited, cut_otherwise = (load_for_audit(str(path), seed=seed) for seed in (0, 1))
    found = []
    for split, own in audited.items():
        for line, text, label in zip(own.lines, own.texts, own.labels, strict=True):
            found.append(Issue("doubtful_label", split, line, text, label, "idea"))
    write_issues_file(found, tmp_path / "issues.csv")
    suspects = read_suspects(tmp_path / "issues.csv", cut_otherwise)
    assert caplog.messages == []
    known = {(one.issue.row, one.issue.text, one.issue.label) for one in suspects}
    assert known == {(one.row, one.text, one.label) for one in found}
    places = {(one.issue.split, one.issue.row) for one in suspects}
    assert places != {(one.split, one.row) for one in found}
    assert places == {(split, line) for split, own in cut_otherwise.items() for line in own.lines}


def test_row_of_another_file_is_no_row_of_this_one(tmp_path, caplog):
    """Files of a folder count their rows each for itself, and can hold the same text."""
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("text,label\nsame,a\nother,b\n", encoding="utf-8")
    splits = load_data(tmp_path)
    found = [Issue("conflict", split, 2, "same", "a") for split in ("train", "test")]
    write_issues_file(found, tmp_path / "issues.csv")
    (tmp_path / "train.csv").write_text("text,label\nchanged,a\nother,b\n", encoding="utf-8")
    assert len(read_suspects(tmp_path / "issues.csv", splits)) == 2
    suspects = read_suspects(tmp_path / "issues.csv", load_data(tmp_path))
    assert [one.issue.split for one in suspects] == ["test"]
    assert "1 of 2 rows of issues.csv are not in" in caplog.text


def test_similar_texts_are_found(data):
    """Not the text itself; nothing before the texts are read."""
    nearest = Nearest(load_data(data))
    assert nearest.find("so happy today") == []
    nearest.prepare()
    found = nearest.find("so happy today")
    wanted = {"text": "so very happy now", "label": "sadness", "split": "all", "row": 4}
    assert found[0] == wanted


def test_api_of_the_page(open_session, data):
    """The state, a decision, all at once, and undo."""
    session = open_session()
    nearest = Nearest(load_data(data))
    nearest.prepare()

    def measure(changed):
        if not changed:
            raise DataError("nothing to learn from")
        return Effect("all", 5, len(changed), 0.5, 0.75, 0.04)

    client = TestClient(create_review_app(session, nearest, measure), base_url="http://localhost")
    refused = client.post("/effect", json={})
    assert (refused.status_code, refused.json()["error"]) == (422, "nothing to learn from")
    state = client.get("/state").json()
    assert (state["n_waiting"], state["kinds"]) == (4, {"wrong_label": 2, "conflict": 2})
    assert state["item"]["proposed"] == "joy"
    assert state["item"]["nearest"][0]["label"]
    body = {"id": "1", "version": 0, "key": state["item"]["key"], "accepts": True}
    state = client.post("/decide", json=body).json()
    assert state["decided"] == {"changed": 1, "kept": 0, "skipped": 0}
    found = client.post("/effect", json={})
    assert found.json() == {
        "split": "all",
        "n_texts": 5,
        "n_changed": 1,
        "before": 0.5,
        "after": 0.75,
        "verdict": "helps",
    }
    assert client.post("/effect", json={"seed": 1}).status_code == 422
    body = {"id": "2", "version": 1, "key": state["item"]["key"], "all": True, "kind": "conflict"}
    state = client.post("/decide", json=body).json()
    assert (state["n_waiting"], state["n_matching"], state["item"]) == (1, 0, None)
    state = client.post("/undo", json={"id": "3", "version": 2}).json()
    assert (state["n_waiting"], state["n_matching"]) == (3, 3)
    assert (state["n_acceptable"], state["n_guesses"]) == (0, 1)
    key = state["item"]["key"]
    wanted = {"kind": "wrong_label", "given_label": "", "split": ""}
    body = {"id": "5", "version": 3, "key": key, "all": True, "accepts": True, **wanted}
    state = client.post("/decide", json=body).json()
    assert state["decided"] == {"changed": 2, "kept": 0, "skipped": 0}
    assert (state["n_waiting"], state["n_acceptable"]) == (2, 0)
    assert client.get("/state?given_label=joy").json()["n_matching"] == 1
    assert client.get("/state?kind=nonsense").status_code == 422
    assert client.post("/decide", json={"id": "4", "version": 3}).status_code == 422
    found = client.get("/map").json()
    assert set(found["name"]) - {""} == set(session.suspects)
    assert found["colours"]["label"]["names"] == ["joy", "sadness"]
    assert found["colours"]["right"]["names"] == ["agrees", "differs", "else"]
    body = {"id": "6", "version": 4, "names": [found["name"][0]]}
    assert client.post("/region", json=body).json()["n_matching"] >= 1
    assert client.post("/region", json={**body, "names": "x"}).status_code == 422
    assert client.post("/region", json={**body, "names": ["x"]}).status_code == 422
    for path in ("/", "/static/review.js", "/static/region.js", "/static/sentences.js"):
        assert client.get(path).status_code == 200


def test_page_that_knows_other_rows_decides_nothing(open_session, issues, data):
    """It was open while the command ran again on data in which the rows have other texts."""

    def ask(session):
        app = create_review_app(session, Nearest(load_data(data)), None)
        return TestClient(app, base_url="http://localhost")

    before = ask(open_session()).get("/state").json()
    issues[0] = replace(issues[0], text="another text")
    session = open_session()
    client, act = ask(session), {"version": before["version"], "list_mark": before["list_mark"]}
    key = before["item"]["key"]
    for path, body in (("/decide", {"key": key}), ("/region", {"names": [key]}), ("/undo", {})):
        answer = client.post(path, json={"id": path, **act, **body})
        assert (answer.status_code, session.version, session.n_region) == (409, 0, 0)
    act["list_mark"] = client.get("/state").json()["list_mark"]
    answer = client.post("/decide", json={"id": "1", **act, "key": key})
    assert answer.json()["decided"]["kept"] == 1


@pytest.mark.parametrize("language", ["en", "ko"])
def test_page_names_every_kind(language):
    """The page has words for whatever an audit can find."""
    sentences = open_language(language)
    assert all(sentences.say(f"review_page.kind_{kind}") for kind in KINDS)
    assert all(sentences.say(f"review_page.split_{split}") for split in SPLIT_ORDER)


@pytest.mark.parametrize(
    ("name", "error", "match"),
    [
        ("d.jsonl", InputError, "cannot be written"),
        ("data.csv", InputError, "holds the data itself"),
        ("d.csv", OutputExistsError, "is there already"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused(data, tmp_path, name, error, match):
    """Before the audit."""
    (tmp_path / "d.csv").write_text("", encoding="utf-8")
    with pytest.raises(error, match=match):
        check_decisions_file(data, tmp_path / name, resume=False)


def test_review_leaves_its_decisions_behind(issues, data, tmp_path, monkeypatch, caplog):
    """The page is served between the two; without a row there is nothing to review.

    Decisions on rows that another audit does not list stay in the journal, and are counted.
    """
    monkeypatch.setattr("assay.review.review_page.run_page", lambda *args, **more: None)
    splits = load_data(data)
    done = review_issues(splits, find_suspects(issues), tmp_path / "d.csv")
    assert (done.n_changed, done.n_left) == (0, 4)
    with closing(Journal(journal_path(tmp_path / "d.csv"))) as journal:
        journal.append(Answer("1", "", "", ("all 4", "all 6"), accepts=True))
    done = review_issues(
        splits,
        find_suspects(issues[1:]),
        tmp_path / "d.csv",
        options=ReviewOptions(port=0, resume=True),
    )
    assert (done.n_changed, done.n_kept, done.n_left) == (1, 0, 2)
    assert "stay in d.csv.journal and are not written to d.csv: 1" in caplog.text
    with pytest.raises(DataError, match="no row to review"):
        review_issues(splits, [], tmp_path / "e.csv")


def test_decision_counts_for_its_text_alone(open_session, issues, tmp_path, caplog):
    """A row was put in further up since: the decisions would be those of the rows that moved."""
    session = open_session()
    decide(session, accepts=True)
    decide(session, keys=session.keys_like(Filter(kind="conflict")))
    issues[0] = replace(issues[0], text="another text")
    again = open_session()
    assert again.decided() == {"changed": 0, "kept": 2, "skipped": 0}
    assert (again.n_elsewhere, again.current(Filter()).issue.text) == (1, "another text")
    decide(again, label="joy")
    assert [one["text"] for one in again.entries()][-1] == "another text"
    for _ in range(3):
        again.undo(f"undo {again.version}", version=again.version)
    assert (again.decided()["kept"], again.n_elsewhere) == (0, 0)


def test_row_that_was_answered_twice_has_its_first_answer_again(open_session):
    """When the later one is taken back."""
    session = open_session()
    decide(session, keys=("all 4",), label="sadness")
    decide(session, keys=("all 4", "all 6"), accepts=True)
    assert session.labels_now() == {"all 4": "joy", "all 6": "sadness"}
    session.undo("u", version=session.version)
    assert session.labels_now() == {"all 4": "sadness"}


def test_labels_that_a_person_proposes_are_read_as_in_the_data(tmp_path):
    """Without brackets the page could not show them; a name that is no label is refused."""
    path = tmp_path / "data.jsonl"
    rows = [{"text": "a text", "labels": ["joy"]}, {"text": "b text", "labels": ["fear", "joy"]}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    splits = load_data(path)
    issue = Issue("missing_label", "all", 1, "a text", '["joy"]', "joy; fear")
    write_issues_file([issue], tmp_path / "i.csv")
    (found,) = read_suspects(tmp_path / "i.csv", splits)
    assert found.proposed_label == '["fear", "joy"]'
    for i, wrong in enumerate(("jy", '["rage"]')):
        path = tmp_path / f"j{i}.csv"
        write_issues_file([replace(issue, proposed_label=wrong)], path)
        with pytest.raises(DataError, match="all row 1, proposed_label"):
            read_suspects(path, splits)


def test_guesses_are_accepted_at_once_only_where_their_kind_is_chosen(tmp_path):
    """One press for all rows must not change them: models are often wrong, above all of few texts."""
    found = [
        Issue("wrong_label", "all", 2, "so happy today", "sadness", "joy", 0.9),
        Issue("doubtful_label", "all", 3, "it rains", "sadness", "joy", 0.6),
    ]
    out = tmp_path / "decisions.csv"
    with closing(Journal(journal_path(out))) as journal:
        session = ReviewSession(find_suspects(found), LabelSet(["joy", "sadness"]), journal, out)
        assert session.keys_like(Filter(), accepts=True) == ()
        for kind, key in (("wrong_label", "all 2"), ("doubtful_label", "all 3")):
            assert session.keys_like(Filter(kind=kind), accepts=True) == (key,)
        nearest = Nearest(load_data((["so happy today", "it rains"], ["sadness", "sadness"])))
        app = create_review_app(session, nearest, None)
        client = TestClient(app, base_url="http://localhost")
        state = client.get("/state").json()
        assert (state["n_acceptable"], state["n_guesses"]) == (0, 2)
        assert state["item"]["guess"] == "wrong_label"
        state = client.get("/state", params={"kind": "doubtful_label"}).json()
        assert (state["n_acceptable"], state["n_guesses"]) == (1, 0)
        assert state["item"]["guess"] == "doubtful_label"


def test_rows_of_one_label_are_looked_at_where_texts_have_several(tmp_path):
    """Each label finds the rows that have it, or for which it is proposed; one more those without."""
    labels = LabelSet(("fear", "joy", "sad"), "multi")

    def issue(row, own, proposed=()):
        written = labels.write_label(own), labels.write_label(proposed) if proposed else ""
        return Issue("missing_label", "all", row, f"text {row}", *written)

    found = [issue(2, ("joy",), ("fear", "joy")), issue(3, (), ("joy",)), issue(4, ("fear",))]
    with closing(Journal(tmp_path / "d.csv.journal")) as journal:
        session = ReviewSession(find_suspects(found), labels, journal, tmp_path / "d.csv")
        assert session.labels_of_rows() == ["fear", "joy", "[]"]
        rows = {}
        for label in session.labels_of_rows():
            rows[label] = session.keys_like(Filter(label=label))
        assert rows == {"fear": ("all 2", "all 4"), "joy": ("all 2", "all 3"), "[]": ("all 3",)}
        assert session.count(Filter(label="sad")) == 0
