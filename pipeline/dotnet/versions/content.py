"""What a package is to who uses it, whatever its version: model, contract, golden answers and client text, each by its hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.contract import Contract
from pipeline.core.files import sha256
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice

# The version that the client is generated with where its text is hashed.
UNVERSIONED = "0.0.0"
# Fields of the contract that say what the model was made from: they change nothing for who uses it.
_ORIGIN = {"weights_sha256", "configuration_sha256", "golden"}


@dataclass(frozen=True)
class PackageContent:
    """`parts` has the SHA-256 of model, contract, golden answers and client; `api` the client's public API (`client_api`).

    `client` is "assembly" or "source", `onnxruntime` the lowest version that the package asks for, `runtime` is
    `package.runtime`.
    """

    package_id: str
    client: str
    namespace: str
    class_name: str
    onnxruntime: str
    contract: Contract
    parts: Mapping[str, str]
    api: tuple[str, ...]
    runtime: RuntimeChoice = "cpu"

    @property
    def sha256(self) -> str:
        return hash_texts(self.parts)

    @property
    def label(self) -> str:
        return label(self.sha256)


def label(content_sha256: str) -> str:
    """The pre-release label of what is not released. It begins with a letter: SemVer takes digits alone for a number."""
    return f"g{content_sha256[:7]}"


def hash_texts(texts: Mapping[str, str]) -> str:
    """SHA-256 over names and texts, whatever their order."""
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def hash_file(file: bytes | Path) -> str:
    return sha256(file) if isinstance(file, Path) else hashlib.sha256(file).hexdigest()


def hash_files(files: Mapping[str, bytes | Path]) -> str:
    """SHA-256 over names and contents of files."""
    return hash_texts({path: hash_file(file) for path, file in files.items()})


def hash_contract(contract: Contract) -> str:
    """SHA-256 of the contract without what the model was made from."""
    return hash_texts({"contract": contract.model_dump_json(exclude=_ORIGIN)})
