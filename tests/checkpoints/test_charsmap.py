"""The packed map, as `tokenizers` reads it, replaces what the plain map says and nothing else."""

import hypothesis
import hypothesis.strategies as st
from tokenizers import normalizers

from assay.checkpoints.charsmap import pack_charsmap

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
MAPS = st.dictionaries(CHARACTERS, st.text(CHARACTERS, max_size=3))


@hypothesis.given(MAPS, st.lists(CHARACTERS, max_size=20))
def test_characters_are_replaced_as_the_map_says(replacements, others):
    """Each character alone, since marks and joiners make one of two."""
    normalizer = normalizers.Precompiled(pack_charsmap(replacements))
    for character in [*replacements, *others]:
        assert normalizer.normalize_str(character) == replacements.get(character, character)


def test_marks_keep_their_order():
    """NFKC would turn these two Burmese marks round, and no piece would match them."""
    typed = "\u1014\u103e\u1004\u103a\u1037"
    assert normalizers.NFKC().normalize_str(typed) != typed
    assert normalizers.Precompiled(pack_charsmap({"ﬁ": "fi"})).normalize_str(typed) == typed


def test_an_empty_map_changes_nothing():
    """A root without children is a trie too."""
    assert normalizers.Precompiled(pack_charsmap({})).normalize_str("été ﬁ\n") == "été ﬁ\n"
