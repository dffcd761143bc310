"""Writes a .nupkg without a .NET SDK: a zip archive whose bytes depend on its content alone.

Format: Open Packaging Conventions (OPC, ECMA-376 part 2) as NuGet uses them: `[Content_Types].xml`, `_rels/.rels`, the core
properties, the .nuspec, then the files.
"""

import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from pipeline.core.errors import PipelineError
from pipeline.core.semantic_version import FORM, is_semantic
from pipeline.dotnet.nuget.dependency_groups import RUNTIMES, DependencyGroup
from pipeline.dotnet.nuget.source_repository import SourceRepository

NUSPEC_NAMESPACE = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"
# The earliest date that zip can store, and how many later ones a package may have: zip counts pairs of seconds, these end in 1988.
FIRST_DATE = datetime(1980, 1, 1)
DATES = 2**27
CONTENT_TYPES = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "psmdcp": "application/vnd.openxmlformats-package.core-properties+xml",
}


@dataclass(frozen=True)
class Metadata:
    """Content of the .nuspec: `dependencies` by framework; `release_notes` and `project_url` may be empty."""

    id: str
    version: str
    authors: str
    license: str
    description: str
    tags: str
    dependencies: Sequence[DependencyGroup]
    release_notes: str = ""
    project_url: str = ""
    repository: SourceRepository | None = None


def check_id(package_id: str) -> None:
    """Raise PipelineError for an id that NuGet rejects."""
    if not re.fullmatch(r"\w+([.-]\w+)*", package_id, re.ASCII) or len(package_id) > 100:
        raise PipelineError(
            f"package.id: expected letters, digits and underscores in parts joined by '.' or '-' (100 at most), got {package_id!r}"
        )


def check(metadata: Metadata) -> None:
    """Raise PipelineError for an id, version or license that NuGet rejects."""
    check_id(metadata.id)
    if not is_semantic(metadata.version):
        raise PipelineError(f"package.version: expected {FORM}, got {metadata.version!r}")
    if not re.fullmatch(r"[A-Za-z0-9.+() -]+", metadata.license):
        raise PipelineError(
            f"package.license: expected an SPDX expression such as Apache-2.0 or MIT, got {metadata.license!r}"
        )


def nuspec(metadata: Metadata) -> str:
    """XML of the .nuspec."""
    dependencies = "".join(map(_write_group, metadata.dependencies))
    address = f"\n    <projectUrl>{escape(metadata.project_url)}</projectUrl>" if metadata.project_url else ""
    notes = f"\n    <releaseNotes>{escape(metadata.release_notes)}</releaseNotes>" if metadata.release_notes else ""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="{NUSPEC_NAMESPACE}">
  <metadata minClientVersion="5.0">
    <id>{escape(metadata.id)}</id>
    <version>{escape(metadata.version)}</version>
    <authors>{escape(metadata.authors)}</authors>
    <license type="expression">{escape(metadata.license)}</license>
    <licenseUrl>https://licenses.nuget.org/{escape(metadata.license)}</licenseUrl>{address}
    <readme>README.md</readme>
    <description>{escape(metadata.description)}</description>{notes}
    <tags>{escape(metadata.tags)}</tags>{_write_repository(metadata.repository)}
    <dependencies>{dependencies}
    </dependencies>
  </metadata>
</package>
"""


def _write_group(group: DependencyGroup) -> str:
    packages = "".join(
        f"\n        <dependency id={quoteattr(name)} version={quoteattr(version)}{_exclude(name)} />"
        for name, version in group.packages.items()
    )
    return f"\n      <group targetFramework={quoteattr(group.framework)}>{packages}\n      </group>"


def _exclude(package: str) -> str:
    """Generators and build files of a package are for who references it himself; onnxruntime's copy its library on .NET Framework."""
    return "" if package in RUNTIMES.values() else ' exclude="Build,Analyzers"'


def _write_repository(repository: SourceRepository | None) -> str:
    if repository is None:
        return ""
    return f'\n    <repository type="git" url={quoteattr(repository.url)} commit={quoteattr(repository.commit)} />'


def pack(metadata: Metadata, files: Mapping[str, bytes | Path], target: Path | IO[bytes]) -> None:
    """Write the package to `target` as a stream, so that a large model is never in memory as a whole.

    Args:
        metadata: Content of the .nuspec.
        files: Path in the package -> content, or the file on disk that has it.
        target: A path, or a file opened for writing.

    Raises:
        PipelineError: NuGet would reject the metadata, or a path leaves the package or has no extension.
    """
    check(metadata)
    for path in files:
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in path or path != pure.as_posix() or not pure.suffix:
            raise PipelineError(f"a file of the package: expected a relative path with an extension, got {path!r}")
    nuspec_name = f"{metadata.id}.nuspec"
    content = {nuspec_name: nuspec(metadata).encode(), **dict(sorted(files.items()))}
    digest = hashlib.sha256()
    for name, data in content.items():
        digest.update(name.encode())
        with _open(data) as source:
            hashlib.file_digest(source, lambda: digest)
    # NuGet uses a GUID here; the content's hash is as unique, and the same in every run.
    core_properties = f"package/services/metadata/core-properties/{digest.hexdigest()[:32]}.psmdcp"
    parts = {
        "[Content_Types].xml": _content_types([*content, core_properties]),
        "_rels/.rels": _relationships(nuspec_name, core_properties),
        core_properties: _core_properties(metadata),
        **content,
    }
    date = _date(digest.digest())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 0, 0
            entry.file_size = data.stat().st_size if isinstance(data, Path) else len(data)
            with _open(data) as source, archive.open(entry, "w") as part:
                shutil.copyfileobj(source, part)


def _date(digest: bytes) -> tuple[int, int, int, int, int, int]:
    """The date of every file: one for equal contents, another for others.

    NuGet unpacks files with it, and MSBuild copies an assembly beside a program only where its date or its size is another: with one date
    for all packages, a program that goes to the next version would keep the assembly of the last.
    """
    seconds = 2 * (int.from_bytes(digest[:8], "big") % DATES)
    date = FIRST_DATE + timedelta(seconds=seconds)
    return date.year, date.month, date.day, date.hour, date.minute, date.second


def _open(data: bytes | Path) -> io.BufferedReader | io.BytesIO:
    return data.open("rb") if isinstance(data, Path) else io.BytesIO(data)


def _content_types(names: list[str]) -> bytes:
    extensions = sorted({PurePosixPath(name).suffix[1:].lower() for name in names} | {"rels"})
    defaults = "".join(
        f'<Default Extension="{extension}" ContentType="{CONTENT_TYPES.get(extension, "application/octet")}" />'
        for extension in extensions
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{defaults}</Types>'
    ).encode()


def _relationships(nuspec_name: str, core_properties: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/{nuspec_name}" Id="R1" />'
        '<Relationship Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" '
        f'Target="/{core_properties}" Id="R2" /></Relationships>'
    ).encode()


def _core_properties(metadata: Metadata) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><coreProperties '
        'xmlns="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:creator>{escape(metadata.authors)}</dc:creator><dc:description>{escape(metadata.description)}</dc:description>"
        f"<dc:identifier>{escape(metadata.id)}</dc:identifier><version>{escape(metadata.version)}</version>"
        f"<keywords>{escape(metadata.tags)}</keywords><lastModifiedBy>torch2dotnet</lastModifiedBy></coreProperties>"
    ).encode()
