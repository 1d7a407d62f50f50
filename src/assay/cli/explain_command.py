"""`assay explain`: the text with its words marked, and a table of how much each pushed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from assay.cli.command import add_command
from assay.cli.options import Common, ModelFolder
from assay.cli.row_warnings import warn_of_unseen_scripts
from assay.cli.show import (
    print_json,
    print_line,
    print_sentence,
    print_table,
    printable,
    show_labels,
    write_line,
)
from assay.methods import join_names

if TYPE_CHECKING:
    from assay.runtime.explain import Explanation, WordPush
    from assay.runtime.nearest import Neighbour

__all__ = ["register"]

SCORE_DIGITS = 3  # of the scores that are printed
MAX_MARKS = 10  # of the word that pushes most
FAINT = 0.15  # words that push less than this share of the strongest are left unmarked
# Blue and orange are told apart by the colour-blind too; underlined or not, without any colour.
UNITS = {"single": "logits minus their mean over all labels", "multi": "log-odds of the label"}
TOWARDS, AGAINST = "bold underline blue", "dark_orange"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "explain", panel="One model")(explain_command)


def explain_command(
    model: ModelFolder,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text, in quotes.")],
    common: Common,
    label: Annotated[
        str | None,
        typer.Option(metavar="L", help="Explain this label.  [default: what is predicted]"),
    ] = None,
    top_k: Annotated[
        int, typer.Option(metavar="K", help="Words in the table, strongest first.", min=1)
    ] = 10,
    nearest: Annotated[
        int,
        typer.Option(
            metavar="N", help="Show the nearest training texts, where the model keeps them.", min=0
        ),
    ] = 0,
) -> None:
    """Say which words of a text pushed which label.

    Where a text may have several labels, each that is given is explained by itself.

    Exact for a linear model; for the others each word is taken out once, and what that leaves
    unexplained is said. With --nearest the training texts that share most with it, where the model
    was trained with --keep-texts.

    \b
    Examples:
      assay explain runs/sample/model "what a lovely surprise"
      assay explain runs/sample/model "what a lovely surprise" --label sadness
      assay explain models/kept "what a lovely surprise" --nearest 3
    """
    from assay.runtime.answers import SeveralAnswers
    from assay.runtime.explain import explain_text
    from assay.runtime.predictor import load_model

    loaded = load_model(model)
    if not common.quiet:
        warn_of_unseen_scripts(loaded, [text])
    neighbours = loaded.nearest([text], n=nearest)[0] if nearest else []
    explanation = explain_text(loaded, text)
    if common.json:
        found = {"nearest": [one.to_dict() for one in neighbours]} if nearest else {}
        print_json({**_describe(explanation, label), **found})
        return
    if isinstance(loaded.answering, SeveralAnswers):
        _print_several(explanation, label, loaded.answering.thresholds.scores.tolist(), top_k)
    else:
        _print_scores(explanation, label)
        _print_words(explanation, label, top_k)
    if nearest:
        print_line("")
        _print_nearest(neighbours)


def _explained(explanation: Explanation, label: str | None) -> Sequence[str | None]:
    """Return the labels to explain; None means the one with the highest score."""
    if label is None and explanation.given_labels:
        return explanation.given_labels
    return [label]


def _describe(explanation: Explanation, label: str | None) -> Mapping[str, object]:
    """Return plain values about one label, with all that are given where there may be several."""
    plain = explanation.to_dict(_explained(explanation, label)[0])
    if explanation.task == "single":
        return plain
    return {**plain, "predicted_labels": list(explanation.given_labels)}


def _print_several(
    explanation: Explanation, label: str | None, thresholds: Sequence[float], top_k: int
) -> None:
    """Print which of several labels are given, and explain each of them."""
    _print_given(explanation)
    for one in _explained(explanation, label):
        print_line("")
        _print_threshold(explanation, one, thresholds)
        _print_words(explanation, one, top_k)


def _print_words(explanation: Explanation, label: str | None, top_k: int) -> None:
    """Print the marked text, the table of words and their sum, for one label."""
    words = explanation.words(label)
    strongest = max((abs(word.contribution) for word in words), default=0.0)
    _print_marked(explanation.text, words, strongest)
    ranked = sorted(words, key=lambda word: -abs(word.contribution))
    print_table(
        [_row(word, strongest) for word in ranked[:top_k]], right=("pushes",), elastic=("word",)
    )
    if n_more := len(ranked[top_k:]):
        print_line(f"and {n_more:,} more {'word' if n_more == 1 else 'words'}, which push less")
    _print_sum(explanation, label)


def _print_given(explanation: Explanation) -> None:
    """Print which labels are given, and the next best ones."""
    scores = dict(zip(explanation.labels, explanation.probs.tolist(), strict=True))
    given = explanation.given_labels
    others = sorted(scores.keys() - set(given), key=lambda name: (-scores[name], name))[:2]
    shown = "; ".join(f"{name} {scores[name]:.3f}" for name in given)
    ending = "; ".join(f"{name} {scores[name]:.3f}" for name in others)
    sentence, rest = f"gives {shown}", "others"
    if not given:
        sentence, rest = "gives no label: no score reaches its threshold", "highest"
    print_sentence(f"{sentence}   ({rest}: {ending})" if others else sentence)


def _print_threshold(
    explanation: Explanation, label: str | None, thresholds: Sequence[float]
) -> None:
    """Print the explained label with its score, and from which score it is given."""
    column = explanation.column_of(label)
    name, score = explanation.labels[column], explanation.probs[column]
    sentence = f"{name} {score:.3f}, given from {thresholds[column]:.3f} on"
    if name in explanation.given_labels and score < thresholds[column]:
        sentence += "; here because it is the best, and every text gets a label"
    print_sentence(sentence)


def _print_scores(explanation: Explanation, label: str | None) -> None:
    """Print the explained label with its score, and the next best ones."""
    column = explanation.column_of(label)
    others = [i for i in (-explanation.probs).argsort(kind="stable") if i != column][:2]
    named = ", ".join(f"{explanation.labels[i]} {explanation.probs[i]:.3f}" for i in others)
    what = f"{explanation.labels[column]} {explanation.probs[column]:.3f}"
    print_sentence(what + (f"   (others: {named})" if named else ""))
    tied = _tied(explanation)
    if tied:
        print_sentence(
            f"{join_names(tied)} have the same score to three digits: nothing in this text tells "
            "them apart"
        )


def _tied(explanation: Explanation) -> list[str]:
    """Return the labels whose score is shown as the highest one; none if there is one alone."""
    shown = explanation.probs.round(SCORE_DIGITS)
    tied = [explanation.labels[i] for i in (shown == shown.max()).nonzero()[0].tolist()]
    return tied if len(tied) > 1 else []


def _print_marked(text: str, words: list[WordPush], strongest: float) -> None:
    """Print the text with its words marked, if stdout is a terminal; the table says the same."""
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        return
    marked, last = Text(), 0
    for word in words:
        share = word.contribution / strongest if strongest else 0.0
        style = "" if abs(share) < FAINT else TOWARDS if share > 0 else AGAINST
        marked.append(printable(text[last : word.start])).append(printable(word.word), style=style)
        last = word.end
    marked.append(printable(text[last:]))
    with console.capture() as drawn:
        console.print()
        console.print(marked)
    for line in drawn.get().rstrip("\n").split("\n"):
        write_line(line.rstrip())


def _print_nearest(neighbours: list[Neighbour]) -> None:
    if not neighbours:
        print_line("No training text that it keeps shares a word with this one.")
        return
    print_table(
        [
            {
                "alike": f"{one.similarity:.2f}",
                "label": _name_labels(one),
                "text": " ".join(one.text.split()),
            }
            for one in neighbours
        ],
        title="Nearest training texts",
        right=("alike",),
        elastic=("label", "text"),
    )


def _name_labels(one: Neighbour) -> str:
    """Return the label of a training text, or all of them where it may have several."""
    if one.labels is None:
        return one.label or ""
    return show_labels(one.labels)


def _row(word: WordPush, strongest: float) -> dict[str, str]:
    n_marks = round(MAX_MARKS * abs(word.contribution) / strongest) if strongest else 0
    marks = ("+" if word.contribution > 0 else "-") * n_marks
    return {"word": word.word, "pushes": f"{word.contribution:+.2f}", "": marks}


def _print_sum(explanation: Explanation, label: str | None) -> None:
    """Say how the contributions add up, or how far they do not."""
    column = explanation.column_of(label)
    total, base, error = (
        float(values[column])
        for values in (explanation.totals, explanation.base, explanation.errors)
    )
    total, base, error = round(total, 2), round(base, 2), round(error, 2)
    # What is left of the rounded sum: the numbers on the line add up as they are shown.
    parts = f"words {total - base - error:+.2f}, without words {base:+.2f}"
    if explanation.kind == "exact":
        print_sentence(f"{parts}: together {total:+.2f}, exactly ({UNITS[explanation.task]})")
    else:
        how = f"each word taken out once; {UNITS[explanation.task]}"
        print_sentence(f"{parts}, not explained {error:+.2f}: together {total:+.2f} ({how})")
