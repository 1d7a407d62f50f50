"""`auto`: English texts get the English checkpoint, all others the multilingual one."""

import pytest

from assay.checkpoints import auto
from assay.checkpoints.auto import CheckpointChoice, choose_checkpoint, describe_choice
from assay.checkpoints.resolve import resolve_checkpoint
from assay.errors import InputError, MissingDependencyError

ENGLISH = ["the weather was lovely all day", "my parcel never arrived, where is it"]
KOREAN = ["택배가 아직도 도착하지 않았어요", "오늘은 날씨가 정말 좋네요"]
GERMAN = ["das Wetter war den ganzen Tag schön", "mein Paket ist nie angekommen"]

ROMANISED_KOREAN = ["jepumi aju joayo", "eumsigi sikgo seobiseudo byeolloyeosseoyo"]
SHORT_ENGLISH = ["warfarin made me bleed", "omeprazole helped", "a rash from amoxicillin"]


@pytest.mark.parametrize(
    ("texts", "checkpoint", "reason"),
    [
        (ENGLISH * 5, "minilm", "english"),
        (KOREAN * 5, "e5", "languages"),
        (GERMAN * 5, "e5", "languages"),
        (ENGLISH * 9 + KOREAN, "minilm", "english"),
        (ENGLISH * 5 + KOREAN * 5, "e5", "languages"),
        (["https://example.org/a?b=1", "12345", "@you #now"], "minilm", "ascii"),
        (["☎ 02-123-4567", "→ 12"], "e5", "not_ascii"),
        ([""], "minilm", "ascii"),
        ([], "minilm", "ascii"),
        (ROMANISED_KOREAN, "e5", "few_english"),
        (SHORT_ENGLISH, "minilm", "ascii"),
        (["QX-1 ZZR"], "minilm", "ascii"),
        (["좋아요", "싫어요", "별로예요"] * 5, "e5", "languages"),
    ],
)
def test_the_language_of_most_texts_decides(texts, checkpoint, reason):
    """From nine tenths of English on it is minilm; where nothing can be told, the alphabet decides."""
    choice = choose_checkpoint("auto", texts)
    assert (choice.checkpoint, choice.reason) == (checkpoint, reason)
    assert choice.is_automatic
    assert CheckpointChoice.from_dict(choice.to_dict()) == choice


def test_the_sentence_names_shares_and_languages():
    """A reader can see why, and where the language of some texts could not be told."""
    assert describe_choice(choose_checkpoint("auto", ENGLISH * 5)) == (
        "checkpoint minilm: 100% of 10 training texts looked at are English"
    )
    mixed = choose_checkpoint("auto", [*ENGLISH * 2, *KOREAN * 3, "12"])
    assert describe_choice(mixed) == (
        "checkpoint e5: 40% of 10 training texts whose language can be told are English "
        "(Korean 60%, English 40%)"
    )
    assert "cannot be told, and all of them are plain ASCII" in describe_choice(
        choose_checkpoint("auto", ["1", "2"])
    )


def test_the_sentence_says_that_there_are_more_languages():
    """Three of four were named as if they were all; a fourth in four of a thousand texts is not said."""
    four = (("ka", 0.26), ("he", 0.26), ("sr", 0.24))
    told = describe_choice(CheckpointChoice("e5", "languages", 90, 90, 0.0, four))
    assert told.endswith("(Georgian 26%, Hebrew 26%, Serbian 24%, …)")
    three = (("ka", 0.5), ("he", 0.3), ("sr", 0.196))
    told = describe_choice(CheckpointChoice("e5", "languages", 90, 90, 0.0, three))
    assert told.endswith("(Georgian 50%, Hebrew 30%, Serbian 20%)")


def test_a_named_checkpoint_stays_what_it_is():
    """No text is looked at, and there is nothing to explain."""
    choice = choose_checkpoint("./folder", KOREAN)
    assert choice == CheckpointChoice("./folder")
    assert describe_choice(choice) == ""


def test_a_large_set_is_judged_by_a_seeded_sample():
    """The same seed looks at the same texts."""
    texts = [f"{text} {i}" for i in range(400) for text in ENGLISH]
    choice = choose_checkpoint("auto", texts, seed=3)
    assert choice.n_texts == 500
    assert choice == choose_checkpoint("auto", texts, seed=3)


def test_without_the_library_the_alphabet_decides(monkeypatch):
    """Nothing fails where languages cannot be told."""

    def missing(texts, *, seed):
        raise MissingDependencyError("py3langid is not installed")

    monkeypatch.setattr(auto, "sample_languages", missing)
    assert choose_checkpoint("auto", ENGLISH).reason == "ascii"
    assert choose_checkpoint("auto", ["mujhe ye phone bilkul pasand nahi"]).checkpoint == "e5"
    assert choose_checkpoint("auto", KOREAN).checkpoint == "e5"


def test_without_the_english_checkpoint_ascii_is_taken_for_english(monkeypatch):
    """Its vocabulary cannot be asked then; the missing package is said where it is needed."""

    def missing(name):
        raise MissingDependencyError("minilm is not installed")

    monkeypatch.setattr(auto, "resolve_checkpoint", missing)
    assert choose_checkpoint("auto", ROMANISED_KOREAN).reason == "ascii"


def test_auto_is_no_checkpoint_by_itself():
    """Where there are no training texts, a name is needed."""
    with pytest.raises(InputError, match="'auto' is chosen by the language of training texts"):
        resolve_checkpoint("auto")
