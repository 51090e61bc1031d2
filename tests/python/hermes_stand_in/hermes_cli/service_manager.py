# SPDX-License-Identifier: ISC
"""What the adapter touches of Hermes's module of this name. Its own way is only noted. Its names, parameters and errors are Hermes's as
tests/python/signatures.json has them (read on 2026-11-27), which test_signatures.py holds."""

import os
from pathlib import Path

S6_DYNAMIC_SCANDIR = Path("/run/service")


class S6Error(RuntimeError):
    def __init__(self, message, *, service=None):
        super().__init__(message)
        self.service = service


class GatewayNotRegisteredError(S6Error):
    def __init__(self, profile):
        self.profile = profile
        super().__init__(f"no such gateway {profile!r}", service=f"gateway-{profile}")


class S6CommandError(S6Error):
    def __init__(self, *, service, action, returncode, stderr):
        self.action = action
        self.returncode = returncode
        self.stderr = stderr
        super().__init__(f"{action} on {service!r} failed (rc={returncode}): {stderr}", service=service)


own_way = []
desired = []


def _write_gateway_desired_state(name, desired_state):
    desired.append((name, desired_state))


def register_unregistered_profile_gateway(mgr, profile):
    if not (Path(os.environ.get("HERMES_HOME", "/opt/data")) / "profiles" / profile / "SOUL.md").exists():
        return False
    mgr.register_profile_gateway(profile, start_now=False)
    return True


class S6ServiceManager:
    kind = "s6"

    def __init__(self, scandir=S6_DYNAMIC_SCANDIR):
        self.scandir = scandir

    def start(self, name):
        """Hermes's own words."""
        own_way.append(("start", name))
        _write_gateway_desired_state(name, "running")

    def stop(self, name):
        own_way.append(("stop", name))
        _write_gateway_desired_state(name, "stopped")

    def restart(self, name):
        own_way.append(("restart", name))
        _write_gateway_desired_state(name, "running")

    def is_running(self, name):
        own_way.append(("is_running", name))
        return False

    def supports_runtime_registration(self):
        return True

    def register_profile_gateway(self, profile, *, extra_env=None, start_now=True):
        own_way.append(("register", profile))

    def unregister_profile_gateway(self, profile):
        own_way.append(("unregister", profile))

    def list_profile_gateways(self):
        own_way.append(("list",))
        return []


class SystemdServiceManager:
    kind = "systemd"


def detect_service_manager():
    try:
        comm = Path("/proc/1/comm").read_text(encoding="utf-8").strip()
    except OSError:
        comm = ""
    return "s6" if comm == "s6-svscan" and Path("/run/s6/basedir").is_dir() else "systemd"


_MANAGER_CLASSES = {"systemd": SystemdServiceManager, "s6": S6ServiceManager}


def get_service_manager():
    return _MANAGER_CLASSES[detect_service_manager()]()
