"""What is different between two public APIs for who calls them: what is gone or another must be changed by them, what is new need not. Pure."""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pipeline.core.release import Change

# A member's name ends where its parameters, accessors, value or type begin; a type's parameters belong to its name.
_NAME = re.compile(r"(?:[^ (<]+(?:<[^>]*>)?)+")
_TYPE = re.compile(r" -> (?:(?:static|abstract|sealed) )*(?:class|interface|struct|enum)\b")


class _Member(NamedTuple):
    """A line; `name` is that of all overloads, `owner` the type's."""

    line: str
    name: str
    owner: str
    is_type: bool

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands: its type, and the rest of the line."""
        return self.owner, self.line[len(self.owner) :]

    @property
    def place_in_interface(self) -> tuple[str, str]:
        """Where the interface of its class has it."""
        namespace, _, name = self.owner.rpartition(".")
        return f"{namespace}.I{name}", self.place[1]


def compare_apis(before: Collection[str], after: Collection[str], namespace: str) -> Iterator[Change]:
    """The differences, in sentences.

    Args:
        before: The lines of `client_api`, as they were released.
        after: As they are now.
        namespace: The client's, which the sentences leave out.
    """
    was, now = (set(map(_read, lines)) for lines in (before, after))
    gone, new = _without_members_of_types(was - now, was, now), _without_members_of_types(now - was, now, was)
    new_places = {member.place for member in new}
    gone, new = _without_echo(gone), _without_echo(new)

    def code(member: _Member) -> str:
        return f"`{member.line.removeprefix(f'{namespace}.')}`"

    for name in sorted({member.name for member in gone | new}):
        lost, gained = (sorted(member for member in members if member.name == name) for members in (gone, new))
        if len(lost) == len(gained) == 1:
            is_wider = lost[0].is_type and _only_adds(lost[0].line, gained[0].line)
            yield Change(
                part="minor" if is_wider else "major", text=f"C# has {code(gained[0])} (it was {code(lost[0])})"
            )
            continue
        for member in lost:
            yield Change(part="major", kind="removed", text=f"C# is without {code(member)}")
        for member in gained:
            is_in_interface = member.place_in_interface in new_places
            hint = ", in its interface too: fakes that were written by hand need it" if is_in_interface else ""
            yield Change(part="minor", kind="added", text=f"C# has {code(member)}{hint}")


def _read(line: str) -> _Member:
    match = _NAME.match(line)
    name = match[0] if match else line
    is_type = _TYPE.match(line, len(name)) is not None
    return _Member(line, name, name if is_type else name.rpartition(".")[0], is_type)


def _without_members_of_types(members: set[_Member], having: set[_Member], lacking: set[_Member]) -> set[_Member]:
    """A type that one of both APIs lacks speaks for its members."""
    types = {member.name for member in having if member.is_type} - {member.name for member in lacking}
    return {member for member in members if member.is_type or member.owner not in types}


def _without_echo(members: set[_Member]) -> set[_Member]:
    """The interface of a class has the class's members: what is different is told once, of the class."""
    told = {member.place_in_interface for member in members if not member.is_type}
    return {member for member in members if member.is_type or member.place not in told}


def _only_adds(before: str, after: str) -> bool:
    """Whether a type has but more interfaces than it had."""
    was, now = (line.partition(" : ") for line in (before, after))
    return was[0] == now[0] and set(filter(None, was[2].split(", "))) <= set(now[2].split(", "))
