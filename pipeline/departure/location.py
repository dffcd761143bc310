"""`python -m pipeline locate`: where a graph begins to depart from PyTorch -> reports/departure/. Imports torch."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from onnx import ModelProto

from pipeline.compare.comparison import compare
from pipeline.compare.policy import Policy, make_policy
from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.departure import Departure
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, write_text
from pipeline.core.node_sources import read_sources
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import BUILD, CHECKPOINT, PARITY_PAGE, TEST_SPLIT
from pipeline.core.progress import LongWork
from pipeline.core.reports import read_report
from pipeline.core.rows import Rows
from pipeline.departure import optimizer
from pipeline.departure.description import Answers, Findings, describe
from pipeline.departure.matching import Matcher
from pipeline.departure.pieces import Pieces
from pipeline.departure.ranking import GraphFindings, rank
from pipeline.departure.recording import plain_attention, record
from pipeline.departure.search import Search, Searcher, Truth
from pipeline.departure.smallest_graph import SmallestGraph, hold_weights, write_files
from pipeline.departure.subject import Graph, RefusedCall, choose_subject
from pipeline.departure.unopened_graph import describe_refused_node
from pipeline.departure.whole_graph import compare_answers
from pipeline.export.reference import restore_adapter
from pipeline.graph.memory import return_large_blocks
from pipeline.graph.session import answer, open_session, write_optimized
from pipeline.network import encoders
from pipeline.parity.page.document import render_page
from pipeline.settings.params import Params


def locate(params: Params, stage: Graph | None = None, call: str | None = None) -> Departure:
    """Find where the graph that the gate refused begins to depart, write reports/departure/ and the gate's page again, and print it.

    Args:
        params: The configuration.
        stage: Look at this graph; by default the first that the gate refused, or the published one.
        call: Look at this golden call; by default one that shows the departure well.

    Raises:
        PipelineError: A file is missing or of another build, or the network cannot answer.
    """
    return_large_blocks()
    subject = choose_subject(stage, call)
    golden, contract = subject.call, subject.contract
    policy = make_policy(params.parity, subject.stage, contract.scales, [tensor.name for tensor in contract.outputs])
    answers = Answers(
        *(compare_answers(subject.path, golden.inputs, golden.outputs, policy, level) for level in ("all", "off"))
    )
    # Values on the way are no outputs: what is said of those holds for none of them.
    at_own_scale = replace(policy, exempt={}, outputs={}, scales={})
    with tempfile.TemporaryDirectory(prefix=".locate-", dir=BUILD) as scratch:
        graph: SmallestGraph | None = None
        if answers.right("all") and answers.right("off"):
            findings = Findings("none", [], Search(), 0)
        elif answers.refusal("off") or (answers.right("off") and answers.refusal("all")):
            cause: Literal["unopened", "optimizer"] = "unopened" if answers.refusal("off") else "optimizer"
            nodes = describe_refused_node(subject.path, read_sources(), answers.refusal("all"))
            findings = Findings(cause, nodes, Search(), 0)
        elif answers.right("off"):
            findings, graph = _search_optimized(subject, at_own_scale, Path(scratch))
        else:
            findings, graph = _search(subject, params, at_own_scale, Path(scratch))
        departure = describe(subject, answers, findings)
        write_files(departure, graph)
    report = read_report(ParityReport)
    if not report.passed and departure.cause != "none":
        write_text(PARITY_PAGE, render_page(report, subject.contract, departure=departure.lines))
    print("\n".join(f"locate: {line}" for line in departure.lines))
    return departure


def _search(
    subject: RefusedCall, params: Params, policy: Policy, scratch: Path
) -> tuple[Findings, SmallestGraph | None]:
    """Against the eager network."""
    with LongWork("locate", "asking the network for every value"):
        truth, weights = _record(subject, params, policy, scratch)
    pieces, sources = Pieces(subject.path), read_sources()
    matcher = Matcher(pieces, sources, truth.recording, policy)
    searcher = Searcher(pieces, matcher, truth, policy)
    search = searcher.run()
    with LongWork("locate", "measuring the errors on the way"):
        candidates = rank(GraphFindings(pieces, searcher, search, matcher, sources, weights), truth.inputs, policy)
    findings = Findings("node" if search.departs else "accumulated", candidates, search, len(pieces.maker))
    if not candidates:
        return findings, None
    name = candidates[0].value
    segment = searcher.segment(name)
    feeds = searcher.feeds(segment)
    model = pieces.extract([node for piece in segment for node in piece.nodes], feeds, [name])
    return findings, SmallestGraph(hold_weights(model, pieces.folder), feeds, {name: searcher.truth(name)})


def _record(subject: RefusedCall, params: Params, policy: Policy, scratch: Path) -> tuple[Truth, list[Array]]:
    """What the eager network computes, step by step where that is what it answers; and its weights."""
    golden, contract = subject.call, subject.contract
    checked(CHECKPOINT, "train")
    text_encoders = encoders.load_encoders()
    adapter = restore_adapter(params, [tensor.name for tensor in contract.inputs], text_encoders)
    test = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    adapter.find_axes(Rows({name: test[name] for name in adapter.inputs}, contract.batched))
    with plain_attention():
        recording, answers = record(adapter, golden.inputs, text_encoders, scratch / "values")
    if not all(comparison.passed for comparison in compare(golden.outputs, answers, policy)):
        recording, _ = record(adapter, golden.inputs, text_encoders, scratch / "values")
    state = adapter.state_dict().values()
    weights = [tensor.detach().numpy() for tensor in state if tensor.dtype != torch.bfloat16]
    return Truth(recording, golden.inputs, golden.outputs), weights


def _search_optimized(subject: RefusedCall, policy: Policy, scratch: Path) -> tuple[Findings, SmallestGraph]:
    """The optimized graph against the plain one."""
    inputs, plain = subject.call.inputs, Pieces(subject.path)
    recording, events = optimizer.record_graph(plain, inputs, scratch / "values")
    answers = {name: recording.values(events[name]) for name in plain.outputs if name in events}
    pieces = Pieces(write_optimized(subject.path, scratch / "optimized.onnx"))
    matcher = optimizer.NameMatcher(pieces, recording, events, policy)
    searcher = Searcher(pieces, matcher, Truth(recording, inputs, answers), policy)
    search = searcher.run()
    candidates = rank(GraphFindings(pieces, searcher, search, matcher, read_sources(), []), inputs, policy)
    findings = Findings("optimizer", candidates, search, len(pieces.maker))
    if search.departs:
        name = candidates[0].value
        numbers, fed = optimizer.cut_plain(plain, name, searcher.feeds(searcher.segment(name)))
        feeds = {given: inputs[given] if given in inputs else recording.values(events[given]) for given in fed}
        nodes = [node for number in numbers for node in plain.pieces[number].nodes]
        model = hold_weights(plain.extract(nodes, feeds, [name]), plain.folder)
        expected = {name: recording.values(events[name])}
        if not all(comparison.passed for comparison in compare(expected, _answer(model, feeds), policy)):
            return findings, SmallestGraph(model, feeds, expected)
    # The optimizer needs more of the graph around it to do the same again.
    return findings, SmallestGraph(hold_weights(plain.model, plain.folder), inputs, subject.call.outputs)


def _answer(model: ModelProto, inputs: Arrays) -> Arrays:
    try:
        return answer(open_session(model.SerializeToString()), inputs)
    except PipelineError:
        return {}
