"""Two small models, and projects that consume their packages."""

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.core.contract import Contract, TensorSpec
from pipeline.dotnet.client import generator, text_input
from pipeline.dotnet.nuget import targets

PROGRAMS = Path(__file__).parent / "programs"
SHA = "0" * 64
STRICT = (
    "<TreatWarningsAsErrors>true</TreatWarningsAsErrors><AnalysisMode>All</AnalysisMode><AnalysisLevel>latest-all</AnalysisLevel>"
    "<GenerateDocumentationFile>true</GenerateDocumentationFile>"
)


def tensor(name: str, dtype: str, *shape: int | str, **rest: object) -> TensorSpec:
    given = {"description": "", "unit": "", "minimum": None, "maximum": None, "labels": [], **rest}
    return TensorSpec.model_validate({"name": name, "dtype": dtype, "shape": list(shape), **given})


def contract(name: str, inputs: list[TensorSpec], outputs: list[TensorSpec], description: str = "") -> Contract:
    return Contract(
        name=name,
        description=description,
        inputs=inputs,
        outputs=outputs,
        task=None,
        opset=17,
        ir_version=8,
        weights_sha256=SHA,
        configuration_sha256=SHA,
        golden={"calls.npz": SHA},
    )


def identity(class_name: str = "Tiny", version: str = "1.0.0", model: bytes = b"", **rest: str) -> generator.Identity:
    digest = hashlib.sha256(model).hexdigest()
    return generator.Identity(
        **{
            "package_id": f"Acme.{class_name}",
            "version": version,
            "namespace": "Acme.Models",
            "class_name": class_name,
            "model_file": f"{class_name}.{digest[:8]}.onnx",
            "model_sha256": digest,
            "minimum_onnxruntime": "1.16",
            "validated_onnxruntime": "1.31.1",
            **rest,
        },
        model_bytes=len(model),
    )


LABELS = ["none", 'a "few"', "many"]
TINY = contract(
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
MIXED = contract(
    "mixed",
    [
        tensor("class", "int64", "batch", description="Row of a table.", minimum=0.0),
        *(tensor(f"in {dtype}", dtype, "batch", 2) for dtype in DTYPES),
    ],
    [tensor("score", "float32", "batch"), *(tensor(f"out.{dtype}", dtype, "batch", 2) for dtype in DTYPES)],
)

# One number in, one number out; a name and bounds that C# could stumble over.
SCALAR = contract(
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
    return model_of(nodes, TINY, [numpy_helper.from_array(weights, "w")])


def mixed_model() -> bytes:
    """Every dtype passed on, and a lookup that fails for a row that the table has not."""
    nodes = [helper.make_node("Identity", [f"in {dtype}"], [f"out.{dtype}"]) for dtype in DTYPES]
    nodes.append(helper.make_node("Gather", ["table", "class"], ["score"]))
    return model_of(nodes, MIXED, [numpy_helper.from_array(np.arange(5, dtype=np.float32) / 2, "table")])


def scalar_model() -> bytes:
    return model_of([helper.make_node("Neg", ["x"], ["y"])], SCALAR, [])


def model_of(nodes: list[onnx.NodeProto], of: Contract, initializers: list[onnx.TensorProto]) -> bytes:
    inputs, outputs = (
        [helper.make_tensor_value_info(t.name, _element(t.dtype), t.shape) for t in tensors]
        for tensors in (of.inputs, of.outputs)
    )
    graph = helper.make_graph(nodes, of.name, inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", of.opset)], ir_version=of.ir_version)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _element(dtype: str) -> int:
    names = {"float32": "FLOAT", "float64": "DOUBLE", "string": "STRING"}
    return int(TensorProto.DataType.Value(names.get(dtype, dtype.upper())))


class Dotnet:
    """Packages in a feed, and projects that consume them."""

    def __init__(self, root: Path, sdk: str) -> None:
        self.root = root
        self.sdk = sdk
        self.feed = root / "feed"
        self.feed.mkdir(parents=True)

    def pack(
        self,
        of: Contract,
        model: bytes,
        class_name: str,
        version: str = "1.0.0",
        reads: tuple[str, str] = ("", ""),
    ) -> None:
        """`reads` are the table of characters and the vocabulary of a model that reads text."""
        characters, vocabulary = reads
        name = identity(
            class_name, version, model, **({"vocabulary_file": f"{class_name}.vocab.txt"} if vocabulary else {})
        )
        sources = generator.generate(of, name, characters)
        parts = {f"{targets.CLIENT_FOLDER}/{file}": text.encode() for file, text in sources.items()}
        if vocabulary:
            parts[f"{targets.MODEL_FOLDER}/{name.vocabulary_file}"] = vocabulary.encode()
        needed = "".join(f'<dependency id="{id_}" version="{at}" />' for id_, at in text_input.libraries(of).items())
        parts[f"{targets.MODEL_FOLDER}/{name.model_file}"] = model
        parts[f"{targets.TARGETS_FOLDER}/{name.package_id}.targets"] = targets.targets(of, name).encode()
        parts[f"{name.package_id}.nuspec"] = (
            '<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>'
            f"<id>{name.package_id}</id><version>{version}</version><authors>a</authors><description>d</description>"
            '<dependencies><group targetFramework=".NETStandard2.0"><dependency id="Microsoft.ML.OnnxRuntime" version="1.31.1" />'
            f"{needed}</group></dependencies></metadata></package>"
        ).encode()
        with zipfile.ZipFile(self.feed / f"{name.package_id}.{version}.nupkg", "w") as archive:
            for path, content in parts.items():
                archive.writestr(zipfile.ZipInfo(path), content)

    def project(
        self, name: str, properties: str, items: str, program: str = "", sdk: str = "Microsoft.NET.Sdk"
    ) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        # NU1603: an offline feed may hold a later patch of a dependency than the lowest that is allowed.
        (folder / f"{folder.name}.csproj").write_text(
            f'<Project Sdk="{sdk}"><PropertyGroup>{properties}<NoWarn>NU1603;CS1591</NoWarn>'
            f"<RestoreAdditionalProjectSources>{self.feed}</RestoreAdditionalProjectSources>"
            f"<RestorePackagesPath>{self.root / 'packages'}</RestorePackagesPath></PropertyGroup><ItemGroup>{items}</ItemGroup></Project>"
        )
        if program:
            (folder / "Program.cs").write_text((PROGRAMS / program).read_text())
        return folder

    def __call__(self, folder: Path, *arguments: str) -> str:
        """Run `dotnet` there; its output. A failure fails the test with that output."""
        return run([self.sdk, *arguments], folder)


def run(command: list[str], folder: Path) -> str:
    environment = os.environ | {
        "DOTNET_ROLL_FORWARD": "Major",
        "MSBUILDDISABLENODEREUSE": "1",
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[:6000]}"
    return done.stdout
