# SPDX-License-Identifier: ISC
"""The skill for the agent: its form, and each command in it run as the agent would."""

import re

import pytest

from tree import TOP

with open(f"{TOP}/client/skill/SKILL.md") as file:
    TEXT = file.read()
COMMANDS = [line for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S) for line in block.splitlines()]


@pytest.fixture(scope="module")
def tree(module_trees):
    return module_trees()


def test_its_form():
    """What the application reads: a head between two lines of dashes, with a name and a description of one line."""
    head = re.match(r"---\n(.*?)\n---\n", TEXT, re.S)[1]
    fields = dict(re.findall(r"^([a-z]+): (.+)$", head, re.M))
    assert re.fullmatch(r"[a-z0-9-]{1,64}", fields["name"]) and 0 < len(fields["description"]) <= 1024
    assert len(COMMANDS) >= 12


def test_each_command(tree):
    """In a container whose gateway of that name runs, in their order; the group of the dry run has one that failed."""
    tree.register("coder")
    tree.register("work-a", "exit:78")
    tree.wait_state("coder", "up")
    tree.wait_state("work-a", "failed")
    for name in ("coder", "work-a"):  # their loggers have made what `svcctl logs` shows
        tree.wait_gateway_log(name, "started, pid")
    for command in COMMANDS:
        if "--for down" in command:
            tree.call("Stop", names=["gateway-coder"], wait="down")
        result = tree.run("hermes", "sh", "-c", command)
        expected = 1 if command == "svcctl health" else 0  # which has the one that failed to tell
        assert (result.returncode, result.stderr == "") == (expected, True), (command, result)
    assert all(command.startswith("svcctl ") for command in COMMANDS)
    tree.wait_state("coder", "up")


def test_the_exit_codes(tree):
    """What it says of them, of one that failed."""
    tree.register("bad", "exit:78", start=False)
    found = {words: tree.run("hermes", "svcctl", *words).returncode for words in (("start", "bad"), ("wait", "bad"), ("status", "bad"), ("status", "none"))}
    assert found == {("start", "bad"): 7, ("wait", "bad"): 7, ("status", "bad"): 3, ("status", "none"): 4}
    text = re.sub(r"\s+", " ", TEXT)
    assert "Exit code 3 of `status` means that it does not run, also where it is held or failed; 4 that there is no such gateway." in text
    assert "Exit code 7 means that it failed, or is held" in text


def test_what_it_names_is_there(tree):
    """In the sentences, too."""
    help_text = tree.run("hermes", "svcctl", "--help").stdout
    for words in re.findall(r"`svcctl ([a-z]+)", TEXT):
        assert f"\n  {words} " in help_text, words
