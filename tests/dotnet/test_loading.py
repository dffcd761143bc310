"""The client in processes of its own: where it finds the model, and which native library and execution provider it takes."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from client.sample_model import CSHARP, SAMPLE

from csharp_projects import NET10, Dotnet

MODEL_FILE = f"TheModel.{hashlib.sha256((SAMPLE / 'TheModel.onnx').read_bytes()).hexdigest()[:8]}.onnx"
NATIVE = "runtimes/linux-x64/native"
LIBRARY = f"{NATIVE}/libonnxruntime.so"
# Native libraries that no project here references, as packages in a folder.
OLDER, GPU = ("Microsoft.ML.OnnxRuntime", "1.30.0"), ("Microsoft.ML.OnnxRuntime.Gpu.Linux", "1.31.0")


class Program:
    """A program with the client, built once, and copies of it that lack or have something else."""

    def __init__(self, dotnet: Dotnet) -> None:
        model = f'<None Include="{SAMPLE}/TheModel.onnx" Link="{MODEL_FILE}" CopyToOutputDirectory="PreserveNewest" />'
        downloads = "".join(
            f'<PackageDownload Include="{name}" Version="[{version}]" />' for name, version in (OLDER, GPU)
        )
        client = f'<ProjectReference Include="{CSHARP}/client/client.csproj" />'
        folder = dotnet.project("loading", NET10, client + model + downloads, "Loading.cs")
        artifacts = folder / "artifacts"
        dotnet(folder, "build", "-v", "q", "--nologo", f"-p:ArtifactsPath={artifacts}", "-p:RunAnalyzers=false")
        self.built = artifacts / "bin" / "loading" / "debug"
        self.packages = dotnet.root / "packages"
        self._sdk = dotnet.sdk

    def copy(self, to: Path) -> Path:
        return shutil.copytree(self.built, to, copy_function=os.link)

    def native(self, package: tuple[str, str]) -> Path:
        name, version = package
        return self.packages / name.lower() / version / NATIVE

    def run(self, folder: Path, *arguments: str | Path, **environment: str) -> str:
        command = [self._sdk, str(folder / "loading.dll"), *map(str, arguments)]
        completed = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert completed.returncode == 0, completed.stdout + completed.stderr
        return completed.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    sdk = shutil.which("dotnet")
    if not sdk:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH")
    return Program(Dotnet(tmp_path_factory.mktemp("loading"), sdk))


@pytest.fixture
def copy(program: Program, tmp_path: Path) -> Path:
    """A copy of the program, to be changed."""
    return program.copy(tmp_path / "program")


@pytest.fixture
def host(program: Program, tmp_path: Path) -> Path:
    """A program that has neither model nor client nor onnxruntime, and loads plug-ins."""
    folder = program.copy(tmp_path / "host")
    shutil.rmtree(folder / "runtimes")
    for path in [*folder.glob("TheModel.*"), *folder.glob("Microsoft.*"), folder / "loading.deps.json"]:
        path.unlink()
    return folder


def put(library: Path, source: Path) -> None:
    """Another file in place of a linked one."""
    library.unlink()
    shutil.copyfile(source, library)


def test_diagnostics_say_on_what_a_program_runs(program: Program) -> None:
    answer, model, provider, onnxruntime, native, threads, _, platform = program.run(
        program.built, "provider", "cpu"
    ).splitlines()
    assert (answer, provider, threads) == ("answer: none", "provider: CPU", "threads: 2")
    assert model.startswith(f"model: TheNamespace.TheModel 1.0.0, {program.built / MODEL_FILE}, SHA-256 ")
    assert onnxruntime == "onnxruntime: 1.31.1 (managed 1.31.1), proven"
    assert native == f"native library: {program.built / LIBRARY}"
    assert platform.startswith("platform: linux-x64, .NET 10.")


def test_a_plug_in_has_the_model_beside_its_assembly(program: Program, host: Path, copy: Path) -> None:
    assert f" {copy / MODEL_FILE}, " in program.run(host, "plug-in", copy / "loading.dll")


def test_a_script_has_the_model_in_the_package_above_the_assembly(
    program: Program, host: Path, copy: Path, tmp_path: Path
) -> None:
    package = tmp_path / "a package of ü"
    for folder in ("model", "lib/net8.0"):
        (package / folder).mkdir(parents=True)
    shutil.move(copy / MODEL_FILE, package / "model")
    client = shutil.copy(copy / "TheModel.dll", package / "lib/net8.0")
    assert f" {package / 'model' / MODEL_FILE}, " in program.run(host, "plug-in", copy / "loading.dll", client)


def test_a_model_that_is_nowhere_names_every_place(program: Program, host: Path, copy: Path, tmp_path: Path) -> None:
    (copy / MODEL_FILE).unlink()
    places = " or ".join(str(folder / MODEL_FILE) for folder in (host, copy, tmp_path.parent / "model"))
    refused = program.run(host, "plug-in", copy / "loading.dll")
    assert refused.startswith(f"refused: Expected the model at {places}, got: no such file. The package ")


def test_the_global_thread_pool_of_the_program_is_used(program: Program) -> None:
    assert "threads: the program's global pool\n" in program.run(program.built, "pool")


def test_a_native_library_that_is_missing_names_its_folders(program: Program, copy: Path) -> None:
    (copy / LIBRARY).unlink()
    assert program.run(copy, "provider", "CPU") == (
        "refused: Expected the native library of Microsoft.ML.OnnxRuntime 1.31.1 for linux-x64, got no libonnxruntime.so in "
        f"{copy / NATIVE} or {copy}: reference the package Microsoft.ML.OnnxRuntime 1.31.1 from the program's own project, or the one "
        "for its hardware.\n"
    )


def test_a_native_library_that_is_damaged_gives_the_system_s_reason(program: Program, copy: Path) -> None:
    (copy / LIBRARY).unlink()
    (copy / LIBRARY).write_text("no library")
    refused = program.run(copy, "provider", "CPU")
    assert f", got {copy / LIBRARY}, which does not load ({copy / LIBRARY}: file too short): install " in refused


def test_a_native_library_older_than_the_managed_one_is_named_with_both_versions(program: Program, copy: Path) -> None:
    put(copy / LIBRARY, program.native(OLDER) / "libonnxruntime.so")
    assert program.run(copy, "provider", "CPU") == (
        f"refused: Expected the native library of Microsoft.ML.OnnxRuntime 1.31.1 for linux-x64, got {copy / LIBRARY}, onnxruntime 1.30.0, "
        "which Microsoft.ML.OnnxRuntime.Managed 1.31.1 cannot use: reference the package Microsoft.ML.OnnxRuntime 1.31.1 from the program's "
        "own project.\n"
    )


def test_a_native_library_of_the_system_is_named(program: Program, copy: Path) -> None:
    (copy / LIBRARY).unlink()
    system = program.native(OLDER)
    refused = program.run(copy, "provider", "CPU", LD_LIBRARY_PATH=str(system))
    assert f", got {system / 'libonnxruntime.so'}, onnxruntime 1.30.0, which " in refused
    assert refused.endswith(", so that its file lies beside the program and is taken before the system's.\n")


@pytest.fixture
def gpu_copy(program: Program, copy: Path) -> Path:
    """With the native library that has CUDA, on a machine that does not."""
    for library in (copy / NATIVE).iterdir():
        put(library, program.native(GPU) / library.name)
    return copy


def test_cuda_that_is_not_there_is_passed_over_with_its_reason(program: Program, gpu_copy: Path) -> None:
    lines = program.run(gpu_copy, "provider", "CUDA, CPU").splitlines()
    assert lines[2].startswith(
        "provider: CPU; not CUDA: its own library, or one that it needs (the driver's, CUDA's, cuDNN's), is not on this machine "
    )
    assert lines[3] == (
        "onnxruntime: 1.31.0 (managed 1.31.1), not proven, unlike 1.31.1: SelfTest() checks the answers"
    )


def test_cuda_alone_is_refused_where_it_is_not_there(program: Program, gpu_copy: Path) -> None:
    refused = program.run(gpu_copy, "provider", "CUDA")
    assert refused.startswith(
        "refused: Expected one of the execution providers CUDA, got none of them on this machine with onnxruntime 1.31.0: CUDA: its own "
    )
