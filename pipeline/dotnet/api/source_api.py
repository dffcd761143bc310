"""The public API of C# sources, in the lines that `assembly_api` gives of the assembly that they become."""

from collections.abc import Iterable, Iterator, Set

from pipeline.dotnet.api import api_lines
from pipeline.dotnet.api.csharp_tokens import write_type_name
from pipeline.dotnet.api.source_declarations import Declaration, Declarations, TypeDeclaration

_PASSED = ("this", "params", "ref", "out", "in")


def list_source_api(sources: Iterable[str], symbols: Set[str]) -> set[str]:
    """A line for each public type and member.

    Args:
        sources: Texts of all files of the assembly, internal types included.
        symbols: What the preprocessor knows, such as NET8_0.
    """
    declarations = Declarations(symbols)
    for text in sources:
        declarations.add(text)
    return set(_SourceApi(declarations.types).lines())


class _SourceApi:
    def __init__(self, types: dict[str, TypeDeclaration]) -> None:
        self._types = types
        self._by_name = {declared.simple_name: declared for declared in types.values()}

    def lines(self) -> Iterator[str]:
        for declared in self._types.values():
            if declared.is_public:
                yield from self._describe_type(declared)

    def _describe_type(self, declared: TypeDeclaration) -> Iterator[str]:
        parameters = f"<{', '.join(declared.type_parameters)}>" if declared.type_parameters else ""
        name = declared.full_name + parameters
        if declared.kind == "enum":
            yield api_lines.write_type(name, "enum", set(), [], set())
            yield from (
                api_lines.write_enum_member(f"{name}.{member}", value) for member, value in declared.values.items()
            )
            return
        bases, interfaces = self._inherited(declared)
        yield api_lines.write_type(name, declared.kind, declared.modifiers, bases, interfaces)
        for member in declared.members:
            if member.modifiers & {"public", "protected"} and not member.modifiers & {"private", "event"}:
                yield self._describe_member(name, declared, member)
        is_implicit = declared.kind == "class" and "static" not in declared.modifiers
        if is_implicit and not any(_is_constructor(declared, member) for member in declared.members):
            words = {"protected"} if "abstract" in declared.modifiers else set()
            yield api_lines.write_method(f"{name}.{declared.simple_name}", [], words, "")

    def _inherited(self, declared: TypeDeclaration) -> tuple[list[str], set[str]]:
        """The base class, and every interface that a consumer sees."""
        bases = []
        interfaces: set[str] = set()
        waiting = list(declared.bases)
        while waiting:
            base = waiting.pop(0)
            own = self._by_name.get(base.partition("<")[0])
            is_interface = own.kind == "interface" if own else base[0] == "I" and base[1].isupper()
            if not is_interface:
                bases.append(base)
                continue
            if own is None or own.is_public:
                interfaces.add(base)
            waiting += own.bases if own else api_lines.brought_by(base)
        return bases, interfaces

    def _describe_member(self, owner: str, declared: TypeDeclaration, member: Declaration) -> str:
        words = set() if declared.kind == "interface" else member.modifiers
        if member.parameters is not None:
            generic = f"<{', '.join(member.type_parameters)}>" if member.type_parameters else ""
            written = [self._write_parameter(parameter) for parameter in member.parameters]
            return api_lines.write_method(f"{owner}.{member.name}{generic}", written, words, member.type_name)
        if member.accessors:
            return api_lines.write_property(f"{owner}.{member.name}", member.accessors, words, member.type_name)
        return api_lines.write_field(f"{owner}.{member.name}", words, member.type_name)

    def _write_parameter(self, tokens: list[str]) -> str:
        default = ""
        if "=" in tokens:
            place = tokens.index("=")
            tokens, default = tokens[:place], f" = {_write_default(tokens[place + 1 :])}"
        words = [token for token in tokens[:-1] if token in _PASSED]
        type_name = write_type_name([token for token in tokens[:-1] if token not in (*_PASSED, "scoped")])
        return " ".join([*words, type_name, tokens[-1].lstrip("@")]) + default


def _write_default(tokens: list[str]) -> str:
    """A default as the compiler keeps it: an enum's by name, a number without its suffix."""
    text = "".join(tokens).rstrip("!")
    if text.startswith("default"):
        return "default"
    if text[:1].isdigit() or text[:1] == "-":
        number = text.replace("_", "")
        if number.startswith(("0x", "0X", "0b", "0B")):
            return repr(int(number.rstrip("lLuU"), 0))
        digits = number.rstrip("fFdDmMlLuU")
        return repr(float(digits) if "." in digits or number[-1] in "fFdDmM" else int(digits))
    return ".".join(text.split(".")[-2:]) if text[:1].isalpha() else text


def _is_constructor(declared: TypeDeclaration, member: Declaration) -> bool:
    return member.parameters is not None and member.name == declared.simple_name and not member.type_name
