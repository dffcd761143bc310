"""Where each value of the exported graph comes from in the network: module, file, line and operator."""

from pathlib import Path

from pydantic import TypeAdapter

from pipeline.core.paths import NODE_SOURCES
from pipeline.core.records import Record, read_record, write_record


class NodeSource(Record):
    """Where one node comes from.

    `module` is the path in the user's network ("encoder.layer.0.attention", "" for the network itself), `module_class` its class,
    `operator` torch's ("aten.linear.default"; "" where the exporter does not say). `file` is relative to the project, or to the
    folder of installed packages ("transformers/models/bert/modeling_bert.py"), and `line` counts from 1; "" and 0 where the
    node comes from no line.
    """

    module: str
    module_class: str
    operator: str
    file: str
    line: int

    def __str__(self) -> str:
        """As in a sentence: `encoder.layer.0 (models/encoder.py:31)`."""
        place = f"{self.file}:{self.line}" if self.file else ""
        return f"{self.module or 'the network'} ({place})" if place else self.module or "the network"


# By the name of the value that a node makes: names of values survive simplification, names of nodes do not.
_FORM: TypeAdapter[dict[str, NodeSource]] = TypeAdapter(dict[str, NodeSource])


def write_sources(sources: dict[str, NodeSource], path: Path = NODE_SOURCES) -> None:
    write_record(path, _FORM, dict(sorted(sources.items())))


def read_sources(path: Path = NODE_SOURCES) -> dict[str, NodeSource]:
    """By the name of the value that a node makes; empty where the exporter left no notes.

    Raises:
        PipelineError: The file does not have this form.
    """
    return read_record(path, _FORM, made_by="export") if path.exists() else {}
