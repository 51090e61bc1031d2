# SPDX-License-Identifier: ISC
"""Reads Varlink interface files and holds replies against them.

Strict on purpose: what a client in another language would trip over is an error here. A nullable member may be missing or
null; every other must be there, nothing else may be, and types are exact (no floats for int, no numbers for bool).
"""

import json
import re

TOKEN = re.compile(r"""(?P<space>[ \t\r\n]+|\#[^\n]*)|(?P<arrow>->)|(?P<map>\[string\])|(?P<array>\[\])
    |(?P<interface_name>[A-Za-z][-A-Za-z0-9]*(\.[A-Za-z0-9][-A-Za-z0-9]*)+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)|(?P<mark>[?(),:])""",
                   re.VERBOSE)
BASIC = {"bool": bool, "int": int, "float": (int, float), "string": str, "object": dict}

# Interfaces of others, whose "object" is any value: proto/io.systemd.Metrics.varlink says why.
FOREIGN = ("io.systemd.Metrics",)


class Malformed(Exception):
    """An interface file that is none."""


class Mismatch(AssertionError):
    """A reply that the interface does not allow. An AssertionError, so that it fails the test that got it."""


def strict_json(text):
    """Like json.loads, but refuses what JSON refuses or leaves open."""

    def pairs(members):
        names = [name for name, _ in members]
        if len(set(names)) != len(names):
            raise Mismatch(f"a member twice in {names}")
        return dict(members)

    def constant(name):
        raise Mismatch(f"{name} is no JSON")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except ValueError as error:
        raise Mismatch(f"not JSON: {error}: {text[:200]!r}") from None


class Parser:
    """Types become tuples: ("bool",), ("array", T), ("map", T), ("maybe", T), ("struct", {name: T}), ("enum", [name...]),
    ("named", name)."""

    def __init__(self, text):
        self.tokens = []
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match:
                line = text.count("\n", 0, position) + 1
                raise Malformed(f"line {line}: {text[position:position + 20]!r}")
            position = match.end()
            if match.lastgroup != "space":
                self.tokens.append((match.lastgroup, match.group()))
        self.tokens.append(("end", ""))

    def take(self, wanted=None):
        token = self.tokens.pop(0)
        if wanted is not None and wanted not in token:
            raise Malformed(f"{token[1]!r} where {wanted!r} belongs")
        return token[1]

    def next_is(self, text):
        return self.tokens[0][1] == text

    def type(self):
        kind, text = self.tokens[0]
        if text == "(":
            return self.struct_or_enum()
        self.take()
        if text == "?":
            inner = self.type()
            if inner[0] == "maybe":
                raise Malformed("?? is no type")
            return ("maybe", inner)
        if kind in ("array", "map"):
            return (kind, self.type())
        if kind != "word":
            raise Malformed(f"{text!r} where a type belongs")
        return (text,) if text in BASIC else ("named", text)

    def struct_or_enum(self):
        self.take("(")
        members, names = {}, []
        while not self.next_is(")"):
            name = self.take("word")
            if name in names:
                raise Malformed(f"{name} twice")
            names.append(name)
            if self.next_is(":"):
                self.take()
                members[name] = self.type()
            if not self.next_is(")"):
                self.take(",")
                if self.next_is(")"):
                    raise Malformed("a comma before )")
        self.take(")")
        if members and len(members) != len(names):
            raise Malformed("half struct, half enum")
        return ("enum", names) if names and not members else ("struct", members)

    def interface(self):
        self.take("interface")
        interface = Interface(self.take("interface_name"))
        while self.tokens[0][0] != "end":
            keyword, name = self.take("word"), self.take("word")
            table = {"type": interface.types, "method": interface.methods, "error": interface.errors}.get(keyword)
            if table is None:
                raise Malformed(f"{keyword!r} where type, method or error belongs")
            if name in interface.types | interface.methods | interface.errors:
                raise Malformed(f"{name} twice")
            table[name] = self.struct_or_enum()
            if keyword == "method":
                self.take("->")
                table[name] = (table[name], self.struct_or_enum())
        return interface


class Interface:
    def __init__(self, name):
        self.name = name
        self.types = {}
        self.methods = {}
        self.errors = {}


def parse(text):
    interface = Parser(text).interface()

    def known(kind):
        if kind[0] == "named" and kind[1] not in interface.types:
            raise Malformed(f"type {kind[1]} is not defined")
        for inner in kind[1].values() if kind[0] == "struct" else kind[1:] if kind[0] in ("array", "map", "maybe") else ():
            known(inner)

    for kind in (*interface.types.values(), *interface.errors.values(), *(t for m in interface.methods.values() for t in m)):
        known(kind)
    return interface


class Service:
    """Several interfaces together: what one socket serves."""

    def __init__(self, *texts):
        self.interfaces = {interface.name: interface for interface in map(parse, texts)}

    def find(self, full_name, table):
        interface, _, name = full_name.rpartition(".")
        if interface not in self.interfaces or name not in getattr(self.interfaces[interface], table):
            raise Mismatch(f"{full_name} is none of the {table} of {', '.join(self.interfaces)}")
        return self.interfaces[interface], getattr(self.interfaces[interface], table)[name]

    def value(self, interface, kind, value, where):
        if kind[0] == "maybe":
            if value is not None:
                self.value(interface, kind[1], value, where)
        elif kind[0] == "named":
            self.value(interface, interface.types[kind[1]], value, where)
        elif kind[0] == "array":
            self.instance(value, list, "an array", where)
            for index, element in enumerate(value):
                self.value(interface, kind[1], element, f"{where}[{index}]")
        elif kind[0] == "map":
            self.instance(value, dict, "an object", where)
            for key, element in value.items():
                self.value(interface, kind[1], element, f"{where}[{key!r}]")
        elif kind[0] == "enum":
            if value not in kind[1]:
                raise Mismatch(f"{where}: {value!r} is none of {kind[1]}")
        elif kind[0] == "struct":
            self.struct(interface, kind[1], value, where)
        elif kind[0] == "object" and interface.name in FOREIGN:
            self.instance(value, (dict, list, str, int, float), "a value", where)
        else:
            self.instance(value, BASIC[kind[0]], kind[0], where)

    @staticmethod
    def instance(value, classes, name, where):
        if not isinstance(value, classes) or (isinstance(value, bool) and classes is not bool):
            raise Mismatch(f"{where}: {value!r} is not {name}")

    def struct(self, interface, members, value, where):
        self.instance(value, dict, "an object", where)
        for name in value.keys() - members.keys():
            raise Mismatch(f"{where}: {name} is not in the interface")
        for name, kind in members.items():
            if kind[0] != "maybe" and value.get(name) is None:
                raise Mismatch(f"{where}: {name} is missing")
            if name in value:
                self.value(interface, kind, value[name], f"{where}.{name}")
        # An error inside a reply: its name and fields are held against the interface like those of an error reply.
        if {"error", "error_parameters"} <= members.keys():
            if value.get("error") is not None:
                self.error(value["error"], value.get("error_parameters"), f"{where}.error")
            elif value.get("error_parameters") is not None:
                raise Mismatch(f"{where}: error_parameters without an error")

    def error(self, name, parameters, where):
        interface, members = self.find(name, "errors")
        self.struct(interface, members[1], {} if parameters is None else parameters, f"{where} {name}")

    def reply(self, method, more, reply):
        """Holds one reply against the method that was called. method None: a message that was no call."""
        self.instance(reply, dict, "an object", "reply")
        for name in reply.keys() - {"parameters", "error", "continues"}:
            raise Mismatch(f"reply: {name} is no member of a reply")
        continues = reply.get("continues", False)
        self.instance(continues, bool, "bool", "continues")
        if continues and not more:
            raise Mismatch(f"{method}: continues without more")
        if "error" in reply:
            self.instance(reply["error"], str, "string", "error")
            if continues:
                raise Mismatch(f"{method}: an error that continues")
            self.error(reply["error"], reply.get("parameters"), method or "no call")
            return
        if method is None:
            raise Mismatch(f"a success where no call was: {reply}")
        interface, (_, members) = self.find(method, "methods")
        self.struct(interface, members[1], reply.get("parameters", {}), method)


# Enums of replies that say themselves that there may be further words, so that a client of before must take any.
OPEN_ENUMS = ("Problem", "PastEvent")


def breaks(before, after):
    """What a client or a broker of before would trip over in the interface of after, a line each. It may grow: by types, methods and errors,
    by members that may be missing, and by words where any must be expected."""
    found = [] if before.name == after.name else [f"it is called {after.name}"]

    def compare(old, new, where, is_open):
        if old[0] != new[0]:
            found.append(f"{where}: {new[0]} was {old[0]}")
        elif old[0] == "struct":
            for name, kind in old[1].items():
                if name in new[1]:
                    compare(kind, new[1][name], f"{where}.{name}", is_open)
                else:
                    found.append(f"{where}.{name} is gone")
            found.extend(f"{where}.{name} is new and may not be missing" for name, kind in new[1].items() if name not in old[1] and kind[0] != "maybe")
        elif old[0] == "enum":
            found.extend(f"{where}: {word} is gone" for word in old[1] if word not in new[1])
            found.extend(f"{where}: {word} is a new word, which no client expects" for word in new[1] if word not in old[1] and not is_open)
        elif old[0] in ("array", "map", "maybe"):
            compare(old[1], new[1], where, is_open)
        elif old != new:
            found.append(f"{where}: {new[-1]} was {old[-1]}")

    for name in before.types.keys() | before.methods.keys() | before.errors.keys():
        if name in before.types and name in after.types:
            compare(before.types[name], after.types[name], name, name in OPEN_ENUMS)
        elif name in before.errors and name in after.errors:
            compare(before.errors[name], after.errors[name], name, False)
        elif name in before.methods and name in after.methods:
            compare(before.methods[name][0], after.methods[name][0], f"{name}()", True)
            compare(before.methods[name][1], after.methods[name][1], f"{name}() ->", False)
        else:
            found.append(f"{name} is gone")
    return sorted(found)
