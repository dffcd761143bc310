import atexit
import gc
import itertools
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.core import progress, terminal
from pipeline.core.arrays import save
from pipeline.parity import locate_process
from pipeline.settings.compose import compose
from pipeline.settings.params import Params, load
from pipeline_runs import LINEAR, PROOF, SMALL, UNCOMPILED, UNVERIFIED, bring_conf, run_stages

# As publish sets it; MLflow reads it once, whichever test imports it first.
os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"
# A stage has a process of its own elsewhere: here onnxsim may be there before another's imports are frozen.
atexit.register(gc.unfreeze)


TESTS = Path(__file__).parent
# The linear model's network, with a forward of the test's own.
EXPORTED_NET = """
class Net(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, input):
        {forward}
"""


# A worker of pytest-xdist takes a module whole: those that take longest begin first, so that no worker waits for another's at the end.
LONGEST = (
    "dotnet/test_examples.py",
    "test_workloads.py",
    "test_e2e.py",
    "export/test_axes.py",
    "export/test_cases.py",
    "export/test_custom.py",
    "docs/test_doc_pages.py",
    "experiments/test_real_queue.py",
    "test_minilm.py",
    "departure/test_location.py",
    "sabotage/test_sabotage.py",
    "stages/test_tokenizer_run.py",
    "registry/test_live_run.py",
    "dotnet/test_published_consumers.py",
    "stages/test_publish.py",
    "export/test_diagnostics.py",
    "export/test_translations.py",
    "export/test_hidden_paths.py",
    "stages/test_verify_runtimes.py",
    "dotnet/proof/test_replay_program.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    assert [path for path in places if not path.exists()] == []
    items.sort(key=lambda item: places.get(item.path, len(places)))


def snapshot() -> dict[str, bytes]:
    """Every file that the pipeline has made, those that are left half-written too."""
    made = [Path("params.yaml"), *Path("build").rglob("*"), *Path("reports").rglob("*"), *Path().glob(".*.tmp*")]
    return {path.as_posix(): path.read_bytes() for path in made if path.is_file()}


@pytest.fixture(scope="session")
def linear_run(tmp_path_factory) -> Path:
    return run_stages(tmp_path_factory.mktemp("linear"), *LINEAR)


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory) -> Path:
    return run_stages(tmp_path_factory.mktemp("digits"), *SMALL)


@pytest.fixture(scope="session")
def texts_run(tmp_path_factory) -> Path:
    pytest.importorskip("tokenizers", reason="needs the extra `minilm`: pip install '.[minilm]'")
    import text_network  # with torch, which not every test needs

    folder = tmp_path_factory.mktemp("texts")
    text_network.write(folder)
    return run_stages(folder, *text_network.OVERRIDES)


@pytest.fixture(autouse=True)
def _no_tracking_server():
    """MLflow itself sets it, and a fixture that a whole module shares is made before that of a test."""
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)


@pytest.fixture(autouse=True)
def _no_locating(monkeypatch):
    """A gate that fails starts `locate`, which imports torch in a process of its own; who tests that sets another command."""
    monkeypatch.setattr(locate_process, "COMMAND", (sys.executable, "-S", "-c", ""))


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch):
    """A slow machine prints no more than a quick one; who tests progress sets seconds of its own."""
    monkeypatch.setattr(progress, "LINE_EVERY", 3600.0)
    monkeypatch.delenv(terminal.QUIET, raising=False)


@pytest.fixture
def enter(tmp_path, monkeypatch) -> Callable[[Path], Path]:
    """Work in a copy of a road, where a test may break what it likes."""

    def copy(road: Path) -> Path:
        folder = shutil.copytree(road, tmp_path / "project")
        monkeypatch.chdir(folder)
        return folder

    return copy


@pytest.fixture
def linear(linear_run, enter) -> Path:
    return enter(linear_run)


@pytest.fixture
def digits(digits_run, enter) -> Path:
    return enter(digits_run)


@pytest.fixture
def texts(texts_run, enter) -> Path:
    return enter(texts_run)


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def passes(capsys) -> Callable[..., str]:
    """Run a command that must succeed; what it printed."""

    def check(*arguments: str) -> str:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return check


@pytest.fixture
def configure(passes) -> Callable[..., str]:
    """Compose params.yaml anew: the linear model, and overrides."""
    return lambda *overrides: passes("params", *LINEAR, UNVERIFIED, UNCOMPILED, *overrides)


@pytest.fixture
def fails(capsys, caplog) -> Callable[..., str]:
    """Run a command that must fail with exit 1 and one line on stderr, and lose nothing; the line."""

    def check(*arguments: str, changes: tuple[str, ...] = ()) -> str:
        before = snapshot()
        capsys.readouterr()
        caplog.clear()
        assert main(list(arguments)) == 1
        said = capsys.readouterr().err
        # What libraries log reaches stderr too, outside pytest.
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
        assert said.startswith(f"error: {arguments[0]}: ")
        assert said.strip().count("\n") == 0
        after = snapshot()
        assert sorted(after) == sorted(before)
        assert [path for path in before if after[path] != before[path] and path not in changes] == []
        return said

    return check


@pytest.fixture
def params(tmp_path) -> Callable[..., Params]:
    """Compose the project's own conf/ with overrides."""
    numbers = itertools.count()

    def make(*overrides: str) -> Params:
        path = tmp_path / f"composed-{next(numbers)}.yaml"
        compose(list(overrides), path)
        return load(path)

    return make


_modules = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch) -> Callable[[str], str]:
    """Write an importable module of networks; its name. Each takes the arguments of the linear model's network."""

    def write(source: str) -> str:
        name = f"networks_{next(_modules)}"
        folder = tmp_path / "importable"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text("import torch\nfrom torch import nn\n\n" + textwrap.dedent(source))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, name)
        return name

    return write


@pytest.fixture
def exporting(linear, configure, module, passes) -> Callable[..., str]:
    """Configure and 'train' a network with this forward; its target."""

    def make(forward: str, *overrides: str) -> str:
        target = f"{module(EXPORTED_NET.format(forward=forward))}.Net"
        configure(f"model.net._target_={target}", *overrides)
        passes("train")
        return target

    return make


@pytest.fixture
def bring(empty, module, passes):
    """Configure model=custom with a forward and arrays; what the stages printed."""

    def make(source: str, axes: str, *overrides: str, **arrays: np.ndarray) -> dict[str, str]:
        save(Path("rows.npz"), arrays)
        target = f"{module(source)}.Net"
        command = [
            "params",
            "model=custom",
            f"model.net._target_={target}",
            "data.path=rows.npz",
            f"model.dynamic_axes={axes}",
        ]
        passes(*command, *overrides)
        bring_conf()
        return {stage: passes(stage) for stage in PROOF}

    return make
