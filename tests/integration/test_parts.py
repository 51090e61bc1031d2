# SPDX-License-Identifier: ISC
"""What tools/check runs its second build's trees on: parts as s6-overlay's containers have them, or what comes nearest to them here."""

import os
import shutil
import subprocess

import pytest

from tree import TOP, read_bytes

PROGRAM = f"{TOP}/tests/integration/overlay-parts"
NO_MUSL = 'echo "musl-root: 404  Not Found" >&2; exit 75'
NO_S6 = 'echo "s6-root: no mirror" >&2; exit 75'


def lines_of(program, **environment):
    done = subprocess.run([program], env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done
    words, *parts = done.stdout.splitlines()
    return words, dict(part.split("=", 1) for part in parts)


@pytest.mark.parametrize("musl, newest, words, s6", [
    ("echo /musl", "exit 1", "the newest s6, with musl, and busybox's shell", "/musl"),
    ("echo warning >&2; echo /musl", "exit 1", "the newest s6, with musl, and busybox's shell", "/musl"),
    (NO_MUSL, "echo /s6", "the newest s6 of Debian, and busybox's shell (musl-root: 404  Not Found)", "/s6"),
    (NO_MUSL, NO_S6, "this machine's s6, and busybox's shell (musl-root: 404  Not Found; s6-root: no mirror)", None),
    ("exit 1", "kill -9 $$", "this machine's s6, and busybox's shell (musl-root ended with 1; s6-root ended with 137)", None),
])
def test_what_comes_nearest(tmp_path, musl, newest, words, s6):
    shutil.copy(PROGRAM, tmp_path)
    for name, script in {"musl-root": musl, "s6-root": newest}.items():
        (tmp_path / name).write_text(f'#!/bin/sh\n[ "$1" = sid ] || exit 2\n{script}\n')
        (tmp_path / name).chmod(0o755)
    said, parts = lines_of(tmp_path / "overlay-parts")
    assert said == words and parts.get("SVCBROKER_S6") == s6
    assert parts["SVCBROKER_SH"] == shutil.which("busybox")


def test_without_a_mirror(tmp_path):
    said, parts = lines_of(PROGRAM, XDG_CACHE_HOME=str(tmp_path), DEBIAN_MIRROR="http://127.0.0.1:9/debian")
    assert said.startswith("this machine's s6, and busybox's shell (musl-root: ") and "; s6-root: " in said
    assert list(parts) == ["SVCBROKER_SH"]


def test_a_tree_of_them(make_tree):
    """Process 1 and /bin/sh are the given ones, and so is what s6's programs run themselves."""
    _, parts = lines_of(PROGRAM)
    s6 = parts.get("SVCBROKER_S6", "")
    tree = make_tree(**({"s6": s6} if s6 else {}), sh=parts["SVCBROKER_SH"])
    assert read_bytes(f"/proc/{tree.pid}/exe") == read_bytes(f"{s6}/usr/bin/s6-svscan")
    assert read_bytes(tree.path(f"{os.path.realpath('/bin')}/sh")) == read_bytes(parts["SVCBROKER_SH"])
    assert tree.run("root", "dash", "-c", "echo dash").stdout == "dash\n", "by its own name the host's shell is itself"
    tree.register("a")
    tree.wait_gateway("a")
    tree.run("root", "s6-svc", "-wD", "-d", "/run/service/gateway-a/log", check=True)
    tree.run("root", "s6-svc", "-wu", "-u", "/run/service/gateway-a/log", check=True)
