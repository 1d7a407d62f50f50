"""assay: from labelled texts to a classifier that its owner can trust and ship.

Public names are resolved when they are first used: importing assay loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

if TYPE_CHECKING:
    from assay.audit.checks import audit_data, write_issues
    from assay.batch import predict_file
    from assay.checkpoints.frozen import FrozenEncoder
    from assay.data.labels import LabelSet
    from assay.data.load import load_data
    from assay.data.split import cut_missing
    from assay.data.texts import LabelledTexts, Splits
    from assay.errors import AssayError
    from assay.hub.access import login
    from assay.hub.datasets import find_datasets
    from assay.hub.pull import pull_model
    from assay.hub.push import push_model
    from assay.models.compact import Compact
    from assay.models.features import Features
    from assay.models.finetune import Finetune
    from assay.models.linear import Linear
    from assay.models.majority import Majority
    from assay.models.saving import save_model
    from assay.ray_batch import predict_dataset
    from assay.recipes.compare import compare_run
    from assay.recipes.draw import (
        draw_classes,
        draw_confusions,
        draw_epochs,
        draw_lengths,
        draw_text_map,
    )
    from assay.recipes.embed import embed_texts
    from assay.recipes.evaluate import evaluate_model
    from assay.recipes.explore import explore_data
    from assay.recipes.export import export_model
    from assay.recipes.fix import fix_data
    from assay.recipes.run import RunOptions, run_data
    from assay.recipes.steps.prepare import DataOptions
    from assay.recipes.tokens import show_tokens
    from assay.recipes.train import train_model
    from assay.recipes.verify import verify_model
    from assay.runtime.explain import explain_text
    from assay.runtime.predictor import Model, load_model

from assay._version import __version__ as __version__

__all__ = [
    "AssayError",
    "Compact",
    "DataOptions",
    "Features",
    "Finetune",
    "FrozenEncoder",
    "LabelSet",
    "LabelledTexts",
    "Linear",
    "Majority",
    "Model",
    "RunOptions",
    "Splits",
    "audit_data",
    "compare_run",
    "cut_missing",
    "draw_classes",
    "draw_confusions",
    "draw_epochs",
    "draw_lengths",
    "draw_text_map",
    "embed_texts",
    "evaluate_model",
    "explain_text",
    "explore_data",
    "export_model",
    "find_datasets",
    "fix_data",
    "load_data",
    "load_model",
    "login",
    "predict_dataset",
    "predict_file",
    "pull_model",
    "push_model",
    "run_data",
    "save_model",
    "show_tokens",
    "train_model",
    "verify_model",
    "write_issues",
]

# Public name -> the module that holds it.
HOMES = {
    "AssayError": "errors",
    "Compact": "models.compact",
    "DataOptions": "recipes.steps.prepare",
    "Features": "models.features",
    "Finetune": "models.finetune",
    "FrozenEncoder": "checkpoints.frozen",
    "LabelSet": "data.labels",
    "LabelledTexts": "data.texts",
    "Linear": "models.linear",
    "Majority": "models.majority",
    "Model": "runtime.predictor",
    "RunOptions": "recipes.run",
    "Splits": "data.texts",
    "audit_data": "audit.checks",
    "compare_run": "recipes.compare",
    "cut_missing": "data.split",
    "draw_classes": "recipes.draw",
    "draw_confusions": "recipes.draw",
    "draw_epochs": "recipes.draw",
    "draw_lengths": "recipes.draw",
    "draw_text_map": "recipes.draw",
    "embed_texts": "recipes.embed",
    "evaluate_model": "recipes.evaluate",
    "explain_text": "runtime.explain",
    "explore_data": "recipes.explore",
    "export_model": "recipes.export",
    "find_datasets": "hub.datasets",
    "fix_data": "recipes.fix",
    "load_data": "data.load",
    "load_model": "runtime.predictor",
    "login": "hub.access",
    "predict_dataset": "ray_batch",
    "predict_file": "batch",
    "pull_model": "hub.pull",
    "push_model": "hub.push",
    "run_data": "recipes.run",
    "save_model": "models.saving",
    "show_tokens": "recipes.tokens",
    "train_model": "recipes.train",
    "verify_model": "recipes.verify",
    "write_issues": "audit.checks",
}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
