"""Files of public corpora and tools, written as their documentation describes them.

Each is opened at the first command, or with the options that its message gives.
The rows are made up; names of columns, delimiters, quoting, encodings and folders are those of the
documented files.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shlex
from dataclasses import dataclass, field

import pytest

from assay.data.load import load_data
from assay.errors import AssayError

GOOD, BAD = "what a lovely day", "it broke after a week"


def lines(row, n=20, header=""):
    """Return a file of so many lines; `row` gives the line of a number."""
    return header + "".join(row(i) for i in range(n))


def packed_lines(row, n=20):
    """Return such a file, gzipped."""
    return gzip.compress(lines(row, n).encode(), mtime=0)


def quoted(rows):
    """Return a table with every field in quotes."""
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return stream.getvalue()


@dataclass(frozen=True)
class Real:
    """A documented file: where it is documented, what is in it, what is read from it."""

    source: str
    files: dict[str, str | bytes] = field(repr=False)
    labels: tuple[str, ...]
    n_texts: int = 20
    told: str = ""  # the options that the message gives


REAL = {
    "SMS Spam Collection": Real(
        "UCI Machine Learning Repository, readme: one message per line, label, tab, raw text; a spreadsheet "
        "names the columns v1 and v2 and saves latin-1",
        {
            "spam.csv": lines(
                lambda i: f'{("ham", "spam")[i % 2]},"£{i} to win, call now",,,\n',
                header="v1,v2,,,\n",
            ).encode("latin-1")
        },
        ("ham", "spam"),
        told="--text-column v2 --label-column v1 --encoding cp1252",
    ),
    "NSMC": Real(
        "Naver sentiment movie corpus, README: id, document, label; tab-separated .txt without quoting",
        {
            f"ratings_{split}.txt": lines(
                lambda i: (
                    f"{i}\t{GOOD if i % 2 else BAD} {i} {chr(34) * (i in (3, 9))}말\t{i % 2}\n"
                ),
                header="id\tdocument\tlabel\n",
            )
            for split in ("train",)
        },
        ("0", "1"),
    ),
    "Sentiment140": Real(
        "tensorflow/datasets, sentiment140/README.md: CSV without a header, all fields in quotes: polarity, id, "
        "date, query, user, text; latin-1, of which the first bytes come late",
        {
            "s140.csv": quoted(
                [
                    (
                        "04"[i % 2],
                        str(1467810369 + i),
                        "Mon Apr 06 22:19:45 PDT 2009",
                        "NO_QUERY",
                        f"u{i}",
                        f"{GOOD}, {i}" + (" at the café" if i == 1200 else ""),
                    )
                    for i in range(1300)
                ]
            ).encode("latin-1")
        },
        ("0", "4"),
        n_texts=1300,
        told="--no-header --text-column 6 --label-column 1 --encoding cp1252",
    ),
    "the test file of Sentiment140": Real(
        "tensorflow/datasets, sentiment140/README.md: its ids count from 3, so that a row holds a value twice",
        {
            "test.csv": quoted(
                [
                    (
                        "420"[i % 3],
                        "420"[i % 3],
                        "Mon May 11 03:17:40 UTC 2009",
                        "kindle2",
                        "u",
                        f"{GOOD} {i}",
                    )
                    for i in range(21)
                ]
            )
        },
        ("0", "2", "4"),
        n_texts=21,
        told="--no-header --text-column 6 --label-column 1",
    ),
    "CLINC150": Real(
        "clinc/oos-eval, data/data_small.json: one object with lists of [text, intent], under train, val, test, and "
        "oos_train, oos_val, oos_test for texts of no intent",
        {
            "data_full.json": json.dumps(
                {
                    f"{oos}{split}": [
                        [f"{split} {GOOD} {i}", "oos" if oos else ("timer", "transfer")[i % 2]]
                        for i in range(4)
                    ]
                    for oos in ("oos_", "")
                    for split in ("val", "train", "test")
                },
                indent=4,
            )
        },
        ("oos", "timer", "transfer"),
        n_texts=24,
    ),
    "Yelp reviews": Real(
        "Yelp Open Dataset, documentation: one JSON object per line in a file called .json; stars is the rating",
        {
            "yelp_academic_dataset_review.json": lines(
                lambda i: (
                    json.dumps(
                        {
                            "review_id": f"r{i}",
                            "user_id": f"u{i}",
                            "business_id": "b",
                            "stars": float(i % 5 + 1),
                            "useful": 0,
                            "text": f"{GOOD} {i}",
                            "date": "2018-07-07 22:09:11",
                        }
                    )
                    + "\n"
                )
            )
        },
        ("1", "2", "3", "4", "5"),
        told="--text-column text --label-column stars",
    ),
    "CoLA": Real(
        "Corpus of Linguistic Acceptability, README: tab-separated without a header: source, 0 or 1, the author's "
        "star, sentence; quotes mean nothing",
        {
            "cola.tsv": lines(
                lambda i: f'gj04\t{i % 2}\t{"*" if i % 2 else ""}\tHe said "{GOOD} {i}.\n'
            )
        },
        ("0", "1"),
        told="--no-header --text-column 4 --label-column 2",
    ),
    "DBpedia": Real(
        "Character-level convolutional networks, readme.txt: CSV without a header, class index, title, abstract",
        {
            "dbpedia.csv": lines(
                lambda i: f'{i % 4 + 1},"Abbott {i}"," Abbott was a builder of {GOOD} {i}."\n'
            )
        },
        ("1", "2", "3", "4"),
        told="--no-header --text-column 3 --label-column 1",
    ),
    "TREC questions": Real(
        "Question classification, home page: COARSE:fine and the question, a space between them; latin-1",
        {
            "train_5500.txt": lines(
                lambda i: f"{('DESC:manner', 'HUM:ind')[i % 2]} Who was Charl\u00e9 number {i} ?\n"
            ).encode("latin-1")
        },
        ("DESC:manner", "HUM:ind"),
        told="--encoding cp1252",
    ),
    "Stanford Sentiment Treebank": Real(
        "Sentiment treebank, trees in PTB format: a tree per line, the class of each phrase as a number",
        {
            "trees/train.txt": lines(
                lambda i: f"({i % 3} (2 (2 The) (2 Rock)) (4 (3 is) (2 {i})))\n"
            )
        },
        ("0", "1", "2"),
    ),
    "SMS Spam Collection, as archived": Real(
        "UCI Machine Learning Repository, readme: one message per line, label, tab, raw text",
        {"sms.txt": lines(lambda i: f"{('ham', 'spam')[i % 2]}\tGo until {GOOD} {i}\n")},
        ("ham", "spam"),
        told="--no-header --text-column 2 --label-column 1",
    ),
    "AG News": Real(
        "Character-level convolutional networks, readme.txt: CSV without a header, class index, title, "
        "description; quotes doubled, line breaks as a backslash and n",
        {"ag.csv": quoted([(str(i % 4 + 1), f'Title "{i}"', f"{GOOD}\\n{i}") for i in range(20)])},
        ("1", "2", "3", "4"),
        told="--no-header --text-column 3 --label-column 1",
    ),
    "SST-2 of GLUE": Real(
        "GLUE benchmark: train.tsv and dev.tsv with sentence and label, test.tsv with index and sentence",
        {
            "SST-2/train.tsv": lines(
                lambda i: f"{BAD} {i} \t{i % 2}\n", header="sentence\tlabel\n"
            ),
            "SST-2/dev.tsv": lines(
                lambda i: f"{GOOD} {i} \t{i % 2}\n", 6, header="sentence\tlabel\n"
            ),
            "SST-2/test.tsv": lines(lambda i: f"{i}\t{GOOD} {i}\n", 6, header="index\tsentence\n"),
        },
        ("0", "1"),
        n_texts=26,
    ),
    "20 Newsgroups": Real(
        "20 Newsgroups, home page: bydate archive, a folder per group in train and test, a file per post",
        {
            f"20news/{split}/{group}/{i}": f"From: a@b.c\nSubject: {GOOD} {i}\n\n{BAD}\n"
            for split in ("train", "test")
            for group in ("sci.space", "rec.autos")
            for i in range(5)
        }
        | {"20news/test/sci.space/9": "Subject: Stra\xdfe\n".encode("latin-1")},
        ("rec.autos", "sci.space"),
        n_texts=21,
        told="--encoding cp1252",
    ),
    "IMDB reviews": Real(
        "Large Movie Review Dataset, README: train and test with folders pos and neg, files ID_RATING.txt; unsup "
        "in train has no labels",
        {
            f"aclImdb/{split}/{label}/{i}_{rating}.txt": f"{GOOD} {split} {i}<br />"
            for split in ("train", "test")
            for label, rating in (("pos", 9), ("neg", 2))
            for i in range(5)
        }
        | {f"aclImdb/train/unsup/{i}_0.txt": f"{BAD} {i}" for i in range(5)}
        | {"aclImdb/README": "x", "aclImdb/train/urls_pos.txt": "x"},
        ("neg", "pos"),
    ),
    "SMS data of fastText": Real(
        "fastText, supervised tutorial: lines that begin with __label__ and the class",
        {"cooking.train.txt": lines(lambda i: f"__label__{('tea', 'soup')[i % 2]} {GOOD} {i}\n")},
        ("soup", "tea"),
    ),
    "Banking77": Real(
        "Banking77, README: train.csv and test.csv with text and category, categories.json beside them",
        {
            "banking/train.csv": lines(
                lambda i: f'"{GOOD}, {i}?",{("card_arrival", "lost_card")[i % 2]}\n',
                header="text,category\n",
            ),
            "banking/test.csv": lines(
                lambda i: f"{BAD} {i},{('card_arrival', 'lost_card')[i % 2]}\n",
                6,
                header="text,category\n",
            ),
            "banking/categories.json": '["card_arrival", "lost_card"]',
        },
        ("card_arrival", "lost_card"),
        n_texts=26,
    ),
    "Amazon reviews": Real(
        "Amazon review data, home page: one JSON object per line, gzipped; overall is the rating, reviewText the text",
        {
            "reviews.json.gz": packed_lines(
                lambda i: (
                    json.dumps(
                        {
                            "overall": float(i % 5 + 1),
                            "asin": f"B{i}",
                            "reviewText": f"{GOOD} {i}",
                            "summary": "x",
                        }
                    )
                    + "\n"
                )
            )
        },
        ("1", "2", "3", "4", "5"),
        told="--text-column reviewText --label-column overall",
    ),
    "Tweets of airlines": Real(
        "Twitter US Airline Sentiment, data card: CSV with tweet_id, airline_sentiment, ..., text, of which some "
        "have line breaks",
        {
            "Tweets.csv": lines(
                lambda i: (
                    f'{i},{("negative", "neutral", "positive")[i % 3]},0.5,Delta,"@x {GOOD}\n{i}"\n'
                ),
                21,
                header="tweet_id,airline_sentiment,airline_sentiment_confidence,airline,text\n",
            )
        },
        ("negative", "neutral", "positive"),
        n_texts=21,
        told="--label-column airline_sentiment",
    ),
}


def flags_of(options):
    """Return the options of `load_data` that flags of the command line mean."""
    named, words = {}, shlex.split(options)
    while words:
        flag = words.pop(0).removeprefix("--")
        if flag == "no-header":
            named["header"] = False
        else:
            named[flag.replace("-", "_")] = words.pop(0)
    return named


@pytest.mark.parametrize("name", REAL)
def test_real_file_is_opened(tmp_path, name):
    """At the first command, or with what the message says."""
    real = REAL[name]
    for path, content in real.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    first = next(iter(real.files))
    data = tmp_path / first.split("/")[0]
    if real.told:
        with pytest.raises(AssayError) as caught:
            load_data(data)
        assert caught.value.flags[0] == real.told, caught.value.flags
    options = flags_of(real.told)
    splits = load_data(data, **options)
    assert splits.label_set.names == real.labels
    assert sum(map(len, splits.values())) == real.n_texts


def test_ten_real_files_are_opened():
    """And each says where it is documented."""
    assert len(REAL) >= 10
    assert all(":" in real.source for real in REAL.values())
