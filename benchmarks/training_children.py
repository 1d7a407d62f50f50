"""What the child processes of benchmarks/training.py do: one measurement each, printed as JSON.

The task comes as JSON on stdin: what to `do`, the number of threads, the checkpoint's folder, texts
and labels, and how much to measure. The peer that has an environment of its own
(sentence-transformers) needs nothing of assay here.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import Any

from house import peak_bytes

WARM_UP = 2  # steps before the clock runs
N_EPOCHS = 2  # the notebook's: what is done once is shared between them


class StopError(Exception):
    """Enough steps were measured."""


def summarise_steps(
    times: list[float], tokens: list[int], epoch_tokens: int, n_texts: int
) -> dict[str, Any]:
    """Return the seconds of the measured steps, and of the epoch that they are a sample of, by tokens computed."""
    n = len(times) - 1
    measured = tokens[WARM_UP:n]
    took_s = times[n] - times[WARM_UP]
    return {
        "n_steps": n - WARM_UP,
        "s": took_s,
        "step_tokens": sum(measured),
        "epoch_tokens": epoch_tokens,
        "epoch_s": took_s * epoch_tokens / sum(measured),
        "n_texts": n_texts,
    }


# --- an epoch of fine-tuning ---


def child_assay_epoch(plan: dict[str, Any]) -> dict[str, Any]:
    """Take some steps of assay's `finetune`, at its defaults; what it does once before them is shared by its epochs."""
    import numpy as np

    from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
    from assay.models import Finetune
    from assay.progress import Progress
    from assay.tokenization.batches import bucket_batches

    times: list[float] = []
    frozen_s: list[float] = []

    class Steps(Progress):
        @contextmanager
        def track(self, name: str, n_steps: int) -> Any:
            if name == "frozen layers":  # read once, for all epochs
                started_s = time.perf_counter()
                yield lambda n_done: None
                frozen_s.append(time.perf_counter() - started_s)
                return

            def advance(n_done: int) -> None:
                synchronise(plan["device"])
                times.append(time.perf_counter())
                if len(times) > plan["n_steps"] + WARM_UP:
                    raise StopError

            advance(0)
            yield advance

    estimator = Finetune(checkpoint=plan["folder"], n_epochs=N_EPOCHS, **plan.get("parameters", {}))
    try:
        estimator.fit(plan["texts"], plan["labels"], progress=Steps())
    except StopError:
        pass
    else:
        raise SystemExit("there are fewer batches than steps to measure")
    tokenizer = load_tokenizer(resolve_checkpoint(plan["folder"]))
    encoded = tokenizer.encode_texts(plan["texts"])
    lengths = encoded.lengths
    batches = bucket_batches(
        lengths, max_texts=estimator.batch_size, rng=np.random.default_rng(estimator.seed)
    )
    tokens = [int(len(rows) * lengths[rows].max()) for rows in batches]
    found = summarise_steps(times, tokens, sum(tokens), len(lengths))
    found |= {"steps_epoch_s": found["epoch_s"], "frozen_s": sum(frozen_s), "n_epochs": N_EPOCHS}
    found["epoch_s"] += found["frozen_s"] / N_EPOCHS
    return {
        **found,
        "real_tokens": int(lengths.sum()),
        "batch_size": estimator.batch_size,
        "n_frozen_layers": estimator.n_frozen_layers_,
    }


def make_rows(plan: dict[str, Any], names: list[str]) -> tuple[Any, Any]:
    """Return the tokenizer of a checkpoint, and what makes rows for Trainer of texts and labels."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(plan["folder"])
    if tokenizer.is_fast:
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.no_truncation()
    longest = plan["padding"] == "dataset"

    def encode(texts: list[str], labels: list[str]) -> list[dict[str, Any]]:
        encoded = tokenizer(texts, padding=longest, truncation=True, max_length=plan["max_tokens"])
        return [
            {
                **{key: encoded[key][i] for key in ("input_ids", "attention_mask")},
                "labels": names.index(label),
            }
            for i, label in enumerate(labels)
        ]

    return tokenizer, encode


def make_trainer(
    plan: dict[str, Any],
    tokenizer: Any,
    rows: list[dict[str, Any]],
    n_classes: int,
    *,
    callbacks: Any = None,
    eval_dataset: Any = None,
    compute_metrics: Any = None,
    **more: Any,
) -> Any:
    """Return transformers.Trainer as the notebook sets it up; with padding by batch, as a careful user would."""
    import torch
    import transformers

    torch.set_num_threads(plan["n_threads"])
    transformers.utils.logging.set_verbosity_error()
    transformers.set_seed(plan.get("seed", 0))
    network = transformers.AutoModelForSequenceClassification.from_pretrained(
        plan["folder"], num_labels=n_classes, dtype=torch.float32
    )
    arguments = transformers.TrainingArguments(
        output_dir=plan["scratch"],
        per_device_train_batch_size=64,
        learning_rate=plan.get("learning_rate", 2e-5),
        weight_decay=0.01,
        use_cpu=plan["device"] == "cpu",
        bf16=plan.get("bf16", plan["device"] != "cpu"),
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        report_to="none",
        seed=plan.get("seed", 0),
        **({} if plan["padding"] == "dataset" else {"train_sampling_strategy": "group_by_length"}),
        **more,
    )
    return transformers.Trainer(
        model=network,
        args=arguments,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=callbacks,
        data_collator=transformers.DataCollatorWithPadding(tokenizer),
        eval_dataset=eval_dataset,
        compute_metrics=compute_metrics,
    )


def child_trainer_epoch(plan: dict[str, Any]) -> dict[str, Any]:
    """Take some steps of transformers.Trainer: as the notebook sets it up, or as a careful user would."""
    import transformers

    times: list[float] = []

    class Clock(transformers.TrainerCallback):
        def on_train_begin(self, *args: Any, **more: Any) -> None:
            times.append(time.perf_counter())

        def on_step_end(self, *args: Any, **more: Any) -> None:
            synchronise(plan["device"])
            times.append(time.perf_counter())

    names = sorted(set(plan["labels"]))
    tokenizer, encode = make_rows(plan, names)
    rows = encode(plan["texts"], plan["labels"])
    trainer = make_trainer(
        plan, tokenizer, rows, len(names), callbacks=[Clock()], max_steps=plan["n_steps"] + WARM_UP
    )
    order: list[int] = []
    hook = trainer.model.register_forward_pre_hook(
        lambda _, args, given: order.append(given["input_ids"].numel()), with_kwargs=True
    )
    trainer.train()
    hook.remove()
    epoch_tokens = sum(batch["input_ids"].numel() for batch in trainer.get_train_dataloader())
    return {**summarise_steps(times, order, epoch_tokens, len(rows)), "batch_size": 64}


def child_assay_training(plan: dict[str, Any]) -> dict[str, Any]:
    """Train assay's `finetune` to its end; tell when each epoch was judged, and how many texts it was right on."""
    from assay.models import Finetune

    judged: list[float] = []
    started_s = time.perf_counter()

    def score(label_ids: Any, probs: Any) -> dict[str, float]:
        judged.append(time.perf_counter() - started_s)
        return {"accuracy": float((probs.argmax(axis=1) == label_ids).mean())}

    estimator = Finetune(checkpoint=plan["folder"], seed=plan["seed"], **plan.get("parameters", {}))
    held_out = plan["validation_texts"], plan["validation_labels"]
    estimator.fit(plan["texts"], plan["labels"], validation=held_out, score=score)
    n = len(plan["validation_texts"])
    right = [round(entry["validation_accuracy"] * n) for entry in estimator.history_]
    return {"epochs_s": judged, "n_right": right, "n_validation": n}


def child_trainer_training(plan: dict[str, Any]) -> dict[str, Any]:
    """Train with transformers.Trainer to its end, judged on validation after each epoch."""
    import numpy as np

    judged: list[float] = []
    started_s = time.perf_counter()
    names = sorted(set(plan["labels"]))

    def compute_metrics(found: Any) -> dict[str, float]:
        judged.append(time.perf_counter() - started_s)
        return {"n_right": float((np.argmax(found.predictions, axis=-1) == found.label_ids).sum())}

    tokenizer, encode = make_rows(plan, names)
    trainer = make_trainer(
        plan,
        tokenizer,
        encode(plan["texts"], plan["labels"]),
        len(names),
        eval_dataset=encode(plan["validation_texts"], plan["validation_labels"]),
        compute_metrics=compute_metrics,
        num_train_epochs=plan.get("n_epochs", N_EPOCHS),
        eval_strategy="epoch",
        per_device_eval_batch_size=64,
    )
    trainer.train()
    right = [
        round(entry["eval_n_right"])
        for entry in trainer.state.log_history
        if "eval_n_right" in entry
    ]
    return {"epochs_s": judged, "n_right": right, "n_validation": len(plan["validation_texts"])}


def synchronise(device: str) -> None:
    """Wait for what a GPU still computes."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize()


# --- frozen features ---


def child_assay_features(plan: dict[str, Any]) -> dict[str, Any]:
    """Turn raw texts into features with assay; making the exported file, once an encoder, counts where it lacks."""
    from assay.checkpoints import FrozenEncoder

    encoder = FrozenEncoder(plan["folder"], precision=plan["precision"])
    encoder.transform(plan["texts"][:64])
    return timed(encoder.transform, plan)


def child_cached_features(plan: dict[str, Any]) -> dict[str, Any]:
    """Ask for the same features again."""
    from assay.checkpoints import FrozenEncoder
    from assay.checkpoints.cache import cached_features

    encoder = FrozenEncoder(plan["folder"])
    cached_features(encoder, plan["texts"])
    return timed(lambda texts: cached_features(encoder, texts), plan)


def child_notebook_features(plan: dict[str, Any]) -> dict[str, Any]:
    """Do what the notebook does: every text padded to the longest of all, batches through AutoModel."""
    import numpy as np
    import torch
    import transformers

    torch.set_num_threads(plan["n_threads"])
    tokenizer = transformers.AutoTokenizer.from_pretrained(plan["folder"])
    tokenizer.backend_tokenizer.no_padding()
    network = transformers.AutoModel.from_pretrained(plan["folder"], dtype=torch.float32).eval()

    def encode(texts: list[str]) -> np.ndarray:
        given = tokenizer(
            texts,
            padding="max_length",
            max_length=plan["longest"],
            truncation=True,
            return_tensors="pt",
        )
        blocks = []
        with torch.no_grad():
            for start in range(0, len(texts), 250):
                ids, mask = (
                    given[name][start : start + 250] for name in ("input_ids", "attention_mask")
                )
                hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state
                weights = mask.unsqueeze(-1).float()
                blocks.append(((hidden * weights).sum(1) / weights.sum(1)).numpy())
        return np.concatenate(blocks)

    encode(plan["texts"][:16])
    return timed(encode, plan)


def child_peer_features(plan: dict[str, Any]) -> dict[str, Any]:
    """Turn raw texts into features with sentence-transformers, at its defaults."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(plan["n_threads"])
    model = SentenceTransformer(plan["folder"], device="cpu")
    model.encode(plan["texts"][:64])
    return timed(lambda texts: model.encode(texts, show_progress_bar=False), plan)


def child_probe(plan: dict[str, Any]) -> dict[str, Any]:
    """Train the method `features` with a precision; return its accuracy on validation."""
    from assay.models import Features

    estimator = Features(checkpoint=plan["folder"], precision=plan["precision"])
    estimator.fit(plan["texts"], plan["labels"])
    accuracy = float(estimator.score(plan["validation_texts"], plan["validation_labels"]))
    return {"accuracy": accuracy, "n_texts": len(plan["validation_texts"])}


def timed(encode: Any, plan: dict[str, Any]) -> dict[str, Any]:
    """Time the features of all texts; leave them where they can be compared."""
    import numpy as np

    started_s = time.perf_counter()
    features = encode(plan["texts"])
    took_s = time.perf_counter() - started_s
    np.save(plan["out"], np.asarray(features, dtype=np.float32), allow_pickle=False)
    return {"n_texts": len(plan["texts"]), "s": took_s}


def child_matrix(plan: dict[str, Any]) -> dict[str, Any]:
    """Measure how fast torch multiplies matrices of float32 here."""
    import torch

    torch.set_num_threads(plan["n_threads"])
    left = torch.rand(1536, 1536, device=plan["device"])
    best_s = 1e9
    for _ in range(12):
        started_s = time.perf_counter()
        left @ left
        synchronise(plan["device"])
        best_s = min(best_s, time.perf_counter() - started_s)
    return {"gflop_per_s": 2 * 1536**3 / best_s / 1e9}


CHILDREN = {
    name.removeprefix("child_"): made
    for name, made in globals().items()
    if name.startswith("child_")
}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    measured = CHILDREN[task["do"]](task)
    print(json.dumps({**measured, "peak_bytes": peak_bytes()}))
