"""A graph that is right as it is, and wrong once onnxruntime has optimized it: where the optimized graph departs from the plain one.

onnxruntime writes the optimized graph into a file, whose nodes are then run one by one as any graph's: values keep their names where
they survive, and the plain graph's are their truth.
"""

from collections.abc import Iterable
from pathlib import Path

from pipeline.compare.comparison import OutputComparison
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.errors import PipelineError
from pipeline.departure.distance import measure
from pipeline.departure.matching import Matcher
from pipeline.departure.pieces import Pieces
from pipeline.departure.recording import Event, Recording


def record_graph(pieces: Pieces, inputs: Arrays, path: Path) -> tuple[Recording, dict[str, Event]]:
    """What a graph computes from its own inputs, optimizer off, by the name of the value.

    Raises:
        PipelineError: It cannot run.
    """
    recording, events = Recording(path), dict[str, Event]()
    values: Arrays = dict(inputs)
    last = {name: piece.number for piece in pieces.pieces for name in piece.inputs}
    for piece in pieces.pieces:
        for name, array in pieces.run(piece, {given: values[given] for given in piece.inputs}).items():
            values[name] = array
            if not is_text(array):
                recording.add([array], "", name, [])
                events[name] = recording.events[-1]
        for name in piece.inputs:
            if last[name] == piece.number:
                values.pop(name, None)
    recording.close()
    return recording, events


class NameMatcher(Matcher):
    """Values are matched by their names, which onnxruntime keeps.

    Args:
        pieces: The optimized graph.
        recording: What the plain graph computed.
        events: The same by name.
        policy: What two values may differ by and be one.
    """

    def __init__(self, pieces: Pieces, recording: Recording, events: dict[str, Event], policy: Policy) -> None:
        super().__init__(pieces, {}, recording, policy)
        self._events = events

    def find_equal(self, name: str, value: Array, fed: Iterable[Array]) -> tuple[Event, OutputComparison] | None:
        """The plain graph's value of that name, where it is the same."""
        event = self._events.get(name)
        if event is None or event.shape != value.shape or event.dtype != value.dtype:
            return None
        comparison = measure(name, self._recording.values(event), value, self._policy)
        return (event, comparison) if comparison.passed else None

    def find_expected(self, name: str, value: Array | None, after: int, taken: Iterable[int]) -> Event | None:
        """The plain graph's value of that name."""
        event = self._events.get(name)
        return event if event is not None and (value is None or event.shape == value.shape) else None

    def ends_source(self, name: str) -> bool:
        return name in self._events


def cut_plain(pieces: Pieces, name: str, given: Iterable[str]) -> tuple[list[int], list[str]]:
    """Numbers of the pieces of the plain graph between values that are given and the value `name`, and which are given to them.

    Raises:
        PipelineError: The plain graph has no such value.
    """
    if name not in pieces.maker:
        raise PipelineError(f"the plain graph has no value {name!r}")
    stop, numbers, fed = set(given), set[int](), dict[str, None]()
    waiting = [name]
    while waiting:
        value = waiting.pop()
        piece = pieces.maker.get(value)
        if piece is None or (value in stop and value != name):
            fed[value] = None
        elif piece.number not in numbers:
            numbers.add(piece.number)
            waiting += piece.inputs
    return sorted(numbers), [
        value for value in fed if not any(value in pieces.pieces[number].outputs for number in numbers)
    ]
