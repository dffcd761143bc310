"""What a package is made of before it has a version: model, golden calls, and the client that is generated for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.api.client_api import list_api_of_sources
from pipeline.dotnet.client import generator, health_check, plain_sources
from pipeline.dotnet.client.embedding import find_embedding
from pipeline.dotnet.client.identity import Identity
from pipeline.dotnet.nuget import targets
from pipeline.dotnet.nuget.assemblies import ClientSources
from pipeline.dotnet.nuget.client_form import Form
from pipeline.dotnet.nuget.dependency_groups import RuntimeChoice
from pipeline.dotnet.nuget.golden_selection import choose_calls, encode_travelling
from pipeline.dotnet.versions.content import PackageContent, hash_contract, hash_files
from pipeline.settings.params import GoldenMode


@dataclass(frozen=True)
class Ingredients:
    """`client` is the form that was taken; `characters` and `vocabulary` are a tokenizer's, where the model has one.

    `golden` says how many of the golden `calls` travel, and `policy` is by what the self-test judges the answers to them; `runtime` is
    `package.runtime`.
    """

    contract: Contract
    model: Path
    client: Form
    calls: Sequence[GoldenCall]
    policy: bytes
    golden: GoldenMode
    characters: str = ""
    vocabulary: bytes = b""
    runtime: RuntimeChoice = "cpu"

    def list_model_files(self, identity: Identity) -> dict[str, bytes | Path]:
        """The graph, and the vocabulary of a model with a tokenizer, by their paths in the package."""
        files: dict[str, bytes | Path] = {f"{targets.MODEL_FOLDER}/{identity.model_file}": self.model}
        if self.contract.tokenizer:
            files[f"{targets.MODEL_FOLDER}/{identity.vocabulary_file}"] = self.vocabulary
        return files

    def list_travelling_calls(self) -> list[GoldenCall]:
        """The golden calls that travel."""
        return choose_calls(self.calls, self.golden)

    def encode_golden_calls(self) -> dict[str, bytes]:
        """The files of the golden calls that travel, by their paths in the package."""
        return encode_travelling(self.calls, self.contract.tokenizer, self.policy, self.golden)

    def describe_golden_calls(self) -> str:
        """How many golden calls travel, and their size."""
        if not (chosen := self.list_travelling_calls()):
            return f"no golden calls (package.golden={self.golden})"
        size = sum(map(len, self.encode_golden_calls().values()))
        return f"{len(chosen)} of {len(self.calls)} golden calls in {size:,} bytes (package.golden={self.golden})"

    def write_client(self, identity: Identity) -> ClientSources:
        """The client's C#, plain and generated, and the golden calls that its assemblies carry."""
        namespace, class_name = identity.namespace, identity.class_name
        topics = {"text": self.contract.tokenizer is not None, "embeddings": find_embedding(self.contract) is not None}
        plain = plain_sources.read_client(namespace, class_name, **topics)
        generated = generator.generate(self.contract, identity, self.characters, health_check.choose_sizes(self.calls))
        return ClientSources(
            {**plain, **generated},
            {
                **plain_sources.read_aspnetcore(namespace, class_name),
                **generator.generate_aspnetcore(self.contract, identity),
            },
            {f"{class_name}.{path}": content for path, content in self.encode_golden_calls().items()},
            plain_sources.internal_namespace(namespace, class_name),
        )

    def write_targets(self, identity: Identity, client: ClientSources) -> dict[str, str]:
        """Path in the package -> text of each MSBuild file; where the client is source, they compile it."""
        if self.client == "assembly":
            return targets.write_targets(targets.describe_targets(identity))
        golden = tuple(name.partition("/")[2] for name in client.resources)
        sources, aspnetcore = tuple(client.client), tuple(client.aspnetcore)
        return targets.write_targets(targets.describe_targets(identity, sources, aspnetcore, golden))

    def describe_content(self, identity: Identity) -> PackageContent:
        """What the package is to its consumer, whatever its version; `identity` has none yet."""
        sources = self.write_client(identity)
        client = {
            **sources.client,
            **{f"{targets.ASPNETCORE_FOLDER}/{name}": text for name, text in sources.aspnetcore.items()},
            **self.write_targets(identity, sources),
            "form": self.client,
            "runtime": self.runtime,
        }
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
            api=list_api_of_sources(sources.client.values(), sources.aspnetcore.values()),
        )
