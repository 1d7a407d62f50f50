"""Tokenizers are judged by reading them: what could hang, fill the memory or draw lots is refused."""

import base64
import json

import pytest

from assay.checkpoints.charsmap import pack_charsmap
from assay.errors import ModelError
from assay.tokenization.tokenizer_check import check_tokenizer_file

SLOW = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
VAIN = {**SLOW, "pattern": {"Regex": r"\s+$"}}  # which DeepSeek's has once
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
DOUBLE = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}


def charsmap(text: str) -> str:
    """Return a charsmap that puts a text in the place of one character."""
    return base64.b64encode(pack_charsmap({"x": text})).decode()


def write(path, **changes):
    """Write a plain tokenizer.json with some other entries."""
    plain = {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": "[PAD]"}],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "model": {"type": "WordPiece", "vocab": {"a": 1}, "max_input_chars_per_word": 100},
    }
    path.write_text(json.dumps({**plain, **changes}))
    return path


def test_plain_tokenizers_are_accepted(tmp_path):
    """A chain of known parts, a charsmap, a template."""
    check_tokenizer_file(write(tmp_path / "a.json"))
    parts = [
        {"type": "Precompiled", "precompiled_charsmap": charsmap("Unicode's longest has 33 bytes")},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    ]
    template = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [101], "tokens": ["[CLS]"]}},
    }
    splits = {"type": "Sequence", "pretokenizers": [VAIN, BYTES]}
    check_tokenizer_file(write(tmp_path / "c.json", pre_tokenizer=splits, post_processor=BYTES))
    check_tokenizer_file(
        write(
            tmp_path / "b.json",
            normalizer={"type": "Sequence", "normalizers": parts},
            post_processor=template,
        )
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"pre_tokenizer": SLOW}, "repeats a group"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [SLOW]}}, "repeats a group"),
        ({"normalizer": {"type": "Sequence", "normalizers": [DOUBLE] * 40}}, "grow"),
        ({"normalizer": {"type": "Prepend", "prepend": "x" * 10_000}}, "grow"),
        (
            {"normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap("x" * 9999)}},
            "grow",
        ),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [BYTES] * 20}}, "grow"),
        ({"normalizer": {"type": "Sequence", "normalizers": [DOUBLE, BYTES] * 4}}, "grow"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [VAIN] * 7}}, "in vain too often"),
        (
            {
                "normalizer": {"type": "Sequence", "normalizers": [DOUBLE] * 2},
                "pre_tokenizer": VAIN,
            },
            "in vain too often",
        ),
        ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 99}}, "99 parts"),
        ({"normalizer": {"type": "Shell", "command": "ls"}}, "unknown kind 'Shell'"),
        ({"model": {"type": "BPE", "dropout": 0.5}}, "at random"),
        ({"model": {"type": "WordPiece", "max_input_chars_per_word": 10**9}}, "cuts words"),
        ({"model": {"type": "WordPiece", "max_input_chars_per_word": 5_000}}, "cuts words"),
        ({"model": {"type": "Unigram", "vocab": [["a", 0], ["b" * 300, -1]]}}, "a piece of more"),
        ({"model": {"type": "Unigram", "vocab": [[]]}}, "cannot be read"),
        ({"model": {"type": "BPE", "end_of_word_suffix": "x" * 999}}, "end_of_word_suffix"),
        ({"model": {"type": "Oracle"}}, "unknown kind 'Oracle'"),
        ({"added_tokens": [{"content": ""}]}, "0 characters"),
        ({"added_tokens": [{"content": " ", "rstrip": True}]}, "white space beside it"),
        (
            {"post_processor": {"type": "TemplateProcessing", "single": [{}] * 1000}},
            "1,000 pieces",
        ),
        ({"model": None}, "cannot be read"),
        ({"normalizer": [1, 2]}, "cannot be read"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "%"}}, "not base64"),
    ],
)
def test_harmful_tokenizers_are_refused(tmp_path, changes, problem):
    """Before `tokenizers` reads them, with the reason."""
    with pytest.raises(ModelError, match=problem):
        check_tokenizer_file(write(tmp_path / "t.json", **changes))


@pytest.mark.parametrize("content", ["", "[]", "[" * 100_000, "{", "9" * 5000])
def test_what_is_no_tokenizer_is_an_error(tmp_path, content):
    """Whatever the file holds."""
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(ModelError, match="cannot be read as a tokenizer"):
        check_tokenizer_file(path)
