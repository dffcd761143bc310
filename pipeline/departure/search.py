"""The nodes that answer otherwise than PyTorch when they are fed PyTorch's own values.

The graph is gone through node by node. What a node computes is held beside what the eager network has there: where both are equal but
for rounding, PyTorch's own value goes on in its place, so that nothing adds up. A value that is like none of the network's may be one that only the
exporter knows (a product before its bias): then what follows from it is like the network's again. Where nothing is, the first value that
has to be one of the network's, by its source or because it is an answer, departs; PyTorch's own takes its place too, and what depends on it is gone
through again. So two or three passes find one fault, and those behind it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.compare.comparison import OutputComparison
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.errors import PipelineError
from pipeline.core.progress import track
from pipeline.departure.distance import measure
from pipeline.departure.matching import Matcher
from pipeline.departure.pieces import Piece, Pieces
from pipeline.departure.recording import Event, Recording

# Passes at most: each but the first goes on behind one more value that departs.
MOST_PASSES = 8
# An answer stands after everything that the network computes.
LAST = 1 << 60


class Truth(NamedTuple):
    """One golden call: what the eager network computed on its way, what it was given, and its answers by the graph's output."""

    recording: Recording
    inputs: Arrays
    answers: Arrays


class Match(NamedTuple):
    """PyTorch's own value of a graph's value, and how far the node that makes it is from it, by itself.

    `event` is None where the value is an answer of the graph, whose values are the golden call's.
    """

    event: Event | None
    local: OutputComparison

    @property
    def number(self) -> int:
        return LAST if self.event is None else self.event.number


@dataclass
class Search:
    """What the passes have found: which values have been compared with PyTorch's own, and which of them depart."""

    matches: dict[str, Match] = field(default_factory=dict)
    departing: list[str] = field(default_factory=list)
    passes: int = 0

    @property
    def departs(self) -> bool:
        """Whether any node departs by itself."""
        return any(not self.matches[name].local.passed for name in self.departing)


class Searcher:
    """Goes through one graph at one golden call.

    Args:
        pieces: The graph.
        matcher: Says which values should be which.
        truth: PyTorch's values.
        policy: The gate's.
    """

    def __init__(self, pieces: Pieces, matcher: Matcher, truth: Truth, policy: Policy) -> None:
        self._pieces, self._matcher, self._policy = pieces, matcher, policy
        self._recording, self._inputs, self._answers = truth
        self._problems: dict[str, str] = {}
        # Of each value that could be computed: text, or numpy's kind.
        self._kinds: dict[str, str] = {}
        self._search = Search()

    def run(self) -> Search:
        """Go through the graph until all that can be compared is."""
        affected = set(range(len(self._pieces.pieces)))
        while affected and self._search.passes < MOST_PASSES:
            self._search.passes += 1
            self._pass(affected)
            affected = self._below(self._depart())
        return self._search

    def segment(self, name: str) -> list[Piece]:
        """The pieces between a value and the nearest before it that have been compared, in the order in which they run."""
        numbers: set[int] = set()
        waiting = [name]
        while waiting:
            piece = self._pieces.maker.get(waiting.pop())
            if piece is not None and piece.number not in numbers:
                numbers.add(piece.number)
                waiting += [value for value in piece.inputs if value not in self._search.matches]
        return [self._pieces.pieces[number] for number in sorted(numbers)]

    def truth(self, name: str) -> Array:
        """PyTorch's own value of a value that has been compared."""
        event = self._search.matches[name].event
        return self._answers[name] if event is None else self._recording.values(event)

    def feeds(self, pieces: list[Piece]) -> Arrays:
        """What PyTorch's own values give to a segment."""
        made = {name for piece in pieces for name in piece.outputs}
        names = dict.fromkeys(name for piece in pieces for name in piece.inputs if name not in made)
        return {name: self._inputs[name] if name in self._inputs else self.truth(name) for name in names}

    def compute(self, name: str) -> tuple[Array | None, str]:
        """What the segment before a value gives for PyTorch's own values; or why it gives nothing."""
        segment = self.segment(name)
        try:
            feeds = self.feeds(segment)
            whole = Piece(0, [node for piece in segment for node in piece.nodes], list(feeds), [name])
            return self._pieces.run(whole, feeds)[name], ""
        except PipelineError as error:
            return None, str(error)

    def explained(self) -> set[str]:
        """Values from which one that is PyTorch's own follows, without others between that were compared; and those that nothing uses.

        Of a floating value only floating ones tell, unless there are no others: the largest of ten numbers may stay the largest.
        """
        explained: set[str] = set()
        good: dict[int, set[str]] = {}
        for piece in reversed(self._pieces.pieces):
            for name in piece.outputs:
                users = [user for user in self._pieces.consumers.get(name, []) if not user.valueless]
                telling = [good[user.number] for user in users]
                kinds = {kind for user in telling for kind in user}
                right = "f" in kinds if self._kinds.get(name) == "f" else bool(kinds)
                if name not in self._answers and (right or all(telling)):
                    explained.add(name)
            good[piece.number] = {
                self._kinds.get(name, "")
                for name in piece.outputs
                if self._passes(name) or (name in explained and name not in self._search.matches)
            }
        return explained

    def kind(self, name: str) -> str:
        """text, or numpy's kind of a value; empty where it could not be computed."""
        return self._kinds.get(name, "")

    def _passes(self, name: str) -> bool:
        match = self._search.matches.get(name)
        return match is not None and match.local.passed

    def _depart(self) -> list[str]:
        """Note the first values of each path that nothing explains, and that have to be the network's own."""
        explained, behind, departing = self.explained(), set[str](), []
        for piece in self._pieces.pieces:
            if behind.intersection(piece.inputs):
                behind.update(piece.outputs)
                continue
            for name in piece.outputs:
                if name in self._search.matches or name in explained:
                    continue
                value, problem = None, ""
                if name in self._answers or self._matcher.ends_source(name):
                    value, problem = self.compute(name)
                match = self._expect(piece, name, value, problem)
                if match is not None:
                    first, match = self._look_before(name, match)
                    self._search.matches[first] = match
                    self._search.departing.append(first)
                    departing.append(first)
                    behind.update((name, first))
        return departing

    def _look_before(self, name: str, match: Match) -> tuple[str, Match]:
        """The value, or the first before it that has to be one of the network's and is not, although something right follows from it too."""
        segment = self.segment(name)
        # What none of its nodes reads, as the last states of a recurrent layer, is not what is wrong with it.
        read = {given for piece in segment for given in piece.inputs}
        for piece in segment:
            for before in piece.outputs:
                if before in read and self._matcher.ends_source(before):
                    expected = self._expect(piece, before, *self.compute(before))
                    if expected is not None and not expected.local.passed:
                        return before, expected
        return name, match

    def _expect(self, piece: Piece, name: str, value: Array | None, problem: str) -> Match | None:
        """PyTorch's own value of one that is not equal to any; None where it need not have one."""
        if name in self._answers:
            return Match(None, measure(name, self._answers[name], value, self._policy, problem))
        # Of values that the exporter knows alone: one that a cast follows is PyTorch's as much as what is cast back from it.
        numbers = {
            given: match.number for given, match in self._search.matches.items() if self._matcher.has_operator(given)
        }
        fed = [numbers[given] for given in piece.inputs if given in numbers]
        taken = numbers.values()
        event = self._matcher.find_expected(name, value, max(fed, default=-1), taken)
        if event is None:
            return None
        return Match(event, measure(name, self._recording.values(event), value, self._policy, problem))

    def _below(self, names: Iterable[str]) -> set[int]:
        """Numbers of the pieces that depend on these values and on none after them that passes."""
        numbers: set[int] = set()
        waiting = list(names)
        while waiting:
            for piece in self._pieces.consumers.get(waiting.pop(), []):
                if piece.number not in numbers:
                    numbers.add(piece.number)
                    waiting += [name for name in piece.outputs if name not in self._search.matches]
        return numbers

    def _needed(self, affected: set[int]) -> set[int]:
        """These pieces, and those whose values they need and PyTorch does not have."""
        numbers, waiting = set(affected), list(affected)
        while waiting:
            for name in self._pieces.pieces[waiting.pop()].inputs:
                piece = self._pieces.maker.get(name)
                if piece is not None and name not in self._search.matches and piece.number not in numbers:
                    numbers.add(piece.number)
                    waiting.append(piece.number)
        return numbers

    def _pass(self, affected: set[int]) -> None:
        """Compute what is affected, and what that needs and is not PyTorch's own."""
        needed = self._needed(affected)
        left = {name: sum(piece.number in needed for piece in users) for name, users in self._pieces.consumers.items()}
        values: dict[str, Array | None] = dict(self._inputs)
        for piece in track([piece for piece in self._pieces.pieces if piece.number in needed], "locate", "nodes"):
            feeds = {name: values[name] if name in values else self.truth(name) for name in piece.inputs}
            for name, value in self._compute(piece, feeds).items():
                if value is not None:
                    self._kinds[name] = "text" if is_text(value) else value.dtype.kind
                if piece.number in affected:
                    self._compare(name, value, feeds)
                if name not in self._search.matches:
                    values[name] = value
            for name in piece.inputs:
                left[name] -= 1
                if not left[name]:
                    values.pop(name, None)

    def _compute(self, piece: Piece, feeds: Mapping[str, Array | None]) -> dict[str, Array | None]:
        lacking = [name for name, value in feeds.items() if value is None]
        problem = f"its input {lacking[0]!r} could not be computed" if lacking else ""
        if not lacking:
            try:
                return dict(
                    self._pieces.run(piece, {name: value for name, value in feeds.items() if value is not None})
                )
            except PipelineError as error:
                problem = str(error)
        for name in piece.outputs:
            self._problems[name] = problem
        return dict.fromkeys(piece.outputs)

    def _compare(self, name: str, value: Array | None, feeds: Mapping[str, Array | None]) -> None:
        """Hold what was computed beside PyTorch's own, where there is one that is equal, or that it has to be."""
        if name in self._search.departing:
            return
        if name in self._answers:
            local = measure(name, self._answers[name], value, self._policy, self._problems.get(name, ""))
            if local.passed:
                self._search.matches[name] = Match(None, local)
            else:
                self._search.matches.pop(name, None)
            return
        found = None
        if value is not None:
            found = self._matcher.find_equal(name, value, (array for array in feeds.values() if array is not None))
        if found is None:
            self._search.matches.pop(name, None)
        else:
            self._search.matches[name] = Match(*found)
