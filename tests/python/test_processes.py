# SPDX-License-Identifier: ISC
"""What a client meets beside signals: forks, threads, other event loops, being closed from elsewhere, and the interpreter's end. Each
script runs with every Python that there is, and says nothing at its end."""

import subprocess
import textwrap
import threading

import pytest

from conftest import TOP, wait_until
from interpreters import INTERPRETERS

HEAD = """
import asyncio, gc, os, signal, sys, threading, time, warnings
import svcbroker, svcbroker.aio
path = sys.argv[1]
import logging; logging.getLogger("asyncio").setLevel(logging.ERROR)  # a busy machine is slow
def in_child(check):
    pid = os.fork()
    if pid == 0:
        try:
            check()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
"""


@pytest.fixture(params=INTERPRETERS.values(), ids=list(INTERPRETERS))
def script(request, broker, path):
    """script(text): runs it; it must end well, and silently."""
    def run(text, *options):
        command = [request.param, "-B", "-X", "dev", "-W", "error", *options, "-c", HEAD + textwrap.dedent(text), path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env={"PYTHONPATH": f"{TOP}/client/python", "PATH": "/usr/bin:/bin"})
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return run


def test_fork(script):
    """The child has its own connection, and does not disturb the parent's. Streams stay the parent's."""
    script("""
    client = svcbroker.Client(path)
    assert client.status("a").name == "a"
    watch = client.watch("w")
    lazy = client.stream("Status", {"name": "lazy"})
    before = len(os.listdir("/proc/self/fd"))
    def check():
        assert len(os.listdir("/proc/self/fd")) == before - 2, "what is the parent's is closed in the child"
        for number in range(20):
            assert client.status(f"child{number}").name == f"child{number}"
        try: next(watch)
        except svcbroker.ConnectionFailed as error: assert "forked" in str(error)
        else: raise AssertionError("it is the parent's")
        watch.close()
        assert next(lazy)["service"]["name"] == "lazy"
        client.close()
    in_child(check)
    assert client.status("b").name == "b"
    assert next(watch).service.name == "w"
    """)


def test_fork_in_the_middle_of_a_call_of_another_thread(script, broker):
    broker.hold("slow")
    timer = threading.Thread(target=lambda: [wait_until(lambda: "child" in broker.heard), broker.release("slow")])
    timer.start()
    script("""
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads, from 3.12 on
    client = svcbroker.Client(path, timeout=60)
    got = []
    thread = threading.Thread(target=lambda: got.append(client.status("slow").name))
    thread.start()
    while not client._pool._links: time.sleep(0.01)
    time.sleep(0.1)
    def check():
        assert client.status("child").name == "child"
        client.close()
    in_child(check)
    thread.join()
    assert got == ["slow"] and client.status("b").name == "b"
    """)
    timer.join()


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_multiprocessing(script, kind, tmp_path):
    (tmp_path / "work.py").write_text(textwrap.dedent("""
        def ask(client, name, answers):
            answers.put(client.status(name).name)
    """))
    script(f"""
    sys.path.insert(0, {str(tmp_path)!r})
    import multiprocessing, work
    if __name__ == "__main__":
        context = multiprocessing.get_context({kind!r})
        client = svcbroker.Client(path)
        client.status("parent")
        answers = context.SimpleQueue()
        processes = [context.Process(target=work.ask, args=(client, f"n{{number}}", answers)) for number in range(3)]
        for process in processes: process.start()
        assert {{answers.get() for _ in processes}} == {{"n0", "n1", "n2"}}
        for process in processes: process.join()
        answers.close()
        assert client.status("after").name == "after"
    """)


def test_threads_share_a_client(script):
    script("""
    client = svcbroker.Client(path)
    wrong = []
    def use(thread):
        for number in range(200):
            name = f"{thread}-{number}"
            if client.status(name).name != name: wrong.append(name)
    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not wrong
    assert len(client._pool._idle) <= 4
    """)


def test_a_second_run_of_asyncio(script):
    """Also of a loop that was closed under a call, and with a debugging one."""
    script("""
    client = svcbroker.aio.Client(path)
    async def use(name):
        assert (await client.status(name)).name == name
        await asyncio.gather(*(client.status(name) for _ in range(50)))
    asyncio.run(use("a"))
    asyncio.run(use("b"), debug=True)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(use("c"))
    loop.close()
    threads = [threading.Thread(target=lambda: asyncio.run(use("d"))) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    asyncio.run(use("e"))
    client.close()  # without a loop
    asyncio.run(use("f"))
    """)


def test_the_end_of_the_interpreter(script):
    """Nothing is closed, and things are left half read."""
    script("""
    client = svcbroker.Client(path)
    client.status("a")
    watch = client.watch("w"); next(watch)
    half = client.stream("Status", {"name": "x"}); next(half)
    each = client.start_each("a"); next(each)
    other = svcbroker.aio.Client(path)
    kept = []
    async def main():
        await other.status("a")
        kept.append(other.watch("w")); await kept[0].__anext__()
        kept.append(other.stream("Status", {"name": "x"})); await kept[1].__anext__()
        kept.append(other.start_each("a")); await kept[2].__anext__()
        async for reply in other.stream("Status", {"name": "x"}): break
        kept.append(kept)
    asyncio.run(main())
    loop = asyncio.new_event_loop()
    async def more():
        await other.status("b")
        async for reply in other.stream("Status", {"name": "x"}): break
    loop.run_until_complete(more())
    loop.close()
    """)


def test_the_end_of_the_interpreter_in_a_call(script, broker):
    """Of a daemon thread, and of a task that asyncio.run() cancels."""
    broker.hold("slow")
    script("""
    client = svcbroker.Client(path)
    threading.Thread(target=client.status, args=("slow",), daemon=True).start()
    other = svcbroker.aio.Client(path)
    async def main():
        task = asyncio.ensure_future(other.status("slow"))
        await asyncio.sleep(0.1)
    asyncio.run(main())
    """)


def test_forgotten_ones_are_closed(script):
    script("""
    import tracemalloc
    def descriptors(): gc.collect(); return len(os.listdir("/proc/self/fd"))
    before = descriptors()
    for number in range(20):
        svcbroker.Client(path).status("a")
        next(svcbroker.Client(path).stream("Status", {"name": "x"}))
        svcbroker.Client(path).watch("w")
    assert descriptors() == before
    """)


def test_sigpipe_does_not_end_the_program(script, fake, path):
    script("""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    import socket
    ours, theirs = socket.socketpair()
    from svcbroker import _link
    link = _link.Link()
    link._socket.close()
    link._socket = _link._Socket(fileno=ours.detach())
    theirs.close()
    try: next(link.send(b"x", time.monotonic() + 5))
    except StopIteration as done: assert isinstance(done.value, svcbroker.ConnectionFailed) and done.value.sent
    """)


def test_the_connection_does_not_become_a_standard_descriptor(script):
    """What a program prints after it closed its standard output does not go to the broker."""
    script("""
    for closed in ((1,), (0,), (0, 1, 2)):
        kept = [(descriptor, os.dup(descriptor)) for descriptor in closed]
        for descriptor in closed: os.close(descriptor)
        client = svcbroker.Client(path)
        assert client.status("a").name == "a"
        watch = client.watch("w")
        link, = client._pool._idle
        assert link._socket.fileno() > 2 and not os.get_inheritable(link._socket.fileno())
        assert not {0, 1, 2} & {reference()._socket.fileno() for reference in svcbroker._link._links.valuerefs()}
        watch.close()
        for descriptor, copy in kept: os.dup2(copy, descriptor)
        for descriptor, copy in kept: os.close(copy)
        client.close()
    """)


ALARMS = """
class Interrupt(Exception): pass
def handler(*_): raise raised
signal.signal(signal.SIGALRM, handler)
def hit(call, after):
    try:
        try:
            if after: signal.setitimer(signal.ITIMER_REAL, after)
            return call()
        finally: signal.setitimer(signal.ITIMER_REAL, 0)
    except type(raised) as error:
        assert error is raised
        error.__traceback__ = error.__context__ = None
"""


def test_alarms_at_moments_of_their_own(script):
    script(ALARMS + """
client, hits = svcbroker.Client(path), 0
for raised in (Interrupt(), TimeoutError(), KeyboardInterrupt(), ConnectionResetError(104, "x")):
    for number in range(500):
        name = f"n{number}"
        got = hit(lambda: client.status(name).name, 1e-6 * (number % 250 + 1))
        assert got in (None, name)
        hits += got is None
assert hits
assert client.status("after").name == "after"
""")


def test_an_alarm_in_the_middle_of_a_reply(script, broker):
    """In the blocking client, and in an asyncio.run(), where it ends the loop."""
    broker.hold("slow")
    script(ALARMS + """
client, other = svcbroker.Client(path, timeout=60), svcbroker.aio.Client(path, timeout=60)
async def use(name): return (await other.status(name)).name
def alarm():
    # When the main thread sleeps: before that, asyncio may take the exception for one of its own callbacks', and go on.
    looks = []
    while not (len(looks) > 2 and looks[-3] == looks[-2] == looks[-1] and "S (sleeping)" in looks[-1][0]):
        time.sleep(0.005)
        with open(f"/proc/self/task/{os.getpid()}/status") as file:
            looks.append([line for line in file if line.startswith(("State:", "voluntary_", "nonvoluntary_"))])
    signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
def hit_asleep(call):
    thread = threading.Thread(target=alarm)
    thread.start()
    try: return hit(call, None)
    finally: thread.join()
for raised in (Interrupt(), TimeoutError(), KeyboardInterrupt(), ConnectionResetError(104, "x")):
    assert hit_asleep(lambda: client.status("slow")) is None
    assert client.status("b").name == "b"
    assert hit_asleep(lambda: asyncio.run(use("slow"))) is None
    assert asyncio.run(use("c")) == "c"
""")
