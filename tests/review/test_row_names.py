"""Names of rows: in the file of decisions and for the page."""

from assay.audit.issues import COLUMNS
from assay.review.row_names import RowNames


def test_column_of_names_follows_those_of_the_decisions():
    """A row without a name has an empty cell; without a column there is none."""
    names = RowNames("ticket", {("all", 3): "T-1"})
    assert names.header == ["ticket"]
    assert (names.cells("all", 3), names.cells("all", 4)) == (["T-1"], [""])
    assert (RowNames().header, RowNames().cells("all", 3)) == ([], [])


def test_column_with_a_name_of_the_decisions_is_renamed():
    """As everywhere: ``input_`` before it."""
    assert RowNames(COLUMNS[0]).header == [f"input_{COLUMNS[0]}"]
