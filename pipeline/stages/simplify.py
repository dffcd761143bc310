"""simplify: build/exported/model.onnx -> build/simplified/model.onnx, with onnxsim."""

import importlib
import sys
from types import ModuleType
from typing import Any

from onnx import ModelProto

from pipeline.core.contract import Contract, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, replacing_folder
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline.core.reports import GraphSize, SimplifyReport, write_report
from pipeline.graph import external_data, onnx_model
from pipeline.settings.params import Params


def import_onnxsim() -> ModuleType:
    """Import onnxsim without torch, which it can do without: torch is 1.2 of the 1.6 seconds that importing it takes."""
    absent = "torch" not in sys.modules
    if absent:
        sys.modules["torch"] = None  # type: ignore[assignment] # Python's own way to say that a module is not there
    try:
        return importlib.import_module("onnxsim")
    finally:
        if absent:
            del sys.modules["torch"]


def simplify(model: ModelProto, contract: Contract) -> ModelProto:
    """The same function with a smaller graph; names, types and dynamic axes of inputs and outputs stay.

    Weights that are beside the graph stay as they are.

    Raises:
        PipelineError: The checker refuses the graph, before or after; onnxsim fails, or its graph departs from the contract.
    """
    onnx_model.check(model, str(EXPORTED))
    onnxsim = import_onnxsim()
    bare, held = external_data.detach(model)
    try:
        # check_n=0: its own check runs random numbers; `validate` runs real rows.
        small: ModelProto
        small, _ = onnxsim.simplify(bare, check_n=0)
    except (RuntimeError, ValueError) as error:
        raise PipelineError(f"{EXPORTED}: onnxsim cannot simplify the graph: {' '.join(str(error).split())}") from None
    external_data.attach(small, held)
    # onnxsim keeps the graph and loses what the file says of itself.
    small.producer_name, small.producer_version = model.producer_name, model.producer_version
    small.doc_string, small.graph.doc_string = model.doc_string, model.graph.doc_string
    small.graph.name = model.graph.name
    del small.metadata_props[:]
    small.metadata_props.extend(model.metadata_props)
    onnx_model.check(small, str(SIMPLIFIED))
    if departures := onnx_model.departures(small, contract):
        raise PipelineError(f"{SIMPLIFIED}: simplification changed the contract: {'; '.join(departures)}")
    return small


def table(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Nodes by op before and after, as text; only the ops whose count changed, then the totals."""
    lines = [
        f"  {op:<24}{before['ops'].get(op, 0):>8}{after['ops'].get(op, 0):>8}"
        for op in sorted({*before["ops"], *after["ops"]})
        if before["ops"].get(op, 0) != after["ops"].get(op, 0)
    ]
    totals = [f"  {name:<24}{before[name]:>8,}{after[name]:>8,}" for name in ("nodes", "initializers", "bytes")]
    return "\n".join([f"  {'':<24}{'before':>8}{'after':>8}", *lines, *totals])


def run(params: Params) -> None:
    contract = load_contract()
    model = onnx_model.load(checked(EXPORTED, "export"), made_by="export")
    before = onnx_model.count(model)  # first: onnxsim may edit what it is given
    small = simplify(model, contract)
    after = onnx_model.count(small)
    with replacing_folder(SIMPLIFIED.parent) as folder:
        onnx_model.save(small, folder / SIMPLIFIED.name, EXPORTED.parent)
    write_report(
        SimplifyReport(
            nodes=after["nodes"],
            bytes=after["bytes"],
            folded_constants=before["foldable"] - after["foldable"],
            before=GraphSize(**before),
            after=GraphSize(**after),
        )
    )
    print(f"simplify: {SIMPLIFIED}:\n{table(before, after)}")
