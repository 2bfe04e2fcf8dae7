"""Proposed checks of a definition, from its signature alone. Each proposal says TODO where the author has to think."""

from __future__ import annotations

import ast
import re

SHAPES = ((4, 4, 4, 4), (2, 3, 5, 2))  # a square batch for the public check, another size for the hidden one
TENSOR = re.compile(r"\b(?:\w*Tensor|Float|Float32|Float64|Num|Inexact|Shaped)\b")
WHOLE = re.compile(r"\b(?:Int|Int64|Integer|LongTensor|UInt8)\b")
PLAIN = {"int": "rng.integer(2, 6)", "float": "rng.number(0.1, 1.0)", "bool": "True", "str": '"TODO"'}
AXES = re.compile(r"""["']([^"']*)["']""")


def function_checks(node: ast.FunctionDef) -> str:
    """Text of a public and a hidden check of the function."""
    name = node.name
    raises = sorted({_error(one) for one in ast.walk(node) if isinstance(one, ast.Raise)} - {""})
    imports = ["answers_and_purity", "check"] + (["error_of"] if raises else [])
    parts = [f"from blindgrade.checks import {', '.join(imports)}", ""]
    for public, claim in ((True, "TODO: the claim that students read."), (False, "TODO: the same, for other sizes.")):
        drawn = [_drawn(one, SHAPES[not public]) for one in _arguments(node)]
        case = "a square batch" if public else "another size"
        weight = "weight=2, public=True" if public else ""
        parts += [
            "",
            f'@check("{name}"{", " if weight else ""}{weight})',
            f"def {name}_{'is_right' if public else 'is_right_for_other_sizes'}(lesson, rng):",
            f'    """{claim}"""',
            f'    cases = {{"{case}": [{", ".join(drawn)}]}}  # TODO: inputs that a real caller could give',
            f"    return answers_and_purity(lesson.{name}, cases)",
            "",
        ]
    for error in raises:
        bad = ", ".join(_drawn(one, SHAPES[0]) for one in _arguments(node))
        parts += [
            "",
            f'@check("{name}", public=True)',
            f"def {name}_raises_{error.lower()}(lesson, rng):",
            f'    """TODO: what raises {error}."""',
            f"    return error_of(lesson.{name}, {bad})  # TODO: arguments that raise {error}",
            "",
        ]
    return "\n".join(parts)


def class_checks(node: ast.ClassDef) -> str:
    """Text of checks of a module's parameters and of its `forward`."""
    name = node.name
    methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
    wanted = _arguments(methods["__init__"])[1:] if "__init__" in methods else []
    sizes = [", ".join(_made(one, size) for one in wanted) for size in (SHAPES[0][1], SHAPES[1][1])]
    called = methods.get("forward") or methods.get("__call__")
    given = _arguments(called)[1:] if called else []
    texts = [", ".join(_drawn(one, shape) for one in given) for shape in SHAPES]
    lines = ["from blindgrade.checks import check, shapes_of", ""]
    lines += ["", f'@check("{name}", public=True)', f"def {name}_has_its_parameters(lesson, rng):"]
    lines += ['    """TODO: the claim that students read: names and shapes of the parameters."""']
    lines += [f"    return shapes_of(lesson.{name}({sizes[0]}))", ""]
    for public, text, made in ((True, texts[0], sizes[0]), (False, texts[1], sizes[1])):
        lines += ["", f'@check("{name}", weight=2{", public=True" if public else ""})']
        lines += [f"def {name}_is_right{'' if public else '_for_other_sizes'}(lesson, rng):"]
        lines += [f'    """TODO: the claim that students read{"" if public else ", for other sizes"}."""']
        lines += [f"    module = rng.fill(lesson.{name}({made}))  # the same parameters for student and solution"]
        lines += [f"    return module({text}).detach()  # TODO: inputs that a real caller could give", ""]
    return "\n".join(lines)


def _made(argument: ast.arg, size: int) -> str:
    """Argument of a module's constructor. A whole number is taken for the number of features."""
    whole = argument.annotation is None or ast.unparse(argument.annotation) == "int"
    return str(size) if whole else _drawn(argument, (size,))


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    """Positional arguments without a default."""
    every = [*node.args.posonlyargs, *node.args.args]
    return every[: len(every) - len(node.args.defaults)]


def _drawn(argument: ast.arg, sizes: tuple[int, ...]) -> str:
    """Expression that draws a value for the argument."""
    written = ast.unparse(argument.annotation) if argument.annotation is not None else ""
    if written in PLAIN:
        return PLAIN[written]
    axes = AXES.search(written)
    count = len([axis for axis in axes[1].split() if axis != "..."]) if axes else 2
    shape = ", ".join(map(str, sizes[:count]))
    if WHOLE.search(written):
        return f"rng.integers({shape + ', ' if shape else ''}high=4)"
    if TENSOR.search(written) or not written:
        return f"rng.normal({shape})"
    return "..."


def _error(node: ast.Raise) -> str:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return raised.id if isinstance(raised, ast.Name) and raised.id != "NotImplementedError" else ""
