"""The gate: comparisons -> why the graphs, or .NET, do not answer like PyTorch. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.compare.comparison import round_up
from pipeline.core.parity_report import UNOPENED_CASE, Comparison, PairedScore, TaskReport


def explain_failure(
    comparisons: Sequence[Comparison], files: Mapping[Any, Path] | None = None, task: TaskReport | None = None
) -> str:
    """Why the gate fails, naming the worst comparison; empty when it passes. Nothing compared is a failure.

    Args:
        comparisons: All of them.
        files: What each stage's answers came from, for the message; by stage.
        task: The task's metric, where the model has a task.
    """
    failed = [entry for entry in comparisons if not entry.passed]
    if failed:
        worst = max(failed, key=_severity)
        where = f"{files[worst.stage]}: " if files else ""
        way = f"way in {worst.way!r}, " if worst.way else ""
        batch = f", batch {worst.batch}" if worst.batch is not None else ""
        call = "" if worst.case == UNOPENED_CASE else f" (call {worst.case}{batch})"
        runtime = f"in onnxruntime {worst.runtime}: " if worst.runtime else ""
        return f"{len(failed)} of {len(comparisons)} comparisons failed; {where}{runtime}{way}{worst.problem}{call}{_advise(failed)}"
    if not sum(entry.values for entry in comparisons):
        return "nothing was compared: there are no golden answers; make them again with `python -m pipeline export`"
    if not sum(entry.values for entry in comparisons if not entry.exempt):
        return "nothing was judged: every output is exempt (parity.exempt); leave one that is compared"
    if task and not task.passed:
        scores = ", ".join(
            f"{name} {'none' if score is None else f'{score:.4f}'}"
            for name, score in (("PyTorch", task.eager), ("export", task.export), ("simplify", task.simplify))
        )
        verb = "falls" if task.direction == "higher" else "rises"
        notes = {
            stage: _describe_rows(paired) for stage, paired in task.paired.items() if paired.changed
        } | task.problems
        rows = "".join(f"; {stage}: {note}" for stage, note in notes.items())
        return f"the {task.metric} on {task.rows} test rows {verb} by more than parity.task_budget={task.budget:g}: {scores}{rows}"
    return ""


def describe_exempt(exempt: Mapping[str, str]) -> str:
    """The outputs that are not judged, with the reasons, behind a semicolon; empty when there are none."""
    reasons = ", ".join(f"{output!r} ({reason})" for output, reason in exempt.items())
    return f"; NOT JUDGED (parity.exempt): {reasons}" if reasons else ""


def _advise(failed: Sequence[Comparison]) -> str:
    """The tolerance that would pass all, where there are several comparisons, and it is nothing but a tolerance that they lack."""
    needed = [_required_atol(entry) for entry in failed]
    known = [atol for atol in needed if atol is not None]
    return f"; parity.atol={round_up(max(known)):g} would pass all" if len(known) == len(failed) > 1 else ""


def _required_atol(entry: Comparison) -> float | None:
    """The smallest parity.atol that passes; None where none does."""
    if not entry.required_tolerance or not entry.scale:
        return None
    return entry.required_tolerance / entry.scale


def _describe_rows(paired: PairedScore) -> str:
    told_apart = "" if paired.worse is None else f" ({paired.worse} worse, {paired.better} better)"
    return f"{paired.changed} rows changed their answer{told_apart}"


def _severity(entry: Comparison) -> tuple[bool, bool, float, float]:
    """What could not be subtracted (another shape, tokens, NaN) is worse than any number: it is the cause where both differ."""
    return entry.max_abs is None, entry.required_tolerance is None, entry.used or 0.0, entry.max_abs or 0.0
