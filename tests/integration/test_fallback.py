# SPDX-License-Identifier: ISC
"""Fallbacks of the scripts that only the container's log would tell of: a logger without its directory, a gateway without its
lock, options that cannot be read. Service, Health, Diagnose and svcctl tell of each, and why, also after the broker's restart."""

import os
import shutil

import pytest

from tree import BROKER, wait_until

FAR = 60.0  # what is too early to say is looked at again


@pytest.fixture
def coder(boot, volume):
    volume.profile("coder", intent={"version": 1, "want": "up"})
    volume.path_of_log = f"{volume.path}/logs/gateways/coder"
    tree = boot()
    tree.wait_state("coder", "up")
    tree.wait_gateway("coder")
    return tree


def end_logger(tree):
    """Its supervisor starts another one, which finds the directory as it is now. By KILL: an s6-log whose files are not its own any
    more does not end for less."""
    old = logger(tree)
    tree.signal("KILL", old)
    wait_until(lambda: logger(tree) not in (None, old), what="another logger")


def logger(tree):
    supervisor = tree.supervisor("gateway-coder/log")
    return next((pid for pid, (_, parent, _) in tree.processes().items() if parent == supervisor), None)


def problem(tree, field="log_problem", timeout=FAR):
    return wait_until(lambda: tree.state("coder").get(field), timeout, f"a {field}")


def root_owned(path):
    for entry in (path, *(f"{path}/{name}" for name in os.listdir(path))):
        os.chown(entry, 0, 0)
        os.chmod(entry, 0o755 if entry == path else 0o644)


def not_a_directory(path):
    shutil.rmtree(path)
    with open(path, "w") as file:
        file.write("none\n")


def dangling(path):
    shutil.rmtree(path)
    os.symlink("/nowhere", path)


def a_loop(path):
    shutil.rmtree(path)
    os.symlink("coder", path)


def lock_is_a_directory(path):
    os.unlink(f"{path}/lock")
    os.mkdir(f"{path}/lock")


def parent_is_roots(path):
    shutil.rmtree(path)
    os.chown(os.path.dirname(path), 0, 0)


def unwritable(path):
    os.chmod(path, 0o500)
    os.chmod(f"{path}/lock", 0o400)


CASES = {
    root_owned: "uid 0",
    not_a_directory: "Not a directory",
    dangling: "No such file",
    a_loop: "Too many levels",
    lock_is_a_directory: "Invalid argument",
    parent_is_roots: "No such file",
    unwritable: "cannot be written",
}


@pytest.mark.parametrize("spoil,why", CASES.items(), ids=[case.__name__ for case in CASES])
def test_a_logger_without_its_directory(coder, volume, spoil, why):
    spoil(volume.path_of_log)
    end_logger(coder)
    said = problem(coder)
    assert why in said and "container's log" in said
    health = coder.call("Health")
    assert not health["healthy"] and any("gateway-coder" in line and why in line for line in health["problems"]), health
    assert coder.run("hermes", "svcctl", "health").returncode == 1


def check(tree, name):
    return next(check for check in tree.call("Diagnose")["checks"] if check["name"] == name)


def test_everybody_says_so_until_it_is_mended(coder, volume):
    path = volume.path_of_log
    wait_until(lambda: "started, pid" in coder.gateway_log("coder"))
    root_owned(path)
    end_logger(coder)
    problem(coder)
    found = check(coder, "log_directories")
    assert found["verdict"] == "failure" and "gateway-coder" in found["detail"], found

    logs = coder.run("hermes", "svcctl", "logs", "coder")
    assert logs.returncode == 1 and "started, pid" in logs.stdout and "older" in logs.stderr, logs
    status = coder.run("hermes", "svcctl", "status", "coder")
    assert status.returncode == 0 and "started, pid" not in status.stdout and "container's log only" in status.stdout, status.stdout
    why = coder.run("hermes", "svcctl", "why", "coder").stdout
    assert "container's log only" in why and "svcctl reset gateway-coder" in why, why
    assert "attention" in coder.run("hermes", "svcctl", "list").stdout

    coder.kill_broker()
    problem(coder)

    coder.run("root", "chown", "-R", "hermes:hermes", "/opt/data/logs", check=True)
    assert coder.run("hermes", "svcctl", "reset", "coder").returncode == 0
    wait_until(lambda: "log_problem" not in coder.state("coder"), FAR, "no problem any more")
    wait_until(lambda: coder.call("Health")["healthy"], FAR, "healthy")
    assert coder.state("coder")["log_restarts"] == 0, "forgotten, and this one was asked to end"
    assert check(coder, "log_directories")["verdict"] == "ok"
    assert coder.run("hermes", "svcctl", "logs", "coder").returncode == 0


def test_another_has_the_lock(coder, volume):
    """It waits for the lock, and so has it when the logger ends, before the next one."""
    script = "import fcntl, time; f = open('/opt/data/logs/gateways/coder/lock', 'a'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(600)"
    coder.run("hermes", "sh", "-c", f'python3 -c "{script}" >/opt/data/held 2>&1 &', check=True)
    wait_until(lambda: waits_for_lock(coder, volume), what="somebody waiting for the lock")
    # Who waits is woken, and has to get the processor before the next logger does: that one is kept for as long.
    supervisor = coder.supervisor("gateway-coder/log")
    coder.signal("STOP", supervisor)
    old = logger(coder)
    coder.signal("KILL", old)
    wait_until(lambda: "held" in coder.run("root", "cat", "/opt/data/held").stdout, what="the lock held")
    coder.signal("CONT", supervisor)
    wait_until(lambda: logger(coder) not in (None, old), what="another logger")
    assert "holds its lock" in problem(coder)


def waits_for_lock(tree, volume):
    """The kernel's list has "->" in front of who waits."""
    inode = os.stat(f"{volume.path_of_log}/lock").st_ino
    return any(" -> " in line and f":{inode} " in line for line in tree.run("root", "cat", "/proc/locks").stdout.splitlines())


def test_the_directory_goes_while_it_is_used(coder, volume):
    """Its lines go to files that nobody finds again."""
    wait_until(lambda: "started, pid" in coder.gateway_log("coder"))
    os.rename(volume.path_of_log, f"{volume.path}/elsewhere")
    wait_until(lambda: check(coder, "log_directories")["verdict"] == "failure", FAR, "Diagnose sees it")
    assert not coder.call("Health")["healthy"]


def test_a_gateway_without_its_lock(coder, volume):
    coder.call("Stop", names=["gateway-coder"], wait="down")
    shutil.rmtree(f"{volume.path}/.svcbroker/lock")
    volume.write(".svcbroker/lock", "no directory\n")
    coder.call("Start", names=["gateway-coder"])
    assert "without its lock" in problem(coder, "lock_problem")
    assert any("without its lock" in line for line in coder.call("Health")["problems"])
    assert check(coder, "locks")["verdict"] == "warning"
    assert "without its lock" in coder.run("hermes", "svcctl", "why", "coder").stdout
    coder.kill_broker()
    problem(coder, "lock_problem")
    os.unlink(f"{volume.path}/.svcbroker/lock")
    coder.call("Restart", names=["gateway-coder"], wait="up")
    wait_until(lambda: "lock_problem" not in coder.state("coder"), FAR, "it has its lock")
    assert coder.call("Health")["healthy"]


def test_others_are_not_touched_by_a_liar(coder, volume):
    """What hermes makes of its own files is told of its own gateway only; and nobody can make it say that all is well."""
    volume.profile("writer", intent={"version": 1, "want": "up"})
    coder.call("Reconcile")
    coder.call("Start", names=["gateway-writer"], wait="up")
    root_owned(volume.path_of_log)
    end_logger(coder)
    problem(coder)
    assert "log_problem" not in coder.state("writer")


def test_options_that_cannot_be_read(coder):
    """Started without them, as without a word: said."""
    coder.stop_broker()
    options = coder.path(f"{BROKER}/data/options")
    os.unlink(options)
    os.mkdir(options)
    coder.start_broker()
    assert any("data/options" in line for line in coder.call("Health")["problems"])
    found = check(coder, "start")
    assert found["verdict"] == "failure" and "data/options" in found["detail"], found


def test_the_brokers_own_log(make_tree):
    tree = make_tree(before="mount -t tmpfs -o ro none /var/log")
    assert check(tree, "broker_log")["verdict"] == "ok", "nothing is known"
    script = "/usr/local/share/svcbroker/s6-rc.d/svcbrokerd-log/run"
    tree.run("root", "sh", "-ec", f"mkdir -p /run/log-service/supervise; cd /run/log-service; {script} </dev/null; "
             "ln -s /run/log-service /run/service/svcbrokerd-log", check=True)
    found = check(tree, "broker_log")
    assert found["verdict"] == "warning" and "/var/log/svcbrokerd /var/log/svcbrokerd-root" in found["detail"], found
