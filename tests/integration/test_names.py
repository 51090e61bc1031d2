# SPDX-License-Identifier: ISC
"""What may be a name is written in three languages: all of them must say the same, of many names. proto/name.h lists the places."""

import os
import random
import re
import subprocess
import sys

import pytest

from tree import TOP

sys.path.insert(0, f"{TOP}/client/python")

SHELLS = {"dash": ["/bin/dash"], "busybox": ["/usr/bin/busybox", "sh"], "bash": ["/bin/bash"]}

JUDGE = """
#include <stdio.h>
#include <string.h>
#include "proto/name.h"
int main(int count, char **words)
{
        char name[4096];
        (void)count;
        while (fgets(name, sizeof(name), stdin)) {
                name[strcspn(name, "\\n")] = 0;
                puts((*words[1] == 'p' ? name_check_profile(name) == NAME_OK : environment_is_name(name)) ? "yes" : "no");
        }
        return 0;
}
"""


def names():
    """No newline is in any: what is read by lines has none. (And bash takes one that follows half a character for part of it.)"""
    found = [b"", b"default", b"coder", b"0-_z9", b"a--", b"A", b"aB", b"a.b", b".", b"..", b"a/b", b"a b", b" a", b"caf\xc3\xa9", b"_A", b"PATH", b"9a"]
    for byte in range(1, 256):
        if byte != 10:
            one = bytes([byte])
            found += [one, b"a" + one, one + b"a", b"a" + one + b"b", b"A" + one]
    numbers = random.Random(1)
    letters = b"abcxyz019_-.AZ/ ~*?[]!^\\'\"$`{}\t\r\x7f\x80\xff"
    found += [bytes(numbers.choice(letters) for _ in range(numbers.randrange(1, 12))) for _ in range(3000)]
    found += [b"a" * length for length in (64, 65, 242, 243)]
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """{what it is a name of: {name: is it one?}}, as proto/ has it."""
    directory = tmp_path_factory.mktemp("names")
    (directory / "judge.c").write_text(JUDGE)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-I", TOP, "-o", directory / "judge", directory / "judge.c", f"{TOP}/proto/name.c"], check=True)

    def ask(what):
        said = subprocess.run([directory / "judge", what], input=b"".join(name + b"\n" for name in names()), stdout=subprocess.PIPE, check=True)
        return dict(zip(names(), (word == b"yes" for word in said.stdout.splitlines()), strict=True))

    judged = {what: ask(what) for what in ("profile", "variable")}
    assert all(sum(judged[what].values()) > 100 for what in judged)
    return judged


def only(path, pattern):
    """The one place in the file that looks so."""
    with open(f"{TOP}/{path}") as file:
        found = re.findall(pattern, file.read(), re.MULTILINE)
    assert len(found) == 1, (path, pattern, found)
    return found[0]


def by_shell(command, script):
    said = subprocess.run([*command, "-c", script], input=b"".join(name + b"\n" for name in names()), stdout=subprocess.PIPE, check=True,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    return dict(zip(names(), (word == b"yes" for word in said.stdout.splitlines()), strict=True))


def test_completion_has_the_same_profiles(judged):
    check = only("client/completion/svcctl.bash", r"(\[\[ \$file == .*\]\]) && echo")
    assert by_shell(SHELLS["bash"], f"while IFS= LC_ALL=C read -r file; do if {check}; then echo yes; else echo no; fi; done") == judged["profile"]


def test_python_has_the_same_profiles(judged):
    from svcbroker.hermes import _service_of

    def is_one(name):
        try:
            return bool(_service_of(os.fsdecode(name)))
        except ValueError:
            return False

    assert {name: is_one(name) for name in judged["profile"]} == judged["profile"]
    assert not is_one(b"a\n") and not is_one(b"a" * 252)  # the application's own bound; the broker refuses from 244 on


@pytest.mark.parametrize("path, pattern", [
    ("man/io.svcbroker.7", r"^A profile's name is (\S+), at most 243 bytes;$"),
    ("docs/contract.md", r"^\| A profile's name is `(\S+)`, whole\."),
    ("docs/clients.md", r"the same check is `(\S+)` for a profile"),
])
def test_pages_have_the_same_profiles(judged, path, pattern):
    pattern = re.compile(os.fsencode(only(path, pattern)))
    assert {name: bool(pattern.fullmatch(name)) for name in judged["profile"]} == judged["profile"]
