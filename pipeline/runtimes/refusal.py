"""Why an onnxruntime cannot run a graph, in one sentence: operator, node, place in the network, and the first version that can. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pipeline.core.node_sources import NodeSource
from pipeline.graph.operators import OperatorUse, Requirements
from pipeline.runtimes.kernel_table import Format, first_minor, formats
from pipeline.runtimes.wheels import minor_of

# What onnxruntime says of a node: that it has no kernel for it, that its opset has no such operator, that nobody has registered it.
_OPERATOR = (
    re.compile(r"Could not find an implementation for (?P<operator>\w+)\(\d+\) node with name '(?P<node>[^']*)'"),
    re.compile(r"Failed to find kernel for (?:[\w.]+\.)?(?P<operator>\w+)\(\d+\) \(node:'(?P<node>[^']*)'"),
    re.compile(r'In Node, \("(?P<node>[^"]*)", (?P<operator>\w+), .* No Op registered for '),
    re.compile(r"of operator \((?P<operator>\w+)\) in node \((?P<node>[^)]*)\) is invalid"),
    re.compile(r"(?P<node>)\w[\w.]*:(?P<operator>\w+)\(-?\d+\) is not a registered function/op"),
)
_FORMAT = re.compile(r"Unsupported model IR version|ONNX Runtime only \*guarantees\* support")
# Its own codes, and places in its own source.
_NOISE = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |Load model from \S+ failed:|/\S*onnxruntime/core/\S+ .*?\) (?=[A-Z])"
)


def explain_refusal(version: str, error: str, graph: Requirements, sources: Mapping[str, NodeSource]) -> str:
    """One sentence from what onnxruntime `version` says of a graph; `sources` has places in the network by the names of values."""
    message = " ".join(error.split())
    for pattern in _OPERATOR:
        if match := pattern.search(message):
            use = _find(graph.operators, match["operator"], match["node"])
            if use is None:  # of an operator that onnxruntime has written out in others
                return f"onnxruntime {version} cannot run what an operator of the graph stands for: it has no {match['operator']} for its types"
            return explain_operator(version, use, sources)
    known = minor_of(version) in formats()
    if known and _FORMAT.search(message) and (problem := "; ".join(explain_format(version, graph))):
        return problem
    return f"onnxruntime {version} refuses the model: {_NOISE.sub('', message).split('refuses the model: ')[-1]}"


def explain_operator(version: str, use: OperatorUse, sources: Mapping[str, NodeSource]) -> str:
    """What to say of a node that onnxruntime `version` has no operator for."""
    source = sources.get(use.value)
    place = f", made by {source}" if source else ""
    if use.since > use.opset:
        return (
            f"onnxruntime {version} has no {use}{place}: it came with opset {use.since}, the graph has {use.opset}; set export.opset={use.since} or "
            "higher"
        )
    first = first_minor(use.domain, use.operator, use.since, use.types)
    types = ", ".join(dict.fromkeys(use.types.values()))
    if first is not None and first > minor_of(version):
        advice = (
            f"1.{first} is the first that has it: set target=onnxruntime-1.{first}, or write it with older operators"
        )
    elif first_minor(use.domain, use.operator, use.since) is not None:
        advice = f"not for {types or 'these types'}: use another type there"
    elif use.domain in next(iter(formats().values())).opsets:
        advice = "no onnxruntime up to " + f"1.{max(formats())} has it: write it with other operators"
    else:
        advice = f"the domain {use.domain!r} is none of onnxruntime's own"
    return f"onnxruntime {version} has no {use}{place}; {advice}"


def explain_format(version: str, graph: Requirements) -> Iterator[str]:
    """What of the graph's opsets and IR version is too new for onnxruntime `version`."""
    takes = formats()[minor_of(version)]
    if graph.ir > takes.ir:
        first = _first(lambda other: other.ir >= graph.ir)
        yield f"onnxruntime {version} takes IR version {takes.ir} at most, the graph has {graph.ir}: {first}"
    for domain, opset in graph.opsets.items():
        if opset > takes.opsets.get(domain, opset):
            first = _first(lambda other: other.opsets.get(domain, opset) >= opset)  # noqa: B023 (called at once)
            name = f" of {domain}" if domain else ""
            yield f"onnxruntime {version} takes opset {takes.opsets[domain]}{name} at most, the graph has {opset}: {first}"


def _first(fits: Callable[[Format], bool]) -> str:
    minor = next((minor for minor, takes in formats().items() if fits(takes)), None)
    return f"1.{minor} is the first that takes it" if minor else f"nor does any other up to 1.{max(formats())}"


def _find(operators: Sequence[OperatorUse], operator: str, node: str) -> OperatorUse | None:
    """The node that onnxruntime means: it names some by no name."""
    fitting = [use for use in operators if use.operator == operator]
    return next((use for use in fitting if node and use.node == node), None) or (fitting[0] if fitting else None)
