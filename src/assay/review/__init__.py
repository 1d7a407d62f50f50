"""The pages in the browser that come before and after training: label a pool, review an audit.

Every decision is on the disk before the next text is shown.
"""

from __future__ import annotations

__all__: list[str] = []
