"""`assay export`: a portable copy of a model, written only with its measured parity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from assay.cli.command import add_command
from assay.cli.options import Common, DataFlags, Out, Overwrite
from assay.cli.show import print_json, print_line, print_table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "export", panel="One model")(export_command)


def export_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder.")],
    out: Out,
    export_format: Annotated[
        Literal["onnx", "onnx-int8"],
        typer.Option("--format", metavar="F", help="onnx, or onnx-int8: 8-bit weights."),
    ],
    flags: DataFlags,
    common: Common,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DATA", help="Texts to compare on.  [default: what it was trained on]"
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Which of them.")] = "test",
    max_difference: Annotated[
        float | None,
        typer.Option(metavar="D", help="Of a score.  [default: 0.0001; int8: any]", min=0),
    ] = None,
    max_changed: Annotated[
        float | None,
        typer.Option(metavar="S", help="Share of changed labels.  [default: 0; int8: any]", min=0),
    ] = None,
    max_accuracy_loss: Annotated[
        float | None,
        typer.Option(metavar="A", help="Of accuracy.  [default: any; int8: 0.005]", min=0),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a portable copy of a model for ONNX Runtime.

    It is compared with the model on held-out texts first; past a limit nothing
    is written and the exit code is 3.

    \b
    Examples:
      assay export runs/sample/models/compact --format onnx --out portable
      assay export models/tweets --format onnx-int8 --out small --data tweets
    """
    from assay.recipes.export import ParityLimits, export_model

    limits = ParityLimits.of(
        export_format,
        max_difference=max_difference,
        max_changed=max_changed,
        max_accuracy_loss=max_accuracy_loss,
    )
    splits = None if data is None else flags.options().load(data)
    report = export_model(
        model,
        out,
        export_format=export_format,
        data=splits,
        split=split,
        limits=limits,
        overwrite=overwrite,
        progress=common.progress(),
    )
    if common.json:
        print_json(report.to_dict())
        return
    print_table(
        [
            {
                "": "accuracy",
                "model": f"{report.accuracy_before:.4f}",
                "copy": f"{report.accuracy_after:.4f}",
            },
            {
                "": "MB",
                "model": f"{report.bytes_before / 1e6:.1f}",
                "copy": f"{report.bytes_after / 1e6:.1f}",
            },
            {
                "": "texts/s",
                "model": f"{report.texts_per_s_before:,.0f}",
                "copy": f"{report.texts_per_s_after:,.0f}",
            },
        ],
        title=f"{report.n_texts:,} texts of {report.split}",
        right=("model", "copy"),
    )
    print_line(
        f"largest difference of a score {report.max_difference:.2g}, {report.changed:.2%} of the labels change"
    )
    print_line(f"written to {out}")
