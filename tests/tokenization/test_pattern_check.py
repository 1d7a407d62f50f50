"""Patterns that can take for ever are told from those of published tokenizers."""

import pytest

from assay.tokenization.pattern_check import find_slow_part

PUBLISHED = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}| ?[^\s]+[\r\n/]*|\s+",
    r" {2,}",
    r"\s+",
    r"<\|startoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[])(]+\(",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
]


@pytest.mark.parametrize("pattern", PUBLISHED)
def test_patterns_of_published_tokenizers_are_accepted(pattern):
    """Repetitions of single characters and classes take time that grows with the text."""
    assert find_slow_part(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        (r"(a+)+$", "repeats a group"),
        (r"(a|aa)*b", "repeats a group"),
        (r"(?:a?b?)*c", "repeats a group"),
        (r"((a+))+", "repeats a group"),
        (r"(?<x>[a-z]+)*\d", "repeats a group"),
        (r"(a{1,50}){1,50}", "repeats a group"),
        (r"(\w|\d){2,}$", "repeats a group"),
        (r"\s*\s*\s*\s*\s*x", "one after the other"),
        (r"\s*\s*x", "one after the other"),
        (r".*?=.*?=", "one after the other"),
        (r"(?:a+|b)(c*)d", "one after the other"),
        (r"(?=a*a*$)a", "one after the other"),
        (r"x" + "a?" * 20 + "a" * 20 + "$", "more than 128 ways"),
        (r"(?:a|a)" * 30 + "$", "more than 128 ways"),
        (r"(?:a{0,9}){0,1}a{0,9}a{0,9}b", "more than 128 ways"),
        (r"((a|b)(a|b)(a|b)(a|b))((a|b)(a|b)(a|b)(a|b))", "more than 128 ways"),
        (r"(.)\1", "refers back"),
        (r"a{1000}", "counts further"),
        (r"a" * 3000, "has 3,000 characters"),
    ],
)
def test_patterns_that_try_many_ways_are_found(pattern, problem):
    """The sentence says what is wrong."""
    assert problem in find_slow_part(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(a+)++", r"([", r"((((", r"))))", "\\", "{", "a{,}", r"a*+a*+a*+b"]
)
def test_anything_can_be_judged(pattern):
    """Broken patterns are for the tokenizer to refuse; a possessive repetition has one way."""
    assert find_slow_part(pattern) is None
