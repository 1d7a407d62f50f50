"""The table of methods: names, order of cost, and estimators made from it.

The tests of scikit-learn's contract, in test_scikit_tools, take `majority` with the others.
"""

import pytest

import assay.models
from assay.errors import InputError
from assay.models import METHODS, check_methods, make_estimator, select_parameters


def test_methods_stand_in_order_of_cost():
    """Every "cheapest" of a report uses this order."""
    assert list(METHODS) == ["majority", "linear", "compact", "features", "finetune"]


@pytest.mark.parametrize("method", METHODS)
def test_estimator_is_made_by_name(method):
    """The class says the same name; the seed is given to methods that have one."""
    estimator = make_estimator(method, seed=3)
    assert estimator.method == method
    assert estimator.get_params(deep=False).get("seed", 3) == 3


@pytest.mark.parametrize(
    ("method", "name", "meant"),
    [
        ("compact", "epochs", r" Did you mean 'n_epochs'\?"),
        ("linear", "n_epoch", ""),
        ("finetune", "learning_rat", r" Did you mean 'learning_rate'\?"),
    ],
)
def test_unknown_parameter_is_refused(method, name, meant):
    """A misspelt parameter is not ignored: the error names the parameters and the closest one."""
    with pytest.raises(
        InputError,
        match=rf"method '{method}' has no parameter '{name}'; parameters: \w+, .*\.{meant}",
    ):
        make_estimator(method, **{name: 2})


def test_unknown_parameter_of_a_method_without_parameters_is_refused():
    """`majority` has none, and says so."""
    with pytest.raises(InputError, match="'majority' has no parameter 'C'; parameters: none"):
        make_estimator("majority", C=1.0)


@pytest.mark.parametrize("method", METHODS)
def test_selected_parameters_are_those_that_the_method_has(method):
    """One set of options serves every method."""
    options = {"checkpoint": "some", "n_epochs": 2, "C": 1.0}
    estimator = make_estimator(method, **select_parameters(method, options))
    given = estimator.get_params(deep=False)
    assert {name: given[name] for name in options if name in given} == select_parameters(
        method, options
    )


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
