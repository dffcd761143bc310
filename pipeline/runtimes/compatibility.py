"""`python -m pipeline compat`: the onnxruntimes there are, which of them are here, and which can run a file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.core.node_sources import NodeSource, read_sources
from pipeline.core.paths import BUILD
from pipeline.core.progress import LongWork
from pipeline.core.terminal import say
from pipeline.graph import onnx_model
from pipeline.graph.operators import Requirements, read_requirements
from pipeline.runtimes.kernel_table import first_minor, formats
from pipeline.runtimes.refusal import explain_format, explain_operator, explain_refusal
from pipeline.runtimes.wheel_installer import install
from pipeline.runtimes.wheel_session import answer_calls
from pipeline.runtimes.wheels import Wheel, find_wheel, list_wheels, minor_of, own_wheel
from pipeline.settings.compose import PARAMS
from pipeline.settings.params import load


class Verdict(NamedTuple):
    """Whether an onnxruntime can run a file: seen here, only to be expected, or not; `reason` says with which wheel, or why not."""

    onnxruntime: str
    verdict: Literal["loads here", "untried", "refused"]
    reason: str


def compat(file: Path | None, versions: Sequence[str]) -> None:
    """The command: install `versions`; say which can run `file`; without either, print the table.

    Raises:
        PipelineError: A version cannot be installed, or the file is no ONNX model.
    """
    install_all(versions)
    if file is not None:
        show_file(file)
    elif not versions:
        show_table(_read_target())


def _read_target() -> str | None:
    """The setting, where there are settings that can be read: who has set a target that there is not looks at this table."""
    try:
        return load().target if PARAMS.exists() else None
    except PipelineError:
        return None


def install_all(versions: Sequence[str]) -> None:
    """Install one wheel after the other, and say so.

    Raises:
        PipelineError: One cannot be installed; those before it are.
    """
    with LongWork("compat", "wheels", len(versions)) as shown:
        for version in versions:
            shown.note = f"onnxruntime {version}"
            say("compat", install(version))
            shown.advance()


def show_table(target: str | None) -> None:
    """Print every minor version of onnxruntime from the C# client's first one on; `target` is the setting."""
    own = own_wheel()
    wanted = minor_of(target) if target else minor_of(own.version) if own else None
    print("onnxruntime  opset  IR  wheel here")
    for minor, takes in formats().items():
        wheel = find_wheel(f"1.{minor}")
        here = wheel.version if wheel else f"python -m pipeline compat --install 1.{minor}"
        notes = [
            note
            for note, holds in (("this environment's", wheel and wheel.folder is None), ("the target", minor == wanted))
            if holds
        ]
        line = f"1.{minor:<10} {takes.opsets['']:<6} {takes.ir:<3} {here}"
        print(f"{line} ({', '.join(notes)})" if notes else line)


def show_file(path: Path) -> None:
    """Print which versions can run an .onnx file: by its format and operators, and by opening it in each wheel that is here.

    Raises:
        PipelineError: There is no such file, or it is no ONNX model.
    """
    if not path.is_file():
        raise PipelineError(f"{path}: expected an .onnx file, {'got a folder' if path.is_dir() else 'there is none'}")
    try:
        graph = read_requirements(onnx_model.load_graph(path, made_by="export"))
    except PipelineError as error:
        # No stage has made it, perhaps.
        raise PipelineError(re.sub(r"; make (it|both) again with .*", "", str(error))) from None
    opsets = ", ".join(f"{domain or 'opset'} {opset}" for domain, opset in graph.opsets.items())
    print(f"{path}: {opsets}, IR {graph.ir}, {len(graph.operators)} nodes")
    # Names of values in a file from elsewhere say nothing of this project's network.
    sources = read_sources() if path.resolve().is_relative_to(BUILD.resolve()) else {}
    for alike, verdicts in groupby(judge(path, graph, sources), key=lambda verdict: (verdict.verdict, verdict.reason)):
        versions = [verdict.onnxruntime for verdict in verdicts]
        span = versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"
        print(f"  {span:<12}  {': '.join(alike)}", flush=True)


def judge(path: Path, graph: Requirements, sources: Mapping[str, NodeSource]) -> Iterator[Verdict]:
    """A verdict on each minor version, the oldest first; a wheel that is here has the last word."""
    wheels = {minor_of(wheel.version): wheel for wheel in list_wheels()}
    for minor in sorted({*formats(), *wheels}):
        if minor in wheels:
            yield _try(f"1.{minor}", wheels[minor], path, graph, sources)
        elif problem := next(expect(f"1.{minor}", graph, sources), ""):
            yield Verdict(f"1.{minor}", "refused", _without_name(f"1.{minor}", problem))
        else:
            hint = "format and operators fit, but no wheel of it is here: `python -m pipeline compat --install` it"
            yield Verdict(f"1.{minor}", "untried", hint)


def _try(version: str, wheel: Wheel, path: Path, graph: Requirements, sources: Mapping[str, NodeSource]) -> Verdict:
    opened = answer_calls(wheel, path, [])
    if not opened.problem:
        return Verdict(version, "loads here", f"{wheel.version}, with numpy {opened.numpy}")
    if opened.end == "broken":
        return Verdict(version, "untried", opened.problem)
    reason = opened.problem
    if opened.end == "refused":
        reason = explain_refusal(wheel.version, opened.problem, graph, sources)
    return Verdict(version, "refused", _without_name(wheel.version, reason))


def _without_name(version: str, reason: str) -> str:
    """The reason as it stands beside the version, so that versions with one reason can be told in one line."""
    return re.sub(rf"onnxruntime {re.escape(version)} (?=takes|has|cannot|refuses)", "it ", reason)


def expect(version: str, graph: Requirements, sources: Mapping[str, NodeSource]) -> Iterator[str]:
    """Why this version will refuse the graph, as far as tables tell."""
    yield from explain_format(version, graph)
    for use in graph.operators:
        first = first_minor(use.domain, use.operator, use.since, use.types)
        if use.since > use.opset or first is None or first > minor_of(version):
            yield explain_operator(version, use, sources)
