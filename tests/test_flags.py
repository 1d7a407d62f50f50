"""Messages are written with flags; what Python raises names arguments, and only such as there are."""

from __future__ import annotations

import ast
import functools
import inspect
import re
from pathlib import Path

import pytest

import assay
from assay import _flags
from assay._flags import say_in_python
from assay.recipes.export import ParityLimits
from assay.recipes.report import write_report_file
from assay.review.label_page import label_pool

ROOT = Path(assay.__file__).parent
FLAG = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")
# Flags of other programs, and of what has no function.
OF_OTHERS = {"force-reinstall", "offline", "new"}


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("nothing -- to say", "nothing -- to say"),
        ("--max-rows is 5; at least 6 are accepted", "max_rows is 5; at least 6 are accepted"),
        ("add --overwrite to replace it", "add overwrite=True to replace it"),
        ("--single-label takes each as one", "single_label=True takes each as one"),
        ("leave out --scope", "leave out with_scope=True"),
        ("use --device auto or --device cpu", "use device='auto' or device='cpu'"),
        ("try --delimiter ';'", "try delimiter=';'"),
        ("--label-columns 'a,\"b, c\"' leaves such", "label_columns=['a', 'b, c'] leaves such"),
        (
            "name them: --text-column 'Customer comment' --label-column 2",
            "name them: text_column='Customer comment', label_column=2",
        ),
        ("then run: assay login --new", "then run: assay.login(token)"),
        (
            "run: assay pull me/mood --out 'my folder/m'",
            "run: assay.pull_model(me/mood, out='my folder/m')",
        ),
        ("asked to: assay train ... --keep-texts", "asked to: assay.train_model(..., keep_texts=True)"),
        ("`assay run DATA --out RUN` wrote it", "assay.run_data(DATA, out=RUN) wrote it"),
        ("run: pip install --force-reinstall a==1", "run: pip install --force-reinstall a==1"),
    ],
)  # fmt: skip
def test_sentence_names_arguments(sentence, said):
    """Switches get their value, values are written as in Python, and commands become calls."""
    assert say_in_python(sentence) == said


@functools.cache
def sentences():
    """Return every text in the code that names a flag, but for docstrings and the command line."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        place = str(path.relative_to(ROOT))
        if place.startswith(("cli/", "server/")) or place == "_flags.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in docstrings and FLAG.search(node.value):
                found.append((place, node.value))
    return found


def arguments():
    """Return the names of all arguments of public functions and classes."""
    made = [getattr(assay, name) for name in assay.__all__]
    names = set()
    for one in [*made, ParityLimits, write_report_file, label_pool]:
        if callable(one):
            names |= set(inspect.signature(one).parameters)
    return names


def test_every_flag_of_a_message_is_an_argument():
    """What a traceback advises to pass can be passed."""
    known, unknown = arguments(), []
    for place, sentence in sentences():
        for flag in FLAG.findall(sentence):
            name = _flags.OTHER_NAMES.get(flag, flag.replace("-", "_")).removeprefix("no_")
            if flag not in OF_OTHERS and name not in known:
                unknown.append(f"{place}: --{flag}")
    assert not unknown


def test_no_flag_is_left_in_python():
    """All messages of the library, said in Python, hold no flag but those of other programs."""
    left = [
        f"{place}: {said}"
        for place, said in ((place, say_in_python(one)) for place, one in sentences())
        if FLAG.search(said) and "pip install" not in said and place != "hub/card.py"
    ]
    assert not left
