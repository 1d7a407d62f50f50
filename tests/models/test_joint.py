"""N-grams beside a network: as much of the sum as validation says, and computed alike by ONNX.

Also tests assay.models.onnx.joint, which writes the graph.
"""

import numpy as np
import pytest
import torch

from assay.models.joint import SHARES, NgramsBeside, weigh_ngrams
from assay.models.onnx.joint import write_joint_onnx
from assay.models.outputs import Outputs
from assay.models.piece_ngrams import SIZES, fit_ngrams
from assay.models.several_machines import SeveralMachines
from assay.models.spelling import NOTHING, Spelling
from assay.runtime.linear import sigmoid
from assay.runtime.session import OnnxSession
from assay.tokenization.batches import EncodedTexts
from assay.training.calibration import ScaleShift
from assay.training.inference import network_logits
from assay.training.recurrent import CompactNetwork

RNG = np.random.default_rng(0)
N_TOKENS, N_LABELS, PAD = 40, 3, 0


def make_spelling():
    """Make up how tokens are written, in none to four pieces."""
    pieces = RNG.integers(1, 20, (N_TOKENS, 4)).astype(np.int32)
    for row, n in zip(pieces, RNG.integers(0, 5, N_TOKENS), strict=True):
        row[n:] = NOTHING
    pieces[PAD] = NOTHING
    return Spelling(pieces, np.arange(20) % 3 == 0)


def make_texts(n_texts):
    """Make up texts of tokens that tell their labels."""
    indicator = (RNG.random((n_texts, N_LABELS)) < 0.4).astype(np.int64)
    lists = []
    for row in indicator:
        own = [10 * label + 1 + int(RNG.integers(5)) for label in np.flatnonzero(row)]
        lists.append(own + RNG.integers(1, N_TOKENS, int(RNG.integers(1, 9))).tolist())
    return EncodedTexts.from_lists(lists), indicator


def make_network():
    """Make a network with chance weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = CompactNetwork(
            n_tokens=N_TOKENS,
            n_classes=N_LABELS,
            embedding_size=8,
            hidden_size=4,
            dropout=0.0,
            token_dropout=0.0,
            pad_id=PAD,
            unknown_id=1,
        ).eval()
    network.round_embedding()
    return network


def fit(encoded, indicator, spelling, task="multi"):
    """Fit n-grams of the pieces."""
    machines = SeveralMachines(None, np.arange(N_LABELS), indicator, 0)
    return fit_ngrams(spelling.spell(encoded), machines, sizes=SIZES[task], begins=spelling.begins)


@pytest.mark.parametrize("task", SIZES)
def test_graph_computes_the_same(tmp_path, task):
    """Padding, order, scale and shift; texts without pieces, and alone as in a batch.

    N-grams of one label per text are counted inside of words, those of several across them.
    """
    spelling, network = make_spelling(), make_network()
    encoded, indicator = make_texts(80)
    scales = np.array([0.5, 2.0, 1.0]), np.array([1.5, 0.3, 2.0])
    beside = NgramsBeside(fit(encoded, indicator, spelling, task), spelling, *scales)
    order, scale, shift = np.array([1, 2, 0]), np.array([3.0, 2.0, 0.5]), np.array([1.0, -1.0, 0.0])
    outputs = Outputs(("a", "b", "c"), order, ScaleShift(scale, shift), "multi")
    write_joint_onnx(network, beside, tmp_path / "m.onnx", outputs=outputs)
    without = int(np.flatnonzero((spelling.pieces != NOTHING).sum(axis=1) == 0)[-1])
    given = EncodedTexts.from_lists(
        [part.tolist() for part in np.split(encoded.ids, encoded.offsets[1:-1])] + [[without], [3]]
    )
    logits = network_logits(network, network, given, pad_id=PAD)
    joined = beside.add(logits, given)
    assert np.abs(joined - logits * scales[0]).max() > 0.1
    expected = (joined * scale + shift)[:, order]
    session = OnnxSession(tmp_path / "m.onnx", pad_id=PAD, n_threads=1)
    np.testing.assert_allclose(session.predict_logits(given), expected, atol=1e-5)
    np.testing.assert_allclose(session.predict_proba(given), sigmoid(expected), atol=1e-6)
    other_padding = OnnxSession(tmp_path / "m.onnx", pad_id=7, n_threads=1)
    np.testing.assert_allclose(other_padding.predict_logits(given), expected, atol=1e-5)
    alone = session.predict_logits(EncodedTexts.from_lists([[without]]))
    np.testing.assert_allclose(alone, expected[-2:-1], atol=1e-5)


@pytest.mark.parametrize("task", SIZES)
@pytest.mark.parametrize("best", SHARES)
def test_share_of_the_ngrams_is_the_best_on_validation(best, task):
    """Judged by joined logits in units of their spread; a share of nothing is no n-grams at all.

    Several labels have a unit each; the classes of texts with one label have one together.
    """
    spelling = make_spelling()
    encoded, indicator = make_texts(60)
    ngrams = fit(encoded, indicator, spelling)
    logits = RNG.normal(size=(60, N_LABELS)) * [1, 5, 25]
    margins = ngrams.logits(spelling.spell(encoded))
    axis = {"single": None, "multi": 0}[task]
    wanted = (1 - best) * logits / logits.std(axis=axis) + best * margins / margins.std(axis=axis)
    found = weigh_ngrams(
        ngrams, spelling, logits, encoded, lambda joined: -np.abs(joined - wanted).max(), task=task
    )
    if not best:
        assert found is None
        return
    np.testing.assert_allclose(found.add(logits, encoded), wanted)


def test_equally_good_shares_leave_the_network_alone():
    """What brings nothing is not saved."""
    spelling = make_spelling()
    encoded, indicator = make_texts(30)
    ngrams = fit(encoded, indicator, spelling)
    logits = RNG.normal(size=(30, N_LABELS))
    assert weigh_ngrams(ngrams, spelling, logits, encoded, lambda joined: 1.0, task="multi") is None
