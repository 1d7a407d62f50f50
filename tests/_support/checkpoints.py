"""Tiny random checkpoints in the stock layout: seeded, about 100 kB each, built in code, so tests need no download.

`write_checkpoint(folder, "bert")` writes what `AutoModelForMaskedLM.save_pretrained` would: a head
that an encoder has no use for comes along, as in published checkpoints.
"""

from __future__ import annotations

import json
import string
from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

KINDS = ("bert", "distilbert", "roberta")
MAX_TOKENS = 64
WORDS = [
    "good",
    "bad",
    "happy",
    "sad",
    "day",
    "night",
    "this",
    "is",
    "a",
    "not",
    "very",
    "i",
    "am",
    "feel",
    "##ing",
    "좋은",
    "나쁜",
    "하루",
    "오늘",
    "정말",
    "행복",
    "##해",
    "##요",
    "슬퍼",
    "##다",
    "##은",
    "##는",
]
SYLLABLES = "가나다라마바사아자차카타파하이고은는을를에요해"


def bert_vocabulary() -> list[str]:
    """List special tokens, characters that start and go on a word, whole words; Korean among them."""
    characters = [*string.ascii_lowercase, *string.digits, *SYLLABLES]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    parts = [*characters, *(f"##{c}" for c in characters), *string.punctuation, *WORDS]
    return [*special, *dict.fromkeys(parts)]


def bert_tokenizer() -> tokenizers.Tokenizer:
    """Build WordPiece as BERT has it; accents are kept, because Hangul would fall apart without them."""
    vocabulary = {token: i for i, token in enumerate(bert_vocabulary())}
    tokenizer = tokenizers.Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def roberta_tokenizer() -> tokenizers.Tokenizer:
    """Build byte-level BPE as RoBERTa has it: every text can be spelt."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    merges = [("i", "s"), ("d", "a"), ("da", "y"), ("Ġ", "a"), ("g", "o"), ("o", "d"), ("go", "od")]
    pieces = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    tokenizer = tokenizers.Tokenizer(
        models.BPE({piece: i for i, piece in enumerate(pieces)}, merges)
    )
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    return tokenizer


def gpt2_tokenizer() -> tokenizers.Tokenizer:
    """Build byte-level BPE as GPT-2 has it: one special token, which no text gets."""
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "go", "od", "good", "<|endoftext|>"]
    merges = [("g", "o"), ("o", "d"), ("go", "od")]
    tokenizer = tokenizers.Tokenizer(
        models.BPE({piece: i for i, piece in enumerate(pieces)}, merges)
    )
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def write_gpt2(folder: Path, *, end: str = "<|endoftext|>") -> Path:
    """Write a tiny decoder, whose config.json and tokenizer name no padding token."""
    import torch
    import transformers

    text = gpt2_tokenizer().to_str().replace("<|endoftext|>", end)
    tokenizer = tokenizers.Tokenizer.from_str(text)
    end_id = tokenizer.token_to_id(end)
    config = transformers.GPT2Config(
        vocab_size=tokenizer.get_vocab_size(),
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=MAX_TOKENS,
        bos_token_id=end_id,
        eos_token_id=end_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def write_checkpoint(
    folder: Path,
    kind: str,
    *,
    hidden_size: int = 32,
    n_layers: int = 2,
    dtype: str = "float32",
    seed: int = 0,
) -> Path:
    """Write config.json, model.safetensors, tokenizer.json and tokenizer_config.json; return the folder."""
    import torch
    import transformers

    is_roberta = kind == "roberta"
    tokenizer = roberta_tokenizer() if is_roberta else bert_tokenizer()
    size = {"vocab_size": tokenizer.get_vocab_size(), "pad_token_id": 1 if is_roberta else 0}
    if kind == "distilbert":
        config = transformers.DistilBertConfig(
            dim=hidden_size,
            n_layers=n_layers,
            n_heads=2,
            hidden_dim=2 * hidden_size,
            max_position_embeddings=MAX_TOKENS,
            **size,
        )
    else:
        config_class = transformers.RobertaConfig if is_roberta else transformers.BertConfig
        special = {"bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1} if is_roberta else {}
        n_positions = MAX_TOKENS + (2 if is_roberta else 0)
        config = config_class(
            hidden_size=hidden_size,
            num_hidden_layers=n_layers,
            num_attention_heads=2,
            intermediate_size=2 * hidden_size,
            max_position_embeddings=n_positions,
            **special,
            **size,
        )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = transformers.AutoModelForMaskedLM.from_config(config)
        for parameter in model.parameters():
            if parameter.ndim == 2:  # fresh weights are near zero: all texts would look alike
                torch.nn.init.normal_(parameter, std=0.3)
    bars = transformers.utils.logging.is_progress_bar_enabled()
    transformers.utils.logging.disable_progress_bar()
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    if bars:
        transformers.utils.logging.enable_progress_bar()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(tokenizer_settings(kind)), encoding="utf-8"
    )
    return folder


def tokenizer_settings(kind: str) -> dict[str, object]:
    """Return what tokenizer_config.json says."""
    if kind == "roberta":
        names = {
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        }
    else:
        names = {
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "mask_token": "[MASK]",
            "do_lower_case": True,
            "strip_accents": False,
        }
    stock = {
        "bert": "BertTokenizer",
        "distilbert": "DistilBertTokenizer",
        "roberta": "RobertaTokenizer",
    }[kind]
    return {"tokenizer_class": stock, "model_max_length": MAX_TOKENS, **names}
