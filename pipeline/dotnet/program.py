"""C# that calls the client: the program that `verify` runs, and the example of the package's README."""

from pipeline.contract import Contract
from pipeline.dotnet.client import Identity
from pipeline.dotnet.templates import render
from pipeline.dotnet.tensors import View, views


def replay(contract: Contract, namespace: str, class_name: str) -> str:
    """Program.cs of the consumer: `program golden-folder answers-folder threads`."""
    inputs, outputs = views(contract.inputs, "input"), views(contract.outputs, "output")
    single = inputs[0] if len(inputs) == 1 else None
    parts = [_slice(view, place) for place, view in enumerate(inputs)]
    return render(
        "Replay.cs",
        {
            "Class": class_name,
            "namespace": namespace,
            "inputs": inputs,
            "outputs": outputs,
            "Row": _array(single) if single else f"{class_name}Input",
            "row_arguments": "row" if single else ", ".join(f"row.{view.member}" for view in inputs),
            "row_from_inputs": parts[0] if single else f"new {class_name}Input({', '.join(parts)})",
            "input_fields": "".join(f", {view.type}[] {view.member}" for view in inputs),
            "input_values": "".join(f", input{place}" for place in range(len(inputs))),
            "output_fields": ", ".join(f"{view.type}[] {view.member}" for view in outputs),
            "outputs_from_rows": ", ".join(
                f"all.{'Select' if view.scalar else 'SelectMany'}(row => row.{view.member}).ToArray()"
                for view in outputs
            ),
            "outputs_from_buffers": ", ".join(f"buffers.{view.member}.ToArray()" for view in outputs),
        },
    )


def example(contract: Contract, who: Identity) -> str:
    """The C# of the package's README: one row, many rows, ASP.NET Core."""
    inputs, outputs = views(contract.inputs, "input"), views(contract.outputs, "output")
    arguments = ", ".join(view.parameter for view in inputs)
    shown = next((view for view in outputs if view.names_classes), outputs[0])
    rows = inputs[0].parameter if len(inputs) == 1 else f"new {who.class_name}Input({arguments})"
    return "\n".join(
        [
            f"using {who.namespace};",
            "",
            f"using var model = {who.class_name}.Load();",
            *(f"{_array(view)} {view.parameter} = {view.example}; // {view.summary}" for view in inputs),
            f"{who.class_name}Output one = model.Run({arguments});",
            f"{who.class_name}Output[] many = model.Run(new[] {{ {rows}, {rows} }});",
            f"Console.WriteLine(one.{shown.member}{'Name' if shown.names_classes else '' if shown.scalar else '[0]'});",
            "",
            "// In ASP.NET Core:",
            f"builder.Services.Add{who.class_name}(options => options.IntraOpNumThreads = 1);",
        ]
    )


def _array(view: View) -> str:
    return view.type if view.scalar else f"{view.type}[]"


def _slice(view: View, place: int) -> str:
    """Row i of an input that was read whole."""
    return f"input{place}[i]" if view.scalar else f"input{place}.AsSpan(i * {view.length}, {view.length}).ToArray()"
