"""Every language has every sentence, with the same values; every sentence is used somewhere."""

import re
from pathlib import Path
from typing import get_args

import pytest

import assay
from assay.audit.issues import KINDS
from assay.catalogue import ENGLISH, LANGUAGES, Fact, open_language
from assay.catalogue.language import FOLDER
from assay.catalogue.numbers import Numbers
from assay.errors import InputError
from assay.methods import METHODS
from assay.reporting.sections import CHOICES, FOLD_CHOICES
from assay.runtime.limits.confidence import Confidence

SRC = Path(assay.__file__).parent
OTHERS = [code for code in LANGUAGES if code != ENGLISH]
LATIN = re.compile(r"[A-Za-z]{2,}")
# Values of a fact that one language says in place of others, by the sentence.
INSTEAD = {}
# Tables whose sentences are looked up by a name that comes from the data.
BY_NAME = {
    "alt",
    "captions",
    "checkpoint",
    "choice_splits",
    "choices",
    "dropped",
    "headings",
    "issues",
    "kinds_of_texts",
    "label_page",
    "languages",
    "machine",
    "methods",
    "metrics",
    "page",
    "read_splits",
    "reveals",
    "review_page",
    "scores",
    "scripts",
    "several_metrics",
    "slice_kinds",
    "splits",
    "units_of_length",
    "verdict",
}
# Sentences that are the same in every language.
SAME = {"columns.label_name"}


def test_there_is_english_and_korean():
    """A language is a file, and nothing else."""
    assert set(LANGUAGES) >= {"en", "ko"}
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("code", OTHERS)
def test_language_has_every_sentence_and_no_other(code):
    """What English says, every language says."""
    assert set(open_language(code).sentences) == set(open_language(ENGLISH).sentences)


@pytest.mark.parametrize("code", OTHERS)
def test_sentences_insert_the_same_values(code):
    """A value that a translation leaves out is news that its reader does not get."""
    english = open_language(ENGLISH)
    for key, sentence in open_language(code).sentences.items():
        differing = sentence.names ^ english.sentences[key].names
        assert differing <= INSTEAD.get(key, set()), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_formats_and_plural_forms_exist(code):
    """A format is a way to write numbers or a table of words; a word has as many forms as needed."""
    language = open_language(code)
    for key, sentence in language.sentences.items():
        assert sentence.n_forms <= {language.n_plural_forms}, key
        for written in sentence.formats.values():
            assert hasattr(Numbers, written) or written in {*language.tables, "sentence"}, key


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_left_in_english(code):
    """Nothing of several Latin words is the same as in English, but code and names."""
    english = open_language(ENGLISH)
    for key, sentence in open_language(code).sentences.items():
        words = LATIN.findall(re.sub(r"\{[^{}]*\}|`[^`]*`", "", sentence.text))
        if len(words) > 1 and key not in SAME:
            assert sentence.text != english.sentences[key].text, key


def read_sources():
    """Return the text of every file that may name a sentence."""
    paths = [
        *SRC.rglob("*.py"),
        *SRC.rglob("*.j2"),
        SRC / "reporting" / "templates" / "tour_code.txt",
        *(SRC / "server" / "static").iterdir(),
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_sentence_is_used_and_every_used_one_exists():
    """A key is named whole, or its table is looked up by name."""
    english, text = open_language(ENGLISH), read_sources()
    named = set(re.findall(r"[\"']([a-z_]+\.[a-z0-9_]+)[\"']", text))
    for key in english.sentences:
        assert key in named or key.partition(".")[0] in BY_NAME, key
    said = set(re.findall(r"(?:say|plain|Fact|Fact\.of)\(\s*[\"']([a-z_]+\.[a-z0-9_]+)[\"']", text))
    assert len(said) > 100
    assert said <= set(english.sentences)


@pytest.mark.parametrize("code", LANGUAGES)
def test_fact_is_told_alike_from_json(code):
    """What was read back from a file says the same; a sentence of an old file stays as it is."""
    language = open_language(code)
    fact = Fact.of("choice.only", method="linear", metric="accuracy", score=0.91)
    assert language.tell(fact.to_dict()) == language.tell(fact)
    assert "91.0%" in language.tell(fact)
    assert language.tell(Fact.verbatim("left {out}")) == "left {out}"
    assert language.tell("an old sentence") == "an old sentence"


def test_unknown_language_is_refused():
    """With those that there are."""
    with pytest.raises(InputError, match="language 'de' is unknown; en, ko are accepted"):
        open_language("de")


def test_page_of_the_server_uses_every_sentence_of_its_own():
    """Each is named in the script or in the page; those of an answer by what the server answers."""
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in (SRC / "server" / "static").iterdir()
    )
    own = {key for key in open_language(ENGLISH).sentences if key.startswith("page.")}
    confidences = {word.replace(" ", "_") for word in get_args(Confidence)}
    answered = {*confidences, *(f"{one}_short" for one in confidences), "exact", "occlusion"}
    named = set(re.findall(r'(?:say|parts)\("(\w+)"|data-(?:say|label|hint)="(\w+)"', text))
    named = {one for pair in named for one in pair if one}
    assert {f"page.{one}" for one in named} <= own
    for key in own:
        name = key.removeprefix("page.")
        assert f'"{name}"' in text or name in answered, key


@pytest.mark.parametrize("code", LANGUAGES)
def test_sentences_of_the_page_need_only_what_its_script_knows(code):
    """Values and plural forms; numbers come written, and no particle follows a value."""
    for key, sentence in open_language(code).sentences.items():
        if key.startswith("page."):
            assert sentence.formats == {}, key
            assert "/" not in "".join(re.findall(r"\{[^{}]*\}", sentence.text)), key
            assert "`" not in sentence.text, key


def test_names_of_the_program_have_their_words():
    """Every method and every kind of issue has a word, in English the one that commands print."""
    say = open_language(ENGLISH).say
    assert {kind: say(f"issues.{kind}") for kind in KINDS} == KINDS
    for method in METHODS.values():
        assert say(f"methods.{method.name}") == method.description
    for row in (*CHOICES, *FOLD_CHOICES):
        assert say(f"choices.{row['choice']}")
        assert say(f"choice_splits.{row['split']}")


def test_languages_have_names_and_a_list_keeps_its_shares():
    """A reader is told Korean, not ko; a code without a name stays, and old reports hold codes."""
    fact = Fact.of(
        "checkpoint.languages", checkpoint="e5", english=0.4, n=10, listed="ko 60%, tlh 40%"
    )
    assert open_language("en").tell(fact).endswith("are English (Korean 60%, tlh 40%)")
    assert open_language("ko").tell(fact).endswith("영어는 40%입니다(한국어 60%, tlh 40%)")


def test_every_language_that_the_library_tells_has_a_name():
    """All but the code that stands for no language."""
    langid = pytest.importorskip("py3langid.langid")
    codes = set(langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE).labels)
    for code in LANGUAGES:
        named = {key.partition(".")[2] for key in open_language(code).sentences}
        assert codes - {"zxx"} <= named


def test_tibetan_is_not_told_as_dzongkha_alone():
    """The library has one code for both, since it knows no other language of that script."""
    for code, name in (("en", "Tibetan or Dzongkha"), ("ko", "티베트어나 종카어")):
        assert open_language(code).say("languages.dz") == name


def test_pages_and_reports_write_a_percentage_alike():
    """A page said "95% interval 93.8 %", which a line could also break before the sign."""
    for code in LANGUAGES:
        language = open_language(code)
        for page in ("page", "label_page", "review_page"):
            said = language.sentences[f"{page}.percent"].text
            assert said == "{value}" + language.numbers.percent_sign
