"""Equal texts: which texts of one or more splits are the same message.

Every function here takes a split (`LabelledTexts`) or a plain sequence of texts. Pass the split
where there is one: its texts are normalised once and kept (`LabelledTexts.normalised`), while a
plain sequence is normalised on every call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from assay.data.normal_form import normalise_text
from assay.data.stored_texts import StoredTexts
from assay.data.texts import LabelledTexts

__all__ = ["duplicate_groups", "find_seen", "number_equal", "shared_groups"]


def duplicate_groups(texts: LabelledTexts | Sequence[str]) -> np.ndarray:
    """Give each text the number of its group: the same message, the same number.

    Parameters
    ----------
    texts : LabelledTexts or sequence of str

    Returns
    -------
    int64 array of shape (n_texts,)
        Group numbers from 0, in the order in which the groups first occur.

    Examples
    --------
    >>> duplicate_groups(["so happy", "so sad", "So  HAPPY"])
    array([0, 1, 0])
    """
    if isinstance(texts, StoredTexts):
        return texts.groups()
    return number_equal(_normalised(texts))


def shared_groups(several: Iterable[LabelledTexts | Sequence[str]]) -> list[np.ndarray]:
    """Give the texts of several splits group numbers that hold across them.

    Parameters
    ----------
    several : iterable of LabelledTexts or of sequences of str

    Returns
    -------
    list of int64 arrays of shape (n_texts,)
        One array per split. Numbers run from 0, in the order in which the groups first occur.

    Examples
    --------
    >>> shared_groups([["so happy", "so sad"], ["ok", "So sad"]])
    [array([0, 1]), array([2, 1])]
    """
    normalised = list(map(_normalised, several))
    numbers = number_equal(list(chain.from_iterable(normalised)))
    ends = np.cumsum(list(map(len, normalised)))
    return np.split(numbers, ends[:-1])


def find_seen(
    texts: LabelledTexts | Sequence[str], earlier: LabelledTexts | Sequence[str]
) -> np.ndarray:
    """Tell which texts also occur among the earlier ones.

    Parameters
    ----------
    texts, earlier : LabelledTexts or sequence of str

    Returns
    -------
    bool array of shape (n_texts,)
        True where the text is the same message as one of `earlier`.
    """
    known = set(_normalised(earlier))
    normalised = _normalised(texts)
    return np.fromiter((text in known for text in normalised), dtype=bool, count=len(normalised))


def number_equal(normalised: Sequence[str]) -> np.ndarray:
    """Give normalised texts their group numbers: equal strings, equal numbers.

    Returns
    -------
    int64 array of shape (n_texts,)
        Numbers from 0, in the order in which the strings first occur.
    """
    numbers: dict[str, int] = {}
    each = (numbers.setdefault(text, len(numbers)) for text in normalised)
    return np.fromiter(each, dtype=np.int64, count=len(normalised))


def _normalised(texts: LabelledTexts | Sequence[str]) -> Sequence[str]:
    if isinstance(texts, LabelledTexts):
        return texts.normalised
    return list(map(normalise_text, texts))
