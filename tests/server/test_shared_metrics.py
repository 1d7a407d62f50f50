"""Metrics of several processes added up: the sum of each sample, rendered like those of one."""

from assay.server.metrics import Metrics, render_snapshot
from assay.server.shared_metrics import add_up, keep_totals, take_snapshot


def counted(n_requests, n_waiting):
    """Return the snapshot of a process that answered some requests."""
    metrics = Metrics(lambda: n_waiting)
    for i in range(n_requests):
        metrics.note_request("/predict", "POST", 200, 0.001 * (i + 1))
        metrics.note_labels("m", ["joy", "sad"], n_texts=2)
    return metrics, take_snapshot(metrics.registry)


def test_snapshot_renders_like_its_registry():
    """The samples of one process come out as they went in."""
    metrics, snapshot = counted(3, 1)
    assert render_snapshot(snapshot) == metrics.render()


def test_samples_are_added_by_name_and_labels():
    """Counters, buckets and gauges are sums; what only one process has is there too."""
    _, one = counted(3, 1)
    _, other = counted(2, 4)
    text = render_snapshot(add_up([one, other, []]))[0].decode()
    route = 'method="POST",route="/predict",status="200"'
    assert f"assay_requests_total{{{route}}} 5.0\n" in text
    assert 'assay_request_seconds_bucket{le="+Inf",route="/predict"} 5.0\n' in text
    assert 'assay_labels_total{label="joy",model="m"} 5.0\n' in text
    assert "assay_queue_texts 5.0\n" in text
    assert text.count("# TYPE assay_requests_total counter") == 1


def test_time_of_birth_is_the_first():
    """Times are not added: the sum began when the first process did."""
    births = []
    for name, _, value in add_up([counted(1, 0)[1], counted(1, 0)[1]])[0]["samples"]:
        if name.endswith("_created"):
            births.append(value)
    assert births
    assert all(value < 3e9 for value in births)  # the sum of two times is later than the year 2065


def test_ended_process_leaves_its_totals():
    """What waited in it does not wait any more."""
    _, snapshot = counted(2, 7)
    names = {family["name"] for family in keep_totals(snapshot)}
    assert "assay_requests" in names
    assert "assay_queue_texts" not in names
