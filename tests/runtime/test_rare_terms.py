"""Terms of a single training text: they have a bucket, and no spelling."""

import pytest

from assay.runtime.rare_terms import RareTerms, bucket_bits, bucket_of


@pytest.mark.parametrize("n_terms", [0, 1, 5, 1000, 90_000, 1 << 31])
def test_there_are_eight_buckets_for_each_term(n_terms):
    """At least eight, fewer than sixteen, and never more than a hash of 32 bits tells apart."""
    n_bits = bucket_bits(n_terms)
    least = 8 * max(n_terms, 1)
    assert (least <= 1 << n_bits < 2 * least) or n_bits == 32


def test_bucket_is_the_top_of_the_crc():
    """The CRC-32 of "123456789" is published as cbf43926; lone surrogates have a bucket too."""
    assert bucket_of("123456789", 32) == 0xCBF43926
    assert bucket_of("123456789", 8) == 0xCB
    assert 0 <= bucket_of("\ud800", 4) < 16


@pytest.mark.parametrize(
    ("n_bits", "buckets", "message"),
    [
        (0, (), "buckets of 0 bits; 1 to 32 are accepted"),
        (33, (), "buckets of 33 bits"),
        (4, (3, 3), "occurs twice"),
        (4, (16,), "does not fit into 4 bits"),
        (4, (-1,), "does not fit into 4 bits"),
    ],
)
def test_impossible_buckets_are_refused(n_bits, buckets, message):
    """A damaged file is not read as another model."""
    with pytest.raises(ValueError, match=message):
        RareTerms(n_bits, buckets)
