"""package: the simplified graph, its contract and golden answers -> build/package/<Id>.<version>.nupkg."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.core import contract as contracts
from pipeline.core.arrays import load
from pipeline.core.contract import CONTRACT, GOLDEN_INPUTS, GOLDEN_OUTPUTS, Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, read_json, replacing, sha256, write_json
from pipeline.core.golden_texts import CHARACTERS, VOCABULARY, load_golden
from pipeline.dotnet.client import generator, text_input
from pipeline.dotnet.client.generator import Identity
from pipeline.dotnet.client.identifiers import pascal
from pipeline.dotnet.client.layout import layout
from pipeline.dotnet.nuget import assemblies, golden_files, nupkg, readme, targets
from pipeline.graph import external_data, onnx_model
from pipeline.settings import compat
from pipeline.settings.params import Package, Params

FOLDER = Path("build/package")
MANIFEST = FOLDER / "manifest.json"
DATA = Path("build/data")
PARITY = Path("reports/parity.json")
SPLITS = ("train", "validation", "test")


def check_size(settings: Package) -> None:
    """Raise PipelineError for a model that the package cannot take, before anything of it is read."""
    beside = external_data.weights(onnx_model.SIMPLIFIED)
    parts = [path for path in (onnx_model.SIMPLIFIED, beside) if path.exists()]
    size = sum(path.stat().st_size for path in parts)
    said = f"{onnx_model.SIMPLIFIED} has {size / 1e6:,.1f} MB"
    if beside in parts:
        raise PipelineError(
            f"{said} with its weights in {beside}: expected at most {settings.largest_mb:,} MB (package.largest_mb), and never more than "
            f"{external_data.LIMIT / 1e6:,.0f} MB, which is what the client's array of bytes takes: ship both files beside the program and open "
            "the .onnx with onnxruntime's InferenceSession, or make the model smaller (float16 or int8 weights)"
        )
    if size > settings.largest_mb * 1_000_000:
        raise PipelineError(
            f"{said}: expected at most {settings.largest_mb:,} MB (package.largest_mb): raise it for a feed that takes more (the public "
            "gallery takes 250), or make the model smaller (float16 or int8 weights)"
        )


def identity(contract: Contract, model: Path, settings: Package) -> Identity:
    """Names and fingerprints that the client is generated with."""
    class_name = settings.class_name or pascal(contract.name)
    digest = sha256(model)
    return Identity(
        package_id=settings.id or pascal(contract.name),
        version=settings.version,
        namespace=settings.namespace,
        class_name=class_name,
        # The hash is in the name: another model is another file, whatever the dates of both.
        model_file=f"{class_name}.{digest[:8]}.onnx",
        model_sha256=digest,
        model_bytes=model.stat().st_size,
        minimum_onnxruntime=compat.minimum_onnxruntime(contract.opset, contract.ir_version),
        validated_onnxruntime=version("onnxruntime"),
        vocabulary_file=f"{class_name}.{contract.tokenizer.vocabulary_sha256[:8]}.vocab.txt"
        if contract.tokenizer
        else "",
    )


def tokenizer_file(path: Path, expected: str) -> bytes:
    """A file that prepare made of the tokeniser.

    Raises:
        PipelineError: It is missing, or is not the contract's.
    """
    if not path.exists():
        raise missing(path, "prepare")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise PipelineError(f"{path} is not the file that {CONTRACT} was made with: run `dvc repro`")
    return content


def lineage(contract: Contract) -> dict[str, Any]:
    """What the model was made from. The commit is MLflow's, found by the package's hash."""
    return {
        "weights_sha256": contract.weights_sha256,
        "configuration_sha256": contract.configuration_sha256,
        "contract_sha256": sha256(CONTRACT),
        "data_sha256": {split: sha256(DATA / f"{split}.npz") for split in SPLITS},
        "golden": contract.golden.model_dump(),
    }


def assemble(
    contract: Contract, model: Path, parity: dict[str, Any], who: Identity, settings: Package
) -> dict[str, bytes | Path]:
    """Every file of the package but those that NuGet's form asks for."""
    questions = contracts.cases(load(GOLDEN_INPUTS, made_by="export"))
    answers = contracts.cases(load(GOLDEN_OUTPUTS, made_by="export"))
    characters, texts = "", {}
    if tokenizer := contract.tokenizer:
        characters = tokenizer_file(CHARACTERS, tokenizer.characters_sha256).decode()
        texts = {
            f"{targets.MODEL_FOLDER}/{who.vocabulary_file}": tokenizer_file(VOCABULARY, tokenizer.vocabulary_sha256),
            **golden_files.text_files(load_golden()),
        }
    sources = generator.generate(contract, who, characters)
    files: dict[str, bytes | Path] = {
        f"{targets.MODEL_FOLDER}/{who.model_file}": model,
        **texts,
        "contract.json": CONTRACT.read_bytes(),
        "README.md": readme.write(contract, who, parity).encode(),
        **golden_files.files(questions, answers, batched=layout(contract).batched),
    }
    msbuild = targets.targets(contract, who, compiled=settings.client == "compiled")
    targets_file = {f"{targets.TARGETS_FOLDER}/{who.package_id}.targets": msbuild.encode()}
    if settings.client == "compiled":
        return {**files, **assemblies.build(sources, who, text_input.libraries(contract)), **targets_file}
    return {
        **files,
        **{f"{targets.CLIENT_FOLDER}/{name}": text.encode() for name, text in sources.items()},
        **targets_file,
    }


def digest(data: bytes | Path) -> str:
    return sha256(data) if isinstance(data, Path) else hashlib.sha256(data).hexdigest()


def run(params: Params) -> None:
    contract = contracts.load()
    contracts.check_golden(contract)
    if not onnx_model.SIMPLIFIED.exists():
        raise missing(onnx_model.SIMPLIFIED, made_by="simplify")
    settings = params.package
    check_size(settings)
    parity = read_json(PARITY, made_by="validate")
    if parity["passed"] is not True or parity["models"]["simplify"] != sha256(onnx_model.SIMPLIFIED):
        raise PipelineError(
            f"{PARITY} does not say that {onnx_model.SIMPLIFIED} has passed: run `python -m pipeline validate`"
        )
    who = identity(contract, onnx_model.SIMPLIFIED, settings)
    files = assemble(contract, onnx_model.SIMPLIFIED, parity, who, settings)
    manifest = {
        "id": who.package_id,
        "version": who.version,
        "client": settings.client,
        "namespace": who.namespace,
        "class_name": who.class_name,
        "model": who.model_file,
        "onnxruntime": {"minimum": who.minimum_onnxruntime, "validated": who.validated_onnxruntime},
        "lineage": lineage(contract),
        "files": {path: digest(data) for path, data in sorted(files.items())},
    }
    files["manifest.json"] = (json.dumps(manifest, indent=1) + "\n").encode()
    path = FOLDER / f"{who.package_id}.{who.version}.nupkg"
    about = nupkg.Metadata(
        id=who.package_id,
        version=who.version,
        authors=settings.authors,
        license=settings.license,
        description=contract.description,
        tags="onnx onnxruntime machine-learning torch2dotnet",
        dependencies={"Microsoft.ML.OnnxRuntime": who.validated_onnxruntime, **text_input.libraries(contract)},
    )
    with replacing(path) as beside:
        nupkg.pack(about, files, beside)
        size = beside.stat().st_size
        if size > settings.largest_mb * 1_000_000:
            raise PipelineError(
                f"the package has {size / 1e6:,.0f} MB, more than package.largest_mb={settings.largest_mb}: raise it for a feed "
                "that takes more (the public gallery takes 250), or make the model smaller"
            )
    write_json(MANIFEST, {**manifest, "package": path.name, "package_sha256": sha256(path)})
    # The folder holds one package: an earlier id or version would be taken for this one.
    for other in FOLDER.glob("*.nupkg"):
        if other != path:
            other.unlink()
    print(
        f"package: {path}: {size:,} bytes, {len(files)} files, {settings.client} client {who.namespace}.{who.class_name}"
    )
