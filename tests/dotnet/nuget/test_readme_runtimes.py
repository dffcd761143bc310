"""The README's sections on runtimes and warnings; tests/dotnet/test_runtime_packages.py builds projects with their lines."""

import re
from pathlib import Path

import pytest

from csharp_projects import make_identity
from pipeline.dotnet.nuget import readme_runtimes, targets
from pipeline.dotnet.nuget.readme_runtimes import describe_runtimes

PROJECT = Path(__file__).resolve().parents[3]
IDENTITY = make_identity("Tiny", bound_onnxruntime="1.30.2")
CPU, MANAGED = ("\n".join(describe_runtimes(IDENTITY, runtime)) for runtime in ("cpu", "managed"))
GPU = '<PackageReference Include="Microsoft.ML.OnnxRuntime.Gpu.Linux" Version="1.30.0" />'


def test_what_the_package_depends_on():
    assert "The package brings Microsoft.ML.OnnxRuntime 1.30.2 or later" in CPU
    assert "The package brings Microsoft.ML.OnnxRuntime.Managed 1.30.2 or later" in MANAGED


def test_the_way_to_a_gpu_leaves_out_the_processors_library():
    refused = '<PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.30.2" ExcludeAssets="all" />'
    assert f"```xml\n{GPU}\n{refused}\n```" in CPU


def test_a_program_chooses_where_the_package_does_not():
    native = '<PackageReference Include="Microsoft.ML.OnnxRuntime" Version="1.30.2" />'
    assert f"```xml\n{native}\n{GPU}\n```" in MANAGED


def test_the_way_below_the_bound():
    lower = '<PackageReference Include="{}" Version="X.Y.Z" NoWarn="NU1605" />'
    assert lower.format("Microsoft.ML.OnnxRuntime") in CPU
    assert lower.format("Microsoft.ML.OnnxRuntime.Managed") in MANAGED


def test_the_option_has_the_clients_name():
    assert 'new TinyOptions { Provider = "CUDA, CPU" }' in CPU


def read_codes(text: str) -> list[str]:
    return sorted(set(re.findall(r"T2D\d{4}", text)))


SOURCE = "\n".join(describe_runtimes(IDENTITY, "cpu", "source"))


@pytest.mark.parametrize("explanation", [SOURCE, (PROJECT / "docs" / "warnings.md").read_text()])
def test_every_code_is_explained(explanation):
    package = targets.describe_targets(IDENTITY, ("Tiny.cs",))
    raised = "".join(re.findall(r'Code="T2D\d+"', "".join(targets.write_targets(package).values())))
    assert read_codes(raised) == read_codes(explanation) == sorted(readme_runtimes.WARNINGS)


def test_assemblies_explain_no_code_of_source():
    assert sorted({*read_codes(SOURCE)} - {*read_codes(CPU)}) == ["T2D0006"]


def test_a_package_without_golden_calls_promises_no_self_test():
    without = describe_runtimes(make_identity("Tiny", golden="none"), "cpu")
    assert "SelfTest()" in CPU
    assert "SelfTest()" not in "\n".join(without)
