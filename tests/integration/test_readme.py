"""What README says, done; and that its links, and those of docs/, lead somewhere."""

import glob
import os
import re

from tree import TOP


def readme():
    with open(f"{TOP}/README.md") as file:
        return file.read()


def test_python_example(tree):
    tree.register("coder")
    tree.wait_state("coder", "up")
    (example,) = re.findall(r"```python\n(.*?)```", readme(), re.S)
    result = tree.run("hermes", "/usr/bin/python3", "-I", "-", text=example)
    assert (result.returncode, result.stdout) == (0, "up\n"), result.stderr
    absent = tree.run("hermes", "/usr/bin/python3", "-I", "-", text=example.replace("gateway-coder", "gateway-nobody"))
    assert absent.stdout == "io.svcbroker.NotRegistered\n"


def test_commands_to_try(tree):
    """The lines for the sandbox, but for those that do not end."""
    commands = [line.split("#")[0].split() for line in readme().splitlines() if line.startswith("    svcctl ")]
    assert len(commands) == 8
    for command in commands:
        if not {"top", "watch", "-f"} & set(command):
            result = tree.run("hermes", *command)
            assert result.returncode == 0, (command, result.stderr)
    assert tree.state("coder")["state"] == "down"


def test_every_option_of_the_daemon_is_in_its_manual(tree):
    with open(f"{TOP}/man/svcbrokerd.8") as file:
        manual = file.read()
    options = re.findall(r"^  --([a-z-]+)", tree.run("root", "/usr/local/sbin/svcbrokerd", "--help").stdout, re.M)
    assert len(options) > 10
    for option in options:
        assert f".It Fl Fl {option}" in manual, option


def anchors(text):
    """Of a page's headings, as those who show Markdown make them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links():
    pages = [f"{TOP}/README.md", f"{TOP}/client/python/README.md", *glob.glob(f"{TOP}/docs/*.md")]
    assert len(pages) > 3
    for page in pages:
        with open(page, encoding="utf-8") as file:
            text = file.read()
        for link in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = link.partition("#")
            if link.startswith("http"):
                continue
            target = os.path.join(os.path.dirname(page), path) if path else page
            assert os.path.exists(target), (page, link)
            if anchor:
                with open(target, encoding="utf-8") as file:
                    assert anchor in anchors(file.read()), (page, link)
