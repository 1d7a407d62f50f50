"""What the names of the labels say: a few more training texts for the head of `features`.

With few texts per label, a name such as "card arrival" tells as much as several texts do. Measured:
"Names of labels" in dev/LOG.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.data.texts import check_texts
from assay.errors import InputError, plural

__all__ = [
    "MOST_TEXTS_PER_LABEL",
    "NAME_WEIGHT",
    "NamedLabels",
    "names_of_labels",
    "read_name",
    "readable_names",
]

NAME_WEIGHT = 2.0  # texts that the name of a label counts as
MOST_TEXTS_PER_LABEL = 50  # where there are more, names add nothing
JOINERS = "\u200c\u200d"  # inside words of Persian and of Indian scripts
INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class NamedLabels:
    """The features of the names of some labels.

    Parameters
    ----------
    label_ids : int64 array of shape (n_named,)
        The labels whose names are words.
    features : float array of shape (n_named, n_features)
    """

    label_ids: np.ndarray
    features: np.ndarray

    @classmethod
    def read(
        cls, names: Sequence[str], encode: Callable[[list[str]], np.ndarray]
    ) -> NamedLabels | None:
        """Read the names of labels; None where they are no words. See `readable_names`.

        Parameters
        ----------
        names : sequence of str
            The name of each label id.
        encode : callable
            Returns the features of texts.
        """
        named, words = readable_names(names)
        if not named:
            return None
        features = encode(words)
        return cls(np.array(named, dtype=np.int64), features)

    def help_few(self, n_texts: int) -> bool:
        """Tell whether there are so few texts per label that names can matter."""
        return n_texts <= MOST_TEXTS_PER_LABEL * len(self.label_ids)

    def add_to(
        self, features: np.ndarray, label_ids: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Add the names as rows, of those labels only that some text has.

        Parameters
        ----------
        features : float array of shape (n_texts, n_features)
        label_ids : int64 array of shape (n_texts,)

        Returns
        -------
        features : float array of shape (n_rows, n_features)
        label_ids : int64 array of shape (n_rows,)
        weights : float64 array of shape (n_rows,)
            1 for a text, `NAME_WEIGHT` for a name.
        """
        occurs = np.isin(self.label_ids, label_ids)
        own_ids = self.label_ids[occurs]
        weights = np.ones(len(label_ids) + len(own_ids))
        weights[len(label_ids) :] = NAME_WEIGHT
        return (
            np.concatenate([features, self.features[occurs]]),
            np.concatenate([label_ids, own_ids]),
            weights,
        )


def readable_names(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the label ids whose names are words, and these words; none if there is only one.

    Names that are the same words, such as "C++ code" and "C# code", tell nothing apart: none of
    them is read.

    >>> readable_names(["card_arrival", "7", "lostCard"])
    ([0, 2], ['card arrival', 'lost Card'])
    """
    words = list(map(read_name, names))
    n_labels = Counter(text.casefold() for text in words)
    named = [i for i, text in enumerate(words) if text and n_labels[text.casefold()] == 1]
    if len(named) < 2:
        return [], []
    return named, [words[i] for i in named]


def names_of_labels(
    labels: Sequence[object], label_names: Sequence[str] | None
) -> Sequence[str] | None:
    """Return the names of the labels that an estimator was given.

    Parameters
    ----------
    labels : sequence
        Texts, or numbers.
    label_names : sequence of str, optional
        The name of each number, from 0 on.

    Returns
    -------
    sequence of str, of the length of `labels`, or None
        None if the labels have no names.

    Raises
    ------
    InputError
        The names are no sequence of str, or do not fit to the labels.
    """
    are_texts = all(isinstance(label, str) for label in labels)
    if label_names is None:
        return list(map(str, labels)) if are_texts else None
    names = check_texts(label_names, name="label_names")
    if not names:
        return None
    found = []
    for label in labels:
        if are_texts or not isinstance(label, int) or not 0 <= label < len(names):
            raise InputError(
                f"label_names has {plural(len(names), 'name')}, and a label is {label!r}; where "
                "labels are numbers from 0 on, a name for each is accepted"
            )
        found.append(names[label])
    return found


def read_name(label: str) -> str:
    """Return the words of a label's name; "" for what is no word, such as ``3`` or ``B``.

    Examples
    --------
    >>> read_name("card_arrival"), read_name("refundNotShowing"), read_name("생활문화")
    ('card arrival', 'refund Not Showing', '생활문화')
    >>> read_name("4"), read_name("B"), read_name("LABEL_2"), read_name("c12")
    ('', '', '', '')
    """
    apart = _apart(INNER_CAPITAL.sub(" ", label))
    letters = [character for character in apart if character.isalpha()]
    is_script_of_words = bool(letters) and ord(letters[0]) >= 0x2E80
    if len(letters) < 2 and not is_script_of_words:
        return ""
    if apart.lower().rstrip("0123456789 ") in ("label", "class", "category", "topic", "cluster"):
        return ""
    return apart


def _apart(name: str) -> str:
    """Return a name with one space in place of what is neither a letter nor a digit.

    Marks above and below letters are parts of them: many words of Hindi or Thai have some.
    """
    kept: list[str] = []
    for char in name:
        is_mark = char in JOINERS or unicodedata.category(char).startswith("M")
        is_on_letter = is_mark and bool(kept) and kept[-1] != " "
        kept.append(char if char.isalnum() or is_on_letter else " ")
    return " ".join("".join(kept).split())
