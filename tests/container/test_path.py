# SPDX-License-Identifier: ISC
"""An application's image whose PATH begins with directories of hermes's: nothing of theirs is ever run by root."""

import json

import pytest

import images
from engine import run, until

# As upstream's image has it; and where else such a directory may stand.
PATH = "/opt/hermes/bin:/opt/hermes/.venv/bin:/opt/data/.local/bin:$PATH"
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# An init script as upstream's: with the container's environment, and of names alone.
HERMES_SETUP = """#!/command/with-contenv sh
id -u hermes >/dev/null
[ "$(stat -c %u "$HERMES_HOME" | tr -d ' ')" = "$(id -u)" ] || cat /dev/null
mkdir -p /run/of-the-base && find /run/of-the-base -maxdepth 0 | grep -q . && rm -r /run/of-the-base
"""
# What hermes puts in the place of every program there is: it notes its name and whose it was, and becomes the real one.
TRAP = r"""#!/bin/dash
name=${0##*/}
while read -r field uid _; do [ "$field" != Uid: ] || break; done </proc/self/status
echo "$name $uid" >>/opt/data/caught.txt
PATH=/command:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for directory in /command /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
    [ ! -f "$directory/$name" ] || exec "$directory/$name" "$@"
done
exit 127
"""


def application_with(application, name, path):
    """The application's image with that PATH, and a script of its own among s6-overlay's."""
    quoted = HERMES_SETUP.replace("\n", "\\n").replace("'", "'\"'\"'")
    return images.containerfile(name, f"""
        FROM {application}
        RUN mkdir -p /opt/hermes/bin /etc/cont-init.d && printf '{quoted.replace("%", "%%")}' >/etc/cont-init.d/01-hermes-setup \\
            && chmod 755 /etc/cont-init.d/01-hermes-setup
        ENV PATH={path}
    """, images.HERE)


@pytest.fixture(scope="session")
def hostile(application, dist):
    """The target `hermes` on such a base."""
    return images.build_hermes("hostile", application_with(application, "hostile-application", PATH), dist)


@pytest.fixture(scope="session")
def copied(application, dist, broker_image):
    """Somebody's own Dockerfile, without the line for PATH."""
    base = application_with(application, "hostile-application", PATH)
    directory, _ = dist
    return images.containerfile("copied", f"""
        FROM {base}
        ADD s6-overlay-noarch.tar.xz /
        ADD s6-overlay-{images.ARCHITECTURE[0]}.tar.xz /
        ADD s6-overlay-symlinks-noarch.tar.xz /
        RUN useradd --uid 10000 --user-group --create-home --home-dir /opt/data hermes
        COPY --from={broker_image} / /
        RUN /usr/local/libexec/svcbroker/setup 2>/setup.said
        ENV HERMES_HOME=/opt/data
        WORKDIR /opt/data
        ENTRYPOINT ["/usr/local/libexec/svcbroker/entry"]
    """, directory)


def plant(container):
    """In each directory of a PATH that hermes can write, and where hermes's processes and `docker exec' begin: a trap by every name there is."""
    container.shell(f"""
        cat >trap.sh <<'END'
{TRAP}END
        >caught.txt; chmod 666 caught.txt; chmod 755 trap.sh
        directories=/opt/data
        all=$PATH:$SVCBROKER_CLIENT_PATH:/opt/data/.local/bin
        IFS=:
        for directory in $all; do
            if mkdir -p "$directory" 2>/dev/null && ( : >"$directory/.writable") 2>/dev/null; then
                directories=$directories:$directory
            fi
        done
        for directory in $directories; do
            for program in /usr/bin/* /usr/sbin/* /usr/local/bin/* /usr/local/sbin/* /command/* /x/svcctl /x/svcbrokerd /x/hermes; do
                ln -f trap.sh "$directory/${{program##*/}}" 2>/dev/null
            done
        done
        printf '#!/bin/dash\\necho "of hermes" $PATH' >/opt/data/.local/bin/own-tool
        for file in .bashrc .profile .bash_profile .shrc; do echo '/bin/echo dot-file $(/usr/bin/id -u) >>/opt/data/caught.txt' >$file; done
        for module in json socket os re argparse sitecustomize; do echo 'open("/opt/data/caught.txt", "a").write("module %d" % __import__("posix").getuid())' >$module.py; done
        chmod 755 /opt/data/.local/bin/own-tool
        >caught.txt
    """)
    assert container.shell("tr a b </dev/null; test -x .local/bin/id && test -x id && echo planted").stdout == "planted\n"


def roots(container):
    """What of hermes's root has run."""
    lines = container.exec("/bin/cat", "/opt/data/caught.txt", user="root").stdout.splitlines()
    assert any(line.endswith(" 10000") for line in lines), "hermes's own processes are caught, so the traps work"
    return [line for line in lines if not line.endswith(" 10000")]


def live(container):
    """A restart, gateways, and the ways by which a container's end runs something."""
    container.restart().until_ready()
    container.shell("mkdir -p profiles/coder && echo soul >profiles/coder/SOUL.md")
    container.svcctl("start", "coder")
    container.svcctl("restart", "coder")
    container.exec("/command/s6-svc", "-r", "/run/service/svcbrokerd", user="root")
    container.until_ready()
    container.svcctl("stop", "coder")
    container.restart().until_ready()


def test_nothing_of_hermes_s_is_run_by_root(start, hostile):
    container = start("gateway", "run", of=hostile)
    plant(container)
    live(container)
    until(lambda: "default began" in container.shell("cat notes", check=False).stdout, "the gateway runs")
    # As people type it, bare names and all; and from hermes's own directory.
    for command in (("svcctl", "list"), ("hermes", "status"), ("sh", "-c", "id; stat /; cat /dev/null | tr a b; ls >/dev/null"),
                    ("bash", "-ic", "true"), ("bash", "-lc", "id")):
        container.exec(*command, user="root")
    assert container.exec("svcctl", "no-such-verb", user="root", check=False).returncode == 2
    assert roots(container) == []
    # It is what it was for hermes: the application's directories first, then the user's own.
    assert container.exec("/usr/local/bin/hermes", "status", user="root").stdout.startswith("hermes status profile=default uid=")
    assert container.svcctl("health", user="root", check=False).returncode == 0
    checks = {check["name"]: check["verdict"] for check in json.loads(container.svcctl("--json", "doctor", check=False).stdout)["checks"]}
    assert checks["permissions_path"] == "ok"


def test_path_of_what_runs_as_hermes(start, hostile):
    """What the base had."""
    before = PATH.replace("$PATH", images.PATH)
    said = run(hostile, "bash", "-c", 'echo "path=$PATH"').stdout
    assert f"path=/opt/hermes/.venv/bin:{before}" in said.splitlines()
    assert "path=/opt/hermes/.venv/bin:/somewhere:/bin" in run(hostile, "bash", "-c", 'echo "path=$PATH"', PATH="/somewhere:/bin").stdout.splitlines()
    container = start("gateway", "run", of=hostile)
    until(lambda: container.service("gateway-default")["state"] == "up", "the default gateway is up")
    environment = container.shell("tr '\\0' '\\n' </proc/$(cat pid.default)/environ").stdout.splitlines()
    assert f"PATH=/opt/hermes/.venv/bin:{before}" in environment
    assert container.exec("/bin/sh", "-c", "echo $PATH", user="root").stdout == f"{SYSTEM}\n"


def test_an_image_without_the_line_for_it(start, copied):
    """Root's init is safe all the same; that `docker exec' is not, is said."""
    container = start("gateway", "run", of=copied)
    assert "add" in container.exec("/bin/cat", "/setup.said", user="root").stdout
    plant(container)
    live(container)
    container.shell("PATH=/opt/data/.local/bin:$PATH; tr a b </dev/null")
    for command in (("/usr/local/bin/svcctl", "list"), ("/usr/local/bin/hermes", "status")):
        container.exec(*command, user="root")
    assert roots(container) == []
    health = container.svcctl("health", user="root", check=False)
    assert health.returncode == 1 and "where root's PATH leads" in health.stdout and "/opt/data/.local/bin" in health.stdout
    checks = {check["name"]: check for check in json.loads(container.svcctl("--json", "doctor", check=False).stdout)["checks"]}
    assert checks["permissions_path"]["verdict"] == "failure"


@pytest.mark.parametrize("variable, value", [("LD_PRELOAD", "/opt/data/x.so"), ("LD_LIBRARY_PATH", "/usr/lib:/opt/data/lib"), ("LD_LIBRARY_PATH", "/usr/lib:"),
                                             ("LD_AUDIT", "./x.so"), ("BASH_ENV", "/opt/data/.bashrc")])
def test_variables_that_root_s_programs_load(image, variable, value):
    result = run(image, "true", **{variable: value})
    assert result.returncode == 78 and f"{variable}={value}: root would load what hermes can write" in result.stderr, result.stderr


def test_variables_that_some_of_them_load(image):
    result = run(image, "sh", "-c", "echo home=$HOME pythonpath=$PYTHONPATH", PYTHONPATH="/opt/data/lib", HOME="/opt/data")
    assert result.returncode == 0
    assert "svcbroker: PYTHONPATH=/opt/data/lib: " in result.stderr and "svcbroker: HOME=/opt/data: " in result.stderr
    assert "home=/opt/data pythonpath=/opt/data/lib" in result.stdout
    assert "svcbroker: " not in run(image, "true", LD_PRELOAD="libm.so.6", LD_LIBRARY_PATH="/usr/lib", PYTHONPATH="/opt/dataset").stderr
