# SPDX-License-Identifier: ISC
"""Values of the interface's types, from what JSON gave. What a class does not name is left out, so that a newer broker's replies
still fit; what it names must be there, unless it is Optional, and of its type.
"""

from __future__ import annotations

import dataclasses
import functools
import reprlib
import typing
from typing import Any, Dict, Hashable, Mapping, Type, TypeVar, cast

T = TypeVar("T")


class Mismatch(Exception):
    """The value is not of the type."""


# What was given instead is shown as far as a person reads on: a reply may be megabytes, and nest as deep as the interpreter goes.
_shown = reprlib.Repr()
_shown.maxstring = _shown.maxother = 80


# Looking annotations up takes longer than everything else here.
@functools.lru_cache(maxsize=None)
def _hints(cls: Hashable) -> Dict[str, Any]:
    return typing.get_type_hints(cast(Any, cls))


def fields(cls: Type[Any], parameters: Mapping[str, Any]) -> Dict[str, Any]:
    """The annotated attributes of a class, with their values."""
    return {name: value(kind, parameters.get(name), name) for name, kind in _hints(cast(Hashable, cls)).items()}


def structure(cls: Type[T], given: Any, where: str = "reply") -> T:
    """An instance of a dataclass."""
    if not isinstance(given, dict):
        raise Mismatch(f"{where}: {_shown.repr(given)} is no object")
    return cls(**fields(cls, given))


def value(kind: Any, given: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return None if given is None else value(arguments[0], given, where)
    if origin is typing.Literal:
        kind = str  # a newer broker may know more words
    elif origin is tuple:
        if not isinstance(given, list):
            raise Mismatch(f"{where}: {_shown.repr(given)} is no array")
        return tuple(value(arguments[0], element, where) for element in given)
    elif origin is dict:
        kind = dict
    elif dataclasses.is_dataclass(kind):
        return structure(cast("type[Any]", kind), given, where)
    if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
        raise Mismatch(f"{where}: {_shown.repr(given)} is no {kind.__name__}")
    return given
