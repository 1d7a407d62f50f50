"""A fact goes into JSON and comes back; how it is told is tested in test_language.py, markup in test_sentence.py."""

from assay.catalogue import Fact


def test_fact_survives_json():
    """Kind and values are one flat object; the markup of values is tested in test_sentence.py."""
    fact = Fact.of("choice.only", method="linear", accuracy=0.91, n_texts=200)
    assert Fact.from_dict(fact.to_dict()) == fact
    assert list(fact.to_dict()) == ["kind", "method", "accuracy", "n_texts"]
