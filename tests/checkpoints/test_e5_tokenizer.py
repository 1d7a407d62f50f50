"""The tokenizer.json made from a file's pieces, as `tokenizers` and `transformers` read it."""

import json

import pytest
import tokenizers
import transformers

from _support.e5_files import NORMALISATION, SmallE5, small_pieces
from assay.checkpoints.e5_file import read_e5_file
from assay.checkpoints.e5_tokenizer import tokenizer_json, tokenizer_settings
from assay.tokenization.subwords import SubwordTokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write both files of a tokenizer, and a config that transformers asks for."""
    folder = tmp_path_factory.mktemp("tokenizer")
    (folder / "small.bin").write_bytes(SmallE5().to_bytes())
    vocabulary = read_e5_file(folder / "small.bin").vocabulary
    settings = tokenizer_settings(vocabulary, max_tokens=48)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(vocabulary)))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder):
    """Load it the way assay does."""
    return SubwordTokenizer.from_file(folder / "tokenizer.json", max_tokens=48)


def test_ids_are_the_places_of_the_pieces(tokenizer):
    """No id is moved: the file already counts as transformers does."""
    pieces = small_pieces()
    assert tokenizer.vocabulary_size == len(pieces)
    assert [tokenizer.tokenizer.token_to_id(piece) for piece in pieces] == list(range(len(pieces)))
    assert (tokenizer.pad_id, tokenizer.unknown_id) == (1, 3)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("good day", ["▁good", "▁day"]),
        ("  good \t\n day\u3000", ["▁good", "▁day"]),
        ("좋은 하루", ["▁좋은", "▁하루"]),
        ("ﬁ Ａa²", ["▁", "f", "i", "▁", "<unk>", "a", "2"]),
        ("", []),
        ("   ", []),
        ("good☃☃ day", ["▁good", "<unk>", "▁day"]),
        ("a <mask> b", ["▁", "a", "<mask>", "▁", "b"]),
        ("a\x01b", ["▁", "a", "b"]),
    ],
)
def test_texts_become_these_tokens(tokenizer, text, tokens):
    """Normalised as the file says; white space is one word start, unknown characters one token."""
    ids, found = tokenizer.encode(text)
    assert (ids[0], ids[-1]) == (0, 2)
    pieces = small_pieces()
    assert [pieces[token_id] for token_id in ids[1:-1]] == tokens
    assert len(found) == len(ids)


def test_every_entry_of_the_normalisation_holds(folder):
    """Each character alone becomes what the file says."""
    normalizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")).normalizer
    for character, replacement in NORMALISATION.items():
        assert normalizer.normalize_str(f"x{character}y") == f"x{replacement}y"


def test_nothing_is_cut_off_or_filled_up(folder):
    """The file itself has no limit: whoever uses it sets one."""
    plain = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert (plain.truncation, plain.padding) == (None, None)
    assert len(plain.encode("a " * 600).ids) == 1202


def test_transformers_reads_the_same_tokenizer(folder, tokenizer):
    """Its automatic class gives the same ids, and knows every special token by its role."""
    stock = transformers.AutoTokenizer.from_pretrained(folder)
    texts = ["good day", " 나쁜  하루! ", "ﬁ Ａa²", "", "☃ вет"]
    assert stock(texts)["input_ids"] == [tokenizer.encode(text)[0] for text in texts]
    roles = (
        stock.bos_token_id,
        stock.cls_token_id,
        stock.eos_token_id,
        stock.sep_token_id,
        stock.pad_token_id,
    )
    assert roles == (0, 0, 2, 2, 1)
    assert (stock.unk_token_id, stock.mask_token_id) == (3, len(small_pieces()) - 1)
    assert stock.model_max_length == 48
    assert stock.decode(stock("good day")["input_ids"], skip_special_tokens=True) == "good day"
