"""Flags that several commands share become the arguments of the plain functions."""

import shlex
from dataclasses import fields

import pytest

from assay.catalogue import LANGUAGES
from assay.cli.options import (
    LANGUAGE_CODES,
    ChoiceFlags,
    CutFlags,
    DataFlags,
    reading_flags,
    split_names,
)
from assay.data.columns import join_names
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.run_options import RunOptions


def test_listed_names_are_split_and_trimmed():
    """A name alone is a list of one."""
    assert split_names("linear, compact") == ["linear", "compact"]
    assert split_names("linear") == ["linear"]
    assert split_names('bug, "feature, request",login') == ["bug", "feature, request", "login"]
    assert split_names("") == [""]


def test_names_that_are_listed_are_read_back():
    """A command to paste names the columns of labels, or it would not read the table."""
    names = ["bug", "feature, request", 'a "b"', "예"]
    assert split_names(join_names(names)) == names
    flags = shlex.split(reading_flags({"label_columns": names, "kind": ".csv"}))
    assert flags[0] == "--label-columns"
    assert split_names(flags[1]) == names


def test_help_names_every_language():
    """The codes in the help are those of the files of the catalogue."""
    assert tuple(LANGUAGE_CODES.split("|")) == LANGUAGES


def test_flags_not_given_are_the_defaults():
    """A default that is written twice would drift."""
    assert DataFlags().options(**CutFlags().to_dict()) == DataOptions()
    usual = RunOptions()
    assert ChoiceFlags().to_dict() == {
        "metric": usual.metric,
        "tolerance": usual.tolerance,
        "folds": usual.folds,
    }


def test_flags_given_reach_the_options():
    """Label names are split; every flag has a field of its name."""
    options = DataFlags(labels="b, a", encoding="cp949").options(max_rows=5)
    assert options == DataOptions(labels=["b", "a"], encoding="cp949", max_rows=5)
    names = {one.name for one in (*fields(DataFlags), *fields(CutFlags))}
    # The labels that are known are those of a model, which no flag names.
    assert names | {"known_labels"} == {one.name for one in fields(DataOptions)}


@pytest.mark.parametrize("flag", ["--by", "--split"])
def test_a_flag_of_one_value_that_is_given_twice_is_said(invoke, flag):
    """The first value is left out; a flag without a value may be repeated."""
    done = invoke("evaluate", "model", "d.csv", flag, "a", flag, "b")
    assert f"warning: {flag} is given 2 times; the last one counts" in done.stderr
    done = invoke("evaluate", "model", "d.csv", flag, "a", "--json", "--json")
    assert "times" not in done.stderr
    done = invoke("evaluate", "model", "d.csv", flag, "a", flag, "b", "--quiet")
    assert "times" not in done.stderr
