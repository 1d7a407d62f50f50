"""Two models in a table: the parts of their paths that differ are shown."""

import pytest

from assay.cli.model_names import tell_apart


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("a", "b", ("a", "b")),
        ("runs/one/models/linear", "runs/two/models/linear", ("…/one/…", "…/two/…")),
        ("/home/me/projects/runs/one/model", "/home/me/projects/runs/two/model", ("…/one/model", "…/two/model")),
        ("/home/me/projects/run/models/linear", "/home/me/projects/run/models/compact", ("…/linear", "…/compact")),
        ("/home/me/projects/run/model", "/home/me/projects/run/model/onnx", ("…/model", "…/model/onnx")),
        ("/home/me/first/some/long/common/folder/model", "/home/me/other/some/long/common/folder/model", ("…/first/…", "…/other/…")),
        ("someone/their-classifier-of-emotions", "runs/a/model", ("someone/their-classifier-of-emotions", "runs/a/model")),
        ("/home/me/projects/run/model", "/home/me/projects/run/model", ("/home/me/projects/run/model",) * 2),
    ],
)  # fmt: skip
def test_paths_that_would_be_cut_are_told_by_what_differs(first, second, names):
    """What both have in front is left out; what both have at the end, where it is too long."""
    assert tell_apart(first, second) == names
