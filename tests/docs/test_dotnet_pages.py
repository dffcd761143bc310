"""The tables of docs/dotnet/ name what the client's C# has: instruments, log events, options, providers."""

import re

from code_blocks import DOCS, PROJECT

CSHARP = PROJECT / "pipeline" / "dotnet" / "csharp" / "client"
WEB = CSHARP.parent / "aspnetcore"
INSTRUMENT = re.compile(r'\.Create(\w+)<\w+>\("([\w.]+)", "([^"]+)"')
EVENT = re.compile(r'new EventId\((\d+), (?:nameof\((\w+)\)|"(\w+)")\)')
PROPERTY = re.compile(r"^ +public [\w.?<>]+ (\w+) \{ get; set; \}", re.MULTILINE)
OPTIONS = (
    CSHARP / "TheModelOptions.cs",
    CSHARP / "text" / "TheModelOptions.Text.cs",
    PROJECT / "pipeline" / "dotnet" / "templates" / "SizeOptions.cs",
)
KINDS = {"Counter": "counter", "Histogram": "histogram", "UpDownCounter": "up-down counter"}
INSTRUMENTS = [
    (name, KINDS[kind], unit)
    for kind, name, unit in INSTRUMENT.findall((CSHARP / "telemetry" / "Telemetry.cs").read_text())
]


def read_table(page: str, head: str) -> list[list[str]]:
    """The cells of the page's table whose head begins with `head`, row by row."""
    text = (DOCS / "dotnet" / page).read_text()
    rows = text.partition(f"\n| {head}")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_the_instruments_of_the_page_are_those_of_the_code():
    said = [
        (row[0].strip("`"), *row[1].replace("`", "").split(", ")) for row in read_table("telemetry.md", "instrument |")
    ]
    assert said == INSTRUMENTS


def test_the_log_events_of_the_page_are_those_of_the_code():
    logs = (CSHARP / "telemetry" / "ModelLog.cs", WEB / "EndpointLog.cs")
    events = [event for path in logs for event in EVENT.findall(path.read_text())]
    ids, names = zip(
        *((row[0], row[1].partition(":")[0]) for row in read_table("telemetry.md", "id | event")), strict=True
    )
    assert [event for cell in names for event in cell.split(", ")] == [name or text for _, name, text in events]
    assert [number for cell in ids for number in cell.split(", ")] == [number for number, _, _ in events]


def test_the_options_of_the_page_are_those_of_the_code():
    options = {name for path in OPTIONS for name in PROPERTY.findall(path.read_text())}
    said = [name for row in read_table("services.md", "option |") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(said) == sorted(options)


def test_the_options_of_the_endpoint_on_the_page_are_those_of_the_code():
    options = PROPERTY.findall((WEB / "TheModelEndpointOptions.cs").read_text())
    assert [row[0].strip("` ") for row in read_table("services.md", "of the endpoint |")] == options


def test_the_providers_of_the_page_are_those_of_the_code():
    code = (CSHARP / "loading" / "ExecutionProvider.cs").read_text()
    names = re.findall(r'new\("(\w+)", [\w"]', code)
    said = [name for row in read_table("onnxruntime.md", "`Provider` |") for name in re.findall(r"`(\w+)`", row[0])]
    assert sorted(said) == sorted(names)
