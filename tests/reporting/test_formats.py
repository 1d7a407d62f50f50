"""How a data set is called where strangers read it."""

import pytest

from assay.reporting import formats


@pytest.mark.parametrize(
    ("given_source", "named"),
    [
        ("sample", "sample"),
        ("dair-ai/emotion", "dair-ai/emotion"),
        ("/home/me/mails.csv", "mails.csv"),
        ("../shared/data/emotion", "emotion"),
        ("~/x", "x"),
        ("C:\\Users\\me\\m.csv", "m.csv"),
        ("", ""),
    ],
)
def test_source_hides_the_folders_of_a_machine(given_source, named):
    """A Hub id stays; of a path only the last part is published."""
    assert formats.source(given_source) == named
