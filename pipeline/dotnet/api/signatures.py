"""Types as C# writes them, from the signatures of an assembly's metadata (ECMA-335 II.23.2) and the flags of nullability beside them."""

import struct
from typing import Any

from pipeline.dotnet.api.metadata_tables import (
    FIELD,
    GENERIC_PARAM,
    TYPE_DEF,
    TYPE_REF,
    TYPE_SPEC,
    AssemblyMetadata,
    Index,
    read_compressed,
)

NOT_NULL = b"\1"
_NULL = 2
_KEYWORDS = {
    1: "void",
    2: "bool",
    3: "char",
    4: "sbyte",
    5: "byte",
    6: "short",
    7: "ushort",
    8: "int",
    9: "uint",
    10: "long",
    11: "ulong",
    12: "float",
    13: "double",
    14: "string",
    24: "nint",
    25: "nuint",
    28: "object",
}
_REFERENCES = {14, 28}
_POINTER, _BYREF, _VALUE_TYPE, _CLASS, _TYPE_PARAMETER = 15, 16, 17, 18, 19
_GENERIC, _ARRAY = 21, 29
_MODIFIER = {31, 32}


class Names:
    """Names of types and of their parameters."""

    def __init__(self, metadata: AssemblyMetadata) -> None:
        self.metadata = metadata
        self._parameters: dict[Index, list[tuple[int, str]]] = {}
        rows: Any = metadata.table(GENERIC_PARAM)
        for _, (number, _, owner, name) in rows:
            self._parameters.setdefault(owner, []).append((number, name))
        self._structs: set[str] = set(_KEYWORDS.values()) - {"string", "object"}

    def type_parameters(self, owner: Index) -> list[str]:
        return [name for _, name in sorted(self._parameters.get(owner, []))]

    def definition(self, index: Index) -> Index:
        """The type that a type with arguments is made of; any other itself."""
        if index.table != TYPE_SPEC:
            return index
        row: Any = self.metadata.row(index)
        return _read_index(row[0], 2)[0] if row[0][0] == _GENERIC else index

    def simple(self, index: Index) -> str:
        """The name without namespace, arity and arguments."""
        definition = self.definition(index)
        row: Any = self.metadata.row(definition)
        return str(row[1]).partition("`")[0] if definition.table in (TYPE_REF, TYPE_DEF) else ""

    def note_struct(self, name: str) -> None:
        self._structs.add(name)

    def may_be_null(self, type_name: str) -> bool:
        return type_name.endswith("?") or type_name not in self._structs

    def enum_member(self, type_name: str, value: int, constants: dict[Index, tuple[int, bytes]]) -> str:
        """Name of an enum's value, of this assembly's enums; else empty."""
        types: Any = self.metadata.table(TYPE_DEF)
        for index, (_, name, _, _, _, _) in types:
            if name == type_name:
                for field in self.metadata.owned(index, 4, FIELD):
                    if field in constants and struct.unpack("<i", constants[field][1].ljust(4, b"\0"))[0] == value:
                        return f"{name}.{self.metadata.row(field)[1]}"
        return ""


class TypeReader:
    """Reads the types of one member; `nullable` has its flags, and is set anew for each parameter."""

    def __init__(self, names: Names, owner: Index, method: Index | None = None, nullable: bytes = NOT_NULL) -> None:
        self._names = names
        self._type_parameters = names.type_parameters(owner)
        self._method_parameters = names.type_parameters(method) if method else []
        self.nullable = nullable

    @property
    def nullable(self) -> bytes:
        return self._flags

    @nullable.setter
    def nullable(self, flags: bytes) -> None:
        self._flags = flags
        self._place = 0

    def _mark(self) -> str:
        """What the flag of the next part of the type says."""
        flag = self._flags[0 if len(self._flags) == 1 else self._place]
        self._place += 1
        return "?" if flag == _NULL else ""

    def read_header(self, signature: bytes) -> tuple[int, int]:
        """Number of parameters of a method or property, and where its type begins."""
        place = 1
        if signature[0] & 0x10:
            _, place = read_compressed(signature, place)
        return read_compressed(signature, place)

    def read_index(self, index: Index, nullable: bytes) -> str:
        """A base type or an interface."""
        self.nullable = nullable
        if index.table != TYPE_SPEC:
            return self._names.simple(index)
        row: Any = self._names.metadata.row(index)
        return self.read(row[0], 0)[0]

    def read(self, signature: bytes, place: int) -> tuple[str, int]:
        """The type that begins at `place`, and where it ends."""
        kind = signature[place]
        place += 1
        if kind in _MODIFIER:
            return self.read(signature, read_compressed(signature, place)[1])
        if kind in _KEYWORDS:
            return _KEYWORDS[kind] + (self._mark() if kind in _REFERENCES else ""), place
        if kind in (_BYREF, _POINTER):
            text, place = self.read(signature, place)
            return f"ref {text}" if kind == _BYREF else f"{text}*", place
        if kind == _GENERIC:
            return self._read_generic(signature, place)
        # A struct without parameters has no flag.
        mark = "" if kind == _VALUE_TYPE else self._mark()
        if kind == _ARRAY:
            text, place = self.read(signature, place)
            text += "[]"
        elif kind in (_CLASS, _VALUE_TYPE):
            index, place = _read_index(signature, place)
            text = self._names.simple(index)
        else:
            number, place = read_compressed(signature, place)
            text = (self._type_parameters if kind == _TYPE_PARAMETER else self._method_parameters)[number]
        if kind == _VALUE_TYPE:
            self._names.note_struct(text)
        return text + mark, place

    def _read_generic(self, signature: bytes, place: int) -> tuple[str, int]:
        mark = self._mark()
        is_struct = signature[place] == _VALUE_TYPE
        index, place = _read_index(signature, place + 1)
        count, place = read_compressed(signature, place)
        arguments = []
        for _ in range(count):
            text, place = self.read(signature, place)
            arguments.append(text)
        name = self._names.simple(index)
        if name == "Nullable":
            return f"{arguments[0]}?", place
        text = f"{name}<{', '.join(arguments)}>"
        if is_struct:
            self._names.note_struct(text)
        return text + mark, place


def _read_index(signature: bytes, place: int) -> tuple[Index, int]:
    """TypeDefOrRefOrSpecEncoded, II.23.2.8."""
    coded, place = read_compressed(signature, place)
    return Index((TYPE_DEF, TYPE_REF, TYPE_SPEC)[coded & 3], coded >> 2), place
