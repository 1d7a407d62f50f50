"""JSON of strangers: whatever is no value of JSON is a ValueError."""

import pytest

from assay.checkpoints.folder import read_checkpoint
from assay.errors import ModelError
from assay.json_text import parse_json
from assay.runtime.limits.scope import TermStatistics

DEEP = "[" * 99_999


@pytest.mark.parametrize("text", ['{"a": 1}', b'{"a": 1}'])
def test_values_are_read(text):
    assert parse_json(text) == {"a": 1}


@pytest.mark.parametrize("text", [DEEP, DEEP.encode(), "", "{", b"\xff"])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_json(text)


def test_files_of_strangers_that_are_nested_too_deep_are_refused(tmp_path):
    """They were a mistake of assay."""
    for name in ("config.json", "scope.json"):
        (tmp_path / name).write_text(DEEP, encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json cannot be read"):
        read_checkpoint(tmp_path, name="deep")
    with pytest.raises(ModelError, match=r"scope\.json cannot be read"):
        TermStatistics.load(tmp_path, n_classes=2)
