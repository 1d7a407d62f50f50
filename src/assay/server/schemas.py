"""The shapes of requests and answers, for /openapi.json only.

Requests are read by hand: see json_body.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from assay.runtime.limits.confidence import Confidence
from assay.server.api import Schema
from assay.server.limits import Limits
from assay.server.requests import MAX_NEAREST

__all__ = [
    "ErrorAnswer",
    "ExplainedText",
    "Info",
    "Judgement",
    "LabelScore",
    "Status",
    "describe_shapes",
]

TopK = Annotated[int | None, Field(ge=1, description="Only the best labels; null: all.")]
Text = Annotated[str, Field(description="A text; the empty one is legal.")]
Texts = Annotated[
    list[Text | Annotated[list[Text], Field(min_length=1, max_length=1)]], Field(min_length=1)
]
Inputs = Annotated[
    Text | Texts, Field(description="A text, a list of texts, or a list of lists of one text.")
]


ModelName = Annotated[
    str | None, Field(description="Which model, as in the query; null: what the query says.")
]


class PredictRequest(BaseModel):
    """As text-embeddings-inference takes it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"inputs": "what a lovely day"}]}
    )
    inputs: Inputs
    top_k: TopK = None
    truncate: bool | None = Field(
        None,
        description="false: a text that is longer than the model reads is an error. null: as in "
        "training, which cuts it.",
    )
    truncation_direction: Literal["Right", "right"] | None = Field(
        None, description="Long texts are cut at their end."
    )
    raw_scores: Literal[False] | None = Field(
        None, description="Not supported: scores are calibrated probabilities."
    )
    model: ModelName = None


class HubParameters(BaseModel):
    """What the Hub's clients send beside the inputs."""

    model_config = ConfigDict(extra="forbid")
    top_k: TopK = None
    function_to_apply: Literal["softmax", "sigmoid"] | None = Field(
        None, description="sigmoid where a text may have several labels, else softmax."
    )
    truncation: bool | None = None


class HubRequest(BaseModel):
    """As the Hub's inference API takes it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"inputs": "what a lovely day"}]}
    )
    inputs: Inputs
    parameters: HubParameters | None = None
    options: Any = Field(None, description="Left unread.")
    model: ModelName = None


class ClassifyRequest(BaseModel):
    """What assay itself takes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"inputs": "what a lovely day", "explain": True}]},
    )
    inputs: Inputs
    top_k: TopK = None
    truncate: bool | None = Field(
        None, description="false: a text longer than the model reads is an error."
    )
    explain: bool | None = Field(None, description="Whether to say which words are behind it.")
    label: str | None = Field(None, description="The label to explain; null: the predicted one.")
    nearest: int | None = Field(
        None,
        ge=0,
        le=MAX_NEAREST,
        description="How many of the nearest training texts to return, if the model keeps some.",
    )
    model: ModelName = None


class ExplainRequest(BaseModel):
    """One text."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"inputs": "what a lovely day"}]}
    )
    inputs: Text
    label: str | None = Field(None, description="The label to explain; null: the predicted one.")
    model: ModelName = None


class LabelScore(BaseModel):
    """A label and its score."""

    label: str
    score: float = Field(
        ge=0,
        le=1,
        description="A calibrated probability; all sum to 1, unless a text may have several.",
    )


class Word(BaseModel):
    """A word and its contribution to a label."""

    word: str
    start: int = Field(description="Its first character, counted from 0.")
    end: int = Field(description="The character after its last one.")
    contribution: float = Field(
        description="In centred logits, or in log-odds of the label where a text may have several; "
        "above 0 it pushes towards the label."
    )


class ExplainedText(BaseModel):
    """Which words pushed a label; total = base + contributions + error."""

    label: str
    score: float
    predicted_label: str
    kind: Literal["exact", "occlusion"] = Field(
        description="occlusion: how the score changes when the word is left out."
    )
    total: float
    base: float = Field(description="The total of a text without words.")
    error: float = Field(description="The part of the total that words and base leave unexplained.")
    words: list[Word]


class NearText(BaseModel):
    """A text of the training data, as the model keeps it."""

    text: str
    label: str | None = Field(
        description="Its label in the training data; of several the first, null if it has none."
    )
    labels: list[str] | None = Field(
        None, description="Only of a model of several labels: all that it has there."
    )
    similarity: float = Field(
        ge=0,
        le=1,
        description="Cosine of the weighted words, word pairs and pieces of words of both.",
    )


class Judgement(BaseModel):
    """An answer, and how far it can be relied on."""

    label: str | None = Field(
        description="The label that the model gives: best_label, unless a rule of the model says "
        "otherwise. null: it does not know (abstained), or gives none of several labels."
    )
    labels: list[str] | None = Field(
        None, description="Only of a model of several labels: those above their thresholds."
    )
    best_label: str = Field(
        description="The label with the highest score, also if the model abstains."
    )
    score: float = Field(description="The score of best_label.")
    confidence: Confidence = Field(
        description="How sure the answer is; where none of several labels is given, how sure that "
        "none fits."
    )
    abstained: bool
    scope: float | None = Field(
        description="Share of validation texts that look no more like the training data than it."
    )
    in_scope: bool | None = Field(
        description="false: unlike the training data. null: the model cannot tell."
    )
    scores: list[LabelScore] = Field(description="Highest first.")
    explanation: ExplainedText | None = Field(None, description="Only if it was asked for.")
    nearest: list[NearText] | None = Field(
        None, description="Only if they were asked for; nearest first."
    )


class Status(BaseModel):
    """The state of the server."""

    status: str


class Info(BaseModel):
    """What is served, under the names of text-embeddings-inference, then assay's own."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())
    model_id: str
    version: str
    max_client_batch_size: int
    models: list[dict[str, Any]]
    limits: dict[str, Any]


class ErrorAnswer(BaseModel):
    """What went wrong."""

    error: str = Field(description="A sentence: what failed, what was given, what is accepted.")
    error_type: Literal["validation", "tokenizer", "overloaded", "backend", "unhealthy"]


REQUESTS = (PredictRequest, HubRequest, ClassifyRequest, ExplainRequest)
ANSWERS = (LabelScore, Judgement, ExplainedText, Status, Info, ErrorAnswer)


def describe_shapes(limits: Limits, model_names: Sequence[str]) -> Schema:
    """Return the JSON schemas of all shapes by name, with the limits and models of this server."""
    shapes: tuple[type[BaseModel], ...] = (*REQUESTS, *ANSWERS)
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]]
    wanted = [(shape, "validation") for shape in shapes]
    _, definitions = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    schemas: Schema = definitions["$defs"]
    for request in REQUESTS:
        properties = schemas[request.__name__]["properties"]
        _write_limits(properties["inputs"], limits)
        properties["model"]["anyOf"][0]["enum"] = list(model_names)
    return schemas


def _write_limits(schema: Any, limits: Limits) -> None:
    """Write the longest text and the largest batch into a schema, at any depth."""
    inner: list[Any] = []
    if isinstance(schema, dict):
        if schema.get("type") == "string":
            schema["maxLength"] = limits.max_text_chars
        if schema.get("type") == "array" and "maxItems" not in schema:
            schema["maxItems"] = limits.max_batch_texts
        inner = list(schema.values())
    elif isinstance(schema, list):
        inner = schema
    for one in inner:
        _write_limits(one, limits)
