# SPDX-License-Identifier: ISC
"""Commands as Hermes has them: `python3 -m hermes_cli.commands WORD ...`. Imported at the top or when needed, both occur."""

import sys

from hermes_cli.service_manager import S6ServiceManager, detect_service_manager


def gateway(action, profile):
    from hermes_cli.service_manager import GatewayNotRegisteredError, get_service_manager, register_unregistered_profile_gateway
    manager = get_service_manager()
    try:
        try:
            getattr(manager, action)(f"gateway-{profile}")
        except GatewayNotRegisteredError:
            if action != "start" or not register_unregistered_profile_gateway(manager, profile):
                raise
            manager.start(f"gateway-{profile}")
    except (RuntimeError, ValueError, OSError) as error:
        print(f"✗ {error}")
        return 1
    return 0


def gateway_all(action):
    """As Hermes: the manager that gave the list is told each order."""
    from hermes_cli.service_manager import get_service_manager
    manager = get_service_manager()
    failed = 0
    for profile in manager.list_profile_gateways():
        try:
            getattr(manager, action)(f"gateway-{profile}")
        except Exception as error:
            print(f"✗ {profile}: {error}")
            failed = 1
    return failed


def profile(action, name):
    from hermes_cli.service_manager import get_service_manager
    manager = get_service_manager()
    if not manager.supports_runtime_registration():
        return 1
    if action == "delete":
        manager.unregister_profile_gateway(name)
        return 0
    try:
        manager.register_profile_gateway(name, start_now=False)
    except ValueError:
        print("there already")
    except Exception as error:
        print(f"⚠ {error}")
    return 0


def doctor():
    if detect_service_manager() != "s6":
        return 1
    manager = S6ServiceManager()
    for name in ("main-hermes", "dashboard"):
        print(f"{name}: {'up' if manager.is_running(name) else 'down'}")
    profiles = manager.list_profile_gateways()
    up = sum(manager.is_running(f"gateway-{name}") for name in profiles)
    present = sum((manager.scandir / f"gateway-{name}").is_dir() for name in profiles)
    print(f"{up} of {len(profiles)} up, {present} directories")
    return 0


if __name__ == "__main__":
    words = {"gateway": gateway, "gateway-all": gateway_all, "profile": profile, "doctor": doctor}
    sys.exit(words[sys.argv[1]](*sys.argv[2:]))
