# SPDX-License-Identifier: ISC
"""Ways to become root, or to harm the broker, that worked on careless designs. Each is tried as the client user and must fail."""

import json
import time

import pytest

from engine import until

SCANDIR = "/run/service"
SLOTS = "/run/svcbroker/services"


@pytest.fixture(scope="module")
def victim(image):
    from engine import Container
    container = Container(image, "sleep", "infinity").until_ready()
    container.shell("mkdir -p profiles/coder && echo soul >profiles/coder/SOUL.md")
    container.svcctl("start", "coder")
    yield container
    container.remove()


@pytest.mark.parametrize("attempt", [
    # A directory in the scan directory: its run would be root's.
    f"mkdir {SCANDIR}/evil",
    f"ln -s /opt/data {SCANDIR}/evil",
    f"mkdir {SLOTS}/evil",
    f"echo x >{SLOTS}/gateway-coder/run",
    f"mv {SLOTS}/gateway-coder {SLOTS}/gateway-other",
    f"rm {SCANDIR}/gateway-coder",
    f"mv {SCANDIR}/.s6-svscan {SCANDIR}/.old",
    f"echo x >{SCANDIR}/.s6-svscan/finish",
    # s6's FIFOs.
    f"/command/s6-svscanctl -t {SCANDIR}",
    f"/command/s6-svc -d {SCANDIR}/svcbrokerd",
    f"/command/s6-svc -d {SCANDIR}/gateway-coder",
    f"echo t >{SCANDIR}/.s6-svscan/control",
    # A listener's link, a link under the name of s6's status, a lock on its lock.
    f"ln -s /etc/passwd {SLOTS}/gateway-coder/event/ftrig1:evil",
    f"ln -s /etc/passwd {SLOTS}/gateway-coder/supervise/status.new",
    f"cat {SLOTS}/gateway-coder/supervise/lock",
    # The client's variables lie in the slot, and are not for writing past the broker.
    f"echo LD_PRELOAD=/x >>{SLOTS}/gateway-coder/env",
    # The socket's place, the template, the programs, the scripts that root runs.
    "mv /run/svcbroker/io.svcbroker /run/svcbroker/old",
    "touch /run/svcbroker/evil",
    "echo x >/usr/local/share/svcbroker/gateway/run",
    "echo x >/usr/local/libexec/svcbroker/cont-init",
    "touch /etc/cont-init.d/99-evil",
    "mv /usr/local/sbin/svcbrokerd /usr/local/sbin/old",
    "mkdir /etc/s6-overlay/s6-rc.d/evil",
    "touch /run/s6/container_environment/LD_PRELOAD",
    "touch /run/evil",
    # The broker and process 1 by signals, and by the ids of their threads.
    'kill -KILL $(cat /proc/[0-9]*/stat | sed -n "s/^\\([0-9]*\\) (svcbrokerd).*/\\1/p")',
    'for task in $(ls /proc/$(cat /proc/[0-9]*/stat | sed -n "s/^\\([0-9]*\\) (svcbrokerd).*/\\1/p")/task); do kill -TERM $task && exit 0; done; exit 1',
    "kill -TERM 1",
    # What the broker does not offer.
    "svcctl stop svcbrokerd",
    "svcctl stop main-hermes",
    "svcctl unregister default",
    "svcctl register ../../etc",
    "svcctl register coder --env HERMES_HOME=/etc",
    "svcctl register coder --env HERMES_S6_SUPERVISED_CHILD=0",
])
def test_is_refused(victim, attempt):
    before = victim.shell(f"ls -laR {SCANDIR}/ {SLOTS} /etc/cont-init.d 2>/dev/null | grep -v total", user="root", check=False).stdout
    assert victim.shell(attempt, check=False).returncode != 0
    assert victim.running()
    assert victim.shell(f"ls -laR {SCANDIR}/ {SLOTS} /etc/cont-init.d 2>/dev/null | grep -v total", user="root",
                        check=False).stdout == before
    assert victim.service("gateway-coder")["state"] == "up"


def test_variables_are_hermes_s_only(start):
    """PATH, LD_PRELOAD and a shell's own: everything that root runs for the gateway is done before they hold."""
    container = start()
    container.shell("""
        mkdir -p bin profiles/evil && echo soul >profiles/evil/SOUL.md
        for name in s6-setuidgid s6-envdir s6-permafailon s6-log mkdir sh sleep kill cat hermes; do
            printf '#!/bin/dash\\n/usr/bin/id -u >>/opt/data/ran-as\\nexec /bin/sleep 100\\n' >bin/$name && chmod 755 bin/$name
        done
        echo 'id -u >>/opt/data/ran-as' >rc
    """)
    container.svcctl("register", "evil", "--env", "PATH=/opt/data/bin", "--env", "LD_PRELOAD=/opt/data/evil.so", "--env", "ENV=/opt/data/rc",
                     "--env", "BASH_ENV=/opt/data/rc", "--env", "IFS=/", "--env", "LD_LIBRARY_PATH=/opt/data/bin", check=False)
    container.svcctl("start", "evil", "--no-wait", check=False)
    until(lambda: container.shell("test -s ran-as", check=False).returncode == 0 or
          container.service("gateway-evil")["state"] in ("backoff", "failed"), "something of it ran")
    container.svcctl("stop", "evil", check=False)
    container.svcctl("unregister", "evil", check=False)
    assert "0" not in container.shell("cat ran-as", check=False).stdout.split()


@pytest.mark.parametrize("link", ["logs/gateways/evil", "profiles/evil/gateway.pid", ".svcbroker/intent", ".svcbroker/lock", "logs/container-boot.log",
                                  "profiles/evil/.gateway-planned-stop.json"])
def test_links_lead_root_nowhere(start, link):
    """Wherever the broker or a script reads, writes or removes below the volume, a link there reaches nothing of root's."""
    container = start()
    container.exec("sh", "-c", "mkdir -p /etc/target && echo untouched >/etc/target/file && chmod 755 /etc/target", user="root")
    container.shell(f"""
        mkdir -p profiles/evil "$(dirname {link})" && echo soul >profiles/evil/SOUL.md
        rm -rf {link} && ln -s {'/etc/target/file' if link.endswith(('.pid', '.json', '.log')) else '/etc/target'} {link}
    """)
    container.svcctl("start", "evil", check=False)
    container.svcctl("stop", "evil", check=False)
    container.restart().until_ready()
    container.svcctl("unregister", "evil", check=False)
    assert container.exec("sh", "-c", "ls /etc/target; cat /etc/target/file; stat -c %u /etc/target /etc/target/file", user="root").stdout == \
        "file\nuntouched\n0\n0\n"


def test_a_lease_delays_nobody(start):
    """A write lease on a file of the volume blocks whoever opens it; the broker's other clients are answered."""
    container = start()
    container.shell("mkdir -p profiles/evil .svcbroker/intent && echo soul >profiles/evil/SOUL.md && echo '{}' >profiles/evil/gateway_state.json")
    container.shell("""
        perl -e '
            $SIG{IO} = "IGNORE";
            open my $file, "+<", "profiles/evil/gateway_state.json" or die;
            fcntl($file, 1024, 1) or die "lease: $!";
            open my $note, ">", "leased" or die; close $note;
            sleep 100' >/dev/null 2>&1 &
        until test -e leased; do sleep 0.1; done
    """)
    container.svcctl("reconcile", "--dry-run", check=False)
    begun = time.monotonic()
    assert container.svcctl("status", "default", check=False).returncode == 3
    assert container.svcctl("start", "default").returncode == 0
    assert time.monotonic() - begun < 40  # the kernel's own limit is 45 s


def test_connections_are_bounded(start):
    """One user takes what it may have; root is served, and so is the user when they are gone."""
    container = start()
    container.shell("""
        perl -MIO::Socket::UNIX -e '
            for (1 .. 200) { my $s = IO::Socket::UNIX->new(Peer => "/run/svcbroker/io.svcbroker"); push @all, $s if $s }
            open my $note, ">", "connected" or die; close $note;
            sleep 100' >/dev/null 2>&1 & echo $! >pid
        until test -e connected; do sleep 0.1; done
    """)
    assert container.svcctl("health", user="root").returncode == 0
    container.shell("kill $(cat pid)")
    until(lambda: container.svcctl("health", check=False).returncode == 0, "it is served again")


def test_doctor_finds_nothing_writable(victim):
    checks = json.loads(victim.svcctl("--json", "doctor", check=False).stdout)["checks"]
    assert [check for check in checks if check["verdict"] != "ok"] == []
