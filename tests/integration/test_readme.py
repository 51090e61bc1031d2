# SPDX-License-Identifier: ISC
"""What README says, done; and that its links, and those of docs/, lead somewhere."""

import glob
import json
import os
import re
import shlex
import subprocess

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
    commands = [shlex.split(line.split("#")[0]) for line in readme().splitlines() if line.startswith("    svcctl ")]
    assert len(commands) == 9
    for command in commands:
        if not {"top", "watch", "-f"} & set(command):
            result = tree.run("hermes", *command)
            if "start" in command:
                tree.wait_gateway("coder")  # so it has a log, too
            found_nothing = "--grep" in command and (result.returncode, result.stderr) == (1, "")
            assert result.returncode == 0 or found_nothing, (command, result.stderr)
    assert tree.state("coder")["state"] == "down"


def test_installing_where_nobody_says_what_the_machine_is(tmp_path):
    """Without dpkg-dev meson takes lib64, where neither ld.so nor pkg-config of Debian looks: what README says does not. Nothing is compiled."""
    commands = re.search(r"### Source\n\n(.*?)\n\n", readme(), re.S)[1].splitlines()
    (setup,) = [shlex.split(line) for line in commands if "meson setup" in line]
    (tmp_path / "dpkg-architecture").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "dpkg-architecture").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    build = tmp_path / "build"
    subprocess.run([str(build) if word == "build" else word for word in setup], check=True, cwd=TOP, env=environment, stdout=subprocess.DEVNULL)

    def introspect(what):
        return json.loads(subprocess.run(["meson", "introspect", what, str(build)], check=True, capture_output=True, text=True).stdout)

    installed = introspect("--installed").values()
    assert {os.path.dirname(path) for path in installed if "libsvcbroker.so" in path} == {"/usr/local/lib"}
    assert "/usr/local/lib/pkgconfig/libsvcbroker.pc" in installed
    looked_at = subprocess.run(["pkg-config", "--variable", "pc_path", "pkg-config"], check=True, capture_output=True, text=True).stdout
    assert "/usr/local/lib/pkgconfig" in looked_at.strip().split(":")
    assert commands[-1].split() == ["ldconfig"]
    (werror,) = [option["value"] for option in introspect("--buildoptions") if option["name"] == "werror"]
    assert werror is False, "warnings are errors in tools/check only"


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
