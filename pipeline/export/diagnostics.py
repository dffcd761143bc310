"""Why a network is refused, in terms of its own source: which line, which operator, and what people do about it."""

import re
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

# Their frames are not the network's.
EXPORTERS = ("torch", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "numpy", "sympy")
PIPELINE = Path(__file__).resolve().parents[1]
STANDARD = Path(sysconfig.get_path("stdlib")).resolve()
INSTALLED = ("site-packages", "dist-packages")
# How torch writes a frame into the text of an error or the notes of a node.
FRAME = re.compile(r'File "([^"\n]+)", line (\d+), in \S+\n\s*(\S[^\n]*)')
# What an exporter says -> what people do about it.
REMEDIES = (
    (
        r"data-dependent|DataDependent|to a Python boolean",
        "torch.where (both sides computed) or torch.cond instead of a branch on values, a fixed k or a mask instead of a size that "
        "values decide",
    ),
    (
        r"static shape|to be a constant|expected shape \[|Iterating over|[Ii]nvalid dimensions",
        "sizes taken from the input (`x.shape[0]`) instead of constants, operations on the whole tensor instead of a loop over an axis",
    ),
    (
        r"to a Python (number|integer|float|index)",
        "a tensor kept as a tensor instead of `.item()`, `int()` or `float()`",
    ),
    (r"NumPy|numpy", "torch's own functions instead of NumPy's within forward"),
    (r"[Cc]omplex|fft|stft|polar", "real arithmetic (real and imaginary parts apart) instead of complex numbers"),
    (r"no counterpart in ONNX", "other operators for what has no counterpart"),
)
ANY = "sizes taken from the input instead of constants, torch.where instead of an `if` on values, real instead of complex arithmetic"


class Line(NamedTuple):
    """A line of source: its file, its number, and its text."""

    file: str
    number: int
    text: str

    @property
    def rank(self) -> int:
        """2 in the user's own code, 1 in an installed package, 0 in what only carries a network."""
        parts = Path(self.file).parts
        installed = next((parts[place + 1 :] for place, part in enumerate(parts) if part in INSTALLED), None)
        if installed is not None:
            return 0 if installed[0] in EXPORTERS else 1
        path = Path(self.file).resolve()
        return 0 if self.file.startswith("<") or path.is_relative_to(PIPELINE) or path.is_relative_to(STANDARD) else 2

    def __str__(self) -> str:
        parts = Path(self.file).parts
        start = next((place + 1 for place, part in enumerate(parts) if part in INSTALLED), None)
        path = Path(self.file)
        near = path.is_relative_to(Path.cwd())
        shown = Path(*parts[start:]) if start else path.relative_to(Path.cwd()) if near else Path(path.name)
        return f"{shown.as_posix()}, line {self.number} (`{self.text}`)"


def locate(error: BaseException) -> str:
    """The network's own line that an error came from, such as "nets.py, line 5 (`if x > 0:`)"; empty when none is known.

    A line in an installed package is told where there is none in the user's own code.
    """
    found = [line for cause in chain(error) for line in _lines(cause)]
    return next((str(line) for rank in (2, 1) for line in found if line.rank == rank), "")


def chain(error: BaseException) -> list[BaseException]:
    """The errors that led to this one, the first of them first."""
    found = [error]
    while (cause := found[-1].__cause__ or found[-1].__context__) is not None and cause not in found:
        found.append(cause)
    return found[::-1]


def _lines(error: BaseException) -> Iterator[Line]:
    """Lines that an error names: of the graph's node that could not be converted, then of its frames, then of its text."""
    yield from _of_node(error.__traceback__)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        yield Line(frame.filename, frame.lineno or 0, frame.line or "")
    yield from _of_text(str(error))


def _of_node(place: TracebackType | None) -> Iterator[Line]:
    """The exporter's loop over the graph is in its frames alone: the node that it stopped at knows its line."""
    for frame, _ in traceback.walk_tb(place):
        notes = getattr(frame.f_locals.get("node"), "meta", None)
        if isinstance(notes, dict):
            yield from _of_text(notes.get("stack_trace") or "")


def _of_text(text: str) -> list[Line]:
    """The deepest first."""
    return [Line(file, int(number), line.strip()) for file, number, line in reversed(FRAME.findall(text))]


def explain(error: BaseException) -> str:
    """One sentence: the network's line where it is known, and what is wrong there."""
    first = next(cause for cause in chain(error) if str(cause).strip() or cause is error)
    lines = [line.strip() for line in str(first).splitlines() if line.strip()] or [""]
    # A first line that ends in a colon only announces what is wrong.
    said = f"{type(first).__name__}: {' '.join(lines[: 1 + lines[0].endswith(':')])}"
    operator = re.search(
        r"No ONNX function found for <OpOverload\(op='([\w.]+)'|Exporting the operator '([\w:]+)'", said
    )
    if operator:
        kind = " for complex numbers" if "complex-valued" in said else ""
        said = f"the operator {operator[1] or operator[2]} has no counterpart in ONNX{kind}"
    where = locate(error)
    return f"{where}: {said}" if where else said


def remedies(said: str) -> str:
    """What people do about what the exporters said."""
    return "; ".join(advice for pattern, advice in REMEDIES if re.search(pattern, said)) or ANY


def frozen(warned: Iterable[tuple[str, int, str]]) -> list[str]:
    """Lines that a tracer warned of and froze, with what it warned of; those of installed packages where there are no others.

    Args:
        warned: File, line number and text of each warning.
    """
    import linecache

    lines = {
        Line(file, number, linecache.getline(file, number).strip()): text.partition(" might")[0]
        for file, number, text in warned
        if " might" in text and "results are registered as constants" not in text
    }
    rank = max((line.rank for line in lines), default=0)
    return [f"{line}: {text}" for line, text in lines.items() if line.rank == rank > 0]
