# SPDX-License-Identifier: ISC
"""The errors of Hermes's service managers, for where Hermes itself is not there to be imported."""

from __future__ import annotations


class S6Error(RuntimeError):
    """What all of them are. service: the name in the scan directory."""

    def __init__(self, message: str, *, service: str | None = None) -> None:
        super().__init__(message)
        self.service = service


class GatewayNotRegisteredError(S6Error):
    """There is no such gateway."""

    def __init__(self, profile: str) -> None:
        super().__init__(f"profile {profile!r} has no gateway: 'svcctl register {profile}' makes one", service=f"gateway-{profile}")
        self.profile = profile


class S6CommandError(S6Error):
    """The broker refused, or cannot be reached. returncode: what svcctl would have exited with. stderr: why, for people."""

    def __init__(self, *, service: str, action: str, returncode: int, stderr: str) -> None:
        super().__init__(f"{action} of {service}: {stderr.strip() or 'failed'}", service=service)
        self.action = action
        self.returncode = returncode
        self.stderr = stderr
