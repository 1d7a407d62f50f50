"""Python command lines that start at once: a server has loaded the libraries and forks a child for each.

Loading torch and what belongs to it takes more time than most commands of the tests need
themselves. What is about the process itself (when it starts, what it imports, how a signal ends
it) is tested with `subprocess` and a Python of its own.
"""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
import sys
import threading
from pathlib import Path

import assay
from _support.fork_server import PYTHON, WHILE_LOADING

HERE = Path(__file__).resolve().parent
IS_POSSIBLE = sys.platform == "linux" and hasattr(os, "pidfd_open")
# What the commands of the tests load; with it all of assay, whose modules import the rest.
# onnxruntime is left out: it starts a thread when it is imported.
LIBRARIES = (
    "datasets",
    "huggingface_hub",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "onnx",
    "pandas",
    "pyarrow.parquet",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "torch",
    "transformers.models.auto.modeling_auto",
    "transformers.models.bert.modeling_bert",
)


# Options by which torchrun is a module.
TORCHRUN = ("-m", "torch.distributed.run")
# The server that the tests of one worker of pytest share; tests/conftest.py makes and ends it.
shared: ForkServer


def modules_of_assay():
    """Name every module of assay but the one that runs the command line."""
    folder = Path(assay.__file__).parent
    files = [path.relative_to(folder.parent).with_suffix("") for path in folder.rglob("*.py")]
    names = {".".join(path.parts).removesuffix(".__init__") for path in files}
    return sorted(name for name in names if not name.endswith("__main__"))


class ForkServer:
    """A server for one environment, started when it is first used; a context manager ends it.

    `environment` is what the libraries see when they are imported. A command line with another one
    gets a process of its own, and so does each where there is no forking as on Linux.
    """

    def __init__(self, environment, folder):
        self.environment = dict(environment)
        self._folder = folder
        self._address = f"assay-tests-{secrets.token_hex(16)}"
        self._process, self._lock = None, threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(timeout=60)

    @property
    def python(self):
        """A program that takes a command line as Python does."""
        if not IS_POSSIBLE:
            return Path(sys.executable)
        with self._lock:
            if self._process is None:
                self._process = self._start()
        return self._folder / "python"

    @property
    def pages(self):
        """The environment with a PATH whose `assay`, `python` and `torchrun` are forked."""
        path = os.pathsep.join([str(self.python.parent), self.environment["PATH"]])
        return {**self.environment, "PATH": path}

    @property
    def nested(self):
        """The environment of a script that starts others by `sys.executable`: these are forked too."""
        return {**self.environment, PYTHON: str(self.python)}

    def _start(self):
        """Start the server; clients may ask at once, and wait until it has loaded everything."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_programs()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("\0" + self._address)
            listener.listen(64)
            number = listener.fileno()
            command = [sys.executable, HERE / "fork_server.py", str(number)]
            return subprocess.Popen(
                [*command, *LIBRARIES, *modules_of_assay()],
                env={**self.environment, **WHILE_LOADING},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[number],
                start_new_session=True,  # Ctrl-C is for the tests, whose end is that of the server
            )

    def _write_programs(self):
        """Write the substitutes for the programs of the environment."""
        client = [sys.executable, "-IS", HERE / "fork_client.py", self._address, sys.executable]
        python = self._folder / "python"
        write_program(python, client)
        write_program(self._folder / "assay", [*client, "-m", "assay"])
        write_program(self._folder / "torchrun", [*client, *TORCHRUN], {PYTHON: python})


def write_program(path, command, variables=None):
    """Write a shell script that becomes a command, with some variables set."""
    given = [f"{name}={shlex.quote(str(value))} " for name, value in (variables or {}).items()]
    words = " ".join(shlex.quote(str(word)) for word in command)
    path.write_text(f'#!/bin/sh\n{"".join(given)}exec {words} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
