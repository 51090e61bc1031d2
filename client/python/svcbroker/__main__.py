# SPDX-License-Identifier: ISC
"""python3 -m svcbroker METHOD [JSON]: one call for a script. Replies are printed as JSON, one a line.

python3 -m svcbroker metrics [--listen ADDRESS:PORT]: metrics for Prometheus.
python3 -m svcbroker enable-hermes VENV, disable-hermes VENV: the hook for Hermes, in a virtual environment.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # python3 -I .../svcbroker: for root, whose working directory may be hermes's; -m would look there first
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.dont_write_bytecode = True

import argparse
import errno
import fcntl
import json
import select
import unicodedata
from typing import Any, Dict, Iterator, List, NoReturn, Optional

from svcbroker import __version__, _calls, _wire
from svcbroker._base import TIMEOUT_SEC, only
from svcbroker._options import path, seconds
from svcbroker._pool import Flow
from svcbroker.client import Client, Stream
from svcbroker.errors import (
    BrokerError,
    ConnectionFailed,
    Error,
    Failed,
    Held,
    NoSuchService,
    NotRegistered,
    NotRunning,
    PermissionDenied,
    Protected,
    TimedOut,
    WaitTimeout,
)

# Exit codes are svcctl's.
DONE = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 69
INTERRUPTED = 130
CODES = (((NotRunning,), 3), ((NoSuchService, NotRegistered), 4), ((PermissionDenied, Protected), 5), ((WaitTimeout,), 6), ((Held, Failed), 7))
# What is worse than output that was lost. svcctl's order.
WORSE = (5, USAGE, UNREACHABLE, INTERRUPTED)

STDOUT = 1
STDERR = 2

# They choose the form of what is beside them, and are text.
JOINERS = "\u200c\u200d"
# Characters that change the direction of what follows.
OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def exit_code(error: Error) -> int:
    if isinstance(error, (ConnectionFailed, TimedOut)):
        return UNREACHABLE
    return next((code for classes, code in CODES if isinstance(error, classes)), FAILED)


class Unwritable(Exception):
    """Standard output takes no more. gone: its reader has gone, which has what it wants."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__()
        self.gone = gone


def reads_utf8() -> bool:
    """A terminal does unless the locale names another encoding. C and POSIX, and no locale, name none."""
    name = next((value for value in map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG")) if value), "")
    encoding = name.partition(".")[2].partition("@")[0]
    return encoding.lower() in ("utf-8", "utf8") if encoding else "@euro" not in name


def escaped(character: str) -> str:
    try:
        return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
    except UnicodeEncodeError:  # half of a character
        return f"\\u{ord(character):04x}"


def printable(text: str, descriptor: int) -> str:
    """What a terminal may get of text that others wrote, and what a pipe or file may: there bytes stay as they are, but for
    control characters."""
    terminal = os.isatty(descriptor)
    refused = ("Cc", "Zl", "Zp", "Cf", "Co", "Cn", "Cs") if terminal else ("Cc", "Zl", "Zp")
    ascii_only = terminal and not reads_utf8()
    made = []
    for character in text:
        harmless = unicodedata.category(character) not in refused or character in JOINERS
        if character in OVERRIDES or "\ud800" <= character < "\udc80" or (ascii_only and not character.isascii()):
            harmless = False
        made.append(character if harmless else escaped(character))
    return "".join(made)


def lines(text: str, descriptor: int) -> str:
    """The same of several, whose ends are ours."""
    return "\n".join(printable(line, descriptor) for line in text.split("\n"))


def write(descriptor: int, text: str) -> None:
    """All of it, past Python's buffers: what these cannot write, they try again when the interpreter ends."""
    left = memoryview(text.encode(errors="surrogateescape"))
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:  # somebody who shares it has made it so
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()


def show(text: str) -> None:
    try:
        write(STDOUT, text)
    except OSError as error:
        raise Unwritable(gone=error.errno == errno.EPIPE) from None


def say(*parts: object) -> None:
    try:
        write(STDERR, printable(": ".join(map(str, ("svcbroker", *parts))), STDERR) + "\n")
    except OSError:
        pass  # nobody can be told


class Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            show(lines(message, STDOUT))
        else:
            try:
                write(STDERR, lines(message, STDERR))
            except OSError:
                pass


def parser() -> Parser:
    made = Parser(prog="python3 -m svcbroker", description=(__doc__ or "").partition("\n")[0].partition(": ")[2],
                  epilog="'python3 -m svcbroker metrics' is for Prometheus, 'enable-hermes' and 'disable-hermes' are for the environment of a Hermes; "
                         "see their --help.")  # fmt: skip
    made.add_argument("method", help="of io.svcbroker, like Status, or with its interface, like org.varlink.service.GetInfo")
    made.add_argument("parameters", nargs="?", default="{}", type=json_object, help="""a JSON object, like '{"name": "gateway-coder"}'""")
    made.add_argument("--more", action="store_true", help="ask for a stream of replies")
    made.add_argument("--timeout", type=seconds, metavar="SECONDS",
                      help=f"how long a reply may take ({TIMEOUT_SEC:g}; with --more as long as it takes)")  # fmt: skip
    made.add_argument("--socket", type=path, default=_wire.default_socket(), help="the broker's (%(default)s)")
    made.add_argument("--version", action="version", version=f"svcbroker {__version__}")
    return made


def json_object(text: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("is not a JSON object")
    return value


def unwritable(lost: Unwritable, code: int) -> int:
    """The exit code, where it would have been `code`."""
    if lost.gone:
        return code
    say("stdout", "could not be written", "make room, or send it elsewhere")
    return code if code in WORSE else FAILED


def replies(client: Client, options: argparse.Namespace) -> Iterator[Dict[str, Any]]:
    """Ends when the reader of standard output goes away, not only at the next reply."""
    asked = _calls.call(options.method, options.parameters)
    if not options.more:
        yield client.call(options.method, options.parameters)
        return
    flow: Flow[Dict[str, Any]] = Flow(client.socket, asked, client.timeout, options.timeout, only)
    with Stream(flow, STDOUT) as stream:
        yield from stream


def call(options: argparse.Namespace) -> int:
    try:
        with Client(options.socket, timeout=options.timeout or TIMEOUT_SEC) as client:
            for reply in replies(client, options):
                show(json.dumps(reply) + "\n")
        return DONE
    except BrokerError as error:
        code = exit_code(error)
        try:
            show(json.dumps({"error": error.error, "parameters": error.parameters}) + "\n")
        except Unwritable as lost:
            code = unwritable(lost, code)
        say(error)
        return code
    except Error as error:
        say(error)
        return exit_code(error)
    except BrokenPipeError:
        return DONE
    except Unwritable as lost:
        return unwritable(lost, DONE)
    except ValueError as error:  # too large, or no number of JSON's
        say(error)
        return USAGE


def serve_metrics(words: List[str]) -> int:
    """HTTP for Prometheus, until somebody ends it; or its text, once."""
    from svcbroker import metrics, usage  # http.server takes its time

    options = metrics.parser(Parser).parse_args(words)
    try:
        with Client(options.socket, timeout=options.timeout) as client:
            if options.listen is None:
                here = usage.is_here(client.socket)
                show(metrics.text(metrics.families(client), metrics.with_usage(metrics.metrics(client), here)))
                return DONE
            with metrics.Server(options.listen, client) as server:
                server.serve_forever()
        return DONE
    except Error as error:
        say(error)
        return exit_code(error)
    except Unwritable as lost:
        return unwritable(lost, DONE)
    except (OSError, ValueError) as error:  # the address is taken, or none of ours
        say("metrics", getattr(error, "strerror", None) or error, "give an address of this machine, and a port that is free")
        return FAILED


def enable_hermes(words: List[str], disabling: bool) -> int:
    from svcbroker import _enable

    options = _enable.parser(Parser, disabling).parse_args(words)
    try:
        return _enable.run(options.venv, disabling or options.disable, say, show)
    except Unwritable as lost:
        return unwritable(lost, DONE)


def open_standard_descriptors() -> None:
    """The connection must not become standard output because somebody closed that. Not for writing, so that what is lost there does
    not count as printed."""
    for descriptor in range(STDERR + 1):
        try:
            fcntl.fcntl(descriptor, fcntl.F_GETFD)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest that is free: this one
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")


def main(words: Optional[List[str]] = None) -> int:
    try:
        open_standard_descriptors()
        words = sys.argv[1:] if words is None else words
        if words[:1] == ["metrics"]:
            return serve_metrics(words[1:])
        if words[:1] in (["enable-hermes"], ["disable-hermes"]):
            return enable_hermes(words[1:], words[0] == "disable-hermes")
        return call(parser().parse_args(words))
    except Unwritable as lost:  # --help
        return unwritable(lost, DONE)
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
