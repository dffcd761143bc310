"""What the templates of the C# client are filled with: a contract's layout in C#'s own words. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pipeline.core.contract import Contract
from pipeline.dotnet.client import health_check
from pipeline.dotnet.client.embedding import find_embedding
from pipeline.dotnet.client.identifiers import Scope
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.layout import TYPE_SUFFIXES, Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import OWN_MEMBERS, Axis, View
from pipeline.dotnet.client.proven_sizes import ProvenSizes, describe_option
from pipeline.dotnet.client.text_input import TextInput
from pipeline.dotnet.runtime_versions import join_versions
from pipeline.settings import compat


class LabelList(NamedTuple):
    """A static C# property with the labels of outputs: its name, its documentation, its entries."""

    member: str
    summary: str
    labels: list[str]


@dataclass(frozen=True)
class ClientView:
    """A client that is to be generated; the templates read nothing else.

    `probe_sizes` are the sizes of the dynamic axes in the health check's call, `text` is what a model with a tokenizer has.
    """

    contract: Contract
    identity: Identity
    layout: Layout
    sizes: Sequence[ProvenSizes]
    text: TextInput | None
    probe_sizes: Mapping[str, int]

    @property
    def name(self) -> str:
        return self.identity.class_name

    @property
    def description(self) -> str:
        return self.contract.description or f"The model {self.contract.name}."

    @property
    def proven(self) -> str:
        """The onnxruntimes in which Python has proven the model."""
        return join_versions(self.identity.proven_onnxruntime)

    @property
    def oldest(self) -> str:
        """The oldest onnxruntime that takes the model's format, by its documentation."""
        return compat.minimum_onnxruntime(self.contract.opset, self.contract.ir_version)

    @property
    def fixed(self) -> bool:
        return self.layout.fixed

    @property
    def batched(self) -> bool:
        return self.layout.batched

    @property
    def bindable(self) -> bool:
        return self.layout.bindable

    @property
    def inputs(self) -> list[View]:
        return self.layout.inputs

    @property
    def outputs(self) -> list[View]:
        return self.layout.outputs

    @property
    def embedding(self) -> View | None:
        """The one output of a model that turns a text into a vector."""
        return self.outputs[0] if find_embedding(self.contract) else None

    @property
    def has_arrays(self) -> bool:
        """Whether a row's values can be given as spans too."""
        return any(not view.scalar for view in self.inputs)

    @property
    def row(self) -> str:
        """C# type of one row in a list."""
        return f"{self.name}Input" if self.layout.has_row_type else self.inputs[0].array

    @property
    def batched_row(self) -> str:
        """C# type of one row that has been checked and may wait in the queue."""
        return self.row if self.fixed else f"{self.name}Input"

    @property
    def has_input_type(self) -> bool:
        return self.batched_row == f"{self.name}Input"

    @property
    def rows_doc(self) -> str:
        return "Rows." if self.layout.has_row_type else f"Rows, each: {self.inputs[0].summary}"

    @property
    def array_parameters(self) -> str:
        return self._join(lambda view: f"{view.array} {view.parameter}", self.explicit_size_parameters)

    @property
    def span_parameters(self) -> str:
        return self._join(lambda view: f"{view.span} {view.parameter}", self.explicit_size_parameters)

    @property
    def memory_parameters(self) -> str:
        return self._join(lambda view: f"ReadOnlyMemory<{view.type}> {view.parameter}")

    @property
    def arguments(self) -> str:
        return self._join(lambda view: view.parameter, self.explicit_size_arguments)

    def row_arguments(self, row: str) -> str:
        """The values of a row that stands in a list, as arguments."""
        return self._join(lambda view: f"{row}.{view.member}") if self.layout.has_row_type else row

    @property
    def output_parameters(self) -> str:
        values = ", ".join(f"{view.array} {view.parameter}" for view in self.outputs)
        return values + _parameters(self.layout.output_axes)

    @property
    def size_parameters(self) -> str:
        return _parameters(self.layout.axes)

    @property
    def size_arguments(self) -> str:
        return _arguments(self.layout.axes)

    def size_members(self, row: str) -> str:
        """The sizes of a row, each behind a comma."""
        return "".join(f", {row}.{axis.member}" for axis in self.layout.axes)

    def same_sizes(self, row: str) -> str:
        """C# condition: the sizes of this row are those of another."""
        return " && ".join(f"{axis.member} == {row}.{axis.member}" for axis in self.layout.axes)

    @property
    def explicit_size_parameters(self) -> str:
        return _parameters(self.layout.explicit_axes)

    @property
    def explicit_size_arguments(self) -> str:
        return _arguments(self.layout.explicit_axes)

    @property
    def probe(self) -> str:
        """C# call of the model that the health check makes."""
        return health_check.probe(self.contract, self.layout, self.name, self.probe_sizes)

    @property
    def option(self) -> str:
        """Documentation of the option with which sizes that are not proven are taken."""
        return describe_option(self.sizes)

    @cached_property
    def label_names(self) -> Mapping[str, str]:
        """By the name of an output whose value is the number of a class: the property with the class's label."""
        return {view.name: self._scope.give(f"{view.member}Name") for view in self.outputs if view.names_classes}

    @cached_property
    def label_lists(self) -> Sequence[LabelList]:
        """One list when all outputs with labels have the same, else one for each of them."""
        labelled = [view for view in self.outputs if view.labels]
        if not labelled:
            return []
        members = {view.member for view in self.outputs}
        if all(view.labels == labelled[0].labels for view in labelled) and "Labels" not in members:
            return [LabelList(self._scope.give("Labels"), "Names of the classes, by number.", labelled[0].labels)]
        return [
            LabelList(
                self._scope.give(f"{view.member}Labels"),
                f"Names of the classes of `{view.name}`, by number.",
                view.labels,
            )
            for view in labelled
        ]

    def label_list(self, output: View) -> str:
        """The property with the labels of an output."""
        labelled = [view for view in self.outputs if view.labels]
        lists = self.label_lists
        return lists[0 if len(lists) == 1 else labelled.index(output)].member

    def axis_doc(self, axis: Axis) -> str:
        """Which outputs have an axis, and when its size is known."""
        outputs = ", ".join(view.name for view in self.outputs if axis in view.axes)
        return f"of {outputs}" + ("" if axis in self.layout.axes else ", known after the run")

    @property
    def input_names(self) -> str:
        return ", ".join(literal(view.name) for view in self.inputs)

    @property
    def output_names(self) -> str:
        return ", ".join(literal(view.name) for view in self.outputs)

    def new_axes(self, output: View) -> list[Axis]:
        """The axes whose sizes are first seen in the shape of this output."""
        known = list(self.layout.axes)
        for view in self.outputs:
            if view is output:
                break
            known += view.axes
        return [axis for axis in output.axes if axis not in known]

    def expected_shape(self, output: View, batch: str) -> str:
        """C# list of the shape that an output must have; -1 for a size that is not known before the run."""
        new = self.new_axes(output)
        sizes = [
            ("-1" if size in new else size.parameter) if isinstance(size, Axis) else str(size) for size in output.shape
        ]
        return "".join(f", {size}" for size in ([batch, *sizes] if self.batched else sizes))

    def read_row(self, output: View, place: int) -> str:
        """C# expression: row `_i` of the output at `place`, after a run."""
        length = output.row_length_by_parameters
        start = "_i" if length == "1" else f"_i * {length}"
        if output.text:
            return f"_run.Text({place}, _i)" if output.scalar else f"_run.Texts({place}, {start}, {length})"
        values = output.typed_span(f"_run.Values<{output.storage}>({place})")
        return f"{values}[_i]" if output.scalar else f"{values}.Slice({start}, {length}).ToArray()"

    def sized_length(self, view: View) -> str:
        """C# expression: values of an input in a run, by the span `_sizes` of the inputs' axes."""
        factors = [f"_sizes[{self.layout.axes.index(size)}]" for size in view.shape if isinstance(size, Axis)]
        return " * ".join(
            [*(["(long)_rows"] if self.batched else ["1L"]), *factors, *([str(view.length)] if view.length > 1 else [])]
        )

    def sized_shape(self, view: View) -> str:
        """C# list of the shape of an input in a run, by the span `_sizes` of the inputs' axes."""
        sizes = [
            f"_sizes[{self.layout.axes.index(size)}]" if isinstance(size, Axis) else str(size) for size in view.shape
        ]
        return ", ".join(["_rows", *sizes] if self.batched else sizes)

    def axis_place(self, view: View, axis: Axis) -> int:
        return view.shape.index(axis) + (1 if self.batched else 0)

    @cached_property
    def _scope(self) -> Scope:
        """Names of further properties of the outputs."""
        members = {view.member for view in self.outputs} | {axis.member for axis in self.layout.output_axes}
        return Scope({*OWN_MEMBERS, *members, *(self.name + suffix for suffix in TYPE_SUFFIXES)})

    def _join(self, describe: Callable[[View], str], end: str = "") -> str:
        return ", ".join(map(describe, self.inputs)) + end


def _parameters(axes: Sequence[Axis]) -> str:
    return "".join(f", int {axis.parameter}" for axis in axes)


def _arguments(axes: Sequence[Axis]) -> str:
    return "".join(f", {axis.parameter}" for axis in axes)
