# SPDX-License-Identifier: ISC
"""The stand-in and the adapter against what is known of Hermes; with HERMES_SOURCE=DIRECTORY, what is known against a checkout."""

import inspect
import json
import os

import pytest

import real_hermes
import signatures
from svcbroker import _hermes_errors, hermes
import svcbroker_hermes

with open(f"{real_hermes.HERE}/signatures.json", encoding="utf-8") as file:
    READ = json.load(file)["read"]
EACH = pytest.mark.parametrize("read", READ, ids=[read["of"].split(":")[0] for read in READ])


def merged(names):
    """Of all its modules."""
    return {name: known for module in names.values() for name, known in module.items() if known is not None}


def words(text):
    return set(text.split(", ")) - {""}


def differences(known, found, where):
    """Of parameters, bases and values; and exceptions that are not known."""
    if "methods" in known:
        assert known["bases"] == found["bases"] and known.get("kind") == found.get("kind"), where
        assert set(known["methods"]) == set(found["methods"]), where
        for name, method in known["methods"].items():
            differences(method, found["methods"][name], f"{where}.{name}")
    elif "parameters" in known:
        assert known["parameters"] == found["parameters"], where
        assert words(found["raises"]) <= words(known["raises"]), where
    else:
        assert known == found, where


@EACH
def test_the_stand_in(read):
    stand_in = merged(signatures.names_of(real_hermes.STAND_IN))
    for name, known in merged(read["names"]).items():
        if name in stand_in or name not in sum(signatures.CONSTANTS.values(), ()):
            differences(known, stand_in[name], name)


@EACH
def test_the_adapter(read):
    """Its methods take what Hermes's take, its errors are made as Hermes's are."""
    def taken(function):
        return signatures.parameters(signatures.ast.parse(f"def f{plain(inspect.signature(function))}: pass").body[0])

    def plain(signature):
        return str(signature.replace(return_annotation=inspect.Signature.empty, parameters=[
            each.replace(annotation=inspect.Parameter.empty, default=each.empty if each.default is each.empty else None)
            for each in signature.parameters.values()]))

    names = merged(read["names"])
    for name, method in names["S6ServiceManager"]["methods"].items():
        wanted, has = method["parameters"].split(", "), taken(getattr(hermes.S6ServiceManager, name))
        assert has[:len(wanted)] == wanted and (name == "__init__" or has == wanted), name
    assert set(svcbroker_hermes.METHODS) <= set(names["S6ServiceManager"]["methods"])
    for name in ("S6Error", "GatewayNotRegisteredError", "S6CommandError"):
        error = getattr(_hermes_errors, name)
        assert ", ".join(taken(error.__init__)) == names[name]["methods"]["__init__"]["parameters"]
        assert [base.__name__ for base in error.__bases__] == names[name]["bases"]
    assert svcbroker_hermes.SCANDIR in names["S6_DYNAMIC_SCANDIR"]["value"]


@EACH
def test_where_the_adapter_looks(read):
    """For the class that is changed, and for Hermes's own choice of a manager."""
    places = {name: module for module, names in read["names"].items() for name, known in names.items() if known is not None}
    assert places["S6ServiceManager"] in svcbroker_hermes.MODULES
    assert places["get_service_manager"] in hermes.CHOOSERS


@EACH
def test_its_callers(read):
    """What they call a manager with is what the adapter takes."""
    manager = hermes.S6ServiceManager()
    for caller, told in read["callers"].items():
        for use in told["uses"]:
            name, _, rest = use.rstrip(")").partition("(")
            if name.startswith("getattr "):
                name = name.removeprefix("getattr ").strip("'")
                name = "start" if name == "action" else name
            found = getattr(manager, name)
            if "(" in use:
                given = [word for word in rest.split(", ") if word]
                inspect.signature(found).bind(*[word for word in given if word == "_"],
                                              **{word.rstrip("="): None for word in given if word.endswith("=")})
        assert told["catches"], caller


def test_constants():
    """That the templates, the judge and the man pages go by."""
    for read in READ:
        assert read["names"]["gateway.restart"] == {"GATEWAY_SERVICE_RESTART_EXIT_CODE": {"value": 75},
                                                    "GATEWAY_FATAL_CONFIG_EXIT_CODE": {"value": 78}}


@pytest.mark.skipif(not real_hermes.SOURCE, reason="HERMES_SOURCE: a checkout of Hermes")
def test_what_is_known_against_a_checkout():
    """Where it fails, Hermes is another than was read: look at what differs, and then record it with signatures.py."""
    found = signatures.read(real_hermes.SOURCE)
    layouts = [read for read in READ if set(read["names"]) == set(found["names"])]
    assert layouts, f"a layout that is not known: {list(found['names'])}"
    same = [read for read in layouts if read["names"] == found["names"]]
    assert same, (found["version"], found["names"], layouts[-1]["names"])
    assert any(found["callers"] == read["callers"] for read in same), (found["version"], found["callers"], same[-1]["callers"])


def test_the_record_is_of_the_file_s_form():
    """Dated, and with nothing in it but names."""
    for read in READ:
        assert set(read) == {"date", "of", "names", "callers"} and len(read["date"]) == 10
    assert os.path.getsize(f"{real_hermes.HERE}/signatures.json") < 32768
