"""Kinds of transformers that are known to work: any other one is tried before it is used."""

from __future__ import annotations

__all__ = ["KNOWN_KINDS"]

# Tiny checkpoints of each were trained, saved and loaded with `finetune` and `features`, and gave
# the same scores as before, alone and in batches, for short texts and texts as long as they read.
_NAMES = """
    albert arcee bert biogpt bloom camembert ctrl data2vec-text deberta deberta-v2
    diffllama distilbert doge electra ernie esm esmc eurobert exaone4 falcon flaubert
    gemma gemma2 gemma3_text glm glm4 gpt-sw3 gpt2 gpt_bigcode gpt_neo gpt_neox gptj gte
    hunyuan_v1_dense jina_embeddings_v3 layoutlm layoutlmv3 lilt llama luke
    megatron-bert minicpm3 ministral ministral3 mistral modernbert modernbert-decoder
    mpnet mpt nemotron nomic_bert olmo olmo2 olmo3 openai-gpt opt persimmon phi phi3
    qwen2 qwen3 rembert roberta roberta-prelayernorm roc_bert roformer seed_oss smollm3
    squeezebert stablelm starcoder2 tapas ultrabert xlm xlm-roberta xlm-roberta-xl
"""
KNOWN_KINDS = frozenset(_NAMES.split())
