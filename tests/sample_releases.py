"""A small package's content, and the release of it."""

from dataclasses import replace

from pipeline.core.contract import Contract, TensorSpec
from pipeline.core.release import Release
from pipeline.dotnet.versions.content import PackageContent


def _tensor(name: str, size: int) -> TensorSpec:
    return TensorSpec(
        name=name,
        dtype="float32",
        shape=["batch", size],
        description="",
        unit="",
        minimum=None,
        maximum=None,
        labels=[],
    )


CONTRACT = Contract(
    name="m",
    description="",
    inputs=[_tensor("x", 10)],
    outputs=[_tensor("y", 5)],
    task=None,
    opset=17,
    ir_version=8,
    weights_sha256="0" * 64,
    configuration_sha256="0" * 64,
    golden={"calls.npz": "0" * 64},
)
CONTENT = PackageContent(
    package_id="M",
    client="source",
    namespace="Acme",
    class_name="M",
    onnxruntime="1.30.0",
    contract=CONTRACT,
    parts={"model": "1" * 64, "contract": "2" * 64, "golden": "3" * 64, "client": "4" * 64},
    api=("Acme.M -> sealed class", "Acme.M.Dispose() -> void", "Acme.M.Run(float[] x) -> MOutput"),
)


def changed(*parts: str, **changes: object) -> PackageContent:
    """The content with other bytes in these parts."""
    return replace(CONTENT, parts={**CONTENT.parts, **dict.fromkeys(parts, "f" * 64)}, **changes)


def released(version: str = "1.0.0", content: PackageContent = CONTENT, **changes: object) -> Release:
    return Release(
        id=content.package_id,
        version=version,
        content_sha256=content.sha256,
        parts=dict(content.parts),
        client=content.client,
        namespace=content.namespace,
        class_name=content.class_name,
        onnxruntime=content.onnxruntime,
        api=list(content.api),
        contract=content.contract,
    ).model_copy(update=changes)
