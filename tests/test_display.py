"""How results show themselves in a notebook: whole, and unable to run what stands in a text.

Also tests assay.recipes.draw, whose pictures they are.
"""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from _support.small_models import small_data
from assay._display import Picture, Shown, html_block, html_table
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError
from assay.recipes.draw import draw_classes, draw_confusions, draw_epochs, draw_lengths
from assay.recipes.evaluate import evaluate_model
from assay.recipes.train import train_model
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
    """What stands in the result stands in its table; the result is still a plain dict."""
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
