import importlib.util
import sys
from pathlib import Path

import pytest

from pipeline.core.paths import CHECKPOINT
from pipeline.parity import locate_process
from pipeline.parity.locate_process import Located, locate

PARAMS = Path("params.yaml")


@pytest.fixture
def weights(empty) -> None:
    CHECKPOINT.parent.mkdir(parents=True)
    CHECKPOINT.touch()


@pytest.fixture
def runs(monkeypatch):
    """Let another program stand in for `python -m pipeline locate`."""
    return lambda source: monkeypatch.setattr(locate_process, "COMMAND", (sys.executable, "-S", "-c", source))


def test_it_is_the_pipeline_of_this_python():
    source = Path(locate_process.__file__).read_text()
    assert 'COMMAND = (sys.executable, "-m", "pipeline", "locate")' in source


def test_what_it_prints_is_returned(weights, runs):
    runs("import sys; print('one'); print(*sys.argv[1:])")
    assert locate(PARAMS) == Located(["one", "--params params.yaml"])


def test_one_that_fails_is_a_clause(weights, runs):
    runs("import sys; print('lines'); print('more', file=sys.stderr); sys.exit('error: locate: a reason')")
    assert locate(PARAMS) == Located([], "the node was not located: locate: a reason")


def test_one_that_fails_without_a_word_is_a_clause(weights, runs):
    runs("import sys; sys.exit(3)")
    assert locate(PARAMS).problem == "the node was not located: it ended with 3"


def test_one_that_hangs_is_given_up(weights, runs):
    runs("import time; time.sleep(60)")
    assert locate(PARAMS, limit=0.2).problem == (
        "the node was not located: `python -m pipeline locate` took more than 0.2 s"
    )


def test_one_that_cannot_be_started_is_a_clause(weights, monkeypatch):
    monkeypatch.setattr(locate_process, "COMMAND", ("/no/such/program",))
    assert "cannot be started: " in locate(PARAMS).problem


def test_without_weights_it_is_not_started(empty):
    assert locate(PARAMS).problem == f"the node was not located: {CHECKPOINT} is not here"


def test_without_torch_it_is_not_started(weights, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert locate(PARAMS).problem == "the node was not located: there is no torch in this Python"
