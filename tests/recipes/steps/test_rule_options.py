"""Tests of assay.recipes.steps.rule_options: what is asked for, read and checked; each mistake a sentence."""

import json

import pytest

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.recipes.steps.rule_options import RuleOptions, refuse_impossible

LABELS = LabelSet(("ok", "fraud"))
TABLE = ",ok,fraud\nok,0,1\nfraud,9.5,\n"


def test_nothing_asked_is_no_rule():
    """Then nothing changes."""
    assert RuleOptions().resolve(LABELS) is None


def test_a_table_of_costs_is_read_by_its_labels(tmp_path):
    """Rows and columns in any order; an empty cell of a right answer costs nothing."""
    path = tmp_path / "costs.csv"
    path.write_text("\ufeff" + TABLE, encoding="utf-8")
    assert RuleOptions(cost=path).resolve(LABELS).costs == ((0.0, 1.0), (9.5, 0.0))
    path.write_text("true, fraud ,ok\n fraud,0,9.5\n\nok,1,0\n", encoding="utf-8")
    assert RuleOptions(cost=path).resolve(LABELS).costs == ((0.0, 1.0), (9.5, 0.0))


@pytest.mark.parametrize(("mark", "cost"), [(";", "9,5"), (";", "9.5"), ("\t", "9.5")])
def test_costs_of_spreadsheets_are_read_whatever_separates_them(tmp_path, mark, cost):
    """They were one column, and "no cost above 0"."""
    path = tmp_path / "costs.csv"
    path.write_text(TABLE.replace(",", mark).replace("9.5", cost), encoding="utf-8")
    assert RuleOptions(cost=path).resolve(LABELS).costs == ((0.0, 1.0), (9.5, 0.0))
    names = LabelSet(("not, ok", "fraud"))
    path.write_text(";not, ok;fraud\nnot, ok;0;1\nfraud;9,5;0\n", encoding="utf-8")
    assert RuleOptions(cost=path).resolve(names).costs == ((0.0, 1.0), (9.5, 0.0))


def test_a_table_without_labels_in_its_header_is_refused(tmp_path):
    """It has no costs, which is not the same as none above 0."""
    path = tmp_path / "costs.csv"
    path.write_text("label\nok\nfraud\n", encoding="utf-8")
    with pytest.raises(InputError, match="its header names no label behind the first column"):
        RuleOptions(cost=path).resolve(LABELS)


def test_costs_are_read_from_json_and_from_python(tmp_path):
    """The right answer may be left out."""
    costs = {"ok": {"fraud": 1}, "fraud": {"ok": 9.5}}
    path = tmp_path / "costs.json"
    path.write_text(json.dumps(costs), encoding="utf-8")
    for given in (path, str(path), costs):
        assert RuleOptions(cost=given).resolve(LABELS).costs == ((0.0, 1.0), (9.5, 0.0))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_recall": {"fraud": 95}}, "min_recall of 'fraud' is 95; a share above 0, up to 1"),
        ({"min_recall": {"fraud": 0}}, "min_recall of 'fraud' is 0"),
        ({"min_precision": {"fraud": float("nan")}}, "min_precision of 'fraud' is nan"),
        ({"min_recall": {"fraud": True}}, "min_recall of 'fraud' is True"),
        (
            {"min_recall": {"fraud": 0.9}, "min_precision": {"fraud": 0.9}},
            "min_recall and min_precision both name 'fraud'",
        ),
        (
            {"min_recall": {"fraud": 0.9}, "cost": {"ok": {"fraud": 1}}},
            "cost was given with min_recall",
        ),
        ({"cost": "nowhere.csv"}, "there is no file of costs nowhere.csv"),
        ({"cost": {"ok": {"fraud": 0}}}, "holds no cost above 0"),
        (
            {"cost": {"ok": {"fraud": -1}}},
            "the row 'ok' has -1 in the column 'fraud'; a number of at least 0",
        ),
        ({"cost": {"ok": {"fraud": 10**400}}}, "; a number of at least 0"),
        ({"cost": {"ok": {"fraud": 1e308}}}, "has 1e\\+308 .* and below 1e\\+300 is accepted"),
        (
            {"cost": {"ok": {"fraud": "2"}}},
            "the row 'ok' has '2' in the column 'fraud'; a number of at least 0",
        ),
        ({"cost": {"ok": 1}}, "has no costs for 'ok'"),
        ({"cost": {}}, "is no table"),
    ],
)
def test_what_contradicts_itself_is_refused(options, said):
    """Before any data are read."""
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        RuleOptions(**options).check()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_recall": {"froud": 0.9}}, "min_recall names the label 'froud'.*Did you mean 'fr"),
        ({"min_precision": {"x": 0.9}}, "min_precision names the label 'x'"),
        ({"cost": {"ok": {"fraud": 1}}}, "has no row for the label 'fraud'"),
        (
            {"cost": {"ok": {"ok": 1}, "fraud": {"ok": 1}}},
            "costs to give 'fraud' to a text of 'ok'",
        ),
        ({"cost": {"ok": {"spam": 1}}}, "the table of costs names the label 'spam'"),
        (
            {"cost": {"ok": {"ok": 5, "fraud": 1}, "fraud": {"ok": 1}}},
            "has 5 where a text of 'ok' is given its own label, and 1 where it is given 'fraud'",
        ),
        (
            {"cost": {"ok": {"fraud": 1}, "fraud": {"ok": 0}}},
            "has 0 wherever 'ok' is given, so that every text would be given it",
        ),
    ],
)
def test_labels_are_held_against_the_data(options, said):
    """Unknown and missing ones are named."""
    with pytest.raises(InputError, match=said):
        RuleOptions(**options).resolve(LABELS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ok,fraud\n", "it has no rows below its header"),
        (",ok,fraud\nok,0\n", "row 2 has 2 cells, its header 3"),
        (",ok,ok\nok,0,1\n", "'ok' is there twice; .* a name of its own$"),
        (",ok,fraud\nok,0,1\nok,0,1\n", "'ok' is there twice; .* a name of its own$"),
        (",ok,fraud\nok,0,a\n", "row 2 has 'a' in the column 'fraud', which is no number"),
        (
            ",ok,fraud\nok,0,nan\nfraud,1,0\n",
            "has nan in the column 'fraud'; a number of at least 0",
        ),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, content, said):
    """The sentence names the place."""
    path = tmp_path / "costs.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        RuleOptions(cost=path).check()


def test_a_damaged_json_is_refused(tmp_path):
    """Also one whose label is there twice."""
    path = tmp_path / "costs.json"
    for content in ("{", "[1]", '{"ok": {"fraud": 1}, "ok": {"fraud": 2}}'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match="costs"):
            RuleOptions(cost=path).check()


def test_costs_of_several_labels_are_of_missing_ones_and_of_those_too_many():
    """A row per label, in the order of the labels; anything else is a sentence."""
    labels = LabelSet(("ok", "fraud"), "multi")
    row = {"missing": 5, "extra": 1}
    asked = RuleOptions(cost={"fraud": row, "ok": {"missing": 1, "extra": 0}}).resolve(labels)
    assert asked.costs == ((1.0, 0.0), (5.0, 1.0))
    with pytest.raises(InputError, match="no row for the label 'ok'"):
        RuleOptions(cost={"fraud": row}).resolve(labels)
    with pytest.raises(InputError, match="names the label 'bad', which the data do not have"):
        RuleOptions(cost={"bad": row}).resolve(labels)
    with pytest.raises(InputError, match="the columns ok for the label 'ok'; a table with the"):
        RuleOptions(cost={"ok": {"ok": 1}}).resolve(labels)
    assert RuleOptions(cost={"ok": row, "fraud": row}).of_thresholds(LABELS) is None


def test_a_recall_of_several_labels_needs_enough_texts():
    """Texts with other labels count too."""
    asked = RuleOptions(min_recall={"fraud": 0.9}).resolve(LabelSet(("ok", "fraud"), "multi"))
    with pytest.raises(InputError, match="cannot be shown with the 2 texts that have this label"):
        refuse_impossible(asked, (("ok", "fraud"), (), ("fraud",)), "validation")


def test_a_recall_that_no_model_can_show_is_refused():
    """Two texts are too few for 0.9."""
    asked = RuleOptions(min_recall={"fraud": 0.9}).resolve(LABELS)
    with pytest.raises(InputError, match="cannot be shown with the 2 texts that have this label"):
        refuse_impossible(asked, ("ok", "fraud", "fraud"), "validation")
    refuse_impossible(None, (), "validation")


def test_options_are_shown_as_they_were_given():
    """For the report."""
    options = RuleOptions(min_recall={"fraud": 0.9, "ok": 0.5})
    assert options.shown() == {"min_recall": "fraud=0.9, ok=0.5"}
    assert RuleOptions(cost="/some/where/costs.csv").shown() == {"cost": "costs.csv"}
