# SPDX-License-Identifier: ISC
"""hang.py DIRECTORY [by-signal]: mounts a file system there whose server never answers, so that whatever touches it waits. Says `hung`; ends,
and takes the mount away, at the end of its input, or by SIGTERM."""

import ctypes
import os
import signal
import sys

MNT_DETACH = 2

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
libc = ctypes.CDLL(None, use_errno=True)
server = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={server},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"hung", sys.argv[1].encode(), b"fuse", 0, options.encode()):
    sys.exit(f"{sys.argv[1]}: {os.strerror(ctypes.get_errno())}")
print("hung", flush=True)
if len(sys.argv) > 2:
    signal.sigwait([signal.SIGTERM])
else:
    sys.stdin.read()
libc.umount2(sys.argv[1].encode(), MNT_DETACH)
