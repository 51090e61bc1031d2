# SPDX-License-Identifier: ISC
"""The tree that a soak runs on, and the volume below it."""

import ctypes
import os
import shutil
import struct
import subprocess

import idl
from tree import TOP, Tree
from volume import UID, Volume

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
CLOCK = "/run/soak.clock"
END_MSEC = 600000  # for a broker that does not end: long enough for a look at why

# Delays so short that a run meets many, and that its end is soon.
OPTIONS = ("--settle-msec", "1500", "--backoff-first-msec", "500", "--backoff-most-msec", "5000", "--backoff-healthy-msec", "30000",
           "--elsewhere-look-msec", "1000")

# Every program that begins in the tree has the clock of the soak. What is mounted in /etc already is mounted there again.
BEFORE = """
cp {library} /run/soak.clock.so
head -c 8 /dev/zero >{clock}
echo /run/soak.clock.so >/opt/etc/ld.so.preload
lay /etc/ld.so.preload /opt/etc/ld.so.preload
for file in passwd group ld.so.cache; do
    [ ! -e /opt/etc/$file ] || mount --bind /opt/etc/$file /etc/$file
done
"""


def private_mounts():
    """What is mounted from here on is nobody else's, and goes with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
        raise SystemExit(f"no mount namespace: {os.strerror(ctypes.get_errno())}")


def other_s6(suite):
    """For tools/lib/tree.sh; None is this machine's."""
    if suite == "own":
        return None
    made = subprocess.run([f"{TOP}/tests/integration/s6-root", suite], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if made.returncode:
        raise SystemExit(made.stderr.strip())
    return made.stdout.strip()


class Ground:
    """A volume of a file system of its own, and one tree after another on it."""

    def __init__(self, build, work, names, s6):
        self.build = build
        self.work = work
        self.s6 = other_s6(s6)
        texts = []
        for name in ("io.svcbroker", "org.varlink.service"):
            with open(f"{TOP}/proto/{name}.varlink") as file:
                texts.append(file.read())
        self.service = idl.Service(*texts)
        self.mount = f"{work}/volume"
        os.mkdir(self.mount)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0755,size={64 + len(names)}m,nr_inodes={20000 + 200 * len(names)}", "soak", self.mount],
                       check=True)
        self.volume = Volume(self.mount)
        self.library = f"{work}/clock.so"
        self.has_clock = self.s6_is_of_this_libc() and shutil.which("cc") is not None and subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", self.library, f"{TOP}/tests/soak/clock.c"], check=False).returncode == 0
        self.tree = None

    def s6_is_of_this_libc(self):
        """What is linked statically, or with musl, would go by another clock than the broker."""
        with open(f"{self.s6 or os.environ.get('TREE_S6', '')}/usr/bin/s6-supervise", "rb") as file:
            return b"/ld-linux" in file.read()

    def boot(self):
        environment = {"profiles": "", "volume": self.mount}
        if self.s6:
            environment["s6"] = self.s6
        if self.has_clock:
            environment["before"] = BEFORE.format(library=self.library, clock=CLOCK)
        self.tree = Tree(self.build, self.service, OPTIONS, **environment)
        self.tree.environment["TREE_KILL_MSEC"] = str(END_MSEC)
        self.tree.sanitizers = ":verify_asan_link_order=0"  # the clock comes before the sanitizer
        self.tree.tainted = True  # it is judged here, not by the tree
        self.tree.boot()
        return self.tree

    def step_clock(self, seconds):
        with open(self.tree.path(CLOCK), "r+b") as file:
            (now,) = struct.unpack("=q", file.read(8))
            file.seek(0)
            file.write(struct.pack("=q", now + seconds))

    def directory(self, profile):
        return f"{self.mount}/profiles/{profile}"

    def make_profile(self, name):
        self.volume.directory(f"profiles/{name}")
        try:
            self.volume.write(f"profiles/{name}/SOUL.md", "You.\n")
        except OSError:
            return False  # the volume is full just now
        return True

    def remove_profile(self, name):
        shutil.rmtree(self.directory(name), ignore_errors=True)

    def is_profile(self, name):
        return os.path.exists(f"{self.directory(name)}/SOUL.md")

    def keep_logs(self, where):
        if self.tree and self.tree.parent is not None:
            shutil.copyfile(self.tree.path("/run/container.log"), where)

    def close(self):
        if self.tree and self.tree.parent is not None:
            self.tree.kill()
        subprocess.run(["umount", "-l", self.mount], check=False)


def owned_directory(path):
    os.mkdir(path, 0o700)
    os.chown(path, UID, UID)
