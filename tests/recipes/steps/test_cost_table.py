"""Tests of assay.recipes.steps.cost_table: tables of costs as spreadsheets write them."""

import pytest

from assay.errors import InputError
from assay.recipes.steps.cost_table import read_cost_table
from assay.recipes.steps.rule_options import RuleOptions


@pytest.mark.parametrize("label", ["a, b", "a; b", "a\tb", 'say "hi"', "two\nlines", "x\u2028y"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_labels_in_quotes_may_hold_what_separates_cells(label, mark):
    """A mark that does not fit the quotes is not the one; such tables were refused."""
    quoted = '"' + label.replace('"', '""') + '"'
    rows = [["", quoted, "c"], [quoted, "0", "1.5"], ["c", "2", "0"]]
    text = "\r\n".join(mark.join(row) for row in rows) + "\r\n"
    assert read_cost_table(text) == {label: {label: 0, "c": 1.5}, "c": {label: 2, "c": 0}}


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("sep=;\n;a;b\na;0;1,5\nb;1;0\n", 1.5),
        ("\ta\tb\na\t0\t1,5\nb\t1\t0\n", 1.5),
        (";a;b\na;0;1,500\nb;1;0\n", 1.5),
        (";a;b\n;;\na;0;1\nb;1;0\n;;\n", 1),
    ],
)
def test_what_spreadsheets_write_is_read(text, cost):
    """Their own first line, decimal commas, empty rows."""
    assert read_cost_table(text)["a"]["b"] == cost


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\ta\tb\na\t0\t1,500\nb\t1\t0\n", "'1,500' in the column 'b', which is no number"),
        (',a,b\na,0,"1,500"\nb,1,0\n', "'1,500' in the column 'b', which is no number"),
        (";a;b\na;0;1.000,5\nb;1;0\n", "row 2 has '1.000,5' in the column 'b'"),
        (";a;b\na;0\nb;1;0\n", "row 2 has 2 cells, its header 3"),
        ('"a\n', "unexpected end of data"),
    ],
)
def test_what_could_mean_two_numbers_or_no_table_is_refused(text, said):
    """A thousand and a half, and one and a half, are written alike."""
    with pytest.raises(ValueError, match=said):
        read_cost_table(text)


def test_unicode_text_of_excel_is_read_and_other_encodings_are_named(tmp_path):
    """UTF-16 with its mark; what is no UTF-8 is said so."""
    path = tmp_path / "costs.csv"
    path.write_bytes("\tgröße\tb\r\ngröße\t0\t1\r\nb\t1\t0\r\n".encode("utf-16"))
    assert RuleOptions(cost=path).read_costs()["größe"]["b"] == 1
    path.write_bytes(";größe;b\ngröße;0;1\nb;1;0\n".encode("cp1252"))
    with pytest.raises(InputError, match="it is not UTF-8; save it as that"):
        RuleOptions(cost=path).check()
