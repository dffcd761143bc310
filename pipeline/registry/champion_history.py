"""Every move of the alias `champion`, as tags of the versions that it moved to; readable, and enough to walk back."""

import contextlib
import getpass
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipeline.core.git import run_git
from pipeline.core.records import Record

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

# The last move to a version is spelled out in these tags; those before are JSON in EARLIER.
PREFIX = "champion."
EARLIER = f"{PREFIX}earlier"
# What a publication decided of a version that did not become champion.
DECIDED = f"{PREFIX}decided"
# `before` of the first champion.
NONE = "none"

Rule = Literal["first", "paired", "by hand", "rollback"]
# Moves that a publication makes; the others are people's.
RULES_OF_PUBLISH: tuple[Rule, ...] = ("first", "paired")


class Move(Record):
    """A move of the alias to a version: the number of the move, when (UTC), by whom, by which rule, from which version, and why."""

    move: int
    since: str
    by: str
    rule: Rule
    before: str
    why: str


class Placed(NamedTuple):
    """A move, and the version that it is on record at."""

    version: str
    move: Move


_EARLIER = TypeAdapter(list[Move])


def format_tags(move: Move, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that put `move` on record at a version with these `tags`; what was spelled out before goes to EARLIER."""
    earlier = read_moves(tags)
    spelled = {f"{PREFIX}{key}": str(value) for key, value in move.model_dump().items()}
    if not earlier:
        return spelled
    return spelled | {EARLIER: json.dumps([entry.model_dump() for entry in earlier], ensure_ascii=False)}


def read_moves(tags: Mapping[str, str]) -> list[Move]:
    """The moves on record in a version's tags, in their order; what somebody edited out of form is no record."""
    moves: list[Move] = []
    spelled = {key: tags.get(f"{PREFIX}{key}", "") for key in Move.model_fields}
    with contextlib.suppress(ValidationError):
        moves += _EARLIER.validate_json(tags.get(EARLIER, "[]"))
    with contextlib.suppress(ValueError):  # pydantic's is one too
        moves.append(Move.model_validate({**spelled, "move": int(spelled["move"])}))
    return moves


def collect_moves(versions: Iterable["ModelVersion"]) -> list[Placed]:
    """All moves on record, in their order."""
    placed = [Placed(str(entry.version), move) for entry in versions for move in read_moves(entry.tags)]
    return sorted(placed, key=lambda entry: (entry.move.move, entry.move.since))


def walk_back(moves: Iterable[Placed], champion: str, existing: Iterable[str]) -> Iterator[str]:
    """The champions before `champion`, the last first, as far as they still exist.

    A rollback takes back what was promoted after the version that it went to, so that a second one goes further back.
    """
    stack: list[str] = []
    for version, move in moves:
        if move.rule == "rollback" and version in stack:
            del stack[find_last(stack, version) + 1 :]
            continue
        if move.before not in (NONE, stack[-1] if stack else NONE):
            stack.append(move.before)  # moved by other means, without a record
        stack.append(version)
    if champion in stack:
        del stack[find_last(stack, champion) :]
    there = set(existing)
    seen = {champion}
    for version in reversed(stack):
        if version in there and version not in seen:
            seen.add(version)
            yield version


def find_last(stack: Sequence[str], version: str) -> int:
    return len(stack) - 1 - stack[::-1].index(version)


def is_by_hand(moves: Sequence[Placed], champion: str) -> bool:
    """Whether a person gave `champion` the alias: the last move on record is another version's, or no publication's.

    Two publishers at once may both have made the last one: their moves have one number.
    """
    last = [entry for entry in moves if entry.move.move == moves[-1].move.move]
    return not any(entry.version == champion and entry.move.rule in RULES_OF_PUBLISH for entry in last)


def make_move(moves: Iterable[Placed], rule: Rule, before: str, why: str) -> Move:
    """The move that follows those on record, made now by whoever this is; `before` is "" where there was no champion."""
    return Move(
        move=max((entry.move.move for entry in moves), default=0) + 1,
        since=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        by=find_person(),
        rule=rule,
        before=before or NONE,
        why=why,
    )


def find_person() -> str:
    """Git's user.name, else the name that this user logs in with."""
    try:
        return run_git("config", "user.name") or getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return "unknown"
