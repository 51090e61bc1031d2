# SPDX-License-Identifier: ISC
"""Some of what list() gave, as svcctl's patterns and filters choose."""

from __future__ import annotations

import fnmatch
from typing import Collection, Iterable, Literal, Optional, Tuple, Union, get_args

from svcbroker.replies import Service, State

STATES = (*get_args(State), "served")
WILD = frozenset("*?[")


def _means(word: str, service: Service, names: Collection[str]) -> bool:
    own = (service.name, *([service.profile] if service.profile is not None else []))
    if WILD.isdisjoint(word):
        return word == service.name or (word == service.profile and word not in names)
    return any(fnmatch.fnmatchcase(name, word) for name in own)


def select(
    services: Iterable[Service],
    *words: str,
    state: Union[str, Collection[str]] = (),
    wanted: Optional[Literal["up", "down"]] = None,
    gateways: bool = False,
) -> Tuple[Service, ...]:
    """Those of list() that are meant, in its order: broker.stop(*(service.name for service in select(broker.list(), "work-*", state="up"))).

    words: names of services or profiles, or patterns of them (fnmatch); none: all. state: one or several, "served" among them.
    wanted: what is wanted of them. gateways: no static services. What matches nothing is no error: stop() without a name is.
    """
    states = (state,) if isinstance(state, str) else tuple(state)
    for word in states:
        if word not in STATES:
            raise ValueError(f"state: {word!r} is none of {', '.join(STATES)}")
    if wanted not in (None, "up", "down"):
        raise ValueError(f"wanted: {wanted!r} is neither up nor down")
    every = tuple(services)
    names = {service.name for service in every}
    return tuple(
        service
        for service in every
        if (not words or any(_means(word, service, names) for word in words))
        and (not states or ("served" if service.served else service.state) in states)
        and wanted in (None, service.want)
        and not (gateways and service.profile is None)
    )
