# SPDX-License-Identifier: ISC
"""Exceptions that come out of nowhere: of a signal's handler, of a cancelled task. The next call has its own reply, whatever the
exception is, and wherever it came."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import sys
import threading

import pytest

import svcbroker
import svcbroker.aio
from conftest import DEADLINE_SEC, TOP, wait_main_sleeps, wait_until


class Interrupt(Exception):
    """Like Celery's SoftTimeLimitExceeded."""


class Failed(BaseException):
    """Like pytest-timeout's."""


# What handlers raise. Some are of classes that the client itself knows.
RAISED = [Interrupt(), Failed(), KeyboardInterrupt(), SystemExit(3), TimeoutError(), TimeoutError(errno.ETIMEDOUT, "x"), InterruptedError(),
          BlockingIOError(errno.EAGAIN, "x"), ConnectionResetError(errno.ECONNRESET, "x"), BrokenPipeError(errno.EPIPE, "x"), ValueError(),
          RecursionError(), svcbroker.TimedOut("x"), svcbroker.ConnectionFailed("x"), svcbroker.ProtocolError("x"),
          svcbroker.BrokerError("io.svcbroker.X", {})]
IDS = [f"{type(error).__name__}{'-' if error.args else ''}{len(error.args)}" for error in RAISED]

METHODS = {
    "status": lambda client, name: client.status(name),
    "start": lambda client, name: client.start(name, wait=True),
    "stop": lambda client, name: client.stop(name),
    "restart": lambda client, name: client.restart(name),
    "reset": lambda client, name: client.reset(name),
    "register": lambda client, name: client.register(name),
    "unregister": lambda client, name: client.unregister(name),
    "call": lambda client, name: client.call("Status", {"name": name}),
    "list": lambda client, name: client.call("List", {"name": name}),
    "watch": lambda client, name: next(client.watch(name)),
    "stream": lambda client, name: next(client.stream("Start", {"names": [name]})),
    "start_each": lambda client, name: list(client.start_each(name)),
}


@contextlib.contextmanager
def alarm_raises(error, when):
    """A handler that raises it, and a thread that sends the signal when `when` has returned."""
    def handler(*_):
        raise error

    def send():
        when()
        wait_main_sleeps()  # after what `when` saw, the client goes to sleep; before that, an event loop may take the exception for its own
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    before = signal.signal(signal.SIGUSR1, handler)
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)


def name_in(result):
    """That of the service which a reply is about."""
    if isinstance(result, dict):
        return result["service"]["name"]
    if isinstance(result, (list, tuple)):
        return name_in(result[0])
    return getattr(result, "service", None).name if hasattr(result, "service") else getattr(result, "name", None)


@pytest.mark.parametrize("error", RAISED, ids=IDS)
def test_in_the_middle_of_a_reply(broker, connect, error):
    client = connect()
    if isinstance(error, InterruptedError) and not isinstance(client, svcbroker.Client):
        pytest.skip("the event loop takes it for the kernel's, and goes on")
    assert client.status("before").name == "before"
    broker.hold("a")
    with alarm_raises(error, lambda: wait_until(lambda: "a" in broker.begun)):
        with pytest.raises(type(error)) as caught:
            client.start("a", wait=True)
    assert caught.value is error
    assert broker.heard.count("a") == 1, "it was not sent again"
    broker.release("a")
    assert client.start("b", wait=True)[0].name == "b"
    assert client.status("c").name == "c"


@pytest.mark.parametrize("method", METHODS)
def test_in_every_method(broker, connect, method):
    client = connect()
    client.status("before")
    broker.hold("a")
    with alarm_raises(Interrupt(), lambda: wait_until(lambda: "a" in broker.begun)):
        with pytest.raises(Interrupt):
            METHODS[method](client, "a")
    broker.release("a")
    for name in METHODS:
        result = METHODS[name](client, f"b-{name}")
        if name != "unregister":
            assert name_in(result) == f"b-{name}"


def silent(heard, ended):
    def serve(peer):
        peer.receive()
        heard.set()
        assert peer.receive() is None
        ended.set()
    return serve


def test_the_connection_is_closed_at_once(fake, path):
    """Also while the exception is kept, and with it every frame that it went through."""
    heard, ended = threading.Event(), threading.Event()
    fake(silent(heard, ended))
    client = svcbroker.Client(path)
    with alarm_raises(Interrupt(), heard.wait):
        with pytest.raises(Interrupt) as caught:
            client.health()
    assert ended.wait(DEADLINE_SEC) and caught.value


async def cancel_when(heard, awaitable):
    task = asyncio.ensure_future(awaitable)
    while not heard.is_set():
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return task


def test_the_connection_of_a_cancelled_task_is_closed_at_once(fake, path):
    heard, ended = threading.Event(), threading.Event()
    fake(silent(heard, ended))
    client = svcbroker.aio.Client(path)

    async def main():
        task = await cancel_when(heard, client.health())
        assert ended.wait(DEADLINE_SEC) and task
    asyncio.run(main())


def numbers(heard, go):
    def serve(peer):
        peer.receive()
        heard.set()
        go.wait(DEADLINE_SEC)
        for number in range(5):
            peer.reply({"number": number}, continues=True)
        peer.receive()
    return serve


@pytest.mark.parametrize("open_it", [lambda client: client.watch("x"), lambda client: client.stream("Watch")], ids=["watch", "stream"])
def test_a_stream_does_not_go_on_with_a_gap(fake, path, open_it):
    heard, go = threading.Event(), threading.Event()
    fake(numbers(heard, go))
    stream = open_it(svcbroker.Client(path))
    with alarm_raises(Interrupt(), heard.wait):
        with pytest.raises(Interrupt):
            next(stream)
    go.set()
    for _ in range(2):
        with pytest.raises(svcbroker.ConnectionFailed, match="broken off"):
            next(stream)
    stream.close()
    assert list(stream) == []


@pytest.mark.parametrize("open_it", [lambda client: client.watch("x"), lambda client: client.stream("Watch")], ids=["watch", "stream"])
def test_a_cancelled_stream_does_not_go_on_with_a_gap(fake, path, open_it):
    heard, go = threading.Event(), threading.Event()
    fake(numbers(heard, go))

    async def main():
        stream = open_it(svcbroker.aio.Client(path))
        await cancel_when(heard, stream.__anext__())
        go.set()
        for _ in range(2):
            with pytest.raises(svcbroker.ConnectionFailed, match="broken off"):
                await stream.__anext__()
        stream.close()
        assert [event async for event in stream] == []
    asyncio.run(main())


def test_a_handler_that_calls(broker, connect, path):
    """With the client that it interrupts. (asyncio's cannot be entered twice.)"""
    client = svcbroker.Client(path)
    broker.hold("a")
    said = []

    def handler(*_):
        said.append(client.status("from-the-handler").name)
        broker.release("a")
    before = signal.signal(signal.SIGUSR1, handler)
    main = threading.main_thread().ident
    thread = threading.Thread(target=lambda: [wait_until(lambda: "a" in broker.heard), signal.pthread_kill(main, signal.SIGUSR1)])
    thread.start()
    try:
        assert client.status("a").name == "a" and said == ["from-the-handler"]
        assert client.status("b").name == "b"
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)


def test_many_alarms(broker, path):
    """At moments of their own choosing."""
    client = svcbroker.Client(path)

    def handler(*_):
        raise Interrupt
    before = signal.signal(signal.SIGALRM, handler)
    interrupted = 0
    try:
        for number in range(3000):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 * (number % 500 + 1))
                try:
                    got = client.status(f"n{number}").name
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Interrupt:
                interrupted += 1
            else:
                assert got == f"n{number}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted > 0
    client.close()


class Injector:
    """Raises at the so many-th instruction that is executed in the package: there are no more places."""

    def __init__(self, error, at, *, everywhere):
        self.error, self.left, self.everywhere = error, at, everywhere
        self.done = False

    def __enter__(self):
        sys.settrace(self.enter)

    def __exit__(self, *_):
        sys.settrace(None)

    def enter(self, frame, event, argument):
        name = frame.f_code.co_filename
        if frame.f_code.co_name == "__del__" or not (name.startswith(f"{TOP}/client/python") or self.everywhere and "/json/" in name):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.step

    def step(self, frame, event, argument):
        if event == "opcode" and not self.done:
            self.left -= 1
            if self.left < 0:
                self.done = True
                sys.settrace(None)
                raise self.error
        return self.step


def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("error", [Interrupt(), TimeoutError(), ConnectionResetError(errno.ECONNRESET, "x"), ValueError(),
                                   svcbroker.ConnectionFailed("x")], ids=lambda error: type(error).__name__)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # that is where it came, now and then
@pytest.mark.parametrize("call", ["Status", "Stream"])
def test_at_every_instruction(broker, connect, error, call):
    client = connect(timeout=60)

    def use(name):
        if call == "Status":
            return client.status(name).name
        return [reply["service"]["name"] for reply in client.stream("Status", {"name": name})]
    use("before")
    open_before = None
    places = step = 0
    while True:
        injector = Injector(error, places, everywhere=True)
        try:
            with injector:
                use("a")
        except type(error) as caught:
            assert caught is error and injector.done
            error.__traceback__ = None
        except StopIteration:
            raise AssertionError("the end of a generator was made up") from None
        # What an event loop calls back is not in the call.
        assert client.status("b").name == "b", f"instruction {places}"
        if not injector.done:
            break
        if open_before is None and places >= 20:
            open_before = descriptors()
        places += 1 + step % 3 * 2  # most of them: all would take a minute
        step += 1
    assert places > 300
    assert descriptors() <= open_before + 6, "connections are left open"


@pytest.mark.parametrize("turns", range(12))
def test_cancelled_after_so_many_turns_of_the_loop(broker, path, turns):
    async def main():
        async with svcbroker.aio.Client(path) as client:
            await client.status("before")
            task = asyncio.ensure_future(client.status("a"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                assert (await task).name == "a"
            return [(await client.status(name)).name for name in ("b", "c")]
    assert asyncio.run(main()) == ["b", "c"]


def test_the_end_of_an_asyncio_run_by_a_signal(broker, path):
    """KeyboardInterrupt ends the loop, whatever task it hit. The client is of use in the next one."""
    client = svcbroker.aio.Client(path)
    broker.hold("a")

    async def main():
        await client.start("a", wait=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=lambda: [wait_until(lambda: "a" in broker.heard), os.kill(os.getpid(), signal.SIGINT)])
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main())
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    broker.release("a")

    async def again():
        async with client:
            return await client.status("b")
    assert asyncio.run(again()).name == "b"


def test_a_generator_that_is_left(broker, connect):
    """GeneratorExit in a caller's own generator, in the middle of a stream."""
    client = connect()

    def names():
        for reply in client.stream("Watch", {"name": "x"}):
            yield reply["service"]["name"]
            client.status("inner")
    generator = names()
    assert next(generator) == "x"
    generator.close()
    assert client.status("after").name == "after"
