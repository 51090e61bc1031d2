# SPDX-License-Identifier: ISC
"""Both clients for the same tests: `Blocking` is svcbroker.aio.Client, called like svcbroker.Client."""

import asyncio

import svcbroker
import svcbroker.aio


class Blocking:
    def __init__(self, *arguments, **options):
        self.loop = asyncio.new_event_loop()
        self.client = svcbroker.aio.Client(*arguments, **options)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.loop.run_until_complete(self.client.__aexit__(*error))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def __getattr__(self, name):
        def call(*arguments, **options):
            result = getattr(self.client, name)(*arguments, **options)
            return Iterating(self.loop, result) if hasattr(result, "__anext__") else \
                self.loop.run_until_complete(result) if asyncio.iscoroutine(result) else result
        return call


class Iterating:
    def __init__(self, loop, iterator):
        self.loop, self.iterator = loop, iterator

    def __iter__(self):
        return self

    def __next__(self):
        async def step():
            return await self.iterator.__anext__()
        try:
            return self.loop.run_until_complete(step())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self):
        closing = self.iterator.close() if hasattr(self.iterator, "close") else self.iterator.aclose()
        if closing is not None:
            self.loop.run_until_complete(closing)


CLIENTS = {"blocking": svcbroker.Client, "asyncio": Blocking}
