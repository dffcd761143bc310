"""Which of the eager network's values a value of the graph should be. Pure, but for the values that it reads from their file."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.compare.comparison import OutputComparison
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, is_text
from pipeline.core.node_sources import NodeSource
from pipeline.departure.distance import measure
from pipeline.departure.pieces import Pieces
from pipeline.departure.recording import Event, Recording, thin_out
from pipeline.export.notes import choose_frame

# Beginnings and ends by which the operators of an exporter's notes and those that run differ: _softmax, native_layer_norm, relu_.
_DECORATION = re.compile(r"^(_|native_|_native_)|_$")


class Matcher:
    """Finds PyTorch's own value of a graph's value: by what is known of its source, and by its numbers.

    Args:
        pieces: The graph.
        sources: Where its values come from.
        recording: What the eager network computed.
        policy: What two values may differ by and be one.
    """

    def __init__(self, pieces: Pieces, sources: Mapping[str, NodeSource], recording: Recording, policy: Policy) -> None:
        self._sources, self._recording = sources, recording
        # Of the many values that are tried none is judged here: only what is equal but for rounding is one.
        self._policy = replace(policy, exempt={})
        self._pieces = pieces
        self._expected = dict(self._pair())

    def find_equal(self, name: str, value: Array, fed: Iterable[Array]) -> tuple[Event, OutputComparison] | None:
        """The event whose values are those of `value`, but for rounding.

        Where source and order say which one it has to be, no other will do. Where they do not, a value that is one of those that
        the node is fed is none: the node may have been left out.

        Args:
            name: The graph's value.
            value: What the graph computed from PyTorch's own values.
            fed: Those.
        """
        if is_text(value):
            return None
        if name in self._expected:
            events = [_view_as(self._expected[name], value)]
        elif any(other.shape == value.shape and np.array_equal(other, value) for other in fed):
            return None
        else:
            of_source = self._of_source(name, value)
            known = {event.number for event in of_source}
            events = [*of_source, *(event for event in self._recording.events if event.number not in known)]
        sample = thin_out(value)
        for event in events:
            if event.shape == value.shape and event.dtype == value.dtype and _samples_agree(event.sample, sample):
                comparison = measure(name, self._recording.values(event), value, self._policy)
                if comparison.passed:
                    return event, comparison
        return None

    def find_expected(self, name: str, value: Array | None, after: int, taken: Collection[int]) -> Event | None:
        """The event that a value should have been, by its source alone; None where there is none, or where the source is another's too.

        Args:
            name: The graph's value.
            value: What the graph computed; None where it could not.
            after: The number of the last event that the node's inputs are: what it computes comes after.
            taken: Numbers of events that other values are.
        """
        source = self._sources.get(name)
        if name in self._expected:
            return _view_as(self._expected[name], value)
        if source is None or not self.has_operator(name) or not self.ends_source(name):
            return None
        events = [
            event
            for event in self._of_source(name, value)
            if event.number > after and event.number not in taken and (value is None or event.dtype == value.dtype)
        ]
        on_line = [event for event in events if _is_on_line(event, source)]
        events = on_line or events
        if value is None or not events or any(event.shape != value.shape for event in events):
            return self._of_operator(events, source)
        # What equals one is not that one: `find_equal` has refused it, since the node was fed it.
        apart = [event for event in events if not self._equals(name, event, value)]
        return min(apart, key=lambda event: _distance(self._recording.values(event), value), default=None)

    def _of_operator(self, events: Sequence[Event], source: NodeSource) -> Event | None:
        """Of events of other shapes, the first of the source's operator; the module's last where the exporter does not name operators."""
        operator = _base(source.operator)
        if not operator:
            return events[-1] if events else None
        return next((event for event in events if _base(event.operator) == operator), None)

    def _equals(self, name: str, event: Event, value: Array) -> bool:
        return measure(name, self._recording.values(event), value, self._policy).passed

    def has_operator(self, name: str) -> bool:
        """Whether the exporter says which of the network's operators a value comes from: sizes are computed in Python."""
        source = self._sources.get(name)
        return source is not None and not _is_of_python(source.operator)

    def ends_source(self, name: str) -> bool:
        """Whether a value is the last of those that the exporter made of one operator; nodes between that have no source do not end it."""
        source = self._sources.get(name)
        waiting, seen = [name], {name}
        while waiting:
            for piece in self._pieces.consumers.get(waiting.pop(), []):
                for output in piece.outputs:
                    if output in self._sources and self._sources[output] == source:
                        return False
                    if output not in self._sources and output not in seen:
                        seen.add(output)
                        waiting.append(output)
        return True

    def find_line(self, event: Event, source: NodeSource) -> NodeSource:
        """The source with the line that the eager network was in: exporters leave out functions between two forwards."""
        line = choose_frame(event.frames, source.module_class)
        return source.model_copy(update={"file": line[0], "line": line[1]}) if line else source

    def _pair(self) -> Iterator[tuple[str, Event]]:
        """Values whose operator ran as often as the graph has values of it, by their order: dynamo numbers what it names.

        Where the graph has fewer, what the network computes twice may have been computed once.
        """
        alike: dict[NodeSource, list[str]] = {}
        for name in self._pieces.maker:
            source = self._sources.get(name)
            if (
                source is not None
                and self.has_operator(name)
                and re.fullmatch(rf"{re.escape(_base(source.operator))}(_\d+)?", name)
            ):
                alike.setdefault(source, []).append(name)
        for source, names in alike.items():
            operator = _base(source.operator)
            events = [
                event
                for event in self._recording.by_module.get(source.module, [])
                if event.place == 0 and _base(event.operator) == operator and _is_on_line(event, source)
            ]
            if len(events) > len(names):
                events = self._leave_out_equal(events)
            if len(events) == len(names):
                yield from zip(sorted(names, key=lambda name: (len(name), name)), events, strict=True)

    def _leave_out_equal(self, events: Sequence[Event]) -> list[Event]:
        """Without events that have the very values of one before."""
        kept: list[Event] = []
        for event in events:
            values = self._recording.values(event)
            alike = [other for other in kept if np.array_equal(other.sample, event.sample)]
            if not any(np.array_equal(self._recording.values(other), values) for other in alike):
                kept.append(event)
        return kept

    def _of_source(self, name: str, value: Array | None) -> Sequence[Event]:
        """Events of the value's module, of its operator where any is; those of its shape, where any is."""
        source = self._sources.get(name)
        if source is None:
            return []
        events: Sequence[Event] = self._recording.by_module.get(source.module, [])
        if value is not None:
            events = [event for event in events if event.shape == value.shape] or events
        operator = _base(source.operator)
        return [event for event in events if operator and _base(event.operator) == operator] or events


def _base(operator: str) -> str:
    """aten._softmax.default: softmax."""
    parts = operator.split(".")
    return _DECORATION.sub("", parts[1]) if len(parts) > 1 else ""


def _view_as(event: Event, value: Array | None) -> Event:
    """The event in the shape of a value that has axes of one more, or fewer: simplifiers move what adds and drops those."""
    if value is None or len(event.shape) == len(value.shape):
        return event
    if [size for size in event.shape if size != 1] != [size for size in value.shape if size != 1]:
        return event
    return event._replace(shape=value.shape)


def _is_of_python(operator: str) -> bool:
    """Whether it computes with sizes, which are no tensors in the eager network: operator.floordiv, aten.sym_size.int."""
    space, _, name = operator.partition(".")
    return (space in ("operator", "math") and name != "getitem") or name.startswith("sym_")


def _is_on_line(event: Event, source: NodeSource) -> bool:
    return any(line == source.line and file.endswith(source.file) for file, line in event.frames)


def _samples_agree(one: Array, other: Array) -> bool:
    """Whether two samples may be of equal values: much wider than any policy, since scales are not known here."""
    if one.dtype.kind != "f":
        return bool((one == other).all())
    a, b = one.astype(np.float64), other.astype(np.float64)
    size = float(np.nanmax(np.abs(a), initial=0.0, where=np.isfinite(a)))
    return bool(np.allclose(a, b, rtol=0.01, atol=0.01 * size, equal_nan=True))


def _distance(expected: Array, value: Array) -> float:
    difference = np.abs(np.asarray(expected, np.float64) - np.asarray(value, np.float64))
    return float(np.nan_to_num(difference, nan=1e200, posinf=1e200).clip(max=1e200).mean()) if difference.size else 0.0
