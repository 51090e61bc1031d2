#!/usr/bin/python3
"""old_seccomp.py PROGRAM WORD...: executes it where faccessat2 is refused with EPERM, as by Docker's profile before 20.10. The C library
takes that for the answer, so whoever asks it whether a file can be read, written or executed is told no."""

import ctypes
import os
import sys

FACCESSAT2 = 439
PR_SET_SECCOMP, MODE_FILTER, ALLOW, ERRNO_EPERM = 22, 2, 0x7fff0000, 0x00050001
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("value", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction))]


def refuse():
    instructions = (Instruction * 4)((LOAD_NUMBER, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, FACCESSAT2), (RETURN, 0, 0, ERRNO_EPERM), (RETURN, 0, 0, ALLOW))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(Program(4, instructions)), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


if __name__ == "__main__":
    refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
