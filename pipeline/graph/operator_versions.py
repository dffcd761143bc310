"""Whether every node is what its operator is in the graph's opset: a conversion may change the number, and leave nodes behind."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import onnx
from onnx import ModelProto, NodeProto, TensorProto
from onnx.defs import OpSchema

from pipeline.core.errors import PipelineError
from pipeline.graph import external_data, onnx_model
from pipeline.graph.inference import TensorType, infer_types
from pipeline.settings import compat

_NEWEST = onnx.defs.onnx_opset_version()
# Values of an attribute that came with a later opset than the attribute, or went: (first, last opset). From the operators' pages.
_VALUES: dict[tuple[str, str], dict[bytes, tuple[int, int]]] = {
    ("GridSample", "mode"): {
        b"linear": (20, _NEWEST),
        b"cubic": (20, _NEWEST),
        b"bilinear": (16, 19),
        b"bicubic": (16, 19),
    },
    ("Pad", "mode"): {b"wrap": (19, _NEWEST)},
    ("Resize", "coordinate_transformation_mode"): {b"half_pixel_symmetric": (19, _NEWEST)},
    ("ScatterElements", "reduction"): {b"max": (18, _NEWEST), b"min": (18, _NEWEST)},
    ("ScatterND", "reduction"): {b"max": (18, _NEWEST), b"min": (18, _NEWEST)},
}


class Misfit(NamedTuple):
    """A node that the graph's opset does not have as it is; `later` is the first opset after it that does, `earlier` the last before it."""

    node: NodeProto
    problem: str
    opset: int
    later: int | None
    earlier: int | None


def check_operators(model: ModelProto, where: str, locate: Callable[[NodeProto], str]) -> None:
    """Check each node's operator, attributes, number of inputs and outputs, and their types, against the graph's own opset.

    Args:
        model: The graph; operators of domains that ONNX does not define are left to the runtime.
        where: The file, for the error; "" where there is none yet.
        locate: Where a node comes from, for the error; "" where that is not known.

    Raises:
        PipelineError: Some node is of another opset.
    """
    misfits = list(find_misfits(model))
    if not misfits:
        return
    (node, problem, opset, *_), more = misfits[0], f" (and {len(misfits) - 1} more)" if misfits[1:] else ""
    domain, place = _domain(node.domain), locate(node)
    raise PipelineError(
        f"{f'{where}: ' if where else ''}operator {node.op_type} of node {node.name or next(iter(node.output), '')!r}"
        f"{f', {place},' if place else ''} does not fit opset {opset}{f' of {domain}' if domain else ''}: {problem}{more}; "
        f"{_advise(misfits[0])}"
    )


def _advise(misfit: Misfit) -> str:
    """Which opset has the node, and what to set."""
    domain = _domain(misfit.node.domain)
    if domain:  # no setting chooses it
        return f"opset {misfit.later or misfit.earlier} of {domain} has it"
    if misfit.later:
        runtime = compat.minimum_onnxruntime(misfit.later, compat.least_ir(misfit.later))
        return f"set export.opset={misfit.later} or later, which onnxruntime {runtime} and later load"
    if misfit.earlier and misfit.earlier >= compat.LOWEST_OPSET:
        return f"set export.opset={misfit.earlier} or lower"
    return f"no opset from {compat.LOWEST_OPSET} on has it: set export.exporter to the other of dynamo and tracer"


def find_misfits(model: ModelProto) -> Iterator[Misfit]:
    """Nodes that are not of the graph's opset, those of nested graphs and of functions too; types are looked at where all else fits."""
    functions = {(_domain(function.domain), function.name) for function in model.functions}
    bodies = [
        ({_domain(entry.domain): entry.version for entry in body.opset_import}, nodes)
        for body, nodes in (
            (model, list(onnx_model.nodes(model.graph))),
            *((function, list(function.node)) for function in model.functions),
        )
    ]
    own = [
        (node, opsets[_domain(node.domain)])
        for opsets, nodes in bodies
        for node in nodes
        # An operator whose domain is not imported is the checker's matter.
        if _domain(node.domain) in _domains() & opsets.keys() and (_domain(node.domain), node.op_type) not in functions
    ]
    misfits = list(_misfits(own, {}))
    yield from misfits or (_misfits(own, _infer(model)) if own else ())


def _infer(model: ModelProto) -> dict[str, TensorType]:
    """The types of the graph's values; none where they contradict each other, which is the checker's matter."""
    stripped, _ = external_data.strip(model)
    try:
        return infer_types(stripped)
    except onnx.shape_inference.InferenceError:
        return {}


def _misfits(nodes: list[tuple[NodeProto, int]], types: Mapping[str, TensorType]) -> Iterator[Misfit]:
    for node, opset in nodes:
        domain = _domain(node.domain)
        if problem := _find_problem(node, domain, opset, types):
            versions = _versions(node.op_type, domain)
            fitting = [version for version in versions if not _find_problem(node, domain, version, types)]
            later = next((version for version in fitting if version > opset), None)
            earlier = max((version for version in fitting if version < opset), default=None)
            # A form of an operator holds until the next.
            last = next((version - 1 for version in versions if earlier and version > earlier), None)
            yield Misfit(node, problem, opset, later, last)


def _find_problem(node: NodeProto, domain: str, opset: int, types: Mapping[str, TensorType]) -> str:
    """Why a node is not of an opset; "" where it is."""
    versions = [version for version in _versions(node.op_type, domain) if version <= opset]
    if not versions:
        came_with = next(iter(_versions(node.op_type, domain)), None)
        return f"the operator came with opset {came_with}" if came_with else "ONNX has no such operator"
    schema = onnx.defs.get_schema(node.op_type, versions[-1], domain)
    if schema.deprecated:
        return f"the operator was withdrawn with opset {schema.since_version}"
    return _find_attribute_problem(node, schema, opset) or _find_port_problem(node, schema, types)


def _find_attribute_problem(node: NodeProto, schema: OpSchema, opset: int) -> str:
    known = schema.attributes
    for attribute in node.attribute:
        if attribute.name not in known:
            return f"there it has no attribute {attribute.name!r}"
        kind: Any = known[attribute.name].type  # an enum, which onnx's stubs do not know
        expected = kind.value
        if attribute.type != expected:
            kinds = (onnx.AttributeProto.AttributeType.Name(kind) for kind in (expected, attribute.type))
            return f"there attribute {attribute.name!r} is of type {' and not '.join(kinds)}"
        first, last = _VALUES.get((node.op_type, attribute.name), {}).get(attribute.s, (opset, opset))
        if not first <= opset <= last:
            return f"there attribute {attribute.name!r} has no value {attribute.s.decode()!r}"
    given = {attribute.name for attribute in node.attribute}
    lacking = sorted(name for name, attribute in known.items() if attribute.required and name not in given)
    return f"there it needs attribute {lacking[0]!r}" if lacking else ""


def _find_port_problem(node: NodeProto, schema: OpSchema, types: Mapping[str, TensorType]) -> str:
    constraints = {constraint.type_param_str: constraint.allowed_type_strs for constraint in schema.type_constraints}
    for kind, names, formals, least, most in (
        ("input", list(node.input), schema.inputs, schema.min_input, schema.max_input),
        ("output", list(node.output), schema.outputs, schema.min_output, schema.max_output),
    ):
        while names and not names[-1]:
            names.pop()
        if not least <= len(names) <= most:
            expected = least if least == most else f"{least} to {most}" if most < 2**31 - 1 else f"{least} or more"
            return f"there it has {expected} {kind}s, and not {len(names)}"
        for place, name in enumerate(names):
            number = types[name].dtype if name in types else TensorProto.UNDEFINED
            formal = formals[min(place, len(formals) - 1)]
            allowed = constraints.get(formal.type_str, [formal.type_str])
            dtype = TensorProto.DataType.Name(number).lower()
            if number != TensorProto.UNDEFINED and f"tensor({dtype})" not in allowed:
                return f"there {kind} {formal.name!r} is of no type {dtype}"
    return ""


def _domain(name: str) -> str:
    """ONNX's own domain has two names."""
    return "" if name == "ai.onnx" else name


@cache
def _schemas() -> dict[tuple[str, str], list[int]]:
    """The opsets in which each operator changed, by domain and name, in order."""
    versions: dict[tuple[str, str], list[int]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        versions.setdefault((schema.domain, schema.name), []).append(schema.since_version)
    return {operator: sorted(changed) for operator, changed in versions.items()}


@cache
def _domains() -> frozenset[str]:
    return frozenset(domain for domain, _ in _schemas())


def _versions(operator: str, domain: str) -> list[int]:
    return _schemas().get((domain, operator), [])
