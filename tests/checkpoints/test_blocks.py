"""Matrices in 8 bits: what is packed comes back bit for bit."""

import numpy as np
import pytest

from assay.checkpoints.blocks import pack_blocks, round_to_blocks, unpack_blocks


def four_bits(seed=0, shape=(6, 96)):
    """Return weights as the file of e5 holds them: -8 to 7 times a half-precision scale."""
    random = np.random.default_rng(seed)
    numbers = random.integers(-8, 8, (shape[0], shape[1] // 32, 32)).astype(np.float32)
    numbers[..., 0] = -8
    scales = random.normal(size=(shape[0], shape[1] // 32, 1)).astype(np.float16)
    return (numbers * scales.astype(np.float32)).reshape(shape)


def test_four_bit_weights_come_back_bit_for_bit():
    """Rounding leaves them as they are, negative scales and blocks of zeros too."""
    matrix = four_bits()
    matrix[1, :32] = 0
    numbers, scales = pack_blocks(matrix)
    assert (numbers.dtype, scales.dtype) == (np.int8, np.float16)
    assert numbers.shape == (6, 3, 32)
    np.testing.assert_array_equal(unpack_blocks(numbers, scales), matrix)
    np.testing.assert_array_equal(round_to_blocks(matrix), matrix)


@pytest.mark.parametrize("size", [1e-4, 1.0, 50.0])
def test_any_weights_can_be_rounded_and_then_packed(size):
    """No value moves by more than its block's largest over 254, and rounding twice changes nothing."""
    matrix = (np.random.default_rng(1).normal(size=(50, 64)) * size).astype(np.float32)
    assert pack_blocks(matrix) is None
    rounded = round_to_blocks(matrix)
    np.testing.assert_array_equal(unpack_blocks(*pack_blocks(rounded)), rounded)
    np.testing.assert_array_equal(round_to_blocks(rounded), rounded)
    blocks = np.abs(matrix).reshape(50, 2, 32).max(axis=2, keepdims=True)
    moved = np.abs(rounded - matrix).reshape(50, 2, 32)
    # 254, and what rounding the scale itself to half precision adds.
    assert (moved <= np.maximum(blocks / 254 * (1 + 2e-2), 2.0**-15)).all()


def test_other_shapes_stay_as_they_are():
    """Rows that are no whole number of blocks, and arrays that are no matrix."""
    for matrix in (np.ones((3, 33), dtype=np.float32), np.ones(32, dtype=np.float32)):
        assert pack_blocks(matrix) is None
        assert round_to_blocks(matrix) is matrix
