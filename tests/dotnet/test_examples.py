"""The examples, built and run once by their own command; the benchmarks start, and judge their measurements."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from pipeline.core.paths import CHECKPOINT
from pipeline.dotnet import sdk

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
LINEAR = PROJECT / "build" / "examples" / "linear"
FEATURES = np.array([0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9, -1], np.float32)


def run_python(*arguments: str | Path, timeout: int = 300, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
    )


@pytest.fixture(scope="module")
def dotnet() -> Path:
    program = sdk.find()
    if program is None:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH, in DOTNET_ROOT or in ~/.dotnet")
    return program


@pytest.fixture(scope="module")
def printed(dotnet: Path) -> dict[str, list[str]]:
    """The lines that each example prints."""
    completed = run_python(EXAMPLES / "run.py")
    assert completed.returncode == 0, completed.stderr
    sections = re.split(r"^== (\S+)\n", completed.stdout, flags=re.MULTILINE)[1:]
    return {name: text.strip().splitlines() for name, text in zip(sections[::2], sections[1::2], strict=True)}


@pytest.mark.parametrize("example", ["direct", "client"])
def test_linear_answers_what_pytorch_computes(example: str, printed: dict[str, list[str]]) -> None:
    weights = load_file(LINEAR / CHECKPOINT)
    rows = np.stack([FEATURES, FEATURES, FEATURES / 2, FEATURES / 3])
    labels, numbers = zip(*(line.split(": ") for line in printed[example]), strict=True)
    assert labels == ("single", "batch 0", "batch 1", "batch 2")
    got = [[float(number) for number in text.split()] for text in numbers]
    np.testing.assert_allclose(got, rows @ weights["weight"].T + weights["bias"], atol=2e-6)


def test_the_client_takes_half_the_code() -> None:
    def lines(example: str) -> int:
        text = (EXAMPLES / example / "Program.cs").read_text()
        return sum(line.strip()[:2] not in ("", "//", "{", "}") for line in text.splitlines())

    assert lines("client") <= lines("direct") / 2


def test_the_service_answers_and_rejects(printed: dict[str, list[str]]) -> None:
    status, answers = zip(*(line.split(": ", 1) for line in printed["service"]), strict=True)
    assert status == ("200", "200", "400", "401")
    one, batch, problem, _ = (json.loads(answer) for answer in answers)
    assert one["label"] == "7"
    assert batch["rows"] == [one, one]
    assert problem["detail"].startswith("pixels: expected 64 values")


def test_the_image_of_the_service_starts_what_was_published(printed: dict[str, list[str]]) -> None:
    lines = (EXAMPLES / "service" / "Dockerfile").read_text().splitlines()
    entry_point = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT ")).partition(" ")[2])
    published = EXAMPLES.parent / "build" / "examples" / "artifacts" / "publish" / "service" / "image"
    assert os.access(published / entry_point[0], os.X_OK)
    # Everybody can read the key of development.
    assert [path.name for path in published.glob("appsettings*.json")] == ["appsettings.json"]


def test_the_image_of_the_service_copies_what_is_there(printed: dict[str, list[str]]) -> None:
    folder = EXAMPLES / "service"
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (folder / "Dockerfile").read_text(), flags=re.MULTILINE)
    sources = [Path(source) for copied in copies for source in copied.split()]
    sent = re.findall(r"^!(.+)$", (folder / "Dockerfile.dockerignore").read_text(), flags=re.MULTILINE)
    assert len(sources) == 5
    for source in sources:
        assert (PROJECT / source).exists(), source
        assert any(source.is_relative_to(path) for path in sent), source


def test_text_is_served(printed: dict[str, list[str]]) -> None:
    status, answers = zip(*(line.split(": ", 1) for line in printed["reviews"]), strict=True)
    assert status == ("200", "200", "200", "400")
    single, batch, long, problem = (json.loads(answer) for answer in answers)
    assert single["label"] == "positive"
    assert [opinion["label"] for opinion in batch["rows"]] == ["negative", "positive"]
    assert single["probabilities"] == pytest.approx(batch["rows"][1]["probabilities"], abs=1e-6)
    assert long["label"] in ("negative", "positive")
    assert "words" in problem["detail"]


def test_the_services_own_tests_pass(printed: dict[str, list[str]]) -> None:
    summary = next(line for line in printed["service.tests"] if "Total:" in line)
    total, errors, failed, skipped = (int(number) for number in re.findall(r": (\d+),", summary)[:4])
    assert total > 30
    assert (errors, failed, skipped) == (0, 0, 0)


@pytest.mark.parametrize("example", ["mlnet", "aot"])
def test_other_programs_recognize_the_same_digit(example: str, printed: dict[str, list[str]]) -> None:
    probabilities = json.loads(printed["service"][0].partition(": ")[2])["probabilities"]
    digit, _, probability = printed[example][0].partition(": ")
    assert digit == "7"
    assert float(probability) == pytest.approx(max(probabilities), abs=1e-5)


@pytest.mark.parametrize("project", ["dotnet", "serving/lean", "tokenizers"])
def test_benchmarks_compile(project: str, dotnet: Path, printed: dict[str, list[str]]) -> None:
    sdk.run(dotnet, "build", "--configuration", "Release", "--nologo", folder=PROJECT / "benchmarks" / project)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="needs wrk: apt-get install wrk")
def test_a_short_soak_finds_nothing_that_was_not_caused(dotnet: Path, printed: dict[str, list[str]]) -> None:
    completed = run_python(PROJECT / "benchmarks" / "serving" / "soak.py", "--seconds", "30")
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_an_unknown_example_is_rejected() -> None:
    completed = run_python(EXAMPLES / "run.py", "nothing")
    assert completed.returncode == 1
    assert completed.stderr == (
        "error: examples: there is no such example; expected one of direct, client, service, service.tests, reviews, mlnet, aot, search, got 'nothing'\n"
    )


@pytest.mark.parametrize("program", ["examples/run.py", "benchmarks/dotnet/run.py", "benchmarks/serving/run.py"])
def test_without_an_sdk_one_sentence_says_so(program: str, tmp_path: Path) -> None:
    (tmp_path / "wrk").touch(mode=0o755)
    completed = run_python(PROJECT / program, PATH=str(tmp_path), DOTNET_ROOT="", HOME=str(tmp_path))
    assert completed.returncode == 1
    assert "needs a .NET SDK, 8.0 or later: none was found" in completed.stderr
    assert completed.stderr.count("\n") == 1


def test_without_wrk_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    completed = run_python(PROJECT / "benchmarks" / "serving" / "run.py", PATH=str(tmp_path))
    assert completed.returncode == 1
    assert "`apt-get install wrk`" in completed.stderr
    assert completed.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "program",
    [
        "reach.py",
        "large.py",
        "sentiment.py",
        "overhead.py",
        "dotnet/run.py",
        "dotnet/sessions.py",
        "dotnet/pools.py",
        "dotnet/growth.py",
        "serving/run.py",
        "tokenizers/run.py",
    ],
)
def test_a_benchmark_starts(program: str) -> None:
    completed = run_python(PROJECT / "benchmarks" / program, "--help")
    assert completed.returncode == 0, completed.stderr
