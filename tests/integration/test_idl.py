# SPDX-License-Identifier: ISC
"""The checker of replies is itself checked: it must take what the interface allows, and nothing else."""

import pytest

import idl
from tree import TOP

TEXT = """# A comment, (with: marks)
interface com.example-1.test
type Colour (red, green)   # at the end of a line
type Thing (name: string, colour: Colour, size: ?int, tags: []string, notes: [string]string)
type Outcome (name: string, error: ?string, error_parameters: ?object)
method Get(name: string) -> (thing: Thing)
method Put(things: ?[]Thing, deep: [](a: ?[]int)) -> ()
method Try() -> (outcomes: []Outcome, ratio: ?float)
error NoSuch (name: string, near: ?string)
error Broken ()
"""
THING = {"name": "n", "colour": "red", "tags": [], "notes": {"a": "b"}}


@pytest.fixture(scope="module")
def service():
    return idl.Service(TEXT)


GOOD = [
    ("Get", {"parameters": {"thing": THING}}),
    ("Get", {"parameters": {"thing": THING | {"size": None}}}),
    ("Get", {"parameters": {"thing": THING | {"size": -(2 ** 60)}}, "continues": False}),
    ("Get", {"error": "com.example-1.test.NoSuch", "parameters": {"name": "x"}}),
    ("Get", {"error": "com.example-1.test.Broken"}),
    ("Put", {}),
    ("Put", {"parameters": {}}),
    ("Try", {"parameters": {"outcomes": [{"name": "a"}], "ratio": 1}}),
    ("Try", {"parameters": {"outcomes": [
        {"name": "a", "error": "com.example-1.test.NoSuch", "error_parameters": {"name": "x", "near": "y"}}]}}),
    (None, {"error": "com.example-1.test.Broken", "parameters": {}}),
]


@pytest.mark.parametrize("method,reply", GOOD)
def test_good_replies(service, method, reply):
    service.reply(method and f"com.example-1.test.{method}", False, reply)


BAD = [
    ("Get", {"parameters": {}}, "thing is missing"),
    ("Get", {"parameters": {"thing": None}}, "thing is missing"),
    ("Get", {"parameters": {"thing": THING, "more": 1}}, "more is not in the interface"),
    ("Get", {"parameters": {"thing": THING | {"colour": "blue"}}}, "'blue' is none of"),
    ("Get", {"parameters": {"thing": THING | {"colour": 1}}}, "1 is none of"),
    ("Get", {"parameters": {"thing": THING | {"size": 1.0}}}, "1.0 is not int"),
    ("Get", {"parameters": {"thing": THING | {"size": True}}}, "True is not int"),
    ("Get", {"parameters": {"thing": THING | {"name": 5}}}, "5 is not string"),
    ("Get", {"parameters": {"thing": THING | {"tags": ["a", None]}}}, r"tags\[1\]: None is not string"),
    ("Get", {"parameters": {"thing": THING | {"tags": {}}}}, "is not an array"),
    ("Get", {"parameters": {"thing": THING | {"notes": {"a": 1}}}}, r"notes\['a'\]"),
    ("Get", {"parameters": {"thing": THING | {"unknown": 1}}}, "unknown is not in the interface"),
    ("Get", {"parameters": {"thing": THING}, "continues": True}, "continues without more"),
    ("Get", {"parameters": {"thing": THING}, "continues": 0}, "continues: 0 is not bool"),
    ("Get", {"parameters": {"thing": THING}, "id": 1}, "id is no member"),
    ("Get", {"parameters": []}, "is not an object"),
    ("Get", {"error": "com.example-1.test.Nope", "parameters": {}}, "none of the errors"),
    ("Get", {"error": "NoSuch", "parameters": {"name": "x"}}, "none of the errors"),
    ("Get", {"error": "com.example-1.test.NoSuch", "parameters": {}}, "name is missing"),
    ("Get", {"error": "com.example-1.test.NoSuch", "parameters": {"name": "x", "why": "y"}}, "why is not in"),
    ("Get", {"error": None}, "None is not string"),
    ("Put", {"parameters": {"a": 1}}, "a is not in the interface"),
    ("Try", {"parameters": {"outcomes": [{"name": "a", "error": "com.example-1.test.Nope"}]}}, "none of the errors"),
    ("Try", {"parameters": {"outcomes": [{"name": "a", "error": "com.example-1.test.NoSuch"}]}}, "name is missing"),
    ("Try", {"parameters": {"outcomes": [{"name": "a", "error_parameters": {}}]}}, "without an error"),
    ("Try", {"parameters": {"outcomes": [], "ratio": "1"}}, "is not float"),
    ("Nope", {"parameters": {}}, "none of the methods"),
    (None, {"parameters": {}}, "no call"),
]


@pytest.mark.parametrize("method,reply,why", BAD)
def test_bad_replies(service, method, reply, why):
    with pytest.raises(idl.Mismatch, match=why):
        service.reply(method and f"com.example-1.test.{method}", False, reply)


def test_continues_belongs_to_more(service):
    reply = {"parameters": {}, "continues": True}
    service.reply("com.example-1.test.Put", True, reply)
    with pytest.raises(idl.Mismatch, match="error that continues"):
        service.reply("com.example-1.test.Put", True, {"error": "com.example-1.test.Broken", "continues": True})


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":NaN}', '{"a":Infinity}', "{'a':1}", '{"a":1}x', "", '{"a":{"b":1,"b":1}}'])
def test_json_is_strict(text):
    with pytest.raises(idl.Mismatch):
        idl.strict_json(text)


@pytest.mark.parametrize("text", [
    "", "interface", "interface a.b type X", "interface a.b type X (a: Missing)", "interface a.b type X (a: ??int)",
    "interface a.b type X (a, b: int)", "interface a.b type X (a, a)", "interface a.b method M()", "interface a.b error E (a: )",
    "interface a.b type X (a: int,)", "interface a.b type X () type X ()", "interface a.b thing X ()", "interface a.b type X (a; b)",
])
def test_bad_interfaces(text):
    with pytest.raises(idl.Malformed):
        idl.parse(text)


def test_ours_parse(interface_texts):
    ours = idl.Service(*interface_texts)
    assert set(ours.interfaces) == {"io.svcbroker", "io.systemd.Metrics", "org.varlink.service"}
    assert "Register" in ours.interfaces["io.svcbroker"].methods
    assert ours.interfaces["io.svcbroker"].types["Service"][1]["state"] == ("named", "State")


# It grows

def of_before():
    with open(f"{TOP}/tests/released/io.svcbroker.varlink") as file:
        return file.read()


def test_the_interface_only_grew(interface_texts):
    """Since the last release: a client or a broker of that one finds all that it knows."""
    before, now = idl.parse(of_before()), idl.parse(interface_texts[0])
    assert idl.breaks(before, now) == []
    assert idl.breaks(now, before) != [], "and it did"


@pytest.mark.parametrize("old, new, what", [
    ("interface io.svcbroker", "interface io.svcbrokers", "it is called io.svcbrokers"),
    ("method Reset(", "method Forget(", "Reset is gone"),
    ("error Busy (", "error Occupied (", "Busy is gone"),
    ("error Busy (name: string, ", "error Busy (", "Busy.name is gone"),
    ("error Busy (name: string, ", "error Busy (name: int, ", "Busy.name: int was string"),
    ("error Busy (name: string, ", "error Busy (name: ?string, ", "Busy.name: maybe was string"),
    ("error Busy (name: string, ", "error Busy (pid: int, name: string, ", "Busy.pid is new and may not be missing"),
    ("  restarts: int,\n", "", "Service.restarts is gone"),
    ("  restarts: int,\n", "  restarts: int,\n  memory: int,\n", "Service.memory is new and may not be missing"),
    ("  want: (up, down),", "  want: (up, down, once),", "Service.want: once is a new word, which no client expects"),
    ("method Status(name: string)", "method Status(name: string, deep: bool)", "Status().deep is new and may not be missing"),
    ("method Status(name: string)", "method Status(name: []string)", "Status().name: array was string"),
    ("wait: ?(no, down), timeout_msec", "wait: ?(no), timeout_msec", "Stop().wait: down is gone"),
    ("method List() -> (services: []Service)", "method List() -> (services: []string)", "List() ->.services: string was named"),
    ("type State (down, ", "type State (", "State: down is gone"),
    ("type State (down, ", "type State (down, resting, ", "State: resting is a new word, which no client expects"),
    ("event: (present, changed, removed)", "event: (present, changed, removed, renamed)", "Watch() ->.event: renamed is a new word, which no client expects"),
])
def test_what_is_no_growth_is_found(interface_texts, old, new, what):
    assert old in interface_texts[0]
    assert what in idl.breaks(idl.parse(of_before()), idl.parse(interface_texts[0].replace(old, new)))


@pytest.mark.parametrize("old, new", [
    ("error Busy (", "error Idle ()\n\nerror Busy ("),
    ("error Busy (name: string, ", "error Busy (name: string, since_usec: ?int, "),
    ("type Problem (", "type Problem (haunted, "),
    ("wait: ?(no, down), timeout_msec", "wait: ?(no, down, gone), timeout_msec"),
    ("method Status(name: string)", "method Status(name: string, deep: ?bool)"),
])
def test_growth_is_let_through(interface_texts, old, new):
    assert old in interface_texts[0]
    assert idl.breaks(idl.parse(of_before()), idl.parse(interface_texts[0].replace(old, new))) == []
