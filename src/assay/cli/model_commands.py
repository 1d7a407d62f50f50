"""Commands about one model: train, evaluate, predict, info, verify; and the cache of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assay._display import percent
from assay.cli import evaluate_command, predict_command, train_command
from assay.cli.command import add_command
from assay.cli.options import Common, DataFlags, ModelFolder
from assay.cli.scores import show_interval, title_metric
from assay.cli.show import print_json, print_line, print_table
from assay.errors import plural

if TYPE_CHECKING:
    from pathlib import Path

    from assay.runtime.entries import ScoreEntry, TrainingDataEntry
    from assay.runtime.manifest import Manifest

__all__ = ["register"]

PANEL = "One model"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    train_command.register(app)
    evaluate_command.register(app)
    predict_command.register(app)
    add_command(app, "info", panel=PANEL)(info_command)
    add_command(app, "verify", panel=PANEL)(verify_command)
    add_command(app, "cache", panel="Housekeeping")(cache_command)


def info_command(model: ModelFolder, common: Common) -> None:
    """Say what a model is: method, labels, scores, training data.

    \b
    Example:
      assay info runs/sample/model
    """
    from assay.runtime.folder import read_folder

    manifest = read_folder(model, check_hashes=False)
    if common.json:
        print_json(manifest.to_dict())
        return
    _check_rules(manifest, model)
    _print_facts(manifest)
    _print_scores(manifest.scores)


def _check_rules(manifest: Manifest, folder: Path) -> None:
    """Refuse rules that no prediction would follow, before they are shown."""
    from assay.runtime.layout import Layout
    from assay.runtime.limits.abstain import AbstainRule
    from assay.runtime.limits.label_rule import LabelRule

    where = Layout(folder).manifest
    if manifest.abstain:
        AbstainRule.from_dict(manifest.abstain, where=where)
    if manifest.label_rule:
        LabelRule.from_dict(manifest.label_rule, n_labels=len(manifest.labels), where=where)


def _print_facts(manifest: Manifest) -> None:
    from assay.data.labels import list_labels

    data, checkpoint = manifest.training_data, manifest.checkpoint
    name = f" ({checkpoint['name']})" if checkpoint else ""
    print_line(f"method       {manifest.method}{name}")
    n_readings = manifest.parameters.get("n_readings")
    if isinstance(n_readings, int) and n_readings:
        print_line(f"tuned        the transformer, to the labels ({plural(n_readings, 'reading')})")
    print_line(f"labels       {list_labels(manifest.labels)}")
    print_line(f"trained on   {_describe_data(data)}, seed {manifest.seed}")
    if manifest.task == "multi":
        least = "one or several labels per text"
        most = "any number of labels per text, none included"
        print_line(f"answers      {least if manifest.min_labels else most}")
    else:
        print_line(f"temperature  {manifest.temperature:.3f}, folded in")
    if manifest.abstain:
        print_line(f"abstains     below a score of {manifest.abstain['threshold']:.3f}")
    for sentence in _describe_rule(manifest):
        print_line(f"gives        {sentence}")
    kept = manifest.kept_texts
    if kept:
        numbers = f"{kept['n_texts']:,} of its {kept['n_train']:,}"
        print_line(f"texts        keeps {numbers} training texts; push leaves them out")
    else:
        print_line("texts        keeps none of its training texts")
    print_line(f"readable     {_what_is_readable(manifest.method)}")
    print_line(f"size         {manifest.n_bytes / 1e6:.1f} MB in {len(manifest.files)} files")


def _describe_data(data: TrainingDataEntry) -> str:
    """Say how many texts a model was trained on, and of which data, as far as that is recorded."""
    if "n_texts" not in data:
        return "texts of which nothing is recorded"
    source = f" of {data['source']}" if data.get("source") else ""
    return plural(data["n_texts"], "text") + source


def _describe_rule(manifest: Manifest) -> list[str]:
    """Say which label is given, where that is not always the one with the highest score."""
    if manifest.task == "multi":
        given = []
        whys = _why_thresholds(manifest)
        for label, threshold, why in zip(manifest.labels, manifest.thresholds, whys, strict=True):
            given.append(f"{label} from a score of {threshold:.3f} on{why}")
        if manifest.min_labels:
            given.append("the label with the highest score always")
        return given
    rule = manifest.label_rule
    if not rule:
        return []
    if "costs" in rule:
        return ["the label whose mistakes are expected to cost least"]
    sentences = []
    for label, score in zip(manifest.labels, rule["thresholds"], strict=False):
        if score is not None:
            sentences.append(f"{label} from a score of {score:.3f} on")
    return sentences


def _why_thresholds(manifest: Manifest) -> list[str]:
    """Return what was asked of the threshold of each label, to be said after it."""
    rule, whys = manifest.threshold_rule, [""] * len(manifest.labels)
    for measure, targets in (
        ("recall", rule.get("min_recall")),
        ("precision", rule.get("min_precision")),
    ):
        for i, target in enumerate(targets or []):
            if target is not None:
                whys[i] = f" (asked for: a {measure} of at least {percent(target)})"
    for i, (missing, extra) in enumerate(rule.get("costs", [])):
        whys[i] = f" (missing, it costs {missing:g}; one too many, {extra:g})"
    return whys


def _what_is_readable(method: str) -> str:
    """Say what of the training texts is spelt out in the folder."""
    from assay.methods import METHODS

    known = METHODS.get(method)
    if known is None:
        return "not known for this method"
    return known.reveals or "no words of its training texts"


def _print_scores(scores: Sequence[ScoreEntry]) -> None:
    """Print scores as `evaluate` prints them."""
    from assay.catalogue import ENGLISH, open_language

    english = open_language(ENGLISH)
    rows = [
        {
            "split": english.word("splits", one["split"]),
            "metric": title_metric(one["metric"]),
            "value": percent(one["value"], 2),
            "95 % interval": show_interval(*one["interval"]),
            "texts": f"{one['n_texts']:,}",
        }
        for one in scores
    ]
    print_table(rows, right=("value", "texts"))


def verify_command(
    model: ModelFolder,
    flags: DataFlags,
    common: Common,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Score it again on these texts.")
    ] = None,
    isolated: Annotated[
        bool,
        typer.Option(
            "--isolated", help="Try it first in a process with limits of memory and time."
        ),
    ] = False,
) -> None:
    """Check a model: its files, its answers, and with DATA its scores.

    Exit code 3: a file was changed, or a score is not what the model says of itself.

    \b
    Examples:
      assay verify runs/sample/model
      assay verify runs/sample/model sample
      assay verify downloads/model --isolated    # a folder from a stranger
    """
    from assay.recipes.verify import verify_model

    splits = None
    if data is not None:
        splits = flags.options().as_trained(model, data).load(data)
    found = verify_model(model, splits, isolated=isolated, progress=common.progress())
    if common.json:
        print_json(found.to_dict())
        return
    print_line(f"{found.n_files} files are what assay.json says")
    rows = [
        {
            "split": one["split"],
            "metric": title_metric(one["metric"]),
            "recorded": percent(one["value"], 2),
            "found": percent(one["found"], 2),
        }
        for one in found.claims
    ]
    print_table(rows, right=("recorded", "found"))


def cache_command(
    common: Common,
    action: Annotated[str, typer.Argument(metavar="clear", help="clear: delete them.")] = "show",
) -> None:
    """Say where cached features are and how large, or delete them.

    \b
    Examples:
      assay cache
      assay cache clear
    """
    from assay.checkpoints.cache import clear_cache, measure_cache
    from assay.errors import InputError

    if action not in ("show", "clear"):
        raise InputError(
            f"'assay cache {action}' is not known; 'assay cache' and 'assay cache clear' are"
        )
    freed = clear_cache() if action == "clear" else 0
    folder, n_arrays, n_bytes = measure_cache()
    if common.json:
        print_json(
            {"folder": str(folder), "n_arrays": n_arrays, "n_bytes": n_bytes, "freed_bytes": freed}
        )
    elif action == "clear":
        print_line(f"{freed / 1e6:.1f} MB freed in {folder}")
    else:
        print_line(f"{n_arrays} arrays, {n_bytes / 1e6:.1f} MB in {folder}")
