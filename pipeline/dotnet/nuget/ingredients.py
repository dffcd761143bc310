"""What a package is made of before it has a version: model, golden calls, and the client that is generated for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.api.client_api import list_api_of_sources
from pipeline.dotnet.client import generator, health_check
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.client.plain_sources import read_aspnetcore, read_client
from pipeline.dotnet.nuget import golden_files, targets
from pipeline.dotnet.nuget.client_form import Form
from pipeline.dotnet.versions.content import PackageContent, hash_contract, hash_files


@dataclass(frozen=True)
class Ingredients:
    """`client` is the form that was taken; `characters` and `vocabulary` are a tokenizer's, where the model has one."""

    contract: Contract
    model: Path
    client: Form
    calls: Sequence[GoldenCall]
    characters: str = ""
    vocabulary: bytes = b""

    def list_model_files(self, identity: Identity) -> dict[str, bytes | Path]:
        """The graph, and the vocabulary of a model with a tokenizer, by their paths in the package."""
        files: dict[str, bytes | Path] = {f"{targets.MODEL_FOLDER}/{identity.model_file}": self.model}
        if self.contract.tokenizer:
            files[f"{targets.MODEL_FOLDER}/{identity.vocabulary_file}"] = self.vocabulary
        return files

    def encode_golden_calls(self) -> dict[str, bytes]:
        return golden_files.files(self.calls, self.contract.tokenizer)

    def generate_client(self, identity: Identity) -> dict[str, str]:
        """The client's sources by file name: what no model decides, and what its contract does."""
        sizes = health_check.choose_sizes(self.calls)
        return {
            **read_client(identity.namespace, identity.class_name, text=self.contract.tokenizer is not None),
            **generator.generate(self.contract, identity, self.characters, sizes),
        }

    def write_targets(self, identity: Identity) -> str:
        """Text of the MSBuild file."""
        return targets.targets(self.contract, identity, compiled=self.client == "assembly")

    def describe_content(self, identity: Identity) -> PackageContent:
        """What the package is to its consumer, whatever its version; `identity` has none yet."""
        sources = self.generate_client(identity)
        # A client that travels as source has no part for ASP.NET Core.
        aspnetcore = read_aspnetcore(identity.namespace, identity.class_name) if self.client == "assembly" else {}
        client = {
            **sources,
            **{f"aspnetcore/{name}": text for name, text in aspnetcore.items()},
            "targets": self.write_targets(identity),
            "form": self.client,
        }
        return PackageContent(
            package_id=identity.package_id,
            client=self.client,
            namespace=identity.namespace,
            class_name=identity.class_name,
            onnxruntime=identity.bound_onnxruntime,
            contract=self.contract,
            parts={
                # Without the names of the files: they have the C# class in them.
                "model": hash_files({"graph": self.model, "vocabulary": self.vocabulary}),
                "contract": hash_contract(self.contract),
                "golden": hash_files(self.encode_golden_calls()),
                "client": hash_files({name: text.encode() for name, text in client.items()}),
            },
            api=list_api_of_sources(sources.values(), aspnetcore.values()),
        )
