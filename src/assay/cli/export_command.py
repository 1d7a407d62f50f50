"""`assay export`: a portable copy of a model, written only with its measured parity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assay.cli.command import add_command
from assay.cli.options import Common, DataFlags, ModelFolder, Out, Overwrite
from assay.cli.outputs import hold_output
from assay.cli.show import print_json, print_line, print_table

if TYPE_CHECKING:
    from assay.recipes.export import Export, ParityLimits

__all__ = ["register"]


@dataclass(frozen=True)
class LimitFlags:
    """The flags that say how far a copy may differ from its model."""

    max_difference: Annotated[
        float | None,
        typer.Option(
            metavar="D", help="Difference of a score.  [default: 0.0001; int8: any]", min=0
        ),
    ] = None
    max_changed: Annotated[
        float | None,
        typer.Option(metavar="S", help="Share of changed labels.  [default: 0; int8: any]", min=0),
    ] = None
    max_accuracy_loss: Annotated[
        float | None,
        typer.Option(metavar="A", help="Loss of accuracy.  [default: any; int8: 0.005]", min=0),
    ] = None

    def of(self, export_format: str) -> ParityLimits:
        """Return the usual limits of a format, with those that are given in their place."""
        from assay.recipes.export import ParityLimits

        return ParityLimits.of(
            export_format,
            max_difference=self.max_difference,
            max_changed=self.max_changed,
            max_accuracy_loss=self.max_accuracy_loss,
        )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "export", panel="One model")(export_command)


def export_command(
    model: ModelFolder,
    out: Out,
    export_format: Annotated[
        Literal["onnx", "onnx-int8"],
        typer.Option("--format", metavar="F", help="onnx, or onnx-int8: 8-bit weights."),
    ],
    limits: LimitFlags,
    flags: DataFlags,
    common: Common,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA", help="Texts to compare on.  [default: what it was trained on]"
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Which of them.")] = "test",
    overwrite: Overwrite = False,
) -> None:
    """Write a portable copy of a model for ONNX Runtime.

    It is compared with the model on held-out texts first; past a limit nothing
    is written and the exit code is 3. Where there are no such texts, training
    texts that the model keeps are taken, or texts made of its vocabulary.

    \b
    Examples:
      assay export runs/sample/models/compact --format onnx --out portable
      assay export models/tweets --format onnx-int8 --out small --data tweets
    """
    from assay.recipes.export import export_model

    with hold_output(out, overwrite=overwrite, apart=data, is_folder=True):
        splits = None
        if data is not None:
            splits = flags.options().as_trained(model, data).load(data)
        report = export_model(
            model,
            out,
            export_format=export_format,
            data=splits,
            split=split,
            limits=limits.of(export_format),
            overwrite=overwrite,
            progress=common.progress(),
        )
    if common.json:
        print_json(report.to_dict())
        return
    _show(report)


def _show(report: Export) -> None:
    """Print the model beside its copy."""
    from assay.recipes.steps.export_card import show_accuracy
    from assay.recipes.steps.parity_texts import count_texts

    before, after = report.bytes_before / 1e6, report.bytes_after / 1e6
    rate_before, rate_after = report.texts_per_s_before, report.texts_per_s_after
    rows = [
        (
            report.accuracy_name,
            show_accuracy(report.accuracy_before),
            show_accuracy(report.accuracy_after),
        ),
        ("MB", f"{before:.1f}", f"{after:.1f}"),
        ("texts/s", f"{rate_before:,.0f}", f"{rate_after:,.0f}"),
    ]
    print_table(
        [{"": name, "model": model, "copy": copy} for name, model, copy in rows],
        title=count_texts(report.n_texts, report.split),
        right=("model", "copy"),
    )
    difference = f"the largest difference of a score is {report.max_difference:.2g}"
    print_line(report.say_changed())
    print_line(difference)
    print_line(f"written to {report.out}")
