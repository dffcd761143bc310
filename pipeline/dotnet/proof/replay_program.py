"""C# that calls the client: the program that `verify` runs, and the example of the package's README."""

from pipeline.core.contract import Contract
from pipeline.dotnet.client.generator import Identity
from pipeline.dotnet.client.layout import Layout, layout
from pipeline.dotnet.client.members import Axis, View
from pipeline.dotnet.templates import render


def replay(contract: Contract, namespace: str, class_name: str) -> str:
    """Program.cs of the consumer: `program golden-folder answers-folder threads`."""
    plan = layout(contract)
    inputs, outputs = plan.inputs, plan.outputs
    row = f"{class_name}Input" if plan.row_type else inputs[0].array
    given = [f"row.{axis.member}" for axis in plan.given]
    slices = [_slice(view, place, batched=plan.batched) for place, view in enumerate(inputs)]
    sizes = [_size(plan, axis) for axis in plan.axes]
    parts = [*slices, *(_size(plan, axis) for axis in plan.given)]
    return render(
        "Replay.cs",
        {
            "Class": class_name,
            "namespace": namespace,
            "inputs": inputs,
            "outputs": outputs,
            "ways": plan.ways,
            "texts": contract.tokenizer is not None,
            "Row": row,
            "row_arguments": ", ".join([*(f"row.{view.member}" for view in inputs), *given])
            if plan.row_type
            else "row",
            "row_from_inputs": f"new {row}({', '.join(parts)})" if plan.row_type else slices[0],
            "input_fields": "".join(f", {view.type}[] Input{place}" for place, view in enumerate(inputs)),
            "input_values": "".join(f", input{place}" for place in range(len(inputs))),
            "sizes": ", ".join(sizes),
            "size_arguments": "".join(f", one.Sizes[{place}]" for place in range(len(sizes))),
            "output_fields": ", ".join(f"{view.type}[] Output{place}" for place, view in enumerate(outputs)),
            "outputs_from_rows": ", ".join(
                f"all.{'Select' if view.scalar else 'SelectMany'}(row => row.{view.member}).ToArray()"
                for view in outputs
            ),
            "outputs_from_buffers": ", ".join(f"buffers.{view.member}.ToArray()" for view in outputs),
            "shapes": not plan.fixed,
            "shapes_from_rows": ", ".join(
                f"Shape(all.Select(row => {_shape(view, 'row')}), {str(plan.batched).lower()})" for view in outputs
            ),
            "shapes_from_buffers": ", ".join(f'buffers.Batch + " " + {_shape(view, "buffers")}' for view in outputs),
        },
    )


def example(contract: Contract, who: Identity) -> str:
    """The C# of the package's README: one row, many rows, ASP.NET Core."""
    plan = layout(contract)
    inputs, outputs = plan.inputs, plan.outputs
    arguments = ", ".join([*(view.parameter for view in inputs), *("size" for _ in plan.given)])
    shown = next((view for view in outputs if view.names_classes), outputs[0])
    rows = f"new {who.class_name}Input({arguments})" if plan.row_type else inputs[0].parameter
    if contract.tokenizer:
        return _text_example(who, shown)
    return "\n".join(
        [
            f"using {who.namespace};",
            "",
            f"using var model = {who.class_name}.Load();",
            *(["int size = 16; // of each axis of any size: choose them as your data has them"] if plan.axes else []),
            *(f"{view.array} {view.parameter} = {view.example}; // {view.summary}" for view in inputs),
            f"{who.class_name}Output one = model.Run({arguments});",
            *([f"{who.class_name}Output[] many = model.Run(new[] {{ {rows}, {rows} }});"] if plan.batched else []),
            f"Console.WriteLine(one.{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'});",
            "",
            "// In ASP.NET Core:",
            f"builder.Services.Add{who.class_name}(options => options.IntraOpNumThreads = 1);",
        ]
    )


def _text_example(who: Identity, shown: View) -> str:
    member = f"{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'}"
    return "\n".join(
        [
            f"using {who.namespace};",
            "",
            f"using var model = {who.class_name}.Load();",
            f'{who.class_name}Output one = model.Run("some text");',
            f'{who.class_name}Output[] many = model.Run(new[] {{ "some text", "another, longer one" }});',
            'long[] tokens = model.Tokenize("some text"); // what the model itself takes, with a mask; Run takes those too',
            f"Console.WriteLine(one.{member});",
            "",
            "// In ASP.NET Core:",
            f"builder.Services.Add{who.class_name}(options => options.IntraOpNumThreads = 1);",
        ]
    )


def _slice(view: View, place: int, *, batched: bool) -> str:
    """Row i of an input that was read whole."""
    if not batched:
        return f"input{place}[0]" if view.scalar else f"input{place}"
    return f"input{place}[i]" if view.scalar else f"Slice(input{place}, i, batch)"


def _size(plan: Layout, axis: Axis) -> str:
    """Size of an axis in the golden inputs, from their index."""
    place, view = next((place, view) for place, view in enumerate(plan.inputs) if axis in view.axes)
    return f"Size(entry, {place}, {view.shape.index(axis) + (1 if plan.batched else 0)})"


def _shape(view: View, owner: str) -> str:
    """C# text of a row's shape: numbers between spaces."""
    sizes = [f"{owner}.{size.member}" if isinstance(size, Axis) else str(size) for size in view.shape]
    return f"string.Join(' ', new int[] {{ {', '.join(sizes)} }})"
