"""How a member of the public API is written, wherever it was read: what it is called, "->", and what it is.

Torch2DotNet.Digits -> sealed class : IAsyncDisposable, IDigits, IDisposable
Torch2DotNet.Digits.Load(string path, DigitsOptions? options = null) -> static Digits
Torch2DotNet.DigitsOptions.MaxQueue { get; set; } -> int
"""

from collections.abc import Sequence

# In the order in which C# writes them; the others change nothing for who calls.
_MODIFIERS = ("protected", "static", "const", "abstract", "sealed", "virtual", "override", "readonly")
# Interfaces of the platform that others bring: an assembly names all of them, a source only the first.
_BROUGHT = {
    "IEmbeddingGenerator<": ("IEmbeddingGenerator", "IDisposable"),
    "IEnumerable<": ("IEnumerable",),
    "IHostedLifecycleService": ("IHostedService",),
    "IMemoryOwner<": ("IDisposable",),
}


def write_type(name: str, kind: str, modifiers: set[str], bases: Sequence[str], interfaces: set[str]) -> str:
    """A class, interface, struct or enum; `bases` is its base class if it names one."""
    is_class = kind == "class"
    words = [word for word in ("static", "abstract", "sealed") if is_class and word in modifiers]
    inherited = [*bases, *sorted(interfaces)]
    return f"{name} -> {' '.join([*words, kind])}" + (f" : {', '.join(inherited)}" if inherited else "")


def write_method(name: str, parameters: Sequence[str], modifiers: set[str], returns: str) -> str:
    """A method, or a constructor where `returns` is empty."""
    return f"{name}({', '.join(parameters)})" + _write_result(modifiers, returns)


def write_property(name: str, accessors: Sequence[str], modifiers: set[str], returns: str) -> str:
    return f"{name} {{ {' '.join(f'{accessor};' for accessor in accessors)} }}" + _write_result(modifiers, returns)


def write_field(name: str, modifiers: set[str], returns: str) -> str:
    """A field or constant, without its value: the fingerprints of the model are such, and other ones are no other API."""
    return name + _write_result(modifiers, returns)


def write_enum_member(name: str, value: int) -> str:
    """With its value, which is compiled into who uses it."""
    return f"{name} = {value}"


def _write_result(modifiers: set[str], returns: str) -> str:
    words = [word for word in _MODIFIERS if word in modifiers]
    what = " ".join([*words, returns]) if returns else " ".join(words)
    return f" -> {what}" if what else ""


def brought_by(interface: str) -> tuple[str, ...]:
    """The interfaces of the platform that come with one of its interfaces."""
    return next((others for start, others in _BROUGHT.items() if interface.startswith(start)), ())
