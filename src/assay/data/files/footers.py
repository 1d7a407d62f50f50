"""What programs of databases write below the rows of a table: how many there are."""

from __future__ import annotations

import logging
import re

__all__ = ["Footers", "is_footer"]

logger = logging.getLogger(__name__)

MAX_CHARS = 80
ROWS = r"(?:rows?|records?|개|건|행|zeilen?|lignes?|filas?|righe|linhas?|строк\w*|行|件)"
N_ROWS = rf"\d[\d,.\u00a0 ]*{ROWS}"
# What says that it is a note where it is not in brackets.
WORD = r"affected|selected|returned|fetched|in set|inserted|betroffen|affectées|영향|선택|조회"
# (40 rows affected), (40 rows), 40 rows selected., Query OK, 40 rows affected (0.01 sec)
COUNT = re.compile(
    rf"\({N_ROWS}[^()]*\)|(?:query ok, *)?{N_ROWS}\w*\W.{{0,20}}(?:{WORD}).*", re.IGNORECASE
)
TIME = re.compile(r"(?:completion time|완료 시간|total execution time)\s*:.*", re.IGNORECASE)


def is_footer(line: str) -> bool:
    """Tell whether a line counts the rows above it.

    >>> is_footer("(40 rows affected)"), is_footer("40 rows of seats were empty")
    (True, False)
    """
    shown = line.strip()
    if not shown or len(shown) > MAX_CHARS:
        return False
    return COUNT.fullmatch(shown) is not None or TIME.fullmatch(shown) is not None


class Footers:
    """Says once that a line of a table counts its rows."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._has_said = False

    def take(self, shown: str, line: int) -> bool:
        """Tell whether a record of one field, where the header has more, is such a line."""
        if not is_footer(shown):
            return False
        if not self._has_said:
            self._has_said = True
            logger.warning(
                "%s: line %s, '%s', is a note of a database and no row",
                self._name,
                f"{line:,}",
                shown.strip(),
            )
        return True
