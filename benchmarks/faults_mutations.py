"""Wrong inputs made from right ones: bytes changed, and JSON with values that nobody expects."""

from __future__ import annotations

import io
import json
import random
import zipfile
from typing import Any

__all__ = ["mutate_bytes", "mutate_json", "mutate_json_bytes", "mutate_zip_bytes"]

ODD_BYTES = (
    *(
        b"\0",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\r",
        b"\n",
        b'"',
        b"\\",
        b",",
    ),
    *(b"[" * 2000, b"{" * 50, b"9" * 5000, b"a" * 70_000, b"\t", b"'", b"=1+1", b"\x1f\x8b\x08"),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 1e308, -1e308, 1e-320),
    *(float("nan"), float("inf"), float("-inf"), "", " ", "\0", "\ud800", "a" * 100_000, "../../x"),
    *([], {}, [None], [[]], {"": None}, [0] * 10_000, "NaN", "1e999", "/etc/passwd", "joy"),
)


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return `data` with one to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(BYTE_CHANGES)(rng, data)
    return data


def _flip(rng: random.Random, data: bytes) -> bytes:
    if not data:
        return b"\0"
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 16))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _insert(rng: random.Random, data: bytes) -> bytes:
    i = rng.randrange(len(data) + 1)
    return data[:i] + rng.choice(ODD_BYTES) + data[i:]


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _delete(rng: random.Random, data: bytes) -> bytes:
    i = rng.randrange(len(data) + 1)
    return data[:i] + data[i + rng.choice((1, 2, 100)) :]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    i = rng.randrange(len(data) + 1)
    piece = data[i : i + rng.choice((1, 10, 1000))]
    return data[:i] + piece * rng.choice((2, 50)) + data[i:]


def _swap(rng: random.Random, data: bytes) -> bytes:
    i, j = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
    return data[j:] + data[i:j] + data[:i]


def _number(rng: random.Random, data: bytes) -> bytes:
    """Overwrite eight bytes by an extreme number: lengths and counts of binary formats."""
    i = rng.randrange(len(data) + 1)
    extreme = rng.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, 10**12))
    n_bytes = rng.choice((4, 8))
    packed = (extreme & (256**n_bytes - 1)).to_bytes(n_bytes, "little")
    return data[:i] + packed + data[i + n_bytes :]


BYTE_CHANGES = (_flip, _flip, _insert, _cut, _delete, _repeat, _swap, _number)


def mutate_json(rng: random.Random, value: Any) -> Any:
    """Return a JSON value in which something somewhere is another value, gone, or there twice."""
    if rng.random() < 0.2 or not isinstance(value, dict | list) or not value:
        return rng.choice(ODD_VALUES)
    if isinstance(value, list):
        changed = list(value)
        i = rng.randrange(len(changed))
        change = rng.random()
        if change < 0.1:
            del changed[i]
        elif change < 0.2:
            changed += changed[i:] * rng.choice((1, 20))
        else:
            changed[i] = mutate_json(rng, changed[i])
        return changed
    key = rng.choice(list(value))
    others = dict(value)
    change = rng.random()
    if change < 0.1:
        del others[key]
    elif change < 0.2:
        others[str(rng.choice(ODD_VALUES))[:50]] = others.pop(key)
    else:
        others[key] = mutate_json(rng, others[key])
    return others


def mutate_json_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return JSON with another value somewhere; what is no JSON gets other bytes."""
    try:
        value = json.loads(data)
    except ValueError:
        return mutate_bytes(rng, data)
    for _ in range(rng.choice((1, 1, 2))):
        value = mutate_json(rng, value)
    return json.dumps(value).encode()


def mutate_zip_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return an archive of which one part is changed, and the checksums are right again."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(packed, "w") as after:
        chosen = rng.choice(before.namelist())
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, mutate_bytes(rng, content) if name == chosen else content)
    return packed.getvalue()
