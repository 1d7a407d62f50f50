"""Looking for data sets on a Hub on loopback, page by page."""

from __future__ import annotations


def test_first_matches_and_how_many_there_are(shell):
    """Matches come in the Hub's order over all its pages; what is not listed is counted."""
    code, found, _ = shell("datasets", "emotion", "--limit", "2", token=None)
    assert code == 0
    assert [one["id"] for one in found["datasets"]] == ["acme/emotion", "acme/emotion-ko"]
    assert (found["n_matches"], found["is_all_counted"]) == (3, True)
    assert found["datasets"][0] == {
        "id": "acme/emotion",
        "n_downloads": 12,
        "n_likes": 3,
        "last_modified": "2026-01-01",
        "is_gated": False,
    }


def test_without_a_query_all_are_listed_and_without_matches_none(shell):
    """No query is every data set; no match is an empty list and no error."""
    assert shell("datasets")[1]["n_matches"] == 4
    code, found, _ = shell("datasets", "no-such-thing")
    assert (code, found["datasets"], found["n_matches"]) == (0, [], 0)


def test_found_id_can_be_run(shell, tmp_path):
    """What is listed can be loaded as it is named."""
    code, found, _ = shell.apart("explore", "acme/emotion")
    assert (code, found["source"], found["n_texts"]) == (0, "acme/emotion", 1)
