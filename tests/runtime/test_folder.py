"""The model folder: what its manifest holds, and what is refused by name.

Also tests `layout`, `manifest` and `entries`, which say what a folder holds.
"""

import json
import shutil
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import ModelError
from assay.runtime.folder import (
    add_file,
    check_folder,
    hash_file,
    read_folder,
    seal_folder,
    write_manifest,
)
from assay.runtime.layout import Layout
from assay.runtime.manifest import SCHEMA_VERSION, Manifest

LABELS = ("sadness", "joy")
plain_values = st.dictionaries(
    st.text(), st.integers() | st.text() | st.booleans() | st.none(), max_size=3
)


@pytest.fixture
def folder(tmp_path):
    """Write a sealed folder with two files that prediction reads, and some that it does not."""
    root = tmp_path / "model"
    (root / "onnx").mkdir(parents=True)
    (root / "onnx" / "model.onnx").write_bytes(b"a network")
    (root / "vocabulary.json").write_text('["좋은"]', encoding="utf-8")
    (root / "README.md").write_text("# a card\n")
    (root / ".gitattributes").write_text("*.onnx filter=lfs\n")
    seal_folder(root, Manifest(method="majority", labels=LABELS, seed=3))
    return root


def edit_manifest(root, **changes):
    """Change entries of assay.json, or with None remove them."""
    path = Layout(root).manifest
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(
        json.dumps({name: value for name, value in values.items() if value is not None})
    )


def test_seal_lists_what_prediction_reads(folder):
    """Each file but the card, pictures and dot-files is listed with hash and size, by its path inside the folder."""
    manifest = read_folder(folder)
    assert list(manifest.files) == ["onnx/model.onnx", "vocabulary.json"]
    path = folder / "onnx" / "model.onnx"
    assert manifest.files["onnx/model.onnx"] == {"sha256": hash_file(path), "size_bytes": 9}
    assert (manifest.method, manifest.labels, manifest.seed) == ("majority", LABELS, 3)


def test_manifest_begins_with_its_schema_and_is_readable(folder):
    """The file starts with the schema version; Korean is in it as such."""
    seal_folder(folder, Manifest(method="majority", labels=("슬픔", "기쁨"), seed=0))
    text = Layout(folder).manifest.read_text(encoding="utf-8")
    assert text.startswith(f'{{\n "schema_version": {SCHEMA_VERSION},')
    assert '"슬픔"' in text


@settings(max_examples=40)
@given(
    labels=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=15, unique=True),
    seed=st.integers(0, 2**31),
    temperature=st.floats(0.01, 100),
    parameters=plain_values,
    training_data=plain_values,
    checkpoint=st.none() | plain_values,
)
def test_manifest_survives_the_disk(
    tmp_path_factory, labels, seed, temperature, parameters, training_data, checkpoint
):
    """What is written is what is read, in order, whatever characters the names are made of."""
    root = tmp_path_factory.mktemp("model")
    manifest = Manifest(
        method="linear",
        labels=tuple(labels),
        seed=seed,
        temperature=temperature,
        parameters=parameters,
        training_data=training_data,
        checkpoint=checkpoint,
        scores=(
            {
                "split": "test",
                "metric": "accuracy",
                "value": 0.5,
                "interval": [0.4, 0.6],
                "n_texts": 9,
            },
        ),
    )
    sealed = seal_folder(root, manifest)
    assert read_folder(root) == sealed == replace(manifest, files={})
    assert sealed.label_set.names == tuple(labels)


def test_lone_surrogate_in_the_manifest_survives(folder):
    """JSON input can hold half a character: the file stays valid UTF-8 and gives the same name back."""
    manifest = Manifest(
        method="majority", labels=("a", "b"), seed=0, training_data={"source": "a\ud800.csv"}
    )
    sealed = seal_folder(folder, manifest)
    assert read_folder(folder) == sealed


def test_sealing_leaves_nothing_beside(folder):
    """The manifest is written beside its place and moved there."""
    assert {path.name for path in folder.iterdir()} == {
        "assay.json",
        "onnx",
        "vocabulary.json",
        "README.md",
        ".gitattributes",
    }


def test_card_and_pictures_are_free_to_edit(folder):
    """A person may rewrite the card, add a licence and pictures, and keep the folder in git."""
    (folder / "README.md").write_text("# my words\n")
    (folder / "picture.PNG").write_bytes(b"png")
    (folder / "LICENSE").write_text("Apache-2.0")
    (folder / ".git" / "hooks").mkdir(parents=True)
    (folder / ".git" / "hooks" / "update.py").write_text("pass")
    assert read_folder(folder).labels == LABELS


def change_byte(root):
    (root / "vocabulary.json").write_text('["나쁜"]', encoding="utf-8")


def cut_short(root):
    (root / "onnx" / "model.onnx").write_bytes(b"a net")


def remove_file(root):
    (root / "onnx" / "model.onnx").unlink()


def add_file_of_someone_else(root):
    (root / "onnx" / "model.onnx.data").write_bytes(b"weights from elsewhere")


def unlist_file(root):
    edit_manifest(root, files={"onnx/model.onnx": read_folder(root).files["onnx/model.onnx"]})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_byte, r"'vocabulary\.json' in .*model has SHA-256 \w{64}; assay\.json says \w{64}"),
        (cut_short, r"'onnx/model\.onnx' in .*model has 5 bytes; assay\.json says 9"),
        (remove_file, r"model lacks 'onnx/model\.onnx', which assay\.json lists"),
        (
            add_file_of_someone_else,
            r"model holds 'onnx/model\.onnx\.data', which assay\.json does not list",
        ),
        (unlist_file, r"model holds 'vocabulary\.json', which assay\.json does not list"),
    ],
)
def test_damage_is_named(folder, damage, message):
    """A file that was changed, cut, lost or slipped in is an error that names it."""
    damage(folder)
    with pytest.raises(ModelError, match=message) as caught:
        read_folder(folder)
    assert caught.value.hint


def test_quick_look_skips_the_hashes_only(folder):
    """Without hashing, a change of the same size goes unseen, and all else is seen."""
    change_byte(folder)
    assert read_folder(folder, check_hashes=False).method == "majority"
    cut_short(folder)
    with pytest.raises(ModelError, match=r"'onnx/model\.onnx' in .* has 5 bytes"):
        read_folder(folder, check_hashes=False)


@pytest.mark.parametrize(
    "name",
    [
        "model.pkl",
        "pytorch_model.bin",
        "weights.PT",
        "head.joblib",
        "modeling_evil.py",
        "onnx/custom.so",
        "a.pickle",
        "arrays.npy",
        "old.ckpt",
        "model.pkl.gz",
        "run.sh",
    ],
)
def test_file_that_can_run_code_is_refused_by_name(folder, name):
    """Even where the manifest lists it: a model of assay has no use for such a file."""
    (folder / name).write_bytes(b"\x80\x04")
    seal_folder(folder, Manifest(method="majority", labels=LABELS, seed=0))
    with pytest.raises(ModelError, match=rf"model holds '{name}': files of this kind can run code"):
        read_folder(folder)


@pytest.mark.parametrize(
    "name",
    ["../secret.json", "onnx/../../secret.json", "/etc/hostname", "..\\secret.json", "C:\\x"],
)
def test_path_out_of_the_folder_is_refused(folder, name):
    """A manifest cannot make assay look at files elsewhere, on any system."""
    secret = folder.parent / "secret.json"
    secret.write_text("{}")
    facts = {"sha256": hash_file(secret), "size_bytes": 2}
    edit_manifest(folder, files=read_folder(folder).files | {name: facts})
    with pytest.raises(ModelError, match="names a file outside the model folder"):
        read_folder(folder)


def test_links_to_whole_files_are_fine(folder, tmp_path):
    """A folder of links, as the Hub's cache has them, is read like any other."""
    blob = tmp_path / "blob"
    shutil.move(folder / "onnx" / "model.onnx", blob)
    (folder / "onnx" / "model.onnx").symlink_to(blob)
    assert read_folder(folder).labels == LABELS


def test_newer_schema_is_refused(folder):
    """A folder of a later assay says so, and what helps."""
    edit_manifest(folder, schema_version=SCHEMA_VERSION + 1)
    message = rf"assay\.json has schema {SCHEMA_VERSION + 1}; this assay reads up to {SCHEMA_VERSION} \(upgrade assay\)"
    with pytest.raises(ModelError, match=message):
        read_folder(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"schema_version": None},
            r"assay\.json has no schema_version: it is not a model of assay",
        ),
        ({"schema_version": "1"}, "has no schema_version"),
        ({"schema_version": 0}, "has no schema_version"),
        ({"method": None}, "'method' is missing or not a str"),
        ({"labels": "joy"}, "'labels' is missing or not a list"),
        ({"labels": ["joy", 3]}, "label 3 is not a text"),
        ({"labels": ["joy", ["a"]]}, r"label \['a'\] is not a text"),
        ({"labels": ["joy", "joy"]}, "label 'joy' occurs twice"),
        ({"labels": ["joy", " "]}, "label 1 is ' '"),
        ({"seed": "0"}, "'seed' is missing or not a int"),
        ({"files": None}, "'files' is missing or not a dict"),
        ({"files": {"a.json": 3}}, r"the entry of file 'a\.json' lacks its sha256 or size_bytes"),
        ({"files": {"a.json": {"sha256": "0"}}}, r"the entry of file 'a\.json' lacks"),
        ({"scores": 3}, "'scores' is not a list"),
        ({"versions": []}, "'versions' is not a dict"),
    ],
)
def test_broken_manifest_says_which_part(folder, changes, message):
    """A missing part, or one of the wrong kind, is named; no other exception gets out."""
    edit_manifest(folder, **changes)
    with pytest.raises(ModelError, match=message):
        read_folder(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"assay\.json is not valid JSON"),
        (b'{"schema_version": 1', r"assay\.json is not valid JSON"),
        (b"\xff\xfe{}", r"assay\.json is not valid JSON"),
        (b"[" * 100_000, r"assay\.json is not valid JSON"),
        (b"[1]", r"assay\.json holds a list; an object is accepted"),
    ],
)
def test_manifest_that_is_no_json_object_is_refused(folder, content, message):
    """Broken JSON is an error that names the file."""
    Layout(folder).manifest.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        read_folder(folder)


def test_what_is_no_model_is_said(tmp_path):
    """No folder, and a folder without a manifest, have a sentence each."""
    with pytest.raises(ModelError, match=r"there is no model folder at .*nowhere"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(
        ModelError, match=r"has no assay\.json: it is not a model of assay.*RUN/models/METHOD"
    ):
        read_folder(tmp_path)


@pytest.fixture
def hashed(monkeypatch):
    """Return a list that grows by the name of every file that is hashed."""
    found = []

    def note(path):
        found.append(path.name)
        return hash_file(path)

    monkeypatch.setattr("assay.runtime.folder.hash_file", note)
    return found


def test_each_file_is_hashed_once_when_sealed_and_once_when_read(folder, hashed):
    """Sealing and reading read every listed file once."""
    sealed = seal_folder(folder, read_folder(folder, check_hashes=False))
    assert sorted(hashed) == ["model.onnx", "vocabulary.json"]
    assert read_folder(folder) == sealed
    assert len(hashed) == 4


def test_changing_the_manifest_hashes_nothing(folder, hashed):
    """What was measured is written beside hashes that are known."""
    verified = read_folder(folder, check_hashes=False)
    write_manifest(folder, replace(verified, temperature=2.0))
    assert hashed == []
    assert read_folder(folder).temperature == 2.0


def test_added_file_is_the_only_one_hashed(folder, hashed):
    """The others keep their hashes; the result is what sealing the whole folder would say."""
    verified = read_folder(folder, check_hashes=False)
    (folder / "scope.json").write_text("{}")
    added = add_file(folder, verified, folder / "scope.json")
    assert hashed == ["scope.json"]
    assert list(added.files) == ["onnx/model.onnx", "scope.json", "vocabulary.json"]
    assert added == seal_folder(folder, verified)


def test_verified_folder_is_still_checked_by_name_and_size(folder):
    """A folder that lost or gained a file since it was verified is refused."""
    verified = read_folder(folder)
    check_folder(folder, verified, check_hashes=False)
    add_file_of_someone_else(folder)
    with pytest.raises(ModelError, match=r"which assay\.json does not list"):
        check_folder(folder, verified, check_hashes=False)
