"""The application against its own description: what it allows is answered as it says, and no more."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from assay.server import Limits, create_app

OPERATIONS = [
    ("POST", "/predict"),
    ("POST", "/"),
    ("POST", "/v1/classify"),
    ("POST", "/explain"),
    ("GET", "/info"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/metrics"),
]
# Where nothing is sent, nothing can be sent wrong.
CASES = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)[: 2 if method == "POST" else 1]
]


@pytest.fixture(scope="module")
def description(shelf):
    """Load the description that the application serves, of small limits."""
    app = create_app(
        shelf, limits=Limits(max_batch_texts=4, max_text_chars=50, max_body_bytes=5_000)
    )
    config = schemathesis.Config.from_dict(
        {"checks": {"negative_data_rejection": {"expected-statuses": ["400", "404", "413", "422"]}}}
    )
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


def test_description_names_every_operation(description):
    """What is tested below is all there is."""
    found = [result.ok() for result in description.get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in found) == sorted(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    CASES,
    ids=[f"{path}-{mode.name.lower()}" for _, path, mode in CASES],
)
def test_every_answer_is_as_described(description, method, path, mode):
    """Made-up requests, right and wrong: right ones are taken, wrong ones refused, all answers have the given shape."""
    operation = description[path][method]

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
            case.body.pop(
                "label", None
            )  # labels are the model's: a schema, which may outlive it, cannot list them
            # The schema cannot say that the query and the body must name the same model.
            case.body.pop("model", None)
            # Nor can it say which function goes with a model: its models have one label per text.
            parameters = case.body.get("parameters")
            if isinstance(parameters, dict) and "function_to_apply" in parameters:
                parameters["function_to_apply"] = "softmax"
            if (case.query or {}).get("model", "linear") != "linear":
                case.body.pop("nearest", None)  # only the first model keeps training texts
        case.call_and_validate()

    check()
