"""Which terms are counted: by the number and script of the texts."""

import pytest

from assay.models.term_settings import LARGE, LARGE_UNSPACED, SMALL, choose_terms


@pytest.mark.parametrize(
    ("texts", "settings"),
    [
        (["good day"] * 3999, SMALL),
        (["อากาศดีมาก"] * 3999, SMALL),
        (["good day"] * 4000, LARGE),
        (["좋은 날"] * 4000, LARGE),
        (["อากาศดีมาก ok"] * 4000, LARGE_UNSPACED),
        (["天気がいい"] * 4000, LARGE_UNSPACED),
        (["!!"] * 4000, LARGE),
    ],
)
def test_settings_follow_number_and_script(texts, settings):
    """Large sets count longer n-grams, unless their words have no spaces between them."""
    assert choose_terms(texts) == settings
