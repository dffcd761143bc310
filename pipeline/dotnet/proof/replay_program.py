"""C# that calls the client: the program that `verify` runs, and the example of the package's README."""

from dataclasses import dataclass

from pipeline.core.contract import Contract
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.client.members import Axis, View
from pipeline.dotnet.client.proven_sizes import typical_size
from pipeline.dotnet.templates import render


@dataclass(frozen=True)
class ReplayView:
    """What the template of the program reads; `texts` says whether the model has a tokenizer."""

    layout: Layout
    class_name: str
    texts: bool

    @property
    def row(self) -> str:
        """C# type of a row."""
        return f"{self.class_name}Input" if self.layout.has_row_type else self.layout.inputs[0].array

    @property
    def row_arguments(self) -> str:
        """A row's values and sizes, as arguments."""
        if not self.layout.has_row_type:
            return "row"
        sizes = [f"row.{axis.member}" for axis in self.layout.explicit_axes]
        return ", ".join([*(f"row.{view.member}" for view in self.layout.inputs), *sizes])

    @property
    def row_from_inputs(self) -> str:
        """C# expression: row `i` of the inputs of a case."""
        slices = [
            f"input{place}[i]" if view.scalar else f"Slice(input{place}, i, batch)"
            for place, view in enumerate(self.layout.inputs)
        ]
        if not self.layout.has_row_type:
            return slices[0]
        sizes = [_size(self.layout, axis) for axis in self.layout.explicit_axes]
        return f"new {self.row}({', '.join([*slices, *sizes])})"

    @property
    def whole_arguments(self) -> str:
        """All rows of a case, one behind the other."""
        return ", ".join(f"one.Input{place}" for place in range(len(self.layout.inputs)))

    @property
    def input_fields(self) -> str:
        return "".join(f", {view.type}[] Input{place}" for place, view in enumerate(self.layout.inputs))

    @property
    def input_values(self) -> str:
        return "".join(f", input{place}" for place in range(len(self.layout.inputs)))

    @property
    def sizes(self) -> str:
        """The sizes of all dynamic axes of the inputs, from the index of the golden files."""
        return ", ".join(_size(self.layout, axis) for axis in self.layout.axes)

    @property
    def size_arguments(self) -> str:
        return "".join(f", one.Sizes[{place}]" for place in range(len(self.layout.axes)))

    @property
    def part_size_arguments(self) -> str:
        return "".join(f", part.Sizes[{place}]" for place in range(len(self.layout.axes)))

    @property
    def output_fields(self) -> str:
        return ", ".join(f"{view.type}[] Output{place}" for place, view in enumerate(self.layout.outputs))

    @property
    def outputs_from_rows(self) -> str:
        return ", ".join(
            f"all.{'Select' if view.scalar else 'SelectMany'}(row => row.{view.member}).ToArray()"
            for view in self.layout.outputs
        )

    @property
    def outputs_from_buffers(self) -> str:
        return ", ".join(f"buffers.{view.member}.ToArray()" for view in self.layout.outputs)

    @property
    def shapes(self) -> bool:
        """Whether the shapes vary from call to call."""
        return not self.layout.fixed

    @property
    def shapes_from_rows(self) -> str:
        return ", ".join(f"Shape(all.Select(row => {_shape(view, 'row')}), stacked)" for view in self.layout.outputs)

    @property
    def shapes_from_buffers(self) -> str:
        return ", ".join(f'buffers.Batch + " " + {_shape(view, "buffers")}' for view in self.layout.outputs)


def replay(contract: Contract, namespace: str, class_name: str) -> str:
    """Program.cs of the consumer: `program golden-folder answers-folder threads test-split-folder`."""
    view = ReplayView(derive_layout(contract, class_name), class_name, contract.tokenizer is not None)
    return render("Replay.cs", {"TheNamespace": namespace, "TheModel": class_name}, replay=view)


def example(contract: Contract, namespace: str, class_name: str) -> str:
    """The C# of the package's README and of the run's note in MLflow: one row, many rows."""
    layout = derive_layout(contract, class_name)
    inputs, outputs = layout.inputs, layout.outputs
    arguments = ", ".join([*(view.parameter for view in inputs), *(axis.parameter for axis in layout.explicit_axes)])
    sizes = {axis.name: axis.parameter for axis in layout.axes}
    shown = next((view for view in outputs if view.names_classes), outputs[0])
    rows = f"new {class_name}Input({arguments})" if layout.has_row_type else inputs[0].parameter
    model, one, many = map(layout.name_local, ("model", "one", "many"))
    if contract.tokenizer:
        return _text_example(namespace, class_name, shown)
    return "\n".join(
        [
            f"using {namespace};",
            "",
            f"using var {model} = {class_name}.Load();",
            *(
                f"int {axis.parameter} = {typical_size(contract, axis)}; // replace it by the size that your data has"
                for axis in layout.axes
            ),
            *(f"{view.array} {view.parameter} = {view.example_row(sizes)}; // {view.summary}" for view in inputs),
            f"{class_name}Output {one} = {model}.Run({arguments});",
            *([f"{class_name}Output[] {many} = {model}.Run(new[] {{ {rows}, {rows} }});"] if layout.batched else []),
            f"Console.WriteLine({one}.{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'});",
        ]
    )


def _text_example(namespace: str, class_name: str, shown: View) -> str:
    member = f"{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'}"
    return "\n".join(
        [
            f"using {namespace};",
            "",
            f"using var model = {class_name}.Load();",
            f'{class_name}Output one = model.Run("some text");',
            f'{class_name}Output[] many = model.Run(new[] {{ "some text", "another, longer one" }});',
            'long[] tokens = model.Tokenize("some text"); // what the model itself takes, with a mask; Run takes those too',
            f"Console.WriteLine(one.{member});",
        ]
    )


def _size(layout: Layout, axis: Axis) -> str:
    """Size of an axis in the golden inputs, from their index."""
    place, view = next((place, view) for place, view in enumerate(layout.inputs) if axis in view.axes)
    return f"Size(entry, {place}, {view.shape.index(axis) + (1 if layout.batched else 0)})"


def _shape(view: View, owner: str) -> str:
    """C# text of a row's shape: numbers between spaces."""
    sizes = [f"{owner}.{size.member}" if isinstance(size, Axis) else str(size) for size in view.shape]
    return f"string.Join(' ', new int[] {{ {', '.join(sizes)} }})"
