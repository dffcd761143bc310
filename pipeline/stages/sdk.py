"""sdk: which .NET SDK is here -> build/dotnet.txt. Always runs, so that an SDK that appears makes `verify` stale."""

from pathlib import Path

from pipeline.core.files import write_text
from pipeline.dotnet import sdk
from pipeline.settings.params import Params

STAMP = Path("build/dotnet.txt")


def run(params: Params) -> None:
    write_text(STAMP, f"{sdk.version(sdk.find()) or 'none'}\n")
