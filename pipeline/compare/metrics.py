"""How good a model is at its job."""

from pipeline.core.arrays import Array


def accuracy(answers: Array, target: Array) -> float:
    """Share of rows whose answer equals the target; both have shape [rows], rows > 0."""
    return float((answers == target).mean())
