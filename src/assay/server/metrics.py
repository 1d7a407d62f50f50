"""Counts and times in Prometheus form, in a registry that belongs to the application.

Owns prometheus_client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import prometheus_client as prometheus

from assay.server.shared_metrics import Snapshot

__all__ = ["Metrics", "render_snapshot"]

MS = 0.001
LATENCY_BUCKETS_S = (
    *(0.5 * MS, 1 * MS, 2 * MS, 3 * MS, 5 * MS, 7.5 * MS, 10 * MS, 20 * MS, 30 * MS, 50 * MS),
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
PASS_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)  # texts


class Metrics:
    """Everything that /metrics shows.

    Parameters
    ----------
    count_waiting : callable
        Returns how many texts wait to be scored.
    """

    def __init__(self, count_waiting: Callable[[], int]) -> None:
        self.registry = prometheus.CollectorRegistry()
        self._requests = self._counter(
            "requests", "Requests answered.", "route", "method", "status"
        )
        self._seconds = prometheus.Histogram(
            "assay_request_seconds",
            "From request to answer.",
            ["route"],
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self._pass_texts = prometheus.Histogram(
            "assay_pass_texts",
            "Texts that went through a model together.",
            buckets=PASS_BUCKETS,
            registry=self.registry,
        )
        self._pass_seconds = self._counter("pass_seconds", "Time spent in models.")
        self._texts = self._counter("texts", "Texts scored for an answer.", "model")
        self._labels = self._counter("labels", "Labels predicted.", "model", "label")
        self._abstained = self._counter("abstained", "Texts without an answer.", "model")
        self._out_of_scope = self._counter(
            "out_of_scope", "Texts unlike the training data.", "model"
        )
        self._reloads = self._counter("reloads", "Models loaded again.", "model", "outcome")
        self.in_flight = self._gauge("requests_in_flight", "Requests in work.")
        self._gauge("queue_texts", "Texts that wait.").set_function(count_waiting)
        # Finding the child of a metric by its labels costs more than counting: keep each child.
        self._request_child = cache(self._requests.labels)
        self._seconds_child = cache(self._seconds.labels)
        self._label_child = cache(self._labels.labels)
        self._texts_child = cache(self._texts.labels)

    def _counter(self, name: str, description: str, *labels: str) -> prometheus.Counter:
        return prometheus.Counter(f"assay_{name}", description, labels, registry=self.registry)

    def _gauge(self, name: str, description: str) -> prometheus.Gauge:
        return prometheus.Gauge(f"assay_{name}", description, registry=self.registry)

    def note_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer.

        `route` and `method` must come from closed sets, so that a stranger cannot make new series.
        """
        self._request_child(route, method, str(status)).inc()
        self._seconds_child(route).observe(seconds)

    def note_pass(self, n_texts: int, seconds: float) -> None:
        """Count a pass through a model."""
        self._pass_texts.observe(n_texts)
        self._pass_seconds.inc(seconds)

    def note_labels(self, model: str, labels: list[str], *, n_texts: int) -> None:
        """Count the labels that were predicted for so many texts."""
        self._texts_child(model).inc(n_texts)
        for label in labels:
            self._label_child(model, label).inc()

    def note_caveats(self, model: str, *, n_abstained: int, n_out_of_scope: int) -> None:
        """Count the texts that got no answer, and the texts unlike the training data."""
        self._abstained.labels(model).inc(n_abstained)
        self._out_of_scope.labels(model).inc(n_out_of_scope)

    def note_reload(self, model: str, is_loaded: bool) -> None:  # noqa: FBT001 - a callback
        """Count a model that was loaded again, or refused."""
        self._reloads.labels(model, "loaded" if is_loaded else "refused").inc()

    def render(self) -> tuple[bytes, str]:
        """Return what /metrics sends, and its content type."""
        return _render(self.registry)


class _Summed:
    """A registry, as far as it is rendered, of values that were counted elsewhere."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[prometheus.Metric]:
        """Yield each metric with its samples."""
        for family in self._snapshot:
            metric = prometheus.Metric(family["name"], family["description"], family["kind"])
            for name, labels, value in family["samples"]:
                metric.add_sample(name, labels, value)
            yield metric


def render_snapshot(snapshot: Snapshot) -> tuple[bytes, str]:
    """Return metrics of several processes as `Metrics.render` does those of one."""
    return _render(_Summed(snapshot))


def _render(registry: prometheus.CollectorRegistry | _Summed) -> tuple[bytes, str]:
    content = prometheus.generate_latest(registry)  # type: ignore[arg-type]  # it only collects
    return content, prometheus.CONTENT_TYPE_PLAIN_0_0_4
