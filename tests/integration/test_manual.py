# SPDX-License-Identifier: ISC
"""The manual pages as they are read: rendered by mandoc, and what they show done."""

import glob
import json
import os
import re
import subprocess

import pytest

from tree import TOP

PAGES = sorted(os.path.basename(path) for path in glob.glob(f"{TOP}/man/*.[1-8]"))


def rendered(name):
    page = subprocess.run(["mandoc", "-Tascii", f"{TOP}/man/{name}"], check=True, capture_output=True, text=True).stdout
    return re.sub(".\b", "", page)


def section(page, name):
    return re.search(rf"^{name}$(.*?)^\S", page, re.M | re.S)[1]


@pytest.mark.parametrize("name", PAGES)
def test_json_keeps_its_quotes(name):
    """A macro takes those of its arguments away."""
    page = rendered(name)
    assert not re.findall(r"[{,]\s*[a-z_]+\s*:[^{}]*}", page), name


@pytest.mark.parametrize("name", PAGES)
def test_a_quote_is_around_one_thing(name):
    """A macro quotes all that follows on its line; and Fl puts a dash before each word, also before those that are verbs."""
    page = subprocess.run(["mandoc", "-Tutf8", "-Owidth=1000", f"{TOP}/man/{name}"], check=True, capture_output=True, text=True).stdout
    page = re.sub(".\b", "", page)
    quoted = [text for text in re.findall("‘([^’]*)’", page) if not set("({") & set(text)]
    assert not [text for text in quoted if ", " in text or text.startswith("- ")], name
    assert not re.findall(r"(?<![-\w])-[a-z]{2,} --[a-z]", page), name


def commands(text):
    """Lines behind "$ ", each with those that follow as long as a quote is open."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip().startswith("$ "):
            command = line.strip()[2:]
            while command.count("'") % 2:
                command += "\n" + next(lines)
            yield command


def test_examples_of_svcctl(tree):
    """Pasted as they are, but for the one that does not end, of which a line is read."""
    for profile in ("coder", "writer"):
        tree.register(profile)
        tree.wait_state(profile, "up")
        tree.wait_gateway(profile)  # before it has printed something there may be no log, which svcctl says
    found = list(commands(section(rendered("svcctl.1"), "EXAMPLES")))
    assert len(found) >= 8
    for command in found:
        line = f"{command} | head -n 1" if " -f" in command else command
        result = tree.run("hermes", "env", "BOT_TOKEN=secret", "bash", "-o", "pipefail", "-c", line)
        assert (result.returncode, result.stderr) == (0, ""), (command, result)
    assert any("jq" in command for command in found)


def test_the_health_check_can_be_pasted(tree):
    (check,) = re.findall(r"^ +HEALTHCHECK CMD (.*)$", rendered("svcctl.1"), re.M)
    assert tree.run("root", *json.loads(check)).returncode == 0
