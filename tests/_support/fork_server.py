"""The fork server's own process: loads the libraries once, then forks a child for each command line.

    python fork_server.py LISTENER MODULES

LISTENER is the number of an open file: a socket on which clients may be waiting already. The
server ends, and kills its children, when its standard input is closed: when whoever started it
ends, however that happens. A fork of a process with threads can hang, so the server only imports;
where an import has left a thread behind, it declines every request, and the client starts Python.
"""

import contextlib
import ctypes
import gc
import importlib
import io
import os
import runpy
import selectors
import signal
import socket
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

# Variables that are read when they are needed, not when a library is imported: they may differ
# from those of the server. With any other difference a request is declined.
READ_LATER = {"PATH", "COLUMNS", "LINES", "PWD", "OLDPWD", "SHLVL", "_", "HF_TOKEN"}
READ_LATER |= {"RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
READ_LATER |= {"GROUP_RANK", "GROUP_WORLD_SIZE", "ROLE_RANK", "ROLE_NAME", "ROLE_WORLD_SIZE"}
READ_LATER |= {"TORCH_NCCL_ASYNC_ERROR_HANDLING"}
PREFIXES = ("ASSAY_", "PYTEST_", "TORCHELASTIC_")
# Options of assay that set variables for the libraries that it will load.
BEFORE_LOADING = ("--offline", "--threads")
# The allocator of pyarrow starts a thread otherwise. Children do not have it.
WHILE_LOADING = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
PR_SET_PDEATHSIG = 1
# Set where a process shall take the client for Python when it starts others (`sys.executable`).
PYTHON = "ASSAY_TESTS_PYTHON"


@dataclass
class Request:
    """One command line, and how to run it."""

    streams: list[int] = field(default_factory=list)
    cwd: str = ""
    args: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    ignored: list[int] = field(default_factory=list)


class Gone(Exception):
    """The client has ended."""


def receive(connection, n_bytes):
    """Receive exactly so many bytes."""
    found = b""
    while len(found) < n_bytes:
        more = connection.recv(n_bytes - len(found))
        if not more:
            raise Gone
        found += more
    return found


def unpack(content):
    """Return the lists that the client's `pack` joined."""
    parts, groups = content.split(b"\0"), []
    while parts:
        end = 1 + int(parts[0])
        groups.append([os.fsdecode(one) for one in parts[1:end]])
        parts = parts[end:]
    return groups


def read_request(connection):
    """Return what a client asks for."""
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    if not head:
        raise Gone
    head += receive(connection, 8 - len(head))
    (cwd,), args, variables, ignored = unpack(receive(connection, int.from_bytes(head, "big")))
    environment = dict(one.split("=", 1) for one in variables)
    return Request(streams, cwd, args, environment, [int(one) for one in ignored])


def is_of_this_user(connection):
    """Tell whether the process at the other end belongs to the user of this one."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder) == os.getuid()


def is_fixed(name):
    """Tell whether libraries may have read a variable while they were imported."""
    return name == "ASSAY_OFFLINE" or not (name in READ_LATER or name.startswith(PREFIXES))


def fixed(environment):
    """Return the variables that no child can have otherwise than the server."""
    return {name: value for name, value in environment.items() if is_fixed(name)}


def can_run(args):
    """Tell whether a command line is a module, a text or a file, without options of Python but -u."""
    if args[:1] == ["-u"]:
        args = args[1:]
    if args[:1] in (["-m"], ["-c"]):
        return len(args) > 1
    return bool(args) and not args[0].startswith("-")


def sets_variables(args):
    """Tell whether a command line has an option of assay that is for libraries; a script has its own."""
    is_script = bool(args) and not args[0].startswith("-")
    return not is_script and any(one.startswith(BEFORE_LOADING) for one in args)


class Server:
    """Accepts connections, each of which is one child."""

    def __init__(self, listener, lifeline, environment):
        self.listener, self.lifeline = listener, lifeline
        self.environment = fixed(environment)
        # What imports have set: a process that a child starts has it too.
        self.added = {name: value for name, value in os.environ.items() if name not in environment}
        self.selector = selectors.DefaultSelector()
        self.children = {}  # connection: pid
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        self.selector.register(lifeline, selectors.EVENT_READ, self.end)

    def serve(self):
        """Fork children until the lifeline is cut; return in each child, with what it has to do."""
        while True:
            for key, _ in self.selector.select():
                request = key.data(key.fileobj)
                if request is not None:
                    return request

    def accept(self, _):
        """Fork a child for a client; return its request in the child."""
        connection, _ = self.listener.accept()
        try:
            connection.settimeout(30)
            if not is_of_this_user(connection):
                raise Gone
            request = read_request(connection)
        except (Gone, OSError, ValueError):
            connection.close()
            return None
        if self.declines(request):
            self.answer(connection, "declined")
            connection.close()
            close_all(request.streams)
            return None
        pid = os.fork()
        if pid == 0:
            self.leave(connection)
            return request
        close_all(request.streams)
        self.watch(connection, pid)
        if not self.answer(connection, f"pid {pid}"):
            self.kill(connection)
        return None

    def answer(self, connection, line):
        """Send a line to a client; tell whether it is still there."""
        try:
            connection.sendall(f"{line}\n".encode())
        except OSError:
            return False
        return True

    def declines(self, request):
        """Tell whether a request needs a process of its own."""
        has_threads = len([*Path("/proc/self/task").iterdir()]) > 1
        given = request.environment.items()
        given = {name: value for name, value in given if self.added.get(name) != value}
        is_other = fixed(given) != self.environment
        is_other |= sets_variables(request.args)
        return has_threads or is_other or not can_run(request.args) or len(request.streams) != 3

    def watch(self, connection, pid):
        """Wait for the end of a child, or for that of its client."""
        ended = os.pidfd_open(pid)
        self.children[connection] = (pid, ended)
        self.selector.register(ended, selectors.EVENT_READ, lambda _: self.report(connection))
        self.selector.register(connection, selectors.EVENT_READ, self.kill)

    def kill(self, connection):
        """Kill the child of a client that has ended."""
        if connection in self.children:  # else it has just ended by itself
            self.selector.unregister(connection)
            os.kill(self.children[connection][0], signal.SIGKILL)

    def report(self, connection):
        """Tell a client how its child ended."""
        pid, ended = self.children.pop(connection)
        _, status = os.waitpid(pid, 0)
        self.selector.unregister(ended)
        os.close(ended)
        with contextlib.suppress(KeyError):  # of a client that was killed
            self.selector.unregister(connection)
        self.answer(connection, f"status {status}")  # nobody hears it if the client was killed
        connection.close()

    def leave(self, connection):
        """Close in a child what belongs to the server."""
        for fileobj in [key.fileobj for key in self.selector.get_map().values()]:
            if isinstance(fileobj, int):
                os.close(fileobj)
            else:
                fileobj.close()
        for other in [connection, *self.children]:
            other.close()
        self.selector.close()

    def end(self, _):
        """Kill all children, and end."""
        for pid, _ in self.children.values():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)  # so that its time counts as that of the server
        os._exit(0)


def become(request, server_pid, found):
    """Make this process what a request asks for; return the command line without options of Python."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server_pid:
        os._exit(1)
    for number, stream in enumerate(request.streams):
        os.dup2(stream, number)
        os.close(stream)
    is_unbuffered = request.args[0] == "-u"
    open_streams(is_unbuffered=is_unbuffered)
    os.chdir(request.cwd)
    # Libraries set variables while they are imported: scikit-learn does.
    added = {name: value for name, value in os.environ.items() if name not in found}
    os.environ.clear()
    os.environ.update(added | request.environment)
    for number in request.ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.executable = request.environment.get(PYTHON, sys.executable)
    return request.args[is_unbuffered:]


def open_streams(*, is_unbuffered):
    """Open the three streams as Python does when it starts."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        is_raw = is_unbuffered and number > 0
        mode, buffering = "wb" if number else "rb", 0 if is_raw else -1
        stream = io.TextIOWrapper(
            open(number, mode, buffering=buffering, closefd=False),  # noqa: SIM115 - for good
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=number == 2 or os.isatty(number),
            write_through=is_raw,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def close_all(streams):
    """Close files, given by their numbers."""
    for stream in streams:
        os.close(stream)


def run(args):
    """Run a command line as `python ARGS` does."""
    if args[0] == "-m":
        sys.argv = args[1:]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(args[1], run_name="__main__", alter_sys=True)
        return
    main = types.ModuleType("__main__")
    if args[0] == "-c":
        sys.argv, name, source = ["-c", *args[2:]], "<string>", args[1]
        sys.path.insert(0, "")
    else:
        sys.argv, name = args, args[0]
        source = Path(name).read_bytes()
        main.__file__ = name
        sys.path.insert(0, str(Path(name).resolve().parent))
    sys.modules["__main__"] = main
    exec(compile(source, name, "exec", dont_inherit=True), vars(main))


def prepare(modules):
    """Import what the children will need, without computing anything.

    Where a library of an extra is not installed, the commands that want it say so themselves.
    """
    sys.path[:1] = []  # the folder of this script
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as err:
            sys.stderr.write(f"fork server: {name} is not loaded ahead: {err}\n")
    gc.collect()
    gc.freeze()  # what is never touched again is never copied


def main():
    """Load, listen, fork."""
    number, *modules = sys.argv[1:]
    listener = socket.socket(fileno=int(number))
    listener.set_inheritable(False)
    found = dict(os.environ)
    prepare(modules)
    for name in WHILE_LOADING:
        found.pop(name, None)
        os.environ.pop(name, None)
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    server_pid = os.getpid()
    request = Server(listener, lifeline, found).serve()
    return become(request, server_pid, found)


if __name__ == "__main__":
    own_module = sys.modules["__main__"]  # kept: `run` puts another one into its place
    run(main())
