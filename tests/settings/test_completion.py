"""What the shell offers."""

import os
import subprocess
import sys

import pytest

from pipeline.settings.completion import complete_override
from pipeline_runs import PROJECT


def test_groups_and_settings_come_with_their_sign():
    assert {"model=", "model.net="} <= set(complete_override("mod"))
    assert complete_override("train.epo") == ["train.epochs="]


def test_a_group_has_its_choices():
    assert {"model=linear", "model=digits"} <= set(complete_override("model="))


def test_a_setting_that_is_no_group_has_none():
    assert complete_override("train.epochs=") == []


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("python -m pipeline val", "validate"),
        ("python -m pipeline params model=lin", "linear"),
        ("python -m pipeline locate --st", "--stage"),
    ],
)
def test_the_program_answers_the_shell(line, offers, tmp_path):
    """As the function that `activate-global-python-argcomplete` defines calls it."""
    answer = tmp_path / "answer"
    environment = {
        "_ARGCOMPLETE": "3",  # the words of `python -m pipeline` that are no arguments
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " =:",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run(
        [sys.executable, "-m", "pipeline"],
        env={**os.environ, **environment},
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    assert answer.read_text().strip() == offers


def test_the_shell_finds_out_that_it_may_ask():
    assert b"PYTHON_ARGCOMPLETE_OK" in (PROJECT / "pipeline" / "__main__.py").read_bytes()[:1024]
