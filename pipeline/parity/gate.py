"""The gate: comparisons -> why the graphs, or .NET, do not answer like PyTorch. Pure."""

from collections.abc import Mapping, Sequence

from pipeline.compare.comparison import round_up
from pipeline.core.reports import Comparison, PairedScore, TaskReport


def explain_failure(
    comparisons: Sequence[Comparison], files: Mapping[str, object] | None = None, task: TaskReport | None = None
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
        needed = [entry.required_tolerance for entry in failed if entry.required_tolerance is not None]
        advice = (
            f"; parity.atol={round_up(max(needed)):g} would pass all"
            if len(needed) == len(failed) > 1 and max(needed) > 0
            else ""
        )
        return f"{len(failed)} of {len(comparisons)} comparisons failed; {where}{way}{worst.problem} (call {worst.case}{batch}){advice}"
    if not sum(entry.values for entry in comparisons):
        return "nothing was compared: there are no golden answers; make them again with `python -m pipeline export`"
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


def _describe_rows(paired: PairedScore) -> str:
    told_apart = "" if paired.worse is None else f" ({paired.worse} worse, {paired.better} better)"
    return f"{paired.changed} rows changed their answer{told_apart}"


def _severity(entry: Comparison) -> tuple[bool, float]:
    """What could not be subtracted (another shape, tokens, NaN) is worse than any number: it is the cause where both differ."""
    return entry.required_tolerance is None, entry.required_tolerance or 0.0
