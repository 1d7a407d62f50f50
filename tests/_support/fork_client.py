"""A substitute for `python` in a test: it hands its command line to a fork server, and ends as the child ends.

    python -IS fork_client.py ADDRESS PYTHON ARGS...

ADDRESS is the server's, in Linux's abstract namespace. Signals are passed on; if this process is
killed, the server kills the child. What the server declines runs as PYTHON ARGS... It imports
little, and starts in a tenth of the time that numpy alone takes to load.
"""

import contextlib
import os
import signal
import socket
import sys

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Relay:
    """Passes signals on to a process, also those that come before it is there."""

    def __init__(self):
        self.pid, self.early = None, []
        self.ignored = [one for one in SIGNALS if signal.getsignal(one) == signal.SIG_IGN]
        for number in SIGNALS:
            if number not in self.ignored:
                signal.signal(number, self.take)

    def take(self, number, _):
        """Pass a signal on, or keep it until there is somebody to have it."""
        if self.pid is None:
            self.early.append(number)
        else:
            self.send(number)

    def send(self, number):
        """Send a signal; a process that has just ended needs none."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def start(self, pid):
        """Begin to pass on."""
        self.pid = pid
        for number in self.early:
            self.send(number)

    def forget(self):
        """Let signals do here what they do by default."""
        for number in SIGNALS:
            if number not in self.ignored:
                signal.signal(number, signal.SIG_DFL)


def pack(*groups):
    """Join lists of texts of the system, none of which holds a zero byte."""
    parts = []
    for group in groups:
        parts += [str(len(group)).encode(), *map(os.fsencode, group)]
    return b"\0".join(parts)


def ask(connection, args, ignored):
    """Send what the child needs: its streams, folder, arguments, environment and ignored signals."""
    variables = [f"{name}={value}" for name, value in os.environ.items()]
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes as long to load as all else here
    content = pack([folder], args, variables, [str(int(one)) for one in ignored])
    socket.send_fds(connection, [len(content).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(content)


def read_answer(answers):
    """Return the two words of the next line; both are empty if the server has ended."""
    word, _, value = answers.readline().strip().partition(" ")
    return word, value


def end_as(status, relay):
    """End as another process ended, whose wait status is given."""
    if os.WIFSIGNALED(status):
        relay.forget()
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


def main():
    """Have a command line run by the server."""
    address, python, *args = sys.argv[1:]
    relay = Relay()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + address)
        ask(connection, args, relay.ignored)
        with connection.makefile("r", encoding="ascii") as answers:
            word, value = read_answer(answers)
            if word == "pid":
                relay.start(int(value))
                word, value = read_answer(answers)
    if word == "declined":
        relay.forget()
        for number in relay.early:
            os.kill(os.getpid(), number)
        os.execv(python, [python, *args])
    if word != "status":
        sys.exit("the fork server of the tests has ended")
    end_as(int(value), relay)


if __name__ == "__main__":
    main()
