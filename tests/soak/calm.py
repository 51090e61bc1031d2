# SPDX-License-Identifier: ISC
"""The end of a soak: faults and orders have ceased, and what is wrong now stays wrong."""

import os
import time

from clients import STEADY
from look import intent_on, left_anywhere, slot_record
from tree import SERVICES
from varlink import Closed, VarlinkError

# A logger that could not use its directory tries again after a minute, and so on: LOCKS_TRY_MSEC and the like.
CALM_SEC = 300.0
MOVING = ("backoff", "failed", "held")


def listed(soak):
    with soak.connect("root") as connection:
        return {service["name"]: service for reply in connection.stream("List") for service in reply["services"]}


def behaviour_of(tree, profile):
    try:
        return tree.slot_variables(profile).get("GATEWAY_TEST", "")
    except (FileNotFoundError, KeyError):
        return ""


def wrong_service(soak, profile, service, wants):
    """Of one: what it is told as, against what was ordered, the slot, and the volume."""
    found = []
    there = soak.ground.is_profile(profile.name)
    allowed = wants[profile.name] if wants else profile.want.candidates()
    if service is None:
        if there:
            found.append("has its directory and no gateway")
        return found
    want, state = service["want"], service["state"]
    if allowed == {"absent"}:
        found.append("is there, and was unregistered")
    elif not profile.want.allows(want, allowed):
        found.append(f"is wanted {want}: {allowed} can be")
    if not there:
        return found  # it is held, or runs until it ends
    if want == "down" and (state != "down" or service.get("pid")):
        found.append(f"is {state}, and not wanted")
    if want == "up" and state != "up":
        if behaviour_of(soak.tree, profile.name) in STEADY:
            found.append(f"is {state}, and wanted: {service.get('reason')}")
        elif state in MOVING and not service.get("reason"):
            found.append(f"is {state}, and nothing says why")
    record, intent = slot_record(soak.tree, profile.name), intent_on(soak.ground.mount, profile.name)
    variables = soak.tree.slot_variables(profile.name)
    if record["want"] != want or record["unpersisted"]:
        found.append(f"slot: want={record['want']} unpersisted={record['unpersisted']}, told as {want}")
    if intent is None:
        if profile.want.candidates() - {"any"} and not profile.want.allows(None, allowed) and (want == "up" or variables):
            found.append(f"is wanted {want} with {variables}, and the volume has nothing")
    elif intent["want"] != want or intent.get("environment", {}) != variables:
        found.append(f"volume: {intent['want']} {intent.get('environment')}, slot: {want} {variables}")
    if not profile.environment.allows(variables.get("SOAK"), profile.environment.candidates()):
        found.append(f"has the variables of {variables.get('SOAK')}: {profile.environment.candidates()} can be")
    return found


def wrong_processes(soak, services):
    found = []
    lines = [line for line, _, _ in soak.tree.processes().values()]
    gateways = [name for name, service in services.items() if service["kind"] == "gateway"]
    for name in gateways:
        for half in (name, f"{name}/log"):
            if (number := lines.count(f"s6-supervise {half}")) != 1:
                found.append(f"{number} supervisors of {half}")
    known = {f"s6-supervise {half}" for name in gateways for half in (name, f"{name}/log")} | {"s6-supervise svcbrokerd"}
    found += [f"a stray: {line}" for line in lines if line.startswith("s6-supervise") and line not in known]
    running = soak.looker.gateways()
    for profile, pids in running.items():
        service = services.get(f"gateway-{profile}")
        if len(pids) > 1 or not service or (service["want"] == "down" and service["state"] == "down"):
            found.append(f"processes {pids} of gateway-{profile}: {service and (service['state'], service['want'])}")
    loggers = [line for line in lines if line.startswith("s6-log ") or "/s6-log " in line]
    for name in gateways:
        own = [line for line in loggers if line.endswith(f"/gateways/{name.removeprefix('gateway-')}")]
        waits = os.path.exists(f"{soak.tree.path(SERVICES)}/{name}/log/down")  # it has never begun, and there is nothing to log
        if len(own) != (0 if waits else 1):
            found.append(f"{len(own)} loggers of {name} that write its directory")
    found += [f"a zombie: {pid} {name}" for pid, (state, _, name) in soak.looker.states().items() if state == "Z"]
    return found


def wrong_telling(soak, services):
    """Watch against List, and Health against both."""
    found = []
    steady = {name for name, service in services.items()
              if service["want"] == "down" or behaviour_of(soak.tree, name.removeprefix("gateway-")) in STEADY}
    for watcher in soak.watchers:
        picture = dict(watcher.picture)
        if picture.keys() != services.keys():
            found.append(f"{watcher.name} has {sorted(picture.keys() ^ services.keys())[:5]} more or less than List")
        for name in steady & picture.keys():
            if picture[name] != services[name]:
                other = {key: (picture[name].get(key), services[name].get(key)) for key in services[name] | picture[name]
                         if picture[name].get(key) != services[name].get(key)}
                found.append(f"{watcher.name} and List differ on {name}: {other}")
    health = soak.tree.call("Health", "root")
    if health["services"] != len(services):
        found.append(f"Health: {health['services']} services, List: {len(services)}")
    moving = len(services) - len(steady)
    for what, number in (("wanted", sum(service["want"] == "up" for service in services.values())),
                         ("up", sum(service["state"] == "up" for service in services.values()))):
        if abs(health[what] - number) > (moving if what == "up" else 0):
            found.append(f"Health: {what} {health[what]}, List: {number}")
    for name in steady:
        said = any(line.startswith((f"{name} ", f"{name}:")) for line in health["problems"])
        if said != bool(services[name].get("problem")) and soak.ground.is_profile(name.removeprefix("gateway-")):
            found.append(f"Health {'has' if said else 'lacks'} a line of {name}, whose problem is {services[name].get('problem')}: "
                         f"{[line for line in health['problems'] if name in line]}")
    names = {line.split()[0].rstrip(":") for line in health["problems"]}
    found += [f"Health: {line}" for line in health["problems"]
              if not line.startswith("gateway-") and line not in soak.problems_at_first]
    found += [f"Health tells of {name}, which List does not know" for name in names if name.startswith("gateway-") and name not in services]
    return found


def wrong_now(soak, wants):
    services = listed(soak)
    found = []
    for profile in soak.ledger.profiles.values():
        found += [f"{profile.service} {what}" for what in wrong_service(soak, profile, services.get(profile.service), wants)]
    found += [f"{name} has a problem: {service['problem']} {service.get('reason')}" for name, service in services.items()
              if service.get("problem") and behaviour_of(soak.tree, name.removeprefix("gateway-")) in STEADY
              and soak.ground.is_profile(name.removeprefix("gateway-"))]
    found += wrong_processes(soak, services)
    found += wrong_telling(soak, services)
    found += [f"left: {path}" for path in left_anywhere(soak.tree, soak.ground.mount)]
    found += [f"a slot that List does not know: {name}" for name in os.listdir(soak.tree.path(SERVICES))
              if name.startswith("gateway-") and name not in services]
    return found


def wait_calm(soak, when, wants=None):
    """Until nothing is wrong any more; what is left at the end of that time is what was violated. wants: {profile: what may be wanted}."""
    began = time.monotonic()
    found = ["nothing was looked at"]
    while found and time.monotonic() - began < CALM_SEC:
        try:
            found = wrong_now(soak, wants)
        except (OSError, Closed, VarlinkError) as error:
            found = [f"cannot be looked at: {error!r}"]
        time.sleep(0.5 if found else 0)
    for what in found:
        soak.ledger.violated(f"{when}, after {CALM_SEC:.0f} s without orders and faults: {what}")
    soak.ledger.took(f"until calm {when}", time.monotonic() - began)
