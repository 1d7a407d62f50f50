"""The exceptions: what each is, how it reads, and the two helpers that word messages."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import assay.errors
from assay.errors import (
    AssayError,
    CheckError,
    DataError,
    InputError,
    MissingDependencyError,
    ModelError,
    OutputExistsError,
    OutsideError,
    did_you_mean,
    first_line,
    list_problems,
)

TREE = [
    (AssayError, 1, Exception),
    (InputError, 2, ValueError),
    (DataError, 2, ValueError),
    (ModelError, 2, ValueError),
    (OutputExistsError, 2, ValueError),
    (MissingDependencyError, 2, ImportError),
    (CheckError, 3, AssayError),
    (OutsideError, 4, OSError),
]


@pytest.mark.parametrize(("kind", "exit_code", "builtin"), TREE)
def test_error_has_its_exit_code_and_builtin(kind, exit_code, builtin):
    """Each class has its exit code and refines a builtin, which callers who know nothing of assay catch."""
    assert kind.exit_code == exit_code
    assert issubclass(kind, AssayError)
    assert issubclass(kind, builtin)
    with pytest.raises(builtin, match=r"^no such file$"):
        raise kind("no such file")


def test_tree_is_complete():
    """Every public exception is in the table above, and in the drawing of the module's docstring."""
    public = {
        getattr(assay.errors, name) for name in assay.errors.__all__ if name.endswith("Error")
    }
    assert public == {kind for kind, _, _ in TREE}
    assert all(f"{kind.__name__}" in assay.errors.__doc__ for kind in public)


@pytest.mark.parametrize("kind", [kind for kind, _, _ in TREE])
def test_error_reads_as_sentence_and_hint(kind):
    """The text of an error is its sentence, and the hint in brackets if there is one; both are kept apart too."""
    err = kind("it failed", hint="try again")
    assert (str(err), err.message, err.hint) == ("it failed (try again)", "it failed", "try again")
    assert str(kind("it failed")) == "it failed"


@pytest.mark.parametrize("kind", [kind for kind, _, _ in TREE])
def test_error_survives_another_process(kind):
    """Sentence and hint come through pickling, as worker processes do it."""
    err = pickle.loads(pickle.dumps(kind("it failed", hint="try again")))
    assert (type(err), str(err)) == (kind, "it failed (try again)")


def test_did_you_mean_names_the_closest():
    """A near miss is answered with the option as it is written, whatever the case; nothing is made up for a far one."""
    assert did_you_mean("txt", ["text", "label"]) == " Did you mean 'text'?"
    assert did_you_mean("FINETUNE", ["linear", "finetune"]) == " Did you mean 'finetune'?"
    assert did_you_mean("감졍", ["감정", "본문"]) == " Did you mean '감정'?"
    assert did_you_mean("quux", ["text", "label"]) == ""
    assert did_you_mean("text", []) == ""


@given(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=5))
def test_did_you_mean_only_names_options(word, options):
    """Whatever is typed, what is suggested is one of the options."""
    suggestion = did_you_mean(word, options)
    assert suggestion in {"", *(f" Did you mean '{option}'?" for option in options)}


def test_list_problems_shows_ten_and_counts_the_rest():
    """Ten problems are all shown; of 1,500 the first ten, and how many more there are."""
    ten = [f"problem {i}" for i in range(10)]
    assert list_problems(ten) == "\n".join(f"  - problem {i}" for i in range(10))
    many = list_problems([f"problem {i}" for i in range(1500)]).splitlines()
    assert many[:10] == list_problems(ten).splitlines()
    assert many[10:] == ["  ... and 1,490 more"]


@pytest.mark.parametrize(
    ("err", "line"),
    [
        (OSError("no such file.\nfurther lines\n"), "no such file"),
        (OSError("\n  no such file"), "no such file"),
        (OSError(""), "OSError"),
    ],
)
def test_first_line_is_what_another_library_says(err, line):
    """One line without a full stop, never an empty one."""
    assert first_line(err) == line


def test_text_of_an_error_names_arguments_and_its_parts_name_flags():
    """The command line shows the parts as they are; a traceback shows the text and the notes."""
    err = InputError(
        "a text of 9 characters; at most 5 are accepted (--max-chars)",
        hint="name it with --encoding, or add --overwrite",
        flags=("--encoding cp1252", "--no-header --text-column 1"),
    )
    for one in (err, pickle.loads(pickle.dumps(err))):
        assert str(one) == (
            "a text of 9 characters; at most 5 are accepted (max_chars) "
            "(name it with encoding, or add overwrite=True)"
        )
        assert one.__notes__ == ["try: encoding='cp1252'", "try: header=False, text_column=1"]
        assert one.message.endswith("(--max-chars)")
        assert one.hint == "name it with --encoding, or add --overwrite"


def test_did_you_mean_is_bounded():
    """However many names there are, a mistyped one is compared with few of them."""
    seen = []

    def names():
        for i in range(140_000):
            seen.append(i)
            yield f"label number {i}"

    assert did_you_mean("lebel number 17", names()) == " Did you mean 'label number 17'?"
    assert len(seen) <= 2_001
