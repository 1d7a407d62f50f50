"""A folder of files to predict: JSON Lines with awkward rows, and Parquet in small row groups."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq

from _support.small_models import EDGE_TEXTS, WORDS

N_ROWS = 60  # per file


def write_lines(path, first, n_rows=N_ROWS):
    """Write JSON Lines: texts that repeat, awkward ones, and a broken line in the middle."""
    words = [word for some in WORDS.values() for word in some]
    texts = [
        EDGE_TEXTS[n % len(EDGE_TEXTS)] if n % 7 == 0 else f"{words[n % 18]} day {n % 25}"
        for n in range(n_rows)
    ]
    lines = [json.dumps({"n": first + n, "text": text}) for n, text in enumerate(texts)]
    lines.insert(n_rows // 2, "{broken")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_table(path, first, n_rows=N_ROWS):
    """Write Parquet in small row groups."""
    texts = [f"good {n}" if n % 2 else "오늘 슬퍼요" for n in range(n_rows)]
    pq.write_table(
        pa.table({"n": range(first, first + n_rows), "text": texts}), path, row_group_size=20
    )


def write_dataset(folder):
    """Write JSON Lines and Parquet files, one of them in a folder below, one hidden."""
    (folder / "more").mkdir()
    write_lines(folder / "a.jsonl", 0)
    write_lines(folder / "more" / "b.jsonl", 1000)
    write_table(folder / "c.parquet", 2000)
    write_lines(folder / "_hidden.jsonl", 9000)
    return folder
