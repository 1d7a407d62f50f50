"""A vocabulary learnt from texts: whole words where few words suffice, else byte-pair word pieces.

Pieces (Sennrich et al., 2016) fit any language: frequent words stay whole, others become syllables
and characters. But where nearly all running words are frequent ones, a network learns more from
whole words, with one unknown token for the rare ones, than from pieces that rare words share by
chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from assay.tokenization.subwords import encodable

__all__ = ["END", "PAD", "UNKNOWN", "find_beginnings", "learn_tokenizer"]

PAD, UNKNOWN, END = SPECIAL = ("[PAD]", "[UNK]", "[END]")
WORD_MARK = "▁"  # where a word begins, as Metaspace writes it
# Characters kept as tokens of their own: all of one script, or the frequent ones of several.
MAX_ALPHABET = 4000
MIN_COUNT = 2  # least occurrences of a word, or of a pair of pieces that is joined
# Share of the running words of train that whole words may leave unknown. Measured:
# "thresholds of the data and tokenization rooms" in dev/LOG.md.
MAX_UNKNOWN_FRACTION = 0.05


def learn_tokenizer(
    texts: Sequence[str], *, vocabulary_size: int, whole_words: bool = True
) -> tokenizers.Tokenizer:
    """Learn a tokenizer of lower-cased words or word pieces.

    Every text ends in a token of its own, so that no text is empty.

    Parameters
    ----------
    texts : sequence of str
    vocabulary_size : int
        Most tokens, as long as it exceeds the number of characters that are kept.
    whole_words : bool
        Whether tokens may be whole words where few words suffice. If not, they are pieces.

    Returns
    -------
    tokenizers.Tokenizer
        The same for the same texts, in every process.
    """
    clean = list(map(encodable, texts))
    normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer = None
    if whole_words:
        tokenizer = _learn_words(clean, normalizer, vocabulary_size)
    if tokenizer is None:
        tokenizer = _learn_pieces(clean, normalizer, vocabulary_size)
    tokenizer.normalizer = normalizer
    end_id = tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, end_id)]
    )
    return tokenizer


def find_beginnings(tokenizer: tokenizers.Tokenizer) -> np.ndarray:
    """Say of each token of `learn_tokenizer` whether a word begins with it.

    Returns
    -------
    bool array of shape (n_tokens,)
        The end of a text and what is unknown count as words. Punctuation is one of its own.
    """
    vocabulary = tokenizer.get_vocab()
    begins = np.zeros(max(vocabulary.values()) + 1, dtype=bool)
    for token, i in vocabulary.items():
        begins[i] = token in SPECIAL or token.startswith(WORD_MARK)
    return begins


def _learn_words(
    texts: list[str], normalizer: normalizers.Normalizer, vocabulary_size: int
) -> tokenizers.Tokenizer | None:
    """Return a tokenizer of the frequent words; None if they leave too many words unknown."""
    splitter = pre_tokenizers.BertPreTokenizer()
    counts = _count_words(texts, normalizer, splitter)
    frequent = [word for word, n in counts.items() if n >= MIN_COUNT and word not in SPECIAL]
    frequent.sort(key=lambda word: (-counts[word], word))
    kept = frequent[: max(0, vocabulary_size - len(SPECIAL))]
    n_running = counts.total()
    n_unknown = n_running - sum(counts[word] for word in kept)
    if not kept or n_unknown > MAX_UNKNOWN_FRACTION * n_running:
        return None
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *kept])}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = splitter
    tokenizer.add_special_tokens([*SPECIAL])
    return tokenizer


def _count_words(
    texts: list[str],
    normalizer: normalizers.Normalizer,
    splitter: pre_tokenizers.PreTokenizer,
) -> Counter[str]:
    """Count the running words; each distinct run between spaces is normalised and split once."""
    runs = Counter(chain.from_iterable(text.split(" ") for text in texts))
    counts: Counter[str] = Counter()
    for run, n in runs.items():
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(run)):
            counts[word] += n
    return counts


def _learn_pieces(
    texts: list[str], normalizer: normalizers.Normalizer, vocabulary_size: int
) -> tokenizers.Tokenizer:
    """Return a tokenizer of byte-pair word pieces."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizer
    # A character marks where a word begins. BPE's own mark is a suffix where it ends, numbered in
    # the order of a hash table: every training would give another vocabulary.
    marks = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), marks])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=MIN_COUNT,
        special_tokens=[*SPECIAL],
        limit_alphabet=MAX_ALPHABET,
        initial_alphabet=_frequent_characters(texts, normalizer),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _frequent_characters(texts: list[str], normalizer: normalizers.Normalizer) -> list[str]:
    """Return the characters to keep if there are too many; else none: the trainer keeps them all.

    Among equally frequent characters the trainer would keep whichever its hash table gives first,
    which differs from process to process. Here the first in Unicode are kept.
    """
    if len(set().union(*texts)) <= MAX_ALPHABET:
        return []
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(char for char in normalizer.normalize_str(text) if not char.isspace())
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    others = [char for char in ranked if char != WORD_MARK]
    return [WORD_MARK, *others][:MAX_ALPHABET]
