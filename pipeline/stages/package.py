"""package: the simplified graph, its contract and golden answers -> build/package/<Id>.<version>.nupkg."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from pipeline.compare.policy import make_policy
from pipeline.core.arrays import count_rows, read_headers
from pipeline.core.contract import Contract, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, recorded_sha256, replacing_folder, sha256
from pipeline.core.golden import load_calls
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import (
    CONTRACT,
    DATA,
    MANIFEST,
    PACKAGE,
    PARITY_REPORT,
    SIMPLIFIED,
    SPLITS,
    TOKENIZER_CHARACTERS,
    TOKENIZER_VOCABULARY,
)
from pipeline.core.release import PackageVersion, read_release_fingerprint
from pipeline.core.reports import TrainReport, read_report
from pipeline.core.target_runtime import TargetRuntime, read_target
from pipeline.core.terminal import say
from pipeline.dotnet.api.client_api import check_api
from pipeline.dotnet.client.class_names import choose_class_name
from pipeline.dotnet.client.embedding import list_packages
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget import nupkg, readme
from pipeline.dotnet.nuget.card import CARD, CardFacts, Split, write_card
from pipeline.dotnet.nuget.client_files import write_client
from pipeline.dotnet.nuget.client_form import ClientForm, Form, choose_form, list_compiled_against
from pipeline.dotnet.nuget.dependency_groups import group_dependencies
from pipeline.dotnet.nuget.golden_policy import format_policy
from pipeline.dotnet.nuget.ingredients import Ingredients
from pipeline.dotnet.nuget.manifest import Manifest, Origin, PackedManifest, RuntimeVersions
from pipeline.dotnet.nuget.readme_runtimes import describe_runtimes
from pipeline.dotnet.nuget.readme_usage import describe_form
from pipeline.dotnet.nuget.source_repository import read_repository
from pipeline.dotnet.runtime_versions import choose_bound, list_proven
from pipeline.dotnet.versions import release_notes
from pipeline.dotnet.versions.content import UNVERSIONED, hash_file
from pipeline.dotnet.versions.package_version import choose_version
from pipeline.dotnet.versions.released_file import choose_id
from pipeline.graph import external_data
from pipeline.settings.params import Package, Params


def check_size(settings: Package) -> None:
    """Raise PipelineError for a model that the package cannot take, before anything of it is read."""
    weights_file = external_data.weights(SIMPLIFIED)
    parts = [path for path in (SIMPLIFIED, weights_file) if path.exists()]
    size = sum(path.stat().st_size for path in parts)
    measured = f"{SIMPLIFIED} has {size / 1e6:,.1f} MB"
    if weights_file in parts:
        raise PipelineError(
            f"{measured} with its weights in {weights_file}: expected at most {settings.largest_mb:,} MB (package.largest_mb), and never more than "
            f"{external_data.LIMIT / 1e6:,.0f} MB, which is what the client's array of bytes takes: ship both files beside the program and open "
            "the .onnx with onnxruntime's InferenceSession, or make the model smaller (float16 or int8 weights)"
        )
    if size > settings.largest_mb * 1_000_000:
        raise PipelineError(
            f"{measured}: expected at most {settings.largest_mb:,} MB (package.largest_mb): raise it for a feed that takes more (the public "
            "gallery takes 250), or make the model smaller (float16 or int8 weights)"
        )


def choose_identity(
    contract: Contract, model: Path, parity: ParityReport, target: TargetRuntime, settings: Package
) -> Identity:
    """Names, fingerprints and versions that the client is generated with, but the package's own version, which is not known yet.

    Raises:
        PipelineError: The model was not proven in the target's onnxruntime.
    """
    class_name = choose_class_name(settings.class_name, contract.name)
    digest = sha256(model)
    return Identity(
        package_id=choose_id(settings.id, contract.name),
        version=UNVERSIONED,
        namespace=settings.namespace,
        class_name=class_name,
        # The hash is in the name: another model is another file name, so that no build keeps an old copy.
        model_file=f"{class_name}.{digest[:8]}.onnx",
        model_sha256=digest,
        model_bytes=model.stat().st_size,
        bound_onnxruntime=choose_bound(target, parity),
        proven_onnxruntime=tuple(list_proven(parity)),
        golden=settings.golden,
        vocabulary_file=f"{class_name}.{contract.tokenizer.vocabulary_sha256[:8]}.vocab.txt"
        if contract.tokenizer
        else "",
    )


def read_tokenizer_file(path: Path, expected: str) -> bytes:
    """A file that prepare made of the tokenizer.

    Raises:
        PipelineError: It is missing, was changed, or is not the contract's.
    """
    content = checked(path, "prepare").read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise PipelineError(f"{path} is not the file that {CONTRACT} was made with: run `dvc repro`")
    return content


def describe_origin(contract: Contract) -> Origin:
    return Origin(
        weights_sha256=contract.weights_sha256,
        configuration_sha256=contract.configuration_sha256,
        contract_sha256=sha256(CONTRACT),
        data_sha256={split: recorded_sha256(DATA / f"{split}.npz", "prepare") for split in SPLITS},
        golden=contract.golden,
    )


def collect_card_facts(params: Params) -> CardFacts:
    splits = {}
    for split in SPLITS:
        path = DATA / f"{split}.npz"
        splits[split] = Split(count_rows(read_headers(path, "prepare")), recorded_sha256(path, "prepare"))
    model = params.model
    return CardFacts(
        seed=params.seed,
        net=model.net,
        weights=model.weights,
        data=params.data,
        splits=splits,
        train=params.train,
        training=read_report(TrainReport),
        license=params.package.license,
        own_sections=params.model.card,
    )


def read_ingredients(contract: Contract, model: Path, form: Form, params: Params) -> Ingredients:
    """What the package is made of."""
    tolerances = make_policy(params.parity, "dotnet", contract.scales, [tensor.name for tensor in contract.outputs])
    policy = format_policy(tolerances, contract, params.verify.least_cosine)
    characters, vocabulary = "", b""
    if tokenizer := contract.tokenizer:
        characters = read_tokenizer_file(TOKENIZER_CHARACTERS, tokenizer.characters_sha256).decode()
        vocabulary = read_tokenizer_file(TOKENIZER_VOCABULARY, tokenizer.vocabulary_sha256)
    calls = load_calls()
    settings = params.package
    return Ingredients(contract, model, form, calls, policy, settings.golden, characters, vocabulary, settings.runtime)


def assemble_files(
    ingredients: Ingredients, form: ClientForm, parity: ParityReport, identity: Identity, version: PackageVersion
) -> dict[str, bytes | Path]:
    """Every file of the package but those that the NuGet format requires."""
    contract = ingredients.contract
    sections = [
        *describe_form(identity, form.name),
        *describe_runtimes(identity, ingredients.runtime, form.name),
        *release_notes.describe_changes(version),
    ]
    return {
        **ingredients.list_model_files(identity),
        "contract.json": CONTRACT.read_bytes(),
        "README.md": readme.write(contract, identity, parity, sections, ingredients.list_travelling_calls()).encode(),
        **ingredients.encode_golden_calls(),
        **write_client(ingredients, form, identity),
    }


def describe_package(
    identity: Identity, contract: Contract, version: PackageVersion, settings: Package
) -> nupkg.Metadata:
    """What the .nuspec says."""
    repository = read_repository()
    return nupkg.Metadata(
        id=identity.package_id,
        version=identity.version,
        authors=settings.authors,
        license=settings.license,
        description=contract.description,
        tags="onnx onnxruntime machine-learning torch2dotnet",
        dependencies=group_dependencies(settings.runtime, identity.bound_onnxruntime, list_packages(contract)),
        release_notes=release_notes.write_notes(version),
        project_url=settings.project_url or (repository.page if repository else ""),
        repository=repository,
    )


def run(params: Params) -> None:
    contract, settings = load_contract(), params.package
    checked(SIMPLIFIED, "simplify")
    check_size(settings)
    parity = read_report(ParityReport)
    if parity.contract_sha256 != sha256(CONTRACT):
        raise PipelineError(
            f"{CONTRACT} is not the file that {PARITY_REPORT} compared: run `python -m pipeline validate`"
        )
    if not parity.proven or parity.models.get("simplify") != sha256(SIMPLIFIED):
        raise PipelineError(
            f"{PARITY_REPORT} does not say that {SIMPLIFIED} has passed: run `python -m pipeline validate`"
        )
    draft = choose_identity(contract, SIMPLIFIED, parity, read_target(), settings)
    form = choose_form(settings.client, list_compiled_against(draft.bound_onnxruntime, list_packages(contract)))
    ingredients = read_ingredients(contract, SIMPLIFIED, form.name, params)
    content = ingredients.describe_content(draft)
    version = choose_version(settings.version, content, read_release_fingerprint())
    identity = replace(draft, version=version.version)
    metadata = describe_package(identity, contract, version, settings)
    # Before anything is compiled in its name.
    nupkg.check(metadata)
    files = assemble_files(ingredients, form, parity, identity, version)
    check_api(content.api, {path: file for path, file in files.items() if isinstance(file, bytes)})
    files[CARD] = write_card(contract, identity, parity, collect_card_facts(params)).encode()
    packed = PackedManifest(
        id=identity.package_id,
        version=identity.version,
        content_sha256=content.sha256,
        parts=dict(content.parts),
        api=list(content.api),
        previous=version.previous,
        changes=version.changes,
        client=form.name,
        runtime=settings.runtime,
        namespace=identity.namespace,
        class_name=identity.class_name,
        model=identity.model_file,
        onnxruntime=RuntimeVersions(bound=identity.bound_onnxruntime, proven=list(identity.proven_onnxruntime)),
        lineage=describe_origin(contract),
        files={path: hash_file(data) for path, data in sorted(files.items())},
    )
    files["manifest.json"] = format_manifest(packed)
    name = f"{identity.package_id}.{identity.version}.nupkg"
    with replacing_folder(PACKAGE) as folder:
        nupkg.pack(metadata, files, folder / name)
        size = (folder / name).stat().st_size
        if size > settings.largest_mb * 1_000_000:
            raise PipelineError(
                f"the package has {size / 1e6:,.0f} MB, more than package.largest_mb={settings.largest_mb}: raise it for a feed "
                "that takes more (the public gallery takes 250), or make the model smaller"
            )
        manifest = Manifest(**packed.model_dump(), package=name, package_sha256=sha256(folder / name))
        (folder / MANIFEST.name).write_bytes(format_manifest(manifest))
    say(
        "package",
        f"{PACKAGE / name}: {size:,} bytes, {len(files)} files, client "
        f"{identity.namespace}.{identity.class_name} as {form}; {ingredients.describe_golden_calls()}; {release_notes.summarize(version)}",
    )


def format_manifest(manifest: PackedManifest) -> bytes:
    return (json.dumps(manifest.model_dump(), indent=1) + "\n").encode()
