"""The n-grams of `compact` as an ONNX graph: hashes, looked-up weights, their sum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from assay.models.onnx.export import write_graph
from assay.models.outputs import Outputs
from assay.models.piece_ngrams import FACTOR, MODULUS, NgramRule, PieceNgrams

__all__ = ["ngram_constants", "ngram_nodes", "write_ngrams_onnx"]

TO_THE_END = (1 << 31) - 1


def write_ngrams_onnx(
    ngrams: PieceNgrams,
    path: Path,
    *,
    outputs: Outputs,
) -> None:
    """Write the classifier of n-grams.

    Parameters
    ----------
    ngrams : PieceNgrams
    path : Path
    outputs : Outputs
        The labels are kept in the file's metadata.
    """
    # The margins are scaled after they were divided by the length: the table stays as it is
    scale, bias = outputs.fold(np.ones((len(outputs.labels), 1)), ngrams.bias)
    constants = ngram_constants(ngrams, outputs.order)
    constants |= {"scale": scale[:, 0].astype(np.float32), "bias": bias.astype(np.float32)}
    nodes = [
        *ngram_nodes(ngrams.rule, "input_ids", "attention_mask"),
        helper.make_node("Mul", ["margins", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["logits"]),
    ]
    write_graph(nodes, constants, path, outputs=outputs, name="assay_ngrams")


def ngram_constants(ngrams: PieceNgrams, order: np.ndarray) -> dict[str, np.ndarray]:
    """Return the constants of `ngram_nodes` by name, the columns in this order."""
    # The last column sums up to the square of a text's length
    table = np.column_stack([ngrams.weights[:, order], ngrams.squares])
    constants: dict[str, np.ndarray] = {
        "table": table.astype(np.float16),
        "tiny": np.array(1e-12, dtype=np.float32),
        "factor": np.array(FACTOR, dtype=np.int64),
        "modulus": np.array(MODULUS, dtype=np.int64),
        "n_buckets": np.array(len(table), dtype=np.int64),
        "one": np.array(1, dtype=np.int64),
        "first": np.array([0], dtype=np.int64),
        "but_last": np.array([-1], dtype=np.int64),
        "n_classes": np.array([len(order)], dtype=np.int64),
        "to_the_end": np.array([TO_THE_END], dtype=np.int64),
        "time_axis": np.array([1], dtype=np.int64),
        "last_axis": np.array([2], dtype=np.int64),
    }
    for n in range(1, ngrams.rule.longest + 1):
        constants[f"start_{n}"] = np.array([n - 1], dtype=np.int64)
    if ngrams.rule.is_bounded:
        constants["begins"] = ngrams.rule.begins.astype(np.int64)
    return constants


def ngram_nodes(rule: NgramRule, pieces: str, mask: str) -> list[Any]:
    """Return the nodes from pieces and their mask, by name, to `margins` without the bias."""
    nodes = []
    if rule.is_bounded:
        nodes += _find_words(pieces)
    for n in range(1, rule.longest + 1):
        nodes += _from_piece(mask, n, f"is_there_{n}")
        counted = f"is_there_{n}"
        if rule.is_bounded and n > 1:
            nodes += _stay_inside(n)
        if n > rule.across:
            inside = [f"inside_{n}", f"is_there_{n}"]
            counted = f"is_there_inside_{n}"
            nodes.append(helper.make_node("Mul", inside, [counted]))
        nodes += _sum_ngrams(n, pieces, counted)
    return [*nodes, *_divide_by_length(rule.longest)]


def _find_words(pieces: str) -> list[Any]:
    """Return the nodes that give 1 for a piece with which no word begins, else 0."""
    return [
        helper.make_node("Gather", ["begins", pieces], ["begins_word"]),
        helper.make_node("Sub", ["one", "begins_word"], ["continues"]),
    ]


def _stay_inside(n: int) -> list[Any]:
    """Return the nodes that give 1 for n pieces of one word: only with the first may it begin."""
    if n == 2:
        return [*_from_piece("continues", n, "inside_2")]
    shorter = [f"inside_{n - 1}", "first", "but_last", "time_axis"]
    return [
        *_from_piece("continues", n, f"continues_{n}"),
        helper.make_node("Slice", shorter, [f"shorter_inside_{n}"]),
        helper.make_node("Mul", [f"shorter_inside_{n}", f"continues_{n}"], [f"inside_{n}"]),
    ]


def _sum_ngrams(n: int, pieces: str, counted: str) -> list[Any]:
    """Return the nodes that sum the rows of the table over the counted n-grams of n pieces."""
    before = []
    if n == 1:
        before.append(helper.make_node("Identity", ["factor"], ["product_1"]))
    else:
        shorter = ["hash_" + str(n - 1), "first", "but_last", "time_axis"]
        before.append(helper.make_node("Slice", shorter, [f"shorter_{n}"]))
        before.append(helper.make_node("Mul", [f"shorter_{n}", "factor"], [f"product_{n}"]))
    return [
        *before,
        *_from_piece(pieces, n, f"piece_{n}"),
        helper.make_node("Add", [f"product_{n}", f"piece_{n}"], [f"added_{n}"]),
        helper.make_node("Add", [f"added_{n}", "one"], [f"unbounded_{n}"]),
        helper.make_node("Mod", [f"unbounded_{n}", "modulus"], [f"hash_{n}"]),
        helper.make_node("Mod", [f"hash_{n}", "n_buckets"], [f"bucket_{n}"]),
        helper.make_node("Gather", ["table", f"bucket_{n}"], [f"half_{n}"]),
        helper.make_node("Cast", [f"half_{n}"], [f"rows_{n}"], to=TensorProto.FLOAT),
        helper.make_node("Cast", [counted], [f"counted_{n}"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", [f"counted_{n}", "last_axis"], [f"mask_{n}"]),
        helper.make_node("Mul", [f"rows_{n}", f"mask_{n}"], [f"unpadded_{n}"]),
        helper.make_node("ReduceSum", [f"unpadded_{n}", "time_axis"], [f"sum_{n}"], keepdims=0),
    ]


def _from_piece(name: str, n: int, out: str) -> list[Any]:
    """Return the node that leaves out what is before the last piece of the first n-gram."""
    return [helper.make_node("Slice", [name, f"start_{n}", "to_the_end", "time_axis"], [out])]


def _divide_by_length(longest: int) -> list[Any]:
    """Return the nodes from the sums to margins."""
    sums = [f"sum_{n}" for n in range(1, longest + 1)]
    return [
        helper.make_node("Sum", sums, ["sums"]),
        helper.make_node("Slice", ["sums", "first", "n_classes", "time_axis"], ["sum_of_weights"]),
        helper.make_node("Slice", ["sums", "n_classes", "to_the_end", "time_axis"], ["squares"]),
        helper.make_node("Max", ["squares", "tiny"], ["positive"]),
        helper.make_node("Sqrt", ["positive"], ["text_lengths"]),
        helper.make_node("Div", ["sum_of_weights", "text_lengths"], ["margins"]),
    ]
