from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, helper, numpy_helper

from pipeline.compare.policy import Policy, Tolerance
from pipeline.compare.scale import typical_size
from pipeline.core.contract import OutputScale, load_contract
from pipeline.core.golden import GoldenCall
from pipeline.core.power_report import PowerReport
from pipeline.graph import onnx_model
from pipeline.graph.mutants import KINDS, Mutant
from pipeline.graph.session import answer, open_session
from pipeline.parity.mutant_runner import MutantResult, Thresholds, least_telling
from pipeline.parity.page.power_section import render_power
from pipeline.parity.power import LEAST, Effort, explain_weakness, format_power, measure_power
from pipeline.parity.replay import GoldenAnswers

TIGHT = Policy(Tolerance(1e-6, 1e-5))
# It misses mutants that move an answer by less than a thousandth of its scale.
COARSE = Policy(Tolerance(5e-4, 0.0))
ROWS = np.random.default_rng(0).normal(size=(40, 10)).astype(np.float32)


def network(*, dead: bool = False, outputs: int = 5) -> ModelProto:
    """The linear model's graph with another layer in front of it; `dead` leaves nothing of that layer's answer."""
    random = np.random.default_rng(1)
    nodes = [
        helper.make_node("MatMul", ["input", "inner"], ["h"], "inner"),
        helper.make_node("Mul", ["h", "mask"], ["masked"], "mask"),
        helper.make_node("Gemm", ["masked", "weight", "bias"], ["output"], "head"),
    ]
    weights = {
        "inner": random.normal(size=(10, 10)),
        "mask": np.zeros(10) if dead else np.ones(10),
        "weight": random.normal(size=(10, outputs)),
        "bias": random.normal(size=outputs),
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input", 1, ["batch", 10])],
        [helper.make_tensor_value_info("output", 1, ["batch", outputs])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def scaled(policy: Policy, test: GoldenCall) -> Policy:
    return policy.with_scales({"output": OutputScale(scale=typical_size(test.outputs["output"]))})


@pytest.fixture
def measure(linear, tmp_path):
    """The power of a policy over a graph that stands for the linear model's, whose own answers are the golden ones."""

    def power(
        model: ModelProto, policy: Policy = TIGHT, least: float = 1e-3, effort: Effort | None = None, contract=None
    ) -> PowerReport:
        path = tmp_path / "model.onnx"
        onnx_model.save(model, path)
        session = open_session(path)

        def call(name: str, rows: np.ndarray) -> GoldenCall:
            inputs = {"input": rows}
            return GoldenCall(name, "rows", len(rows), {"batch": len(rows)}, inputs, answer(session, inputs))

        calls, test = [call("rows-1", ROWS[:1]), call("rows-3", ROWS[1:4])], call("test", ROWS)
        thresholds = Thresholds(scaled(policy, test), least)
        golden = GoldenAnswers(contract or load_contract(), calls, test)
        return measure_power(path, golden, test.outputs, thresholds, effort or Effort(0, 1e8))

    return power


def test_a_tight_policy_catches_what_moves_an_answer(measure):
    power = measure(network())
    assert power.passed
    assert power.tried >= LEAST
    assert power.caught >= 0.9 * power.tried
    assert explain_weakness(power) == ""


def test_the_counts_add_up(measure):
    power = measure(network())
    assert (
        power.caught + power.equivalent + power.missed
        == power.tried
        == sum(kind.tried for kind in power.kinds.values())
    )
    assert sum(power.caught_by.values()) == power.caught
    assert power.outputs == {"output": power.caught_by["comparison"]}
    assert len(power.survivors) == power.equivalent + power.missed
    assert set(power.kinds) <= set(KINDS)


@pytest.mark.parametrize(
    "policy", [Policy(Tolerance(1e9, 1e-4)), Policy(Tolerance(1e-5, 0.5))], ids=["atol=1e9", "rtol=0.5"]
)
def test_a_tolerance_that_is_too_wide_is_powerless(policy, measure):
    power = measure(network(), policy)
    assert not power.passed
    sentence = explain_weakness(power)
    for part in (
        "mutants were missed; ",
        " moves output 'output' by ",
        "(parity.least_power=0.001)",
        "divide parity.atol, parity.rtol and parity.floor by ",
    ):
        assert part in sentence


def test_the_advice_is_a_tolerance_that_catches_the_mutant(measure):
    wide = Policy(Tolerance(1e3, 0.0))
    factor = float(explain_weakness(measure(network(), wide)).rpartition(" ")[2])
    worst = measure(network(), wide).survivors[0]
    narrower = measure(network(), Policy(Tolerance(1e3 / factor, 0.0)))
    assert (worst.kind, worst.layer, worst.change) not in {
        (one.kind, one.layer, one.change) for one in narrower.survivors
    }


def test_the_worst_survivor_is_the_one_that_is_named(measure):
    power = measure(network(), Policy(Tolerance(1e9, 0.0)))
    worst = max(power.survivors, key=lambda survivor: survivor.moved)
    assert (
        f"{worst.kind} in {worst.layer} ({worst.change}) moves output 'output' by {worst.moved:.2g}"
        in explain_weakness(power)
    )


def test_a_dead_layer_has_equivalent_mutants_alone(measure):
    power = measure(network(dead=True))
    of_the_dead = [one for one in power.survivors if one.layer == "inner"]
    assert of_the_dead
    assert {one.result for one in of_the_dead} == {"equivalent"}
    assert {one.moved for one in of_the_dead} == {0.0}
    assert power.passed


def test_the_same_inputs_give_the_same_report(measure):
    assert measure(network()) == measure(network())


def test_another_seed_tries_other_mutants(measure):
    first, second = (measure(network(), Policy(Tolerance(1e9, 0.0)), effort=Effort(seed, 1e8, 20)) for seed in (1, 2))
    assert first.survivors != second.survivors


def test_the_budget_is_kept(measure):
    generous, thrifty = (measure(network(), effort=Effort(0, budget)) for budget in (1e8, 6e7))
    assert LEAST < thrifty.tried < generous.tried
    assert thrifty.spent <= 6e7


def test_the_budget_is_kept_when_the_test_split_is_run_too(measure):
    power = measure(network(), Policy(Tolerance(1e9, 0.0)), effort=Effort(0, 6e7))
    assert power.tried > LEAST
    assert power.spent <= 6e7


def test_a_dozen_are_tried_whatever_the_budget(measure):
    assert measure(network(), effort=Effort(0, 0.0)).tried == LEAST


def test_there_is_an_end_to_it(measure):
    assert measure(network(), effort=Effort(0, 1e15, 17)).tried == 17


def test_the_test_split_catches_what_the_golden_calls_cannot(linear, tmp_path):
    path = tmp_path / "model.onnx"
    onnx_model.save(network(), path)
    session = open_session(path)
    silent = GoldenCall("zeros", "edge", 2, {}, {"input": np.zeros((2, 10), np.float32)})
    silent = replace(silent, outputs=answer(session, silent.inputs))
    test = GoldenCall("test", "rows", 40, {}, {"input": ROWS}, answer(session, {"input": ROWS}))
    thresholds = Thresholds(scaled(TIGHT, test), 1e-3)
    power = measure_power(
        path, GoldenAnswers(load_contract(), [silent], test), test.outputs, thresholds, Effort(0, 1e8)
    )
    assert power.kinds["rows"].caught == power.kinds["rows"].tried > 0


def test_a_mutant_that_the_contract_refuses_or_that_cannot_run_says_so(measure):
    assert measure(network()).caught_by["signature"] == 1  # the frozen input


def test_a_small_survivor_is_listed_and_fails_nothing(measure):
    power = measure(network(), COARSE)
    small = [survivor for survivor in power.survivors if survivor.result == "missed"]
    assert small
    assert power.passed
    assert (
        f", {power.missed} missed (moved {max(one.moved for one in small):.2g} of an output's scale at most)"
        in format_power(power)
    )


def test_least_power_is_what_a_survivor_may_move(measure):
    moved = max(survivor.moved for survivor in measure(network(), COARSE).survivors)
    assert measure(network(), COARSE, least=moved).passed
    assert not measure(network(), COARSE, least=moved * 0.99).passed


def test_the_line_for_the_console(measure):
    power = measure(network())
    line = format_power(power)
    assert line.startswith(f"power: {power.caught} of {power.tried} mutants caught, {power.equivalent} equivalent")


@pytest.mark.parametrize(("caught", "missed", "share"), [(3, 1, 0.75), (0, 0, None), (0, 2, 0.0)])
def test_the_share_is_of_those_that_move_an_answer(caught, missed, share, measure):
    power = measure(network()).model_copy(update={"caught": caught, "missed": missed, "equivalent": 5})
    assert power.score == share


def test_an_output_that_is_not_compared_is_named():
    survivor = {
        "kind": "bias",
        "layer": "b",
        "change": "all zeros",
        "result": "missed",
        "output": "y",
        "moved": 0.5,
        "used": None,
    }
    counts = {"tried": 1, "caught": 0, "equivalent": 0, "missed": 1}
    report = {**counts, "passed": False, "caught_by": {}, "kinds": {}, "survivors": [survivor]}
    power = PowerReport.model_validate({**report, "least_power": 1e-3, "budget": 0.0, "spent": 0.0})
    assert explain_weakness(power).endswith("every comparison passes; that output has to be compared")


def test_labels_alone_are_caught_where_they_change(linear, tmp_path):
    model = network()
    model.graph.node[-1].output[0] = "logits"
    model.graph.node.append(helper.make_node("ArgMax", ["logits"], ["output"], "label", axis=-1, keepdims=0))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("output", 7, ["batch"]))
    path = tmp_path / "model.onnx"
    onnx_model.save(model, path)
    contract = load_contract()
    (output,) = contract.outputs
    contract = contract.model_copy(
        update={"outputs": [output.model_copy(update={"dtype": "int64", "shape": ["batch"]})]}
    )
    session = open_session(Path(path))
    calls = [GoldenCall("rows", "rows", 40, {}, {"input": ROWS}, answer(session, {"input": ROWS}))]
    thresholds = Thresholds(TIGHT, 1e-3)
    power = measure_power(path, GoldenAnswers(contract, calls, calls[0]), calls[0].outputs, thresholds, Effort(0, 1e8))
    assert power.passed
    assert power.missed == 0
    assert power.kinds["rows"].caught == power.kinds["rows"].tried
    assert power.equivalent > 0


def test_an_output_that_is_exempt_is_not_judged(measure):
    power = measure(network(), replace(TIGHT, exempt={"output": "a trial"}))
    assert power.passed
    assert power.missed == 0
    assert power.equivalent == len(power.survivors) > 0


def test_a_few_bits_are_not_asked_for_more_than_they_tell(measure):
    model = network()
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name))
    model.graph.node.insert(0, helper.make_node("Cast", ["input"], ["half"], to=10))
    model.graph.node[1].input[0] = "half"
    model.graph.output[0].type.tensor_type.elem_type = 10
    contract = load_contract()
    halves = Policy(Tolerance(1e-2, 1e-2))
    narrow = [output.model_copy(update={"dtype": "float16"}) for output in contract.outputs]
    power = measure(model, halves, effort=Effort(0, 1e9), contract=contract.model_copy(update={"outputs": narrow}))
    assert power.missed > 0
    assert power.passed


def test_a_relative_tolerance_is_asked_of_whole_answers_too(measure):
    # Answers near 0 give away most other mutants.
    power = measure(network(), Policy(Tolerance(1e-6, 0.5)))
    missed = {survivor.change for survivor in power.survivors if survivor.result == "missed"}
    assert "'output' is multiplied by 1.002" in missed


def test_what_moves_an_answer_too_far_is_missed_though_the_graph_itself_departs_further():
    mutant = Mutant("weight", "w", "value [0] is 1, not 0", lambda model, folder: {})
    assert MutantResult(mutant, beyond_rounding=False, too_far=True).status == "missed"


@pytest.mark.parametrize(
    ("dtype", "rounding", "expected"),
    [("float32", 1.0, 1e-3), ("float16", 1e-6, 2**-5), ("float16", 1.0, 2**-2), ("int64", 1.0, 1e-3)],
)
def test_rounding_excuses_no_mutant_in_single_precision(dtype, rounding, expected):
    assert least_telling(np.zeros(1, dtype), rounding, 1e-3) == expected


def test_a_graph_that_cannot_be_broken_is_not_called_measured():
    nothing = PowerReport.model_construct(
        tried=0, caught=0, equivalent=0, missed=0, survivors=[], kinds={}, least_power=1e-3
    )
    assert format_power(nothing).startswith("power: not measured: ")
    assert "Not measured" in (render_power(nothing) or "")
