"""onnxsim: the same function with a smaller graph."""

import importlib
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType

from onnx import ModelProto, NodeProto, helper, numpy_helper

from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.graph import external_data, onnx_model, operator_versions, signature


def import_onnxsim() -> ModuleType:
    """Import onnxsim without torch and sympy, which it can do without: they are 2 of the 2.5 seconds that importing it takes."""
    absent = [name for name in ("torch", "sympy") if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment] # Python's own way to say that a module is not there
    try:
        return importlib.import_module("onnxsim")
    finally:
        for name in absent:
            del sys.modules[name]


def simplify(
    model: ModelProto,
    contract: Contract,
    source: Path,
    target: Path,
    locate: Callable[[NodeProto], str] = lambda node: "",
) -> ModelProto:
    """The same function with a smaller graph; opset, IR version, names, types and dynamic axes of inputs and outputs stay.

    Weights that are beside the graph stay as they are.

    Args:
        model: The graph, proven to keep `contract`; onnxsim may edit it.
        contract: What the result must keep.
        source: The file that `model` is from, for errors.
        target: The file that the result is for, for errors.
        locate: Where a node comes from in the network, for errors.

    Raises:
        PipelineError: The checker refuses the graph, before or after; onnxsim fails, or its graph departs from the contract, or has
            another opset or an operator of another.
    """
    onnx_model.check(model, str(source))
    onnxsim = import_onnxsim()
    # First: onnxsim may edit what it is given.
    ir_version, opsets = model.ir_version, _opsets(model)
    stripped, weights = external_data.strip(model)
    try:
        # check_n=0: its own check runs random numbers; `validate` runs real rows.
        simplified, _ = onnxsim.simplify(stripped, check_n=0)
    except (RuntimeError, ValueError) as error:
        raise PipelineError(f"{source}: onnxsim cannot simplify the graph: {' '.join(str(error).split())}") from None
    _keep_empty_axes(simplified, {output for node in model.graph.node for output in node.output})
    simplified = external_data.restore(simplified, weights)
    _copy_description(model, simplified)
    simplified.ir_version = ir_version
    # An input whose Reshape it drops has its axes renamed (`tokens` to `unk__0`).
    signature.name_axes(simplified, contract)
    signature.fix_axes(simplified, contract)
    if not _opsets(simplified).items() <= opsets.items():
        raise PipelineError(
            f"{target}: simplification changed the opsets: expected {opsets}, got {_opsets(simplified)}"
        )
    operator_versions.check_operators(simplified, str(target), locate)
    onnx_model.check(simplified, str(target))
    if mismatches := signature.mismatches(simplified, contract):
        raise PipelineError(f"{target}: simplification changed the contract: {'; '.join(mismatches)}")
    return simplified


def _opsets(model: ModelProto) -> dict[str, int]:
    """The opset of each domain."""
    return {entry.domain: entry.version for entry in model.opset_import}


def _keep_empty_axes(simplified: ModelProto, known: Collection[str]) -> None:
    """Let each Reshape whose sizes onnxsim computes take 0 for an empty axis, and not for a size to be copied, in place.

    It has them where it makes a Gemm of a product: `series[:, 1::2]` is empty for a series of one.

    Args:
        simplified: The graph.
        known: Values of the graph before: a Reshape that makes one of them, from a constant, is the network's own.
    """
    constants = {tensor.name: tensor for tensor in simplified.graph.initializer}
    producers = {output: node for node in simplified.graph.node for output in node.output}
    for node in simplified.graph.node:
        concat = producers.get(node.input[1]) if node.op_type == "Reshape" else None
        if concat is None or concat.op_type != "Concat" or concat.output[0] in known:
            continue
        sizes = [numpy_helper.to_array(constants[name]) for name in concat.input if name in constants]
        if all((part > 0).all() for part in sizes) and not any(entry.name == "allowzero" for entry in node.attribute):
            node.attribute.append(helper.make_attribute("allowzero", 1))


def _copy_description(model: ModelProto, simplified: ModelProto) -> None:
    """Copy what the file says of itself, which onnxsim loses."""
    simplified.producer_name, simplified.producer_version = model.producer_name, model.producer_version
    simplified.doc_string, simplified.graph.doc_string = model.doc_string, model.graph.doc_string
    simplified.graph.name = model.graph.name
    del simplified.metadata_props[:]
    simplified.metadata_props.extend(model.metadata_props)
