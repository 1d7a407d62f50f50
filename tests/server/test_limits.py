"""Limits: each is a flag with the same default, and none may be nothing.

Also tests assay.cli.serve_command, which has the flags.
"""

from dataclasses import fields

import pytest

from assay.cli.serve_command import LimitFlags
from assay.errors import InputError
from assay.server import Limits


def test_every_limit_is_a_flag_with_the_same_default():
    """The command line and the library accept the same, and /info states it."""
    assert {field.name: field.default for field in fields(Limits)} == {
        field.name: field.default for field in fields(LimitFlags)
    }
    assert set(Limits().to_dict()) == {field.name for field in fields(Limits)}


def test_limit_of_nothing_is_refused():
    """All wrong ones are named at once."""
    with pytest.raises(
        InputError, match="max_body_bytes is 0; request_s is -1: limits above 0 are accepted"
    ):
        Limits(max_body_bytes=0, request_s=-1)
    with pytest.raises(InputError, match=r"request_s is inf: .* below 1,000,000,000,000"):
        Limits(request_s=float("inf"))
