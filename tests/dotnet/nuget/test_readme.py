"""The package's README."""

from dataclasses import replace

import pytest

import text_reader
from csharp_projects import TINY, make_contract, make_identity, tensor
from pipeline.core.contract import Contract, ProvenAxis, TensorSpec
from pipeline.core.parity_report import Comparison, ParityReport, TaskReport
from pipeline.dotnet.nuget import readme

# Only what the README has of the report.
PARITY = ParityReport.model_construct(
    onnxruntime="1.31.1",
    task=TaskReport.model_construct(metric="accuracy", rows=359, eager=0.975, simplify=0.975),
    comparisons=[
        Comparison.model_construct(stage=stage, values=values, max_abs=max_abs, runtime=runtime)
        for stage, values, max_abs, runtime in (
            ("export", 7, 9.0, None),
            ("simplify", 1000, 1e-7, None),
            ("simplify", 200, None, None),
            ("simplify", 5, 8.0, "1.18.1"),
        )
    ],
)


def write(contract: Contract, **changes: object) -> str:
    return readme.write(contract.model_copy(update=changes), make_identity(), PARITY)


def test_what_was_compared_of_the_packaged_graph() -> None:
    assert "- 1,200 values compared with PyTorch's in onnxruntime 1.31.1: largest difference 1e-07." in write(TINY)


def test_versions_that_were_proven_and_those_that_were_not() -> None:
    identity = replace(make_identity(), bound_onnxruntime="1.18.1", proven_onnxruntime=("1.18.1", "1.31.1"))
    assert (
        "- Proven in Python with onnxruntime 1.18.1 and 1.31.1; this package asks for onnxruntime 1.18.1 or later.\n"
        "- Its format (ONNX opset 17, IR version 8) may load in others from 1.17 on: untried.\n"
    ) in readme.write(TINY, identity, PARITY)


def test_proven_sizes_of_every_dynamic_axis() -> None:
    text = write(TINY, axes={"batch": ProvenAxis(sizes=[1, 3, 64]), "time": ProvenAxis(sizes=[1, 9])})
    assert "- Sizes proven: `batch`: 1, 3, 64; `time`: 1, 9." in text.splitlines()


def test_an_output_that_is_not_judged_is_named() -> None:
    parity = PARITY.model_copy(update={"exempt": {"scores": "ties"}})
    assert "- **Not judged:** `scores`: ties." in readme.write(TINY, make_identity(), parity)


def test_no_line_without_proven_sizes() -> None:
    assert "Sizes proven" not in write(TINY)


SERIES = make_contract("t", [tensor("x", "float32", "batch", "time")], [tensor("y", "float32", "batch")])
SIGNAL = make_contract("t", [tensor("x", "float32", "time")], [tensor("y", "float32", "time")])


@pytest.mark.parametrize(
    ("contract", "axis", "sentence"),
    [
        (
            SERIES,
            ProvenAxis(sizes=[1, 24]),
            "The client takes `time` from 1 to 24; others only with the option `AllowUnprovenSizes`. A call may have any number of rows.",
        ),
        (
            SIGNAL,
            ProvenAxis(sizes=[4, 24], multiple_of=4, refused=[28, 48]),
            "The client takes `time` from 4 to 24 in multiples of 4; others only with the option `AllowUnprovenSizes`, and never `time` "
            "28 and 48, where the network itself fails.",
        ),
    ],
)
def test_which_sizes_the_client_takes(contract: Contract, axis: ProvenAxis, sentence: str) -> None:
    assert sentence in write(contract, axes={"batch": ProvenAxis(sizes=[1]), "time": axis}).splitlines()


def test_every_text_fits() -> None:
    text = write(text_reader.make_text_contract(), axes={"tokens": ProvenAxis(sizes=[2, 12])})
    assert "A call may have any number of rows. Every text fits: it is cut at 12 tokens." in text


def test_no_sentence_of_sizes_where_all_are_taken() -> None:
    assert "The client takes" not in write(TINY, axes={"batch": ProvenAxis(sizes=[1, 3])})


def test_the_task_metric_where_there_is_a_task() -> None:
    assert "- accuracy on 359 test rows: 0.9750 (PyTorch: 0.9750)." in write(TINY)


def test_no_task_metric_without_a_task() -> None:
    assert "test rows" not in readme.write(TINY, make_identity(), PARITY.model_copy(update={"task": None}))


def test_a_tensor_is_one_row_of_the_table() -> None:
    row = readme.describe_tensor(
        tensor("x", "float32", "batch", 2, minimum=0.0, labels=["a|b"], description="One\ntwo.")
    )
    assert row == "| `x` | float32 | batch × 2 | 0 to … | a\\|b | One two. |"


X = tensor("x", "float32", "batch", "time")


@pytest.mark.parametrize(
    ("inputs", "outputs", "sentence"),
    [
        ([tensor("x", "float32", "time")], [tensor("y", "float32", "time")], "there is no micro-batching"),
        ([X], [X], "`CreateBuffers` gives one caller at a time memory for IO binding"),
        (
            [X],
            [tensor("y", "float32", "batch", "words")],
            "because the sizes of the outputs are known only after a run",
        ),
        ([tensor("x", "string", "batch")], [tensor("y", "float32", "batch")], "because text cannot be bound"),
        ([X], [X], "The sizes follow from the lengths of the arrays."),
        ([tensor("x", "float32", "batch", "h", "w")], [X], "The caller passes the sizes that do not follow"),
    ],
)
def test_how_the_client_may_be_called(inputs: list[TensorSpec], outputs: list[TensorSpec], sentence: str) -> None:
    assert sentence in " ".join(readme.describe_calls(make_contract("t", inputs, outputs)))
