import contextlib
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.command_line import STAGES, parser
from pipeline.core.errors import PipelineError
from pipeline.registry import recorder_process
from pipeline.stages import fingerprint as stage
from pipeline_runs import NOBODY, PROJECT


@pytest.fixture
def broken(linear, monkeypatch):
    """Make the fingerprint stage raise."""

    def with_(error: BaseException) -> None:
        def run(_):
            raise error

        monkeypatch.setattr(stage, "run", run)

    return with_


COMMANDS = next(action for action in parser()._actions if action.choices).choices


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert {*STAGES, "params", "ui"} <= set(COMMANDS)
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: python -m pipeline {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "says"), [([], "required: command"), (["trian"], "invalid choice: 'trian'")])
def test_an_unknown_command_is_refused(arguments, says, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("train.epoch=5", "train.epoch: there is no such setting; did you mean 'train.epochs'?"),
        ("epochs=5", "epochs: there is no such setting; did you mean 'train.epochs'?"),
        ("model=digts", "model=digts: there is no such choice; did you mean 'digits'?"),
        ("train.epochs", "override 'train.epochs': expected key=value"),
        ("train.epochs=[1", "cannot be applied to conf/"),
        ("train.epochs=five", "train.epochs: input should be a valid integer, got 'five'"),
        ("export.opset=5", "export.opset: expected an opset from 16 to "),
        ("export.opset=99", "export.opset: expected an opset from 16 to "),
        ("train.epochs=0", "train.epochs: input should be greater than or equal to 1, got 0"),
        ("parity.atol=-1", "parity.atol: input should be greater than or equal to 0, got -1"),
        ("data=npz", "data._target_=pipeline.data.sources.npz needs data.path, which has no value: set it with"),
        ("data.rows=40", "data.rows=40: the source pipeline.data.sources.digits takes no 'rows' (it takes nothing)"),
        ("data.path=x", "data.path=x: the source pipeline.data.sources.digits takes no 'path'"),
        ("data.shapes={x: [3]}", "data.shapes={'x': [3]}: the source pipeline.data.sources.digits takes no 'shapes'"),
        ("data._target_=pipeline.data.sources.digit", "the module pipeline.data.sources has no 'digit'; did you mean"),
    ],
)
def test_a_refused_override_keeps_params_yaml(override, says, linear, fails):
    said = fails("params", override)
    assert said.startswith(f"error: params: {says}") or says in said
    assert ".tmp" not in said


def test_params_writes_the_file_that_it_is_told(linear, passes):
    passes("params", "model=linear", "verify.mode=off", "package.client=source", "--params", "other.yaml")
    assert Path("other.yaml").read_bytes() == Path("params.yaml").read_bytes()


def test_params_leaves_nothing_beside(linear, passes):
    before = sorted(Path().iterdir())
    passes("params", "seed=3")
    assert sorted(Path().iterdir()) == before


def test_cfg_prints_what_params_would_write_and_writes_nothing(linear, passes):
    before = Path("params.yaml").read_bytes()
    said = passes("params", "--cfg", "job", "model=linear", "seed=3", "experiment=quick")
    assert Path("params.yaml").read_bytes() == before
    passes("params", "model=linear", "seed=3", "experiment=quick")
    assert Path("params.yaml").read_text() == said


def test_help_shows_the_groups_and_what_the_overrides_compose(linear, capsys):
    before = Path("params.yaml").read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(["params", "--help", "model=linear", "seed=3"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: python -m pipeline params")
    assert "  experiment: digits_wide, quick\n" in said
    assert "  seed: 3\n" in said
    assert "      _target_: torch.nn.Linear\n" in said
    assert Path("params.yaml").read_bytes() == before


def test_help_on_a_wrong_override_says_so(linear, fails):
    assert "seeed: there is no such setting" in fails("params", "--help", "seeed=3")


def test_a_source_of_one_s_own_is_not_imported_by_params(linear, passes):
    passes("params", "model=linear", "data._target_=no_such_module.load", "data.shapes=null")


def test_missing_params_say_how_to_make_them(linear, fails):
    Path("params.yaml").unlink()
    assert "params.yaml is missing: compose it from conf/ with `python -m pipeline params`" in fails("train")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda text: text + "x: [", "params.yaml: expected YAML, got "),
        (lambda text: text + "sed: 1\n", "params.yaml: sed: there is no such setting; did you mean 'seed'?"),
        (lambda text: text.replace("seed: 0\n", ""), "params.yaml: seed: the setting is missing"),
        (lambda _: "", "params.yaml: "),
    ],
    ids=["broken", "unknown", "missing", "empty"],
)
def test_broken_params_are_explained(edit, says, linear, fails):
    path = Path("params.yaml")
    path.write_text(edit(path.read_text()))
    assert says in fails("prepare")


def test_an_error_for_people(broken, fails):
    broken(PipelineError("expected this, got that"))
    assert fails("fingerprint") == "error: fingerprint: expected this, got that\n"


def test_control_c(broken, fails, capsys):
    broken(KeyboardInterrupt())
    assert main(["fingerprint"]) == 1
    assert capsys.readouterr().err == (
        "\nerror: fingerprint: interrupted; what was made before is whole, run it again to go on\n"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS])
def test_what_cannot_be_written(number, broken, fails):
    broken(OSError(number, os.strerror(number), "build/x"))
    assert f"cannot write build/x: {os.strerror(number)}; make room or give access" in fails("fingerprint")


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "odd"), ValueError("a bug"), ModuleNotFoundError("x", name="models.x")]
)
def test_a_bug_keeps_its_traceback(error, broken):
    broken(error)
    with pytest.raises(type(error)):
        main(["fingerprint"])


def test_a_missing_package_says_what_to_run(broken, fails):
    broken(ModuleNotFoundError("No module named 'onnxsim.x'", name="onnxsim.x"))
    said = fails("fingerprint")
    assert "the package 'onnxsim.x' is not in this Python" in said
    assert "make setup" in said


@pytest.mark.parametrize("command", ["prepare", "train", "export", "simplify", "validate"])
@pytest.mark.parametrize("function", ["fsync", "write_bytes"])
def test_a_full_disk_loses_nothing(command, function, linear, fails, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os if function == "fsync" else Path, function, full)
    assert "cannot write: No space left on device; make room" in fails(command)


def test_a_process_ends_with_its_exit_code(linear):
    shutil.rmtree("conf")
    command = [sys.executable, "-m", "pipeline", "fingerprint"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "MLFLOW_TRACKING_URI": NOBODY}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: fingerprint: params.yaml was composed from another conf/")
    assert done.stderr.count("\n") == 1


def test_a_stage_that_a_program_calls_records_nothing(broken, fails):
    broken(PipelineError("expected this"))
    fails("fingerprint")
    assert (recorder_process.COMMAND, Path("mlflow.db").exists()) == (None, False)


def test_ui_reads_the_configuration(linear, fails):
    Path("params.yaml").unlink()
    assert "params.yaml is missing" in fails("ui")


def test_ui_gets_the_port(linear, monkeypatch):
    asked = []
    monkeypatch.setattr("pipeline.registry.ui.serve", lambda params, port: asked.append((params.model.name, port)))
    with contextlib.redirect_stdout(None):
        assert main(["ui", "--port", "5001"]) == 0
    assert asked == [("linear", 5001)]


def test_params_warns_of_a_file_that_is_not_there(linear, capsys):
    assert main(["params", "model=linear", "data=npz", "data.path=nowhere.npz"]) == 0
    assert "warning: params: data.path=nowhere.npz: there is no such file yet" in capsys.readouterr().err


def test_params_is_silent_without_files_of_one_s_own(linear, capsys):
    assert main(["params", "model=linear"]) == 0
    assert capsys.readouterr().err == ""
