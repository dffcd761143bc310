import pytest

from pipeline.core.contract import Contract, OutputScale, TensorSpec
from pipeline.core.parity_report import CONTRACT_CASE, TEST_CASE, UNOPENED_CASE, Comparison
from pipeline.parity.attribution import (
    Graphs,
    attribute,
    describe_unoptimized,
    is_departure,
    rounding_of,
)

GRAPHS = Graphs({"export": "exported.onnx", "simplify": "simplified.onnx"}, "1.31.1")
SMALL = Graphs(GRAPHS.files, GRAPHS.onnxruntime, {"y": 1e-6})


def entry(stage: str, *, wrong: bool = False, case: str = "rows-8", **changes) -> Comparison:
    """A comparison of output y, of scale 1."""
    numbers = {
        "stage": stage,
        "case": case,
        "output": "y",
        "batch": 8,
        "passed": not wrong,
        "values": 40,
        "max_abs": 1e-3 if wrong else 0.0,
        "max_rel": 0.0,
        "mean_abs": 0.0,
        "tolerance": 4e-6,
        "rtol": 4e-6,
        "required_tolerance": 1e-3 if wrong else 0.0,
        "used": 250.0 if wrong else 0.0,
        "problem": "output 'y', row 3: expected 1.0, got 2.0" if wrong else "",
        "scale": 1.0,
    }
    return Comparison(**{**numbers, **changes})


def off(stage: str, **changes) -> Comparison:
    return entry(stage, optimizer="off", **changes)


def unopened(stage: str) -> Comparison:
    return off(stage, wrong=True, case=UNOPENED_CASE, output="(run)", problem="no kernel")


def refused(stage: str) -> Comparison:
    """A graph that onnxruntime does not open."""
    return entry(stage, wrong=True, case=UNOPENED_CASE, output="(run)", max_abs=None, problem="refuses the model")


EXPORT, SIMPLIFY = entry("export"), entry("simplify")
OFF = [off("export"), off("simplify")]


def test_nothing_departs():
    assert attribute([EXPORT, SIMPLIFY], OFF, GRAPHS) is None


@pytest.mark.parametrize(
    ("comparisons", "unoptimized", "cause", "says"),
    [
        (
            [entry("export", wrong=True), entry("simplify", wrong=True)],
            [off("export", wrong=True), off("simplify", wrong=True)],
            "exporter",
            "exported.onnx departs with onnxruntime's optimizer off too",
        ),
        (
            [EXPORT, entry("simplify", wrong=True)],
            [off("export"), off("simplify", wrong=True)],
            "simplifier",
            "exported.onnx is right, and simplified.onnx departs, with onnxruntime's optimizer off too",
        ),
        (
            [entry("export", wrong=True), entry("simplify", wrong=True)],
            OFF,
            "optimizer",
            "exported.onnx is right with the optimizer of onnxruntime 1.31.1 off, and wrong with it on",
        ),
        ([EXPORT, entry("simplify", wrong=True)], OFF, "optimizer", "simplified.onnx is right with the optimizer"),
        (
            [EXPORT, entry("simplify", wrong=True)],
            [off("export", wrong=True), off("simplify", wrong=True)],
            "exporter",
            "exported.onnx departs too, where onnxruntime's optimizer is off; on, it hides that",
        ),
        (
            [EXPORT, SIMPLIFY, entry("variant", variant="int8", wrong=True)],
            [*OFF, off("variant", variant="int8", wrong=True)],
            "variant",
            "simplified.onnx is right, and the variant 'int8' departs",
        ),
        (
            [EXPORT, SIMPLIFY, entry("variant", variant="int8", wrong=True)],
            [*OFF, off("variant", variant="int8")],
            "optimizer",
            "the variant 'int8' is right with the optimizer",
        ),
        (
            [EXPORT, SIMPLIFY, entry("simplify", runtime="1.18.1", wrong=True)],
            OFF,
            "runtime",
            "simplified.onnx is right in onnxruntime 1.31.1, and answers wrong in 1.18.1: choose a later `target`",
        ),
        (
            [EXPORT, SIMPLIFY, entry("simplify", runtime="1.18.1", wrong=True, output="(run)")],
            OFF,
            "runtime",
            "and cannot run in 1.18.1",
        ),
        (
            [EXPORT, SIMPLIFY, entry("simplify", runtime="1.18.1", wrong=True)],
            [*OFF, off("simplify", runtime="1.18.1")],
            "runtime",
            "answers wrong in 1.18.1, whose optimizer does it: with it off it is right there too",
        ),
        (
            [entry("export", wrong=True)],
            [unopened("export")],
            "exporter",
            "whether it does with onnxruntime's optimizer off is not known (no kernel): exporter and optimizer cannot be told apart",
        ),
        (
            [refused("export"), refused("simplify")],
            [unopened("export"), unopened("simplify")],
            "exporter",
            "the exporter: onnxruntime 1.31.1 refuses exported.onnx, with its optimizer off too; `export` has opened it",
        ),
        (
            [EXPORT, refused("simplify")],
            [off("export"), unopened("simplify")],
            "simplifier",
            "it opens exported.onnx, and onnxruntime 1.31.1 refuses simplified.onnx, with its optimizer off too",
        ),
        (
            [EXPORT, refused("simplify")],
            [off("export"), off("simplify", wrong=True)],
            "simplifier",
            "exported.onnx is right, and simplified.onnx departs, with onnxruntime's optimizer off too",
        ),
        (
            [EXPORT, refused("simplify")],
            OFF,
            "optimizer",
            "simplified.onnx is right with the optimizer of onnxruntime 1.31.1 off, and refused with it on",
        ),
        (
            [entry("export", wrong=True), entry("simplify", runtime="1.18.1", wrong=True)],
            [off("export", wrong=True)],
            "exporter",
            "exported.onnx departs",
        ),
    ],
    ids=[
        "exporter",
        "simplifier",
        "optimizer on the exported graph",
        "optimizer on the simplified graph",
        "exporter, hidden by the optimizer",
        "variant",
        "optimizer on the variant",
        "runtime",
        "runtime that cannot run it",
        "runtime's optimizer",
        "not told apart",
        "not opened",
        "not opened once simplified",
        "not opened by the optimizer, and wrong without it",
        "not opened by the optimizer alone",
        "the first of two",
    ],
)
def test_the_first_departure_has_a_cause(comparisons, unoptimized, cause, says):
    attribution = attribute(comparisons, unoptimized, GRAPHS)
    assert attribution.cause == cause
    assert says in attribution.sentence


def test_the_optimizer_is_named():
    attribution = attribute([entry("export", wrong=True)], OFF, GRAPHS, lambda wrong: f"it is {wrong.case}Fusion")
    assert "wrong with it on, as clients have it: it is rows-8Fusion; compute that part" in attribution.sentence


def test_another_call_that_departs_without_the_optimizer_does_not_blame_the_exporter():
    """The call that fails is right without the optimizer, another is wrong there."""
    comparisons = [entry("export", wrong=True), entry("export", case="zeros")]
    unoptimized = [off("export"), off("export", case="zeros", wrong=True)]
    assert attribute(comparisons, unoptimized, GRAPHS).cause == "optimizer"


def test_a_departure_of_the_test_split_alone_may_be_of_other_rows():
    comparisons = [EXPORT, entry("export", case=TEST_CASE, wrong=True)]
    attribution = attribute(comparisons, [off("export"), off("export", case=TEST_CASE, wrong=True)], GRAPHS)
    assert "no golden call departs, only rows of the test split: or its rows" in attribution.sentence


def test_what_export_would_have_refused_may_be_another_file():
    gross = {"wrong": True, "max_abs": 0.5}
    attribution = attribute([entry("export", **gross)], [off("export", **gross)], GRAPHS)
    assert (
        "`export` would have refused that much: or the graph or the golden answers were changed" in attribution.sentence
    )


@pytest.mark.parametrize(
    "failed",
    [
        entry("export", wrong=True, case=CONTRACT_CASE, output="(contract)", max_abs=None),
        entry("simplify", wrong=True, case=CONTRACT_CASE, output="(contract)", max_abs=None),
        entry("export", wrong=True, output="(none)", max_abs=None, values=0),
        entry("export", wrong=True, case=TEST_CASE, max_abs=None, values=0),
        entry("export", wrong=True, max_abs=9e-7),
    ],
    ids=[
        "signature or weights",
        "of the simplified graph",
        "no expected answer",
        "test split of another size",
        "rounding",
    ],
)
def test_what_is_no_departure_has_no_cause(failed):
    assert attribute([failed], [off(failed.stage)], SMALL) is None


def test_rounding_without_the_optimizer_is_no_departure_either():
    """A tolerance below rounding: the graph departs by its scale with the optimizer on, by rounding with it off."""
    attribution = attribute([entry("export", wrong=True)], [off("export", wrong=True, max_abs=9e-7)], SMALL)
    assert attribution.cause == "optimizer"


@pytest.mark.parametrize(
    "changes", [{"max_abs": None}, {"scale": None}, {"max_abs": 2e-6}], ids=["NaN", "integers", "more than rounding"]
)
def test_what_is_more_than_rounding(changes):
    assert is_departure(entry("export", wrong=True, **changes), {"y": 1e-6})


def test_rounding_is_measured_of_floating_outputs():
    contract = Contract.model_construct(
        outputs=[
            TensorSpec.model_construct(name=name, dtype=dtype)
            for name, dtype in (("deep", "float32"), ("flat", "float32"), ("label", "int64"))
        ],
        scales={"deep": OutputScale(scale=1.0, rounding=1e-4), "flat": OutputScale(scale=1.0)},
    )
    assert rounding_of(contract) == {"deep": pytest.approx(4e-4), "flat": pytest.approx(32 * 2**-23)}


def test_a_remark_where_only_the_optimizer_makes_it_right():
    remark = describe_unoptimized([EXPORT, SIMPLIFY], [off("export"), off("simplify", wrong=True)])
    assert remark.startswith("without onnxruntime's optimizer: simplify departs in 1 comparison (output 'y', row 3: ")
    assert remark.endswith("call rows-8), and is right with it on, as clients have it")


def test_a_remark_where_it_cannot_be_run_without():
    assert describe_unoptimized([EXPORT], [unopened("export")]) == (
        "without onnxruntime's optimizer: export cannot be run (no kernel)"
    )


def test_no_remark_where_it_departs_with_the_optimizer_too():
    assert describe_unoptimized([entry("export", wrong=True)], [off("export", wrong=True)]) == ""
