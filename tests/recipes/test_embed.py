"""Features into a file: columns, order, whole or not at all."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from assay.checkpoints import FrozenEncoder
from assay.data import load_data
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import InputError, OutputExistsError, OutsideError
from assay.recipes.embed import embed_data, embed_text, embed_texts

THAI = "\u0e17\u0e14\u0e2a\u0e2d\u0e1a\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22"


@pytest.fixture(scope="module")
def splits():
    """Make two small splits with Korean labels and gaps in the line numbers."""
    train = LabelledTexts(("good day", "나쁜 하루", ""), ("기쁨", "슬픔", "기쁨"), (1, 2, 5))
    test = LabelledTexts(("very good",), ("기쁨",), (3,))
    return Splits({"train": train, "test": test}, LabelSet(("슬픔", "기쁨")), source="memory")


def test_parquet_holds_a_row_a_text(splits, tiny_bert, tmp_path):
    """Columns split, line, label, features; rows in order; features as the encoder gives them."""
    out = tmp_path / "new folder" / "features.parquet"
    result = embed_data(splits, out=out, checkpoint=tiny_bert, pooling="cls")
    table = pq.read_table(out)
    assert table.column_names == ["split", "line", "label", "features"]
    assert str(table.schema.field("features").type) == "fixed_size_list<element: float>[32]"
    assert table["split"].to_pylist() == ["train"] * 3 + ["test"]
    assert table["line"].to_pylist() == [1, 2, 5, 3]
    assert table["label"].to_pylist() == ["기쁨", "슬픔", "기쁨", "기쁨"]
    expected = FrozenEncoder(tiny_bert, pooling="cls").transform(
        ["good day", "나쁜 하루", "", "very good"]
    )
    np.testing.assert_allclose(np.asarray(table["features"].to_pylist()), expected, atol=1e-6)
    assert json.loads(table.schema.metadata[b"assay"])["pooling"] == "cls"
    assert result.to_dict() | {"checkpoint": None} == {
        "out": str(out),
        "n_texts": {"train": 3, "test": 1},
        "hidden_size": 32,
        "dtype": "float32",
        "pooling": "cls",
        "precision": "float32",
        "checkpoint": None,
    }
    assert result.checkpoint["name"] == "tiny-bert"


def test_several_labels_are_a_list_per_text(tiny_bert, tmp_path):
    """Names in Parquet; zeros and ones, with the names of their columns, in an archive of numpy."""
    splits = load_data((["so glad", "so sad", "the day"], [["joy", "fear"], ["fear"], []]))
    for name in ("f.parquet", "f.npz"):
        embed_data(splits, out=tmp_path / name, checkpoint=tiny_bert)
    table = pq.read_table(tmp_path / "f.parquet")
    assert table.column_names == ["split", "line", "labels", "features"]
    assert table["labels"].to_pylist() == [["fear", "joy"], ["fear"], []]
    with np.load(tmp_path / "f.npz") as found:
        assert "label" not in found
        assert found["label_names"].tolist() == ["fear", "joy"]
        assert found["labels"].tolist() == [[1, 1], [1, 0], [0, 0]]


def test_npz_holds_the_same_arrays(splits, tiny_bert, tmp_path):
    """The .npz reads without pickle and holds the same four columns."""
    embed_data(splits, out=tmp_path / "features.npz", checkpoint=tiny_bert)
    with np.load(tmp_path / "features.npz", allow_pickle=False) as arrays:
        assert set(arrays) == {"split", "line", "label", "features", "about"}
        assert arrays["label"].tolist() == ["기쁨", "슬픔", "기쁨", "기쁨"]
        assert (arrays["features"].shape, arrays["features"].dtype) == ((4, 32), np.float32)


@pytest.mark.parametrize("name", ["features.parquet", "features.npz"])
def test_existing_output_is_kept_unless_told_otherwise(splits, tiny_bert, tmp_path, name):
    """A file that is there is an error and untouched; `overwrite` replaces it."""
    out = tmp_path / name
    out.write_bytes(b"precious")
    with pytest.raises(OutputExistsError, match=f"{name} exists already"):
        embed_data(splits, out=out, checkpoint=tiny_bert)
    assert out.read_bytes() == b"precious"
    embed_data(splits, out=out, checkpoint=tiny_bert, overwrite=True)
    assert out.read_bytes() != b"precious"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["features.parquet", "new.parquet"])
def test_failed_write_leaves_nothing_behind(tiny_bert, tmp_path, name):
    """A write that breaks off leaves no temporary file, no half a file, and an old file as it was."""
    (tmp_path / "features.parquet").write_bytes(b"precious")
    broken = Splits(
        {"train": LabelledTexts(("good day",), (object(),))}, LabelSet(()), source="memory"
    )
    with pytest.raises(TypeError, match="Expected bytes"):
        embed_data(broken, out=tmp_path / name, checkpoint=tiny_bert, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["features.parquet"]
    assert (tmp_path / "features.parquet").read_bytes() == b"precious"


def test_place_that_cannot_be_written_is_an_outside_error(splits, tiny_bert, tmp_path):
    """A file where a folder should be is no bug of ours: the error names the output."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError, match=r"features\.npz could not be written"):
        embed_data(splits, out=tmp_path / "file" / "features.npz", checkpoint=tiny_bert)


@pytest.mark.parametrize("name", ["features.csv", "features", "features.npy"])
def test_unknown_formats_are_refused_before_any_work(splits, tmp_path, name):
    """The suffix is checked before the checkpoint is even looked for."""
    with pytest.raises(InputError, match=rf"'{name}'; \.parquet and \.npz are accepted"):
        embed_data(splits, out=tmp_path / name, checkpoint=tmp_path / "nothing")


def test_folder_as_output_is_refused(splits, tmp_path):
    """A folder is no file."""
    (tmp_path / "x.npz").mkdir()
    with pytest.raises(InputError, match=r"x\.npz is a folder"):
        embed_data(splits, out=tmp_path / "x.npz")


def test_one_text_shows_its_shapes(tiny_bert):
    """(1, n_tokens, hidden) before pooling, (1, hidden) after; one token a state."""
    result = embed_text("오늘 정말 행복해요", checkpoint=tiny_bert)
    assert (result.hidden_states_shape, result.features_shape) == ((1, 7, 32), (1, 32))
    assert (len(result.tokens), len(result.features)) == (7, 32)
    np.testing.assert_allclose(
        result.features, embed_texts(["오늘 정말 행복해요"], checkpoint=tiny_bert)[0], atol=1e-6
    )
    assert json.loads(json.dumps(result.to_dict()))["checkpoint"] == "tiny-bert"


def test_texts_are_checked(tiny_bert):
    """A lone text and an unknown pooling are errors that say what is accepted."""
    with pytest.raises(InputError, match="texts is one text"):
        embed_texts("good day", checkpoint=tiny_bert)
    with pytest.raises(InputError, match="pooling is 'max'; mean and cls"):
        embed_texts(["good day"], checkpoint=tiny_bert, pooling="max")


def test_texts_that_the_checkpoint_cannot_read_are_told(tiny_bert, tmp_path, caplog):
    """As `tokens`, `map` and `run` do: features of unknown tokens are all alike."""
    texts = LabelledTexts((THAI, THAI + "a"), ("a", "b"), (1, 2))
    strange = Splits({"all": texts}, LabelSet(("a", "b")), source="memory")
    embed_data(strange, out=tmp_path / "f.npz", checkpoint=tiny_bert)
    embed_text(THAI, checkpoint=tiny_bert)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert all("reads these texts badly" in one for one in told)
