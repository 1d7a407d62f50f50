"""What is said when the Hub says no, and when it is asked again. Also tests assay._hub_errors."""

from __future__ import annotations

import pytest
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import httpx

from assay.errors import InputError, OutsideError
from assay.hub.refusals import ask_patiently, explain_refusals
from assay.progress import Progress


class Heard(Progress):
    """Keeps what it was told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        """Keep the sentence."""
        self.sentences.append(sentence)


def refusal(status, headers=None):
    """Make what the client raises at an HTTP status."""
    request = httpx.Request("GET", "http://127.0.0.1/api")
    response = httpx.Response(status, headers=headers, request=request)
    return HfHubHTTPError("refused", response=response)


def test_passing_trouble_is_asked_again_and_other_trouble_is_not():
    """Busy and broken servers get another chance, after as long as they ask for; a refusal is final."""
    heard, answers = Heard(), [refusal(429, {"retry-after": "0"}), refusal(503), "done"]

    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert ask_patiently(ask, progress=heard, waits_s=(0.0, 0.0)) == "done"
    assert [sentence.split(";")[0] for sentence in heard.sentences] == [
        "the Hub did not answer (HTTP 429)",
        "the Hub did not answer (HTTP 503)",
    ]
    answers[:] = [refusal(403), "done"]
    with pytest.raises(HfHubHTTPError, match="refused"):
        ask_patiently(ask, waits_s=(0.0,))
    answers[:] = [refusal(500)] * 2
    with pytest.raises(HfHubHTTPError, match="refused"):
        ask_patiently(ask, waits_s=(0.0,))


@pytest.mark.parametrize(
    ("err", "kind", "said"),
    [
        (refusal(401), InputError, "the Hub does not accept your token"),
        (refusal(403), InputError, "this account or its token may not do that at 'me/mood'"),
        (refusal(409), OutsideError, "'me/mood' was changed by somebody else meanwhile"),
        (refusal(429), OutsideError, "the Hub takes no more requests for now"),
        (refusal(502), OutsideError, r"the Hub failed \(HTTP 502\)"),
        (refusal(413), InputError, r"the Hub refuses it \(HTTP 413\)"),
        (ConnectionResetError("reset"), OutsideError, "or the connection was cut"),
        (ValueError("Invalid metadata"), InputError, "could not push: Invalid metadata"),
    ],
    ids=["401", "403", "409", "429", "502", "413", "reset", "metadata"],
)
def test_refusals_are_explained(err, kind, said):
    """Each refusal becomes one sentence of the kind whose exit code says whose turn it is."""
    with (
        pytest.raises(kind, match=said),
        explain_refusals("push", again="assay push", repo="me/mood"),
    ):
        raise err
