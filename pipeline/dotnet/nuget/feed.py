"""`make nuget FEED=...`: publish the package to a NuGet feed."""

import shutil
from pathlib import Path

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing, sha256
from pipeline.core.terminal import say
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget.manifest import read_package


def push(feed: str) -> None:
    """Copy the package into the folder `feed`, or push it to the NuGet source with that name or address.

    Raises:
        PipelineError: There is no package, the folder has a different package of this id and version, or the push fails.
    """
    manifest = read_package()
    package = manifest.path
    folder = Path(feed)
    if folder.is_dir() or (not feed.startswith(("http://", "https://")) and ("/" in feed or feed.startswith("."))):
        target = folder / package.name
        if target.exists() and sha256(target) != manifest.package_sha256:
            raise PipelineError(
                f"{target} exists with different content: NuGet caches packages by version, so consumers would keep the old one; "
                "raise package.version, or remove that file where nobody has it yet"
            )
        with replacing(target) as temporary:
            shutil.copyfile(package, temporary)
        say(
            "nuget",
            f"{target}; consumers add the folder as a NuGet source and reference {manifest.id} {manifest.version}",
        )
        return
    dotnet = sdk.require("a push to a NuGet source").dotnet
    sdk.run(dotnet, "nuget", "push", str(package.resolve()), "--source", feed, folder=Path.cwd())
    say("nuget", f"{manifest.id} {manifest.version} pushed to {feed}")
