"""What a package is made of before it has a version: model, golden calls, and the client that is generated for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client import generator, health_check
from pipeline.dotnet.client.generator import Identity
from pipeline.dotnet.nuget import golden_files, targets
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice
from pipeline.dotnet.versions.content import PackageContent, hash_contract, hash_files, list_api


@dataclass(frozen=True)
class Ingredients:
    """`client` is "source" or "compiled"; `characters` and `vocabulary` are a tokenizer's, where the model has one.

    `runtime` is `package.runtime`.
    """

    contract: Contract
    model: Path
    client: str
    calls: Sequence[GoldenCall]
    characters: str = ""
    vocabulary: bytes = b""
    runtime: RuntimeChoice = "cpu"

    def list_model_files(self, identity: Identity) -> dict[str, bytes | Path]:
        """The graph, and the vocabulary of a model with a tokenizer, by their paths in the package."""
        files: dict[str, bytes | Path] = {f"{targets.MODEL_FOLDER}/{identity.model_file}": self.model}
        if self.contract.tokenizer:
            files[f"{targets.MODEL_FOLDER}/{identity.vocabulary_file}"] = self.vocabulary
        return files

    def encode_golden_calls(self) -> dict[str, bytes]:
        return golden_files.files(self.calls, self.contract.tokenizer)

    def generate_client(self, identity: Identity) -> dict[str, str]:
        """The client's sources by file name."""
        return generator.generate(self.contract, identity, self.characters, health_check.choose_sizes(self.calls))

    def write_targets(self, identity: Identity) -> dict[str, str]:
        """Path in the package -> text of each MSBuild file."""
        if self.client == "compiled":
            return targets.write_targets(targets.describe_targets(identity))
        sources = tuple(self.generate_client(identity))
        return targets.write_targets(targets.describe_targets(identity, sources))

    def describe_content(self, identity: Identity) -> PackageContent:
        """What the package is to its consumer, whatever its version; `identity` has none yet."""
        sources = self.generate_client(identity)
        client = {**sources, **self.write_targets(identity), "form": self.client, "runtime": self.runtime}
        return PackageContent(
            package_id=identity.package_id,
            client=self.client,
            runtime=self.runtime,
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
            api=list_api(sources),
        )
