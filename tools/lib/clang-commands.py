#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""clang-commands.py BUILD DIRECTORY: writes compile_commands.json of the installed programs' C files to DIRECTORY, for clang's tools.

What gcc understands and clang does not is left out, and so are warnings, which the build has given already, and ccache, behind which the
analyzer knows no compiler.
"""

import json
import pathlib
import re
import sys

build, directory = map(pathlib.Path, sys.argv[1:])
commands = json.loads((build / "compile_commands.json").read_text())
kept = [dict(command, command=re.sub(r"^(\S*/)?ccache | -(fzero-call-used-regs=\S+|fcf-protection|Werror|W(?!p,)[\w=-]+)(?= )", "", command["command"]))
        for command in commands if re.search(r"(^|/)(proto|daemon|client)/[^.]*\.c$", command["file"])
        and "tests/" not in command["output"] and "tests/" not in command["file"]]
directory.mkdir(parents=True, exist_ok=True)
(directory / "compile_commands.json").write_text(json.dumps(kept, indent=1))
print(f"{len(kept)} files")
