"""Which languages a sample of texts is in."""

import pytest

from assay.data.main_languages import LanguageSample, draw_sample, sample_languages

pytest.importorskip("py3langid")

ENGLISH = "the weather was lovely all day"
KOREAN = "오늘은 날씨가 정말 좋네요"


def test_languages_are_counted_most_frequent_first():
    """Each text that is long enough counts once."""
    found = sample_languages([ENGLISH, KOREAN, KOREAN])
    assert found.counts == {"ko": 2, "en": 1}
    assert (found.n_texts, found.n_told, found.is_ascii) == (3, 3, False)
    assert found.fraction("ko") == 2 / 3


def test_what_is_in_no_language_is_not_counted():
    """Links, addresses, names and numbers say nothing of the language beside them."""
    noise = ["https://example.org/the/weather/was/lovely", "me@example.org", "@someone #lovely 42"]
    found = sample_languages(noise)
    assert found.counts == {}
    assert found.is_ascii
    assert sample_languages([f"{noise[0]} {KOREAN}"]).counts == {"ko": 1}


def test_short_texts_are_joined():
    """A language shows in several of them; what is left at the end is too short to tell."""
    assert sample_languages(["좋아요", "싫어요", "별로"]).counts == {"ko": 1}
    assert sample_languages(["좋"]).counts == {}
    assert sample_languages([]).n_told == 0


def test_the_main_language_is_that_of_most_texts_and_not_of_the_few_that_can_be_told():
    """Few of many romanised Korean texts look like a language, and it is not theirs."""
    found = LanguageSample(120, {"sn": 2, "st": 1}, is_ascii=True, n_untold=117)
    assert found.main_language(0.5) is None
    assert LanguageSample(4, {"ko": 3}, is_ascii=False, n_untold=1).main_language(0.5) == "ko"
    assert LanguageSample(0, {}, is_ascii=True).main_language(0.5) is None
    romanised = ["oneul jibeseo neomu joayo jinjja", "eoje hoesaeseo jjajeungna jukgesseo"]
    sample = sample_languages([KOREAN, *romanised])
    assert (sample.counts, sample.n_untold) == ({"ko": 1}, 2)


def test_the_sample_is_seeded_and_in_order():
    """At most five hundred texts are looked at, each cut to a thousand characters."""
    texts = [f"{i:05} " + "x" * 2000 for i in range(2000)]
    sample = draw_sample(texts, seed=1)
    assert len(sample) == 500
    assert sample == sorted(sample)
    assert sample == draw_sample(texts, seed=1)
    assert sample != draw_sample(texts, seed=2)
    assert {len(text) for text in sample} == {1000}
