"""The table of methods: names, order of cost, and estimators made from it."""

import pytest

import assay.models
from assay.errors import InputError
from assay.models import METHODS, check_methods, make_estimator


def test_methods_stand_in_order_of_cost():
    """Every "cheapest" of a report uses this order."""
    assert list(METHODS) == ["majority", "linear", "compact", "features", "finetune"]


@pytest.mark.parametrize("method", METHODS)
def test_estimator_is_made_by_name(method):
    """The class says the same name, and parameters of other methods are left out."""
    estimator = make_estimator(method, seed=3, checkpoint="some", n_epochs=2)
    assert estimator.method == method
    given = estimator.get_params(deep=False)
    assert given.get("seed", 3) == 3
    assert given.get("checkpoint", "some") == "some"
    assert given.get("n_epochs", 2) == 2


def test_unknown_method_is_refused():
    """The methods there are, and the one that was meant."""
    with pytest.raises(
        InputError, match=r"unknown method 'finetun'; .*\. Did you mean 'finetune'\?"
    ):
        make_estimator("finetun")
    with pytest.raises(InputError, match="unknown method 'svm'"):
        check_methods(["linear", "svm"])


def test_methods_are_sorted_and_counted_once():
    """However they were given, they come in order of cost."""
    assert check_methods(["finetune", "majority", "finetune"]) == ["majority", "finetune"]


@pytest.mark.parametrize("name", assay.models.__all__)
def test_public_name_resolves(name):
    """Each name that the room offers is there, and listed."""
    assert getattr(assay.models, name) is not None
    assert name in dir(assay.models)


def test_unknown_name_is_an_attribute_error():
    """A misspelt name fails as everywhere in Python."""
    with pytest.raises(AttributeError, match=r"module 'assay\.models' has no attribute 'Liner'"):
        _ = assay.models.Liner
