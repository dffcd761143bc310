"""What torch.export took for granted: its guards, the ranges of its sizes, and what its decompositions added. Imports torch."""

import contextlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy  # type: ignore[import-untyped]
import torch
from torch.export import ExportedProgram
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.printers import PythonPrinter

from pipeline.export.assumptions import Assumption, Sizes
from pipeline.export.diagnostics import find_calling_line

# How a guard names the size of an input's axis: the adapter's inputs are one tuple.
SOURCE = re.compile(r"\['values'\]\[(\d+)\]\.size\(\)\[(\d+)\]")

# The method by which torch notes a guard: its own, which another version of it may lack.
LOG_GUARD = "_log_guard"


class GuardRecorder:
    """Notes the guards of every program that torch.export makes, with the lines that needed them: torch.onnx drops both."""

    def __init__(self) -> None:
        self.programs: list[ExportedProgram] = []
        self.guards: list[tuple[ShapeEnv, sympy.Basic, str]] = []

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Within it torch.export is watched."""
        export, log_guard = torch.export.export, getattr(ShapeEnv, LOG_GUARD, None)

        def export_and_note(*arguments: Any, **options: Any) -> ExportedProgram:
            self.programs.append(export(*arguments, **options))
            return self.programs[-1]

        def log_and_note(shape_env: ShapeEnv, prefix: str, condition: sympy.Basic, *rest: Any, **options: Any) -> None:
            self.guards.append((shape_env, condition, str(find_calling_line() or "")))
            if log_guard is not None:
                log_guard(shape_env, prefix, condition, *rest, **options)

        torch.export.export = export_and_note
        if log_guard is not None:
            setattr(ShapeEnv, LOG_GUARD, log_and_note)
        try:
            yield
        finally:
            torch.export.export = export
            if log_guard is not None:
                setattr(ShapeEnv, LOG_GUARD, log_guard)

    def assumptions(self, decomposed: ExportedProgram, axes: Sequence[Mapping[int, str]]) -> list[Assumption]:
        """What was taken for granted of the sizes of `axes`, each condition once.

        Args:
            decomposed: The program that the graph was made from: its decompositions may have asked for more.
            axes: Names of each input's dynamic axes, in the order of the inputs.
        """
        assumptions: dict[str, Assumption] = {}
        for program in (*self.programs[-1:], decomposed):
            shape_env = _shape_env(program)
            if shape_env is None:
                continue
            names = _name_symbols(program, shape_env, axes)
            guards = [(condition, line) for owner, condition, line in self.guards if owner is shape_env]
            for condition, line in [*guards, *_ranges(program), *_implications(shape_env)]:
                # Axes of one name have one size: that is asked for, not assumed.
                if assumption := _make_assumption(condition, line, names):
                    assumptions.setdefault(assumption.condition, assumption)
        unread = Assumption(f"guards of torch {torch.__version__}, which could not be read", "", (), None)
        return [*assumptions.values(), *([] if hasattr(ShapeEnv, LOG_GUARD) else [unread])]


def _shape_env(program: ExportedProgram) -> ShapeEnv | None:
    """The record of a program's symbolic sizes; None where it has none."""
    for node in program.graph.nodes:
        mode = getattr(node.meta.get("val"), "fake_mode", None)
        if mode is not None:
            shape_env: ShapeEnv | None = mode.shape_env
            return shape_env
    return None


def _ranges(program: ExportedProgram) -> Iterator[tuple[sympy.Basic, str]]:
    """Sizes of 0 and 1 are not told apart from others here; what is wrong there the calls at 1 show."""
    for symbol, allowed in program.range_constraints.items():
        if allowed.lower > 2:
            yield sympy.Ge(symbol, allowed.lower), ""
        if allowed.upper.is_finite and allowed.upper < 2**31:
            yield sympy.Le(symbol, allowed.upper), ""


def _implications(shape_env: ShapeEnv) -> Iterator[tuple[sympy.Basic, str]]:
    """What a program remembers of the guards that it no longer has."""
    for condition, value in shape_env.axioms.items():
        if value == sympy.true:
            yield condition, ""


def _name_symbols(
    program: ExportedProgram, shape_env: ShapeEnv, axes: Sequence[Mapping[int, str]]
) -> dict[sympy.Symbol, str]:
    """The axis that each symbol is the size of."""
    names: dict[sympy.Symbol, str] = {}
    for symbol, sources in shape_env.var_to_sources.items():
        for source in sources:
            if place := SOURCE.search(str(source.name)):
                axis_name = axes[int(place[1])].get(int(place[2]))
                names |= {symbol: axis_name} if axis_name else {}
    nodes = {node.name: node for node in program.graph.nodes}
    for name, input_axes in zip(program.graph_signature.user_inputs, axes, strict=False):
        value = nodes[name].meta.get("val") if name in nodes else None
        for axis, axis_name in input_axes.items():
            size = value.shape[axis] if isinstance(value, torch.Tensor) else None
            if isinstance(size, torch.SymInt) and isinstance(size.node.expr, sympy.Symbol):
                names[size.node.expr] = axis_name
    return names


def _make_assumption(condition: sympy.Basic, line: str, names: Mapping[sympy.Symbol, str]) -> Assumption | None:
    """The condition by axis name; None where that says nothing."""
    symbols = sorted(condition.free_symbols, key=str)
    named = {symbol: sympy.Symbol(names[symbol], integer=True, positive=True) for symbol in symbols if symbol in names}
    if condition.xreplace(named) in (sympy.true, sympy.false):
        return None
    text = str(PythonPrinter().doprint(condition.xreplace(named)))
    if len(named) < len(symbols):
        return Assumption(text, line, (), None)

    formula = sympy.lambdify(
        symbols, condition, modules=[{"math": math, "torch": torch}, "math"], printer=PythonPrinter
    )

    def holds(sizes: Sizes) -> bool:
        try:
            return bool(formula(*(sizes[names[symbol]] for symbol in symbols)))
        except ZeroDivisionError:  # such as a remainder by a size that is 0 there
            return False

    return Assumption(text, line, tuple(dict.fromkeys(names[symbol] for symbol in symbols)), holds)
