"""Commands that look at texts: explore, tokens, embed, map."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assay._display import percent
from assay.cli.command import add_command
from assay.cli.options import (
    Checkpoint,
    Common,
    Data,
    DataFlags,
    Overwrite,
    Pooling,
    ReportLanguage,
)
from assay.cli.outputs import hold_output
from assay.cli.show import print_json, print_line, print_sentence, print_table
from assay.errors import InputError, cut, plural

if TYPE_CHECKING:
    from assay.data.summary import DataSummary, Quantiles, SplitSummary
    from assay.data.texts import Splits
    from assay.recipes.embed import EmbeddedText
    from assay.recipes.map import MapSummary
    from assay.recipes.tokens import Characters, Subwords

__all__ = ["register"]

PANEL = "Look at texts"
MAX_SPELLINGS = 20  # printed; --json has them all
UNSPACED_WORDS = "in scripts without spaces between words, characters or syllables"
MAX_TOGETHER = 8  # pairs of labels that are printed; --json has more
MAX_CLASSES = 200  # printed; --json has them all


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    add_command(app, "explore", panel=PANEL)(explore_command)
    add_command(app, "tokens", panel=PANEL)(tokens_command)
    add_command(app, "embed", panel=PANEL)(embed_command)
    add_command(app, "map", panel=PANEL)(map_command)


def explore_command(
    data: Data,
    flags: DataFlags,
    common: Common,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder for the figures.")
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="Count the tokens of this transformer too.")
    ] = None,
    n_first: Annotated[int, typer.Option("--first", help="First rows shown.", min=0)] = 5,
    overwrite: Overwrite = False,
) -> None:
    """Show a data set: sizes, classes, words per text, first rows.

    \b
    Examples:
      assay explore sample
      assay explore tweets.csv --out figures --checkpoint minilm
    """
    from assay.recipes.explore import explore_data

    with hold_output(out, overwrite=overwrite, apart=data, is_folder=True):
        splits = flags.options().load(data)
        found = explore_data(
            splits,
            out=out,
            checkpoint=checkpoint,
            n_first=n_first,
            id_column=flags.id_column,
            overwrite=overwrite,
            progress=common.progress(),
        )
    if common.json:
        print_json(found.to_dict())
        return
    named = flags.id_column or splits.unit
    _show_summary(found.summary, columns=_columns_of(splits), named=named)
    for path in found.figures:
        print_line(f"figure: {path}")


def _columns_of(splits: Splits) -> str:
    """Return the names of the columns that were read as texts and labels."""
    from assay.data.columns import list_columns

    used = next((origin.used for origin in splits.origins.values()), ())
    return list_columns(used or ("text", "label"))


def _show_summary(summary: DataSummary, *, columns: str, named: str) -> None:
    from assay.data.reading import count_reasons

    splits = summary["splits"]
    n_labels = len(summary["labels"])
    sizes = f"{summary['n_texts']:,} texts, {n_labels:,} label{'' if n_labels == 1 else 's'}"
    print_line(f"{summary['source']}: {sizes}; columns {columns}")
    for one in summary["spellings"][:MAX_SPELLINGS]:
        print_sentence(
            f"label '{cut(one['label'])}' ({plural(one['n_texts'], 'text')}) is probably "
            f"'{cut(one['proposed_label'])}': --merge-labels makes one label of them"
        )
    dropped: Counter[str] = Counter()
    for count in summary["dropped"]:
        dropped[count["reason"]] += count["n_rows"]
    if dropped:
        print_line(f"{plural(dropped.total(), 'row')} left out ({count_reasons(dropped)})")
    _show_words(splits)
    if all("tokens" in split for split in splits.values()):
        _show_tokens(splits)
    _show_classes(splits)
    _show_together(splits)
    _show_first_rows(next(iter(splits.values())), named)


def _show_words(splits: dict[str, SplitSummary]) -> None:
    """Print how many words the texts of each split have."""
    rows = []
    for name, split in splits.items():
        row = {"split": name, "texts": f"{split['n_texts']:,}"}
        row |= _length_cells("words", split["words"]["all"], ("min", "median", "p95", "max"))
        rows.append(row)
    print_table(rows, right=tuple(rows[0])[1:])
    if any(split["word_unit"] != "words" for split in splits.values()):
        print_sentence(f"words: {UNSPACED_WORDS}")


def _show_tokens(splits: dict[str, SplitSummary]) -> None:
    """Print how many tokens the texts of each split have, and how many a checkpoint would cut."""
    rows = []
    for name, split in splits.items():
        tokens = split["tokens"]
        row = {"split": name, "texts": f"{split['n_texts']:,}"}
        row |= _length_cells("tokens", tokens["all"], ("median", "p95", "max"))
        row[f"over {tokens['max_tokens']}"] = f"{tokens['n_truncated']:,}"
        rows.append(row)
    print_table(rows, right=tuple(rows[0])[1:])


def _length_cells(unit: str, quantiles: Quantiles, keys: tuple[str, ...]) -> dict[str, str]:
    return {f"{unit} {key}": f"{quantiles[key] or 0:.0f}" for key in keys}


def _show_classes(splits: dict[str, SplitSummary]) -> None:
    """Print how many texts each label has in each split; shares are of the first one."""
    rows = []
    classes = next(iter(splits.values()))["classes"]
    for i, one in enumerate(classes[:MAX_CLASSES]):
        row = {"label": i, "label_name": one["label"]}
        row |= {name: f"{split['classes'][i]['n_texts']:,}" for name, split in splits.items()}
        rows.append({**row, "share": percent(one["fraction"])})
    print_table(rows, right=("label", *splits, "share"), elastic=("label_name",))
    if len(classes) > MAX_CLASSES:
        print_line(f"and {len(classes) - MAX_CLASSES:,} labels more; --json lists them all")


def _show_together(splits: dict[str, SplitSummary]) -> None:
    """Print how many labels texts have, and which ones together, where a text may have several."""
    name, split = next(iter(splits.items()))
    together = split.get("together")
    if together is None:
        return
    per_text = [f"{count:,} with {n}" for n, count in together["labels_per_text"].items()]
    where = "" if name == "all" else f" of {name}"
    print_line(
        f"labels per text{where}: {together['mean']:.2f} on average (texts: {', '.join(per_text)})"
    )
    rows = []
    for pair in together["pairs"][:MAX_TOGETHER]:
        first, second = map(cut, pair["labels"])
        times = f"{pair['lift']:.1f}x"
        row = {"given together": f"{first} + {second}", "texts": f"{pair['n_texts']:,}"}
        rows.append({**row, "times chance": times})
    print_table(rows, right=("texts", "times chance"), elastic=("given together",))


def _show_first_rows(split: SplitSummary, named: str) -> None:
    """Print the first rows; `named` is the title of what they are known by."""
    has_ids = "together" not in split
    rows = []
    for row in split["first_rows"]:
        place: dict[str, object] = {named: row.get("id", row["line"])}
        if has_ids:
            place["label"] = row["label"]
        rows.append({**place, "label_name": row["label_name"], "text": row["text"]})
    print_table(rows, right=(named, "label"), elastic=("label_name", "text"))


def tokens_command(
    text: Annotated[str, typer.Argument(help="One text.")],
    common: Common,
    checkpoint: Checkpoint = "auto",
) -> None:
    """Show one text as characters, words and subwords, and back again.

    \b
    Example:
      assay tokens "Tokenizing text is a core task of NLP."
    """
    from assay.recipes.tokens import show_tokens
    from assay.tokenization.words import word_unit

    found = show_tokens(text, checkpoint=checkpoint, progress=common.progress())
    if common.json:
        print_json(found.to_dict())
        return
    _show_characters(found.characters)
    words = found.words.tokens
    note = ""
    if word_unit([text]) != "words":
        note = f"; {UNSPACED_WORDS}"
    print_line(f"words       {len(words)} tokens{note}")
    print_line(f"  tokens      {' | '.join(words)}")
    _show_subwords(found.subwords)


def _show_characters(characters: Characters) -> None:
    n_tokens, n_symbols = characters.one_hot_shape
    shape = f"one-hot {n_tokens} x {n_symbols}"
    print_line(f"characters  {n_tokens} tokens, {n_symbols} symbols, {shape}")
    print_line(f"  vocabulary  {' '.join(map(repr, characters.vocabulary))}")
    print_line(f"  ids         {' '.join(map(str, characters.ids))}")


def _show_subwords(subwords: Subwords) -> None:
    n_shown, n_tokens = len(subwords.ids), subwords.n_tokens
    print_line(
        f"subwords    {n_shown} tokens of {subwords.checkpoint}: "
        f"{subwords.vocabulary_size:,} in its vocabulary, {subwords.max_tokens} at most"
    )
    if n_tokens > n_shown:
        print_line(f"  cut off     {n_tokens - n_shown:,} of {n_tokens:,} tokens")
    print_line(f"  tokens      {' '.join(subwords.tokens)}")
    print_line(f"  ids         {' '.join(map(str, subwords.ids))}")
    print_line(f"  back again  {subwords.decoded}")


def embed_command(
    data: Annotated[
        str,
        typer.Argument(metavar="DATA|TEXT", help="Data as elsewhere with --out; else one text."),
    ],
    flags: DataFlags,
    common: Common,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .parquet or .npz file for the features.")
    ] = None,
    checkpoint: Checkpoint = "auto",
    pooling: Pooling = "mean",
    precision: Annotated[
        Literal["float32", "int8"],
        typer.Option(help="Weights: int8 is faster, and a little less exact."),
    ] = "float32",
    overwrite: Overwrite = False,
) -> None:
    """Turn texts into features of a frozen transformer.

    They are its last hidden state, pooled: one vector of float32 per text.

    \b
    Examples:
      assay embed "one text"                      # shows the shapes
      assay embed tweets/ --out features.parquet
    """
    from assay.recipes.embed import embed_data, embed_text

    if out is None:
        _check_text(data)
        text = embed_text(data, checkpoint=checkpoint, pooling=pooling, precision=precision)
        if common.json:
            print_json(text.to_dict())
        else:
            _show_embedded(text)
        return
    with hold_output(out, overwrite=overwrite, apart=data):
        result = embed_data(
            flags.options().load(data),
            out=out,
            checkpoint=checkpoint,
            pooling=pooling,
            precision=precision,
            overwrite=overwrite,
            progress=common.progress(),
        )
    if common.json:
        print_json(result.to_dict())
        return
    for split, n_texts in result.n_texts.items():
        print_line(f"{split}: {n_texts:,} x {result.hidden_size} {result.dtype}")
    print_line(f"written to {result.out}")


def _check_text(data: str) -> None:
    if data == "sample" or _is_path(data):
        raise InputError(
            f"'{data}' is a data set, and --out does not say where its features go",
            hint="add --out features.parquet; one text is embedded without it",
        )


def _show_embedded(text: EmbeddedText) -> None:
    print_line(f"{len(text.tokens)} tokens: {' '.join(text.tokens)}")
    print_line(f"last hidden state  {' x '.join(map(str, text.hidden_states_shape))}")
    print_line(f"pooled ({text.pooling})      {' x '.join(map(str, text.features_shape))}")
    print_line("starts with        " + " ".join(f"{value:+.4f}" for value in text.features[:8]))


def _is_path(text: str) -> bool:
    """Tell whether a text is the path of a file or folder that exists.

    A word without a suffix or slash is always a text.
    """
    try:
        return ("/" in text or bool(Path(text).suffix)) and Path(text).exists()
    except (OSError, ValueError):  # too long for a path, or with a null character: a text
        return False


def map_command(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="An .html file.")],
    flags: DataFlags,
    common: Common,
    png: Annotated[Path | None, typer.Option(help="The panels as a picture, too.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split.  [default: train, or the only one]")
    ] = None,
    checkpoint: Checkpoint = "auto",
    pooling: Pooling = "mean",
    max_points: Annotated[
        int, typer.Option(help="Texts drawn, at most; a stratified sample.", min=2)
    ] = 4000,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL", help="Colour by where this model gives the labels of DATA or others."
        ),
    ] = None,
    report_language: ReportLanguage = "en",
    overwrite: Overwrite = False,
) -> None:
    """Draw texts as points on a plane, similar texts close together.

    UMAP of frozen features; with --png also one density panel per class.

    \b
    Example:
      assay map sample --out map.html --png map.png
      assay map tweets.csv --model runs/tweets/model --out mistakes.html
    """
    from assay.recipes.map import check_map_files, draw_map_file

    check_map_files(out, png, overwrite=overwrite)
    with (
        hold_output(out, overwrite=overwrite, apart=data),
        hold_output(png, overwrite=overwrite, apart=data),
    ):
        drawn = draw_map_file(
            flags.options().load(data),
            out,
            png=png,
            split=split,
            checkpoint=checkpoint,
            pooling=pooling,
            seed=common.seed,
            max_points=max_points,
            model=model,
            report_language=report_language,
            overwrite=overwrite,
            progress=common.progress(),
        )
    if common.json:
        print_json(drawn)
    else:
        _show_map(drawn)


def _show_map(drawn: MapSummary) -> None:
    """Print how many texts were drawn, and how a model labels them."""
    texts = "texts" if drawn["split"] == "all" else f"{drawn['split']} texts"
    print_line(f"{drawn['n_points']:,} of {drawn['n_texts']:,} {texts} drawn in {drawn['out']}")
    if drawn["n_other"] is not None:
        print_line(f"{drawn['n_other']:,} of them have another label than the model says")
    if "n_trained_on" in drawn:
        n_unseen = drawn["n_points"] - drawn["n_trained_on"]
        print_sentence(
            f"the model was trained on {drawn['n_trained_on']:,} of them; of the other "
            f"{n_unseen:,}, {drawn['n_other_unseen']:,} have another label than it says"
        )
