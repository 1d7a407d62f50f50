"""Which columns hold the texts and the labels: by the given name, else by well-known names."""

from __future__ import annotations

import csv
import io
import logging
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from assay.data.column_names import LABEL_NAMES, TEXT_NAMES, fold_name
from assay.data.label_forms import trim
from assay.errors import DataError, cut, did_you_mean

__all__ = [
    "LABEL_NAMES",
    "NO_HEADER_ADVICE",
    "TEXT_NAMES",
    "check_unique",
    "find_columns",
    "find_text_column",
    "fold_name",
    "is_repeated",
    "join_names",
    "list_columns",
    "has_label_column",
    "tell_apart",
]

logger = logging.getLogger(__name__)

MAX_LISTED = 20  # columns in a message
NO_HEADER_ADVICE = "; if the first line is a row: --no-header --text-column 1, or its number"
NUMBERED = re.compile(r" \(\d+ of \d+\)$")  # at the end of a name that occurs several times
WORD = re.compile(r"[^\W_]+")
DELIMITERS = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}  # and how a shell is given them
# Scripts that put words together without a space
JOINING = re.compile("[가-힣ぁ-ヿ一-鿿]{2}$")


def list_columns(names: Sequence[str]) -> str:
    """Return the names of columns as a message lists them: long ones cut, the first ones of many.

    >>> list_columns(["id", "text", "feature, request"])
    'id, text, "feature, request"'
    """
    listed = ", ".join(map(_shown, names[:MAX_LISTED]))
    n_more = len(names) - MAX_LISTED
    if n_more > 0:
        listed += f" and {n_more:,} more"
    return listed


def join_names(names: Sequence[str]) -> str:
    """Return the names of columns as --label-columns takes them: one that holds a comma in quotes.

    >>> join_names(["a", "b, c"])
    'a,"b, c"'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()


def _shown(name: str) -> str:
    """Return a name as a list of names shows it: one that holds a comma in quotes."""
    return f'"{cut(name)}"' if "," in name else cut(name)


def check_unique(
    columns: Sequence[str], *, source: str, flags: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return `columns` as a tuple.

    Parameters
    ----------
    columns : sequence of str
    source : str
        How messages call the source.
    flags : sequence of str
        Flags of the command line that may help where a name occurs twice.

    Raises
    ------
    DataError
        A name occurs twice.
    """
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            raise DataError(
                f"column '{cut(name)}' occurs twice in {source}; columns: {list_columns(columns)}",
                hint="give each column a name of its own",
                flags=flags,
            )
        seen.add(name)
    return tuple(columns)


def tell_apart(
    columns: Sequence[str], *, source: str, flags: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the names of columns, with numbers where one occurs several times and is not needed.

    Parameters
    ----------
    columns : sequence of str
    source : str
        How messages call the source.
    flags : sequence of str
        Flags of the command line that may help where the names cannot be used.

    Raises
    ------
    DataError
        A well-known name of texts or labels occurs twice; or another one does, and no column has a
        well-known name of texts, so that these may be no names at all.

    Examples
    --------
    >>> tell_apart(["text", "note", "note"], source="a.csv")
    ('text', 'note (1 of 2)', 'note (2 of 2)')
    """
    counts = Counter(columns)
    repeated = [name for name, n in counts.items() if n > 1]
    if not repeated:
        return tuple(columns)
    texts = set(chain.from_iterable(TEXT_NAMES))
    labels = set(chain.from_iterable(LABEL_NAMES))
    is_header = not texts.isdisjoint(map(fold_name, columns))
    if not is_header or not (texts | labels).isdisjoint(map(fold_name, repeated)):
        return check_unique(columns, source=source, flags=flags)
    named = list(columns)
    numbers: Counter[str] = Counter()
    for i, name in enumerate(columns):
        numbers[name] += 1
        if counts[name] > 1:
            named[i] = f"{name} ({numbers[name]} of {counts[name]})"
    logger.warning(
        "%s: several columns have the same name, and got numbers: %s",
        source,
        list_columns(list(filter(is_repeated, named))),
    )
    return check_unique(named, source=source, flags=flags)


def is_repeated(name: str) -> bool:
    """Tell whether `tell_apart` gave a column its name."""
    return NUMBERED.search(name) is not None


def find_columns(
    names: Sequence[str],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    source: str,
) -> tuple[str, str]:
    """Return the names of the text column and of the label column.

    Parameters
    ----------
    names : sequence of str
        The columns of the source, in its order.
    text_column, label_column : str, optional
        Exact names. None: the column with a well-known name, in any case.
    source : str
        How messages call the source.

    Raises
    ------
    DataError
        A given column is not there, none or several could be meant, or both are the same.

    Examples
    --------
    >>> find_columns(["id", "Tweet", "emotion"], source="tweets.csv")
    ('Tweet', 'emotion')
    """
    if text_column is not None and text_column == label_column:
        raise DataError(
            f"column '{text_column}' is given for the text and for the label; "
            "two columns are accepted"
        )
    candidates = [name for name in names if name != label_column]
    text = find_text_column(candidates, text_column=text_column, source=source, listed=names)
    if label_column is not None:
        return text, _given(label_column, names, source=source)
    others = [name for name in names if name != text]
    return text, _known(others, LABEL_NAMES, kind="label", source=source, listed=names)


def find_text_column(
    names: Sequence[str],
    *,
    text_column: str | None = None,
    source: str,
    listed: Sequence[str] | None = None,
) -> str:
    """Return the name of the text column; see `find_columns`.

    Parameters
    ----------
    names : sequence of str
        The columns that may hold the text.
    text_column : str, optional
    source : str
    listed : sequence of str, optional
        The columns that messages list. None: `names`.
    """
    if listed is None:
        listed = names
    if text_column is not None:
        return _given(text_column, listed, source=source)
    return _known(names, TEXT_NAMES, kind="text", source=source, listed=listed)


def has_label_column(names: Sequence[str], *, text_column: str) -> bool:
    """Tell whether a column beside the text column has a well-known name of a label column."""
    known = set(chain.from_iterable(LABEL_NAMES))
    return any(fold_name(name) in known for name in names if name != text_column)


def _given(name: str, names: Sequence[str], *, source: str) -> str:
    for given in (name, trim(name)):  # copied from a cell, with marks that nobody sees
        if given in names:
            return given
    meant = did_you_mean(name, names)
    listed = list_columns(names) + ("." if meant else "")
    raise DataError(f"column '{cut(name)}' not in {source}; columns: {listed}{meant}")


def _known(
    names: Sequence[str],
    tiers: Sequence[Sequence[str]],
    *,
    kind: str,
    source: str,
    listed: Sequence[str],
) -> str:
    """Return the one column with a well-known name; `kind` is text or label."""
    for tier in tiers:
        found = [name for name in names if fold_name(name) in tier]
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(
                f"{' and '.join(map(repr, found))} could each be the {kind} column of {source}; "
                f"columns: {list_columns(listed)}",
                hint=f"choose one with --{kind}-column",
            )
    raise DataError(
        f"no {kind} column found in {source}; columns: {list_columns(listed)}",
        hint=_advice(listed, kind=kind),
        flags=_similar(names, tiers, kind=kind),
    )


def _similar(names: Sequence[str], tiers: Sequence[Sequence[str]], *, kind: str) -> list[str]:
    """Return a flag for each column with a well-known word in its name, such as "Tweet text".

    Korean puts words together without a space: 문의내용 ends with 내용. So do Chinese and Japanese.
    """
    known = set(chain.from_iterable(tiers))
    joined = tuple(name for name in known if JOINING.search(name))
    return [
        f"--{kind}-column {shlex.quote(name)}"
        for name in names
        if known & set(WORD.findall(fold_name(name))) or fold_name(name).endswith(joined)
    ]


def _advice(names: Sequence[str], *, kind: str) -> str:
    """Say what to do. A lone column with a delimiter in its name most likely needs --delimiter."""
    if len(names) == 1:
        for delimiter, shown in DELIMITERS.items():
            if delimiter in names[0]:
                return f"if the columns are separated otherwise, try --delimiter {shown}"
    advice = f"name it with --{kind}-column, or call it '{kind}'"
    if len(names) > 1 and kind == "text":
        advice += NO_HEADER_ADVICE
    return advice
