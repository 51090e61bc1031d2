# SPDX-License-Identifier: ISC
"""What the Python package makes of a broker's bytes: a reply, or one of its own errors, whatever they are.

python_reply.py SECONDS FOUND [SEED]; the package is the first in PYTHONPATH. The first byte says how the rest is cut in pieces."""

import dataclasses
import datetime
import pathlib
import pickle
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from loop import Loop, dictionary  # noqa: E402
from svcbroker import _calls, _wire, errors, replies  # noqa: E402

CALLS = [_calls.call("X", None), _calls.list_services(), _calls.status("a"), _calls.order("Start", "up", ["a", "b"], False, False, 0),
         _calls.register("p", None, None), _calls.unregister("p", 1), _calls.reconcile(True), _calls.watch([]), _calls.health(),
         _calls.diagnose()]
MESSAGE_MOST = 16 * 1024  # characters of an error of ours: a person, or a log, is to read it


def pieces(data):
    cut = random.Random(data[:1])
    at = 1
    while at < len(data):
        to = at + 1 + cut.randrange(1 + len(data) // (1 + cut.randrange(9)))
        yield data[at:to]
        at = to


def frames(parts):
    taken = []
    buffer = _wire.Frames()
    for part in parts:
        buffer.feed(part)
        while buffer.whole:
            taken.append(buffer.take())
        assert buffer.take() is None
    return taken


def sound(value, kind=None):
    """Everything in it is of the type that is promised, and can be shown, compared and pickled."""
    if dataclasses.is_dataclass(value):
        hints = {field.name: field.type for field in dataclasses.fields(value)}
        for name in hints:
            sound(getattr(value, name), hints[name])
        assert value == pickle.loads(pickle.dumps(value))
    elif isinstance(value, tuple):
        for element in value:
            sound(element)
    elif kind in ("int", "Optional[int]"):
        assert value is None and kind != "int" or type(value) is int, value
    elif kind in ("str", "Optional[str]"):
        assert value is None and kind != "str" or type(value) is str, value
    elif kind == "bool":
        assert type(value) is bool, value


def check_error(error):
    assert isinstance(error, errors.BrokerError), error
    assert isinstance(str(error), str) and isinstance(repr(error), str)
    for name, kind in type(error).__annotations__.items():
        sound(getattr(error, name), kind)


def check_frame(frame):
    try:
        reply = _wire.reply(frame)
    except errors.ProtocolError as error:
        assert len(str(error)) < MESSAGE_MOST
        return
    assert type(reply.parameters) is dict and type(reply.more) is bool
    if reply.error is not None:
        check_error(reply.error)
        return
    for call in CALLS:
        try:
            decoded = call.decode(reply.parameters)
        except errors.ProtocolError as error:
            assert len(str(error)) < MESSAGE_MOST
            continue
        sound(decoded)
        repr(decoded)
        for outcome in decoded if isinstance(decoded, tuple) else ():
            if isinstance(outcome, replies.Outcome):
                try:
                    failure = errors.failure(outcome)
                except errors.ProtocolError as error:
                    assert len(str(error)) < MESSAGE_MOST
                else:
                    assert failure is None or check_error(failure) is None
            if isinstance(outcome, replies.Service):
                moment(outcome.since_usec)


def moment(usec):
    try:
        assert replies.moment(usec).tzinfo == datetime.timezone.utc
    except OverflowError:
        assert not 0 <= usec < 1 << 57


def check(data):
    if not data:
        return
    try:
        whole = frames([data[1:]])
    except errors.ProtocolError:
        return
    assert whole == frames(pieces(data)) == data[1:].split(b"\0")[:-1]
    for frame in whole[:20]:
        check_frame(frame)


def main():
    seconds, found, *seed = sys.argv[1:]
    words = dictionary(pathlib.Path(__file__).with_name("reply.dict"))
    loop = Loop("python_reply", int(seed[0]) if seed else None, words, 64 * 1024)
    loop.main(seconds, check, found, "svcbroker")


if __name__ == "__main__":
    main()
