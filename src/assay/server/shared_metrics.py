"""Metrics of several processes as one set: taken from each as plain values, then added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypedDict

__all__ = ["Family", "Snapshot", "add_up", "keep_totals", "make_family", "take_snapshot"]

Sample: TypeAlias = tuple[str, dict[str, str], float]  # name, labels, value


class Family(TypedDict):
    """One metric with all its samples, ready for JSON."""

    name: str
    kind: str
    description: str
    samples: list[Sample]


Snapshot: TypeAlias = list[Family]


def take_snapshot(registry: Any) -> Snapshot:
    """Return what a registry of prometheus_client holds."""
    families: Snapshot = []
    for metric in registry.collect():
        samples = [(one.name, dict(one.labels), one.value) for one in metric.samples]
        families.append(
            {
                "name": metric.name,
                "kind": metric.type,
                "description": metric.documentation,
                "samples": samples,
            }
        )
    return families


def make_family(name: str, kind: str, description: str, value: float) -> Family:
    """Return a metric with one sample."""
    sample_name = f"{name}_total" if kind == "counter" else name
    return {
        "name": name,
        "kind": kind,
        "description": description,
        "samples": [(sample_name, {}, value)],
    }


def keep_totals(snapshot: Snapshot) -> Snapshot:
    """Return what still counts when a process has ended: all but what it held at that moment."""
    return [family for family in snapshot if family["kind"] != "gauge"]


def add_up(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Return the sum of all processes; of times at which a counter began, the first.

    >>> one = [make_family("asked", "counter", "Questions.", 2.0)]
    >>> add_up([one, one])[0]["samples"]
    [('asked_total', {}, 4.0)]
    """
    merged: dict[str, Family] = {}
    for snapshot in snapshots:
        for family in snapshot:
            known = merged.setdefault(family["name"], {**family, "samples": []})
            known["samples"].extend(family["samples"])
    return [{**family, "samples": _add_samples(family["samples"])} for family in merged.values()]


def _add_samples(samples: Sequence[Sample]) -> list[Sample]:
    """Return one sample for each name with the same labels."""
    merged: dict[tuple[str, frozenset[tuple[str, str]]], Sample] = {}
    for name, labels, value in samples:
        key = (name, frozenset(labels.items()))
        if key not in merged:
            merged[key] = (name, labels, value)
            continue
        before = merged[key][2]
        total = min(before, value) if name.endswith("_created") else before + value
        merged[key] = (name, labels, total)
    return list(merged.values())
