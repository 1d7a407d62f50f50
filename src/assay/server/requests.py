"""What clients send, read by hand: every mistake is said in a sentence that names its place, and reading is fast.

A union such as "a text, texts, or lists of one text" would be a page of alternatives in the words
of a schema library. The OpenAPI page describes the same shapes (schemas.py), and a test holds the
two together.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from assay.errors import did_you_mean
from assay.server.failures import ApiError, is_too_long
from assay.server.limits import Limits

__all__ = [
    "MAX_NEAREST",
    "AskedTexts",
    "read_classify",
    "read_explain",
    "read_hub",
    "read_json",
    "read_predict",
]

MAX_NEAREST = 20


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


# Made once, and fed as json.loads feeds it: that one makes a decoder a call, which costs as much as
# decoding.
DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


@dataclass(frozen=True)
class AskedTexts:
    """A request for scores.

    Parameters
    ----------
    texts : list of str
    is_batch : bool
        Whether the answer is a list over texts.
    top_k : int, optional
        Only the best labels.
    truncate : bool, optional
        False: a text that is longer than the model reads is an error. None: what training did,
        which is to cut.
    explain : bool
        Whether the words behind each answer are asked for.
    label : str, optional
        Explained instead of the predicted one.
    nearest : int
        How many of the nearest training texts are asked for.
    """

    texts: list[str]
    is_batch: bool
    top_k: int | None = None
    truncate: bool | None = None
    explain: bool = False
    label: str | None = None
    nearest: int = 0


def read_json(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object.

    Raises
    ------
    ApiError
        400: it is no JSON. 422: it is no object.
    """
    try:
        content = DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except UnicodeDecodeError as err:
        raise ApiError(
            400, "validation", f"the body is no UTF-8: byte {err.start} cannot be read"
        ) from err
    except json.JSONDecodeError as err:
        problem = f"{err.msg} at line {err.lineno}, column {err.colno}"
        raise ApiError(
            400, "validation", f'the body is no JSON: {problem}; {{"inputs": "a text"}} is accepted'
        ) from err
    except (
        ValueError,
        RecursionError,
    ) as err:  # nan, a number of thousands of digits, thousands of brackets
        raise ApiError(
            400, "validation", "the body is no JSON that can be read: a number or a nesting is odd"
        ) from err
    if not isinstance(content, dict):
        refuse(
            f'the body is {name_kind(content)}; an object such as {{"inputs": "a text"}} is accepted'
        )
    return content


def read_predict(content: dict[str, Any], limits: Limits) -> AskedTexts:
    """Read a request as text-embeddings-inference takes it; what it does not know is left unread, as there."""
    if read_flag(content, "raw_scores"):
        refuse("raw_scores is true, which is not supported: scores are calibrated probabilities")
    texts, is_batch = read_inputs(content, limits)
    return AskedTexts(texts, is_batch, read_top_k(content), read_flag(content, "truncate"))


def read_hub(content: dict[str, Any], limits: Limits) -> AskedTexts:
    """Read a request as the Hub's inference API takes it."""
    parameters = content.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        refuse(f"parameters is {name_kind(parameters)}; an object is accepted")
    function = parameters.get("function_to_apply")
    if function not in (None, "softmax"):
        given = f"'{function}'" if isinstance(function, str) else name_kind(function)
        refuse(
            f"function_to_apply is {given}; softmax is accepted: scores are calibrated probabilities"
        )
    texts, is_batch = read_inputs(content, limits)
    return AskedTexts(texts, is_batch, read_top_k(parameters), read_flag(parameters, "truncation"))


def read_classify(content: dict[str, Any], limits: Limits) -> AskedTexts:
    """Read a request of assay's own kind; a key that is not known is an error, for it may be a misspelt one."""
    check_keys(content, ("inputs", "top_k", "truncate", "explain", "label", "nearest"))
    texts, is_batch = read_inputs(content, limits)
    explain = bool(read_flag(content, "explain"))
    if explain and len(texts) > limits.max_explained_texts:
        raise is_too_long(
            "texts to explain:", len(texts), limits.max_explained_texts, "--max-explained-texts"
        )
    return AskedTexts(
        texts,
        is_batch,
        read_top_k(content),
        read_flag(content, "truncate"),
        explain,
        read_label(content),
        read_nearest(content),
    )


def read_explain(content: dict[str, Any], limits: Limits) -> AskedTexts:
    """Read the text that is to be explained."""
    check_keys(content, ("inputs", "label"))
    inputs = content.get("inputs")
    if not isinstance(inputs, str):
        given = "is missing" if "inputs" not in content else f"is {name_kind(inputs)}"
        refuse(f"inputs {given}; one text is accepted")
    check_length(inputs, limits, "the text")
    return AskedTexts([inputs], is_batch=False, explain=True, label=read_label(content))


def read_inputs(content: dict[str, Any], limits: Limits) -> tuple[list[str], bool]:
    """Return the texts, and whether they came as a batch: ``"t"``, ``["t", "t"]``, ``[["t"], ["t"]]``."""
    if "inputs" not in content:
        refuse(
            f"inputs is missing; a text or a list of texts is accepted.{did_you_mean('inputs', content)}"
        )
    inputs = content["inputs"]
    if isinstance(inputs, str):
        check_length(inputs, limits, "the text")
        return [inputs], False
    if not isinstance(inputs, list):
        refuse(f"inputs is {name_kind(inputs)}; a text or a list of texts is accepted")
    if not inputs:
        refuse("inputs is an empty list; one text or more are accepted")
    if len(inputs) > limits.max_batch_texts:
        raise is_too_long(
            "texts in a request:", len(inputs), limits.max_batch_texts, "--max-batch-texts"
        )
    texts = [read_entry(entry, i) for i, entry in enumerate(inputs)]
    for i, text in enumerate(texts):
        check_length(text, limits, f"inputs[{i}]")
    return texts, True


def read_entry(entry: Any, i: int) -> str:
    """Return the text of one entry of a batch."""
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, list):
        refuse(f"inputs[{i}] is {name_kind(entry)}; a text, or a list of one text, is accepted")
    if len(entry) == 2 and all(isinstance(part, str) for part in entry):
        refuse(
            f"inputs[{i}] is a pair of texts: pairs are not supported; a text, or a list of one text, is accepted"
        )
    if len(entry) != 1 or not isinstance(entry[0], str):
        refuse(f"inputs[{i}] is a list of {len(entry)}; a text, or a list of one text, is accepted")
    return str(entry[0])


def check_length(text: str, limits: Limits, where: str) -> None:
    """Refuse a text that is longer than the limit."""
    if len(text) > limits.max_text_chars:
        raise is_too_long(
            f"characters in {where}:", len(text), limits.max_text_chars, "--max-text-chars"
        )


def read_top_k(content: dict[str, Any]) -> int | None:
    """Return `top_k`; more than there are labels means all."""
    return read_number(content, "top_k", least=1)


def read_nearest(content: dict[str, Any]) -> int:
    """Return how many of the nearest training texts are asked for."""
    return read_number(content, "nearest", least=0, most=MAX_NEAREST) or 0


def read_number(
    content: dict[str, Any], name: str, *, least: int, most: int | None = None
) -> int | None:
    """Return a whole number, or None where it is missing or null."""
    value = content.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON knows one kind of number: 3.0 is 3
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or value < least
        or (most is not None and value > most)
    ):
        given = (
            str(value)[:20]
            if isinstance(value, int) and not isinstance(value, bool)
            else name_kind(value)
        )
        accepted = f"of at least {least}" if most is None else f"from {least} to {most}"
        refuse(f"{name} is {given}; a whole number {accepted} is accepted")
    return int(value)


def read_flag(content: dict[str, Any], name: str) -> bool | None:
    """Return a flag, or None where it is missing or null."""
    value = content.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"{name} is {name_kind(value)}; true or false is accepted")
    return value


def read_label(content: dict[str, Any]) -> str | None:
    """Return the label to explain."""
    label = content.get("label")
    if label is not None and not isinstance(label, str):
        refuse(f"label is {name_kind(label)}; the name of a label is accepted")
    return label


def check_keys(content: dict[str, Any], known: Collection[str]) -> None:
    """Refuse keys that mean nothing here."""
    for name in content:
        if name not in known:
            shown = json.dumps(
                name[:40], ensure_ascii=False
            )  # a line end in a key would break the sentence
            refuse(
                f"{shown} is not known; keys: {', '.join(known)}.{did_you_mean(name[:40], known)}"
            )


def name_kind(value: Any) -> str:
    """Name the kind of a JSON value, for a sentence."""
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def refuse(sentence: str) -> NoReturn:
    """Say that a request has another shape than accepted."""
    raise ApiError(422, "validation", sentence)
