"""What the templates of the part for ASP.NET Core are filled with. Pure."""

from dataclasses import dataclass

from pipeline.dotnet.client.client_view import ClientView
from pipeline.dotnet.client.elements import ELEMENT_TYPES
from pipeline.dotnet.client.members import Axis, View

# Members of the C# enumeration TokenPart, by the role of an input.
_TOKEN_PARTS = {"ids": "Numbers", "mask": "Mask", "types": "Types"}


@dataclass(frozen=True)
class WebView:
    """The contract of a client as data, and how its rows become the client's types; the templates Web*.cs read it and the client."""

    client: ClientView

    @property
    def described_axes(self) -> list[str]:
        """Names of the dynamic axes, those of the inputs first."""
        return [axis.name for axis in [*self.client.layout.axes, *self.client.layout.output_only_axes]]

    def described_shape(self, view: View) -> str:
        """C# collection of a row's shape: a size, or the complement of an axis' place among `described_axes`."""
        axes = self.described_axes
        return (
            "["
            + ", ".join(f"~{axes.index(size.name)}" if isinstance(size, Axis) else str(size) for size in view.shape)
            + "]"
        )

    def described_bound(self, bound: float | None) -> str:
        return "null" if bound is None else f"{float(bound)!r}"

    def element_type(self, view: View) -> str:
        """Member of the C# enumeration ElementType."""
        return ELEMENT_TYPES[view.tensor.dtype]

    def label_type(self, view: View) -> str:
        """Name of the C# enumeration of the classes that the values of an input or output number."""
        side = "Input" if view in self.client.inputs else ""
        return f"{self.client.identity.class_name}{side}{view.member}Name"

    @property
    def classes(self) -> list[View]:
        """The inputs and outputs whose values number classes."""
        return [view for view in (*self.client.inputs, *self.client.outputs) if view.names_classes]

    @property
    def token_parts(self) -> str:
        """C# list: what of a text's tokens each input holds."""
        roles = (
            {name: role for role, name in self.client.contract.tokenizer.fills.items()}
            if self.client.contract.tokenizer
            else {}
        )
        return ", ".join(f"TokenPart.{_TOKEN_PARTS[roles[view.name]]}" for view in self.client.inputs) if roles else ""

    @property
    def column_arguments(self) -> str:
        """The values of row `_row` of the columns `_rows`, as arguments."""
        values = [
            f"_rows.{'Text' if view.text else f'Value<{view.type}>'}({place}, _row)"
            if view.scalar
            else f"_rows.{'TextArray' if view.text else f'Array<{view.type}>'}({place}, _row)"
            for place, view in enumerate(self.client.inputs)
        ]
        sizes = [
            f"_rows.Size({self.client.layout.axes.index(axis)}, _row)" for axis in self.client.layout.explicit_axes
        ]
        return ", ".join([*values, *sizes])

    @property
    def answer_sizes(self) -> str:
        """C# list: the sizes of `described_axes` in an output; 0 for an axis that only inputs have."""
        output_axes = {axis.name: axis.member for axis in self.client.layout.output_axes}
        return ", ".join(f"_output.{output_axes[name]}" if name in output_axes else "0" for name in self.described_axes)
