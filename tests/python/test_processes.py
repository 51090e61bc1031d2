"""What a client meets beside signals: forks, threads, other event loops, being closed from elsewhere, and the interpreter's end. Each
script runs with every Python that there is, and says nothing at its end."""

import asyncio
import os
import pickle
import socket
import subprocess
import textwrap
import threading
import time

import pytest

import svcbroker
import svcbroker.aio
from conftest import TOP, Peer, Told, told, wait_until
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
        done = subprocess.run([request.param, "-B", "-X", "dev", "-W", "error", *options, "-c", HEAD + textwrap.dedent(text), path], capture_output=True,
                              text=True, timeout=120, env={"PYTHONPATH": f"{TOP}/client/python", "PATH": "/usr/bin:/bin"})
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


# Closing from elsewhere

@pytest.mark.parametrize("call", ["status", "start"])
def test_another_thread_closes_the_client(broker, path, call):
    broker.hold("a")
    client = svcbroker.Client(path, timeout=60)
    raised = []

    def use():
        try:
            client.status("a") if call == "status" else client.start("a", wait=True)
        except svcbroker.Error as error:
            raised.append(error)
    thread = threading.Thread(target=use)
    thread.start()
    wait_until(lambda: "a" in broker.heard)
    client.close()
    thread.join(20)
    assert not thread.is_alive() and isinstance(raised[0], svcbroker.ConnectionFailed) and raised[0].sent
    assert broker.heard.count("a") == 1, "it is not sent again"
    broker.release("a")
    assert client.status("b").name == "b"


def test_another_thread_closes_while_the_broker_is_waited_for(path, fake):
    first = fake(lambda peer: [peer.receive(), peer.reply(told("a"))] and None)
    client = svcbroker.Client(path, timeout=60)
    client.status("a")
    first.close()
    raised = []

    def use():
        try:
            client.status("b")
        except svcbroker.Error as error:
            raised.append(error)
    thread = threading.Thread(target=use)
    thread.start()
    time.sleep(0.2)
    client.close()
    thread.join(20)
    assert not thread.is_alive() and "closed meanwhile" in str(raised[0]) and not raised[0].sent


def test_another_thread_closes_a_stream(broker, path):
    broker.hold("a")
    watch = svcbroker.Client(path).watch("a")
    got = []
    thread = threading.Thread(target=lambda: got.extend(watch))
    thread.start()
    wait_until(lambda: "a" in broker.heard)
    with pytest.raises(RuntimeError, match="already"):
        next(watch)
    watch.close()
    thread.join(20)
    assert not thread.is_alive() and got == []


def test_another_task_closes(broker, path):
    async def main():
        client = svcbroker.aio.Client(path, timeout=60)
        for name, begin in (("a", client.status), ("b", lambda name: client.start(name, wait=True))):
            broker.hold(name)
            task = asyncio.ensure_future(begin(name))
            while name not in broker.heard:
                await asyncio.sleep(0.005)
            client.close()
            with pytest.raises(svcbroker.ConnectionFailed, match="closed meanwhile"):
                await task
        broker.hold("w")
        watch = client.watch("w")
        task = asyncio.ensure_future(watch.__anext__())
        while "w" not in broker.heard:
            await asyncio.sleep(0.005)
        with pytest.raises(RuntimeError, match="already"):
            await watch.__anext__()
        watch.close()
        with pytest.raises(StopAsyncIteration):
            await task
        assert (await client.status("c")).name == "c"
    asyncio.run(main())


# Turns

def test_a_call_beside_an_order_that_waits(broker, path):
    """Has a connection of its own."""
    async def main():
        async with svcbroker.aio.Client(path, timeout=20) as client:
            broker.hold("a")
            order = asyncio.ensure_future(client.start("a", wait=True))
            while "a" not in broker.heard:
                await asyncio.sleep(0.005)
            assert (await client.status("b")).name == "b"
            assert not order.done()
            broker.release("a")
            assert (await order)[0].name == "a"
    asyncio.run(main())


def test_the_time_that_a_call_waits_for_its_turn_counts(broker, path):
    async def main():
        async with svcbroker.aio.Client(path, timeout=60) as client:
            held = [f"h{number}" for number in range(svcbroker.aio.CALLS_MAX)]
            for name in held:
                broker.hold(name)
            tasks = [asyncio.ensure_future(client.status(name)) for name in held]
            while not set(held) <= set(broker.heard):
                await asyncio.sleep(0.005)
            with pytest.raises(svcbroker.TimedOut, match="other calls"):
                await client.call("Status", {"name": "late"}, timeout=0.3)
            cancelled = asyncio.ensure_future(client.status("cancelled"))
            waiting = asyncio.ensure_future(client.status("waiting"))
            await asyncio.sleep(0)
            cancelled.cancel()
            await asyncio.sleep(0)
            broker.release(held[0])
            assert (await waiting).name == "waiting"
            for name in held[1:]:
                broker.release(name)
            assert [(await task).name for task in tasks] == held
            assert not {"late", "cancelled"} & set(broker.heard), "they were not sent"
    asyncio.run(main())


def test_no_more_than_the_broker_gives_a_user(fake, path):
    open_now, most, lock = [0], [0], threading.Lock()

    def serve(peer):
        with lock:
            open_now[0] += 1
            most[0] = max(most[0], open_now[0])
        Told()(peer)
        with lock:
            open_now[0] -= 1
    fake(serve)

    async def main():
        async with svcbroker.aio.Client(path, timeout=60) as client:
            names = [f"n{number}" for number in range(300)]
            statuses = await asyncio.gather(*(client.status(name) for name in names))
            orders = await asyncio.gather(*(client.start(name, wait=True) for name in names))
            assert [service.name for service in statuses] == names == [outcomes[0].name for outcomes in orders]
    asyncio.run(main())
    limit = svcbroker.aio.CALLS_MAX + svcbroker.aio.WAITS_MAX
    assert most[0] <= limit + 4 < 48


@pytest.mark.parametrize("cls", [svcbroker.Client, svcbroker.aio.Client])
def test_a_client_is_pickled_as_what_it_is_made_of(path, cls):
    copy = pickle.loads(pickle.dumps(cls(path, timeout=7)))
    assert type(copy) is cls and (copy.socket, copy.timeout) == (path, 7)




def test_a_backlog_that_is_full_is_waited_for(path, connect):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for one in waiting:
            one.setblocking(False)
            try:
                one.connect(path)
            except BlockingIOError:
                pass
        with pytest.raises(svcbroker.TimedOut, match="does not accept"):
            connect(timeout=0.3).health()
        timer = threading.Timer(0.2, accept_all, (listener,))
        timer.daemon = True
        timer.start()
        assert connect(timeout=20).status("a").name == "a"
        for one in waiting:
            one.close()
        listener.shutdown(socket.SHUT_RDWR)


def accept_all(listener):
    def serve(connection):
        with connection:
            Told()(Peer(connection))
    listener.listen(16)
    while True:
        try:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        except OSError:
            return
