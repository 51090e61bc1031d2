# SPDX-License-Identifier: ISC
"""Messages as bytes: JSON objects, each ended by a NUL byte (https://varlink.org/Method-Call). No sockets here."""

from __future__ import annotations

import json
import os
from types import TracebackType
from typing import Any, Dict, List, Mapping, NamedTuple, NoReturn, Optional

from svcbroker.errors import INTERFACE, BrokerError, ProtocolError, broker_error

DEFAULT_SOCKET = "/run/svcbroker/io.svcbroker"  # the path the broker is built with, if not told otherwise
REQUEST_BYTES_MAX = 64 * 1024  # one request, without the NUL; proto/limits.h
REPLY_BYTES_MAX = 4 * 1024 * 1024  # one reply, as far as it is accepted; proto/limits.h


def default_socket() -> str:
    """$SVCBROKER_SOCKET, else where a broker is by default."""
    return os.environ.get("SVCBROKER_SOCKET") or DEFAULT_SOCKET


def request(method: str, parameters: Optional[Mapping[str, Any]], more: bool) -> bytes:
    """One call. method: of io.svcbroker, or with the name of its interface. ValueError: it cannot be sent."""
    call: Dict[str, Any] = {"method": method if "." in method else f"{INTERFACE}.{method}"}
    if parameters:
        call["parameters"] = dict(parameters)
    if more:
        call["more"] = True
    encoded = json.dumps(call, allow_nan=False, separators=(",", ":")).encode()
    if len(encoded) > REQUEST_BYTES_MAX:
        raise ValueError(f"the call is larger than {REQUEST_BYTES_MAX} bytes")
    return encoded + b"\0"


def raised_in(trace: Optional[TracebackType], *packages: str) -> bool:
    """Whether an exception went through these packages only. One that a signal's handler raised went through the handler, wherever
    it came in between; of whatever class it is, it is the program's and not ours to judge."""
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__"))
        if name.partition(".")[0] not in packages:
            return False
        trace = trace.tb_next
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _message(frame: bytes) -> Any:
    try:
        return json.loads(frame.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as invalid:
        if not raised_in(invalid.__traceback__, "svcbroker", "json"):
            raise
        raise ProtocolError(f"the reply is not JSON: {invalid}") from None


class Reply(NamedTuple):
    """more: others follow. error: it is an error reply; returned and not raised, because it leaves the connection as it should be,
    and no exception does."""

    parameters: Dict[str, Any]
    more: bool
    error: Optional[BrokerError]


def reply(frame: bytes) -> Reply:
    message = _message(frame)
    if not isinstance(message, dict):
        raise ProtocolError("the reply is not an object")
    parameters = message.get("parameters")
    if not isinstance(parameters, (dict, type(None))):
        raise ProtocolError("the reply's parameters are not an object")
    error = message.get("error")
    if error is None:
        return Reply(parameters or {}, message.get("continues") is True, None)
    if not isinstance(error, str):
        raise ProtocolError("the reply's error is not a name")
    return Reply({}, False, broker_error(error, parameters))


class Frames:
    """Cuts what is received into messages."""

    def __init__(self) -> None:
        self._pieces: List[bytes] = []
        self._length = 0
        self._whole: List[bytes] = []

    def feed(self, data: bytes) -> None:
        *ended, rest = data.split(b"\0")
        for piece in ended:
            self._add(piece)
            self._whole.append(b"".join(self._pieces))
            self._pieces, self._length = [], 0
        if rest:
            self._add(rest)

    def _add(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length > REPLY_BYTES_MAX:
            raise ProtocolError(f"a reply is larger than {REPLY_BYTES_MAX} bytes")
        self._pieces.append(piece)

    def take(self) -> Optional[bytes]:
        """The next whole message; None: there is none yet."""
        return self._whole.pop(0) if self._whole else None

    @property
    def whole(self) -> bool:
        """A message can be taken."""
        return bool(self._whole)

    @property
    def empty(self) -> bool:
        """Nothing of a message is here."""
        return not self._whole and not self._length
