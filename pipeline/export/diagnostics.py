"""Why a network is refused, in terms of its own source: which line, which operator, and what people do about it."""

import linecache
import re
import sysconfig
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from pipeline.core.errors import PipelineError

# What a network, or torch beneath it, raises for inputs that it cannot take. torch's own families, such as those of
# torch.export, are RuntimeErrors.
NETWORK_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
# Packages whose frames are an exporter's, not the network's.
EXPORTER_PACKAGES = ("torch", "onnx", "onnxscript", "onnx_ir", "onnxruntime", "numpy", "sympy")
PIPELINE = Path(__file__).resolve().parents[1]
STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
SITE_PACKAGES = ("site-packages", "dist-packages")
# How torch writes a frame into the text of an error or the notes of a node.
FRAME = re.compile(r'File "([^"\n]+)", line (\d+), in \S+\n\s*(\S[^\n]*)')
# What errors hold that says nothing to their reader: addresses of objects, and whom to ask.
NOISE = re.compile(
    r" at 0x[0-9a-f]+(?=>)|,? ?(Please|You can) (feel free to|file an issue|open an issue)[^;]*?(https?://\S+|github\.?)"
    r"|\s*\[?Caused by the value '.*|For the potential source, [^.;]*\.\s*|\x1b\[\d*m"
)


class SourceLine(NamedTuple):
    """A line of source: its file, its number, and its text."""

    file: str
    number: int
    text: str

    @property
    def rank(self) -> int:
        """2 in the user's own code, 1 in an installed package, 0 in what only carries a network."""
        package = self._inside_site_packages()
        if package is not None:
            return 0 if package[0] in EXPORTER_PACKAGES else 1
        path = Path(self.file).resolve()
        carries = path.is_relative_to(PIPELINE) or path.is_relative_to(STANDARD_LIBRARY)
        return 0 if self.file.startswith("<") or carries else 2

    def _inside_site_packages(self) -> tuple[str, ...] | None:
        parts = Path(self.file).parts
        return next((parts[place + 1 :] for place, part in enumerate(parts) if part in SITE_PACKAGES), None)

    def __str__(self) -> str:
        """No folder of this machine: the path from site-packages or from here, or else the file's name."""
        path = Path(self.file)
        package = self._inside_site_packages()
        if package is not None:
            path = Path(*package)
        elif path.is_relative_to(Path.cwd()):
            path = path.relative_to(Path.cwd())
        else:
            path = Path(path.name)
        return f"{path.as_posix()}, line {self.number} (`{self.text}`)"


class SourceWarning(NamedTuple):
    """A warning: the file and the number of the line that it is about, and its text."""

    file: str
    number: int
    text: str


def is_own(error: BaseException) -> bool:
    """Whether an error comes from our own code, and not from a network that it calls: then it is a bug."""
    return any(
        Path(frames[-1].filename).resolve().is_relative_to(PIPELINE)
        for cause in causes(error)
        if not isinstance(cause, PipelineError) and (frames := traceback.extract_tb(cause.__traceback__))
    )


def locate(error: BaseException) -> str:
    """The network's own line that an error came from, such as "nets.py, line 5 (`if x > 0:`)"; empty when none is known.

    A line in an installed package is given where there is none in the user's own code.
    """
    lines = [line for cause in causes(error) for line in _lines(cause)]
    return str(choose_line(lines) or "")


def choose_line(lines: Sequence[SourceLine]) -> SourceLine | None:
    """The first in the user's own code, or else in an installed package."""
    return next((line for rank in (2, 1) for line in lines if line.rank == rank), None)


def find_calling_line() -> SourceLine | None:
    """The line of the user's own code, or else of an installed package, that called what is running; None where there is none.

    What called the pipeline is no line of a network's.
    """
    frames = traceback.extract_stack()[:-2]
    lines = [SourceLine(frame.filename, frame.lineno or 0, frame.line or "") for frame in frames]
    first = next((place for place, line in enumerate(lines) if Path(line.file).is_relative_to(PIPELINE)), 0)
    return choose_line(lines[first:][::-1])


def causes(error: BaseException) -> list[BaseException]:
    """The errors that led to this one, the first of them first, and itself."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain[::-1]


def _lines(error: BaseException) -> Iterator[SourceLine]:
    """Lines that an error names: of the graph's node that could not be converted, then of its frames, then of its text."""
    yield from _lines_of_node(error.__traceback__)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        yield SourceLine(frame.filename, frame.lineno or 0, frame.line or "")
    yield from _lines_in_text(str(error))


def _lines_of_node(frames: TracebackType | None) -> Iterator[SourceLine]:
    """The exporter's loop over the graph is in its frames alone: the node that it stopped at knows its line."""
    for frame, _ in traceback.walk_tb(frames):
        notes = getattr(frame.f_locals.get("node"), "meta", None)
        if isinstance(notes, dict):
            yield from _lines_in_text(notes.get("stack_trace") or "")


def _lines_in_text(text: str) -> list[SourceLine]:
    """The deepest first."""
    return [SourceLine(file, int(number), line.strip()) for file, number, line in reversed(FRAME.findall(text))]


def explain(error: BaseException) -> str:
    """One sentence: the network's line where it is known, and what is wrong there."""
    first = next(cause for cause in causes(error) if str(cause).strip() or cause is error)
    lines = [line.strip() for line in str(first).splitlines() if line.strip()] or [""]
    # A first line that ends in a colon only announces what is wrong.
    reason = f"{type(first).__name__}: {' '.join(lines[: 1 + lines[0].endswith(':')])}"
    operator = re.search(
        r"No ONNX function found for <OpOverload\(op='([\w.]+)'|Exporting the operator '([\w:]+)'", reason
    )
    if operator:
        numbers = " for complex numbers" if "complex-valued" in reason else ""
        reason = f"the operator {operator[1] or operator[2]} has no counterpart in ONNX{numbers}"
    reason = NOISE.sub("", reason).replace("PipelineError: ", "").strip().rstrip(".")
    line = locate(error)
    return f"{line}: {reason}" if line else reason


def frozen_lines(source_warnings: Iterable[SourceWarning]) -> list[str]:
    """Lines whose result the tracer froze, with its warning; those of installed packages where there are no others."""
    lines = {
        SourceLine(file, number, linecache.getline(file, number).strip()): text.partition(" might")[0]
        for file, number, text in source_warnings
        if " might" in text and "results are registered as constants" not in text
    }
    rank = max((line.rank for line in lines), default=0)
    return [f"{line}: {text}" for line, text in lines.items() if line.rank == rank > 0]
