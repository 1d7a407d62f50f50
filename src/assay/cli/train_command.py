"""`assay train`: one method, saved as a model folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from assay._display import percent
from assay.catalogue import ENGLISH, open_language
from assay.cli.command import add_command, resumable
from assay.cli.options import (
    CardLanguage,
    Checkpoint,
    ClassWeight,
    Common,
    CutFlags,
    Data,
    DataFlags,
    KeepTexts,
    LongTexts,
    Out,
    Overwrite,
    RuleFlags,
)
from assay.cli.rule_check import refuse_broken_rule, refuse_unreached
from assay.cli.scores import EXACT_MATCH, SCORE_COLUMNS, print_rule, print_several, score_rows
from assay.cli.show import print_json, print_line, print_sentence, print_table
from assay.errors import InputError
from assay.methods import METHODS, join_names, methods_where

if TYPE_CHECKING:
    from assay.evaluation.rule_effects import RuleOutcomeEntry
    from assay.recipes.train import TrainedEntry

__all__ = ["register"]

PARAMETERS = {"--epochs": "n_epochs", "--tuned-epochs": "tuned_epochs"}  # of estimators
IN_EPOCHS = join_names(methods_where(lambda method: method.trains_in_epochs))
WITH_STATES = join_names(methods_where(lambda method: method.keeps_states))


@dataclass(frozen=True)
class EstimatorFlags:
    """The flags that set parameters of the estimator."""

    checkpoint: Checkpoint = "auto"
    epochs: Annotated[
        int | None, typer.Option(help=f"For {IN_EPOCHS}.  [default: by the data]", min=1)
    ] = None
    tuned_epochs: Annotated[
        int,
        typer.Option(
            help="For features: times to read the texts, at least, to tune the transformer, such "
            "as 4; for few texts per label.  [default: 0]",
            min=0,
            show_default=False,
        ),
    ] = 0
    long_texts: LongTexts = "truncate"
    class_weight: ClassWeight = "none"

    def parameters(self, method: str) -> dict[str, Any]:
        """Return the parameters that were given, if the method has them.

        Epochs are refused if it has none. Where nothing is given, no estimator is looked at: its
        libraries take more memory than the rows of a large file, which are read first.
        """
        from assay.models import accepted_parameters, select_parameters

        usual = EstimatorFlags()
        given = {
            name: getattr(self, name)
            for name in ("checkpoint", "long_texts", "class_weight")
            if getattr(self, name) != getattr(usual, name)
        }
        parameters = select_parameters(method, given) if given else {}
        epochs = {"--epochs": self.epochs, "--tuned-epochs": self.tuned_epochs or None}
        for flag, value in epochs.items():
            name = PARAMETERS[flag]
            if value is None:
                continue
            if name not in accepted_parameters(method):
                raise _refuse_epochs(flag, method)
            parameters[name] = value
        return parameters


def _refuse_epochs(flag: str, method: str) -> InputError:
    """Return the error of a flag that the method has no use for."""
    from assay.models import accepted_parameters

    takers = methods_where(lambda one: PARAMETERS[flag] in accepted_parameters(one.name))
    others = [other for other in PARAMETERS if PARAMETERS[other] in accepted_parameters(method)]
    hint = f"{method} takes {others[0]}" if others else f"leave {flag} out"
    return InputError(f"{flag} is for {join_names(takers)}, and the method is {method}", hint=hint)


ENOUGH_TEXTS = 800  # with fewer validation texts, a run also fits most methods on them
FITTED_ON_TRAIN = (
    "fitted on train alone; a run also fits on validation where it has few texts, so that its "
    "models score a little differently"
)
OTHER_THRESHOLDS = (
    "Scores out of fold are those of thresholds for F1, scores of test those of the thresholds "
    "that were asked for. These lines compare both on the same texts:"
)
FITTED_ON_BOTH = (
    "fitted on train and validation, since validation has few texts: what was asked for is chosen "
    "on predictions out of fold, which models made that had not seen the texts"
)
OUT_OF_FOLD = "out of fold"  # what the texts are called that these predictions are of


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "train", panel="One model")(train_command)


TargetAccuracy = Annotated[
    float | None,
    typer.Option(metavar="A", help="The model abstains so that its answers are right this often."),
]


def train_command(
    data: Data,
    out: Out,
    method: Annotated[str, typer.Option(help=f"{join_names(METHODS, 'or')}.", metavar="M")],
    estimator: EstimatorFlags,
    flags: DataFlags,
    cuts: CutFlags,
    rule: RuleFlags,
    common: Common,
    target_accuracy: TargetAccuracy = None,
    keep_texts: KeepTexts = False,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help=f"Continue an interrupted training of {WITH_STATES}."),
    ] = False,
    save_every: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help=f"Between two states of {WITH_STATES} that --resume can continue from.",
        ),
    ] = "60s",
    report_language: CardLanguage = "en",
) -> None:
    """Train one method and save it as a model folder.

    The folder predicts without torch.

    \b
    Examples:
      assay train sample --method compact --out models/compact
      assay train mails.csv --method linear --min-recall spam=0.95 --out m
      torchrun --nproc_per_node 2 -m assay train sample --method finetune --out m
    """
    from assay.recipes.train import train_model

    progress = common.progress()
    with resumable(out, progress, what="the state of the training is kept"):
        result = train_model(
            data,
            out,
            method=method,
            seed=common.seed,
            options=flags.options(**cuts.to_dict()),
            parameters=estimator.parameters(method),
            target_accuracy=target_accuracy,
            **rule.to_dict(),
            keep_texts=keep_texts,
            overwrite=overwrite,
            resume=resume,
            save_every_s=_parse_pause(save_every),
            report_language=report_language,
            progress=progress,
        )
    if result and common.json:  # empty: this is not the first of several processes
        print_json(result)
    elif result:
        _show(result)
    _refuse_unshown(result, as_json=common.json)


def _refuse_unshown(result: TrainedEntry, *, as_json: bool) -> None:
    """End with the exit code of a check that said no where what was asked for is not reached."""
    refuse_broken_rule(result.get("label_rule"), as_json=as_json)
    refuse_unreached(result.get("abstain_refused"), as_json=as_json)


def _parse_pause(text: str) -> float:
    """Return seconds; none at all is allowed between two states."""
    from assay.recipes.steps.budget import parse_duration

    return 0.0 if text == "0s" else parse_duration(text)


def _show(result: TrainedEntry) -> None:
    cost = f"fitted in {result['fit_s']:.1f} s, {result['model_bytes'] / 1e6:.1f} MB"
    print_line(f"{result['method']}: {cost}, written to {result['model']}")
    found = cast("dict[str, Any]", result)
    evidence, title = found.get("validation"), "validation"
    if evidence is None:
        evidence, title = found["out_of_fold"], OUT_OF_FOLD
        print_sentence(FITTED_ON_BOTH)
    if "task" in result:  # several labels per text
        print_several(title, evidence, with_labels=False)
        print_several("test", found["test"])
        if "label_rule" in result:
            if title == OUT_OF_FOLD:
                print_sentence(OTHER_THRESHOLDS)
            print_rule(result["label_rule"], measure=EXACT_MATCH)
        return
    if title != OUT_OF_FOLD and evidence["n_texts"] < ENOUGH_TEXTS:
        print_sentence(FITTED_ON_TRAIN)
    rows = score_rows(title, evidence) + score_rows("test", result["test"])
    print_table(rows, right=SCORE_COLUMNS)
    if "label_rule" in result:
        print_rule(result["label_rule"])
        _print_dearer(result["label_rule"])
    rule = result.get("abstain")
    if rule:
        from assay.runtime.limits.abstain import name_split  # loads NumPy

        print_line(
            f"abstains below a score of {rule['threshold']:.3f}: answers "
            f"{percent(rule['coverage'])} of {name_split(rule['split'])}, "
            f"{percent(rule['accuracy'])} of them right"
        )


def _print_dearer(outcome: RuleOutcomeEntry) -> None:
    """Say that costs were given and the rule does not lower them, if that is so."""
    from assay.evaluation.rule_effects import find_dearer  # loads NumPy

    dearer = find_dearer(outcome["effects"])
    if dearer is not None:
        print_sentence(f"Note: {open_language(ENGLISH).tell(dearer)}")
