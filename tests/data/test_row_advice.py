"""What rows that cannot be used may come from is said where all of them look alike."""

from __future__ import annotations

import pytest

from assay.data.load import load_data
from assay.errors import DataError


@pytest.mark.parametrize("inside", ["it is", "it\\'s", "it''s"])
def test_apostrophes_around_texts_are_recognised(tmp_path, inside):
    """Also where those inside are doubled or escaped."""
    rows = "".join(f"'{inside} good, {i}',{'ab'[i % 2]}\n" for i in range(20))
    (tmp_path / "d.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_data(tmp_path / "d.csv")
    assert "apostrophes seem to enclose texts" in caught.value.hint


def test_apostrophes_inside_of_words_are_none(tmp_path):
    """Texts with a comma too many have their usual sentence."""
    rows = "".join(f"it's so, isn't it {i},{'ab'[i % 2]}\n" for i in range(20))
    (tmp_path / "d.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    with pytest.raises(DataError, match="3 fields where the header has 2") as caught:
        load_data(tmp_path / "d.csv")
    assert "apostrophes" not in caught.value.hint
