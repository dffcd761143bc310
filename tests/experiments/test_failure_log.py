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
        ("\x1b[31merror: train: red\x1b[0m\n", "train: red"),
        (
            "Traceback (most recent call last):\n  File x\nValueError: a bug\nERROR: failed to reproduce 'train'\n",
            "ValueError: a bug",
        ),
        (
            "train: epoch 3\nERROR: failed to reproduce 'train': exited with -9\n",
            "failed to reproduce 'train': exited with -9",
        ),
        ("> python -m pipeline train\n", "it ended without saying why, after: > python -m pipeline train"),
        ("\n", "it ended before its first stage and has no log; the worker's is under .dvc/tmp/exps/celery"),
    ],
    ids=["ours", "coloured", "traceback", "killed by the system", "killed with dvc", "empty"],
)
def test_the_reason_in_a_log(log, why, tmp_path):
    path = tmp_path / "log.out"
    path.write_text(log)
    assert find_reason(path) == why
