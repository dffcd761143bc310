import csv

import pytest

from pipeline.core import events
from pipeline.core.events import Began, Weighed
from pipeline.core.files import recorded_sha256
from pipeline.core.paths import CHECKPOINT, TRAINING_CURVES


@pytest.fixture
def heard():
    """What the stage says of itself."""
    said = []
    stop = events.listen(said.append)
    yield said
    stop()


def test_it_says_every_epoch_while_it_trains_and_the_weights_at_the_end(digits, passes, heard):
    passes("train")
    first, *epochs, last = heard
    assert (first, last) == (Began("train"), Weighed(recorded_sha256(CHECKPOINT, "train")))
    with TRAINING_CURVES.open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert [each.metrics for each in epochs] == rows
    assert [each.step for each in epochs] == [row["epoch"] for row in rows]


def test_what_does_not_train_says_only_its_weights(linear, passes, heard):
    passes("train")
    assert heard == [Weighed(recorded_sha256(CHECKPOINT, "train"))]


def test_an_export_opens_the_run_where_nothing_trains(linear, passes, heard):
    passes("export")
    assert heard == [Began("export"), Weighed(recorded_sha256(CHECKPOINT, "train"))]


def test_an_export_after_a_training_says_only_its_weights(digits, passes, heard):
    passes("export")
    assert heard == [Weighed(recorded_sha256(CHECKPOINT, "train"))]
