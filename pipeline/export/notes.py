"""The exporters' notes on a graph's nodes -> where each value comes from in the network (core/node_sources.py)."""

import linecache
import re
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from onnx import ModelProto, NodeProto
from torch import nn

from pipeline.core.node_sources import NodeSource
from pipeline.export.diagnostics import PIPELINE, SITE_PACKAGES, SourceLine
from pipeline.graph import onnx_model
from pipeline.settings.source_code import search_path

# What torch's dynamo exporter writes on every node.
SCOPES, CLASSES, OPERATOR, STACK = (
    f"pkg.torch.onnx.{note}" for note in ("name_scopes", "class_hierarchy", "fx_node", "stack_trace")
)
# What the adapter calls the user's network (pipeline/export/adapter.py).
ADAPTER = "network"
# In place of a module, where the node belongs to none: what a check of sizes needs.
NO_MODULE = "_empty_nn_module_stack"
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
_TRACER_FRAME = re.compile(r"^(.+)\((\d+)\): ", re.MULTILINE)
_TARGET = re.compile(r"target=(?:torch\.ops\.)?([\w.]+)")


class Note(NamedTuple):
    """What one node says of itself: its module below the user's network, that module's class, torch's operator, and the stack.

    `frames` are (file, line), the innermost first.
    """

    module: str
    module_class: str
    operator: str
    frames: Sequence[tuple[str, int]]


def read_sources(model: ModelProto) -> dict[str, NodeSource]:
    """Where each value of `model` comes from, nested graphs' too, by its name; values without a note are left out."""
    return {
        name: NodeSource(
            module=note.module,
            module_class=note.module_class,
            operator=note.operator,
            file=line[0] if line else "",
            line=line[1] if line else 0,
        )
        for node in onnx_model.nodes(model.graph)
        if (note := _read(node))
        for line in [choose_frame(note.frames, note.module_class)]
        for name in node.output
        if name
    }


def note_modules(model: ModelProto, network: nn.Module) -> None:
    """Write the notes that dynamo writes on each node of a graph that the tracer made of `network`, in place.

    The tracer has the modules in a node's name, and the stack in its text.
    """
    modules = {
        name: f"{type(module).__module__}.{type(module).__qualname__}" for name, module in network.named_modules()
    }
    for node in onnx_model.nodes(model.graph):
        frames = _TRACER_FRAME.findall(node.doc_string)[::-1]
        if not frames:
            continue
        module = _find_module(node.name, modules)
        # What called the pipeline is no line of a network's.
        first = next((place for place, (file, _) in enumerate(frames) if Path(file).is_relative_to(PIPELINE)), 0)
        stack = "\n".join(_format_frame(file, int(number)) for file, number in frames[first:])
        for key, value in (
            (SCOPES, ["", module, ""]),
            (CLASSES, ["", modules[module], ""]),
            (STACK, stack),
        ):
            node.metadata_props.add(key=key, value=str(value))


def _format_frame(file: str, number: int) -> str:
    """A frame as Python's tracebacks, and dynamo's notes, have it: its place, and below it the line."""
    text = linecache.getline(file, number).strip()
    return f'File "{file}", line {number}, in forward\n    {text or "?"}'


def strip(model: ModelProto) -> None:
    """Take the exporters' notes from the graph: they hold paths and object numbers of the machine, and need IR 10."""
    del model.graph.metadata_props[:]
    model.graph.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        value.ClearField("metadata_props")
        value.doc_string = ""
    for node in onnx_model.nodes(model.graph):
        node.ClearField("metadata_props")
        node.doc_string = ""


def count_without_notes(model: ModelProto) -> dict[str, Any]:
    """Size of a graph (`onnx_model.count`) without its notes, whose length depends on where the project lies; they stay on its nodes."""
    nodes = list(onnx_model.nodes(model.graph))
    taken = [NodeProto(doc_string=node.doc_string or None, metadata_props=node.metadata_props) for node in nodes]
    strip(model)
    size = onnx_model.count(model)
    for node, note in zip(nodes, taken, strict=True):
        node.MergeFrom(note)
    return size


def choose_frame(frames: Iterable[tuple[str, int]], module_class: str) -> tuple[str, int] | None:
    """The line that a person means: file, without a folder of this machine, and number.

    The innermost in the code of the module's own library, where the module is from one that is not torch; else the innermost of the
    project, else of a library.

    Args:
        frames: The innermost first.
        module_class: Importable name of the innermost module's class.
    """
    lines = [SourceLine(file, number, "") for file, number in frames]
    library = module_class.partition(".")[0]
    of_library = [line for line in lines if line.rank == 1 and _shorten(line.file).partition("/")[0] == library]
    of_project = [line for line in lines if line.rank == 2]
    of_others = [line for line in lines if line.rank == 1]
    chosen = next(iter(of_library or of_project or of_others), None)
    return (_shorten(chosen.file), chosen.number) if chosen else None


def _shorten(file: str) -> str:
    """Relative to the installed packages, to the project, or to what else is searched for modules; else the file's name."""
    path = Path(file)
    place = next((place for place, part in enumerate(path.parts) if part in SITE_PACKAGES), None)
    if place is not None:
        return Path(*path.parts[place + 1 :]).as_posix()
    folder = next((folder for folder in (Path.cwd(), *search_path()) if path.is_relative_to(folder)), path.parent)
    return path.relative_to(folder).as_posix()


def below_adapter(module: str) -> str:
    """The path of a module of the adapted network, in the user's own network."""
    return "" if module == ADAPTER else module.removeprefix(f"{ADAPTER}.")


def _read(node: NodeProto) -> Note | None:
    notes = {entry.key: entry.value for entry in node.metadata_props}
    scopes, classes = _split(notes.get(SCOPES, "")), _split(notes.get(CLASSES, ""))
    if len(scopes) < 2 or len(classes) < 2 or scopes[0].startswith(NO_MODULE):
        return None
    operator = _TARGET.search(notes.get(OPERATOR, ""))
    frames = [(file, int(number)) for file, number in _FRAME.findall(notes.get(STACK, ""))]
    return Note(below_adapter(scopes[-2]), classes[-2], operator[1] if operator else "", frames[::-1])


def _find_module(node: str, modules: Container[str]) -> str:
    """The module of the tracer's /network/features/features.7/Flatten: network.features.7."""
    module = ""
    for part in node.strip("/").split("/")[:-1]:
        # A list or a sequence is in the name of what it holds too.
        holder, _, last = module.rpartition(".")
        longer = ".".join(filter(None, (holder if part.startswith(f"{last}.") else module, part)))
        if longer not in modules:
            break
        module = longer
    return module


def _split(note: str) -> list[str]:
    """A list of texts, as Python prints it."""
    return [part.strip(" '\"[]") for part in note.split(",")]
