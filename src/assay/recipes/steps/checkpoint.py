"""Which checkpoint the methods start from: found before any work, chosen by the texts if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assay.catalogue import Fact
from assay.checkpoints.aliases import ALIASES
from assay.checkpoints.auto import AUTO, CheckpointChoice, choose_checkpoint, describe_choice
from assay.checkpoints.folder import Checkpoint
from assay.checkpoints.reading import measure_reading, reading_fact, warn_of_reading
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.data.languages import free_languages
from assay.data.texts import Splits
from assay.errors import MissingDependencyError
from assay.methods import METHODS, find_method
from assay.progress import Progress
from assay.recipes.steps.run_options import RunOptions
from assay.reporting.results import SkippedMethod

__all__ = [
    "RunCheckpoint",
    "announce_checkpoint",
    "choose_for_training",
    "choose_from_splits",
    "find_checkpoint",
    "find_named",
    "pick_checkpoint",
    "warn_if_read_badly",
]

N_PROBE_LABELS = 2  # of a classifier that is loaded only to see whether it can be


@dataclass(frozen=True)
class RunCheckpoint:
    """The checkpoint of a run.

    Parameters
    ----------
    choice : CheckpointChoice or None
        None where no method needs one.
    sha256 : str or None
        Its identity; None where no method uses it.
    skipped : tuple of SkippedMethod
        Methods that are left out because the chosen checkpoint is not installed.
    caveat : Fact or None
        That the checkpoint reads the training texts badly; None if it does not.
    """

    choice: CheckpointChoice | None = None
    sha256: str | None = None
    skipped: tuple[SkippedMethod, ...] = ()
    caveat: Fact | None = None

    @classmethod
    def choose(
        cls, options: RunOptions, splits: Splits, progress: Progress
    ) -> tuple[RunCheckpoint, RunOptions]:
        """Find the checkpoint; return it with the options that the run goes on with.

        In these, `auto` is what it became, and methods whose checkpoint is not installed are gone.

        Raises
        ------
        MissingDependencyError
            The checkpoint is not installed, and it was asked for or no other method is left.
        InputError
            There is no such checkpoint.
        """
        if not options.uses_checkpoint:
            return cls(), options
        choice = choose_from_splits(options.checkpoint, splits, seed=options.seed)
        if choice.is_automatic:
            progress.say(describe_choice(choice))
        options = replace(options, checkpoint=choice.checkpoint)
        try:
            resolved = resolve_checkpoint(options.checkpoint, progress=progress)
        except MissingDependencyError as err:
            left = tuple(name for name in options.methods if not METHODS[name].needs_checkpoint)
            if not left or not choice.is_automatic:
                raise
            skipped = _skip(options, err)
            for one in skipped:
                progress.say(f"{one.method}: left out: {one.reason}")
            return cls(choice, None, skipped), replace(options, methods=left)
        caveat = warn_if_read_badly(resolved, splits["train"].texts)
        return cls(choice, resolved.sha256, caveat=caveat), options


def _skip(options: RunOptions, err: MissingDependencyError) -> tuple[SkippedMethod, ...]:
    reason = f"{err.message}; {err.hint}" if err.hint else err.message
    names = [name for name in options.methods if METHODS[name].needs_checkpoint]
    missing = str(options.checkpoint)
    return tuple(SkippedMethod(name, reason, missing_checkpoint=missing) for name in names)


def find_named(options: RunOptions, progress: Progress) -> None:
    """Look for a checkpoint that was named, before the data are read.

    A wrong name, or a kind that cannot be trained or saved, then costs seconds and not the whole
    run.
    """
    if not options.uses_checkpoint or options.checkpoint == AUTO:
        return
    found = resolve_checkpoint(options.checkpoint, progress=progress)
    if options.checkpoint in ALIASES:
        return
    using = [METHODS[name] for name in options.methods if METHODS[name].needs_checkpoint]
    if any(method.keeps_states for method in using):
        from assay.models.classifier_network import load_fresh_classifier  # loads torch

        load_fresh_classifier(found, load_tokenizer(found), N_PROBE_LABELS)
    if not all(method.keeps_states for method in using):
        from assay.checkpoints.frozen import FrozenEncoder
        from assay.models.pooled_head import check_encoder

        check_encoder(FrozenEncoder(found))


def choose_from_splits(name: Any, splits: Splits, *, seed: int = 0) -> CheckpointChoice:
    """Choose by the texts of train; by all texts where there is no train."""
    if name != AUTO:
        return choose_checkpoint(name, ())
    if "train" in splits:
        return choose_checkpoint(name, splits["train"].texts, seed=seed)
    texts = [text for labelled in splits.values() for text in labelled.texts]
    return choose_checkpoint(name, texts, seed=seed)


def pick_checkpoint(name: Any, splits: Splits, progress: Progress) -> Any:
    """Return the checkpoint that was named, or what `auto` is for the splits, and say why."""
    choice = choose_from_splits(name, splits)
    if not choice.is_automatic:
        return name
    progress.say(describe_choice(choice))
    return choice.checkpoint


def find_checkpoint(name: Any, splits: Splits, progress: Progress) -> Checkpoint:
    """Return the checkpoint that was named or chosen, and say where it reads the texts badly."""
    found = resolve_checkpoint(pick_checkpoint(name, splits, progress), progress=progress)
    texts = [text for labelled in splits.values() for text in labelled.texts]
    warn_if_read_badly(found, texts)
    return found


def warn_if_read_badly(checkpoint: Checkpoint, texts: Sequence[str]) -> Fact | None:
    """Warn in numbers that a checkpoint cannot read the texts, and what to do.

    Return what was said as a fact; None if there was nothing to say.
    """
    reading = measure_reading(checkpoint, texts)
    warn_of_reading(reading, repeats=True)
    return reading_fact(reading)


def choose_for_training(
    method: str, parameters: Mapping[str, Any], splits: Splits, *, seed: int
) -> tuple[CheckpointChoice | None, dict[str, Any]]:
    """Choose the checkpoint of one method; return the choice and the parameters with it.

    None if the method needs no checkpoint, or was given an encoder.
    """
    if not find_method(method).needs_checkpoint or parameters.get("encoder") is not None:
        return None, dict(parameters)
    name = parameters.get("checkpoint", AUTO)
    choice = choose_from_splits(name, splits, seed=seed)
    given = choice.checkpoint if choice.is_automatic else name
    return choice, {**parameters, "checkpoint": given}


def announce_checkpoint(
    choice: CheckpointChoice, parameters: Mapping[str, Any], splits: Splits, progress: Progress
) -> None:
    """Say which checkpoint a training takes, and where that reads the training texts badly.

    Parameters
    ----------
    choice : CheckpointChoice
    parameters : mapping
        Those that `choose_for_training` returned.
    splits : Splits
    progress : Progress
    """
    if choice.is_automatic:
        progress.say(describe_choice(choice))
    resolved = resolve_checkpoint(parameters["checkpoint"], progress=progress)
    warn_if_read_badly(resolved, splits["train"].texts)
    free_languages()  # before the network needs the room
