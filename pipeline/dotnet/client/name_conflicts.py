"""Names of a contract that would become the same member of a generated C# type. Pure."""

from collections.abc import Sequence

from pipeline.dotnet.client import identifiers
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import BUFFERS_MEMBERS, INPUT_MEMBERS

# Members that the C# types have beside those of the contract and of `members`.
_RAGGED_INPUT_MEMBERS = ("CheckSizes", "HasSizesOf", "SizesComparer")
_RAGGED_CHECK_MEMBERS = ("CheckSize", "CheckText", "CheckedProduct")


def check_members(class_name: str, layout: Layout, label_lists: Sequence[str]) -> None:
    """Raise PipelineError when two members of a generated C# type would have one name.

    Args:
        class_name: Of the client.
        layout: Inputs, outputs and axes, each of which becomes a member.
        label_lists: Names of the output type's static lists of labels.
    """
    inputs = [(view.member, f"input {literal(view.name)}") for view in layout.inputs]
    outputs = [(view.member, f"output {literal(view.name)}") for view in layout.outputs]
    input_axes, output_axes = (
        [(axis.member, f"axis {literal(axis.name)}") for axis in axes] for axes in (layout.axes, layout.output_axes)
    )
    class_names = [
        (view.member + "Name", f"the label of output {literal(view.name)}")
        for view in layout.outputs
        if view.names_classes
    ]
    lists = [(name, f"the list {name}") for name in label_lists]
    size_checks = [(axis.check, f"the check of axis {literal(axis.name)}") for axis in layout.axes]
    for suffix, members, own in (
        (
            "Input",
            inputs + input_axes,
            INPUT_MEMBERS if layout.fixed else (*INPUT_MEMBERS, *_RAGGED_INPUT_MEMBERS),
        ),
        ("Output", outputs + class_names + lists + output_axes, ()),
        ("Buffers", inputs + outputs + input_axes if layout.bindable else [], BUFFERS_MEMBERS),
        ("Check", inputs + size_checks, () if layout.fixed else _RAGGED_CHECK_MEMBERS),
    ):
        type_name = class_name + suffix
        identifiers.check_distinct(members, (*identifiers.OBJECT_MEMBERS, *own, type_name), type_name)
