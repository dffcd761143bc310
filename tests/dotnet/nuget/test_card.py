"""The package's model card."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from csharp_projects import TINY, make_identity
from pipeline.core.contract import ProvenAxis
from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import Comparison, ParityReport, TaskReport
from pipeline.core.reports import TrainReport
from pipeline.core.task_detail import ClassScores, TaskDetail
from pipeline.dotnet.nuget.card import CardFacts, Split, draw_table, read_card, write_card
from pipeline.settings.model import Net
from pipeline.settings.params import Data
from pipeline.settings.train_section import Monitor, Train

DATA = Data(_target_="my_rows.read", path=None, rows=None, shapes={}, validation=0.1, test=0.2)
TRAIN = Train(
    enabled=True,
    loss="mse",
    monitor="loss",
    launcher="python",
    epochs=40,
    batch_size=64,
    threads=1,
    lr=0.003,
    weight_decay=0.01,
    warmup=0.1,
    patience=8,
)
FACTS = CardFacts(
    seed=7,
    net=Net(_target_="my_nets.Net"),
    weights=None,
    data=DATA,
    splits={"train": Split(1258, "a" * 64), "test": Split(359, "b" * 64)},
    train=TRAIN,
    training=TrainReport(
        parameters=1234, epochs=23, best_epoch=15, validation_loss=0.01816, metric="accuracy", validation_metric=0.99444
    ),
    license="Apache-2.0",
    own_sections={},
)
# Only what the card has of the report.
PARITY = ParityReport.model_construct(
    values=1234,
    task=TaskReport.model_construct(metric="accuracy", rows=359, eager=0.975, simplify=0.9722),
    comparisons=[Comparison.model_construct(max_abs=max_abs) for max_abs in (1e-7, 2e-7, None)],
)


def lines(contract=TINY, parity: ParityReport = PARITY, **changes: object) -> list[str]:
    return write_card(contract, make_identity(), parity, replace(FACTS, **changes)).splitlines()


def test_title_and_description() -> None:
    assert lines(TINY.model_copy(update={"description": "Counts."}))[:3] == ["# Acme.Tiny 1.0.0", "", "Counts."]


def test_the_summary() -> None:
    assert [line for line in lines()[:12] if line.startswith("- ")] == [
        "- task: accuracy 0.9722 on 359 test rows (PyTorch 0.9750)",
        f"- format: ONNX opset {TINY.opset}, IR version {TINY.ir_version}",
        "- size: 1,234 parameters, 0 bytes",
        "- onnxruntime: proven in 1.31.1; asks for 1.31.1 or later",
        "- licence: Apache-2.0",
    ]


def test_no_task_without_one() -> None:
    assert not [line for line in lines(parity=PARITY.model_copy(update={"task": None})) if "task" in line]


def test_inputs_and_outputs_are_the_contract_s() -> None:
    names = [line.split("`")[1] for line in lines() if line.startswith("| `")]
    assert names == [tensor.name for tensor in (*TINY.inputs, *TINY.outputs)]


def test_sections_of_one_s_own_stand_before_ours_in_their_order() -> None:
    card = lines(own_sections={"Intended use": "Sort letters.\n", "Out of scope": "Words."})
    headings = [line for line in card if line.startswith("## ")]
    assert headings[:3] == ["## Intended use", "## Out of scope", "## Inputs"]
    assert card[card.index("## Intended use") + 2] == "Sort letters."


def test_data_by_split_with_hashes() -> None:
    card = lines()
    assert "Rows of `my_rows.read`; split with seed 7." in card
    assert f"| train | 1,258 | `{'a' * 64}` |" in card


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/home/me/rows.npz", "`rows.npz`"),
        (["/a/no.txt", "/a/yes.txt"], "`no.txt`, `yes.txt`"),
        ({"no": "/a/n.txt", "yes": "/b/y.txt"}, "`n.txt`, `y.txt`"),
    ],
)
def test_files_of_data_are_named_and_never_placed(path: object, names: str) -> None:
    assert f"Rows of `my_rows.read`, from {names}; split with seed 7." in lines(
        data=DATA.model_copy(update={"path": path})
    )


def test_what_training_came_to() -> None:
    card = lines()
    start = card.index("## Training") + 2
    assert card[start : start + 5] == [
        "- Network: `my_nets.Net`, from the seed 7.",
        "- 23 epochs of at most 40; the best is 15: validation loss 0.0182, accuracy 0.9944.",
        "- Loss: `torch.nn.MSELoss`; the best epoch by the validation loss.",
        "- Learning rate 0.003, weight decay 0.01, batch size 64.",
        f"- Weights: SHA-256 `{TINY.weights_sha256}`.",
    ]


def test_a_metric_that_training_follows() -> None:
    monitor = Monitor(_target_="pipeline.metrics.classification.accuracy")
    card = lines(train=TRAIN.model_copy(update={"monitor": monitor}))
    assert "- Loss: `torch.nn.MSELoss`; the best epoch by `pipeline.metrics.classification.accuracy`." in card


def test_weights_that_were_brought_along() -> None:
    card = lines(weights="/home/me/net.safetensors", training=TrainReport(parameters=1))
    assert "- Network: `my_nets.Net`, from the weights of `net.safetensors`." in card
    assert "- Not trained here." in card


def test_metrics_by_class() -> None:
    detail = TaskDetail(classes=[ClassScores(label="a|b", support=1200, precision=0.5, recall=1.0, f1=2 / 3)])
    card = lines(parity=PARITY.model_copy(update={"task_detail": detail}))
    assert card[card.index("## Metrics by class") + 4] == "| a\\|b | 1,200 | 0.5000 | 1.0000 | 0.6667 |"


@pytest.mark.parametrize("detail", [None, TaskDetail(points=[[1.0, 2.0]])])
def test_no_metrics_by_class_where_there_are_none(detail: TaskDetail | None) -> None:
    assert "## Metrics by class" not in lines(parity=PARITY.model_copy(update={"task_detail": detail}))


def test_what_was_compared() -> None:
    assert (
        "- With onnxruntime 1.31.1: 3 comparisons with PyTorch's answers, 1,234 values, largest difference 2e-07."
    ) in lines()


def test_a_tolerance_decides_nothing_in_the_card() -> None:
    assert lines(parity=PARITY.model_copy(update={"used": 0.5, "margin": 2.0})) == lines()


def test_limits() -> None:
    contract = TINY.model_copy(update={"axes": {"batch": ProvenAxis(sizes=[1, 3])}})
    parity = PARITY.model_copy(update={"exempt": {"scores": "ties"}, "unvarying": ["label"]})
    card = lines(contract, parity)
    assert card[card.index("## Limits") + 2 :] == [
        "- Sizes proven: `batch`: 1, 3.",
        "- **Not judged:** `scores`: ties.",
        "- `label` hardly varies from row to row: comparing it proves little.",
        "- Versions of Microsoft.ML.OnnxRuntime other than those proven are untried.",
    ]


def test_a_table_escapes_what_would_end_a_cell() -> None:
    assert draw_table(("a", "b"), [("x|y", "1\n2")]) == ["| a | b |", "|---|---|", "| x\\|y | 1 2 |"]


def test_a_package_without_a_card(tmp_path: Path) -> None:
    package = tmp_path / "a.nupkg"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("README.md", "")
    with pytest.raises(PipelineError, match=r"expected MODEL_CARD\.md in it, got none: make it again with"):
        read_card(package)
