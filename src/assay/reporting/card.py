"""The model card: metadata that the Hub reads, then what a user of the model must know.

It computes nothing.

The metadata is written by `huggingface_hub`, which knows its form; no connection is opened for
that.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay._optional import require
from assay._paths import is_hub_id
from assay.catalogue import ENGLISH, Fact, open_language
from assay.checkpoints.auto import CheckpointChoice, choice_fact
from assay.evaluation.caveats import is_below, says_more
from assay.evaluation.near_evidence import NearEvidence
from assay.evaluation.result import HEADLINES, Headline
from assay.evaluation.several_scoring import SEVERAL_HEADLINES
from assay.methods import find_method
from assay.reporting import formats
from assay.reporting.environment import open_environment, tidy
from assay.reporting.escape import show_text
from assay.reporting.fonts import find_missing_glyphs
from assay.runtime.entries import ScoreEntry

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["CONFUSION_PICTURE", "render_card"]

CONFUSION_PICTURE = "confusion.png"
# Alias of a checkpoint -> its id on the Hub.
HUB_IDS = {
    "minilm": "sentence-transformers/all-MiniLM-L6-v2",
    "e5": "intfloat/multilingual-e5-small",
}
SAMPLE_LICENSE = "apache-2.0"  # of the built-in sample, as of the project
HEADLINES_OF = {"single": HEADLINES, "multi": SEVERAL_HEADLINES}  # by task
NO_LICENSE = "unknown"  # the Hub's own word where none was chosen


def render_card(
    manifest: Mapping[str, Any],
    *,
    name: str,
    path: str = ".",
    baselines: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
    picture_of: str | None = None,
    checkpoint_choice: CheckpointChoice | None = None,
    language: str = ENGLISH,
) -> str:
    """Render the README.md of a saved model.

    Parameters
    ----------
    manifest : dict
        What assay.json holds, and as ``rule_effects`` what its rule for labels changes.
    name : str
        Name of the model, which is the title.
    path : str
        Where the examples look for the model.
    baselines : mapping of method to split to metric to value, optional
        Scores of simpler methods on the same texts, shown beside the model's own.
    picture_of : str, optional
        The texts whose confusion matrix is in confusion.png beside the card. None: there is none.
    checkpoint_choice : CheckpointChoice, optional
        Why the model starts from its checkpoint.
    language : str
        One of `LANGUAGES`. The metadata, which the Hub reads, are the same in every language.
    """
    card = {
        "scores": (),
        "training_data": {},
        "tokenization": {},
        "checkpoint": None,
        "versions": {},
        "task": "single",
        **manifest,
    }
    template = _open_template(language)
    return tidy(
        template.render(
            card=card,
            name=name,
            path=path,
            base=_base_model(card),
            why_checkpoint=_why_checkpoint(checkpoint_choice),
            method=find_method(card["method"]),
            metadata=_metadata(card, name=name),
            metric_names=set(_headlines(card)),
            several=card["task"] == "multi",
            always_labelled=bool(card.get("min_labels")),
            made_by=_made_by(card),
            baselines=dict(baselines or {}),
            picture=require("markupsafe").Markup(CONFUSION_PICTURE) if picture_of else None,
            picture_of=picture_of,
            missing_glyphs=_missing_glyphs(card, language) if picture_of else None,
            test_fact=_fall(card["scores"]) or _small_test(card["scores"]),
            has_server=importlib.util.find_spec("assay.server") is not None,
        )
    )


def _made_by(card: Mapping[str, Any]) -> str:
    """Return which sentence of the catalogue says how the model was made."""
    is_tuned = bool(card.get("parameters", {}).get("tuned_epochs"))
    return "features_tuned" if is_tuned else str(card["method"])


def _missing_glyphs(card: Mapping[str, Any], language: str) -> Fact | None:
    """Return the fact that the picture has boxes in the place of characters, if it has."""
    return find_missing_glyphs(card["labels"], language=language)


def _open_template(language: str) -> Template:
    environment = open_environment(open_language(language), form="md")
    return environment.get_template("card.md.j2", globals={"near_fact": _near_fact})


def _small_test(scores: Sequence[Mapping[str, Any]]) -> Fact | None:
    """State how few texts test has, and how many there are beside it that say more."""
    sizes = {one["split"]: one["n_texts"] for one in scores}
    n_texts, n_evidence = sizes.pop("test", 0), max(sizes.values(), default=0)
    if not n_texts or not says_more(n_evidence, n_texts):
        return None
    return Fact.of("card.small_test", n_texts=n_texts, n_evidence=n_evidence)


def _fall(scores: Sequence[Mapping[str, Any]]) -> Fact | None:
    """Return the fact that test is below what methods were chosen on, by more than chance."""
    accuracies = {}
    for one in scores:
        if one["metric"] == "accuracy":
            accuracies[one["split"]] = (one["value"], one["n_texts"])
    test = accuracies.pop("test", None)
    if test is None or len(accuracies) != 1:
        return None
    (promised,) = accuracies.values()
    if not is_below(promised, test):
        return None
    return Fact.of("caveats.fall", accuracy=test[0], promised=promised[0], n_texts=test[1])


def _near_fact(score: ScoreEntry, *, is_several: bool) -> Fact:
    """State that many of the texts that methods were chosen on are nearly the same as others."""
    near = score["near_duplicates"]
    if is_several:
        n_texts = near["n_near"] + near["n_others"]
        return Fact.of("caveats.near_evidence_all", n=near["n_near"], n_texts=n_texts)
    found = NearEvidence(near["n_near"], near["n_others"], {"accuracy": near["accuracy"]})
    (fact,) = found.facts(metric="accuracy", score=score["value"])
    return fact


def _why_checkpoint(choice: CheckpointChoice | None) -> Fact | None:
    """Return why the texts decided for their checkpoint. None if they did not."""
    return choice_fact(choice) if choice is not None and choice.is_automatic else None


def _headlines(card: Mapping[str, Any]) -> Mapping[str, Headline]:
    """Return the scores that are shown as percentages and told to the Hub."""
    return HEADLINES_OF[card["task"]]


def _base_model(card: Mapping[str, Any]) -> str | None:
    """Return the Hub id of the checkpoint that it started from, or None if there is none."""
    checkpoint = card["checkpoint"] or {}
    if checkpoint.get("name") in HUB_IDS:
        return HUB_IDS[checkpoint["name"]]
    return checkpoint["name"] if checkpoint.get("revision") else None


def _metadata(card: Mapping[str, Any], *, name: str) -> str:
    """Write the YAML of the card."""
    hub, method = require("huggingface_hub"), find_method(card["method"])
    training, has_scores = card["training_data"], bool(card["scores"])
    source = show_text(formats.source(training.get("source") or ""))
    hub_id = _hub_id(source)
    tags = ["text-classification", "assay", card["method"]]
    if "onnx" in method.exports:
        tags.append("onnx")
    data = hub.ModelCardData(
        language=training.get("language"),
        license=SAMPLE_LICENSE if source == "sample" else NO_LICENSE,
        library_name="transformers" if method.use_without_assay == "transformers" else "assay",
        pipeline_tag="text-classification",
        tags=tags,
        base_model=_base_model(card),
        datasets=[hub_id] if hub_id else None,
        metrics=["accuracy", "f1"] if has_scores else None,
        model_name=show_text(name) if has_scores else None,
        eval_results=_eval_results(card, source=source, hub_id=hub_id) or None,
    )
    return str(data.to_yaml())


def _hub_id(source: str) -> str | None:
    """Return the id of a data set of the Hub, without its configuration. None for other data."""
    is_id = is_hub_id(source, with_owner=True, with_configuration=True)
    return source.partition(":")[0] if is_id else None


def _eval_results(card: Mapping[str, Any], *, source: str, hub_id: str | None) -> list[Any]:
    """Return the scores in the form that the Hub reads."""
    hub = require("huggingface_hub")
    headlines = _headlines(card)
    results = []
    for score in card["scores"]:
        metric, split = score["metric"], score["split"]
        if metric not in headlines:
            continue
        result = hub.EvalResult(
            task_type="text-classification",
            task_name="Text classification",
            dataset_type=hub_id or source or "unknown",
            dataset_name=source or "unknown",
            dataset_split=split,
            metric_type=headlines[metric].hub_type,
            metric_value=score["value"],
            metric_name=f"{headlines[metric].title} ({split}, {score['n_texts']:,} texts)",
        )
        results.append(result)
    return results
