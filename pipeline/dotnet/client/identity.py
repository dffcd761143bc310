"""The names, files and versions that a client is generated with."""

from dataclasses import dataclass

from pipeline.settings.params import GoldenMode


@dataclass(frozen=True)
class Identity:
    """Names of the package and its C# types, the model file in it, and versions of onnxruntime.

    `bound` is the lowest that the package asks for, `proven` are those in which Python has proven the model; the bound is among them.
    """

    package_id: str
    version: str
    namespace: str
    class_name: str
    # The file's name in the output folder. It contains the start of the content's hash: a build that compares sizes and times could
    # keep an older package's model under the same name.
    model_file: str
    model_sha256: str
    model_bytes: int
    bound_onnxruntime: str
    proven_onnxruntime: tuple[str, ...]
    # Of a model with a tokenizer; named in the same way.
    vocabulary_file: str = ""
    # Which golden calls travel in the package (package.golden).
    golden: GoldenMode = "slim"
