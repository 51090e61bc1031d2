"""python3 -m svcbroker METHOD [JSON]: one call for a script. Replies are printed as JSON, one a line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any, List, NoReturn, Optional

from svcbroker import _wire
from svcbroker.client import TIMEOUT_SEC, Client
from svcbroker.errors import (
    BrokerError,
    ConnectionFailed,
    Error,
    Failed,
    Held,
    NoSuchService,
    NotRegistered,
    PermissionDenied,
    Protected,
    TimedOut,
    WaitTimeout,
)

# Exit codes are svcctl's.
FAILED = 1
USAGE = 2
UNREACHABLE = 69
INTERRUPTED = 130
CODES = (((NoSuchService, NotRegistered), 4), ((PermissionDenied, Protected), 5), ((WaitTimeout,), 6), ((Held, Failed), 7))


def exit_code(error: Error) -> int:
    if isinstance(error, (ConnectionFailed, TimedOut)):
        return UNREACHABLE
    return next((code for classes, code in CODES if isinstance(error, classes)), FAILED)


def arguments(words: Optional[List[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m svcbroker", description=__doc__.partition(": ")[2])
    parser.add_argument("method", help='of io.svcbroker, like Status, or with its interface, like org.varlink.service.GetInfo')
    parser.add_argument("parameters", nargs="?", default="{}", type=json_object, help="""a JSON object, like '{"name": "gateway-coder"}'""")
    parser.add_argument("--more", action="store_true", help="ask for a stream of replies")
    parser.add_argument("--timeout", type=seconds, metavar="SECONDS",
                        help=f"how long a reply may take ({TIMEOUT_SEC:g}; with --more as long as it takes)")  # fmt: skip
    parser.add_argument("--socket", default=_wire.default_socket(), help="the broker's (%(default)s)")
    return parser.parse_args(words)


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: seconds, more than 0")
    return value


def json_object(text: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        value = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("no JSON object")
    return value


def show(value: Any) -> None:
    print(json.dumps(value), flush=True)


def main(words: Optional[List[str]] = None) -> int:
    options = arguments(words)
    try:
        with Client(options.socket, timeout=options.timeout or TIMEOUT_SEC) as client:
            if options.more:
                for reply in client.stream(options.method, options.parameters, timeout=options.timeout or float("inf")):
                    show(reply)
            else:
                show(client.call(options.method, options.parameters))
    except BrokerError as error:
        show({"error": error.error, "parameters": error.parameters})
        print(f"svcbroker: {error}", file=sys.stderr)
        return exit_code(error)
    except Error as error:
        print(f"svcbroker: {error}", file=sys.stderr)
        return exit_code(error)
    except ValueError as error:  # too large, or no number of JSON's
        print(f"svcbroker: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # the reader of our output has what it wants; what is left in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
