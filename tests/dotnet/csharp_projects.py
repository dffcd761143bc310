"""Three small models, packages of models in a NuGet feed, and C# projects that consume them."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.golden import GoldenCall
from pipeline.dotnet import sdk
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget import nupkg, reference_assemblies
from pipeline.dotnet.nuget.client_files import write_client
from pipeline.dotnet.nuget.client_form import ClientForm, Form, list_compiled_against
from pipeline.dotnet.nuget.dependency_groups import group_dependencies
from pipeline.dotnet.nuget.golden_policy import format_policy
from pipeline.dotnet.nuget.ingredients import Ingredients
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

PROGRAMS = Path(__file__).parent / "programs"
SHA256 = "0" * 64
NET10 = (
    "<OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>"
    "<Nullable>enable</Nullable>"
)
SELF_CONTAINED = "<RuntimeIdentifier>linux-x64</RuntimeIdentifier><SelfContained>true</SelfContained>"
# What a program needs that registers clients and asks for their health.
SERVICES = "".join(
    f'<PackageReference Include="Microsoft.Extensions.{name}" Version="10.0.15" />'
    for name in ("DependencyInjection", "Diagnostics.HealthChecks", "Logging")
)
OLD_AND_NEW = "<TargetFrameworks>net10.0;net8.0;netstandard2.0;net48</TargetFrameworks><LangVersion>12</LangVersion>"
NET48_REFERENCE = (
    '<PackageReference Include="Microsoft.NETFramework.ReferenceAssemblies" Version="1.0.3" PrivateAssets="all" '
    "Condition=\"$(TargetFramework)=='net48'\" />"
)
# Every diagnostic of the compiler and the analysers is an error.
STRICT = (
    "<TreatWarningsAsErrors>true</TreatWarningsAsErrors><AnalysisMode>All</AnalysisMode><AnalysisLevel>latest-all</AnalysisLevel>"
    "<GenerateDocumentationFile>true</GenerateDocumentationFile>"
)


def tensor(name: str, dtype: str, *shape: int | str, **facts: object) -> TensorSpec:
    defaults = {"description": "", "unit": "", "minimum": None, "maximum": None, "labels": []}
    return TensorSpec.model_validate({"name": name, "dtype": dtype, "shape": list(shape), **defaults, **facts})


def make_contract(name: str, inputs: list[TensorSpec], outputs: list[TensorSpec], description: str = "") -> Contract:
    return Contract(
        name=name,
        description=description,
        inputs=inputs,
        outputs=outputs,
        task=None,
        opset=17,
        ir_version=8,
        weights_sha256=SHA256,
        configuration_sha256=SHA256,
        golden={"calls.npz": SHA256},
    )


def make_identity(class_name: str = "Tiny", version: str = "1.0.0", model: bytes = b"", **changes: str) -> Identity:
    digest = hashlib.sha256(model).hexdigest()
    return Identity(
        **{
            "package_id": f"Acme.{class_name}",
            "version": version,
            "namespace": "Acme.Models",
            "class_name": class_name,
            "model_file": f"{class_name}.{digest[:8]}.onnx",
            "model_sha256": digest,
            "bound_onnxruntime": "1.31.1",
            **changes,
        },
        model_bytes=len(model),
        proven_onnxruntime=("1.31.1",),
    )


LABELS = ["none", 'a "few"', "many"]
TINY = make_contract(
    "tiny",
    [
        tensor(
            "pixels",
            "float32",
            "batch",
            2,
            2,
            description="Ink < 16 & more,\nby row.",
            unit="ink",
            minimum=0.0,
            maximum=16.0,
        )
    ],
    [
        tensor("label", "int64", "batch", description="The class.", labels=LABELS),
        tensor("probabilities", "float32", "batch", 3, minimum=0.0, maximum=1.0, labels=LABELS),
    ],
    description="Reads <ink> & more.",
)

DTYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]
MIXED = make_contract(
    "mixed",
    [
        tensor("class", "int64", "batch", description="Row of a table.", minimum=0.0),
        *(tensor(f"in {dtype}", dtype, "batch", 2) for dtype in DTYPES),
    ],
    [tensor("score", "float32", "batch"), *(tensor(f"out.{dtype}", dtype, "batch", 2) for dtype in DTYPES)],
)

# One number in, one number out, with a name and bounds that need care in C#.
SCALAR = make_contract(
    "a <scalar>",
    [tensor("x", "float32", "batch", minimum=0.25, maximum=1e39)],
    [tensor("y", "float32", "batch")],
)


def tiny_model(seed: int) -> bytes:
    """Softmax(pixels @ w) and its ArgMax."""
    weights = np.random.default_rng(seed).normal(size=(4, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    return make_model(nodes, TINY, [numpy_helper.from_array(weights, "w")])


def mixed_model() -> bytes:
    """Every dtype passed through, and a lookup that fails for a class that the table does not have."""
    nodes = [helper.make_node("Identity", [f"in {dtype}"], [f"out.{dtype}"]) for dtype in DTYPES]
    nodes.append(helper.make_node("Gather", ["table", "class"], ["score"]))
    return make_model(nodes, MIXED, [numpy_helper.from_array(np.arange(5, dtype=np.float32) / 2, "table")])


def scalar_model() -> bytes:
    return make_model([helper.make_node("Neg", ["x"], ["y"])], SCALAR, [])


def future_model() -> bytes:
    """In a format that no onnxruntime knows yet."""
    model = onnx.load_from_string(scalar_model())
    model.ir_version = 99
    return model.SerializeToString()


def make_model(nodes: list[onnx.NodeProto], contract: Contract, initializers: list[onnx.TensorProto]) -> bytes:
    inputs, outputs = (
        [helper.make_tensor_value_info(spec.name, _element_type(spec.dtype), spec.shape) for spec in tensors]
        for tensors in (contract.inputs, contract.outputs)
    )
    graph = helper.make_graph(nodes, contract.name, inputs, outputs, initializers)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", contract.opset)], ir_version=contract.ir_version
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _element_type(dtype: str) -> int:
    names = {"float32": "FLOAT", "float64": "DOUBLE", "string": "STRING"}
    return int(TensorProto.DataType.Value(names.get(dtype, dtype.upper())))


@cache
def find_references(folder: Path) -> ReferenceAssemblies:
    """What clients are compiled against, noted in a folder that all tests of a process share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference_assemblies, "RESOLVED", folder / "references")
        return reference_assemblies.resolve(sdk.require("a test"), list_compiled_against("1.31.1", {}))


class Cargo(NamedTuple):
    """What some packages hold: a tokenizer's character table and vocabulary, and golden calls, which all travel."""

    characters: str = ""
    vocabulary: str = ""
    calls: Sequence[GoldenCall] = ()


NO_CARGO = Cargo()


class Dotnet:
    """Packages in a feed, whose clients come as assemblies or as source, and projects that consume them."""

    def __init__(self, root: Path, sdk: str, form: Form = "assembly") -> None:
        self.root = root
        self.sdk = sdk
        self.form = form
        self.feed = root / "feed"
        self.feed.mkdir(parents=True)

    def pack(
        self,
        contract: Contract,
        model: bytes,
        class_name: str,
        version: str = "1.0.0",
        cargo: Cargo = NO_CARGO,
    ) -> None:
        """Put a package into the feed.

        Args:
            contract: What the client is for.
            model: Content of the ONNX file.
            class_name: The client's; the package is called Acme.<class_name>.
            version: The package's.
            cargo: What it holds beside them.
        """
        characters, vocabulary, calls = cargo
        files = {"vocabulary_file": f"{class_name}.vocab.txt"} if vocabulary else {}
        identity = make_identity(class_name, version, model, **files)
        model_file = self.root / identity.model_file
        model_file.write_bytes(model)
        policy = format_policy(Policy(Tolerance(4e-6, 4e-6)), contract, 0.9999)
        ingredients = Ingredients(
            contract, model_file, self.form, calls, policy, "full", characters, vocabulary.encode()
        )
        taken = ClientForm(self.form, find_references(self.root.parent) if self.form == "assembly" else None)
        content = {
            **ingredients.list_model_files(identity),
            **write_client(ingredients, taken, identity),
            **ingredients.encode_golden_calls(),
            "README.md": b"# d",
        }
        metadata = nupkg.Metadata(
            identity.package_id, version, "a", "MIT", "d", "t", group_dependencies("cpu", "1.31.1")
        )
        nupkg.pack(metadata, content, self.feed / f"{identity.package_id}.{version}.nupkg")

    def project(self, name: str, properties: str, items: str, program: str = "", *sources: str) -> Path:
        """Create a project in the folder `name`; `program` becomes its Program.cs, and `sources` are compiled with it."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        # NU1603: an offline feed may have a later patch of a dependency than the lowest version that is allowed.
        (folder / f"{folder.name}.csproj").write_text(
            f'<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{properties}<NoWarn>$(NoWarn);NU1603;CS1591</NoWarn>'
            f"<RestoreAdditionalProjectSources>{self.feed}</RestoreAdditionalProjectSources>"
            f"<RestorePackagesPath>{self.root / 'packages'}</RestorePackagesPath></PropertyGroup><ItemGroup>{items}</ItemGroup></Project>"
        )
        if program:
            (folder / "Program.cs").write_text((PROGRAMS / program).read_text())
        for source in sources:
            (folder / source).write_text((PROGRAMS / source).read_text())
        return folder

    def __call__(self, folder: Path, *arguments: str) -> str:
        """Run `dotnet` in `folder` and return its output; when it fails, so does the test, with that output."""
        return run([self.sdk, *arguments], folder)


def run(command: list[str], folder: Path) -> str:
    environment = os.environ | {
        "DOTNET_ROLL_FORWARD": "Major",
        "MSBUILDDISABLENODEREUSE": "1",
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    }
    completed = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert completed.returncode == 0, f"{' '.join(command)}\n{completed.stdout[-6000:]}{completed.stderr[:6000]}"
    return completed.stdout
