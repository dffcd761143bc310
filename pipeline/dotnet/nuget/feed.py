"""`make nuget FEED=...`: the package into a feed."""

import shutil
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, replacing, sha256
from pipeline.dotnet import sdk

PACKAGES = Path("build/package")


def push(feed: str) -> None:
    """Copy the package into the folder `feed`, or push it to the source of that name or address.

    Raises:
        PipelineError: There is no package, the folder holds another package of this id and version, or the source refuses.
    """
    manifest = read_json(PACKAGES / "manifest.json", made_by="package")
    package = PACKAGES / manifest["package"]
    if not package.exists() or sha256(package) != manifest["package_sha256"]:
        raise PipelineError(f"{package} is not the package that its manifest describes: run `dvc repro package`")
    folder = Path(feed)
    if folder.is_dir() or (not feed.startswith(("http://", "https://")) and ("/" in feed or feed.startswith("."))):
        target = folder / package.name
        if target.exists() and sha256(target) != manifest["package_sha256"]:
            raise PipelineError(
                f"{target} exists with another content: NuGet caches by version, so consumers would keep the old one; raise "
                "package.version"
            )
        with replacing(target) as beside:
            shutil.copyfile(package, beside)
        print(
            f"nuget: {target}; consumers add the folder as a source and reference {manifest['id']} {manifest['version']}"
        )
        return
    dotnet = sdk.require("a push to a NuGet source").dotnet
    sdk.run(dotnet, "nuget", "push", str(package.resolve()), "--source", feed, folder=Path.cwd())
    print(f"nuget: {manifest['id']} {manifest['version']} pushed to {feed}")
