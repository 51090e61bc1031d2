# SPDX-License-Identifier: ISC
"""System calls of the broker that fail while a test wants it: fault.c, preloaded."""

import errno
import os
import subprocess

from tree import TOP

RUN = "/run/s6-rc/servicedirs/svcbrokerd/run"


def before(tmp_path, *lines):
    """For make_tree(before=...). lines: what fails from the first start on."""
    library = f"{tmp_path}/fault.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", library, f"{TOP}/tests/integration/fault.c", "-ldl"], check=True)
    return (f"cp {library} /run/fault.so; printf '%s' '{text(lines)}' >/run/fault; "
            "sed -i 's|^exec .*svcbrokerd |exec env LD_PRELOAD=/run/fault.so ASAN_OPTIONS=\"${ASAN_OPTIONS-}:verify_asan_link_order=0\" "
            "/usr/local/sbin/svcbrokerd |' " + RUN)


def text(lines):
    return "".join(f"{call} {getattr(errno, name)} {word}\n" for call, name, word in lines)


def inject(tree, *lines):
    """Each (call, errno's name, word in the path); none: all works again. Replaces what failed until now."""
    path = tree.path("/run/fault")
    with open(f"{path}.new", "w") as file:
        file.write(text(lines))
    os.rename(f"{path}.new", path)
