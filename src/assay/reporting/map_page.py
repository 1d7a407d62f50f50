"""The map as one self-contained HTML file: one panel per label, and dots to hover, zoom and filter.

Texts and labels are untrusted: control characters are made visible, the JSON that holds them cannot
end its script element, and the script writes them as text only. The page's content security policy
lets no other script run and fetches nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assay._optional import require
from assay.catalogue import ENGLISH, Language, open_language
from assay.errors import InputError
from assay.reporting.canvas import CLASS_COLOURS
from assay.reporting.environment import TEMPLATES, open_environment
from assay.reporting.escape import shorten, show_text
from assay.reporting.formats import source as public_name

__all__ = ["render_map_page"]

ABOUT = ("split", "checkpoint", "pooling", "n_texts", "note")
MAX_TEXT_CHARS = 300  # what a tooltip can hold
MAX_LISTED, MAX_LABEL_CELLS = 30, 40  # labels that the picture's description names, and how wide
SCRIPTS = ("map_marks.js", "map.js")
# The hues of CLASS_COLOURS, light enough for a dark page; for colour-blind people, the closest two
# stay as far apart.
DARK_COLOURS = ("#2f86d6", "#e2692b", "#12a97d", "#d98bb5", "#f0b32d", "#7cc7f2")
# The longer side of the map in whole units; at the largest zoom, a unit is a fifth of a pixel.
GRID_UNITS = 100_000


def render_map_page(
    drawn: Mapping[str, Any],
    labels: Sequence[str],
    texts: Sequence[str],
    *,
    panels: bytes,
    source: str,
    seed: int,
    by_model: bool = False,
    language: str = ENGLISH,
) -> str:
    """Render a map as one HTML file that needs nothing else: no network, no library.

    Parameters
    ----------
    drawn : dict
        `points`, of shape (n_points, 2) and at least one; `label_ids` (lists of positions where
        texts may have several labels) and `rows`, n_points long; the rest as in `SplitMap`; `note`,
        a first sentence, if there is one.
    labels : sequence of str
        The class names to which `label_ids` refer by position.
    texts : sequence of str
        One per point; long ones are cut.
    panels : bytes
        PNG of `draw_map`.
    source : str
        Where the texts came from: the title.
    seed : int
        What the layout was made with.
    by_model : bool
        Whether `labels` say where a model gives the label of the data, and where another one.
    language : str
        Code of the language that the page is in.

    Raises
    ------
    InputError
        There is no such language, there are no points, or not as many texts as points.
    """
    n_points = len(drawn["points"])
    _check_texts(texts, n_points)
    markup = require("markupsafe").Markup
    # Reading as text turns line endings into those that a browser hashes.
    script = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in SCRIPTS)
    spoken = open_language(language)
    template = open_environment(spoken, form="html").get_template("map.html.j2")
    content = _collect(drawn, labels, texts) | {"say": _script_sentences(drawn["split"], spoken)}
    about = {**_read_about(drawn), "n_points": n_points, "seed": seed, "by_model": by_model}
    return str(
        template.render(
            title=public_name(source),
            labels=list(labels),
            map={**about, "several": "sets" in content},
            picture=_describe_picture(labels, spoken),
            panels=f"data:image/png;base64,{base64.b64encode(panels).decode()}",
            data=markup(_to_script_json(content)),
            script=markup(script),
            script_hash=markup(_script_hash(script)),
        )
    )


def _read_about(drawn: Mapping[str, Any]) -> dict[str, object]:
    """Return what the page says of the map; empty where nothing is known."""
    return {key: drawn.get(key, "") for key in ABOUT}


def _check_texts(texts: Sequence[str], n_points: int) -> None:
    if not n_points or len(texts) != n_points:
        raise InputError(
            f"{len(texts):,} texts for {n_points:,} points; one text per point and at least one "
            "is accepted"
        )


def _describe_picture(labels: Sequence[str], language: Language) -> str:
    """Describe the picture of the panels for those who do not see it."""
    listed = ", ".join(shorten(show_text(label), MAX_LABEL_CELLS) for label in labels[:MAX_LISTED])
    n_more = len(labels) - MAX_LISTED
    if n_more > 0:
        return language.say("map_page.picture_and_more", listed=listed, n=n_more)
    return language.say("map_page.picture", listed=listed)


def _script_sentences(split: str, language: Language) -> dict[str, str]:
    """Return what the script says, with the name of each number in braces."""
    return {
        "line": language.say("map_page.line", split=split, line="{line}"),
        "all_shown": language.say("map_page.all_shown", n="{n}"),
        "some_shown": language.say("map_page.some_shown", n_shown="{n_shown}", n="{n}"),
        "no_label": language.say("map_page.no_label"),
    }


def _collect(
    drawn: Mapping[str, Any], labels: Sequence[str], texts: Sequence[str]
) -> dict[str, Any]:
    """Gather what the script draws: columns of equal length, in the order of drawing.

    Coordinates are whole numbers from the upper left corner, y downwards.
    """
    # Rows are often sorted by label, and the last dot is on top. Shuffled, no class covers the
    # others.
    order = list(range(len(texts)))
    random.Random(0).shuffle(order)
    xs, ys = np.asarray(drawn["points"], dtype=np.float64).T
    left, top = xs.min(), ys.max()
    width, height = float(xs.max() - left), float(top - ys.min())
    unit = max(width, height) / GRID_UNITS or 1.0
    return {
        "labels": list(map(show_text, labels)),
        "colours": {"light": CLASS_COLOURS, "dark": DARK_COLOURS},
        "width": max(1, round(width / unit)),
        "height": max(1, round(height / unit)),
        "x": np.rint((xs[order] - left) / unit).astype(int).tolist(),
        "y": np.rint((top - ys[order]) / unit).astype(int).tolist(),
        **_label_columns([drawn["label_ids"][i] for i in order]),
        "line": np.asarray(drawn["rows"], dtype=int)[order].tolist(),
        "text": [_cut(texts[i]) for i in order],
    }


def _label_columns(label_ids: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the label of each dot, or all of them where a text may have several."""
    if label_ids and isinstance(label_ids[0], list):
        return {"sets": list(label_ids)}
    return {"label": list(map(int, label_ids))}


def _cut(text: str) -> str:
    """Cut a text to what a tooltip can hold."""
    if len(text) > MAX_TEXT_CHARS:
        text = text[: MAX_TEXT_CHARS - 1].rstrip() + "…"
    return show_text(text)


def _to_script_json(values: Mapping[str, Any]) -> str:
    """Write JSON in which no character means anything to HTML: no text can end its element."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _script_hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
