# SPDX-License-Identifier: ISC
"""What is fuzzed: each harness, what it is linked with, and a fault that it must find."""

import dataclasses
from typing import Optional, Tuple


@dataclasses.dataclass(frozen=True)
class Fault:
    """A mistake that somebody could make: in the file `path`, `old` becomes `new`."""

    path: str
    old: str
    new: str
    seed: Optional[int] = None  # of a loop of ours, with which it is found in seconds: the next seed may take a hundred times as long


@dataclasses.dataclass(frozen=True)
class Target:
    """NAME.c is its harness, and NAME.dict has words for it. rooms: folders whose objects it may need. most_bytes: of one input; kept_bytes: of one that
    is committed."""

    rooms: Tuple[str, ...]
    fault: Fault
    packages: Tuple[str, ...] = ("json-c",)
    most_bytes: int = 4096
    kept_bytes: int = 2048


JUDGE = ("proto", "daemon/judge")
EDGE = (*JUDGE, "daemon/log", "daemon/loop", "daemon/edge")
EDGE_PACKAGES = ("json-c", "libuv", "libcap", "libseccomp", "yaml-0.1")
CLIENT = ("proto", "client/lib", "client/text", "client/terminal", "client/log", "client/say", "client/talk")

TARGETS = {
    "message": Target(("proto",), Fault("proto/frame.c", "buffer->scanned = 0;", ""), most_bytes=20000),
    "status": Target(EDGE, Fault("daemon/edge/s6_status.c", "pid > INT32_MAX || flags", "flags"), EDGE_PACKAGES, 2048),
    "record": Target(JUDGE, Fault("daemon/judge/record.c", 'text_append_member_bool(text, "own_stop", true)',
                                  'text_append_member_bool(text, "own_stopped", true)')),
    "intent": Target(JUDGE, Fault("daemon/judge/intent.c", "text->length - head - end", "text->length - head - end / 2")),
    "prior": Target(JUDGE, Fault("daemon/judge/foreign.c", "decoded->length + 1 == FOREIGN_VALUE_BYTES",
                                 "decoded->length == FOREIGN_VALUE_BYTES + 8")),
    "config": Target(JUDGE, Fault("daemon/judge/multiplex_config.c", "if (length >= sizeof(word))", "if (length > sizeof(word))"),
                     ("json-c", "yaml-0.1")),
    "boot_log": Target(JUDGE, Fault("daemon/judge/boot_log.c", "bytes >= WORD_BYTES", "bytes > WORD_BYTES")),
    "environment": Target(EDGE, Fault("daemon/edge/slot_environment.c", "*kept++ = '\\n';", ";"), EDGE_PACKAGES),
    "system": Target(EDGE, Fault("daemon/edge/interpreter.c", "length = INTERPRETER_LINE_BYTES - 1;", ";"), EDGE_PACKAGES),
    "options": Target((*JUDGE, "daemon/options.c"),
                      Fault("daemon/options.c", "i < OPTIONS_STATIC_MOST; i++", "i <= OPTIONS_STATIC_MOST; i++")),
    "slot": Target((*EDGE, "template/parse.c"), Fault("template/parse.c", "memmove(end, more, strlen(more) + 1);", "memmove(end, more, strlen(more));"),
                   EDGE_PACKAGES),
    "log": Target(CLIENT, Fault("client/text/printable.c", "if (character >= 0x7f && character < 0xa0)", "if (character == 0x7f)")),
    "reply": Target(CLIENT, Fault("client/say/facts.c", ".name = name ? name : \"?\",", ".name = name,"), most_bytes=8192, kept_bytes=500),
}

# What is not C: NAME.py is the fuzzer, a loop of our own.
SCRIPTS = {
    "python_reply": Fault("client/python/svcbroker/_decode.py", "if not isinstance(given, list):", "if given is None:", 8),
    "options_file": Fault("s6-rc.d/svcbrokerd/run.in", "line=${line#\"$mark\"}", "line=$line", 1),
}
