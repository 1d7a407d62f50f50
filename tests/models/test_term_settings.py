"""Which terms are counted: by the number and script of the texts."""

import pytest

from assay.models.term_settings import (
    LARGE,
    LARGE_MANY_CLASSES,
    LARGE_UNSPACED,
    SMALL,
    choose_terms,
)


@pytest.mark.parametrize(
    ("texts", "settings"),
    [
        (["good day"] * 7999, SMALL),
        (["อากาศดีมาก"] * 7999, SMALL),
        (["good day"] * 8000, LARGE),
        (["좋은 날"] * 8000, LARGE),
        (["อากาศดีมาก ok"] * 8000, LARGE_UNSPACED),
        (["天気がいい"] * 8000, LARGE_UNSPACED),
        (["!!"] * 8000, LARGE),
    ],
)
def test_settings_follow_number_and_script(texts, settings):
    """Large sets count longer n-grams, unless their words have no spaces between them."""
    assert choose_terms(texts, n_classes=32) == settings


def test_many_classes_count_longer_n_grams():
    """More than 32 classes leave out n-grams of three characters, from 4,000 texts on."""
    assert choose_terms(["good day"] * 4000, n_classes=33) == LARGE_MANY_CLASSES
    assert choose_terms(["good day"] * 3999, n_classes=33) == SMALL
