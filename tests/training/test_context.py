"""What a fit may use besides its texts: weights of classes, a score, held-out rows."""

import numpy as np
import pytest

from assay.errors import InputError
from assay.training.context import FitContext, weigh_classes, weigh_labels

CLASSES = np.array(["joy", "sadness"])
LABEL_IDS = np.array([0, 0, 0, 1])


def test_balanced_weights_make_classes_count_alike():
    """Three texts of weight 2/3 count as much as one text of weight 2."""
    weights = weigh_classes("balanced", CLASSES, LABEL_IDS)
    assert weights == pytest.approx([4 / (2 * 3), 4 / (2 * 1)])
    assert weights[LABEL_IDS].sum() == pytest.approx(len(LABEL_IDS))


def test_weights_may_be_given_by_label():
    """A label that the mapping lacks has weight 1; None gives no weights at all."""
    assert weigh_classes({"sadness": 5.0}, CLASSES, LABEL_IDS).tolist() == [1.0, 5.0]
    assert weigh_classes(None, CLASSES, LABEL_IDS) is None


def test_other_weights_are_refused():
    """A word that is not known, and a label that does not exist."""
    with pytest.raises(InputError, match=r"^class_weight is 'equal'; 'balanced', one weight per"):
        weigh_classes("equal", CLASSES, LABEL_IDS)
    with pytest.raises(InputError, match=r"^class_weight cannot be used: "):
        weigh_classes({"anger": 2.0}, CLASSES, LABEL_IDS)


def test_texts_with_a_label_count_as_those_without_it():
    """Balanced, by label, or not at all; a label that all or no texts have keeps weight 1."""
    indicator = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 1]])
    labels = np.array(["joy", "never", "always"])
    assert weigh_labels("balanced", labels, indicator).tolist() == [3.0, 1.0, 1.0]
    assert weigh_labels({"never": 2.0}, labels, indicator).tolist() == [1.0, 2.0, 1.0]
    assert weigh_labels(None, labels, indicator) is None
    with pytest.raises(InputError, match=r"^class_weight is 'equal'; 'balanced', one weight per"):
        weigh_labels("equal", labels, indicator)


def test_validation_is_encoded_where_there_is_one():
    """Without validation there is nothing to choose an epoch by."""

    class Tokenizer:
        def encode_texts(self, texts):
            return [len(text) for text in texts]

    assert FitContext().encode_validation(Tokenizer()) is None
    given = FitContext(validation_texts=["a", "bc"], validation_ids=np.array([1, 0]))
    encoded, label_ids = given.encode_validation(Tokenizer())
    assert (encoded, label_ids.tolist()) == ([1, 2], [1, 0])
