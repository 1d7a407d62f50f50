"""How results show themselves: in a line of a terminal; in a notebook unable to run what is in a text.

Also tests assay.recipes.draw, whose pictures they are.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import assay
from _support.small_models import small_data
from assay._display import Brief, Picture, Shown, html_block, html_table, hundredfold_bounds
from assay.audit.result import Audit
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError
from assay.models.linear import Linear
from assay.recipes.draw import (
    draw_classes,
    draw_confusions,
    draw_epochs,
    draw_lengths,
    draw_text_map,
)
from assay.recipes.evaluate import Evaluation, evaluate_model
from assay.recipes.run import RunOptions
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import load_model

NASTY = (
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "</td></table><img src=x>",
    "\u202egnp",
    "a\x00b\nc",
)
ALLOWED = {"div", "p", "b", "table", "caption", "thead", "tbody", "tr", "th", "td"}


class Tags(HTMLParser):
    """Collects tags, attributes and texts."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.texts = set(), set(), []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        """Note a tag."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data):
        """Note a text."""
        self.texts.append(data)


def check(source):
    """Hold a piece of HTML to tags without effects; return its texts."""
    found = Tags(source)
    assert found.tags <= ALLOWED
    assert found.attributes <= {"align", "style"}
    assert not {"\u202e", "\x00"} & set("".join(found.texts))
    return " ".join(found.texts)


def splits_of(names):
    """Make a data set whose labels and texts are `names`."""
    part = LabelledTexts(tuple(names) * 4, tuple(names) * 4)
    return Splits({"train": part, "test": part}, LabelSet(tuple(names)), source=names[0])


def test_texts_in_tables_cannot_do_anything():
    """Markup, handlers, direction marks and control characters are text like any other."""
    shown = check(
        html_block(
            NASTY[0], NASTY[1], html_table([{NASTY[2]: text} for text in NASTY], caption=NASTY[3])
        )
    )
    assert "<script>alert(1)</script>" in shown
    assert html_table([]) == ""


def test_data_shows_counts_and_first_rows():
    """A data set shows each label in each split; a split its first rows."""
    data = splits_of(NASTY)
    shown = check(data._repr_html_())
    assert "test" in shown
    assert " 20 " in shown  # texts of a split
    assert "20 texts, the first 5:" in check(data["train"]._repr_html_())


def test_many_labels_are_counted_not_listed():
    """A table of a thousand labels is cut, and says so."""
    shown = check(splits_of([f"label {i}" for i in range(100)])._repr_html_())
    assert "label 29" in shown
    assert "label 30" not in shown
    assert "and 70 more" in shown


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train compact, which has epochs, for two of them."""
    folder = tmp_path_factory.mktemp("shown") / "compact"
    result = train_model(small_data(90), folder, method="compact", parameters={"n_epochs": 2})
    return folder, result


def test_model_training_and_scores_show_their_numbers(trained):
    """What is in the result is in its table; the result is still a plain dict."""
    folder, result = trained
    assert isinstance(result, dict)
    assert [epoch["epoch"] for epoch in result["epochs"]] == [1, 2]
    shown = check(result._repr_html_())
    assert f"{result['test']['accuracy']:.4f}" in shown
    assert f"{result['epochs'][1]['validation_accuracy']:.4f}" in shown
    assert f"{result['test']['accuracy']:.4f}" in check(load_model(folder)._repr_html_())
    scored = evaluate_model(folder, splits_from(small_data(30, seed=5)))
    assert f"accuracy {scored.scores.accuracy:.4f}" in check(scored._repr_html_())


def splits_from(pair):
    """Make a data set of one split."""
    texts, labels = pair
    return Splits(
        {"all": LabelledTexts(tuple(texts), tuple(labels))},
        LabelSet.from_labels(labels),
        source="memory",
    )


def test_pictures_are_png(trained):
    """Each picture of a notebook is one, and says what it shows."""
    folder, result = trained
    data = splits_from(small_data(30, seed=5))
    pictures = [
        draw_classes(data),
        draw_lengths(small_data(30, seed=5)),  # what `load_data` takes, too
        draw_confusions(evaluate_model(folder, data)),
        draw_epochs(result),
    ]
    for picture in pictures:
        assert isinstance(picture, Picture)
        assert picture._repr_png_().startswith(b"\x89PNG")
        assert "PNG of" in repr(picture)
    with pytest.raises(
        InputError, match="'linear' was not trained in epochs; compact and finetune are"
    ):
        draw_epochs(Shown({"method": "linear", "epochs": []}, as_html=""))
    with pytest.raises(InputError, match="there is nothing to draw"):
        draw_epochs()


def test_pictures_are_in_the_language_that_is_asked_for(trained):
    """Their words and what is said of them; a language that there is not is refused."""
    folder, result = trained
    data = splits_from(small_data(30, seed=5))
    scored = evaluate_model(folder, data)
    for draw, given in (
        (draw_classes, data),
        (draw_lengths, data),
        (draw_confusions, scored),
        (draw_epochs, result),
    ):
        english, korean = draw(given), draw(given, language="ko")
        assert english._repr_png_() != korean._repr_png_()
        assert re.search("[가-힣]", korean.alt)
        assert not re.search("[가-힣]", english.alt)
        with pytest.raises(InputError, match="language 'xx' is unknown"):
            draw(given, language="xx")
    with pytest.raises(InputError, match="language 'xx' is unknown"):
        draw_text_map(data, language="xx", checkpoint="no such folder")


def result_classes():
    """Return the classes of what public functions return, and all that shows itself in a line."""
    found = set(Brief.__subclasses__())
    for name in assay.__all__:
        public = getattr(assay, name)
        if dataclasses.is_dataclass(public):
            found.add(public)
        returned = getattr(public, "__annotations__", {}).get("return", "")
        home = vars(sys.modules[public.__module__])
        found |= {home[one] for one in re.findall(r"\w+", str(returned)) if one in home}
    classes = [one for one in found if isinstance(one, type) and dataclasses.is_dataclass(one)]
    return sorted(classes, key=lambda one: one.__name__)


HUGE = ["x" * 200_000, {str(i): i for i in range(5_000)}, ("a b\n" * 9,) * 5_000, np.zeros((9, 9))]


@pytest.mark.parametrize("value", HUGE, ids=["text", "dict", "tuple", "array"])
def test_results_show_themselves_in_a_line(value):
    """Whatever a result holds, its `repr` is no longer than a few lines of a terminal."""
    classes = result_classes()
    assert {Evaluation, Audit, Manifest, RunOptions, Splits, LabelledTexts, LabelSet} <= {*classes}
    assert len(classes) > 30
    for cls in classes:
        if issubclass(cls, (LabelledTexts, Splits, LabelSet)):
            continue  # see the tests of data
        one = object.__new__(cls)
        for field in dataclasses.fields(cls):
            object.__setattr__(one, field.name, value)
        shown = repr(one)
        assert shown.startswith(f"{cls.__name__}(")
        assert len(shown) < 500, cls
        assert "\n" not in shown, cls


def test_public_objects_are_short_in_a_terminal(trained):
    """A fitted estimator, data, labels, scores and the dict of a training, of 5,000 labels."""
    many = splits_of([f"{'label ' * 50}{i}" for i in range(5_000)])
    assert all(len(repr(one)) < 500 for one in (many, many["train"], many.label_set))
    estimator = Linear(class_weight={f"label {i}": 1.0 for i in range(5_000)})
    assert len(repr(estimator.set_params(class_weight=None).fit(*small_data(60)))) < 500
    assert len(repr(estimator.set_params(class_weight=dict.fromkeys(range(5_000), 1.0)))) < 1_000
    shown = Shown({"labels": [""] * 5_000, "seed": 0, "scores": {"a": 0.5}}, as_html="")
    assert repr(shown) == "{'labels': <list of 5,000>, 'seed': 0, 'scores': {'a': 0.5}}"
    assert dict(shown)["labels"] == [""] * 5_000


def test_options_show_what_was_chosen():
    """What has its default value is left out."""
    assert repr(DataOptions(text_column="v2", merge_labels=True)) == (
        "DataOptions(text_column='v2', merge_labels=True)"
    )
    assert repr(RunOptions()) == "RunOptions()"


@pytest.mark.parametrize("bounds", [(0.99962, 0.99981), (0.5, 0.50004), (0.1, 0.9), (1.0, 1.0)])
def test_bounds_of_an_interval_hold_what_is_between_them(bounds):
    """Also as they are written: 99.98 % is not between 100.0 and 100.0 %."""
    low, high = map(float, hundredfold_bounds(*bounds))
    middle = 50 * sum(bounds)
    assert low <= middle <= high
    assert (low == high) == (bounds[0] == bounds[1])
