# SPDX-License-Identifier: ISC
"""What the broker calls is on its own list of system calls: one that is not fails with EPERM, far from whoever notices."""

import ctypes
import re
import subprocess

import source

LIST = "daemon/edge/seccomp_calls.c"
# Before the filter is there.
AT_START = {"setrlimit"}
# With some arguments only, in daemon/edge/seccomp.c.
LIMITED = {"socket", "ioctl", "tgkill", "prlimit64", "clone"}


def listed():
    return set(re.findall(r'^\s*\{"(\w+)", ', source.text(LIST), flags=re.M)) | LIMITED


def kernels():
    """Every system call that this machine's headers know."""
    macros = subprocess.run(["cc", "-E", "-dM", "-x", "c", "-include", "sys/syscall.h", "/dev/null"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^#define __NR_(\w+) ", macros, flags=re.M))


def test_raw_calls():
    """Where the number is written, it is the very call."""
    used = {}
    for path in source.sources("daemon"):
        for name in re.findall(r"\bSYS_(\w+)", source.bare(path)):
            used.setdefault(name, path)
    elsewhere = {"io_uring_setup", "io_uring_register"}  # refused, and not made
    assert len(used) > 10 and {name: path for name, path in used.items() if name not in listed() | elsewhere} == {}


def test_functions_that_are_called_like_calls():
    """A function of the C library's mostly makes the call of its own name."""
    symbols = subprocess.run(["nm", "-D", "--undefined-only", source.BUILD / "daemon/svcbrokerd"], check=True, capture_output=True, text=True).stdout
    functions = {re.sub(r"^__(\w+)_chk$", r"\1", line.split()[-1].split("@")[0]) for line in symbols.splitlines()}
    known = kernels()
    calls = {name for function in functions for name in (function, function.removesuffix("64")) if name in known}
    assert len(calls) > 40 and calls - listed() - AT_START == set()


# What architectures like arm64 and riscv64 never had, and what C libraries call in its place there.
SUCCESSORS = {"access": "faccessat", "accept": "accept4", "chmod": "fchmodat", "creat": "openat", "dup2": "dup3", "epoll_create": "epoll_create1",
              "epoll_wait": "epoll_pwait", "eventfd": "eventfd2", "getdents": "getdents64", "getpgrp": "getpgid", "inotify_init": "inotify_init1",
              "link": "linkat", "lstat": "newfstatat", "mkdir": "mkdirat", "open": "openat", "pipe": "pipe2", "poll": "ppoll", "readlink": "readlinkat",
              "rename": "renameat", "rmdir": "unlinkat", "select": "pselect6", "signalfd": "signalfd4", "stat": "newfstatat", "symlink": "symlinkat",
              "time": "gettimeofday", "unlink": "unlinkat"}
OF_X86_ALONE = {"arch_prctl", "set_thread_area"}
AARCH64, X86_64 = 0xC00000B7, 0xC000003E


def test_arm64_has_the_same():
    """What is listed and is no call there has its successor listed, for the same threads at least."""
    library = ctypes.CDLL("libseccomp.so.2")
    number = library.seccomp_syscall_resolve_name_arch
    number.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    rows = {name: who for name, who in re.findall(r'^\s*\{"(\w+)", (\w+)\}', source.text(LIST), flags=re.M)}
    missing = {name for name in rows if number(X86_64, name.encode()) >= 0 > number(AARCH64, name.encode())}
    assert "open" in missing and missing <= SUCCESSORS.keys() | OF_X86_ALONE
    assert {name for name in missing - OF_X86_ALONE if rows.get(SUCCESSORS[name]) not in (rows[name], "ALL")} == set()
