"""Sabotages of the C# client in the package, with manifests made to agree; only a run in real .NET can see them."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import good_builds
from file_edits import repack
from pipeline.core.paths import PACKAGE
from sabotage import Sabotage

SET_ROW, SET_ROWS = "_buffers.SetRow(0, input);", "float[] row = rows[start + i];"
# Which model a client is of.
FACTS = "client/Facts.g.cs"
# What a program reads that writes numbers with a comma and reads them with a point: 0,5 is 5.
COMMA = (
    "global::System.Array.ConvertAll({}, value => float.Parse(value.ToString(new global::System.Globalization.NumberFormatInfo "
    '{{ NumberDecimalSeparator = "," }}), global::System.Globalization.CultureInfo.InvariantCulture))'
)


def in_client(build: str, *changes: tuple[str, str], threads: int = 2) -> Callable[[], None]:
    """Replace parts of the client's source, each of which stands in one file; `verify` then runs in real .NET."""

    def change(members: dict[str, bytes]) -> None:
        for old, new in changes:
            (name,) = (
                name for name, content in members.items() if name.startswith("client/") and old.encode() in content
            )
            members[name] = members[name].replace(old.encode(), new.encode())

    def apply() -> None:
        repack(change)()
        good_builds.configure(build, "verify.mode=required", f"verify.threads={threads}")

    return apply


def client_of_other() -> None:
    """The facts of the client that was generated for another model."""
    (other,) = (Path("../other") / PACKAGE).glob("*.nupkg")
    with zipfile.ZipFile(other) as archive:
        source = archive.read(FACTS)
    repack(lambda members: members.update({FACTS: source}))()
    good_builds.configure("linear", "verify.mode=required")


def client(name: str, breaks: str, apply: Callable[[], None], says: str, build: str = "linear") -> Sabotage:
    # None: whether threads stop or answer wrong is up to chance.
    begins_in = {"decimal comma": "dotnet", "32 threads on one buffer": None}.get(name, "")
    needs_other = apply is client_of_other
    return Sabotage(
        name, breaks, build, apply, ("verify",), says, dotnet=True, begins_in=begins_in, needs_other=needs_other
    )


CLIENTS = (
    client(
        "decimal comma",
        "numbers, written with a comma and read with a point",
        in_client(
            "linear",
            (SET_ROW, SET_ROW.replace("input", COMMA.format("input.ToArray()"))),
            (SET_ROWS, SET_ROWS.replace("rows[start + i]", COMMA.format("rows[start + i]"))),
        ),
        r"\.NET does not answer like PyTorch: .*output 'output', row \d.*it is the C# client; its ways in row and batch and async depart, whole and buffers do not",
    ),
    client(
        "32 threads on one buffer",
        "the exchange that gives a buffer to one thread alone",
        in_client(
            "linear",
            ("Interlocked.CompareExchange(ref _idle[i], null, idle) == idle", "true"),
            (SET_ROW, f"{SET_ROW} global::System.Threading.Thread.Sleep(1);"),
            threads=32,
        ),
        # Whichever comes first: a run on another's values, or on another's time.
        r"\.NET does not answer like PyTorch: |Expected one caller at a time, got a second one|These buffers have been disposed",
    ),
    client(
        "proven size refused in C#",
        "the bound of the client's guard of sizes",
        in_client("courier", ("(_size > 18)", "(_size > 9)")),
        r"expected time from 1 to 18, got 1\d, which is not proven: set CourierOptions\.AllowUnprovenSizes",
        "courier",
    ),
    client(
        "client of another contract",
        "the client's source",
        client_of_other,
        r"expected the model|Linear\.[0-9a-f]{8}\.onnx",
    ),
)
