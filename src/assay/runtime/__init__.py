"""All that prediction needs, without torch: the model folder, and scores from it."""

from assay.runtime.folder import Layout, Manifest, atomic_folder, read_folder, seal_folder
from assay.runtime.predictor import Model, load_model

__all__ = [
    "Layout",
    "Manifest",
    "Model",
    "atomic_folder",
    "load_model",
    "read_folder",
    "seal_folder",
]
