"""The Hugging Face Hub: log in, push a model, pull a model, look for data sets.

All of it goes through `huggingface_hub`.
"""

from __future__ import annotations

from assay.hub.access import Account, login
from assay.hub.datasets import DatasetFacts, DatasetMatches, find_datasets
from assay.hub.pull import Pulled, pull_model
from assay.hub.push import Pushed, push_model

__all__ = [
    "Account",
    "DatasetFacts",
    "DatasetMatches",
    "Pulled",
    "Pushed",
    "find_datasets",
    "login",
    "pull_model",
    "push_model",
]
