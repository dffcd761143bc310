"""The call that the health check makes: one small batch, of sizes that were proven. Pure."""

from pipeline.core.contract import BATCH, Contract
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.members import EXAMPLE_SIZE


def probe(contract: Contract, layout: Layout, class_name: str) -> str:
    """C# method call on the model, such as `Run(new float[64])`.

    The batch has its smallest proven size, so that a probe costs as little as it can. Every other dynamic axis has its largest:
    golden calls change one axis at a time and leave the others as they are in the data, which is the largest size or near it.
    So the largest sizes together are a call like those that were proven; the smallest together may be one that the network
    cannot answer. An axis without proven sizes gets EXAMPLE_SIZE.
    """
    sizes = {axis.name: str(max(_sizes(contract, axis.name, EXAMPLE_SIZE))) for axis in layout.axes}
    values = [view.example_row(sizes) for view in layout.inputs]
    arguments = ", ".join([*values, *(sizes[axis.name] for axis in layout.explicit_axes)])
    rows = min(_sizes(contract, BATCH, 1))
    if not layout.batched or rows == 1:
        return f"Run({arguments})"
    row = f"new {class_name}Input({arguments})" if layout.has_row_type else arguments
    return f"Run(Enumerable.Repeat({row}, {rows}).ToArray())"


def _sizes(contract: Contract, axis: str, otherwise: int) -> list[int]:
    return contract.axes[axis].sizes if axis in contract.axes else [otherwise]
