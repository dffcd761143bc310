"""Versions and lineage: with what it was made and proven, and the SHA-256 of what it was made from."""

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.markup import Markup, section, tag

# Whose versions are said, beside onnxruntime's; those of all are in build/fingerprint/libraries.json.
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxsim", "numpy")


def render_lineage(parity: ParityReport, contract: Contract, dotnet: DotnetReport | None) -> Markup:
    known = parity.evidence.versions if parity.evidence else {}
    versions = {
        **{name: known[name] for name in LIBRARIES if name in known},
        "onnxruntime": parity.onnxruntime,
        "opset": contract.opset,
        "IR version": contract.ir_version,
        ".NET SDK": dotnet.sdk if dotnet else None,
        ".NET runtime": dotnet.runtime if dotnet else None,
        "onnxruntime in .NET": dotnet.onnxruntime if dotnet else None,
    }
    splits = parity.evidence.data_sha256 if parity.evidence else {}
    hashes = {
        "weights": contract.weights_sha256,
        "configuration": contract.configuration_sha256,
        **{f"data, {split}": digest for split, digest in splits.items()},
        "contract": parity.contract_sha256,
        **{f"graph of {stage}": digest for stage, digest in parity.models.items()},
        **({"package": dotnet.package_sha256} if dotnet else {}),
    }
    return section(
        "lineage",
        "Versions and lineage",
        tag(
            "dl",
            *(tag("div", tag("dt", name), tag("dd", value)) for name, value in versions.items() if value),
            class_="facts",
        ),
        tag("h3", "SHA-256"),
        tag(
            "dl",
            *(tag("div", tag("dt", name), tag("dd", tag("code", digest))) for name, digest in hashes.items()),
            class_="facts hashes",
        ),
    )
