"""The metadata of a .NET assembly as ECMA-335 partition II lays it out: its tables, strings and blobs. No .NET is needed to read it."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.core.errors import PipelineError

# Numbers of the tables, II.22.
TYPE_REF, TYPE_DEF, FIELD, METHOD, PARAM, INTERFACE_IMPL, MEMBER_REF = 0x01, 0x02, 0x04, 0x06, 0x08, 0x09, 0x0A
CONSTANT, ATTRIBUTE, PROPERTY_MAP, PROPERTY, SEMANTICS, TYPE_SPEC = 0x0B, 0x0C, 0x15, 0x17, 0x18, 0x1B
NESTED_CLASS, GENERIC_PARAM = 0x29, 0x2A

_ATTRIBUTED: tuple[int, ...] = (
    METHOD,
    FIELD,
    TYPE_REF,
    TYPE_DEF,
    PARAM,
    INTERFACE_IMPL,
    MEMBER_REF,
    0x00,
    0x0E,
    PROPERTY,
    0x14,
)
_ATTRIBUTED += (0x11, 0x1A, TYPE_SPEC, 0x20, 0x23, 0x26, 0x27, 0x28, GENERIC_PARAM, 0x2C, 0x2B)
# Tables that an index of each kind may point into, in the order of its tag, and the tag's bits, II.24.2.6.
_CODED: dict[str, tuple[int, tuple[int, ...]]] = {
    "type": (2, (TYPE_DEF, TYPE_REF, TYPE_SPEC)),
    "constant": (2, (FIELD, PARAM, PROPERTY)),
    "attributed": (5, _ATTRIBUTED),
    "marshalled": (1, (FIELD, PARAM)),
    "secured": (2, (TYPE_DEF, METHOD, 0x20)),
    "parent": (3, (TYPE_DEF, TYPE_REF, 0x1A, METHOD, TYPE_SPEC)),
    "semantic": (1, (0x14, PROPERTY)),
    "method": (1, (METHOD, MEMBER_REF)),
    "forwarded": (1, (FIELD, METHOD)),
    "implementation": (2, (0x26, 0x23, 0x27)),
    # Tags 0, 1 and 4 are not used.
    "constructor": (3, (0x3F, 0x3F, METHOD, MEMBER_REF, 0x3F)),
    "scope": (2, (0x00, 0x1A, 0x23, TYPE_REF)),
    "generic": (1, (TYPE_DEF, METHOD)),
}
# Columns of each table: bytes of a number, s(tring), g(uid), b(lob), the number of a table in hexadecimal after "t", or a kind of _CODED.
_COLUMNS = {
    0x00: "2 s g g g",
    TYPE_REF: "scope s s",
    TYPE_DEF: "4 s s type t04 t06",
    0x03: "t04",
    FIELD: "2 s b",
    0x05: "t06",
    METHOD: "4 2 2 s b t08",
    0x07: "t08",
    PARAM: "2 2 s",
    INTERFACE_IMPL: "t02 type",
    MEMBER_REF: "parent s b",
    CONSTANT: "2 constant b",
    ATTRIBUTE: "attributed constructor b",
    0x0D: "marshalled b",
    0x0E: "2 secured b",
    0x0F: "2 4 t02",
    0x10: "4 t04",
    0x11: "b",
    0x12: "t02 t14",
    0x13: "t14",
    0x14: "2 s type",
    PROPERTY_MAP: "t02 t17",
    0x16: "t17",
    PROPERTY: "2 s b",
    SEMANTICS: "2 t06 semantic",
    0x19: "t02 method method",
    0x1A: "s",
    TYPE_SPEC: "b",
    0x1C: "2 forwarded s t1a",
    0x1D: "4 t04",
    0x1E: "4 4",
    0x1F: "4",
    0x20: "4 2 2 2 2 4 b s s",
    0x21: "4",
    0x22: "4 4 4",
    0x23: "2 2 2 2 4 b s s b",
    0x24: "4 t23",
    0x25: "4 4 4 t23",
    0x26: "4 s b",
    0x27: "4 4 s s implementation",
    0x28: "4 4 s implementation",
    NESTED_CLASS: "t02 t02",
    GENERIC_PARAM: "2 2 generic s",
    0x2B: "method b",
    0x2C: "t2a type",
}


class Index(NamedTuple):
    """A row of a table, counted from 1; 0 is none."""

    table: int
    row: int


class AssemblyMetadata:
    """The tables of an assembly; `rows[table][row - 1]` has numbers, texts, blobs and `Index`es."""

    def __init__(self, assembly: bytes) -> None:
        """Read them.

        Raises:
            PipelineError: The bytes are no .NET assembly.
        """
        try:
            streams = _read_streams(assembly)
            self._strings, self._blobs = streams["#Strings"], streams["#Blob"]
            self.rows = self._read_tables(streams["#~"])
        except (struct.error, KeyError, IndexError, UnicodeDecodeError):
            raise PipelineError(
                f"the public API: expected a .NET assembly, got {len(assembly)} bytes of something else: run `python -m pipeline package` again"
            ) from None

    def _read_tables(self, stream: bytes) -> dict[int, list[tuple[object, ...]]]:
        heap_sizes, valid = stream[6], struct.unpack_from("<Q", stream, 8)[0]
        present = [table for table in range(64) if valid >> table & 1]
        counts = dict(zip(present, struct.unpack_from(f"<{len(present)}I", stream, 24), strict=True))
        place = 24 + 4 * len(present)
        tables: dict[int, list[tuple[object, ...]]] = {}
        for table in present:
            columns = _COLUMNS[table].split()
            sizes = [_size(column, heap_sizes, counts) for column in columns]
            tables[table] = []
            for _ in range(counts[table]):
                row = []
                for column, size in zip(columns, sizes, strict=True):
                    row.append(self._value(column, int.from_bytes(stream[place : place + size], "little")))
                    place += size
                tables[table].append(tuple(row))
        return tables

    def _value(self, column: str, number: int) -> object:
        if column == "s":
            return self._strings[number : self._strings.index(b"\0", number)].decode()
        if column == "b":
            length, start = read_compressed(self._blobs, number)
            return self._blobs[start : start + length]
        if column in _CODED:
            bits, tables = _CODED[column]
            return Index(tables[number & ((1 << bits) - 1)], number >> bits)
        return Index(int(column[1:], 16), number) if column[0] == "t" else number

    def table(self, table: int) -> Iterator[tuple[Index, tuple[object, ...]]]:
        """Every row of a table with its index."""
        return ((Index(table, place), row) for place, row in enumerate(self.rows.get(table, []), 1))

    def row(self, index: Index) -> tuple[object, ...]:
        return self.rows[index.table][index.row - 1]

    def owned(self, owner: Index, column: int, table: int) -> list[Index]:
        """The rows that `owner` has: from the one that its column names up to the one that its successor names."""
        owners = self.rows[owner.table]
        last = len(self.rows.get(table, []))
        first, end = (
            owners[place][column].row if place < len(owners) else last + 1  # type: ignore[attr-defined]
            for place in (owner.row - 1, owner.row)
        )
        return [Index(table, place) for place in range(first, end)]


def read_compressed(blob: bytes, place: int) -> tuple[int, int]:
    """A compressed number, II.23.2, and where the next thing begins."""
    first = blob[place]
    if first < 0x80:
        return first, place + 1
    if first < 0xC0:
        return (first & 0x3F) << 8 | blob[place + 1], place + 2
    return int.from_bytes(blob[place : place + 4], "big") & 0x1FFFFFFF, place + 4


def _size(column: str, heap_sizes: int, counts: dict[int, int]) -> int:
    if column.isdigit():
        return int(column)
    if column in ("s", "g", "b"):
        return 4 if heap_sizes >> "sgb".index(column) & 1 else 2
    if column in _CODED:
        bits, tables = _CODED[column]
        return 2 if max(counts.get(table, 0) for table in tables) < 1 << (16 - bits) else 4
    return 2 if counts.get(int(column[1:], 16), 0) < 1 << 16 else 4


def _read_streams(assembly: bytes) -> dict[str, bytes]:
    """The streams of the metadata root, II.24.2, found through the headers of the PE file, II.25."""
    header: int = struct.unpack_from("<I", assembly, 0x3C)[0] + 4
    sections, optional_size = struct.unpack_from("<H12xH", assembly, header + 2)
    optional = header + 20
    directories = optional + (96 if struct.unpack_from("<H", assembly, optional)[0] == 0x10B else 112)
    addresses: list[tuple[int, int, int, int]] = [
        struct.unpack_from("<4I", assembly, optional + optional_size + 40 * place + 8) for place in range(sections)
    ]

    def offset(address: int) -> int:
        return next(
            address - virtual + raw for size, virtual, _, raw in addresses if virtual <= address < virtual + size
        )

    try:
        cli_header = offset(struct.unpack_from("<I", assembly, directories + 14 * 8)[0])
        root = offset(struct.unpack_from("<I", assembly, cli_header + 8)[0])
    except StopIteration:
        raise KeyError("CLI header") from None
    place = root + 16 + struct.unpack_from("<I", assembly, root + 12)[0]
    count = struct.unpack_from("<H", assembly, place + 2)[0]
    place += 4
    streams = {}
    for _ in range(count):
        start, size = struct.unpack_from("<II", assembly, place)
        name = assembly[place + 8 : assembly.index(b"\0", place + 8)]
        streams[name.decode("ascii")] = assembly[root + start : root + start + size]
        place += 8 + (len(name) // 4 + 1) * 4
    return streams
