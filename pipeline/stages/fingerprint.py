"""fingerprint: what lies outside of the repository -> build/fingerprint/; always runs, so that no other stage has to check.

A small file a kind: the user's data, the task's metric, the network's weights and source, the libraries, the .NET SDK, the
onnxruntime that `target` names, the last release of the package.
Content that has not changed gives the same bytes, so that nothing runs after it.
"""

import contextlib
import importlib.util
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, packages_distributions, version
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.files import remove, replacing_folder, write_json
from pipeline.core.known_files import KnownFiles, known_files
from pipeline.core.paths import (
    DATA_FINGERPRINT,
    DEPARTURE,
    DOTNET_FINGERPRINT,
    FINGERPRINT,
    LIBRARIES_FINGERPRINT,
    NETWORK_FINGERPRINT,
    RELEASE_FINGERPRINT,
    TARGET_FINGERPRINT,
    TASK_FINGERPRINT,
)
from pipeline.core.release import write_release_fingerprint
from pipeline.core.target_runtime import TargetRuntime, write_target
from pipeline.core.terminal import say
from pipeline.dotnet import sdk
from pipeline.dotnet.versions.released_file import choose_id, find_release
from pipeline.runtimes.wheels import require_wheel
from pipeline.settings.compose import conf_sha256
from pipeline.settings.outside import SettingValue, find_files, find_targets
from pipeline.settings.params import Params
from pipeline.settings.source_code import OURS, import_closure, imported_libraries
from pipeline.settings.target import target_version

# Libraries whose version may decide bytes. mlflow, dvc and hydra decide none.
LIBRARIES = (
    "accelerate",
    "jinja2",
    "numpy",
    "onnx",
    "onnx-ir",
    "onnxruntime",
    "onnxscript",
    "onnxsim",
    "safetensors",
    "scikit-learn",
    "tokenizers",
    "torch",
)


def check_params(params: Params) -> None:
    """Raise PipelineError unless params.yaml was composed from conf/ as it is now."""
    now = conf_sha256(Path("conf"))
    if params.conf_hash != now:
        raise PipelineError(
            f"params.yaml was composed from another conf/ (fingerprint {params.conf_hash[:12]}, now {now[:12]}): compose it "
            "again with `python -m pipeline params [your overrides]`, or run `dvc exp run [-S your overrides]`"
        )


def fingerprint_files(files: KnownFiles, paths: Iterator[SettingValue]) -> dict[str, dict[str, str]]:
    """SHA-256 of the file or folder of each setting: its content counts, not its path."""
    return {setting: files.digest(Path(path), setting) for setting, path in paths}


def fingerprint_code(files: KnownFiles, targets: Iterator[SettingValue]) -> dict[str, dict[str, str]]:
    """What each `_target_` stands on: SHA-256 of the modules that it imports, and the version of each library that they import."""
    code = {}
    for setting, target in targets:
        closure = import_closure(target)
        # The project's own sources are dependencies as folders.
        libraries = imported_libraries(closure) if closure else sorted({target.partition(".")[0]} - {OURS})
        versions = {library: number for library in libraries if (number := library_version(library))}
        code[setting] = {module: files.digest(path, setting)["."] for module, path in closure.items()} | versions
    return code


def library_version(module: str) -> str | None:
    """The version of the distribution that an importable module belongs to; None where it belongs to none."""
    with contextlib.suppress(PackageNotFoundError):
        return version(module)
    if module == OURS or importlib.util.find_spec(module) is None:
        return None
    # It is called otherwise, as scikit-learn is that brings sklearn. To look which files each has takes 0.2 s: it comes last.
    for distribution in distributions():
        if module in (distribution.read_text("top_level.txt") or "").split():
            return distribution.version
    return next((version(name) for name in packages_distributions().get(module, [])), None)


def find_runtime(target: str | None) -> TargetRuntime:
    """The installed onnxruntime, or the wheel that `target` names.

    Raises:
        PipelineError: There is no such wheel on this machine.
    """
    if target is None:
        return TargetRuntime(target=None, onnxruntime=version("onnxruntime"))
    return TargetRuntime(target=target, onnxruntime=require_wheel(target_version(target), f"target={target}").version)


def run(params: Params) -> None:
    check_params(params)
    target = find_runtime(params.target)
    release = find_release(choose_id(params.package.id, params.model.name), params.model.name)
    # It tells of the build before.
    remove(DEPARTURE)
    settings: dict[str, Any] = params.model_dump(mode="json", by_alias=True)
    model = settings.pop("model")
    # Words for people, whatever their titles: they name no file.
    del model["card"]
    data = {"data": settings.pop("data"), "model": {key: model.pop(key) for key in ("encoders", "tokenizer")}}
    task = {"model.task": model.pop("task") or {}}
    network = {"model": model, **settings}
    files_and_modules = [0, 0]
    with known_files() as files, replacing_folder(FINGERPRINT) as folder:
        for path, sections in ((DATA_FINGERPRINT, data), (TASK_FINGERPRINT, task), (NETWORK_FINGERPRINT, network)):
            content: dict[str, dict[str, dict[str, str]]] = {"files": {}, "code": {}}
            for name, section in sections.items():
                content["files"] |= fingerprint_files(files, find_files(section, name))
                content["code"] |= fingerprint_code(files, find_targets(section, name))
            write_json(folder / path.name, content)
            for place, kind in enumerate(content.values()):
                files_and_modules[place] += sum(map(len, kind.values()))
        libraries = {name: number for name in LIBRARIES if (number := library_version(name))}
        write_json(folder / LIBRARIES_FINGERPRINT.name, libraries)
        dotnet = sdk.version(sdk.find()) or "none"
        write_json(folder / DOTNET_FINGERPRINT.name, {"sdk": dotnet})
        write_target(target, folder / TARGET_FINGERPRINT.name)
        write_release_fingerprint(release, folder / RELEASE_FINGERPRINT.name)
    say(
        "fingerprint",
        f"{FINGERPRINT}: {files_and_modules[0]} files, {files_and_modules[1]} modules, {len(libraries)} libraries, "
        f".NET SDK {dotnet}, onnxruntime {target.onnxruntime}, {f'last release {release.version}' if release else 'nothing released'}",
    )
