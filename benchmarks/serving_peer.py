"""A peer of `assay serve`: LitServe over the same runtime, or over a stock transformers pipeline.

Run by benchmarks/serving.py in the environment of requirements-serving.txt.
"""

from __future__ import annotations

import argparse
from typing import Any

import litserve


class Runtime(litserve.LitAPI):
    """The same model folder through the same runtime as `assay serve`."""

    def __init__(self, folder: str, *, n_threads: int, **options: Any) -> None:
        super().__init__(**options)
        self.folder, self.n_threads = folder, n_threads

    def setup(self, device: str) -> None:
        """Load the model in the worker."""
        from assay.runtime import load_model

        self.model = load_model(self.folder, n_threads=self.n_threads)

    def decode_request(self, request) -> str:  # noqa: ANN001 - LitServe takes an annotation for a form of requests
        """Return the text."""
        return str(request["inputs"])

    def predict(self, texts: Any) -> Any:
        """Score a text, or a batch of them."""
        is_one = isinstance(texts, str)
        rows = self.model.predict_proba([texts] if is_one else list(texts))
        return rows[0] if is_one else list(rows)

    def encode_response(self, row: Any) -> list[dict[str, Any]]:
        """Return labels with their scores, highest first."""
        ranked = sorted(zip(self.model.labels, row.tolist(), strict=True), key=lambda one: -one[1])
        return [{"label": label, "score": score} for label, score in ranked]


class Pipeline(Runtime):
    """The stock checkpoint of a finetune model through transformers' pipeline."""

    def setup(self, device: str) -> None:
        """Load the pipeline in the worker."""
        import torch
        import transformers

        torch.set_num_threads(self.n_threads)
        self.pipeline = transformers.pipeline(
            "text-classification", model=self.folder, top_k=None, device="cpu"
        )

    def predict(self, texts: Any) -> Any:
        """Score a text, or a batch of them."""
        is_one = isinstance(texts, str)
        found = self.pipeline([texts] if is_one else list(texts), truncation=True)
        return found[0] if is_one else found

    def encode_response(self, row: Any) -> list[dict[str, Any]]:
        """Return labels with their scores, highest first, as they come."""
        return list(row)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", choices=["runtime", "pipeline"], default="runtime")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--timeout-s", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    batching = (
        {"max_batch_size": given.batch, "batch_timeout": given.timeout_s} if given.batch > 1 else {}
    )
    kind = Runtime if given.kind == "runtime" else Pipeline
    api = kind(given.model, n_threads=given.threads, **batching)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=given.port, generate_client_file=False, log_level="error")


if __name__ == "__main__":
    main()
