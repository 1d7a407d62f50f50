"""A vocabulary learnt from texts: whole words where few words suffice, byte-pair word pieces elsewhere.

Pieces (Sennrich et al., 2016) need no language: they are words where words are frequent, syllables
and characters elsewhere. Where next to all running words are frequent ones, though, a network
learns more from whole words, and from an unknown token for the rare ones, than from pieces that
rare words share by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

__all__ = ["END", "PAD", "UNKNOWN", "learn_tokenizer"]

PAD, UNKNOWN, END = SPECIAL = ("[PAD]", "[UNK]", "[END]")
WORD_MARK = "▁"  # where a word begins, as Metaspace writes it
MAX_ALPHABET = (
    4000  # characters kept as tokens of their own: all of a script, or the frequent ones of several
)
MIN_COUNT = 2  # of a word, or of a pair of pieces to be joined
# Share of the running words of train that whole words may leave unknown. With 8,000 of them 16,000
# tweets leave 3 %, bank customers' questions 1 %, Korean headlines 31 %. `compact` on tweets,
# validation: 0.9354 with words, 0.9323 with pieces (means of ten seeds); on the questions 0.904 and
# 0.903 (three seeds). On headlines words, with pieces for the rest, are no better than pieces:
# 0.860 to 0.869 in place of 0.868 (two seeds).
MAX_UNKNOWN_FRACTION = 0.05


def learn_tokenizer(texts: Sequence[str], *, vocabulary_size: int) -> tokenizers.Tokenizer:
    """Learn a tokenizer of lower-cased words or word pieces; every text ends in a token of its own: none is empty.

    Parameters
    ----------
    texts : sequence of str
    vocabulary_size : int
        Tokens at most, as long as it exceeds the characters that are kept.

    Returns
    -------
    tokenizers.Tokenizer
        The same for the same texts, in every process.
    """
    encodable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer = _learn_words(encodable, normalizer, vocabulary_size) or _learn_pieces(
        encodable, normalizer, vocabulary_size
    )
    tokenizer.normalizer = normalizer
    end_id = tokenizer.token_to_id(END)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, end_id)]
    )
    return tokenizer


def _learn_words(
    texts: list[str], normalizer: normalizers.Normalizer, vocabulary_size: int
) -> tokenizers.Tokenizer | None:
    """Return a tokenizer of the frequent words; None: they leave too much unknown."""
    splitter = pre_tokenizers.BertPreTokenizer()
    spaced = Counter(
        part for text in texts for part in text.split(" ")
    )  # each is normalised and split once
    counts: Counter[str] = Counter()
    for part, n in spaced.items():
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(part)):
            counts[word] += n
    ranked = sorted(
        (word for word, n in counts.items() if n >= MIN_COUNT),
        key=lambda word: (-counts[word], word),
    )
    kept = [word for word in ranked if word not in SPECIAL][
        : max(0, vocabulary_size - len(SPECIAL))
    ]
    n_running = counts.total()
    if (
        not kept
        or n_running - sum(counts[word] for word in kept) > MAX_UNKNOWN_FRACTION * n_running
    ):
        return None
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *kept])}
    tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = splitter
    tokenizer.add_special_tokens([*SPECIAL])
    return tokenizer


def _learn_pieces(
    texts: list[str], normalizer: normalizers.Normalizer, vocabulary_size: int
) -> tokenizers.Tokenizer:
    """Return a tokenizer of byte-pair word pieces."""
    tokenizer = tokenizers.Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizer
    # Words are marked where they begin, by a character. BPE's own mark of where they end, a suffix,
    # is numbered by the trainer in the order of a hash table: another vocabulary each time.
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
    """Return the characters to keep where there are too many; else none, and the trainer keeps them all.

    Of characters that are equally frequent the trainer would keep whichever its hash table gives
    first: another vocabulary each time. Here it is the first in Unicode.
    """
    if len(set().union(*texts)) <= MAX_ALPHABET:
        return []
    counts = Counter(
        char for text in texts for char in normalizer.normalize_str(text) if not char.isspace()
    )
    ranked = sorted(counts, key=lambda char: (-counts[char], char))
    return [WORD_MARK, *(char for char in ranked if char != WORD_MARK)][:MAX_ALPHABET]
