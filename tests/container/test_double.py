# SPDX-License-Identifier: ISC
"""What the tests of the image rely on of s6-overlay, one check each: of the double, and with S6_OVERLAY_DIST of the real one.

tests/container/double/README.md has the list. Neither broker nor application is in these images: whoever has the tarballs checks the double by

    S6_OVERLAY_DIST=DIRECTORY pytest tests/container/test_double.py
"""

import glob
import os
import re
import shutil
import subprocess

import pytest

import images
from engine import HERE, Container, podman, run, until

# Services that note what happens to them, in /data/notes where that is a volume.
FILES = {
    "/etc/s6-overlay/s6-rc.d/first/type": "oneshot",
    "/etc/s6-overlay/s6-rc.d/first/dependencies.d/base": "",
    "/etc/s6-overlay/s6-rc.d/first/up": "/probe first-up",
    "/etc/s6-overlay/s6-rc.d/first/down": "/probe first-down",
    "/etc/s6-overlay/s6-rc.d/server/type": "longrun",
    "/etc/s6-overlay/s6-rc.d/server/dependencies.d/first": "",
    "/etc/s6-overlay/s6-rc.d/server/notification-fd": "3",
    "/etc/s6-overlay/s6-rc.d/server/producer-for": "server-log",
    "/etc/s6-overlay/s6-rc.d/server/data/options": "an option",
    "/etc/s6-overlay/s6-rc.d/server/run": """#!/bin/sh
trap '/probe server-ended; exit' TERM
/probe "server-run $(cat data/options)"
echo spoken
sleep 0.3
/probe server-ready
echo >&3
while :; do sleep 0.1; done""",
    "/etc/s6-overlay/s6-rc.d/server/finish": '#!/bin/sh\n/probe "server-finish $1"',
    "/etc/s6-overlay/s6-rc.d/server-log/type": "longrun",
    "/etc/s6-overlay/s6-rc.d/server-log/dependencies.d/base": "",
    "/etc/s6-overlay/s6-rc.d/server-log/consumer-for": "server",
    "/etc/s6-overlay/s6-rc.d/server-log/pipeline-name": "server-pipeline",
    "/etc/s6-overlay/s6-rc.d/server-log/run": '#!/bin/sh\nread -r line\n/probe "logged $line"\nexec sleep 1000',
    "/etc/s6-overlay/s6-rc.d/braked/type": "longrun",
    "/etc/s6-overlay/s6-rc.d/braked/dependencies.d/base": "",
    "/etc/s6-overlay/s6-rc.d/braked/run": "#!/bin/sh\nexit 78",
    "/etc/s6-overlay/s6-rc.d/braked/finish": '#!/bin/sh\n/probe "braked $1"\nexit 125',
    "/etc/cont-init.d/10-a": '#!/command/with-contenv sh\n/probe "init-a [$VALUE] $PATH"',
    "/etc/cont-init.d/20-b": '#!/bin/sh\n/probe "init-b [${VALUE-}]"\nexit "$(cat /etc/fail)"',
    "/etc/fail": "0",
    "/probe": '#!/bin/sh\necho "$1" >>/data/notes',
}
PROGRAMS = ("s6-svscan", "s6-supervise", "s6-svc", "s6-svscanctl", "s6-svok", "s6-svstat", "s6-svwait", "s6-svlisten1", "s6-setuidgid", "s6-applyuidgid", "s6-envdir",
            "s6-log", "s6-setlock", "s6-permafailon", "s6-rc-compile", "s6-overlay-suexec", "with-contenv", "execlineb")


@pytest.fixture(scope="module", params=["double", "real"])
def overlay(request, base, tmp_path_factory):
    """An image with one of them, and the services above."""
    directory = tmp_path_factory.mktemp(request.param)
    given = os.environ.get("S6_OVERLAY_DIST")
    if request.param == "real":
        if not given:
            pytest.skip("S6_OVERLAY_DIST: a directory of s6-overlay's release tarballs")
        for name in glob.glob(f"{given}/*.tar.xz"):
            shutil.copy(name, directory)
    else:
        subprocess.run([f"{HERE}/double/make", directory], check=True)
    for name, text in FILES.items():
        path = directory / f"root{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
        path.chmod(0o755)
    adds = "".join(f"        ADD s6-overlay-{name}.tar.xz /\n" for name in ("noarch", images.ARCHITECTURE[0], "symlinks-noarch"))
    return images.containerfile(f"overlay-{request.param}", f"""
        FROM {base}
{adds}
        RUN mkdir -m 777 /data && useradd --uid 10000 --user-group --create-home hermes
        COPY root /
        RUN place=/etc/s6-overlay/user-bundles.d; [ -d $place ] || place=/etc/s6-overlay/s6-rc.d; \\
            mkdir -p $place/user/contents.d && touch $place/user/contents.d/server-pipeline $place/user/contents.d/braked
        ENV S6_BEHAVIOUR_IF_STAGE2_FAILS=2 S6_VERBOSITY=1
        ENTRYPOINT ["/init"]
    """, directory)


@pytest.fixture
def container(overlay, tmp_path):
    """started(*command, **environment): one with a volume for the notes."""
    made = []
    tmp_path.chmod(0o777)

    def started(*command, options=(), **environment):
        made.append(Container(overlay, *command, options=("--volume", f"{tmp_path}:/data", *options), **environment))
        made[-1].notes = lambda: (tmp_path / "notes").read_text().splitlines() if (tmp_path / "notes").exists() else []
        return made[-1]

    yield started
    for one in made:
        one.remove()


def test_order_of_a_start_and_of_an_end(container):
    """Init scripts by name, dependencies, readiness, then the command; at the end all of it, the other way round."""
    one = container("sh", "-c", "/probe command; while :; do sleep 1; done", VALUE="a b  'c' $d")
    until(lambda: "command" in one.notes(), "the command runs")
    notes = one.notes()
    assert notes[0].startswith("init-a [a b  'c' $d] ") and notes[1] == "init-b []", "the environment is with-contenv's alone"
    assert {"/command", "/usr/bin", "/bin"} <= set(notes[0].split()[-1].split(":"))
    assert [note for note in notes if note in ("first-up", "server-run an option", "server-ready", "command")] == \
        ["first-up", "server-run an option", "server-ready", "command"]
    until(lambda: "logged spoken" in one.notes(), "what a producer prints is its consumer's")
    until(lambda: one.notes().count("braked 78") == 1, "125 of finish is for good")
    # Process 1, and what s6-overlay keeps where.
    assert one.shell("cat /proc/1/comm; test -d /run/s6/basedir; echo $?", user="root").stdout == "s6-svscan\n0\n"
    assert one.shell("cat /run/s6/container_environment/VALUE; stat -c %a /run/s6/container_environment", user="root").stdout.splitlines() == ["a b  'c' $d", "755"]
    assert one.shell("stat -Lc '%u %a' /run/service /run/service/.s6-svscan/control /run/service/server/supervise /run", user="root").stdout.splitlines() \
        == ["0 755", "0 600", "0 700", "0 755"]
    assert one.shell("readlink /package/admin/s6-overlay; ls -d /package/admin/s6-overlay/libexec", user="root").stdout.splitlines()[0].rpartition("s6-overlay-")[2][:4] == "3.2."
    links = one.shell("for name in " + " ".join(PROGRAMS) + '; do [ -x "/command/$name" ] || echo "$name"; done; readlink -e /usr/bin/with-contenv >/dev/null || echo link', user="root")
    assert links.stdout == ""
    # Down is s6's, and so is a start again; a slot that comes at run time is supervised.
    one.exec("/command/s6-svc", "-wD", "-T", "60000", "-d", "/run/service/server", user="root")
    assert one.notes()[-1] == "server-finish 0"
    one.exec("/command/s6-svc", "-wU", "-T", "60000", "-u", "/run/service/server", user="root")
    one.shell("mkdir /run/later; printf '#!/bin/sh\\n/probe later\\nexec sleep 1000' >/run/later/run; chmod 755 /run/later/run;"
              "ln -s /run/later /run/service/later; /command/s6-svscanctl -a /run/service", user="root")
    until(lambda: "later" in one.notes(), "it runs")
    assert one.stop(60) != 137
    ended = one.notes()[one.notes().index("later"):]
    assert [note for note in ended if note in ("server-ended", "first-down")] == ["server-ended", "first-down"]


def test_a_restart_begins_anew(container):
    """/run is the container's own layer, and what was in it is taken away."""
    one = container("sh", "-c", "/probe command; while :; do sleep 1; done")
    until(lambda: "command" in one.notes(), "the command runs")
    one.shell("touch /run/s6/left /run/service/left", user="root")
    one.restart()
    until(lambda: one.notes().count("command") == 2, "the command runs again")
    assert one.notes().count("first-up") == 2
    assert one.shell("ls /run/s6/left /run/service/left 2>/dev/null | wc -l", user="root").stdout == "0\n"


@pytest.mark.parametrize("command, code", [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)])
def test_exit_code(overlay, command, code):
    assert run(overlay, "sh", "-c", command).returncode == code


def test_an_exit_code_that_a_service_leaves(container):
    one = container("sleep", "1000")
    until(lambda: "server-ready" in one.notes(), "services are up")
    one.shell("echo 5 >/run/s6-linux-init-container-results/exitcode; exec /run/s6/basedir/bin/halt", user="root", check=False)
    assert one.wait() == 5


def test_the_command_s_surroundings(overlay):
    """Its input, its output, its directory; of the environment only what s6-overlay itself needs."""
    result = run(overlay, "sh", "-c", 'cat; pwd; echo "[${VALUE-}]"; exec s6-envdir -Lf /run/s6/container_environment sh -c \'echo "$VALUE"\'',
                 text="in\n", options=("--workdir", "/usr/share"), VALUE="v")
    assert result.stdout == "in\n/usr/share\n[]\nv\n", result.stderr


@pytest.mark.parametrize("fail, reached", [("1", False), ("0", True)])
def test_an_init_script_that_fails(overlay, tmp_path, fail, reached):
    """With S6_BEHAVIOUR_IF_STAGE2_FAILS=2, as the image has it: the container's end, in words."""
    (tmp_path / "fail").write_text(fail)
    tmp_path.chmod(0o755)
    result = run(overlay, "echo", "reached", options=("--volume", f"{tmp_path}/fail:/etc/fail"))
    assert (result.returncode == 0, result.stdout == "reached\n") == (reached, reached), result.stderr


def test_an_init_script_that_cannot_be_executed(overlay, tmp_path):
    """It is run all the same, so it fails."""
    (tmp_path / "script").write_text("#!/bin/sh\n")
    (tmp_path / "script").chmod(0o644)
    tmp_path.chmod(0o755)
    assert run(overlay, "echo", "reached", options=("--volume", f"{tmp_path}/script:/etc/cont-init.d/30-c")).stdout == ""


def test_a_hook_before_the_services(overlay):
    assert run(overlay, "cat", "/run/hook", S6_STAGE2_HOOK="/bin/touch /run/hook").returncode == 0
    result = run(overlay, "echo", "reached", S6_STAGE2_HOOK="/bin/false")
    assert (result.returncode, result.stdout) == (1, ""), result.stderr


@pytest.mark.parametrize("make, words", [("mkdir -p twice/contents.d && cd twice && echo bundle >type && touch contents.d/nothing", "undefined service name nothing"),
                                         ("mkdir -p base/contents.d && echo bundle >base/type", "duplicate service definition: base")])
def test_services_that_cannot_be(overlay, make, words):
    """s6-rc-compile refuses, in these words."""
    made = run(overlay, "sh", "-c", f"""
        cp -R /etc/s6-overlay /tmp/overlay && cd /tmp/overlay/s6-rc.d && ({make})
        [ -d ../user-bundles.d ] && bundles=/tmp/overlay/user-bundles.d
        s6-rc-compile /tmp/db /tmp/overlay/s6-rc.d $bundles /package/admin/s6-overlay/etc/s6-rc/sources
        echo "code $?" """)
    assert words in made.stderr and "code 0" not in made.stdout, made.stdout + made.stderr


def test_not_process_1(overlay):
    result = run(overlay, "echo", "reached", options=("--pid", "host"))
    assert result.stdout == "" and result.returncode == 100
    assert re.search("can only run as pid 1", result.stderr)


@pytest.mark.parametrize("user, owner, mode, options, works", [
    ("10000:10000", None, 0, (), True), ("10000:0", None, 0, (), True),
    ("10000:10000", 10000, 0o755, ("--security-opt", "no-new-privileges"), True),
    ("10000:0", 0, 0o775, ("--security-opt", "no-new-privileges"), True),
    ("10000:10000", 0, 0o755, ("--security-opt", "no-new-privileges"), False),
    ("10000:10000", None, 0, ("--cap-drop", "ALL"), False)])
def test_as_another_user(overlay, tmp_path, user, owner, mode, options, works):
    """/run has to become that user's: by set-uid root, or it is already; or group 0's."""
    if owner is not None:
        os.chown(tmp_path, owner, 0)
        tmp_path.chmod(mode)
        options = (*options, "--volume", f"{tmp_path}:/run")
    result = run(overlay, "id", "-u", options=("--user", user, *options))
    assert (result.stdout == "10000\n") == works, result.stderr


def test_a_read_only_root(overlay):
    result = run(overlay, "echo", "reached", options=("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/run:exec", "--tmpfs", "/tmp", "--tmpfs", "/data:mode=777"),
                 S6_READ_ONLY_ROOT="1")
    assert result.stdout == "reached\n", result.stderr


@pytest.mark.parametrize("program, code", [("s6-setlock -n /tmp/lock true", 1), ("s6-setlock -n /nowhere/lock true", 111), ("s6-setlock -n /tmp/other true", 0),
                                           ("s6-setuidgid hermes id -u", 0), ("s6-applyuidgid -u 7 -g 7 -G '' id -u", 0), ("s6-setuidgid nobody-there id", 1)])
def test_exit_codes_of_programs(overlay, program, code):
    """Its words are another program's, and nothing hangs on them."""
    result = run(overlay, "sh", "-c", f"s6-setlock /tmp/lock sleep 1000 & until [ -e /tmp/lock ] && ! s6-setlock -n /tmp/lock true 2>/dev/null; do sleep 0.1; done; {program}")
    assert result.returncode == code, result.stderr


def test_the_list_is_whole():
    """Each of these checks is in the list, and each that it names is here."""
    with open(f"{HERE}/double/README.md", encoding="utf-8") as file:
        named = set(re.findall(r"`(test_\w+)`", file.read()))
    assert named == {name for name in globals() if name.startswith("test_")}


def test_no_other_process_is_left(container):
    """Process 1 reaps, and a command's children end with the container."""
    one = container("sh", "-c", "(sleep 0.2 & echo $! >/data/orphan) ; sleep 1000")
    until(lambda: "server-ready" in one.notes(), "services are up")
    until(lambda: one.shell("test -e /proc/$(cat /data/orphan)", user="root", check=False).returncode == 1, "it is reaped")
    assert podman("inspect", "--format", "{{.State.Running}}", one.id).stdout == "true\n"
