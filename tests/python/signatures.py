#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""signatures.py CHECKOUT: what the adapter touches of Hermes, as JSON: parameters, bases, values, exceptions; and what callers use.

Read from the text of a checkout, of which nothing is run. Facts, no code. signatures.json beside this file has what was found in
the versions that were read. A parameter with a default ends with `=', * stands where those by name begin.
"""

import ast
import json
import pathlib
import re
import sys

# Each layout that Hermes has had: {module: names}.
MANAGER = ("S6_DYNAMIC_SCANDIR", "S6Error", "GatewayNotRegisteredError", "S6CommandError", "S6ServiceManager",
           "register_unregistered_profile_gateway", "_write_gateway_desired_state")
FINDING = ("detect_service_manager", "get_service_manager")
LAYOUTS = ({"hermes_cli.service_manager": MANAGER + FINDING}, {"gateway.s6_manager": MANAGER, "gateway.service_manager": FINDING})
CONSTANTS = {"gateway.restart": ("GATEWAY_SERVICE_RESTART_EXIT_CODE", "GATEWAY_FATAL_CONFIG_EXIT_CODE")}
METHODS = ("__init__", "start", "stop", "restart", "is_running", "supports_runtime_registration", "register_profile_gateway",
           "unregister_profile_gateway", "list_profile_gateways")
GETTERS = ("get_service_manager", "S6ServiceManager")


def parse(root, module):
    """The names at a module's top; None: there is no such module."""
    path = pathlib.Path(root, module.replace(".", "/") + ".py")
    if not path.exists():
        return None
    names = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update({target.id: node for target in targets if isinstance(target, ast.Name)})
    return names


def parameters(function):
    given = function.args
    plain = [argument.arg for argument in given.posonlyargs + given.args]
    first = len(plain) - len(given.defaults)
    words = [name + "=" * (at >= first) for at, name in enumerate(plain)]
    if given.vararg or given.kwonlyargs:
        words.append("*" + (given.vararg.arg if given.vararg else ""))
    words += [argument.arg + "=" * (default is not None) for argument, default in zip(given.kwonlyargs, given.kw_defaults)]
    return words + (["**" + given.kwarg.arg] if given.kwarg else [])


def methods(node):
    return {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}


def raised(function, names, owner=None, seen=()):
    """The exceptions that it raises by name, by itself or in what it calls of its class and module."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            word = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found |= {word.id} if isinstance(word, ast.Name) and word.id[:1].isupper() else set()
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name) and isinstance(names.get(called.id), ast.FunctionDef):
            below = names[called.id], None
        elif owner and isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "self":
            below = methods(owner).get(called.attr), owner
        else:
            continue
        if below[0] is not None and below[0].name not in seen:
            found |= raised(below[0], names, below[1], (*seen, function.name))
    return found


def called_with(function, exceptions):
    return {"parameters": ", ".join(parameters(function)), "raises": ", ".join(sorted(exceptions))}


def described(node, names):
    if isinstance(node, ast.FunctionDef):
        return called_with(node, raised(node, names))
    if isinstance(node, ast.ClassDef):
        values = {target.id: ast.literal_eval(item.value) for item in node.body if isinstance(item, (ast.Assign, ast.AnnAssign))
                  for target in (item.targets if isinstance(item, ast.Assign) else [item.target])
                  if isinstance(item.value, ast.Constant) and target.id == "kind"}
        return {"bases": [ast.unparse(base) for base in node.bases], **values,
                "methods": {name: called_with(method, raised(method, names, node)) for name, method in methods(node).items() if name in METHODS}}
    value = node.value
    return {"value": ast.literal_eval(value) if isinstance(value, ast.Constant) else ast.unparse(value)}


def names_of(root):
    """{module: {name: description}}, in the layout that the checkout has. What is not there is None."""
    for layout in LAYOUTS:
        found = {module: parse(root, module) for module in layout}
        if "S6ServiceManager" in (found[next(iter(layout))] or {}):
            break
    else:
        raise SystemExit(f"signatures.py: {root}: there is no S6ServiceManager in any of " + ", ".join(next(iter(each)) for each in LAYOUTS))
    wanted = {**layout, **{module: names for module, names in CONSTANTS.items() if parse(root, module) is not None}}
    return {module: {name: described(found[name], found) if name in found else None for name in names}
            for module, names in wanted.items() for found in [parse(root, module) or {}]}


def uses(function):
    """What a function does with managers that it gets: {"uses": [...], "catches": [...]}; None: it gets none."""
    def is_manager(node):
        return isinstance(node, ast.Name) and node.id in managers

    managers = {target.id for node in ast.walk(function) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Name) and node.value.func.id in GETTERS
                for target in node.targets if isinstance(target, ast.Name)}
    if not managers:
        return None
    calls = {id(node.func): node for node in ast.walk(function) if isinstance(node, ast.Call)}
    used, caught = set(), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and is_manager(node.value):
            call = calls.get(id(node))
            words = [] if call is None else ["_"] * len(call.args) + [f"{word.arg}=" for word in call.keywords]
            used.add(node.attr if call is None else f"{node.attr}({', '.join(words)})")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr" and is_manager(node.args[0]):
            used.add(f"getattr {ast.unparse(node.args[1])}")
        if isinstance(node, ast.Try):
            caught |= {ast.unparse(handler.type) for handler in node.handlers if handler.type is not None}
    return {"uses": sorted(used), "catches": sorted(caught)}


def callers_of(root):
    found = {}
    for path in sorted([*pathlib.Path(root, "hermes_cli").glob("*.py"), *pathlib.Path(root, "gateway").glob("*.py")]):
        text = path.read_text(encoding="utf-8")
        if path.stem in ("service_manager", "s6_manager") or not any(f"{name}(" in text for name in GETTERS):
            continue
        for node in ast.walk(ast.parse(text)):
            told = uses(node) if isinstance(node, ast.FunctionDef) else None
            if told is not None:
                found[f"{path.relative_to(root)}: {node.name}"] = told
    return found


def read(root):
    text = pathlib.Path(root, "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    return {"version": version[1] if version else None, "names": names_of(root), "callers": callers_of(root)}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[0])
    print(json.dumps(read(sys.argv[1]), indent=1))
