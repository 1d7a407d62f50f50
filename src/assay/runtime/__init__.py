"""All that prediction needs, without torch: the model folder, and scores from it."""

from assay.runtime.folder import read_folder, seal_folder
from assay.runtime.layout import Layout
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model, load_model

__all__ = ["Layout", "Manifest", "Model", "load_model", "read_folder", "seal_folder"]
