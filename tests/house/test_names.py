"""The rule for profiles' names is said in proto/name.c, and again where C cannot be called: each place is listed here."""

import re

import source

# All that looks like a set of characters with letters, digits, _ and - in it.
RULE = re.compile(r"a-z0-9_-|LOWER DIGITS \"_-\"")

# The rule itself, and the first character's.
SAID = {
    "proto/name.c": 'LOWER DIGITS, LOWER DIGITS "_-"',
    "proto/name.h": "[a-z0-9][a-z0-9_-]*,",
    "s6-rc.d/gateway-template/prelude": "'' | [!a-z0-9]* | *[!a-z0-9_-]*)",
    "client/completion/svcctl.bash": "[[ $file == [a-z0-9]* && $file != *[!a-z0-9_-]* ]]",
    "client/python/svcbroker/hermes.py": 're.compile(r"[a-z0-9][a-z0-9_-]*")',
    "man/io.svcbroker.7": "[a-z0-9][a-z0-9_-]*,",
    "docs/clients.md": "[a-z0-9][a-z0-9_-]*",
    "docs/contract.md": "`[a-z0-9][a-z0-9_-]*`",
}


def test_each_place_says_it():
    assert {path for path, rule in SAID.items() if rule not in source.text(path)} == set()


def test_no_other_place_says_it():
    found = {path for path in source.files() if not path.startswith("tests/") and RULE.search(source.text(path))}
    assert found - set(SAID) - {"HACKING.md"} == set()
