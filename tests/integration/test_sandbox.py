# SPDX-License-Identifier: ISC
"""tools/sandbox: exit status, users, and that nothing is left of it."""

import os
import subprocess

import pytest

from conftest import BUILD
from tree import TOP, Tree


@pytest.fixture(autouse=True)
def build(staged):
    pass


def sandbox(*arguments, text=None):
    return subprocess.run([f"{TOP}/tools/sandbox", "--build", BUILD, *arguments], input=text, capture_output=True, text=True, timeout=600,
                          cwd="/")


# Runs a sandbox inside a pid and mount namespace of its own, so that whatever it leaves can be told from what others do, and
# prints what is left: processes but ourselves, and mounts that were not there.
WATCHED = """
mounts=$(sort /proc/self/mounts)
env --default-signal=HUP,INT,TERM tools/sandbox --build "$1" -- sh -c 'svcctl register coder >&2; echo ready; '"$2" </dev/null >/dev/null 2>"$4" 5>&- &
sandbox=$!
exec 2>/dev/null
if [ -n "$3" ]; then
    until grep -q registered "$4"; do kill -0 $sandbox || break; done
    kill -s "$3" $sandbox
fi
wait $sandbox
echo "exit $?"
for try in $(seq 300); do
    left=
    for process in /proc/[0-9]*; do
        read -r _ _ state _ <$process/stat || continue
        case ${process#/proc/} in 1 | $$) ;; *) [ "$state" = Z ] || left="$left $(tr '\\0' ' ' <$process/cmdline)" ;; esac
    done
    [ -n "$left" ] || break
    sleep 0.2
done
echo "left:$left"
# What others unmount meanwhile may be gone here too.
[ -z "$(comm -13 <(echo "$mounts") <(sort /proc/self/mounts))" ] && echo "no new mounts"
"""


def watched(tmp_path, command, signal_name=""):
    result = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c", WATCHED, "watched", BUILD, command,
                             signal_name, str(tmp_path / "stderr")], cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=600)
    return result.stdout.splitlines()


def test_exit_status_and_user():
    result = sandbox("--", "sh", "-c", "id -un; pwd; exit 7")
    assert (result.returncode, result.stdout) == (7, "hermes\n/opt/data\n"), result.stderr
    result = sandbox("--root", "--", "id", "-un")
    assert (result.returncode, result.stdout) == (0, "root\n")
    assert sandbox("--", "nonexistent-command").returncode == 127
    assert sandbox("--", "sh", "-c", "kill -KILL $$").returncode == 137


def test_arguments_and_input_arrive_as_they_are():
    result = sandbox("--", "printf", "%s|", "a b", "$HOME", "*", "")
    assert result.stdout == "a b|$HOME|*||"
    assert sandbox("--", "cat", text="line\n").stdout == "line\n"


def test_the_broker_works_in_it():
    result = sandbox("--", "sh", "-ec", "svcctl register coder; svcctl start coder; svcctl status coder; svcctl unregister coder; svcctl list")
    assert result.returncode == 0, result.stderr
    assert "gateway-coder" in result.stdout


def test_what_is_inside():
    result = sandbox("--root", "--", "sh", "-c", """
        cat /proc/1/comm; ls /run/s6; ls /run/service; id -u hermes; ls -d /opt/data/profiles/*/SOUL.md; stat -c %U /opt/data
        ls /sys/class/net | tr '\\n' ' '; ls /proc | grep -c '^[0-9]'""")
    lines = result.stdout.splitlines()
    assert lines[0] == "s6-svscan" and "basedir" in lines and "svcbrokerd" in lines and "10000" in lines and "hermes" in lines
    assert "/opt/data/profiles/coder/SOUL.md" in lines and "/opt/data/profiles/writer/SOUL.md" in lines
    assert int(lines[-1].split()[-1]) < 20, "its own processes"


def test_nothing_is_left(tmp_path):
    passwd = os.stat("/etc/passwd")
    assert watched(tmp_path, "exit 3") == ["exit 3", "left:", "no new mounts"]
    now = os.stat("/etc/passwd")
    assert (now.st_ino, now.st_mtime_ns) == (passwd.st_ino, passwd.st_mtime_ns)


@pytest.mark.parametrize("name,code", [("TERM", 143), ("INT", 130), ("HUP", 129), ("KILL", 137)])
def test_nothing_is_left_after_a_signal(tmp_path, name, code):
    assert watched(tmp_path, "sleep 1000", name) == [f"exit {code}", "left:", "no new mounts"]


def test_interactive_shell():
    """On a terminal: a shell as hermes, with an introduction, job control, and its exit status."""
    command = f"{TOP}/tools/sandbox --build {BUILD}"
    result = subprocess.run(["script", "-qec", command, "/dev/null"], input="id -un; jobs; exit 5\n", capture_output=True, text=True,
                            timeout=600)
    assert result.returncode == 5
    assert "svcctl start coder" in result.stdout and "hermes" in result.stdout.replace("\r", "").split("\n")
    assert "no job control" not in result.stdout


def test_a_broker_that_cannot_start_is_explained(staged):
    """The sandbox says why, from the broker's own log, and fails."""
    script = f"{TOP}/tools/sandbox"
    environment = {**os.environ, "TREE_OPTIONS": "--client-user\nnosuchuser"}
    result = subprocess.run([script, "--build", BUILD, "--", "id"], capture_output=True, text=True, timeout=600, env=environment)
    assert result.returncode == 1 and result.stdout == ""
    assert "nosuchuser" in result.stderr and "did not become ready" in result.stderr


WITHOUT_RIGHTS = {
    "no namespaces": ("Operation not permitted", ["setpriv", "--inh-caps", "-sys_admin", "--bounding-set", "-sys_admin"]),
    # Where they can be made, and what PID 1 does first cannot: it is seen, and gone.
    "no other uid": ("chown", ["unshare", "--user", "--map-root-user"]),
}


def logs_of_unshare():
    """Other files come and go there while other tests run."""
    return {name for name in os.listdir(f"{TOP}/{BUILD}") if "unshare" in name}


@pytest.mark.parametrize("lacking", WITHOUT_RIGHTS)
@pytest.mark.parametrize("tool", ["sandbox", "bench"])
def test_a_tree_that_cannot_be_made_says_why(staged, lacking, tool):
    word, reduced = WITHOUT_RIGHTS[lacking]
    command = [*reduced, f"{TOP}/tools/{tool}", "--build", BUILD, *(["--", "id"] if tool == "sandbox" else ["--services", "1"])]
    if tool == "bench":  # the part of it that boots a tree; all else of it would be built
        command = [*reduced, "bash", "-c", f". tools/lib/tree.sh; TREE_PROFILES= TREE_OPTIONS=--no-gateways tree_boot {BUILD} && tree_wait_ready"]
    before = logs_of_unshare()
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=TOP)
    assert result.returncode == 1 and result.stdout == "", result.stdout
    assert word in result.stderr and "CAP_SYS_ADMIN" in result.stderr, result.stderr
    assert "/proc/" not in result.stderr, "where we looked for it is not the cause"
    assert logs_of_unshare() <= before, "nothing is left"


def test_a_tree_of_the_tests_that_cannot_be_made_says_why(staged, service, tmp_path):
    """And two at once do not overwrite each other's words."""
    (tmp_path / "unshare").write_text('#!/bin/sh\necho "cause $CAUSE" >&2\nexit 1\n')
    (tmp_path / "unshare").chmod(0o755)
    before = logs_of_unshare()
    for number in range(2):
        tree = Tree(staged, service)
        tree.environment.update(PATH=f"{tmp_path}:{os.environ['PATH']}", CAUSE=str(number))
        with pytest.raises(AssertionError, match=f"cause {number}"):
            tree.boot()
        tree.stop()  # as its fixture does, without a word of its own
    assert logs_of_unshare() <= before


def test_usage():
    assert sandbox("--nonsense").returncode == 2
    assert "hermes" in sandbox("--help").stdout
