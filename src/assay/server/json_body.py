"""A request body as JSON, and the values in it, checked by hand.

Why by hand: every mistake is answered with a sentence that names the place and what is accepted.
"A text, texts, or lists of one text" would be a page of alternatives in the words of a schema
library. What it costs: these functions, and a test that compares them with the schemas of the API
description. The plain version would be `pydantic` models as parameters of FastAPI's routes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, NoReturn, TypeAlias

from assay.errors import did_you_mean
from assay.server.failures import ApiError

__all__ = [
    "MAX_PARTS",
    "JsonObject",
    "check_keys",
    "is_whole_number",
    "name_kind",
    "read_flag",
    "read_json",
    "read_name",
    "read_number",
    "refuse",
]

JsonObject: TypeAlias = dict[str, Any]

SHOWN_CHARS = 40  # of a key or a value that is quoted in a sentence
SHOWN_DIGITS = 20
MAX_DIGITS = 400  # of a whole number; reading one takes the square of its length
MAX_PARTS = 20_000  # of a body: 5 ms of work
# A part is a text with its quotes, or a sign before a value. A body of 2 MB without texts holds a
# million: 40 to 190 ms in which nobody else is answered, since json.loads lets no other thread run.
MARKS = "[{,:"
PARTS = re.compile(rf'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{re.escape(MARKS)}]', re.DOTALL)
KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _read_whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(digits[:SHOWN_DIGITS])
    return int(digits)


# Made once, and fed as json.loads would feed it: that one makes a decoder in each call, which costs
# as much as the decoding.
DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_read_whole_number)


def read_json(body: bytes, *, max_parts: int = MAX_PARTS) -> JsonObject:
    """Read a body as a JSON object.

    Parameters
    ----------
    body : bytes
    max_parts : int
        Texts, and signs before values, that the body may hold: `MAX_PARTS` says why.

    Raises
    ------
    ApiError
        400: it is no JSON. 413: it has too many parts. 422: it is no object.
    """
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        _check_parts(text, max_parts)
        content = DECODER.decode(text)
    except UnicodeDecodeError as err:
        sentence = f"the body is no UTF-8: byte {err.start} cannot be read"
        raise ApiError(400, "validation", sentence) from err
    except json.JSONDecodeError as err:
        problem = f"{err.msg} at line {err.lineno}, column {err.colno}"
        sentence = f'the body is no JSON: {problem}; {{"inputs": "a text"}} is accepted'
        raise ApiError(400, "validation", sentence) from err
    except (ValueError, RecursionError) as err:  # NaN, thousands of digits, thousands of brackets
        sentence = "the body is no JSON that can be read: a number or a nesting is odd"
        raise ApiError(400, "validation", sentence) from err
    if not isinstance(content, dict):
        kind = name_kind(content)
        refuse(f'the body is {kind}; an object such as {{"inputs": "a text"}} is accepted')
    return content


def _check_parts(text: str, most: int) -> None:
    """Refuse a body of very many values before any of them is made.

    Most bodies are short, or texts for the most part: they pass after a look at the length, or at
    how often the signs occur in all.
    """
    if len(text) <= most or sum(map(text.count, MARKS)) + text.count('"') // 2 <= most:
        return
    for i, _ in enumerate(PARTS.finditer(text)):
        if i == most:
            sentence = (
                f"the body holds too many values: more than {most:,} keys, texts, commas and "
                "brackets; send fewer texts per request"
            )
            raise ApiError(413, "validation", sentence)


def check_keys(content: JsonObject, known: Collection[str], *, inside: str = "") -> None:
    """Refuse keys that mean nothing here: they may be misspelt ones.

    Parameters
    ----------
    content : dict
    known : collection of str
    inside : str
        The key that holds `content`; empty for the body itself.
    """
    for name in content:
        if name not in known:
            short = name[:SHOWN_CHARS]
            shown = json.dumps(short, ensure_ascii=False)  # keeps a line feed out of the sentence
            where = f" in {inside}" if inside else ""
            hint = did_you_mean(short, known)
            refuse(f"{shown} is not known{where}; keys: {', '.join(known)}.{hint}")


def read_number(
    content: JsonObject, name: str, *, least: int, most: int | None = None
) -> int | None:
    """Return a whole number, or None if it is missing or null."""
    value = content.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number: 3.0 is 3
    if is_whole_number(value) and least <= value and (most is None or value <= most):
        return int(value)
    given = str(value)[:SHOWN_DIGITS] if is_whole_number(value) else name_kind(value)
    accepted = f"of at least {least}" if most is None else f"from {least} to {most}"
    refuse(f"{name} is {given}; a whole number {accepted} is accepted")


def is_whole_number(value: Any) -> bool:
    """Return whether a JSON value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def read_flag(content: JsonObject, name: str) -> bool | None:
    """Return a flag, or None if it is missing or null."""
    value = content.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"{name} is {name_kind(value)}; true or false is accepted")
    return value


def read_name(content: JsonObject, name: str, *, of: str) -> str | None:
    """Return the name of a label or of a model, or None if it is missing or null."""
    value = content.get(name)
    if value is not None and not isinstance(value, str):
        refuse(f"{name} is {name_kind(value)}; the name of {of} is accepted")
    return value


def name_kind(value: Any) -> str:
    """Name the kind of a JSON value, for a sentence."""
    return KINDS.get(type(value), "null")


def refuse(sentence: str) -> NoReturn:
    """Say that a request has another form than what is accepted.

    Raises
    ------
    ApiError
        422.
    """
    raise ApiError(422, "validation", sentence)
