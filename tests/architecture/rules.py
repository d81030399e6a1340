"""What the architecture tests look for in a module: each rule returns the lines that break it."""

import ast
import sys
from collections.abc import Iterator

MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 300
LONG_PAUSE_S = 1
VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}


def long_functions(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]


def imports_beyond_the_standard_library(tree: ast.Module, own_package: str) -> list[int]:
    """`own_package` is the package that a module may import from, beside the standard library."""
    return [
        line
        for line, name in _imported(tree)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not f"{name}.".startswith(f"{own_package}.")
    ]


def swallowed_exceptions(tree: ast.Module) -> list[int]:
    """Handlers of everything, unless they end by raising it again."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or _names(node.type) & {"Exception", "BaseException"})
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]


def environment_reads(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"})
        or (isinstance(node, ast.ImportFrom) and _names(node) & {"environ", "getenv"})
    ]


def own_subscriptions(tree: ast.Module) -> list[int]:
    """Subscribers and acknowledgement policies, which are the messaging library's business."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"subscriber", "AckPolicy"})
        or (isinstance(node, ast.ImportFrom) and "AckPolicy" in _names(node))
    ]


def waits_by_time(tree: ast.Module) -> list[int]:
    """`time.sleep` of any length, and pauses of a second or more in asynchronous code."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            ast.unparse(node.func) == "time.sleep"
            or (ast.unparse(node.func) in {"asyncio.sleep", "anyio.sleep"} and _is_long(node))
        )
    ]


def unfinished_parts(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    ]


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {alias.name for alias in node.names}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_long(call: ast.Call) -> bool:
    pause = call.args[0] if call.args else None
    return (
        isinstance(pause, ast.Constant)
        and isinstance(pause.value, int | float)
        and pause.value >= LONG_PAUSE_S
    )
