"""Arguments of a wrong type are refused in a sentence that names them, at every public name."""

from __future__ import annotations

import inspect
import io
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pytest

import assay
import assay.progress
from _support.small_models import small_data
from assay._arguments import check_fields, checked
from assay.errors import AssayError, InputError

# One value of each kind that people hand over by mistake.
WRONG = ("no such text", 7, None, {"a": 1}, Path("no/such/path"), object())
# Words of an annotation -> the kinds of values above that it accepts.
ACCEPTS = {
    "str": (str,),
    "Path": (str, Path),
    "int": (int,),
    "float": (int,),
    "None": (type(None),),
    "Mapping": (dict,),
    "TrainingDataEntry": (dict,),
    "Costs": (dict,),
    "ClassWeight": (str, dict, type(None)),  # its words are checked where it is used
    "object": (object,),
}
# Arguments of the annotation Any for which None means something.
NONE_IS_ACCEPTED = {("verify_model", "splits"), ("export_model", "data")}
# Arguments that are looked at after others which a quick call gets wrong: the model of these tests
# cannot be exported.
SKIPPED = {("export_model", "data")}
# Arguments of one function, where what all others take would not do.
OWN = {
    "fix_data": {"data": "none.csv"},
    "load_data": {"data": (["a", "b"], ["x", "y"])},
    "predict_file": {"out": "none.jsonl"},
}
# What is no function of its own arguments: an exception takes any message.
LEFT_OUT = {"AssayError"}
ESTIMATORS = ("Majority", "Linear", "Features", "Compact", "Finetune")
RECORDS = ("DataOptions", "RunOptions", "LabelSet", "LabelledTexts", "Splits")
CLASSES = {*ESTIMATORS, *RECORDS, "FrozenEncoder", "Model"}
FUNCTIONS = sorted(set(assay.__all__) - LEFT_OUT - CLASSES)


def accepted(written: str, value: object) -> bool:
    """Tell whether a value is of an annotated type, by the words of the annotation."""
    written = re.sub(r"\[.*?\]+", "", written)  # what a container holds
    return any(
        isinstance(value, kinds)
        for word, kinds in ACCEPTS.items()
        if re.search(rf"\b{word}\b", written)
    )


def refusal(name: str, value: object, call: Any) -> str | None:
    """Call; return what is wrong with the refusal, None if it is as it should be."""
    given = f"{name}={value!r}"
    try:
        call()
    except (AssayError, ValueError, TypeError, OSError) as err:
        sentence = str(err)
        if re.search(r"__\w+__|object at 0x|unexpected keyword", sentence):
            return f"{given}: speaks of the inside: {sentence}"
        names = (name, "data") if name == "splits" else (name,)  # load_data speaks of its data
        if any(re.search(rf"\b{one}\b", sentence) for one in names):
            return None
        if isinstance(value, str | Path) and str(value) in sentence:
            return None
        return f"{given}: does not name it: {type(err).__name__}: {sentence}"
    except Exception as err:
        return f"{given}: {type(err).__name__}: {err}"
    return f"{given}: accepted"


def wrong_calls(function: Any, good: dict[str, Any], *, label: str) -> list[str]:
    """Give each argument each wrong value in turn; return what is wrong with the refusals."""
    problems = []
    for name, parameter in inspect.signature(function).parameters.items():
        written = str(parameter.annotation)
        if name == "self" or parameter.kind is parameter.VAR_KEYWORD or (label, name) in SKIPPED:
            continue
        for value in WRONG:
            is_any = written == "Any"
            if is_any and value is None and (label, name) in NONE_IS_ACCEPTED:
                continue
            if not is_any and accepted(written, value):
                continue
            if label.startswith("LabelSet.") and isinstance(value, dict):
                continue  # its keys are labels, as wherever Python iterates
            if parameter.kind is parameter.VAR_POSITIONAL:
                problem = refusal(name, value, lambda value=value: function(value))
            else:
                arguments = {**good, name: value}
                problem = refusal(name, value, lambda a=arguments: function(**a))
            if problem:
                problems.append(f"{label}: {problem}")
    return problems


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make what the functions take: data, a model, an evaluation, an audit."""
    root = tmp_path_factory.mktemp("arguments")
    texts, labels = small_data(40)
    splits = assay.cut_missing(
        assay.load_data((texts, labels)), seed=0, validation_fraction=0.25, test_fraction=0.25
    )
    estimator = assay.Majority().fit(texts, labels)
    model = root / "model"
    assay.save_model(estimator, model, parity_texts=texts[:4])
    return {
        "audit": assay.audit_data(splits, method=None),
        "data": splits,
        "splits": splits,
        "evaluation": assay.evaluate_model(model, splits),
        "estimator": estimator,
        "linear": assay.Linear(C=1.0).fit(texts, labels),
        "model": model,
        "model_folder": model,
        "folder": model,
        "run": root / "no-run",
        "out": root / "out",
        "repo": "someone/model",
        "source": root / "none.csv",
        "decisions": root / "none.csv",
        "text": "a text",
        "texts": ["a text"],
        "method": "majority",
        "seed": 0,
        "export_format": "onnx",
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_refuse_wrong_types(name, made):
    """Every public function, every argument, every kind of wrong value."""
    function = getattr(assay, name)
    good = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is parameter.empty and parameter.name in made:
            good[parameter.name] = made[parameter.name]
    good.update(OWN.get(name, {}))
    assert wrong_calls(function, good, label=name) == []


@pytest.mark.parametrize("name", [*ESTIMATORS, "FrozenEncoder"])
def test_estimators_refuse_wrong_types_when_they_are_used(name):
    """Not before: scikit-learn's contract has `__init__` store what it is given."""
    cls = getattr(assay, name)
    texts, labels = small_data(12)

    def fit(**parameters: Any) -> None:
        estimator = cls(**parameters)
        if name == "FrozenEncoder":
            estimator.transform(texts)
        else:
            estimator.fit(texts, labels)

    if name != "Majority":  # it has no parameters
        fit.__signature__ = inspect.signature(cls.__init__)
        assert wrong_calls(fit, {}, label=name) == []
    good = {"X": texts, "y": labels, "texts": texts}
    estimator = cls()

    def transform(texts: list[str], progress: assay.progress.Progress | None = None) -> Any:
        return estimator.transform(texts, progress=progress)  # scikit-learn wraps it by place

    method = transform if name == "FrozenEncoder" else estimator.fit
    wanted = {key: good[key] for key in inspect.signature(method).parameters if key in good}
    assert wrong_calls(method, wanted, label=f"{name}.{method.__name__}") == []


@pytest.mark.parametrize("name", RECORDS)
def test_records_refuse_wrong_types(name, made):
    """A wrong value is refused where it is written, not where it is used."""
    splits = made["splits"]
    good = {
        "LabelSet": {"names": ("a", "b")},
        "LabelledTexts": {"texts": ("a",), "labels": ("b",)},
        "Splits": {"parts": dict(splits), "label_set": splits.label_set, "source": "memory"},
    }
    assert wrong_calls(getattr(assay, name), good.get(name, {}), label=name) == []


METHODS = {
    "LabelSet": ("ids", "indicator", "encode", "members"),
    "Model": ("predict", "predict_proba", "scope", "nearest", "count_tokens", "is_long", "decide"),
    "Linear": ("predict", "predict_proba", "calibrate"),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_refuse_wrong_types(name, made):
    """The public methods of what the functions return."""
    holder = {
        "LabelSet": assay.LabelSet(("a", "b")),
        "Model": assay.load_model(made["model"]),
        "Linear": made["linear"],
    }[name]
    texts, labels = small_data(12)
    good = {"texts": texts, "X": texts, "y": labels, "labels": ["a"], "probs": np.eye(3)}
    for method in METHODS[name]:
        function = getattr(holder, method)
        wanted = {key: good[key] for key in inspect.signature(function).parameters if key in good}
        assert wrong_calls(function, wanted, label=f"{name}.{method}") == []


def test_unknown_options_are_named():
    """With the name of the function that was called, and what may have been meant."""
    with pytest.raises(TypeError, match=r"train_model\(\) has no option 'sed'.*mean 'seed'"):
        assay.train_model("a.csv", "m", method="linear", sed=1)
    with pytest.raises(TypeError, match=r"load_data\(\) has no option 'delimeter'.*'delimiter'"):
        assay.load_data((["a"], ["b"]), delimeter=";")


def test_wrong_types_come_with_advice():
    """Where an object of assay is wanted, the sentence says what makes it."""
    with pytest.raises(InputError) as found:
        assay.cut_missing("x.csv", seed=0)
    assert found.value.message == "splits is 'x.csv'; Splits is accepted"
    assert found.value.hint == "load_data(...) returns Splits"


def test_functions_say_themselves_what_is_missing():
    """Python's own sentence, with the name of the function."""
    with pytest.raises(TypeError, match=r"cut_missing\(\) missing"):
        assay.cut_missing()


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (int, "3", "x is '3'; a whole number is accepted"),
        (int, 1.5, "x is 1.5; a whole number is accepted"),
        (bool, 1, "x is 1; True or False is accepted"),
        (str | Path | None, 3, "x is 3; a text or a path is accepted"),
        (dict[str, int], [1], "x is of the type list; a dict is accepted"),
        (list[str] | None, 3, "x is 3; a sequence of texts is accepted"),
        (Literal["a", "b"], "c", "x is 'c'; 'a' or 'b' is accepted"),
    ],
)
def test_sentences(annotation, value, words):
    """The name, what was given, what is accepted."""

    def function(x):
        return x

    function.__annotations__["x"] = annotation
    with pytest.raises(InputError) as found:
        checked(function)(value)
    assert found.value.message == words


def test_numbers_of_numpy_are_numbers():
    """They come out of arrays and frames."""

    @checked
    def function(n: int, share: float = 0.5) -> float:
        return n * share

    assert function(np.int64(4), share=np.float32(0.5)) == 2
    assert function(4, 1) == 4


def test_streams_are_known_by_what_they_do():
    """No class of io is a `typing.IO`."""

    @checked
    def function(source: str | IO[Any]) -> str:
        return type(source).__name__

    assert function(io.BytesIO(b"")) == "BytesIO"
    with pytest.raises(InputError, match="source is 3; a text or a stream is accepted"):
        function(3)


def test_fields_of_a_base_class_are_checked():
    """An annotation is looked up in the class that wrote it."""

    @dataclass
    class Base:
        n: int = 1

    @dataclass
    class Derived(Base):
        name: str = ""

        def __post_init__(self) -> None:
            check_fields(self)

    assert len(fields(Derived())) == 2
    with pytest.raises(InputError, match="n is 'a'; a whole number"):
        Derived(n="a")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a\0b", "it holds a character that no file has in its name"),
        ("folder/" + "a" * 5000, "it is longer than names of files may be"),
        (Path("b" * 5000), "it is longer than names of files may be"),
    ],
    ids=["null", "long", "long Path"],
)
@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("folder", assay.load_model),
        ("model_folder", assay.verify_model),
        ("data", lambda path: assay.fix_data(path, "decisions.csv", "out.csv")),
        ("out", lambda path: assay.fix_data("data.csv", "decisions.csv", path)),
    ],
)
def test_path_that_no_file_can_have_is_refused(name, ask, path, reason):
    """The system says so with a ValueError or an OSError, which depends on where it is asked."""
    with pytest.raises(InputError, match=rf"^{name} is no path: {reason} \("):
        ask(path)
