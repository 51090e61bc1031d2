# SPDX-License-Identifier: ISC
"""README's section on installing, and what it says of the result; for Debian 12 and 13."""

import glob
import os
import re
import subprocess

import pytest

from conftest import CHECKOUT
from readme import section
from roots import TOP, Root, layers, until

PREFIX = "/usr/local"
SHARE = f"{PREFIX}/share/svcbroker"
# For what no compiler's option changes: one build of each suite is enough.
AS_WRITTEN = pytest.mark.parametrize("built", ["bookworm", "trixie"], indirect=True)


def rows():
    """README's table: [(what, [where, ...])]"""
    found = [(what, re.findall(r"`([^`]+)`", where)) for what, where in re.findall(r"^\| (.*?) \| (`.*?) \|$", section(), re.M)]
    assert len(found) == 10
    return found


def test_no_compiler_warns(built):
    assert not re.search(r"^.*warning:.*$", built.printed, re.M | re.I)


def test_everything_is_where_it_says(built):
    for what, places in rows():
        for place in places:
            if "/" in place:
                built.root.run(f"ls -d {PREFIX}/{place}")
    assert built.root.run("svcctl --version").startswith("svcctl ")
    assert built.root.run("svcbrokerd --version").startswith("svcbrokerd ")


def test_the_library_is_found(built):
    """Each example, compiled by the command that it names, and run: by pkg-config and by ld.so."""
    examples = glob.glob(f"{TOP}/docs/examples/*.c")
    assert examples
    for path in examples:
        with open(path, encoding="utf-8") as file:
            (command,) = re.findall(r"^ \*     (cc .*)$", file.read(), re.M)
        directory = f"{CHECKOUT}/docs/examples"
        printed = built.root.run(f"{command} -Wall -Werror", cwd=directory)
        assert printed == ""
        program = os.path.basename(path).removesuffix(".c")
        ran = built.root.run(f"./{program} gateway-nobody", cwd=directory, check=False)
        assert (ran.returncode, ran.stdout) == (1, f"{program}: No such file or directory\n"), "there is no broker"


@AS_WRITTEN
def test_uninstalling(built, tmp_path):
    (command,) = re.findall(r"`(ninja [^`]* uninstall)`", section())
    root = Root(layers(built.suite, built.apt), tmp_path / "root")
    try:
        find = f"find {PREFIX} /etc /opt /root /srv /var -xdev ! -type d ! -path '{CHECKOUT}/*' | sort"
        before = root.run(find)
        root.run(f"mkdir {CHECKOUT}")
        root.unpack(CHECKOUT, built.root.pack(CHECKOUT))
        root.run("meson install -C build --no-rebuild", cwd=CHECKOUT)
        assert root.run(find) != before
        root.run(command, cwd=CHECKOUT)
        assert root.run(find) == before
    finally:
        root.end()


@AS_WRITTEN
def test_the_manual_is_found(used):
    for what, places in rows():
        for name, number in re.findall(r"`([\w.-]+)\((\d)\)`", what):
            page = used.run(f"man -P cat {number} {name}")
            assert page.startswith(f"{name.upper()}({number})") and "NAME" in page


def letters(page):
    """Of a rendered page, between its first and last line: without what formatters may choose."""
    return re.sub(r"\s|.\x08|[–—“”]", "", "".join(page.strip().splitlines(True)[1:-1]))


@AS_WRITTEN
@pytest.mark.parametrize("name", sorted(os.path.basename(path) for path in glob.glob(f"{TOP}/man/*.[1-8]")))
def test_every_formatter_shows_the_same(used, name):
    """groff, which people have, and mandoc, which the other tests read: where they differ, macros are nested wrongly."""
    ours = subprocess.run(["mandoc", "-Tutf8", f"{TOP}/man/{name}"], check=True, stdout=subprocess.PIPE, text=True).stdout
    with open(f"{TOP}/man/{name}", encoding="utf-8") as file:
        theirs = used.run("man --no-hyphenation --no-justification -P cat -l -", text=file.read())
    assert letters(theirs) == letters(ours)


@AS_WRITTEN
def test_the_python_package_is_installed_without_a_network(used):
    with open(f"{TOP}/client/python/README.md", encoding="utf-8") as file:
        (command,) = re.findall(r"^    (pip install .*)$", file.read(), re.M)
    used.run(f"python3 -m venv /tmp/venv && /tmp/venv/bin/{command}")
    version = used.run("svcctl --version").split()[1]
    assert used.run("/tmp/venv/bin/python3 -c 'import svcbroker.aio; print(svcbroker.__version__)'").strip() == version


def test_the_service_directory_as_it_stands(used):
    """Copied into the scan directory of an s6-svscan. What is missing is said, with its remedy; then everything works."""
    used.run(f"cp -R {SHARE}/s6-rc.d/svcbrokerd /run/service/ && s6-svscanctl -a /run/service")
    until(lambda: "exitcode 78" in used.run("s6-svstat /run/service/svcbrokerd", check=False).stdout, "the broker has no user")
    assert "no such user: make it" in used.log()
    used.run("useradd --uid 10000 --no-create-home --home-dir /opt/data hermes && install -d -o hermes -g hermes /opt/data /opt/data/profiles/coder")
    used.run("echo 'You are coder.' >/opt/data/profiles/coder/SOUL.md")
    used.run("install -d /opt/hermes/.venv/bin && cat >/opt/hermes/.venv/bin/hermes && chmod 755 /opt/hermes/.venv/bin/hermes",
             text=open(f"{TOP}/tools/demo/hermes").read())
    used.run("s6-svc -u /run/service/svcbrokerd")
    until(lambda: used.run("svcctl health", check=False, user="hermes").returncode == 0, "the broker is well")
    assert "up" in used.run("svcctl start coder && svcctl status coder", user="hermes")
    until(lambda: used.run("svcctl logs coder", user="hermes"), "the gateway's log")
    used.run("svcctl stop coder", user="hermes")
    used.run("svcctl doctor", check=False)
    assert used.run(f"find {SHARE} -name supervise -o -name event") == ""


def definitions(root):
    """{name: {file: its lines}} of the definitions for s6-rc."""
    found = {}
    for path in root.run(f"cd {SHARE}/s6-rc.d && find . -type f").split():
        _, name, file = path.split("/", 2)
        found.setdefault(name, {})[file] = root.run(f"cat {SHARE}/s6-rc.d/{path}").splitlines()
    return found


@AS_WRITTEN
def test_the_definitions_fit_each_other(used):
    """The rules of s6-rc-compile, which Debian does not have."""
    found = definitions(used)
    known = {*found, *re.findall(r"`(base)`, a bundle of s6-overlay", section())}
    assert set(found) >= {"svcbrokerd", "svcbrokerd-log", "gateways", "main-hermes", "dashboard", "user"} and "base" in known
    pipelines = {files["pipeline-name"][0] for files in found.values() if "pipeline-name" in files}
    for name, files in found.items():
        needed = {"longrun": "run", "oneshot": "up", "bundle": None}[files["type"][0]]
        assert needed is None or needed in files, name
        for file in files:
            directory, _, other = file.partition("/")
            assert directory not in ("dependencies.d", "contents.d") or other in known | pipelines, (name, other)
        for file, back in (("producer-for", "consumer-for"), ("consumer-for", "producer-for")):
            for other in files.get(file, []):
                assert name in found[other][back], (name, file)


@AS_WRITTEN
def test_s6_rc_takes_the_definitions(used):
    """The real one, where there is one: S6_OVERLAY_DIST is a directory of s6-overlay's release tarballs."""
    dist = os.environ.get("S6_OVERLAY_DIST")
    if not dist:
        pytest.skip("Debian has no s6-rc; S6_OVERLAY_DIST names no s6-overlay")
    with open(f"{dist}/s6-overlay-{os.uname().machine}.tar.xz", "rb") as file:
        used.unpack("/opt", file.read(), "--xz")
    used.run("PATH=$(echo /opt/package/admin/*/command | tr ' ' :):$PATH && cd /tmp && cp -R " + f"{SHARE}/s6-rc.d source"
             " && install -d source/base/contents.d && echo bundle >source/base/type && s6-rc-compile compiled source && s6-rc-db -c compiled list all")


@AS_WRITTEN
def test_the_sandbox(built, used):
    """The first of README's two commands. Its packages are there, and what it builds is built."""
    used.run(f"mkdir {CHECKOUT}")
    used.unpack(CHECKOUT, built.root.pack(CHECKOUT))
    printed = used.run("./tools/sandbox -- svcctl start coder && ./tools/sandbox --root -- svcctl list", cwd=CHECKOUT)
    assert "gateway-coder" in printed and "gateway-writer" in printed
