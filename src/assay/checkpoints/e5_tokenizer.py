"""The tokenizer.json of `e5`: XLM-R's Unigram, as `tokenizers` reads it.

The JSON is composed here rather than by the library, so that the file is the same whatever version
of the library is installed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from assay.checkpoints.charsmap import pack_charsmap
from assay.checkpoints.e5_file import E5Vocabulary

__all__ = ["tokenizer_json", "tokenizer_settings"]

WORD_START = "\u2581"  # stands for the space before a word
MASK = "<mask>"


def tokenizer_json(vocabulary: E5Vocabulary) -> Mapping[str, object]:
    """Return what tokenizer.json holds; a piece's place is its id."""
    scored = list(zip(vocabulary.pieces, vocabulary.scores.tolist(), strict=True))
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            _added_token(vocabulary, token_id) for token_id in _special_ids(vocabulary)
        ],
        "normalizer": _normalizer(vocabulary.normalisation),
        "pre_tokenizer": _word_starts(),
        "post_processor": _post_processor(vocabulary),
        "decoder": _word_starts(),
        "model": {
            "type": "Unigram",
            "unk_id": vocabulary.unknown_id,
            "vocab": scored,
            "byte_fallback": False,
        },
    }


def tokenizer_settings(vocabulary: E5Vocabulary, *, max_tokens: int) -> Mapping[str, object]:
    """Return what tokenizer_config.json holds."""
    bos, eos = vocabulary.pieces[vocabulary.bos_id], vocabulary.pieces[vocabulary.eos_id]
    settings = {
        # As XLMRobertaTokenizer, transformers would replace the normalisation of tokenizer.json.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": max_tokens,
        "bos_token": bos,
        "cls_token": bos,
        "eos_token": eos,
        "sep_token": eos,
        "pad_token": vocabulary.pieces[vocabulary.pad_id],
        "unk_token": vocabulary.pieces[vocabulary.unknown_id],
    }
    if MASK in vocabulary.pieces:
        settings["mask_token"] = MASK
    return settings


def _special_ids(vocabulary: E5Vocabulary) -> list[int]:
    ids = [vocabulary.bos_id, vocabulary.pad_id, vocabulary.eos_id, vocabulary.unknown_id]
    if MASK in vocabulary.pieces:
        ids.append(vocabulary.pieces.index(MASK))
    return sorted(ids)


def _added_token(vocabulary: E5Vocabulary, token_id: int) -> Mapping[str, object]:
    content = vocabulary.pieces[token_id]
    return {
        "id": token_id,
        "content": content,
        "single_word": False,
        "lstrip": content == MASK,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _normalizer(normalisation: dict[str, str]) -> Mapping[str, object]:
    charsmap = base64.b64encode(pack_charsmap(normalisation)).decode("ascii")
    steps: list[Mapping[str, object]] = [
        {"type": "Precompiled", "precompiled_charsmap": charsmap},
        {"type": "Strip", "strip_left": True, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    ]
    return {"type": "Sequence", "normalizers": steps}


def _word_starts() -> Mapping[str, object]:
    """Return the step that marks where words start; as a decoder, it makes the marks spaces."""
    return {
        "type": "Metaspace",
        "replacement": WORD_START,
        "prepend_scheme": "always",
        "split": True,
    }


def _post_processor(vocabulary: E5Vocabulary) -> Mapping[str, object]:
    """Return the step that puts `<s>` before a text and `</s>` after it."""
    start, end = vocabulary.pieces[vocabulary.bos_id], vocabulary.pieces[vocabulary.eos_id]
    bos = {"SpecialToken": {"id": start, "type_id": 0}}
    eos = {"SpecialToken": {"id": end, "type_id": 0}}
    first = {"Sequence": {"id": "A", "type_id": 0}}
    second = {"Sequence": {"id": "B", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [bos, first, eos],
        "pair": [bos, first, eos, eos, second, eos],
        "special_tokens": {
            start: {"id": start, "ids": [vocabulary.bos_id], "tokens": [start]},
            end: {"id": end, "ids": [vocabulary.eos_id], "tokens": [end]},
        },
    }
