"""What is not blamed: what the exporter added, whole numbers beside the fault, and what follows from it."""

import numpy as np
from broken_graphs import change_weight, edit_graph, find_node, freeze_sizes

from pipeline.__main__ import main
from pipeline.core.departure import read_departure
from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline_runs import net

SERIES = np.random.default_rng(3).normal(size=(8, 6, 4)).astype(np.float32)
PLACES = net(
    "x): return self.last(self.first(x + self.places(torch.arange(x.shape[1]))).relu()).mean(1)",
    "self.places = nn.Embedding(16, 4); self.first = nn.Linear(4, 5); self.last = nn.Linear(5, 3)",
)

# What is the same in two of four corners is computed once in the graph.
CORNERS = net(
    "x): return self.last(torch.cat([x[:, i::2, j::2] for i in range(2) for j in range(2)], 2)).mean(1)",
    "self.last = nn.Linear(8, 3)",
)


def locate_after(edit, passes, path=SIMPLIFIED):
    edit_graph(path, edit)
    assert main(["validate"]) == 1
    passes("locate")
    return read_departure()


def test_places_and_sizes_beside_a_fault_are_not_blamed(bring, passes):
    bring(PLACES, "{x: {0: batch, 1: time}}", "+model.axes.time.maximum=12", x=SERIES)
    departure = locate_after(change_weight("Gemm"), passes)
    assert [(first.operator, first.source.module) for first in departure.candidates] == [("Gemm", "first")]


def test_two_faults_are_two_candidates(digits, passes):
    def edit(model):
        change_weight("Conv", 1)(model)
        change_weight("Gemm")(model)

    departure = locate_after(edit, passes)
    assert [candidate.operator for candidate in departure.candidates] == ["Conv", "Gemm"]


def test_what_is_right_is_matched_too(digits, passes):
    departure = locate_after(change_weight("Gemm"), passes)
    assert departure.matched == departure.values == 11


def test_a_node_that_cannot_run_is_named(digits, passes):
    departure = locate_after(freeze_sizes("Reshape", [7, -1]), passes)
    assert departure.candidates[0].operator == "Reshape"
    assert departure.candidates[0].local is None


def test_a_part_that_is_another_part_too_is_not_taken_for_it(bring, passes):
    bring(CORNERS, "{x: {0: batch}}", x=SERIES)

    def take_the_second_corner_twice(model):
        concat = find_node(model, "Concat", -1)
        makers = {node.output[0]: node for node in model.graph.node}
        makers[concat.input[3]].input[:] = makers[concat.input[1]].input

    departure = locate_after(take_the_second_corner_twice, passes, EXPORTED)
    assert departure.candidates[0].operator == "Slice"
