# SPDX-License-Identifier: ISC
"""A fuzzer's loop for what is not C: inputs of a corpus are changed by chance, but the same by the same seed, and kept where they get to
lines of Python that none before got to."""

import pathlib
import random
import re
import sys
import time

import corpus

BYTES = [b"", b"\0", b"\n", b"\r", b" ", b"\\", b'"', b"-", b"0", b"\x7f", b"\x81", b"\xc3\x81", b"\xef\xbb\xbf", b"\xff"]


def dictionary(path):
    """The words of a file for libFuzzer."""
    def meant(match):
        return bytes([int(match.group(1), 16)])

    return [re.sub(rb"\\x([0-9a-f]{2})", meant, line.strip()[1:-1].encode()) for line in path.read_text().splitlines()]


class Loop:
    def __init__(self, name, seed, words, most_bytes):
        self.name = name
        self.random = random.Random(seed)
        self.words = [*words, *BYTES]
        self.most_bytes = most_bytes
        self.inputs = corpus.read(name)
        self.seen = set()

    def _place(self, data):
        return self.random.randrange(len(data) + 1)

    def mutate(self):
        data = self.random.choice(self.inputs)
        for _ in range(1 << self.random.randrange(4)):
            at, to = sorted((self._place(data), self._place(data)))
            how = self.random.randrange(7)
            if how == 0:
                data = data[:at] + self.random.choice(self.words) + data[at:]
            elif how == 1:
                data = data[:at] + bytes([self.random.randrange(256)]) + data[at + 1:]
            elif how == 2:
                data = data[:at] + data[min(to, at + 40):]
            elif how == 3:
                data = data[:at] + data[at:to] + data[at:to] + data[to:]
            elif how == 4:
                other = self.random.choice(self.inputs)
                data = data[:at] + other[self._place(other):]
            elif how == 5:  # more of the same, as often as a limit may need
                data = data[:at] + data[at:at + 1 + self.random.randrange(3)] * (1 << self.random.randrange(15)) + data[at:]
            else:
                data = re.sub(rb"\d+", lambda _: str(self.random.choice([0, -1, 1 << 31, 1 << 63, 10 ** 30])).encode(), data, count=1)
        return data[:self.most_bytes]

    def _traced(self, check, data, package):
        """Calls it; whether it got to anything new."""
        before = len(self.seen)

        def local(frame, event, argument):
            self.seen.add((frame.f_code.co_filename, frame.f_lineno))
            return local

        def trace(frame, event, argument):
            return local(frame, event, argument) if package in frame.f_code.co_filename else None

        sys.settrace(trace)
        try:
            check(data)
        finally:
            sys.settrace(None)
        return len(self.seen) > before

    def run(self, seconds, check, found, package):
        """check(data) raises what nobody promised. package: a part of the names of those files that count. Returns how many inputs
        there were; the one that failed is left below `found`."""
        end = time.monotonic() + seconds
        done = 0
        first = list(self.inputs)
        while first or time.monotonic() < end:
            data = first.pop() if first else self.mutate()
            try:
                new = self._traced(check, data, package)
            except BaseException:
                found = pathlib.Path(found)
                found.mkdir(parents=True, exist_ok=True)
                (found / f"{self.name}-input").write_bytes(data)
                print(f"{self.name}: after {done} inputs, with {corpus.escape(data)[:2000]}", file=sys.stderr)
                raise
            if new and data not in self.inputs:
                self.inputs.append(data)
            done += 1
        return done

    def merge(self, check, package):
        """The committed corpus becomes the shortest inputs of it that together get as far as all."""
        self.seen = set()
        kept = [data for data in sorted(self.inputs, key=len) if self._traced(check, data, package)]
        corpus.write(self.name, kept)
        return len(kept)

    def main(self, seconds, check, found, package):
        """seconds: as it was given to the program; "merge" is for merge()."""
        if seconds == "merge":
            print(f"{self.name}: {self.merge(check, package)} inputs")
        else:
            print(f"Done {self.run(int(seconds), check, found, package)} runs")
