"""Predict a folder of Parquet files on Spark: `mapInPandas` calls the same function as every other way.

    pip install 'assay[parquet]' 'pyspark>=4' pandas
    spark-submit predict_on_spark.py MODEL IN OUT

IN has a column `text`. OUT has all columns of IN, the label and the scores. Every worker must see
MODEL, IN and OUT. Rows that cannot be scored are left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

import assay


def main(model_folder: str, source: str, out: str) -> None:
    """Score IN into OUT."""

    def score(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        from assay.batch import Scoring, score_rows
        from assay.data import Row

        # Loaded once per partition. Spark runs one task per CPU, so one thread is enough.
        model = assay.load_model(model_folder, n_threads=1)
        for batch in batches:
            rows = [Row(i, values) for i, values in enumerate(batch.to_dict("records"), 1)]
            predictions = score_rows(model, rows, Scoring("text"))
            records = [one.record for one in predictions if one.problem is None]
            yield pd.DataFrame(records, columns=schema.names)

    spark: Any = SparkSession.builder.getOrCreate()
    texts = spark.read.parquet(source)
    labels = assay.load_model(model_folder).labels
    added = [
        StructField("predicted_label", StringType()),
        StructField("predicted_score", DoubleType()),
    ]
    added += [StructField(f"score:{label}", DoubleType()) for label in labels]
    schema = StructType([*texts.schema.fields, *added])
    texts.mapInPandas(score, schema).write.parquet(out)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: spark-submit predict_on_spark.py MODEL IN OUT")
    main(*sys.argv[1:])
