# SPDX-License-Identifier: ISC
"""A client that is closed from another thread or task, and many calls at once."""

import asyncio
import pickle
import socket
import sys
import threading

import pytest

import svcbroker
import svcbroker.aio
from conftest import DEADLINE_SEC, Peer, Told, told, wait_until

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
    thread.join(DEADLINE_SEC)
    assert not thread.is_alive() and isinstance(raised[0], svcbroker.ConnectionFailed) and raised[0].sent
    assert broker.heard.count("a") == 1, "it is not sent again"
    broker.release("a")
    assert client.status("b").name == "b"


def functions_of(thread):
    """That it is in."""
    frame, found = sys._current_frames().get(thread.ident), []
    while frame:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


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
    wait_until(lambda: "_wait" in functions_of(thread))
    client.close()
    thread.join(DEADLINE_SEC)
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
    thread.join(DEADLINE_SEC)
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
        async with svcbroker.aio.Client(path, timeout=60) as client:
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
        assert connect(timeout=60).status("a").name == "a"
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
