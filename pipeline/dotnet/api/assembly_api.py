"""The public API of an assembly, read from its metadata: what a consumer's compiler sees, nullability and default values included."""

import json
import struct
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pipeline.dotnet.api import api_lines
from pipeline.dotnet.api.metadata_tables import (
    ATTRIBUTE,
    CONSTANT,
    FIELD,
    INTERFACE_IMPL,
    MEMBER_REF,
    METHOD,
    NESTED_CLASS,
    PARAM,
    PROPERTY,
    PROPERTY_MAP,
    SEMANTICS,
    TYPE_DEF,
    TYPE_REF,
    AssemblyMetadata,
    Index,
)
from pipeline.dotnet.api.signatures import NOT_NULL, Names, TypeReader

_SPECIAL_NAME = 0x200
# II.23.1.15 and II.23.1.10: accesses that a consumer's code has.
_PUBLIC_TYPES, _NESTED_PUBLIC = {1, 2, 4, 7}, {2, 4, 7}
_ACCESS = {4: "protected", 5: "protected", 6: ""}
_NUMBERS = {3: "<H", 4: "<b", 5: "<B", 6: "<h", 7: "<H", 8: "<i", 9: "<I", 10: "<q", 11: "<Q", 12: "<f", 13: "<d"}


def list_assembly_api(assembly: bytes) -> set[str]:
    """A line for each public type and member.

    Types stand without their namespace. Not told are constraints of type parameters, attributes, events, operators, and what an indexer
    takes.

    Raises:
        PipelineError: The bytes are no .NET assembly.
    """
    return set(_AssemblyApi(AssemblyMetadata(assembly)).lines())


class _AssemblyApi:
    def __init__(self, metadata: AssemblyMetadata) -> None:
        self._metadata = metadata
        self._names = Names(metadata)
        constructors = {constructor for _, (_, constructor, _) in self._rows(ATTRIBUTE)}
        names = {constructor: self._attribute_name(constructor) for constructor in constructors}
        self._attributes: dict[tuple[Index, str], bytes] = {
            (owner, names[constructor]): value for _, (owner, constructor, value) in self._rows(ATTRIBUTE)
        }
        self._constants = {owner: (kind & 0xFF, value) for _, (kind, owner, value) in self._rows(CONSTANT)}
        self._parents = {nested: parent for _, (nested, parent) in self._rows(NESTED_CLASS)}

    def _rows(self, table: int) -> Iterator[tuple[Index, Any]]:
        return self._metadata.table(table)

    def _row(self, index: Index) -> Any:
        return self._metadata.row(index)

    def _attribute_name(self, constructor: Index) -> str:
        if constructor.table == MEMBER_REF:
            parent = self._row(constructor)[0]
            return str(self._row(parent)[1]) if parent.table in (TYPE_REF, TYPE_DEF) else ""
        return next(
            str(row[1]) for index, row in self._rows(TYPE_DEF) if constructor in self._metadata.owned(index, 5, METHOD)
        )

    @cached_property
    def _accessors(self) -> dict[Index, list[Index]]:
        accessors: dict[Index, list[Index]] = {}
        for _, (_, method, owner) in self._rows(SEMANTICS):
            accessors.setdefault(owner, []).append(method)
        return accessors

    def lines(self) -> Iterator[str]:
        for index, (flags, _, _, extends, _, _) in self._rows(TYPE_DEF):
            if self._is_public(index):
                yield from self._describe_type(index, flags, extends)

    def _is_public(self, index: Index) -> bool:
        access = self._row(index)[0] & 7
        parent = self._parents.get(index)
        return access in _PUBLIC_TYPES if parent is None else access in _NESTED_PUBLIC and self._is_public(parent)

    def _full_name(self, index: Index) -> str:
        _, name, namespace, *_ = self._row(index)
        simple = name.partition("`")[0]
        parent = self._parents.get(index)
        start = self._full_name(parent) if parent else namespace
        parameters = self._names.type_parameters(index)
        return f"{start}.{simple}".lstrip(".") + (f"<{', '.join(parameters)}>" if parameters else "")

    def _describe_type(self, index: Index, flags: int, extends: Index) -> Iterator[str]:
        name, base = self._full_name(index), self._names.simple(extends) if extends.row else ""
        kind = {"Enum": "enum", "ValueType": "struct"}.get(base, "interface" if flags & 0x20 else "class")
        modifiers = {word for word, flag in (("abstract", 0x80), ("sealed", 0x100)) if flags & flag}
        if modifiers == {"abstract", "sealed"}:
            modifiers = {"static"}
        bases = (
            [TypeReader(self._names, index).read_index(extends, self._nullable(index))]
            if base and kind == "class" and base != "Object"
            else []
        )
        yield api_lines.write_type(name, kind, modifiers, bases, self._interfaces(index) if kind != "enum" else set())
        for field in self._metadata.owned(index, 4, FIELD):
            yield from self._describe_field(name, index, field, kind)
        if kind == "enum":
            return
        for method in self._metadata.owned(index, 5, METHOD):
            yield from self._describe_method(name, index, method, is_interface=kind == "interface")
        for owner, (parent, _) in self._rows(PROPERTY_MAP):
            if parent == index:
                for place in self._metadata.owned(owner, 1, PROPERTY):
                    yield from self._describe_property(name, index, place, is_interface=kind == "interface")

    def _interfaces(self, index: Index) -> set[str]:
        reader = TypeReader(self._names, index)
        return {
            reader.read_index(interface, self._nullable(place, index))
            for place, (owner, interface) in self._rows(INTERFACE_IMPL)
            if owner == index and self._is_visible(self._names.definition(interface))
        }

    def _is_visible(self, definition: Index) -> bool:
        """Whether a consumer sees an interface: another assembly's, or a public one."""
        return definition.table != TYPE_DEF or self._is_public(definition)

    def _describe_field(self, owner: str, owner_index: Index, field: Index, kind: str) -> Iterator[str]:
        flags, name, signature = self._row(field)
        if flags & 7 not in _ACCESS or flags & _SPECIAL_NAME:
            return
        if kind == "enum":
            yield api_lines.write_enum_member(f"{owner}.{name}", int(self._constant(field)))
            return
        words = {_ACCESS[flags & 7]}
        words |= (
            {"const"}
            if flags & 0x40
            else {word for word, flag in (("static", 0x10), ("readonly", 0x20)) if flags & flag}
        )
        reader = TypeReader(self._names, owner_index, nullable=self._nullable(field, owner_index))
        yield api_lines.write_field(f"{owner}.{name}", words, reader.read(signature, 1)[0])

    def _describe_method(self, owner: str, owner_index: Index, method: Index, *, is_interface: bool) -> Iterator[str]:
        _, _, flags, name, signature, _ = self._row(method)
        is_constructor = name == ".ctor"
        if flags & 7 not in _ACCESS or (flags & 0x800 and not is_constructor):
            return
        parameters = {self._row(index)[1]: index for index in self._metadata.owned(method, 5, PARAM)}
        names = self._names.type_parameters(method)
        reader = TypeReader(self._names, owner_index, method)
        count, place = reader.read_header(signature)
        reader.nullable = self._nullable(parameters.get(0), method, owner_index)
        returns, place = reader.read(signature, place)
        written = []
        for number in range(1, count + 1):
            parameter = parameters[number]
            reader.nullable = self._nullable(parameter, method, owner_index)
            type_name, place = reader.read(signature, place)
            written.append(self._write_parameter(parameter, type_name))
        if (method, "ExtensionAttribute") in self._attributes:
            written[0] = f"this {written[0]}"
        simple = owner.rpartition(".")[2].partition("<")[0] if is_constructor else name
        generic = f"<{', '.join(names)}>" if names else ""
        words = set() if is_interface else self._modifiers(flags)
        yield api_lines.write_method(f"{owner}.{simple}{generic}", written, words, "" if is_constructor else returns)

    def _describe_property(self, owner: str, owner_index: Index, place: Index, *, is_interface: bool) -> Iterator[str]:
        _, name, signature = self._row(place)
        methods = [method for method in self._accessors.get(place, []) if self._row(method)[2] & 7 in _ACCESS]
        if not methods:
            return
        words = [set() if is_interface else self._modifiers(self._row(method)[2]) for method in methods]
        reader = TypeReader(self._names, owner_index, nullable=self._nullable(place, owner_index))
        _, start = reader.read_header(signature)
        accessors = sorted(self._row(method)[3].partition("_")[0] for method in methods)
        yield api_lines.write_property(f"{owner}.{name}", accessors, words[0], reader.read(signature, start)[0])

    @staticmethod
    def _modifiers(flags: int) -> set[str]:
        words = {_ACCESS[flags & 7]}
        if flags & 0x10:
            words.add("static")
        if flags & 0x400:
            words.add("abstract")
        elif flags & 0x40 and not flags & 0x100:
            words |= {"override", "sealed"} if flags & 0x20 else {"override"}
        elif flags & 0x40 and not flags & 0x20:
            words.add("virtual")
        return words

    def _write_parameter(self, parameter: Index, type_name: str) -> str:
        flags, _, name = self._row(parameter)
        if type_name.startswith("ref "):
            is_read = (parameter, "IsReadOnlyAttribute") in self._attributes
            type_name = ("out " if flags & 2 else "in " if is_read else "ref ") + type_name.removeprefix("ref ")
        start = "params " if (parameter, "ParamArrayAttribute") in self._attributes else ""
        if not flags & 0x1000:
            return f"{start}{type_name} {name}"
        return f"{start}{type_name} {name} = {self._write_default(parameter, type_name)}"

    def _write_default(self, parameter: Index, type_name: str) -> str:
        value = self._constant(parameter)
        if value is None:
            # What may be null is told by its type; `default` of a struct has no value of its own.
            return "null" if self._names.may_be_null(type_name) else "default"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        return self._names.enum_member(type_name, value, self._constants) or repr(value)

    def _constant(self, owner: Index) -> Any:
        """A constant's value; None for null, and for a struct's default."""
        kind, value = self._constants[owner]
        if kind == 2:
            return bool(value[0])
        if kind == 14:
            return value.decode("utf-16-le")
        return struct.unpack(_NUMBERS[kind], value)[0] if kind in _NUMBERS else None

    def _nullable(self, member: Index | None, *contexts: Index) -> bytes:
        """The flags of a member's type: one for all of its parts, or one for each. Of the nearest context where it has none of its own."""
        own = self._attributes.get((member, "NullableAttribute")) if member else None
        if own is not None:
            return own[2:3] if len(own) == 5 else own[6:-2]
        around = list(contexts)
        while around[-1] in self._parents:
            around.append(self._parents[around[-1]])
        flags = (self._attributes.get((context, "NullableContextAttribute")) for context in around)
        return next((flag[2:3] for flag in flags if flag is not None), NOT_NULL)
