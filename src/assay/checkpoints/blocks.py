"""Matrices in 8 bits: whole numbers in blocks of 32 with one scale per block.

A value is a whole number times the scale of its block. Both are few bits, so that the product is
exact in float32: what is packed comes back bit for bit, in numpy, torch and ONNX Runtime. Weights
that a checkpoint stored in 4 bits, in blocks of the same size, are such products already.
"""

from __future__ import annotations

import numpy as np

__all__ = ["BLOCK", "pack_blocks", "round_to_blocks", "unpack_blocks"]

BLOCK = 32  # as in the file of `e5`
LARGEST = 127  # of the whole numbers
# Whole numbers that the largest value of a block may be. 4-bit weights reach 8; those that were
# rounded here reach 127, or a little less where rounding the scale made it larger.
CANDIDATES = (8, 7, 6, 5, 4, 3, 2, 1, LARGEST, LARGEST - 1, LARGEST - 2)
# Smaller scales than this have fewer bits in half precision, and would be rounded too much.
LEAST_SCALE = np.float16(2.0**-14)


def pack_blocks(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Write a matrix as whole numbers and scales; None if that would change a value.

    Parameters
    ----------
    matrix : float32 array of shape (n_rows, n_columns)

    Returns
    -------
    numbers : int8 array of shape (n_rows, n_columns / 32, 32)
    scales : float16 array of shape (n_rows, n_columns / 32, 1)
    """
    blocks = _as_blocks(matrix)
    if blocks is None:
        return None
    n_rows, n_blocks, _ = blocks.shape
    blocks = blocks.reshape(-1, BLOCK)
    largest = np.abs(blocks).max(axis=1)
    numbers = np.zeros(blocks.shape, dtype=np.int8)
    scales = np.ones(len(blocks), dtype=np.float16)
    open_rows = np.flatnonzero(largest > 0)
    for candidate in (*CANDIDATES, None):
        scale = np.full(len(open_rows), LEAST_SCALE)
        if candidate is not None:
            scale = (largest[open_rows] / candidate).astype(np.float16)
        usable = open_rows[scale > 0]
        wide = scale[scale > 0].astype(np.float32)[:, None]
        found = np.rint(blocks[usable] / wide)
        is_exact = (found * wide == blocks[usable]).all(axis=1)
        is_exact &= np.abs(found).max(axis=1, initial=0) <= LARGEST
        rows = usable[is_exact]
        numbers[rows], scales[rows] = found[is_exact], wide[is_exact, 0]
        open_rows = np.setdiff1d(open_rows, rows, assume_unique=True)
        if not len(open_rows):
            return (
                numbers.reshape(n_rows, n_blocks, BLOCK),
                scales.reshape(n_rows, n_blocks, 1),
            )
    return None


def unpack_blocks(numbers: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the matrix, float32 of shape (n_rows, n_columns)."""
    blocks = numbers.astype(np.float32) * scales.astype(np.float32)
    matrix: np.ndarray = blocks.reshape(len(numbers), -1)
    return matrix


def round_to_blocks(matrix: np.ndarray) -> np.ndarray:
    """Return the nearest matrix that `pack_blocks` can write; it may be the same one.

    A value changes by at most half of a 127th of the largest value of its block, or by 3e-5 if that
    is more. A matrix whose
    rows are no whole number of blocks stays as it is.
    """
    blocks = _as_blocks(matrix)
    if blocks is None or pack_blocks(matrix) is not None:
        return matrix
    largest = np.abs(blocks).max(axis=2, keepdims=True)
    scales = (largest / LARGEST).astype(np.float16)
    too_small = scales.astype(np.float32) * LARGEST < largest
    scales = np.where(too_small, np.nextafter(scales, np.float16(np.inf)), scales)
    wide = np.maximum(scales, LEAST_SCALE).astype(np.float32)
    rounded: np.ndarray = (np.rint(blocks / wide) * wide).reshape(matrix.shape)
    return rounded.astype(np.float32)


def _as_blocks(matrix: np.ndarray) -> np.ndarray | None:
    if matrix.ndim != 2 or matrix.shape[1] % BLOCK:
        return None
    blocks: np.ndarray = np.ascontiguousarray(matrix, dtype=np.float32)
    return blocks.reshape(len(matrix), -1, BLOCK)
