"""What a tokenizer.json would do, judged by reading it, before a text meets it.

The file of a stranger may cut texts in a wrong way, but it may not hang, fill the memory, or give
another answer each time.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.errors import ModelError
from assay.tokenization.pattern_check import PatternCost, judge_pattern

__all__ = ["check_tokenizer_file"]

KNOWN_PARTS = {
    "normalizer": (
        *("Sequence", "BertNormalizer", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip"),
        *("StripAccents", "Nmt", "Replace", "Prepend", "Precompiled", "ByteLevel"),
    ),
    "pre_tokenizer": (
        *("Sequence", "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "ByteLevel", "Split"),
        *("Metaspace", "Punctuation", "Digits", "CharDelimiterSplit", "UnicodeScripts"),
    ),
    "post_processor": (
        *("Sequence", "BertProcessing", "RobertaProcessing", "ByteLevel", "TemplateProcessing"),
    ),
}
KNOWN_MODELS = ("WordLevel", "WordPiece", "BPE", "Unigram")
# Bytes beyond ASCII become characters of two bytes; Chinese characters are set apart by spaces.
GROWING = {"ByteLevel": 2.0, "BertNormalizer": 3.0}
MAX_PARTS = 64  # of one step, sequences in sequences counted
MAX_GROWTH = 64  # characters that one character can become
MAX_PIECES = 64  # of a template, and ids of one special token
MAX_NAME_CHARS = 256  # of a token that the file adds, a prefix or a suffix
# Longest word that WordPiece tries to cut, which takes the third power of that: published ones try
# 100 or 200, and 5,000 took 3 s.
MAX_WORD_CHARS = 1_000
MAX_UNIGRAM_CHARS = 256  # of a piece: each is looked for at each place; published ones have 16
# Times that patterns may read the rest of a text in vain. Where the text has grown before, each
# counts by the square of that. Published tokenizers do so up to four times; one took 1.3 s on
# 20,000 characters.
MAX_VAIN = 6
MAX_CHARSMAP_BYTES = 64  # longest text that a character becomes; the longest in Unicode has 33


def check_tokenizer_file(path: Path) -> None:
    """Refuse a tokenizer that could do harm.

    Raises
    ------
    ModelError
        The file is no JSON object; it has a part that is unknown, a pattern that can take for
        ever, a rule that makes texts grow, random cuts, or an absurd number.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        problem = next(_find_problems(content), None)
    except (ValueError, RecursionError, TypeError, AttributeError, LookupError) as err:
        raise ModelError(f"{path} cannot be read as a tokenizer: {err}") from err
    if problem is not None:
        raise ModelError(
            f"{path} is refused: {problem}", hint="get the model again from a source you trust"
        )


def _find_problems(content: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong, one sentence after another."""
    growth, n_vain = 1.0, 0.0
    for step, known in KNOWN_PARTS.items():
        parts = list(_flatten(content.get(step)))
        if len(parts) > MAX_PARTS:
            yield f"its {step} has {len(parts):,} parts; at most {MAX_PARTS} are accepted"
        for part in parts:
            if part.get("type") not in known:
                yield f"its {step} has a part of the unknown kind {part.get('type')!r}"
            cost = _judge_part(part)
            if cost.problem is not None:
                yield f"its pattern {cost.problem}"
            n_vain += cost.n_vain * growth**2
            growth *= _growth(part)
            if part.get("type") == "TemplateProcessing":
                yield from _template_problems(part)
        if growth > MAX_GROWTH:
            yield f"its {step} makes texts grow more than {MAX_GROWTH} times"
    if n_vain > MAX_VAIN:
        yield "its patterns read the rest of a text in vain too often"
    yield from _model_problems(content["model"])
    yield from _token_problems(content.get("added_tokens") or ())


def _flatten(part: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """Yield a part, or the parts of a sequence."""
    if part is None:
        return
    if part.get("type") != "Sequence":
        yield part
        return
    for name in ("normalizers", "pretokenizers", "processors"):
        for inner in part.get(name) or ():
            yield from _flatten(inner)


def _judge_part(part: Mapping[str, Any]) -> PatternCost:
    """Return what is known of the pattern of a part, if it has one."""
    pattern = part.get("pattern")
    if isinstance(pattern, Mapping) and "Regex" in pattern:
        return judge_pattern(str(pattern["Regex"]))
    return PatternCost()


def _template_problems(part: Mapping[str, Any]) -> Iterator[str]:
    for name in ("single", "pair"):
        template = part.get(name) or ()
        if len(template) > MAX_PIECES:
            yield f"its template has {len(template):,} pieces; at most {MAX_PIECES} are accepted"
    for name, token in (part.get("special_tokens") or {}).items():
        if len(token["ids"]) > MAX_PIECES:
            yield f"its special token '{name[:20]}' has {len(token['ids']):,} ids"


def _growth(part: Mapping[str, Any]) -> float:
    """Return how many bytes one byte of a text can become, or characters one character."""
    kind = part.get("type")
    if kind == "Replace":
        n_chars, pattern = len(part["content"]), part["pattern"]
        return max(1.0, n_chars / max(1, len(pattern.get("String", ""))))
    if kind == "Prepend":
        return max(1.0, len(part["prepend"]))
    if kind == "Metaspace":
        return max(1.0, len(part["replacement"]))
    if kind == "Precompiled":
        return max(1.0, _longest_replacement(part["precompiled_charsmap"]))
    return GROWING.get(str(kind), 1.0)


def _longest_replacement(encoded: str) -> float:
    """Return the bytes of the longest text that a charsmap puts in the place of a character.

    The map is a trie, after its size in 4 bytes, then the texts, each ended by a zero byte.
    """
    try:
        blob = base64.b64decode(encoded or "", validate=True)
    except binascii.Error as err:
        raise ValueError("its charsmap is not base64") from err
    texts = blob[4 + int.from_bytes(blob[:4], "little") :]
    longest = max(map(len, texts.split(b"\0")))
    return math.inf if longest > MAX_CHARSMAP_BYTES else longest


def _model_problems(model: Mapping[str, Any]) -> Iterator[str]:
    kind = model.get("type", "BPE")
    if kind not in KNOWN_MODELS:
        yield f"its model is of the unknown kind {kind!r}"
    if model.get("dropout"):
        yield "it cuts words at random (dropout)"
    if kind == "Unigram" and _longest_piece(model) > MAX_UNIGRAM_CHARS:
        yield f"it has a piece of more than {MAX_UNIGRAM_CHARS} characters"
    if model.get("max_input_chars_per_word", 0) > MAX_WORD_CHARS:
        yield f"it cuts words of more than {MAX_WORD_CHARS:,} characters"
    for name in ("continuing_subword_prefix", "end_of_word_suffix", "unk_token"):
        if len(model.get(name) or "") > MAX_NAME_CHARS:
            yield f"its {name} has more than {MAX_NAME_CHARS} characters"


def _longest_piece(model: Mapping[str, Any]) -> int:
    return max((len(piece[0]) for piece in model.get("vocab") or ()), default=0)


def _token_problems(tokens: Any) -> Iterator[str]:
    for token in tokens:
        if not 0 < len(token["content"]) <= MAX_NAME_CHARS:
            yield f"a token that it adds has {len(token['content']):,} characters"
        if token["content"].isspace() and (token.get("lstrip") or token.get("rstrip")):
            yield "a token that it adds is white space, and takes the white space beside it"
