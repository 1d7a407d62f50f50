"""Patterns that can take for ever are told from those of published tokenizers."""

import pytest

from assay.tokenization.pattern_check import judge_pattern
from assay.tokenization.tokenizer_check import MAX_VAIN

PUBLISHED = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}| ?[^\s]+[\r\n/]*|\s+",
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|"
    r"\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{M}&&[^\p{Han}]]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
    r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[一-龥\u3040-ゟ゠-ヿ]+",
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
    cost = judge_pattern(pattern)
    assert cost.problem is None
    assert cost.n_vain <= MAX_VAIN - 2


@pytest.mark.parametrize(
    ("pattern", "n_vain"),
    [
        (r"\s+$", 1),
        (r"\s++$", 1),
        (r"\s+", 0),
        (r"a+b?", 0),
        (r"[^z]*[yz]|.*[yz]|c+d", 3),
        (r"(?:a+b|c+)d", 2),
        (r"a*+b*+c*+d", 3),
        (r"(a+)++b", 2),
    ],
)
def test_repetitions_before_what_may_not_match_are_counted(pattern, n_vain):
    """Each reads the rest of a text in vain, also where it gives nothing back."""
    assert judge_pattern(pattern).n_vain == n_vain


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
        (r"(?=a*b)a", "looks ahead or behind"),
        (r"(?<=(?:a|ba?))c", "looks ahead or behind"),
        (r"(a{1,11}[y[a](]){1,11}b", "repeats a group"),
        (r"(a{1,11}[y&&[^a](]){1,11}b", "repeats a group"),
        (r"(a{1,11}[[:alpha:](]){1,11}b", "repeats a group"),
        (r"(a+){1,20}+b", "repeats a"),
        (r"a{1,9}+b", "repeats a repetition"),
        (r"(?:a{1,9}+|x)b", "repeats a repetition"),
        (r"a{2}?b", "repeats a repetition"),
        (r"(a{,11}){,11}b", "repeats a group"),
        (r"(?:a*b|a)++c", "before what may not match"),
        (r"(?>a+b|a)++c", "before what may not match"),
        (r"(?:a++b|a){2,}+c", "repeats a"),
        (r"(?:x(?:(?:a*b|a))++)++c", "before what may not match"),
        (r"x))", "closes a group"),
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
    assert problem in judge_pattern(pattern).problem


@pytest.mark.parametrize(
    "pattern", [r"(a+)++", "((((", r"a*+a*+a*+b", "(?i)a|b", r"\x{1F600}\u0061"]
)
def test_possessive_repetition_has_one_way(pattern):
    """It never gives back what it took."""
    assert judge_pattern(pattern).problem is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(?x)(a{1,11}#(\n){1,11}b",
        "(?ix:a)",
        "a(?i)b|c",
        "(?#(a)(a+)+b",
        "(?~a)b",
        "(?'n'a{1,11}){1,11}b",
        "(?(1)a|b)",
        "(*FAIL)",
        "(?{1})",
        r"(a{1,11}[y[a[b]](]){1,11}b",
        r"(a{1,11}[y[]](]){1,11}b",
        r"(a+[\c](]+)+b",
        r"\R+",
        "(a{1,11}){ 1,11}b",
        "a{,}",
        "([",
        "\\",
        "{",
    ],
)
def test_pattern_that_might_be_read_in_another_way_is_refused(pattern):
    """Comments, nested classes, conditions, rare escapes, and what is no pattern at all."""
    assert "cannot be judged" in judge_pattern(pattern).problem
