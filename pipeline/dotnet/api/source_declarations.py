"""The declarations of C# files: types with their members, bodies left out. For sources that a compiler takes; any other has no meaning here."""

from collections.abc import Set
from dataclasses import dataclass, field

from pipeline.core.errors import PipelineError
from pipeline.dotnet.api.csharp_tokens import skip_balanced, split_list, tokenize, write_type_name

_ACCESSES = {"public", "private", "protected", "internal", "file"}
_MODIFIERS = _ACCESSES | {
    "static",
    "sealed",
    "abstract",
    "virtual",
    "override",
    "readonly",
    "partial",
    "const",
    "async",
    "new",
}
_MODIFIERS |= {"unsafe", "extern", "ref", "required", "volatile", "event"}
_KINDS = ("class", "interface", "struct", "enum", "record", "delegate")


@dataclass
class Declaration:
    """A member: `name` and `type_name` as written, `parameters` None for what is no method, `accessors` empty for what is no property."""

    modifiers: set[str]
    type_name: str
    name: str
    type_parameters: list[str]
    parameters: list[list[str]] | None
    accessors: list[str]


@dataclass
class TypeDeclaration:
    """All parts of a type; `values` has the members of an enum."""

    full_name: str
    kind: str
    modifiers: set[str] = field(default_factory=set)
    type_parameters: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    members: list[Declaration] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)
    owner: "TypeDeclaration | None" = None

    @property
    def simple_name(self) -> str:
        return self.full_name.rpartition(".")[2]

    @property
    def is_public(self) -> bool:
        return "public" in self.modifiers and (self.owner is None or self.owner.is_public)


class Declarations:
    """The types of some files by their full names."""

    def __init__(self, symbols: Set[str]) -> None:
        self._symbols = symbols
        self.types: dict[str, TypeDeclaration] = {}

    def add(self, text: str) -> None:
        """Read a file."""
        self._tokens = tokenize(text, self._symbols)
        self._read_scope(0, "", None)

    def _read_scope(self, place: int, namespace: str, owner: TypeDeclaration | None) -> int:
        """What stands in a namespace or type, from after its brace to after the one that closes it."""
        tokens = self._tokens
        while place < len(tokens) and tokens[place] != "}":
            if tokens[place] == "[":
                place = skip_balanced(tokens, place)
            elif tokens[place] in ("using", "extern") and owner is None:
                place = tokens.index(";", place) + 1
            elif tokens[place] == "namespace":
                start, place = place + 1, place + 1
                while tokens[place] not in ("{", ";"):
                    place += 1
                inner = ".".join(part for part in (namespace, "".join(tokens[start:place])) if part)
                if tokens[place] == ";":
                    namespace, place = inner, place + 1
                else:
                    place = self._read_scope(place + 1, inner, None)
            elif tokens[place] == ";":
                place += 1
            else:
                place = self._read_declaration(place, namespace, owner)
        return place + 1

    def _read_declaration(self, place: int, namespace: str, owner: TypeDeclaration | None) -> int:
        tokens, modifiers = self._tokens, set()
        while tokens[place] in _MODIFIERS:
            modifiers.add(tokens[place])
            place += 1
        if tokens[place] in _KINDS:
            return self._read_type(place, modifiers, namespace, owner)
        if owner is None:
            raise PipelineError(
                f"the client's sources: expected a type in the namespace {namespace}, got `{' '.join(tokens[place : place + 5])}`"
            )
        return self._read_member(place, modifiers, owner)

    def _read_type(self, place: int, modifiers: set[str], namespace: str, owner: TypeDeclaration | None) -> int:
        tokens = self._tokens
        kind, name = tokens[place], tokens[place + 1]
        full_name = f"{owner.full_name if owner else namespace}.{name}".lstrip(".")
        declared = self.types.setdefault(full_name, TypeDeclaration(full_name, kind, owner=owner))
        declared.modifiers |= modifiers
        end = place + 2
        while tokens[end] not in ("{", ";"):
            end = skip_balanced(tokens, end) if tokens[end] == "(" else end + 1
        head = tokens[place + 2 : end]
        if "where" in head:
            head = head[: head.index("where")]
        if head[:1] == ["<"]:
            close = head.index(">")
            declared.type_parameters = [part[-1] for part in split_list(head[1:close])]
            head = head[close + 1 :]
        if head[:1] == ["("]:
            close = skip_balanced(head, 0)
            parameters = split_list(head[1 : close - 1])
            declared.members.append(Declaration({"public"}, "", name, [], parameters, []))
            head = head[close:]
        if head[:1] == [":"]:
            # An enum's is its number's type; what a base's constructor is given is no part of its name.
            declared.bases += [write_type_name(part).partition("(")[0] for part in split_list(head[1:])]
        if tokens[end] == ";":
            return end + 1
        return (
            self._read_values(end + 1, declared) if kind == "enum" else self._read_scope(end + 1, namespace, declared)
        )

    def _read_values(self, place: int, declared: TypeDeclaration) -> int:
        end = skip_balanced(self._tokens, place - 1)
        for entry in split_list(self._tokens[place : end - 1]):
            name, value = _without_attributes(entry), max(declared.values.values(), default=-1) + 1
            declared.values[name[0]] = int("".join(name[2:]), 0) if len(name) > 1 else value
        return end

    def _read_member(self, place: int, modifiers: set[str], owner: TypeDeclaration) -> int:
        tokens, start = self._tokens, place
        while tokens[place] not in (";", "{", "=>", "="):
            place = skip_balanced(tokens, place) if tokens[place] in "([" else place + 1
        head, stop = tokens[start:place], tokens[place]
        if owner.kind == "interface" and not modifiers & {"private", "internal", "protected"}:
            modifiers.add("public")
        if "(" in head:
            owner.members.append(_read_method(head, modifiers if "operator" not in head else set()))
        else:
            end = skip_balanced(tokens, place) if stop == "{" else place
            accessors = ["get"] if stop == "=>" else _read_accessors(tokens[place + 1 : end - 1]) if stop == "{" else []
            if "this" in head:
                # The compiler's name of an indexer.
                head = [*head[: head.index("this")], "Item"]
            owner.members.append(Declaration(modifiers, write_type_name(head[:-1]), head[-1], [], None, accessors))
            if stop == "{" and tokens[end] != "=":
                return end
            place = end
        if tokens[place] == "{":
            return skip_balanced(tokens, place)
        while tokens[place] != ";":
            place = skip_balanced(tokens, place) if tokens[place] in "([{" else place + 1
        return place + 1


def _read_method(head: list[str], modifiers: set[str]) -> Declaration:
    """A method; a constructor has no type."""
    start = head.index("(")
    # The type may be a tuple.
    if start == 0:
        start = head.index("(", skip_balanced(head, 0))
    parameters = [_without_attributes(part) for part in split_list(head[start + 1 : skip_balanced(head, start) - 1])]
    before, type_parameters = head[:start], []
    if before[-1] == ">":
        opened = len(before) - 1 - before[::-1].index("<")
        type_parameters = [part[-1] for part in split_list(before[opened + 1 : -1])]
        before = before[:opened]
    name = before[-1]
    if len(before) > 1 and before[-2] == ".":
        # An explicit implementation of an interface is nobody's member.
        return Declaration(set(), "", name, [], parameters, [])
    return Declaration(modifiers, write_type_name(before[:-1]), name, type_parameters, parameters, [])


def _read_accessors(tokens: list[str]) -> list[str]:
    """Those that are as public as the property."""
    accessors, place = [], 0
    modifiers: set[str] = set()
    while place < len(tokens):
        token = tokens[place]
        if token in ("get", "set", "init"):
            if not modifiers:
                accessors.append(token)
            modifiers = set()
            place += 1
            if tokens[place] == "{":
                place = skip_balanced(tokens, place)
                continue
            place = tokens.index(";", place)
        elif token in _MODIFIERS:
            modifiers.add(token)
        place = skip_balanced(tokens, place) if tokens[place] == "[" else place + 1
    return sorted(accessors)


def _without_attributes(tokens: list[str]) -> list[str]:
    while tokens[:1] == ["["]:
        tokens = tokens[skip_balanced(tokens, 0) :]
    return tokens
