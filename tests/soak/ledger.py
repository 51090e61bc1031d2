# SPDX-License-Identifier: ISC
"""What may be, after what was ordered: by whom an answer came, and when, decides which orders can still be the last one."""

import threading
import time

# A call whose client went away is done all the same, and may wait its turn: so long it may still come true.
LATE_SEC = 60.0
ANY = "any"


class Cell:
    """One thing that orders set, like what is wanted of a gateway. An order can be the last one unless another was begun after it was
    over: then that one is later. What nobody knows the end of may have come true or not, until something later is known."""

    def __init__(self, lock, *values):
        self.lock = lock
        self.entries = [[time.monotonic(), time.monotonic(), set(values)]]

    def begin(self, *values):
        with self.lock:
            entry = [time.monotonic(), None, set(values)]
            self.entries.append(entry)
        return entry

    def acknowledged(self, entry, *values):
        """values: what it came to, where the answer says so."""
        with self.lock:
            entry[1] = time.monotonic()
            if values:
                entry[2] = set(values)
            self.entries = [other for other in self.entries if other[1] is None or other[1] >= entry[0]]

    def refused(self, entry):
        with self.lock:
            self.entries = [other for other in self.entries if other is not entry]

    def unknown(self, entry, late=LATE_SEC):
        with self.lock:
            entry[1] = time.monotonic() + late

    @staticmethod
    def allows(value, candidates):
        return ANY in candidates or value in candidates

    def candidates(self):
        with self.lock:
            return set().union(*(values for _, _, values in self.entries))


class Profile:
    def __init__(self, name, lasting):
        self.name = name
        self.service = f"gateway-{name}"
        self.lasting = lasting  # never unregistered
        self.lock = threading.Lock()
        self.want = Cell(self.lock, "down" if lasting else ANY)
        self.environment = Cell(self.lock, None if lasting else ANY)
        self.unpersisted = 0.0  # when an answer last did not say that it is on the volume; 0: a later one did

    @property
    def persisted(self):
        return not self.unpersisted

    def both(self):
        return (self.want, self.environment)

    def forget(self):
        """All that was not on the volume is lost, and that may be all."""
        if self.persisted:
            return
        for cell in self.both():
            cell.acknowledged(cell.begin(ANY))
        self.unpersisted = 0.0


class Ledger:
    """Violations, figures, and what is allowed of each profile."""

    def __init__(self, names, lasting, trace):
        self.profiles = {name: Profile(name, index < lasting) for index, name in enumerate(names)}
        self.violations = []
        self.counts = {}
        self.slowest = {}
        self.lock = threading.Lock()
        self.trace_file = trace
        self.began = time.monotonic()

    def trace(self, who, text):
        with self.lock:
            self.trace_file.write(f"{time.monotonic() - self.began:9.3f} {who}: {text}\n")
            self.trace_file.flush()

    def violated(self, text):
        with self.lock:
            if len(self.violations) < 1000:
                self.violations.append(f"{time.monotonic() - self.began:.1f} s: {text}")
        self.trace("VIOLATED", text)

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def took(self, what, seconds):
        with self.lock:
            self.slowest[what] = max(self.slowest.get(what, 0.0), seconds)
