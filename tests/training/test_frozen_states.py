"""What frozen layers made of texts: what they would make of them again, from a file that leaves nothing behind."""

import errno
import logging
import os

import numpy as np
import pytest
import torch

from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from assay import _env
from assay.progress import Progress
from assay.tokenization.batches import EncodedTexts
from assay.training import frozen_states
from assay.training.frozen_states import keep_states

TEXTS, LABELS = small_data(40)
ENCODED = EncodedTexts.from_lists([[1 + (i * k) % 7 for k in range(1 + i % 5)] for i in range(30)])
WIDTH = 6


def lower(input_ids, mask):
    """Return states that tell tokens and texts apart, and something else where nothing is."""
    places = torch.arange(input_ids.shape[1]).unsqueeze(0)
    states = (input_ids * 10.0 + places).unsqueeze(2) + torch.arange(WIDTH) / 10
    return torch.where(mask.unsqueeze(2).bool(), states, torch.nan)


def keep():
    """Keep the states of some texts."""
    return keep_states(ENCODED, lower, hidden_size=WIDTH, pad_id=0, progress=Progress())


def is_kept():
    """Tell whether there was room."""
    with keep() as kept:
        return kept is not None


@pytest.mark.parametrize("n_threads", ["1", "3"])
def test_batches_hold_what_was_computed(monkeypatch, n_threads):
    """Any rows in any order: each text's own states, zeros behind the shorter ones, and the mask."""
    monkeypatch.setenv("ASSAY_THREADS", n_threads)
    monkeypatch.setattr(frozen_states, "BATCH_TOKENS", 8)
    with keep() as kept:
        assert len(kept) == len(ENCODED)
        np.testing.assert_array_equal(kept.lengths, ENCODED.lengths)
        for rows in ([3], [29, 0, 4, 17], [0, 5]):
            states, mask = kept.batch(np.array(rows))
            longest = int(ENCODED.lengths[rows].max())
            assert states.shape == (len(rows), longest, WIDTH)
            for i, row in enumerate(rows):
                ids = torch.from_numpy(
                    ENCODED.ids[ENCODED.offsets[row] : ENCODED.offsets[row + 1]].astype(np.int64)
                )
                own = lower(ids[None], torch.ones_like(ids)[None])[0]
                torch.testing.assert_close(states[i, : len(ids)], own.to(states.dtype))
                assert not states[i, len(ids) :].any()
                assert mask[i].tolist() == [1] * len(ids) + [0] * (longest - len(ids))


def test_file_is_seen_by_nobody_and_goes_with_its_owner():
    """The folder of the cache is empty while states are kept: a process that is killed leaves nothing."""
    with keep() as kept:
        assert not list(_env.cache_dir().iterdir())
        assert kept.batch(np.array([0]))[0].any()


def test_too_much_is_not_kept(monkeypatch):
    """Above a bound, or with less than twice the room on the disk, nothing is written."""
    assert is_kept()
    with monkeypatch.context() as patch:
        patch.setattr(frozen_states, "MAX_BYTES", len(ENCODED.ids) * WIDTH * 4 - 1)
        assert not is_kept()
    monkeypatch.setattr(
        frozen_states.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100})()
    )
    assert not is_kept()


def test_disk_that_refuses_is_no_reason_to_fail(monkeypatch, caplog):
    """A full disk is logged; the states are then computed anew each time."""

    def refuse(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with caplog.at_level(logging.INFO):
        assert not is_kept()
    assert "frozen states are not kept: [Errno 28] No space left on device" in caplog.text


def test_training_is_that_of_layers_read_each_time(tiny_bert, monkeypatch):
    """The same steps, dropout included, up to the rounding of other batches; and they were kept indeed."""
    read = []
    batch = frozen_states.FrozenStates.batch
    monkeypatch.setattr(
        frozen_states.FrozenStates, "batch", lambda *given: read.append(1) or batch(*given)
    )
    settings = {"frozen_layers": 1, "precision": "float32"}
    kept = small_estimator("finetune", tiny_bert, **settings).fit(TEXTS, LABELS)
    n_read = len(read)
    monkeypatch.setattr(frozen_states, "MAX_BYTES", 0)
    again = small_estimator("finetune", tiny_bert, **settings).fit(TEXTS, LABELS)
    assert n_read == len(read) == 2 * 3  # two epochs of three batches, the first time only
    np.testing.assert_allclose(
        kept.predict_proba(EDGE_TEXTS), again.predict_proba(EDGE_TEXTS), atol=1e-5
    )


@pytest.mark.parametrize(
    "parameters", [{"n_epochs": 1}, {"frozen_layers": 0}, {"time_limit_s": 60.0}], ids=str
)
def test_nothing_is_kept_that_is_not_read_again(tiny_bert, monkeypatch, parameters):
    """One epoch, no frozen layers, or a limit of time, which counts from the first step on."""
    monkeypatch.setattr(
        "assay.models.finetune.keep_states", lambda *a, **k: pytest.fail("states were kept")
    )
    small_estimator("finetune", tiny_bert, **{"frozen_layers": 1, **parameters}).fit(TEXTS, LABELS)
