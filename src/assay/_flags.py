"""Sentences that name flags of the command line, said to those who call Python.

Every message of assay is written once, with flags. The command line shows it as it is; the text of
an exception, which a traceback shows, names the arguments instead.
"""

from __future__ import annotations

import csv
import re

__all__ = ["say_in_python"]

# Flags without a value. What follows them is the next word of the sentence.
SWITCHES = {
    "keep-texts",
    "merge-labels",
    "overwrite",
    "private",
    "resume",
    "scope",
    "single-label",
    "strict",
    "with-texts",
}
# Flags whose argument has another name.
OTHER_NAMES = {
    "abstain-below": "rule",
    "allowed-host": "allowed_hosts",
    "budget": "budget_s",
    "cors-origin": "cors_origins",
    "epochs": "n_epochs",
    "save-every": "save_every_s",
    "scope": "with_scope",
    "threads": "n_threads",
}
LISTS = {"label-columns", "labels"}  # flags that take several values, joined by commas
# Commands that messages give with flags, and the functions that do the same.
FUNCTIONS = {"pull": "pull_model", "run": "run_data", "train": "train_model"}
# What no rule turns into Python: there is a token to pass, and no argument is for the network.
PHRASES = {"assay login --new": "assay.login(token)", "leave out --offline, and unset": "unset"}

# A message is translated from the largest piece to the smallest:
#   COMMAND          assay train DATA --method finetune   assay.train_model(DATA, method='finetune')
#   FLAGS_IN_A_ROW   --no-header --text-column 1          header=False, text_column=1
#   ONE_FLAG         --text-column 1                      text_column=1
FLAG = r"(?<![\w-])--([a-z][a-z0-9-]*)"
# Words with which a sentence goes on after a flag; any other word is the value of the flag.
NO_VALUES = (
    "alone|and|are|as|both|cannot|gives|has|if|in|is|leaves|makes|marks|means|names|of|or|reads|"
    "says|takes|to|together|was|with|writes"
)
WORD = r"[^\s,;:()`'\"]+"
VALUE = rf"""
    '[^']*' | "[^"]*"                                     # 'Customer comment'
    | (?! -- | (?:{NO_VALUES})\b ) {WORD} (?: ,{WORD} )*  # 2, cp1252, MODEL or joy,anger
"""
ONE_FLAG = re.compile(rf"{FLAG} (?: [ ] ({VALUE}) )?", re.VERBOSE)
AN_ARGUMENT = rf"{FLAG} (?: [ ] (?:{VALUE}) )?"
FLAGS_IN_A_ROW = re.compile(rf"{AN_ARGUMENT} (?: [ ] {AN_ARGUMENT} )*", re.VERBOSE)
# What a command takes before its flags: DATA, ..., 'my folder/m' or me/mood.
GIVEN = r"(?: [A-Z]{3,} | \.\.\. | '[^']*' | [\w.-]+/[\w./-]+ )"
COMMAND = re.compile(
    rf"`? assay [ ] ([a-z]+) ((?: [ ] {GIVEN} )*) [ ] ({FLAGS_IN_A_ROW.pattern}) `?", re.VERBOSE
)
OTHER_PROGRAM = "pip install "  # its flags are its own


def say_in_python(sentence: str) -> str:
    """Return a sentence with the arguments of Python in place of flags.

    >>> say_in_python("at most 5 are accepted (--max-chars)")
    'at most 5 are accepted (max_chars)'
    >>> say_in_python("try --no-header --text-column 1, or --encoding cp1252")
    "try header=False, text_column=1, or encoding='cp1252'"
    >>> say_in_python("run: assay train DATA --method finetune --out MODEL")
    "run: assay.train_model(DATA, method='finetune', out=MODEL)"
    """
    if "--" not in sentence or OTHER_PROGRAM in sentence:
        return sentence
    for phrase, in_python in PHRASES.items():
        sentence = sentence.replace(phrase, in_python)
    sentence = COMMAND.sub(_as_call, sentence)
    return FLAGS_IN_A_ROW.sub(lambda found: _name_arguments(found[0]), sentence)


def _as_call(found: re.Match[str]) -> str:
    """Return the call that does what a command does."""
    name, given, flags = found[1], found[2].split(), found[3]
    arguments = ", ".join([*given, _name_arguments(flags)])
    return f"assay.{FUNCTIONS.get(name, name)}({arguments})"


def _name_arguments(flags: str) -> str:
    """Return flags in a row as the arguments of one call."""
    return ", ".join(_name_argument(one) for one in ONE_FLAG.finditer(flags))


def _name_argument(found: re.Match[str]) -> str:
    """Return one flag as an argument, with its value if it has one."""
    flag, value = found[1], found[2]
    name = OTHER_NAMES.get(flag, flag.replace("-", "_"))
    if flag in SWITCHES:
        return f"{name}=True" + (f" {value}" if value else "")
    if name.startswith("no_"):
        return f"{name.removeprefix('no_')}=False" + (f" {value}" if value else "")
    return f"{name}={_as_value(flag, value)}" if value else name


def _as_value(flag: str, value: str) -> str:
    """Return a value of the command line as Python writes it.

    >>> _as_value("text-column", "2"), _as_value("sheet", "'a b'"), _as_value("out", "MODEL")
    ('2', "'a b'", 'MODEL')
    """
    plain = value[1:-1] if value[0] in "'\"" else value
    if flag in LISTS:
        return repr(next(csv.reader([plain], skipinitialspace=True)))
    is_plain = value == plain and (plain.isdecimal() or plain.isupper())
    return plain if is_plain else repr(plain)
