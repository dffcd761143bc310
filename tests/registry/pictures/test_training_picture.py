import re

from pipeline.core.reports import TrainReport
from pipeline.registry.pictures.canvas import draw_png
from pipeline.registry.pictures.training_picture import PANEL, draw_curves, picture_training

TRAIN = TrainReport(parameters=9, epochs=3, best_epoch=2, validation_loss=0.5, metric="accuracy", validation_metric=0.9)
CURVES = [
    {
        "epoch": epoch,
        "lr": 0.1,
        "train_loss": loss,
        "validation_loss": loss,
        "train_metric": 0.5,
        "validation_metric": 0.6,
    }
    for epoch, loss in ((1.0, 0.9), (2.0, 0.5), (3.0, 0.6))
]


def text(picture) -> str:
    return "".join(picture.parts)


def test_loss_and_metric_have_a_panel_each():
    parts = text(picture_training(CURVES, TRAIN))
    assert parts.count("<svg") == 2
    assert ">loss<" in parts
    assert ">accuracy<" in parts


def test_the_title_says_what_the_best_epoch_came_to():
    assert picture_training(CURVES, TRAIN).title == "Best epoch 2: validation loss 0.5, accuracy 0.9"


def test_the_best_epoch_is_marked():
    chart = draw_curves({"validation": [(1, 0.9), (2, 0.5), (3, 0.6)]}, 2, "loss")
    middle = (PANEL.left + PANEL.right) / 2
    assert f'class="mark" cx="{middle:.1f}"' in chart
    assert ">best<" in chart


def test_the_name_of_a_best_epoch_at_the_edge_is_not_cut():
    chart = draw_curves({"validation": [(1, 0.9), (2, 0.5)]}, 2, "loss")
    assert float(re.search(r'<text x="([\d.]+)"[^>]*>best<', chart)[1]) <= PANEL.width - 12


def test_no_best_epoch_is_no_mark():
    assert 'class="mark"' not in draw_curves({"validation": [(1, 0.9), (2, 0.5)]}, None, "loss")


def test_losses_of_several_magnitudes_are_drawn_by_their_logarithm():
    chart = draw_curves({"validation": [(1, 1.0), (2, 0.1), (3, 0.01)]}, 3, "loss")
    (first, second, third) = (
        float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", chart.partition('validation" d="M')[2])[:3]
    )
    assert abs((second - first) - (third - second)) < 0.2


def test_a_number_that_is_none_breaks_nothing():
    broken = [*CURVES, {**CURVES[0], "epoch": 4.0, "train_loss": float("nan"), "validation_loss": float("inf")}]
    assert draw_png(picture_training(broken, TRAIN)).startswith(b"\x89PNG")


def test_training_without_a_metric_has_one_panel():
    bare = [{key: value for key, value in row.items() if "metric" not in key} for row in CURVES]
    assert text(picture_training(bare, TrainReport(parameters=9, epochs=3))).count("<svg") == 1


def test_no_training_and_one_epoch_have_no_picture():
    assert picture_training([], TrainReport(parameters=9)) is None
    assert picture_training(CURVES[:1], TRAIN) is None


def test_numbers_that_are_all_none_have_no_picture():
    nothing = [{"epoch": 1.0, "train_loss": float("nan")}, {"epoch": 2.0, "train_loss": float("nan")}]
    assert picture_training(nothing, TRAIN) is None
