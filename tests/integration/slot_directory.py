# SPDX-License-Identifier: ISC
"""A slot's directory that nobody supervises, with a world of its own: programs, volume, container environment."""

import os
import subprocess

from tree import TOP

PROGRAM = f"{TOP}/{os.environ.get('SVCBROKER_BUILD', 'build')}/template/svcbroker-slot"
TEMPLATE = "/usr/local/share/svcbroker/gateway"
# Of a tree: its template is of before, when all of it was shell scripts.
OLD_TEMPLATE = f"cp -a tests/integration/old-template /opt/old; mv {TEMPLATE}/settings /opt/old/; rm -rf {TEMPLATE}; cp -a /opt/old {TEMPLATE}"
BEHIND = ("behind", "gateway", "collect", "sweep")
NOT_ROOT = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
SETTINGS = {"brake_seconds": 60, "brake_deaths": 5, "brake_restarts": 10, "log_files": 10, "log_file_bytes": 1000000}


class SlotDirectory:
    def __init__(self, directory, user="hermes", s6=None):
        self.path = str(directory)
        self.s6 = s6 or f"{self.path}/bin"
        for name in ("bin", "venv/bin", "volume", "environment", "slot/data", "slot/supervise", "slot/log/supervise"):
            os.makedirs(f"{self.path}/{name}")
        self.settings = {"s6": self.s6, "client_user": user, "default_home": f"{self.path}/volume",
                         "container_environment": f"{self.path}/environment", "venv": f"{self.path}/venv", **SETTINGS}
        self.write("slot/settings", "".join(f"{name}={value}\n" for name, value in self.settings.items()))
        self.write("slot/data/profile", "coder\n")
        self.write("slot/env", "")
        self.program("venv/bin/hermes", 'printf "%s\\n" "$@"; /usr/bin/env')

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w", newline="") as file:
            file.write(text)

    def read(self, name):
        with open(f"{self.path}/{name}", newline="") as file:
            return file.read()

    def program(self, name, script, shell="/bin/sh"):
        self.write(name, f"#!{shell}\n{script}\n")
        os.chmod(f"{self.path}/{name}", 0o755)

    def run(self, shell, script, *arguments, **environment):
        """A shell's script, in the slot."""
        return self.execute([*shell, script, *arguments], "slot", environment)

    def slot(self, *words, at="slot", **environment):
        """svcbroker-slot with these words. What is behind the drop is not done as root: what owns and may open all files here is another."""
        drop = NOT_ROOT if words[0] in BEHIND and os.geteuid() == 0 else []
        return self.execute([*drop, PROGRAM, *words], at, environment)

    def gateway(self):
        """The half behind the drop."""
        return self.slot("gateway", "coder", f"{self.path}/volume", "/usr/bin:/bin")

    def execute(self, command, at, environment):
        return subprocess.run(command, cwd=f"{self.path}/{at}", env={"PATH": "/usr/bin:/bin", **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
