"""Compiled clients by what they are compiled of, in a folder that all processes of a test run share."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.dotnet.nuget.assemblies import ClientSources
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies


class CompiledClients:
    """What `compile_client` gave, kept by its arguments."""

    def __init__(self, folder: Path, compile_client: Callable[..., dict[str, bytes]]) -> None:
        self._folder = folder
        self._compile = compile_client
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(
        self, sources: ClientSources, package_id: str, version: str, references: ReferenceAssemblies
    ) -> dict[str, bytes]:
        """As `compile_client`: path in the package -> content. What does not compile is not kept."""
        # By name: every process notes onnxruntime's assembly without its version in a folder of its own.
        against = {framework: [path.name for path in paths] for framework, paths in references.paths.items()}
        asked = repr((sources, package_id, version, against)).encode()
        kept = self._folder / hashlib.sha256(asked).hexdigest()
        if not kept.is_dir():
            self._keep(kept, self._compile(sources, package_id, version, references))
        paths = sorted(path for path in kept.rglob("*") if path.is_file())
        return {path.relative_to(kept).as_posix(): path.read_bytes() for path in paths}

    def _keep(self, kept: Path, files: dict[str, bytes]) -> None:
        """Write the files whole: another process may be about to."""
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        for path, content in files.items():
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_bytes(content)
        try:
            scratch.rename(kept)
        except OSError:
            if not kept.is_dir():
                raise
