"""Every kind of model, replayed in real .NET by verify's own program through every way in that its client has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.compare import Policy
from pipeline.dotnet import consumer, golden, program
from pipeline.dotnet.layout import layout
from pipeline.stages.verify import judge, verdict
from workshop import Dotnet, run
from zoo import ZOO, Exhibit

CLOSE = Policy((1e-5, 1e-5), {"float16": (2e-3, 2e-3)})
WAYS = {
    "texts": ("row", "batch", "async"),
    "tokens": ("row", "batch", "async"),
    "halves": ("row", "batch", "buffers", "async"),
    "series": ("row", "batch", "jagged", "buffers", "async"),
    "pair": ("row", "batch", "jagged", "buffers", "async"),
    "image": ("row", "batch", "jagged", "buffers", "async"),
    "best": ("row", "batch", "async"),
    "whole": ("row",),
    "many": ("row", "batch", "jagged", "async"),
}


@pytest.mark.parametrize("make", ZOO, ids=lambda make: make.__name__)
def test_every_way_in_gives_the_runtimes_answers(make: Callable[[], Exhibit], dotnet: Dotnet) -> None:
    exhibit = make()
    plan = layout(exhibit.of)
    assert plan.ways == WAYS[exhibit.of.name]
    dotnet.pack(exhibit.of, exhibit.model, exhibit.class_name)
    folder = dotnet.root / f"replay-{exhibit.of.name}"
    (folder / "answers").mkdir(parents=True)
    expected = exhibit.answers()
    for path, data in golden.files(exhibit.questions, expected, batched=plan.batched).items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    (folder / "verify.csproj").write_text(
        consumer.project("net10.0", dotnet.feed, dotnet.root / "packages", f"Acme.{exhibit.class_name}", "1.0.0")
    )
    (folder / "Program.cs").write_text(program.replay(exhibit.of, "Acme.Models", exhibit.class_name))
    dotnet(folder, "build", "--output", "out", "--nologo", "-v", "quiet")
    run([dotnet.sdk, "out/verify.dll", "golden", "answers", "2"], folder)
    comparisons = judge(folder / "answers", expected, 2, CLOSE, plan.ways)
    assert verdict(comparisons) == ""
    assert {entry["way"] for entry in comparisons} == set(plan.ways)
    assert Path(folder / "answers" / "runtime.json").exists()
