# SPDX-License-Identifier: ISC
"""What words of the command line mean, for argparse."""

from __future__ import annotations

import argparse


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: seconds, more than 0")
    return value


def path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("is empty: give the path of the broker's socket")
    return text
