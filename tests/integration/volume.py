# SPDX-License-Identifier: ISC
"""A volume for a tree, from outside."""

import json
import os
import re

from tree import wait_until

UID = 10000


class Volume:
    """A volume from outside: what is made in it is hermes's."""

    def __init__(self, path):
        self.path = str(path)
        os.chown(self.path, UID, UID)

    def write(self, name, text):
        path = f"{self.path}/{name}"
        self.directory(os.path.dirname(name))
        with open(path, "w" if isinstance(text, str) else "wb") as file:
            file.write(text)
        os.chown(path, UID, UID)

    def directory(self, name):
        path = self.path
        for part in name.split("/") if name else []:
            path += f"/{part}"
            if not os.path.isdir(path):
                os.mkdir(path, 0o755)
                os.chown(path, UID, UID)

    def profile(self, name, state=None, intent=None, **files):
        """What makes it one comes last: a broker that looks meanwhile sees all of it, or nothing."""
        where = "" if name == "default" else f"profiles/{name}/"
        if state is not None:
            self.write(f"{where}gateway_state.json", state if isinstance(state, (str, bytes)) else json.dumps(state))
        if intent is not None:
            self.write(f".svcbroker/intent/{name}", intent if isinstance(intent, (str, bytes)) else json.dumps(intent))
        for file, text in files.items():
            self.write(f"{where}{file.replace('_json', '.json').replace('_pid', '.pid')}", text)
        if where:
            self.write(f"{where}SOUL.md", "You.\n")

    def read(self, name):
        with open(f"{self.path}/{name}") as file:
            return file.read()

    def intent(self, profile):
        return json.loads(self.read(f".svcbroker/intent/{profile}"))

    def boot_log(self, least=1):
        """What the boots have written there, when that is so many lines: each boot writes its own behind the last of its slots, all at once."""
        return wait_until(lambda: len(lines := self.boot_lines()) >= least and lines, what=f"{least} lines of the boot log")

    def boot_text(self):
        """The first boot's as it stands there."""
        def written():
            try:
                return self.read("logs/container-boot.log")
            except FileNotFoundError:
                return ""
        return wait_until(lambda: " profile=default " in (text := written()) and text, what="the boot log")

    def boot_lines(self):
        try:
            lines = self.read("logs/container-boot.log").splitlines()
        except FileNotFoundError:
            return []
        found = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 profile=(\S+) prior_state=(\S+) action=(\S+)(?: why=\S+)? "
                              r"prior_exit=(?:clean|unclean|unknown)", line) for line in lines]
        return [match.groups() for match in found] if all(found) else []
