"""What clients ask: from the JSON of each route to texts and options.

The OpenAPI description of the same requests is in schemas.py; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from assay.errors import find_close
from assay.server.failures import make_limit_error
from assay.server.json_body import (
    JsonObject,
    check_keys,
    name_kind,
    read_flag,
    read_name,
    read_number,
    refuse,
)
from assay.server.limits import Limits

__all__ = ["MAX_NEAREST", "AskedTexts", "read_classify", "read_explain", "read_hub", "read_predict"]

MAX_NEAREST = 20
MAX_COMPARED = 20  # keys that are compared with a missing one: a body may hold 100,000 of them


@dataclass(frozen=True)
class AskedTexts:
    """A request for scores.

    Parameters
    ----------
    texts : list of str
    is_batch : bool
        Whether the answer is a list with one element per text.
    top_k : int, optional
        Return only the K best labels; None: all.
    truncate : bool, optional
        False: a text that is longer than the model reads is an error. None: as in training, which
        cuts it.
    explain : bool
        Return the words behind each answer.
    label : str, optional
        The label to explain; None: the predicted one.
    nearest : int
        How many of the nearest training texts to return.
    model : str, optional
        Which of the served models to ask; None: what the query says.
    function : str, optional
        What the client expects to make scores of logits; None: it doesn't say.
    """

    texts: list[str]
    is_batch: bool
    top_k: int | None = None
    truncate: bool | None = None
    explain: bool = False
    label: str | None = None
    nearest: int = 0
    model: str | None = None
    function: str | None = None


# The keys that each route knows. An unknown key is refused: it may be a misspelt one, and whoever
# sends it expects that it does something.
PREDICT_KEYS = ("inputs", "top_k", "truncate", "truncation_direction", "raw_scores", "model")
HUB_KEYS = ("inputs", "parameters", "options", "model")
FUNCTIONS = ("softmax", "sigmoid")
HUB_PARAMETERS = ("top_k", "function_to_apply", "truncation")
CLASSIFY_KEYS = ("inputs", "top_k", "truncate", "explain", "label", "nearest", "model")
EXPLAIN_KEYS = ("inputs", "label", "model")


def read_predict(content: JsonObject, limits: Limits) -> AskedTexts:
    """Read a request of text-embeddings-inference."""
    if read_flag(content, "raw_scores"):
        refuse("raw_scores is true, which is not supported: scores are calibrated probabilities")
    _check_direction(content.get("truncation_direction"))
    texts, is_batch = read_inputs(content, limits)
    check_keys(content, PREDICT_KEYS)
    return AskedTexts(
        texts,
        is_batch,
        top_k=read_top_k(content),
        truncate=read_flag(content, "truncate"),
        model=read_model(content),
    )


def _check_direction(direction: Any) -> None:
    if direction not in (None, "Right", "right"):
        refuse("truncation_direction is not supported: long texts are cut at their end (Right)")


def read_hub(content: JsonObject, limits: Limits) -> AskedTexts:
    """Read a request of the Hub's inference API. Its `options` mean nothing here."""
    parameters = content.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        refuse(f"parameters is {name_kind(parameters)}; an object is accepted")
    check_keys(parameters, HUB_PARAMETERS, inside="parameters")
    function = _read_function(parameters.get("function_to_apply"))
    texts, is_batch = read_inputs(content, limits)
    check_keys(content, HUB_KEYS)
    return AskedTexts(
        texts,
        is_batch,
        top_k=read_top_k(parameters),
        truncate=read_flag(parameters, "truncation"),
        model=read_model(content),
        function=function,
    )


def _read_function(function: Any) -> str | None:
    """Return the function; which one fits is known once the model is."""
    if function is None:
        return None
    if function in FUNCTIONS:
        return str(function)
    given = f"'{function}'" if isinstance(function, str) else name_kind(function)
    refuse(
        f"function_to_apply is {given}; {' or '.join(FUNCTIONS)} is accepted: "
        "scores are calibrated probabilities"
    )


def read_classify(content: JsonObject, limits: Limits) -> AskedTexts:
    """Read a request of assay's own route."""
    check_keys(content, CLASSIFY_KEYS)
    texts, is_batch = read_inputs(content, limits)
    explain = bool(read_flag(content, "explain"))
    most = limits.max_explained_texts
    if explain and len(texts) > most:
        raise make_limit_error("texts to explain:", len(texts), most, "--max-explained-texts")
    return AskedTexts(
        texts,
        is_batch,
        top_k=read_top_k(content),
        truncate=read_flag(content, "truncate"),
        explain=explain,
        label=read_name(content, "label", of="a label"),
        nearest=read_number(content, "nearest", least=0, most=MAX_NEAREST) or 0,
        model=read_model(content),
    )


def read_explain(content: JsonObject, limits: Limits) -> AskedTexts:
    """Read the one text that is to be explained."""
    check_keys(content, EXPLAIN_KEYS)
    inputs = content.get("inputs")
    if not isinstance(inputs, str):
        given = "is missing" if "inputs" not in content else f"is {name_kind(inputs)}"
        refuse(f"inputs {given}; one text is accepted")
    check_length(inputs, limits, "the text")
    return AskedTexts(
        [inputs],
        is_batch=False,
        explain=True,
        label=read_name(content, "label", of="a label"),
        model=read_model(content),
    )


def read_inputs(content: JsonObject, limits: Limits) -> tuple[list[str], bool]:
    """Return the texts of ``"t"``, ``["t"]`` or ``[["t"]]``, and whether they came as a batch."""
    if "inputs" not in content:
        close = find_close("inputs", islice(content, MAX_COMPARED))
        hint = "" if close is None else f" '{close}' is unknown: did you mean 'inputs'?"
        refuse(f"inputs is missing; a text or a list of texts is accepted.{hint}")
    inputs = content["inputs"]
    if isinstance(inputs, str):
        check_length(inputs, limits, "the text")
        return [inputs], False
    if not isinstance(inputs, list):
        refuse(f"inputs is {name_kind(inputs)}; a text or a list of texts is accepted")
    if not inputs:
        refuse("inputs is an empty list; one text or more are accepted")
    most = limits.max_batch_texts
    if len(inputs) > most:
        raise make_limit_error("texts in a request:", len(inputs), most, "--max-batch-texts")
    texts = [read_entry(entry, i) for i, entry in enumerate(inputs)]
    for i, text in enumerate(texts):
        check_length(text, limits, f"inputs[{i}]")
    return texts, True


def read_entry(entry: Any, i: int) -> str:
    """Return the text of one entry of a batch."""
    if isinstance(entry, str):
        return entry
    accepted = "a text, or a list of one text, is accepted"
    if not isinstance(entry, list):
        refuse(f"inputs[{i}] is {name_kind(entry)}; {accepted}")
    if len(entry) == 2 and all(isinstance(text, str) for text in entry):
        refuse(f"inputs[{i}] is a pair of texts: pairs are not supported; {accepted}")
    if len(entry) != 1 or not isinstance(entry[0], str):
        refuse(f"inputs[{i}] is a list of {len(entry)}; {accepted}")
    return entry[0]


def check_length(text: str, limits: Limits, where: str) -> None:
    """Refuse a text that is longer than the limit."""
    most = limits.max_text_chars
    if len(text) > most:
        raise make_limit_error(f"characters in {where}:", len(text), most, "--max-text-chars")


def read_top_k(content: JsonObject) -> int | None:
    """Return `top_k`; more than there are labels means all of them."""
    return read_number(content, "top_k", least=1)


def read_model(content: JsonObject) -> str | None:
    """Return the name of the model to ask."""
    return read_name(content, "model", of="a served model")
