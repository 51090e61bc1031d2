# SPDX-License-Identifier: ISC
"""debian/: what comes out of it, and how it is to live with."""

import json
import re

import pytest

from conftest import CHECKOUT, fields, lintian, names, root_with
from readme import block, copy_checkout
from roots import TOP, until

PACKAGES = {"svcbrokerd", "svcctl", "libsvcbroker0", "libsvcbroker-dev", "python3-svcbroker", "svcbroker-gateway-template"}
SERVICE = "/run/service/svcbrokerd"
# The unit tests that an ordinary user cannot run: what they try is how root becomes somebody else, and what is root's.
FOR_ROOT = {"container scripts", "edge_master", "edge_rights", "edge_slot", "edge_slot_files", "edge_slot_program"}
# What dpkg, apt and what they call keep of their own.
THEIRS = "/var/lib/dpkg/* /var/lib/apt/* /var/cache/* /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log /etc/ld.so.cache"


def test_the_same_twice(built):
    first, second = built
    assert first.debs().keys() == second.debs().keys()
    assert [name for name, data in first.debs().items() if second.debs()[name] != data] == []
    assert {name.partition("_")[0] for name in first.debs() if "-dbgsym" not in name} == PACKAGES


def test_the_build_runs_the_unit_tests(built):
    """All of them, wherever packages are built; what needs root says so and is left out."""
    outcomes = dict(re.findall(r"^ *\d+/\d+ +(?:[^\n]* / )?([\w ]+?) +(OK|SKIP)\b", built[1].printed, re.M))
    told = {word: int(number) for word, number in re.findall(r"^(Ok|Fail|Skipped|Timeout): +(\d+)", built[1].printed, re.M)}
    assert {name for name, outcome in outcomes.items() if outcome == "SKIP"} == FOR_ROOT
    assert told == {"Ok": len(outcomes) - len(FOR_ROOT), "Fail": 0, "Skipped": len(FOR_ROOT), "Timeout": 0}
    assert len(outcomes) == int(re.findall(r"^ *\d+/(\d+) ", built[1].printed, re.M)[-1]) > 100
    with open(f"{TOP}/debian/README.source", encoding="utf-8") as file:
        page = " ".join(file.read().split())
    assert [name for name in FOR_ROOT if name not in page] == []


def test_lintian_finds_nothing(release, built, tmp_path):
    lintian(release, built[1], tmp_path)


@pytest.mark.parametrize("name", [name.strip() for name in fields("Tests", "debian/tests/control")])
def test_as_autopkgtest_would(release, packages, needed, name, tmp_path):
    """debian/tests, in a root of its own with what each depends on; autopkgtest itself brings that from a network."""
    depends = dict(zip(fields("Tests", "debian/tests/control"), fields("Depends", "debian/tests/control")))
    wanted = set(names(next(value for tests, value in depends.items() if tests.strip() == name)))
    root = root_with(release, needed | wanted - PACKAGES, tmp_path / "root")
    try:
        packages.put(root, "/debs")
        root.run("apt-get install " + " ".join(f"/debs/{package}_*.deb" for package in sorted(PACKAGES)))
        root.run(f"mkdir {CHECKOUT}")
        root.unpack(CHECKOUT, copy_checkout())
        root.run(f"debian/tests/{name} </dev/null", cwd=CHECKOUT)
    finally:
        root.end()


def make_older(root):
    """The same packages as they were before: another version, and another file in the template."""
    root.run("""
        set -e
        for deb in /root/*.deb; do
            case $deb in *-dbgsym_*) rm "$deb"; continue ;; esac
            dpkg-deb --raw-extract "$deb" /tmp/tree
            version=$(dpkg-deb --field "$deb" Version)
            sed -i "s/\\([ (]\\)$version\\b/\\1$version~before/" /tmp/tree/DEBIAN/control
            [ ! -e /tmp/tree/etc/svcbroker/gateway ] || echo >/tmp/tree/etc/svcbroker/gateway/former
            [ ! -e /tmp/tree/DEBIAN/conffiles ] || find /tmp/tree/etc -type f -printf '/etc/%P\\n' >/tmp/tree/DEBIAN/conffiles
            dpkg-deb --build /tmp/tree "/before/${deb##*/}" >/dev/null
            rm -r /tmp/tree
        done
    """)


class Host:
    """A plain s6 host, which is what README's block is for."""

    def __init__(self, release, packages, needed, directory):
        self.root = root_with(release, needed | {"procps"}, directory, "sh", "-c", "mkdir -p /run/service && exec s6-svscan /run/service",
                              comm="s6-svscan")
        self.run = self.root.run
        self.run(f"mkdir {CHECKOUT} /before")
        packages.put(self.root, "/root")
        make_older(self.root)
        self.run("useradd --uid 10000 --no-create-home --home-dir /opt/data hermes")
        self.run("install -d -o hermes -g hermes /opt/data /opt/data/profiles /opt/data/profiles/coder && echo You >/opt/data/profiles/coder/SOUL.md")
        self.run("install -D -m 755 /dev/stdin /opt/hermes/.venv/bin/hermes", text=open(f"{TOP}/tools/demo/hermes", encoding="utf-8").read())

    def svcctl(self, words, user="hermes"):
        return self.run(f"svcctl {words}", user=user)

    def until_well(self):
        until(lambda: self.run("svcctl health", check=False, user="hermes").returncode == 0, "the broker is well")

    def pid(self):
        """The gateway's; None while it has none."""
        status = self.run("svcctl --json status coder", check=False, user="hermes")
        return json.loads(status.stdout)["service"].get("pid") if status.returncode == 0 else None

    def files(self):
        theirs = " ".join(f"! -path '{pattern}'" for pattern in THEIRS.split())
        return self.run(f"find / -xdev ! -path '/root/*' ! -path '/before/*' ! -path '/opt/*' ! -path '*/__pycache__*' {theirs} ! -type d -printf '%p %m %u %l\\n' | sort")


@pytest.fixture
def host(release, packages, needed, tmp_path):
    made = Host(release, packages, needed, tmp_path / "root")
    yield made
    made.root.end()


def test_from_installing_to_purging(host):
    install, serve = block("Debian")[2:]
    before = host.files()

    # The version before; the other packages, too.
    host.run("apt-get install ../before/*.deb", cwd="/root")
    host.run(serve)
    host.until_well()
    host.svcctl("start coder")
    gateway = until(host.pid, "the gateway runs")
    broker = host.run(f"s6-svstat -o pid {SERVICE}")
    assert host.run("svcctl --version").split()[1] in host.run("dpkg-query --show svcctl")

    # The next one, with what somebody has changed.
    host.run("sed -i s/^log_files=.*/log_files=3/ /etc/svcbroker/gateway/settings && printf -- '--observer-group\\nadm\\n' >>/etc/svcbroker/options")
    host.run(install, cwd=CHECKOUT)
    until(lambda: host.run(f"s6-svstat -o pid,ready {SERVICE}").split()[1] == "true" and host.run(f"s6-svstat -o pid {SERVICE}") != broker, "the broker is another")
    host.until_well()
    assert host.pid() == gateway, "no gateway is touched"
    assert "log_files=3" in host.run("cat /etc/svcbroker/gateway/settings")
    assert host.run("ls /run/svcbroker/io.svcbroker.observer"), "the options hold"
    assert host.run("dpkg --audit; ls /etc/svcbroker/gateway/*.dpkg-* 2>/dev/null || :") == ""
    doctor = host.run("svcctl doctor || :")
    assert "data/options" not in doctor and ", 0 failures" in doctor, doctor

    # Gone, but for what is configured. It is as if the machine had been off.
    host.run("apt-get remove svcbrokerd svcbroker-gateway-template")
    assert host.run("pgrep -u hermes || :") == ""
    assert (host.run("ls /run/service"), host.run("[ ! -e /run/svcbroker ] || ls -R /run/svcbroker")) == ("svcbrokerd\n", "")
    host.run(install, cwd=CHECKOUT)
    host.run(f"s6-svc -u {SERVICE}")
    host.until_well()
    until(host.pid, "what was wanted comes back")

    host.run("apt-get purge svcbrokerd svcbroker-gateway-template svcctl libsvcbroker0 libsvcbroker-dev python3-svcbroker")
    host.run(f"rm -r {SERVICE} && s6-svscanctl -an /run/service")
    until(lambda: not host.run("pgrep s6-supervise || :"), "nothing is supervised")
    assert host.files() == before
    assert host.run("cat /opt/data/.svcbroker/intent/coder"), "the volume is hermes's"
