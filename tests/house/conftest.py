# SPDX-License-Identifier: ISC
"""Beside the tests: nothing here is started, mounted or written; a built tree is read."""

import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
