"""Kinds of transformers that need no trial."""

from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from assay.checkpoints.known_kinds import KNOWN_KINDS


def test_known_kinds_are_kinds_of_transformers_that_classify_texts():
    """A name that is spelt otherwise would be tried for nothing."""
    assert set(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES) >= KNOWN_KINDS


def test_kinds_of_the_aliases_are_known():
    """`minilm` and `e5` are of the kind bert: no trial delays them."""
    assert "bert" in KNOWN_KINDS
    assert not {"xlnet", "fnet", "funnel", "mamba"} & KNOWN_KINDS
