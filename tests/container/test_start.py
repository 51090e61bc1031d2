# SPDX-License-Identifier: ISC
"""Ways in which a container is started: as another user, not as process 1, by a template of before; and what it prints where."""

import os
import subprocess

import pytest

import images
from engine import HERE, podman, run, until, until_it_takes_term

ALONE = "no services, no supervised gateways"


@pytest.fixture
def volume(tmp_path):
    directory = tmp_path / "volume"
    directory.mkdir()
    for above in (tmp_path, *tmp_path.parents[:2]):
        above.chmod(0o755)
    return directory


def spoken(text):
    return [line for line in text.splitlines() if line.startswith("hermes ")]


# What is printed where


def test_stdout_is_the_command_s(image, volume):
    """Also with a gateway that is to run, and that ends after the command."""
    os.chown(volume, 10000, 10000)
    result = run(image, "pwd", options=("--workdir", "/usr/share", "--volume", f"{volume}:/opt/data"), HERMES_GATEWAY_BOOTSTRAP_STATE="running",
                 HERMES_DASHBOARD="1")
    assert (result.returncode, result.stdout) == (0, "/usr/share\n")
    assert "main: ready" in result.stderr and "main: ended" in result.stderr and spoken(result.stderr)
    result = run(image, "hermes", "version", options=("--volume", f"{volume}:/opt/data"))
    assert result.stdout == "hermes version profile=default uid=10000 cwd=/opt/data home=/opt/data venv=/opt/hermes/.venv\n"


def test_stdout_of_gateways(start):
    """In a container that is theirs, it is theirs; ours is on stderr there too."""
    container = start("gateway", "run")
    until(lambda: spoken(podman("logs", container.id).stdout), "the gateway's line is on stdout")
    until(lambda: "main: ready" in podman("logs", container.id).stderr, "the broker's on stderr")
    assert "main:" not in podman("logs", container.id).stdout


def test_gateway_run_says_that_it_is_supervised(start):
    container = start("gateway", "run")
    until(lambda: "--no-supervise" in container.logs(), "it says so")
    assert "gateway is now running under s6 supervision" in container.logs()
    container = start("gateway", "run", "--no-supervise")
    until(lambda: spoken(container.logs()), "the gateway runs")
    assert "s6 supervision" not in container.logs()


# Another user than root


@pytest.mark.parametrize("user, options", [("10000:10000", ()), ("10000:0", ()), ("hermes", ()),
                                           ("10000:10000", ("--tmpfs", "/run:exec,mode=755"))])
def test_as_hermes(start, user, options):
    container = start(options=("--user", user, *options))
    assert container.shell("id -u").stdout == "10000\n"
    container.shell("mkdir -p profiles/coder && echo soul >profiles/coder/SOUL.md")
    container.svcctl("start", "coder")
    pid = container.service("gateway-coder")["pid"]
    assert container.shell(f"stat -c %u /proc/{pid}").stdout == "10000\n"
    container.svcctl("restart", "coder")
    container.svcctl("stop", "coder")
    container.svcctl("start", "coder")
    health = container.svcctl("health", check=False)
    assert health.returncode == 1 and health.stdout == "no boundary: the broker runs as the client user, who can do all that it can\n"
    assert container.exec("/usr/local/bin/hermes", "status", user="root").stdout.startswith("hermes status profile=default uid=10000")
    container.restart().until_ready()
    until(lambda: container.service("gateway-coder")["state"] == "up", "it runs again")
    assert container.stop() != 137
    notes = podman("cp", f"{container.id}:/opt/data/notes", "-").stdout
    assert notes.count("coder ended by TERM") == notes.count("coder began") == 4


@pytest.mark.parametrize("user", ["4321:0", "4321:4321"])
def test_as_anybody_who_can_write_the_volume(start, volume, user):
    """As OpenShift does, whose uid is any and whose group is 0."""
    os.chown(volume, 4321, 0)
    container = start("gateway", "run", options=("--user", user, "--volume", f"{volume}:/opt/data"), ready=False)
    until(lambda: container.svcctl("status", "default", user="4321", check=False).returncode == 0, "the default gateway is up")
    until(lambda: (volume / "pid.default").exists(), "it runs")
    assert os.stat(volume / "pid.default").st_uid == 4321
    health = container.svcctl("health", check=False, user="4321").stdout
    assert health == "no boundary: the broker runs as the client user, who can do all that it can\n"
    container.svcctl("stop", "default", user="4321")
    assert container.exec("hermes", "status", user="root").stdout.startswith("hermes status profile=default uid=4321 ")
    assert container.stop() != 137


def test_as_anybody_else(image):
    result = run(image, "echo", "reached", options=("--user", "4321:4321"))
    assert (result.returncode, result.stdout) == (78, "")
    assert all(words in result.stderr for words in ("not supported", "HERMES_UID=4321", "HERMES_GID", "PUID", "PGID"))


@pytest.mark.parametrize("options", [("--security-opt", "no-new-privileges"), ("--cap-drop", "ALL"), ("--cap-drop", "CHOWN"),
                                     ("--read-only", "--read-only-tmpfs=false", "--security-opt", "no-new-privileges")])
def test_as_hermes_without_a_way_to_run_services(image, options):
    """As a restricted Kubernetes has it."""
    result = run(image, "sh", "-c", "id -u; exit 7", options=("--user", "10000:10000", *options))
    assert (result.returncode, result.stdout) == (7, "10000\n")
    assert result.stderr.count(ALONE) == 1, result.stderr


@pytest.mark.parametrize("user, owner, mode, services", [("10000:0", 0, 0o775, True), ("10000:10000", 10000, 0o755, True),
                                                         ("10000:10000", 0, 0o777, False), ("10000:0", 0, 0o777, False), ("10000:10000", 0, 0o775, False)])
def test_whose_run_is(image, volume, user, owner, mode, services):
    """Without more rights than the user's. One that everybody may write, as an emptyDir is, is nobody's."""
    os.chown(volume, owner, 0)
    volume.chmod(mode)
    result = run(image, "sh", "-c", "svcctl start default >/dev/null && svcctl stop default >/dev/null && echo served || echo alone",
                 options=("--user", user, "--security-opt", "no-new-privileges", "--volume", f"{volume}:/run"))
    assert result.stdout == ("served\n" if services else "alone\n"), result.stderr
    assert result.stderr.count(ALONE) == (0 if services else 1)


# Not process 1


def alone(image, *command, **options):
    """Its processes are the machine's, so none of them is process 1."""
    return run(image, *command, options=("--pid", "host", *options.pop("options", ())), **options)


@pytest.mark.parametrize("user", ["root", "10000", "10000:0"])
def test_not_process_1(image, user):
    result = alone(image, "sh", "-c", 'echo "$(id -u) $PWD $HOME $HERMES_HOME $VALUE"; cat; exit 7', text="in\n", VALUE="a b", options=("--user", user))
    assert (result.returncode, result.stdout) == (7, "10000 /opt/data /opt/data /opt/data a b\nin\n")
    assert result.stderr.count(ALONE) == 1 and result.stderr.count("svcbroker:") == 1, result.stderr
    assert spoken(alone(image, "chat", "-q", "5").stdout)[0].startswith("hermes chat -q 5 profile=default uid=10000 cwd=/opt/data")


def test_not_process_1_with_numbers_and_a_volume(image, volume):
    result = alone(image, "sh", "-c", "id -u; id -g", options=("--volume", f"{volume}:/opt/data"), HERMES_UID="1234", PGID="2345")
    assert result.stdout == "1234\n2345\n", result.stderr
    assert (os.stat(volume).st_uid, os.stat(volume / "logs").st_uid) == (1234, 1234)
    result = alone(image, "pwd", HERMES_UID="0")
    assert result.returncode == 1 and "HERMES_UID=0: must be a number" in result.stderr and result.stdout == ""


def test_not_process_1_signals(start):
    """A `gateway run' is one in the foreground there: it has the signal, and its exit code is the container's."""
    container = start("gateway", "run", options=("--pid", "host"), ready=False)
    until(lambda: "default began" in container.shell("cat notes", check=False).stdout, "the gateway runs")
    until_it_takes_term(container)
    assert container.stop() == 0
    assert "default ended by TERM" in podman("cp", f"{container.id}:/opt/data/notes", "-").stdout
    assert "s6 supervision" not in container.logs()


def test_the_entry_point_as_a_command(start):
    """In a container that has its services: it is the command, and no second start."""
    container = start()
    said = container.exec("/usr/local/libexec/svcbroker/entry", "chat", "-q", "5", user="root", check=False)
    assert (said.returncode, said.stderr) == (5, "") and said.stdout.startswith("hermes chat -q 5 profile=default uid=10000")
    assert container.exec("tini", "-g", "--", "id", "-u", user="root").stdout == "10000\n"


# Templates of before


@pytest.mark.parametrize("flags", [("-g", "--"), ("-g", "-s", "-vvv", "-p", "SIGTERM", "-e", "143", "--"), ("--", "/opt/hermes/docker/entrypoint.sh")])
def test_tini(image, flags):
    result = run(image, *flags, "sh", "-c", "svcctl list >/dev/null; echo $?; exit 4", options=("--entrypoint", "/usr/bin/tini"))
    assert (result.returncode, result.stdout) == (4, "0\n"), result.stderr


def test_tini_without_a_program(image):
    assert spoken(run(image, "-g", "--", options=("--entrypoint", "/usr/bin/tini")).stdout)[0].startswith("hermes  profile=default uid=10000")


def test_tini_of_the_base_s(start, image):
    """Where a real one is, it is a template's too."""
    of = images.containerfile("tini", f"""
        FROM {image}
        RUN rm /usr/bin/tini && cp /bin/true /usr/bin/tini && /usr/local/libexec/svcbroker/setup
        ENTRYPOINT ["/usr/bin/tini", "-g", "--"]
    """, HERE)
    container = start("gateway", "run", of=of)
    until(lambda: container.service("gateway-default")["state"] == "up", "the default gateway is up")


# The volume


@pytest.mark.parametrize("home", ["/srv/new/place", "/opt/data/new/place"])
def test_a_volume_that_is_not_there_yet(start, home):
    container = start(HERMES_HOME=home)
    assert container.shell(f"stat -c '%u:%g %a' {home} {home}/logs").stdout == "10000:10000 755\n10000:10000 755\n"
    assert container.exec("stat", "-c", "%u", "/srv").stdout == "0\n"
    container.svcctl("start", "default")
    assert container.svcctl("health").returncode == 0


def test_a_volume_that_cannot_be(start):
    container = start(HERMES_HOME="/proc/nowhere")
    assert "HERMES_HOME=/proc/nowhere is no directory, and cannot be made" in container.logs()
    assert container.svcctl("health", check=False).returncode == 1


def test_root_makes_nothing_where_others_can(start):
    container = start(HERMES_HOME="/tmp/theirs/new", options=("--tmpfs", "/tmp:mode=1777"))
    assert container.exec("stat", "-c", "%u", "/tmp/theirs").stdout == "10000\n"


@pytest.mark.parametrize("owner, mount, words", [(65534, "", "Permission denied"), (0, ":ro", "Read-only file system")])
def test_a_volume_that_hermes_cannot_write(start, volume, owner, mount, words):
    """As NFS has it, whose root is nobody: root cannot give it away either."""
    os.chown(volume, owner, owner)
    container = start("gateway", "run", options=("--cap-drop", "CHOWN", "--volume", f"{volume}:/opt/data{mount}"))
    assert "/opt/data cannot be written by uid 10000" in container.logs()
    until(lambda: words in container.svcctl("health", check=False).stdout, "Health says so")
    assert container.svcctl("list").returncode == 0


def test_files_of_another_number(start, volume):
    """What a container with another HERMES_UID left: started, said, Health."""
    first = start(options=("--volume", f"{volume}:/opt/data"), HERMES_UID="1234")
    first.svcctl("start", "default")
    first.remove()
    second = start(options=("--volume", f"{volume}:/opt/data"), HERMES_UID="2345")
    assert os.stat(volume).st_uid == 2345 and os.stat(volume / ".svcbroker").st_uid == 1234
    assert "these belong to another user, and uid 2345 cannot write them: /opt/data/.svcbroker /opt/data/logs" in second.logs()
    assert second.svcctl("health", check=False).returncode == 1


@pytest.mark.parametrize("variables, expected", [({"HERMES_UID": "33"}, "33 10000"), ({"HERMES_GID": "20"}, "10000 20"),
                                                 ({"PUID": "99", "PGID": "100"}, "99 100")])
def test_numbers_that_others_have(start, variables, expected):
    container = start(**variables)
    container.svcctl("start", "default")
    pid = container.service("gateway-default")["pid"]
    assert container.shell(f"stat -c '%u %g' /proc/{pid}").stdout.strip() == expected


# The setup that the application's image has of its own


@pytest.fixture(scope="session")
def with_setup(image):
    """TEST DOUBLE of upstream's: it changes the numbers, and owns what it finds to be another's then. FAIL makes it fail."""
    script = """#!/command/with-contenv sh
set -e
echo '[setup] began'
[ "${FAIL-}" = "" ]
id=$(id -u hermes)
if [ "${HERMES_UID:-$id}" != "$id" ]; then usermod -u "$HERMES_UID" hermes; fi
if [ "$(stat -c %u "$HERMES_HOME")" != "$(id -u hermes)" ]; then
    chown hermes: "$HERMES_HOME"
    for name in logs cron profiles; do [ ! -e "$HERMES_HOME/$name" ] || chown -R hermes: "$HERMES_HOME/$name"; done
fi
s6-setuidgid hermes mkdir -p "$HERMES_HOME/logs/gateways" "$HERMES_HOME/profiles"
"""
    quoted = script.replace("\n", "\\n").replace("'", "'\"'\"'").replace("%", "%%")
    return images.containerfile("with-setup", f"""
        FROM {image}
        RUN printf '{quoted}' >/etc/cont-init.d/01-hermes-setup && chmod 755 /etc/cont-init.d/01-hermes-setup \\
            && /usr/local/libexec/svcbroker/setup && /usr/local/libexec/svcbroker/setup
    """, HERE)


def test_the_application_s_setup_sees_the_numbers_as_they_were(start, with_setup, volume):
    first = start(options=("--volume", f"{volume}:/opt/data"), of=with_setup)
    first.svcctl("start", "default")
    first.remove()
    second = start(options=("--volume", f"{volume}:/opt/data"), of=with_setup, HERMES_UID="1234")
    assert {os.stat(volume / name).st_uid for name in ("", "logs", "logs/gateways", ".svcbroker", "notes")} == {1234}
    until(lambda: second.service("gateway-default")["state"] == "up", "what was to run, runs")
    assert second.svcctl("health").returncode == 0
    second.remove()
    third = start(options=("--volume", f"{volume}:/opt/data"), of=with_setup, HERMES_UID="33")
    assert third.exec("id", "-u", "hermes").stdout == "33\n"
    assert os.stat(volume / "logs/gateways").st_uid == 33


def test_the_application_s_setup_fails(with_setup):
    result = run(with_setup, "echo", "reached", FAIL="yes")
    assert (result.returncode, result.stdout) == (0, "reached\n")
    assert "01-hermes-setup) ended with 1" in result.stderr and "[setup] began" in result.stderr
    result = alone(with_setup, "id", "-u", HERMES_UID="1234")
    assert (result.returncode, result.stdout) == (0, "1234\n"), result.stderr
