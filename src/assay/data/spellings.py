"""`find_spellings`: labels that are most likely one label, written in several ways.

Two labels are one if they differ only in case, in white space inside or what is written in its
place (e-mail, customer_service), or in how a number or a truth value is written (1, 1.0, 001,
TRUE), or if one is a rare neighbour of a frequent one, a single typo away.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from assay.data.labels import natural_sort
from assay.data.texts import LabelledTexts, MendedRows, Splits
from assay.errors import cut
from assay.tokenization.words import DOTTED_I

__all__ = [
    "Spelling",
    "SpellingEntry",
    "find_spellings",
    "merge_spellings",
    "split_spellings",
]

# A typo is a neighbour that is this rare beside the frequent label: in small data, one person makes
# the same typo three times in forty.
RARE_FRACTION = 0.1
FREQUENT_TEXTS = 20  # a label with fewer texts is no measure of what is rare
# Of shorter words, one letter too often makes another word: cat and car, 배송 and 배상.
MIN_WORD_CHARS = 5
MIN_HANGUL_WORD_CHARS = 7  # in letters (jamo): three syllables
# Vowels that sound alike and are often confused, so that two syllables are enough: 배송 and 베송.
LIKE_VOWELS = ("\u1162\u1166", "\u1164\u1168", "\u116b\u116c\u1170")  # ㅐㅔ, ㅒㅖ, ㅙㅚㅞ
MIN_SYLLABLES = 2
NUMBER = re.compile(r"[+-]?\d{1,31}(?:\.\d{0,30})?")
# What joins words: e-mail, customer_service; beside a sign, too, as in tools, which write
# "food, drink" as food,_drink. A letter is on one side at least, and no number: A- and -1 are left.
HYPHENS = r"[-_\u2010-\u2015]"
LETTER, SIGN = r"[^\W\d_]", r"[^\s\d_\-\u2010-\u2015]"
JOINING = re.compile(f"(?<={LETTER}){HYPHENS}(?={SIGN})|(?<={SIGN}){HYPHENS}(?={LETTER})")
UNSEEN = re.compile("[\ufe00-\ufe0f]")  # how an emoji is drawn
# Where these are all labels there are, programs wrote the same truth values in two ways.
TRUTH = {"true": "number 1", "false": "number 0"}
WORDS = re.compile(r"[^\W\d_]+")


class SpellingEntry(TypedDict):
    """A `Spelling` as JSON holds it."""

    label: str
    n_texts: int
    proposed_label: str
    kind: str


@dataclass(frozen=True)
class Spelling:
    """A label that is probably another one, written otherwise.

    Parameters
    ----------
    label : str
    n_texts : int
        How many texts have it.
    proposed_label : str
        The most frequent spelling.
    kind : str
        What differs: ``case``, ``space``, ``number``, ``characters`` or ``typo``.
    """

    label: str
    n_texts: int
    proposed_label: str
    kind: str

    def to_dict(self) -> SpellingEntry:
        """Return plain values, ready for JSON."""
        return {
            "label": self.label,
            "n_texts": self.n_texts,
            "proposed_label": self.proposed_label,
            "kind": self.kind,
        }


def find_spellings(
    counts: Mapping[str, int], *, preferred: Collection[str] = ()
) -> tuple[Spelling, ...]:
    """Return the labels that are probably other labels, written otherwise.

    Parameters
    ----------
    counts : mapping of label to number of texts
    preferred : collection of str
        Names that were given beside the data: the spelling among them is proposed.

    Returns
    -------
    tuple of Spelling
        In natural order. No proposed label is itself a spelling of another one.

    Examples
    --------
    >>> find_spellings({"pos": 3, "Pos": 1, "neg": 2})
    (Spelling(label='Pos', n_texts=1, proposed_label='pos', kind='case'),)
    """
    chosen: dict[str, tuple[str, str]] = {}
    totals: Counter[str] = Counter()
    for group in _groups_of_equal_form(counts):
        proposed = _most_frequent(group, counts, preferred)
        for label in group:
            totals[proposed] += counts[label]
            if label != proposed and label not in preferred:
                chosen[label] = (proposed, _difference(label, proposed))
    for label, close in _find_typos(totals, preferred):
        proposed = chosen[close][0] if close in chosen else close
        for other, (target, kind) in chosen.items():
            if target == label:
                chosen[other] = (proposed, kind)
        chosen[label] = (proposed, "typo")
    return tuple(Spelling(label, counts[label], *chosen[label]) for label in natural_sort(chosen))


def split_spellings(splits: Splits) -> tuple[Spelling, ...]:
    """Return the spellings of a data set, over all of its splits; worked out once per object."""
    if "spellings" not in splits.kept:
        counts: Counter[str] = Counter()
        for labelled in splits.values():
            counts.update(labelled.counts())
        splits.kept["spellings"] = find_spellings(counts)
    found = splits.kept["spellings"]
    assert isinstance(found, tuple)
    return found


def merge_spellings(
    labelled_of: Mapping[str, LabelledTexts], *, preferred: Collection[str] = ()
) -> tuple[dict[str, LabelledTexts], tuple[MendedRows, ...]]:
    """Give every label its preferred spelling, else its most frequent one.

    Parameters
    ----------
    labelled_of : mapping of split to LabelledTexts
    preferred : collection of str
        See `find_spellings`.

    Returns
    -------
    dict
        The splits with merged labels.
    tuple of MendedRows
        Which rows got another label.
    """
    counts = Counter(dict.fromkeys(preferred, 0))
    for labelled in labelled_of.values():
        counts.update(labelled.counts())
    proposed = {
        one.label: one.proposed_label for one in find_spellings(counts, preferred=preferred)
    }
    merged = {}
    mended = []
    for split, labelled in labelled_of.items():
        merged[split] = labelled.renamed(proposed)
        mended += _merged_rows(split, labelled, proposed)
    return merged, tuple(mended)


def _merged_rows(
    split: str, labelled: LabelledTexts, proposed: Mapping[str, str]
) -> list[MendedRows]:
    """Return the rows of one split whose label was merged, by spelling."""
    lines: dict[str, list[int]] = {}
    for line, label in labelled.entries():
        if label in proposed:
            lines.setdefault(label, []).append(line)
    mended = []
    for label, own in lines.items():
        reason = f"'{cut(label)}' → '{cut(proposed[label])}'"  # in every language
        mended.append(MendedRows(split, "label_merged", reason, tuple(own)))
    return mended


def _groups_of_equal_form(counts: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield labels that look the same but for case, space and the form of numbers."""
    forms = {label: _form(label) for label in counts}
    truth: Mapping[str, str] = {}
    if set(forms.values()) <= TRUTH.keys() | TRUTH.values():
        truth = TRUTH
    groups: dict[str, list[str]] = {}
    for label, form in forms.items():
        groups.setdefault(truth.get(form, form), []).append(label)
    yield from groups.values()


def _form(label: str) -> str:
    shown = "".join(char for char in label if unicodedata.category(char) != "Cf")
    shown = UNSEEN.sub("", shown)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())
    folded = folded.replace(DOTTED_I, "i")
    if NUMBER.fullmatch(folded):
        return f"number {Decimal(folded).normalize():f}"
    return "".join(JOINING.sub("", folded).split())


def _most_frequent(group: list[str], counts: Mapping[str, int], preferred: Collection[str]) -> str:
    candidates = [label for label in group if label in preferred] or group
    return max(natural_sort(candidates), key=lambda label: counts[label])


def _difference(label: str, proposed: str) -> str:
    """Say in a word how two labels of one form differ."""
    if label.casefold() == proposed.casefold():
        return "case"
    if "".join(label.casefold().split()) == "".join(proposed.casefold().split()):
        return "space"
    if NUMBER.fullmatch(label) and NUMBER.fullmatch(proposed):
        return "number"
    return "characters"


def _find_typos(counts: Mapping[str, int], preferred: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each rare label with the one frequent label that is a typo away.

    Words with one letter left out are looked up in a table, so that the time grows with the number
    of labels and not with its square.
    """
    table = _frequent_neighbours(counts)
    for label, n_texts in counts.items():
        near: set[str] = set()
        for shorter in _with_one_left_out(label.casefold()):
            near.update(table.get(shorter, ()))
        frequent = [other for other in near if n_texts <= RARE_FRACTION * counts[other]]
        close = [other for other in frequent if _is_typo(label.casefold(), other.casefold())]
        if len(close) == 1 and label not in preferred:
            yield label, close[0]


def _frequent_neighbours(counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the frequent labels by their letters, whole and with each one left out."""
    table: dict[str, list[str]] = {}
    for label, n_texts in counts.items():
        if n_texts >= FREQUENT_TEXTS:
            for shorter in _with_one_left_out(label.casefold()):
                table.setdefault(shorter, []).append(label)
    return table


def _with_one_left_out(label: str) -> set[str]:
    """Return the letters of a label, whole and with each one left out."""
    letters = unicodedata.normalize("NFD", label)
    return {letters, *(letters[:i] + letters[i + 1 :] for i in range(len(letters)))}


def _is_typo(label: str, other: str) -> bool:
    """Tell whether one long word differs, by one letter that is not its first."""
    ours, theirs = WORDS.findall(label), WORDS.findall(other)
    if len(ours) != len(theirs) or WORDS.sub("x", label) != WORDS.sub("x", other):
        return False
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    return len(pairs) == 1 and _is_typo_of_word(*pairs[0])


def _is_typo_of_word(word: str, other: str) -> bool:
    a, b = unicodedata.normalize("NFD", word), unicodedata.normalize("NFD", other)
    is_hangul = any("\u1100" <= char <= "\u11ff" for char in a)
    if is_hangul and len(word) >= MIN_SYLLABLES and _sound_alike(a, b):
        return True
    least = MIN_HANGUL_WORD_CHARS if is_hangul else MIN_WORD_CHARS
    return min(len(a), len(b)) >= least and a[0] == b[0] and _is_one_edit(a, b)


def _sound_alike(a: str, b: str) -> bool:
    """Tell whether two words in jamo differ in one vowel, by another that sounds like it."""
    if len(a) != len(b):
        return False
    pairs = [one + other for one, other in zip(a, b, strict=True) if one != other]
    return len(pairs) == 1 and any(set(pairs[0]) <= set(vowels) for vowels in LIKE_VOWELS)


def _is_one_edit(a: str, b: str) -> bool:
    """Tell whether one letter was left out, put in, exchanged, or two neighbours changed places."""
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) != len(b):
        longer, shorter = sorted((rest_a, rest_b), key=len, reverse=True)
        return longer[1:] == shorter
    swapped = rest_a[1:2] + rest_a[:1] + rest_a[2:]
    return rest_a[1:] == rest_b[1:] or swapped == rest_b
