# SPDX-License-Identifier: ISC
"""What services take, read from /proc with the rights of this process; the broker has no part in it.

Of all processes of the session that s6-supervise began for a service. What may not be read is None, and so is all of it where the
broker's processes are in no /proc of ours.
"""

from __future__ import annotations

import os
import re
import socket
import struct
from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

PROC = "/proc"
CGROUP = "/sys/fs/cgroup"
UNLIMITED_FROM = 1 << 60  # what version 1 says where there is no limit


@dataclass(frozen=True)
class Usage:
    """memory_bytes: the anonymous and the shared memory of each process (RssAnon and RssShmem). cpu_usec: their processor time, and
    that of their children that have ended. files: open descriptors."""

    memory_bytes: Optional[int]
    cpu_usec: Optional[int]
    processes: Optional[int]
    threads: Optional[int]
    files: Optional[int]


@dataclass(frozen=True)
class Container:
    """Of the control group with the least left, without what the kernel can drop of files. memory_limit_bytes None: no limit."""

    memory_bytes: int
    memory_limit_bytes: Optional[int]


NOTHING_KNOWN = Usage(None, None, None, None, None)

_Process = Tuple[int, int, int]  # pid, threads, ticks


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def _processes(proc: str) -> Dict[int, List[_Process]]:
    """By session."""
    found: Dict[int, List[_Process]] = {}
    try:
        names = os.listdir(proc)
    except OSError:
        return found
    for name in names:
        text = _read(f"{proc}/{name}/stat") if name.isdigit() else None
        # A command's name may hold anything, blanks and brackets too.
        fields = text.rpartition(")")[2].split() if text else []
        if len(fields) > 17:
            ticks = sum(map(int, fields[11:15]))
            found.setdefault(int(fields[3]), []).append((int(name), int(fields[17]), ticks))
    return found


def _memory(proc: str, pid: int) -> Optional[int]:
    text = _read(f"{proc}/{pid}/status")
    if text is None:
        return None if os.path.exists(f"{proc}/{pid}") else 0
    return 1024 * sum(map(int, re.findall(r"^(?:RssAnon|RssShmem):\s+(\d+)", text, re.M)))


def _files(proc: str, pid: int) -> Optional[int]:
    try:
        return len(os.listdir(f"{proc}/{pid}/fd"))
    except OSError:
        return None if os.path.exists(f"{proc}/{pid}") else 0


def _sum(values: Iterable[Optional[int]]) -> Optional[int]:
    """What is not known of one is not known of all."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def of_pids(pids: Iterable[int], *, proc: str = PROC) -> Iterator[Tuple[int, Usage]]:
    """For each the usage of the session that it leads, by one look at all processes."""
    sessions = _processes(proc)
    for pid in pids:
        members = sessions.get(pid, [])
        if not members:
            yield pid, NOTHING_KNOWN
            continue
        yield pid, Usage(
            memory_bytes=_sum(_memory(proc, member) for member, _, _ in members),
            cpu_usec=sum(ticks for _, _, ticks in members) * 1000000 // os.sysconf("SC_CLK_TCK"),
            processes=len(members),
            threads=sum(threads for _, threads, _ in members),
            files=_sum(_files(proc, member) for member, _, _ in members),
        )


def of(pid: Optional[int], *, proc: str = PROC) -> Optional[Usage]:
    """Of a service's pid, as in usage.of(client.status(name).pid); None where it has no process. Of a broker in another container,
    is_here() says that its pids mean nothing here."""
    return dict(of_pids([pid], proc=proc))[pid] if pid else None


def is_here(path: str) -> bool:
    """Whether the pids that the broker at that socket tells are those of our own /proc: it runs where we see it. Connects to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        for name in (path, path + ".observer"):
            try:
                connection.connect(name)
            except OSError:
                continue
            pid: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[0]
            return pid > 0
    return False


def _number(path: str) -> Optional[int]:
    text = (_read(path) or "").strip()
    if text == "max":
        return UNLIMITED_FROM
    return int(text) if text.isdigit() else None


def _group(directory: str, used: str, limit: str, dropped: str) -> Optional[Container]:
    used_bytes, limit_bytes = _number(f"{directory}/{used}"), _number(f"{directory}/{limit}")
    if used_bytes is None or limit_bytes is None:
        return None
    match = re.search(rf"^{dropped} (\d+)$", _read(f"{directory}/memory.stat") or "", re.M)
    return Container(max(used_bytes - int(match[1] if match else 0), 0), limit_bytes if limit_bytes < UNLIMITED_FROM else None)


def _left(group: Container) -> float:
    return float("inf") if group.memory_limit_bytes is None else group.memory_limit_bytes - group.memory_bytes


def container(*, proc: str = PROC, cgroup: str = CGROUP) -> Optional[Container]:
    """None: no control group can be seen."""
    own = _read(f"{proc}/self/cgroup") or ""
    versions = (
        (":memory:", f"{cgroup}/memory", "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"),
        ("::", cgroup, "memory.current", "memory.max", "inactive_file"),
    )
    for mark, top, used, limit, dropped in versions:
        match = re.search(rf"^\d+{mark}(/.*)$", own, re.M)
        parts = match[1].strip("/").split("/") if match and ".." not in match[1] else []
        groups = []
        for length in range(len(parts), -1, -1):
            group = _group("/".join([top, *parts[:length]]).rstrip("/"), used, limit, dropped)
            if group is not None:
                groups.append(group)
        if groups:
            return min(groups, key=_left)
    return None
