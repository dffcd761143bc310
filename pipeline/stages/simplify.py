"""simplify: build/exported/model.onnx -> build/simplified/model.onnx, with onnxsim."""

from collections.abc import Mapping
from typing import Any

from onnx import NodeProto

from pipeline.core.contract import load_contract
from pipeline.core.files import checked, replacing_folder
from pipeline.core.node_sources import NodeSource, read_sources
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline.core.reports import GraphSize, SimplifyReport, write_report
from pipeline.graph import onnx_model
from pipeline.graph.simplifier import simplify
from pipeline.settings.params import Params


def format_size_table(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Nodes by op before and after, as text; only the ops whose count changed, then the totals."""
    lines = [
        f"  {op:<24}{before['ops'].get(op, 0):>8}{after['ops'].get(op, 0):>8}"
        for op in sorted({*before["ops"], *after["ops"]})
        if before["ops"].get(op, 0) != after["ops"].get(op, 0)
    ]
    totals = [f"  {name:<24}{before[name]:>8,}{after[name]:>8,}" for name in ("nodes", "initializers", "bytes")]
    return "\n".join([f"  {'':<24}{'before':>8}{'after':>8}", *lines, *totals])


def locate(node: NodeProto, sources: Mapping[str, NodeSource]) -> str:
    """Where a node comes from in the network; "" where the exporter did not note it."""
    return next((str(sources[name]) for name in node.output if name in sources), "")


def run(params: Params) -> None:
    contract = load_contract()
    model = onnx_model.load(checked(EXPORTED, "export"), made_by="export")
    before = onnx_model.count(model)  # first: onnxsim may edit what it is given
    sources = read_sources()
    simplified = simplify(model, contract, EXPORTED, SIMPLIFIED, lambda node: locate(node, sources))
    after = onnx_model.count(simplified)
    with replacing_folder(SIMPLIFIED.parent) as folder:
        onnx_model.save(simplified, folder / SIMPLIFIED.name, EXPORTED.parent)
    write_report(
        SimplifyReport(
            nodes=after["nodes"],
            bytes=after["bytes"],
            folded_constants=before["foldable"] - after["foldable"],
            before=GraphSize(**before),
            after=GraphSize(**after),
        )
    )
    print(f"simplify: {SIMPLIFIED}:\n{format_size_table(before, after)}")
