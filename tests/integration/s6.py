# SPDX-License-Identifier: ISC
"""What s6 leaves in a service directory, read from outside a tree."""

import os
import struct
from dataclasses import dataclass


@dataclass
class Status:
    pid: int
    wait_status: int
    paused: bool
    finishing: bool
    want_up: bool
    ready: bool


def read_status(directory):
    """supervise/status of either size, or None where there is none yet."""
    try:
        with open(f"{directory}/supervise/status", "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None
    assert len(data) in (35, 43), f"a status file of {len(data)} bytes"
    (pid,) = struct.unpack_from(">Q", data, 24)
    wait_status, flags = struct.unpack_from(">HB", data, len(data) - 3)
    return Status(pid, wait_status, *(bool(flags & bit) for bit in (1, 2, 4, 8)))


def takes_orders(directory):
    """Somebody reads the FIFO there: an s6-supervise that has just been begun does not yet."""
    try:
        os.close(os.open(f"{directory}/supervise/control", os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


def count_deaths(directory):
    try:
        with open(f"{directory}/supervise/death_tally", "rb") as file:
            return len(file.read()) // 14
    except FileNotFoundError:
        return 0
