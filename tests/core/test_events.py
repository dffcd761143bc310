from pipeline.core import events
from pipeline.core.events import Began, Measured, Weighed


def test_who_listens_hears_everything_in_order():
    heard = []
    stop = events.listen(heard.append)
    events.began("train")
    events.measured(1, {"train_loss": 0.5})
    events.weighed("ab")
    stop()
    assert heard == [Began("train"), Measured(1, {"train_loss": 0.5}), Weighed("ab")]


def test_who_has_stopped_hears_nothing():
    heard = []
    events.listen(heard.append)()
    events.began("train")
    assert heard == []


def test_two_listen_each_for_themselves():
    first, second = [], []
    stop_first, stop_second = events.listen(first.append), events.listen(second.append)
    stop_first()
    events.began("export")
    stop_second()
    assert (first, second) == ([], [Began("export")])
