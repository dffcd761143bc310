"""Shapes of outputs with their dynamic axes named, from what was observed. Pure."""

from pipeline.core.errors import PipelineError


def infer_shape(name: str, sizes: list[dict[str, int]], shapes: list[tuple[int, ...]]) -> list[int | str]:
    """Shape of an output with its dynamic axes named, from what it was in every case.

    An axis whose size is always that of a dynamic input axis has its name; one that changes otherwise has a name of its own.

    Args:
        name: The output.
        sizes: Size of each named axis, by case.
        shapes: The output's shape, by case.

    Raises:
        PipelineError: The number of axes changes.
    """
    if len({len(shape) for shape in shapes}) != 1:
        raise PipelineError(f"output {name!r}: expected one number of axes, got shapes {sorted(set(shapes))}")
    found: list[int | str] = []
    for axis in range(len(shapes[0])):
        seen = [shape[axis] for shape in shapes]
        alike = [key for key in sizes[0] if [case[key] for case in sizes] == seen]
        changes = len(set(seen)) > 1
        found.append(alike[0] if alike and changes else f"{name}_{axis}" if changes else seen[0])
    return found
