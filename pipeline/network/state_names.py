"""The names of weights as a network has them, whatever wrapped it when they were saved. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

# Parts of a name that a wrapper puts in, wherever in it: torch.compile, and checkpointing of activations.
WRAPPED = ("_orig_mod.", "_checkpoint_wrapped_module.")
# What a wrapper counts beside the weights.
COUNTERS = ("n_averaged",)
T = TypeVar("T")


def fit_names(state: Mapping[str, T], own: Collection[str]) -> tuple[dict[str, T], str]:
    """`state` by the network's own names, where one prefix, or what torch.compile puts in, is all that differs.

    Prefixes are such as `_orig_mod.` (torch.compile), `module.` (DataParallel, AveragedModel), `model.` or `net.` (Lightning).
    A prefix is taken off, or put on, only where every name then fits; names that fit already stay.

    Args:
        state: The weights in a file.
        own: The names of the network's own weights.

    Returns:
        The weights, and what was done to their names, for the reader; empty where it was nothing.
    """
    names, expected = set(state), set(own)
    if names == expected:
        return dict(state), ""
    for prefix in _prefixes(names):
        renamed = {name: name.removeprefix(prefix) for name in names}
        if set(renamed.values()) == expected and len(expected) == len(names):
            return {renamed[name]: value for name, value in state.items()}, f"without the prefix {prefix!r}"
        without_counters = {name for name in names if name not in COUNTERS}
        if {renamed[name] for name in without_counters} == expected:
            counted = ", ".join(repr(name) for name in sorted(names - without_counters))
            kept = {renamed[name]: value for name, value in state.items() if name in without_counters}
            return kept, f"without the prefix {prefix!r} and without {counted}"
    for part in WRAPPED:
        renamed = {name: name.replace(part, "") for name in names}
        if set(renamed.values()) == expected and len(expected) == len(names):
            return {renamed[name]: value for name, value in state.items()}, f"without {part!r} within them"
    for prefix in _prefixes(expected):
        if {prefix + name for name in names} == expected:
            return {prefix + name: value for name, value in state.items()}, f"with the prefix {prefix!r}"
    return dict(state), ""


def _prefixes(names: Iterable[str]) -> list[str]:
    """What all names (but counters) begin with, up to a dot, the shortest first."""
    compared = [name for name in names if name not in COUNTERS]
    if not compared:
        return []
    first, last = min(compared), max(compared)
    common = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return [first[: place + 1] for place in range(common) if first[place] == "."]
