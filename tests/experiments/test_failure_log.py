import pytest

from pipeline.experiments.failure_log import find_reason


@pytest.mark.parametrize(
    ("log", "why"),
    [
        # Our stage's own sentence, whatever stands around it.
        (
            "> python -m pipeline validate\nerror: validate: the gate failed\nERROR: failed to reproduce 'validate': exited with 1\n",
            "validate: the gate failed",
        ),
        # Whatever the stage has said of its progress, on a log or a terminal.
        (
            "train: 13 of 40 epochs, 0:20 so far, about 0:42 left: loss 0.0226\nwarning: train: look\nerror: train: diverged\n",
            "train: diverged",
        ),
        ("\x1b[31merror: train: red\x1b[0m\n", "train: red"),
        (
            "Traceback (most recent call last):\n  File x\nValueError: a bug\nERROR: failed to reproduce 'train'\n",
            "ValueError: a bug",
        ),
        (
            "train: 13 of 40 epochs, 0:20 so far\nERROR: failed to reproduce 'train': exited with -9\n",
            "failed to reproduce 'train': exited with -9",
        ),
        ("> python -m pipeline train\n", "it ended without saying why, after: > python -m pipeline train"),
        ("\n", "it ended before its first stage and has no log; the worker's is under .dvc/tmp/exps/celery"),
    ],
    ids=["ours", "behind progress", "coloured", "traceback", "killed by the system", "killed with dvc", "empty"],
)
def test_the_reason_in_a_log(log, why, tmp_path):
    path = tmp_path / "log.out"
    path.write_text(log)
    assert find_reason(path) == why
