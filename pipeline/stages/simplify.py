"""simplify: build/exported/model.onnx -> build/simplified/model.onnx, with onnxsim."""

from collections.abc import Mapping

from onnx import NodeProto

from pipeline.core.contract import load_contract
from pipeline.core.files import checked, replacing_folder
from pipeline.core.node_sources import NodeSource, read_sources
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline.core.reports import GraphSize, SimplifyReport, write_report
from pipeline.core.terminal import say
from pipeline.graph import onnx_model
from pipeline.graph.simplifier import simplify
from pipeline.settings.params import Params


def describe_change(before: GraphSize, after: GraphSize) -> str:
    """Nodes, initializers and bytes before and after; reports/simplify.json has the nodes by operator."""
    return ", ".join(
        f"{name} {getattr(before, name):,} -> {getattr(after, name):,}" for name in ("nodes", "initializers", "bytes")
    )


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
    report = SimplifyReport(
        nodes=after["nodes"],
        bytes=after["bytes"],
        folded_constants=before["foldable"] - after["foldable"],
        before=GraphSize(**before),
        after=GraphSize(**after),
    )
    write_report(report)
    say("simplify", f"{SIMPLIFIED}: {describe_change(report.before, report.after)}")
