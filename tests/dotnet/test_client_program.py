"""A program with the clients of four models in real .NET: every method answers, and every failure says what was expected."""

import re
from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest

from csharp_projects import NET10, Dotnet, run, tiny_model

Package = Callable[..., str]


@pytest.fixture(scope="module")
def answers(dotnet: Dotnet) -> tuple[np.ndarray, list[str]]:
    """The rows, and what the program Answers.cs prints about them."""
    rows = np.random.default_rng(0).uniform(0, 16, size=(9, 4)).astype(np.float32)
    items = "".join(
        f'<PackageReference Include="Acme.{name}" Version="1.0.0" />' for name in ("Tiny", "Mixed", "Scalar", "Future")
    )
    folder = dotnet.project("answers", NET10, items, "Answers.cs", "Failures.cs")
    np.savetxt(folder / "rows.txt", rows, fmt="%.9g")
    dotnet(folder, "build", "-v", "q")
    return rows, dotnet(folder, "run", "--no-build", "rows.txt").splitlines()


@pytest.mark.parametrize("method", ["rows", "array", "span", "async", "stream", "buffers"])
def test_every_method_gives_the_answers_of_onnxruntime(method: str, answers: tuple[np.ndarray, list[str]]) -> None:
    rows, lines = answers
    session = onnxruntime.InferenceSession(tiny_model(1))
    label, probabilities = session.run(["label", "probabilities"], {"pixels": rows.reshape(-1, 2, 2)})
    printed = [line.split()[1:] for line in lines if line.startswith(f"{method} ")]
    assert [int(line[0]) for line in printed] == label.tolist()
    if method != "buffers":
        assert [line[1] for line in printed] == [["none", 'a_"few"', "many"][number] for number in label]
    np.testing.assert_allclose([[float(value) for value in line[2:]] for line in printed], probabilities, atol=1e-6)


def test_no_rows_give_no_outputs(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "empty 0" in answers[1]


def test_bound_buffers_allocate_nothing(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "allocated 0" in answers[1]


def test_every_dtype_passes_through(answers: tuple[np.ndarray, list[str]]) -> None:
    assert (
        "mixed 1.5 1.5,-2 1E+300,2 -128,127 -32768,3 -2147483648,4 -9223372036854775808,5 255,6 65535,7 4294967295,8 "
        "18446744073709551615,9 True,False"
    ) in answers[1]


def test_rows_of_several_inputs_keep_their_order(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "several 0/0/0/False 0.5/1/1/True 1/2/2/False 1.5/3/3/True" in answers[1]


def test_a_row_that_onnxruntime_cannot_run_fails_alone(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "in one batch: 0.5 MixedException" in answers[1]


def test_scalars_are_passed_as_they_are(answers: tuple[np.ndarray, list[str]]) -> None:
    assert "scalar -0.5 -1 -2" in answers[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "length",
            r"ArgumentException: pixels: expected 4 values \(one row, row-major of shape \[2, 2\]\), got 3. \(Parameter 'pixels'\)",
        ),
        ("null", "ArgumentNullException: pixels: expected 4 values .* got null"),
        ("second row", r"ArgumentException: .*got 2. \(Parameter 'rows\[1\]'\)"),
        ("no file", "TinyLoadException: Expected the model at /nowhere/tiny.onnx, got: .* rebuild the project"),
        (
            "other bytes",
            r"TinyLoadException: Expected the model with SHA-256 \w{64} \(\d+ bytes\), got \w{64} \(3 bytes\) from the byte array",
        ),
        ("other stream", "TinyLoadException: .* from the stream"),
        (
            "too old",
            r"FutureLoadException: onnxruntime 1\.31\.1 could not load the model: .*IR version.* proven in Python with onnxruntime 1\.31\.1, and "
            r"Acme\.Future asks for 1\.31\.1 or later: reference Microsoft\.ML\.OnnxRuntime 1\.31\.1 or later from the program's own project\.",
        ),
        ("option", "ArgumentException: MaxBatchSize: expected at least 1, got 0"),
        ("no batch", r"ArgumentOutOfRangeException: Expected at least 1\. \(Parameter 'batch'\)"),
        ("no such class", "MixedException: onnxruntime could not run the model"),
        ("not a number", "ArgumentException: pixels: expected numbers from 0 to 16, got NaN at index 2"),
        ("out of range", "ArgumentException: .*got 16.5 at index 1"),
        ("too small", r"ArgumentException: x: expected numbers from 0.25 to .*, got 0. \(Parameter 'rows\[1\]'\)"),
        ("buffers of a disposed model", "ObjectDisposedException"),
        ("disposed", "ObjectDisposedException"),
    ],
)
def test_a_failure_says_what_was_expected(name: str, expected: str, answers: tuple[np.ndarray, list[str]]) -> None:
    (line,) = (line for line in answers[1] if line.startswith(f"throws {name}: "))
    assert re.match(f"throws {name}: {expected}", line)


def test_another_version_of_the_package_replaces_client_and_model(dotnet: Dotnet, package: Package) -> None:
    """In the folders of the version before, whose assembly has the same size."""
    for version in ("1.0.0", "2.0.0", "1.0.0"):
        folder = dotnet.project(
            "replace", NET10.replace("net10.0", "net8.0"), package("Acme.Tiny", version), "Small.cs"
        )
        dotnet(folder, "publish", "-v", "q", "-p:PublishDir=published/", "-p:Configuration=Debug")
        assert run([dotnet.sdk, "bin/Debug/net8.0/replace.dll"], folder).startswith(version)
        assert run([dotnet.sdk, "published/replace.dll"], folder).startswith(version)
        assert len(list((folder / "bin/Debug/net8.0").glob("*.onnx"))) == 1
