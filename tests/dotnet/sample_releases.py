"""A small package's content, and the release of it."""

from dataclasses import replace

from csharp_projects import make_contract, tensor
from pipeline.core.release import Release
from pipeline.dotnet.versions.content import PackageContent

CONTRACT = make_contract("m", [tensor("x", "float32", "batch", 10)], [tensor("y", "float32", "batch", 5)])
CONTENT = PackageContent(
    package_id="M",
    client="source",
    namespace="Acme",
    class_name="M",
    onnxruntime="1.30.0",
    contract=CONTRACT,
    parts={"model": "1" * 64, "contract": "2" * 64, "golden": "3" * 64, "client": "4" * 64},
    api=("M: MOutput Run(float[] x)", "M: void Dispose()"),
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
