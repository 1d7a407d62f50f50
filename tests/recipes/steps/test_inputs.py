"""What a run reads is never replaced by what it writes."""

import pytest

from assay.errors import InputError
from assay.recipes.steps.inputs import check_inputs
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.steps.rule_options import RuleOptions


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"data": "old/t.csv"}, "the data"),
        ({"corrections": "old/deep/i.csv"}, "the corrections"),
        ({"cost": "old/cost.json"}, "the costs"),
        ({"checkpoint": "old"}, "the checkpoint"),
        ({"checkpoint": "link"}, "the checkpoint"),
        ({"checkpoint": "minilm"}, None),
        ({"cost": {"a": {"b": 1.0}}}, None),
        ({"data": (["a"], ["b"])}, None),
    ],
)
def test_output_that_holds_an_input_is_refused(tmp_path, monkeypatch, given, held):
    """The folder itself, what is in it, a link to it; names and values are no files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old" / "deep").mkdir(parents=True)
    for name in ("t.csv", "deep/i.csv", "cost.json"):
        (tmp_path / "old" / name).touch()
    (tmp_path / "link").symlink_to("old")
    out = tmp_path / "old"
    if given.get("checkpoint") == "minilm":
        out = out.rename("minilm")

    def check():
        check_inputs(
            out,
            given.get("data", "sample"),
            DataOptions(corrections=given.get("corrections")),
            rule=RuleOptions(cost=given.get("cost")),
            checkpoint=given.get("checkpoint", "auto"),
        )

    if held is None:
        check()
        return
    with pytest.raises(InputError, match=f"holds {held} itself"):
        check()
