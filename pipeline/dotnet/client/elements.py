"""The elements of an input or output: their C# type, range and literals. Pure."""

import math
import sys
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.core.contract import TensorSpec
from pipeline.dotnet.client.literals import number


class CSharpType(NamedTuple):
    """A C# type: its name, the suffix of its literals, and its range when it is an integer type."""

    name: str
    suffix: str = ""
    minimum: int = 0
    maximum: int = 0

    @property
    def integer(self) -> bool:
        return self.maximum > 0


TYPES = {
    "float32": CSharpType("float", "f"),
    "float64": CSharpType("double", "d"),
    "int8": CSharpType("sbyte", "", -(2**7), 2**7 - 1),
    "int16": CSharpType("short", "", -(2**15), 2**15 - 1),
    "int32": CSharpType("int", "", -(2**31), 2**31 - 1),
    "int64": CSharpType("long", "L", -(2**63), 2**63 - 1),
    "uint8": CSharpType("byte", "", 0, 2**8 - 1),
    "uint16": CSharpType("ushort", "", 0, 2**16 - 1),
    "uint32": CSharpType("uint", "U", 0, 2**32 - 1),
    "uint64": CSharpType("ulong", "UL", 0, 2**64 - 1),
    "bool": CSharpType("bool"),
    # System.Half, or Microsoft.ML.OnnxRuntime.Float16 on targets without it: each file that uses it has a `using` for it.
    "float16": CSharpType("Half", "f"),
    "string": CSharpType("string"),
}

# Members of the C# enumeration ElementType of the part for ASP.NET Core.
ELEMENT_TYPES = {
    "float32": "Float32",
    "float64": "Float64",
    "int8": "Int8",
    "int16": "Int16",
    "int32": "Int32",
    "int64": "Int64",
    "uint8": "UInt8",
    "uint16": "UInt16",
    "uint32": "UInt32",
    "uint64": "UInt64",
    "bool": "Bool",
    "float16": "Float16",
    "string": "Text",
}

# Largest finite values: a literal beyond them does not compile.
_LARGEST = {"Half": 65504.0, "float": 3.4028234663852886e38, "double": sys.float_info.max}


@dataclass(frozen=True)
class Elements:
    """The values of one input or output: the contract's tensor and the C# type that carries it."""

    tensor: TensorSpec
    csharp: CSharpType

    @property
    def name(self) -> str:
        return self.tensor.name

    @property
    def labels(self) -> list[str]:
        return self.tensor.labels

    @property
    def type(self) -> str:
        return self.csharp.name

    @property
    def text(self) -> bool:
        return self.type == "string"

    @property
    def storage(self) -> str:
        """Element type of the memory that onnxruntime sees."""
        return "Float16" if self.type == "Half" else self.type

    def typed_span(self, span: str) -> str:
        """C# expression: a span of `storage` as a span of `type`."""
        return f"MemoryMarshal.Cast<Float16, Half>({span})" if self.type == "Half" else span

    @property
    def facts(self) -> str:
        """Unit, range and labels, in sentences."""
        low, high = self.tensor.minimum, self.tensor.maximum
        bounds = " ".join(
            f"{word} {number(bound)}" for word, bound in (("at least", low), ("at most", high)) if bound is not None
        )
        if low is not None and high is not None:
            bounds = f"from {number(low)} to {number(high)}"
        return sentences(
            f"Unit: {self.tensor.unit}" if self.tensor.unit else "",
            f"Range: {bounds}" if bounds else "",
            "NaN: missing value" if self.tensor.missing else "",
            f"Labels: {', '.join(self.labels[:20])}{', …' if len(self.labels) > 20 else ''}" if self.labels else "",
        )

    @property
    def invalid_condition(self) -> str:
        """C# condition on `_value` that holds for values that the contract rules out; empty when it rules out none."""
        if self.type in ("bool", "string"):
            return ""
        low, high = self.bounds()
        if self.csharp.integer:
            return " || ".join(
                f"_value {sign} {self.literal(bound)}" for sign, bound in (("<", low), (">", high)) if bound is not None
            )
        inside = " && ".join(
            f"_value {sign} {self.literal(bound)}" for sign, bound in ((">=", low), ("<=", high)) if bound is not None
        )
        nan = f"{self.type}.IsNaN(_value)"
        # "Not inside" holds for NaN too, which is therefore invalid, unless it stands for a missing value.
        if self.tensor.missing:
            return f"!({inside}) && !{nan}" if inside else ""
        return f"!({inside})" if inside else nan

    @property
    def expected_values(self) -> str:
        """Start of the message about a value that the contract rules out."""
        kind = "integers" if self.csharp.integer else "numbers"
        limits = (("from", self.tensor.minimum), ("to", self.tensor.maximum))
        bounds = "".join(f" {word} {number(bound)}" for word, bound in limits if bound is not None)
        return f"{self.name}: expected {kind}{bounds}, got "

    def bounds(self) -> tuple[float | None, float | None]:
        """The contract's bounds, less those that the C# type has anyway."""
        low, high = self.tensor.minimum, self.tensor.maximum
        if not self.csharp.integer:
            largest = _LARGEST[self.type]
            return (
                low if low is not None and abs(low) <= largest else None,
                high if high is not None and abs(high) <= largest else None,
            )
        low = None if low is None or low <= self.csharp.minimum else math.ceil(low)
        high = None if high is None or high >= self.csharp.maximum else math.floor(high)
        return low, high

    def literal(self, value: float) -> str:
        """C# literal of a value of this type."""
        text = f"{int(value) if self.csharp.integer else float(value)!r}{self.csharp.suffix}"
        return f"(Half)({text})" if self.type == "Half" else text  # C# has no literals of type Half


def sentences(*parts: str) -> str:
    """The parts that are not empty, each ended by a full stop, on one line."""
    cleaned = (" ".join(part.split()) for part in parts)
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in cleaned if part)
