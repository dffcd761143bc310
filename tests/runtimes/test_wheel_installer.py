import subprocess
import sys
import threading

import numpy
import onnxruntime
import pytest

from pipeline.core.errors import PipelineError
from pipeline.runtimes.wheel_installer import explain_broken, install, prove
from pipeline.runtimes.wheels import Wheel, folder_of, own_wheel
from wheel_folders import DISGUISE

RELEASES = "1.15.0, 1.15.1, 1.20.0, 1.20.1, 1.24.0.dev2025, 1.24.1"
NOT_FOUND = "ERROR: Could not find a version that satisfies the requirement {} (from versions: {})\nERROR: No matching distribution found for {}"
# What takes pip's place: notes its arguments, and installs a wheel of 1.18.1.
INSTALLING = f"""
import sys
from pathlib import Path

LAST = "__version__ = '1.18.1'"
target = Path(sys.argv[sys.argv.index("--target") + 1])
Path(__file__).with_name("arguments.txt").write_text(chr(10).join(sys.argv[1:]))
(target / "onnxruntime").mkdir()
(target / "onnxruntime" / "__init__.py").write_text({DISGUISE!r} + LAST)
(target / "onnxruntime-1.18.1.dist-info").mkdir()
"""


@pytest.fixture
def pip(tmp_path, monkeypatch, store):
    """Put a program in the place of pip; its folder."""

    def write(source: str):
        folder = tmp_path / "python" / "pip"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "__main__.py").write_text(source)
        monkeypatch.setenv("PYTHONPATH", str(folder.parent))
        return folder

    return write


@pytest.fixture
def failing(pip):
    """Let pip print something and fail."""

    def write(printed: str) -> None:
        pip(f"import sys\nprint({printed!r}, file=sys.stderr)\nsys.exit(1)")

    return write


def refused(version: str) -> str:
    with pytest.raises(PipelineError) as raised:
        install(version)
    said = str(raised.value)
    assert "\n" not in said
    return said


def test_a_wheel_is_installed_and_named_by_its_whole_version(pip):
    pip(INSTALLING)
    assert install("1.18") == f"onnxruntime 1.18.1 is installed: {folder_of('1.18.1')}, with numpy {numpy.__version__}"
    assert [path.name for path in folder_of("1.18.1").parent.iterdir()] == [folder_of("1.18.1").name]


@pytest.mark.parametrize("version", ["1.18", "1.18.1"])
def test_what_is_here_is_not_installed_again(version, wheel, failing):
    made = wheel("1.18.1")
    failing("pip must not run")
    assert install(version) == f"onnxruntime 1.18.1 is here already: {made.folder}, with numpy {numpy.__version__}"


def test_this_environment_s_own_is_not_installed_again(failing):
    failing("pip must not run")
    assert install(onnxruntime.__version__).startswith(
        f"onnxruntime {onnxruntime.__version__} is here already: in this environment, with numpy"
    )


@pytest.mark.parametrize(("version", "package"), [("1.18", "onnxruntime==1.18.*"), ("1.18.1", "onnxruntime==1.18.1")])
def test_pip_is_asked_for_the_newest_of_a_minor_version_or_the_very_one(version, package, pip):
    folder = pip(INSTALLING)
    install(version)
    arguments = (folder / "arguments.txt").read_text().splitlines()
    assert package in arguments
    assert {"--no-deps", "--only-binary"} <= {*arguments}


def test_pip_gives_up_on_an_index_that_does_not_answer_within_a_minute(pip):
    folder = pip(INSTALLING)
    install("1.18")
    arguments = (folder / "arguments.txt").read_text().splitlines()
    retries, timeout = (int(arguments[arguments.index(option) + 1]) for option in ("--retries", "--timeout"))
    assert (retries + 1) * timeout < 60


@pytest.mark.parametrize(("version", "beside"), [("1.18", True), ("1.19", False)])
def test_wheels_built_against_numpy_1_get_one_of_their_own(version, beside, pip):
    folder = pip(INSTALLING)
    install(version)
    assert ("numpy<2" in (folder / "arguments.txt").read_text().splitlines()) is beside


@pytest.mark.parametrize("version", ["1.99", "1.21"])
def test_a_version_that_there_is_not(version, failing):
    failing(NOT_FOUND.format(f"onnxruntime=={version}.*", RELEASES, ""))
    assert refused(version).endswith(": expected 1.20 to 1.24")


def test_a_wheel_that_is_not_for_this_python_names_the_pythons_that_it_is_for(failing):
    failing(NOT_FOUND.format("onnxruntime==1.18.*", RELEASES, ""))
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    assert refused("1.18") == (
        f"there is no wheel of onnxruntime 1.18 for {python}: expected 1.20 to 1.24; its wheels are for Python up to 3.12, so run it in "
        "an environment of that"
    )


def test_a_patch_release_that_there_is_not_names_those_that_there_are(failing):
    failing(NOT_FOUND.format("onnxruntime==1.20.7", RELEASES, ""))
    assert refused("1.20.7").endswith(": expected one of 1.20.0, 1.20.1")


def test_an_index_with_wheels_of_old_versions_alone(failing):
    failing(NOT_FOUND.format("onnxruntime==1.20.*", "1.14.0, 1.15.1", ""))
    assert refused("1.20").endswith("there is none from 1.16 on")


@pytest.mark.parametrize(
    "printed",
    [
        NOT_FOUND.format("onnxruntime==1.18.*", "none", ""),
        NOT_FOUND.format("numpy<2", "none", ""),
        "ERROR: Could not install packages due to an OSError: Max retries exceeded with url: /simple",
        "WARNING: Retrying after connection broken by 'NewConnectionError(Temporary failure in name resolution)'",
    ],
)
def test_no_network(printed, failing):
    failing(printed)
    assert refused("1.18").startswith(
        "pip cannot reach an index that has onnxruntime 1.18: look at the network, and at `"
    )


def test_an_empty_index_is_told_by_the_real_pip(store, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(store))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert refused("1.17").startswith("pip cannot reach an index that has onnxruntime 1.17: ")


@pytest.mark.parametrize("cause", ["[Errno 28] No space left on device: 'x'", "[Errno 122] Disk quota exceeded"])
def test_no_room(cause, failing, store):
    failing(f"ERROR: Could not install packages due to an OSError: {cause}")
    assert refused("1.18").startswith(f"cannot write to {store}: no space left on device; make room ")


def test_a_python_without_pip(failing):
    failing(f"{sys.executable}: No module named pip")
    assert refused("1.18") == f"this Python ({sys.executable}) has no pip: run `python -m ensurepip`, or `make setup`"


@pytest.mark.parametrize(
    ("printed", "cause"), [("noise\nERROR: the moon is full\nmore", "the moon is full"), ("", "it printed nothing")]
)
def test_what_pip_says_else(printed, cause, failing):
    failing(printed)
    assert refused("1.18") == f"pip cannot install onnxruntime 1.18: {cause}"


def test_a_failed_installation_leaves_nothing(failing, store):
    failing("ERROR: the moon is full")
    refused("1.18")
    assert [*store.iterdir()] == []


def test_a_cache_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert refused("1.18") == (
        f"cannot write to {tmp_path}/cache/torch2dotnet/onnxruntime: Not a directory; give access, or set XDG_CACHE_HOME to a folder "
        "that can be written"
    )


def test_a_new_wheel_that_cannot_be_imported_is_not_kept(pip, store):
    pip(INSTALLING.replace("__version__ = '1.18.1'", "raise ImportError(1 + 1)"))
    assert refused("1.18") == (
        "the wheel of onnxruntime 1.18.1 cannot be imported here (ImportError: 2), and is not kept: take another version"
    )
    assert [*store.iterdir()] == []


def test_an_installed_wheel_that_is_broken_is_to_be_removed(wheel):
    made = wheel("1.18.1", package="import nothing_of_the_kind")
    assert refused("1.18") == (
        "the wheel of onnxruntime 1.18.1 cannot be imported (ModuleNotFoundError: No module named 'nothing_of_the_kind'): remove the "
        f"folder {made.folder} and install it again with `python -m pipeline compat --install 1.18.1`"
    )


def test_a_wheel_that_says_another_version_is_broken(wheel):
    wheel("1.18.1", "__version__ = '1.18.0'")
    assert "cannot be imported (it says that it is 1.18.0)" in refused("1.18")


def test_a_broken_environment_is_to_be_set_up_again():
    assert explain_broken(Wheel("1.31.1", None), "it is gone") == (
        "this environment's onnxruntime 1.31.1 cannot be imported (it is gone): run `make setup`"
    )


def test_proving_tells_the_numpy_of_the_wheel(wheel):
    made = wheel("1.18.1")
    (made.folder / "numpy.py").write_text("__version__ = '1.26.4'")
    (made.folder / "onnxruntime" / "__init__.py").write_text("__version__ = '1.18.1'")
    assert prove(made) == "1.26.4"


def test_this_environment_s_own_is_proven_too():
    assert prove(own_wheel()) == numpy.__version__


def test_a_file_of_that_name_in_the_current_folder_is_not_taken(wheel, tmp_path, monkeypatch):
    made = wheel("1.18.1")
    (tmp_path / "numpy.py").write_text("__version__ = 'mine'")
    monkeypatch.chdir(tmp_path)
    assert prove(made) == numpy.__version__


def test_two_processes_at_once_leave_one_wheel(pip, store):
    pip(INSTALLING)
    program = "from pipeline.runtimes.wheel_installer import install; print(install('1.18'))"
    printed: list[str] = []

    def run() -> None:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        printed.append(done.stdout)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("onnxruntime 1.18.1 is " in line for line in printed)
    assert sum("is installed" in line for line in printed) == 1
    assert [path.name for path in store.iterdir()] == [folder_of("1.18.1").name]
