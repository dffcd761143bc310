"""C# that calls the client: the program that `verify` runs, and the example of the package's README."""

from pipeline.core.contract import Contract
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.client.members import Axis, View
from pipeline.dotnet.client.proven_sizes import typical_size
from pipeline.dotnet.templates import render


def replay(contract: Contract, namespace: str, class_name: str) -> str:
    """Program.cs of the consumer: `program golden-folder answers-folder threads test-split-folder`."""
    layout = derive_layout(contract)
    inputs, outputs = layout.inputs, layout.outputs
    row = f"{class_name}Input" if layout.has_row_type else inputs[0].array
    explicit_sizes = [f"row.{axis.member}" for axis in layout.explicit_axes]
    slices = [
        f"input{place}[i]" if view.scalar else f"Slice(input{place}, i, batch)" for place, view in enumerate(inputs)
    ]
    sizes = [_size(layout, axis) for axis in layout.axes]
    parts = [*slices, *(_size(layout, axis) for axis in layout.explicit_axes)]
    return render(
        "Replay.cs",
        {
            "Class": class_name,
            "namespace": namespace,
            "inputs": inputs,
            "outputs": outputs,
            "methods": layout.methods,
            "bulk_method": layout.bulk_method,
            "batched": layout.batched,
            "texts": contract.tokenizer is not None,
            "Row": row,
            "row_arguments": ", ".join([*(f"row.{view.member}" for view in inputs), *explicit_sizes])
            if layout.has_row_type
            else "row",
            "row_from_inputs": f"new {row}({', '.join(parts)})" if layout.has_row_type else slices[0],
            "input_fields": "".join(f", {view.type}[] Input{place}" for place, view in enumerate(inputs)),
            "input_values": "".join(f", input{place}" for place in range(len(inputs))),
            "sizes": ", ".join(sizes),
            "size_arguments": "".join(f", one.Sizes[{place}]" for place in range(len(sizes))),
            "part_size_arguments": "".join(f", part.Sizes[{place}]" for place in range(len(sizes))),
            "output_fields": ", ".join(f"{view.type}[] Output{place}" for place, view in enumerate(outputs)),
            "outputs_from_rows": ", ".join(
                f"all.{'Select' if view.scalar else 'SelectMany'}(row => row.{view.member}).ToArray()"
                for view in outputs
            ),
            "outputs_from_buffers": ", ".join(f"buffers.{view.member}.ToArray()" for view in outputs),
            "shapes": not layout.fixed,
            "shapes_from_rows": ", ".join(
                f"Shape(all.Select(row => {_shape(view, 'row')}), stacked)" for view in outputs
            ),
            "shapes_from_buffers": ", ".join(f'buffers.Batch + " " + {_shape(view, "buffers")}' for view in outputs),
        },
    )


def example(contract: Contract, namespace: str, class_name: str) -> str:
    """The C# of the package's README and of the model card: one row, many rows, ASP.NET Core."""
    layout = derive_layout(contract)
    inputs, outputs = layout.inputs, layout.outputs
    arguments = ", ".join([*(view.parameter for view in inputs), *(axis.parameter for axis in layout.explicit_axes)])
    sizes = {axis.name: axis.parameter for axis in layout.axes}
    shown = next((view for view in outputs if view.names_classes), outputs[0])
    rows = f"new {class_name}Input({arguments})" if layout.has_row_type else inputs[0].parameter
    if contract.tokenizer:
        return _text_example(namespace, class_name, shown)
    return "\n".join(
        [
            f"using {namespace};",
            "",
            f"using var model = {class_name}.Load();",
            *(
                f"int {axis.parameter} = {typical_size(contract, axis)}; // replace it by the size that your data has"
                for axis in layout.axes
            ),
            *(f"{view.array} {view.parameter} = {view.example_row(sizes)}; // {view.summary}" for view in inputs),
            f"{class_name}Output one = model.Run({arguments});",
            *([f"{class_name}Output[] many = model.Run(new[] {{ {rows}, {rows} }});"] if layout.batched else []),
            f"Console.WriteLine(one.{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'});",
            "",
            "// In ASP.NET Core:",
            f"builder.Services.Add{class_name}(options => options.IntraOpNumThreads = 1);",
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
            "",
            "// In ASP.NET Core:",
            f"builder.Services.Add{class_name}(options => options.IntraOpNumThreads = 1);",
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
