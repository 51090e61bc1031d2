# SPDX-License-Identifier: ISC
"""The law of the house, as data. Each exception has its reason beside it; one that is not needed any more is an error."""

# From the bottom up. A file includes files of its own room and of rooms below it, never above.
ROOMS = [
    "proto",
    "template",
    "daemon/bounds.h",
    "daemon/config.h",  # what meson was told
    "daemon/judge",
    "daemon/log",
    "daemon/loop",
    "daemon/edge",
    "daemon/keep",
    "daemon/service",
    "daemon/slot",
    "daemon/order",
    "daemon/session",
    "daemon/methods",
    "daemon/doctor",
    "daemon",
    "client/lib",
    "client/text",
    "client/terminal",
    "client/log",
    "client/say",
    "client/usage",
    "client/talk",
    "client/top",
    "client/verbs",
    "client",
]

# Rooms that see less than all below them.
SEES = {
    "proto": (),
    "template": ("proto",),  # nothing that could load more
    "daemon/bounds.h": ("proto",),
    "daemon/config.h": (),
    "daemon/judge": ("proto", "daemon/bounds.h"),  # pure: no system, no loop, no log
    "client/lib": ("proto",),
}


def sees(room, other):
    if room.startswith("client") and other.startswith("daemon"):
        return False
    return room == other or room not in SEES or other in SEES[room]


GENERATED = ["daemon/config.h"]
FILE_LINES = 400
FUNCTION_LINES = 60
LONG_FILES = {
    "daemon/bounds.h": (440, "It is one list, so that its end can add up what all of it may take."),
    "daemon/keep/survey.c": (430, "It is one look: its jobs share what they found, and what a hung one leaves behind."),
    "daemon/loop/deputy.c": (470, "It is one queue and its threads: who takes what, and who is given up, is said once."),
    "daemon/order/plan.c": (413, "It is one list of cases: what is done for each kind of profile that is found."),
}
LONG_FUNCTIONS = {}
CLANG_FORMAT = 14
# Of code .clang-format has the columns (110). Comments, which it leaves as they are, may go on a little.
COLUMNS = 128
SPELLINGS = {
    "say `sizeof(x)`": r"\bsizeof [^(\s]",
    "say `int result`": r"\bint (r|rc|ret|res|rv)\b(?=\s*[=;,])",
    # glibc alone has these; and what strerror() says is another text with each C library.
    "say `sysname_error()` and its kin (proto/sysname.h)": r"\b(strerrorname_np|strerrordesc_np|sigabbrev_np|sigdescr_np)\(|(?<!svcbroker_)\bstrerror\(",
    "say `!pointer`": r"\b(if|while) \([\w.>\[\]-]+ [=!]= NULL\)",
}
BOUNDS_HEADERS = ("proto/limits.h", "daemon/bounds.h")
# Room for one text on the stack or in a struct, as its writer knows it: what does not fit is cut, and costs nobody anything.
TEXT_BUFFERS = r"(^|_)(FILE|LINE|TEXT|PATH|NAME|WORD|VALUE|REASON|PROBLEM|MARKER|VERSION|BOOT|STATE|MESSAGE|END|ESCAPE|FIRST)_BYTES$"
# What is no bound of ours, but a fact that is written down where it is read.
BOUNDS_ELSEWHERE = {
    "CALL_PLAIN_BYTES": "It is what has room without a tree: a longer call has one.",
    "CLOCK_2020_USEC": "It is a date.",
    "FILE_BYTES_MAX": "It is the sum of what proto/limits.h admits, as the file has it.",
    "JSON_PLAIN_MOST": "It is what has room without a tree: a call with more members has one.",
    "JSON_DEPTH_MAX": "It is what the scanner has room for, whatever a caller admits.",
    "NO_LIMIT_BYTES": "It is the kernel's way to say that there is none.",
    "S6_PAUSE_USEC": "It is s6's.",
    "S6_STATUS_BYTES_MOST": "It is the largest of s6's sizes, which stand beside it.",
    "SECONDS_MAX": "It is the largest stamp that fits.",
    "SERVICES_LEAST": "It is s6-svscan's.",
    "SERVICES_MOST": "It is s6-svscan's.",
    "SUPERVISORS_LEAST": "It is s6-svscan's.",
    "SUPERVISORS_MOST": "It is s6-svscan's.",
    "TALLY_RECORD_BYTES": "It is s6's.",
    "UTF8_BYTES_MAX": "It is Unicode's.",
}
# Guards that are not made of the header's path.
GUARDS = {
    "client/lib/svcbroker.h": "SVCBROKER_H",  # as it is installed
}
CITES_NOTHING = ("tests/unit/json/", "tests/differential/", "tests/house/")
# What is cited and is not ours.
CITED_OF_OTHERS = {
    "SOUL.md",  # of a profile: Hermes's
    "util.c",  # there is none
    "include/svcbroker.h",  # as it is installed
    "linux/magic.h",
    "sysexits.h",
}
# Words that send a reader to pages which are in nobody's checkout.
CITES_NOWHERE = r"\b(hermes-contract|s6-facts|threat-model\.md|mission\.md|style\.md|architecture\.md)\b|\bissue \d+\b"


# Descriptors that are to be there for what is executed, or in place of one that is.
NOT_CLOSED_ON_EXEC = {
    ("client/main.c", "open"): "It takes the place of a standard stream that was closed.",
}
