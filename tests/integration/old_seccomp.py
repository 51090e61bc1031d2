#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""old_seccomp.py PROGRAM WORD...: executes it where the system calls that are newer than an old Docker's profile are refused with EPERM, as
that did before 20.10, and not with ENOSYS. Of faccessat2 the C library takes that for the answer: whoever asks it whether a file can be read,
written or executed is told no."""

import ctypes
import os
import sys

REFUSED = {"openat2": 437, "pidfd_getfd": 438, "faccessat2": 439, "close_range": 436, "fchmodat2": 452}
PR_SET_SECCOMP, MODE_FILTER, ALLOW, ERRNO_EPERM = 22, 2, 0x7fff0000, 0x00050001
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("value", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]


def refuse(refused=tuple(REFUSED.values())):
    """The calls of these numbers, from now on, and in whatever is executed."""
    jumps = [(JUMP_IF_EQUAL, len(refused) - at, 0, number) for at, number in enumerate(refused)]
    program = [(LOAD_NUMBER, 0, 0, 0), *jumps, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO_EPERM)]
    instructions = (Instruction * len(program))(*program)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(Program(len(program), instructions)), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
