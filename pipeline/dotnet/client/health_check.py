"""The call that the health check makes: a small batch of rows, of sizes that were proven together. Pure."""

from collections.abc import Mapping, Sequence

from pipeline.core.contract import BATCH, Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.proven_sizes import typical_size


def choose_sizes(calls: Sequence[GoldenCall]) -> Mapping[str, int]:
    """Sizes of the smallest golden call of real rows, by axis: what the data has, answered in one call, at the least cost."""
    real = [call for call in calls if call.purpose == "rows"]
    return min(real, key=lambda call: call.rows or 1).sizes if real else {}


def probe(contract: Contract, layout: Layout, class_name: str, sizes: Mapping[str, int]) -> str:
    """C# method call on the model, such as `Run(new float[64])`.

    Args:
        contract: What the client is for.
        layout: Its layout.
        class_name: The client's.
        sizes: Of the dynamic axes, as `choose_sizes` gives them. An axis that is not in it gets a typical proven size, the batch
            its smallest.
    """
    expressions = {axis.name: str(sizes.get(axis.name, typical_size(contract, axis))) for axis in layout.axes}
    values = [view.example_row(expressions) for view in layout.inputs]
    arguments = ", ".join([*values, *(expressions[axis.name] for axis in layout.explicit_axes)])
    rows = sizes.get(BATCH, min(contract.axes[BATCH].sizes) if BATCH in contract.axes else 1)
    if not layout.batched or rows == 1:
        return f"Run({arguments})"
    row = f"new {class_name}Input({arguments})" if layout.has_row_type else arguments
    return f"Run(Enumerable.Repeat({row}, {rows}).ToArray())"
