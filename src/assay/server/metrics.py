"""Counts and times in Prometheus form, in a registry of the application's own.

Owns prometheus_client.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import prometheus_client as prometheus

__all__ = ["Metrics"]

LATENCY_BUCKETS = (
    0.0005,
    0.001,
    0.002,
    0.003,
    0.005,
    0.0075,
    0.01,
    0.02,
    0.03,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    30,
)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Everything that /metrics shows.

    Parameters
    ----------
    count_waiting : callable
        Returns how many texts wait.
    """

    def __init__(self, count_waiting: Callable[[], int]) -> None:
        self.registry = prometheus.CollectorRegistry()
        make = {"registry": self.registry}
        self._requests = prometheus.Counter(
            "assay_requests", "Requests answered.", ["route", "method", "status"], **make
        )
        self._seconds = prometheus.Histogram(
            "assay_request_seconds",
            "From request to answer.",
            ["route"],
            buckets=LATENCY_BUCKETS,
            **make,
        )
        self._pass_texts = prometheus.Histogram(
            "assay_pass_texts",
            "Texts that went through a model together.",
            buckets=BATCH_BUCKETS,
            **make,
        )
        self._pass_seconds = prometheus.Counter(
            "assay_pass_seconds", "Time spent in models.", **make
        )
        self._texts = prometheus.Counter(
            "assay_texts", "Texts scored for an answer.", ["model"], **make
        )
        self._labels = prometheus.Counter(
            "assay_labels", "Labels predicted.", ["model", "label"], **make
        )
        self._abstained = prometheus.Counter(
            "assay_abstained", "Texts without an answer.", ["model"], **make
        )
        self._out_of_scope = prometheus.Counter(
            "assay_out_of_scope", "Texts unlike the training data.", ["model"], **make
        )
        self._reloads = prometheus.Counter(
            "assay_reloads", "Models loaded again.", ["model", "outcome"], **make
        )
        self.in_flight = prometheus.Gauge("assay_requests_in_flight", "Requests in work.", **make)
        waiting = prometheus.Gauge("assay_queue_texts", "Texts that wait.", **make)
        waiting.set_function(count_waiting)
        # Looking a child up by its labels costs more than counting: each is looked up once.
        self._request_child = cache(self._requests.labels)
        self._seconds_child = cache(self._seconds.labels)
        self._label_child = cache(self._labels.labels)
        self._texts_child = cache(self._texts.labels)

    def note_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer.

        Route and method come from closed sets: a stranger cannot make new series.
        """
        self._request_child(route, method, str(status)).inc()
        self._seconds_child(route).observe(seconds)

    def note_pass(self, n_texts: int, seconds: float) -> None:
        """Count a pass through a model."""
        self._pass_texts.observe(n_texts)
        self._pass_seconds.inc(seconds)

    def note_labels(self, model: str, labels: list[str]) -> None:
        """Count the labels that were predicted for texts."""
        self._texts_child(model).inc(len(labels))
        for label in labels:
            self._label_child(model, label).inc()

    def note_doubts(self, model: str, *, n_abstained: int, n_out_of_scope: int) -> None:
        """Count the texts that were not answered, and those unlike the training data."""
        self._abstained.labels(model).inc(n_abstained)
        self._out_of_scope.labels(model).inc(n_out_of_scope)

    def note_reload(self, model: str, is_loaded: bool) -> None:  # noqa: FBT001 - called by the shelf, by position
        """Count a model that was loaded again, or refused."""
        self._reloads.labels(model, "loaded" if is_loaded else "refused").inc()

    def render(self) -> tuple[bytes, str]:
        """Return what /metrics sends, and its content type."""
        return prometheus.generate_latest(self.registry), prometheus.CONTENT_TYPE_PLAIN_0_0_4
