"""Which name of the contract stands in a line of C# that does not compile."""

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.dotnet.client.identifiers import camel, pascal
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.nuget.csharp_compiler import CompileError

# A description is wrapped: some of its words are enough to know it by.
_WORDS = 3


def blame_contract(error: CompileError, sources: Mapping[str, str], contract: Contract) -> PipelineError:
    """The error, and what in the contract it comes from, where the line shows it; of several names, that nearest to the error."""
    lines = sources.get(error.file, "").splitlines()
    line = lines[error.line - 1] if 0 < error.line <= len(lines) else ""
    nearest: tuple[int, int, str] | None = None
    for origin, spelling in _spellings(contract):
        for place in re.finditer(rf"(?<!\w){re.escape(spelling)}(?!\w)", line):
            distance = (abs(place.start() - (error.column - 1)), -len(spelling), origin)
            nearest = min(nearest or distance, distance)
    if nearest is None:
        return PipelineError(
            f"{error}; no name of the contract stands in that line, so that the fault is this project's"
        )
    return PipelineError(f"{error}; what stands there comes from {nearest[2]}: change it in the settings under model")


def _spellings(contract: Contract) -> Iterator[tuple[str, str]]:
    """What stands in the contract, and how C# may spell it."""
    for kind, tensors in (("the input", contract.inputs), ("the output", contract.outputs)):
        for tensor in tensors:
            origin = f"{kind} {literal(tensor.name)}"
            for spelling in {tensor.name, pascal(tensor.name), camel(tensor.name)}:
                yield origin, spelling
            for label in tensor.labels:
                yield f"the label {literal(label)} of {origin.removeprefix('the ')}", literal(label)[1:-1]
            yield from _of_description(f"the description of {origin.removeprefix('the ')}", tensor.description)
    yield from _of_description("the description of the model", contract.description)


def _of_description(origin: str, description: str) -> Iterator[tuple[str, str]]:
    words = escape(description).split()
    for start in range(0, max(1, len(words) - _WORDS + 1)):
        if spelling := " ".join(words[start : start + _WORDS]):
            yield origin, spelling
