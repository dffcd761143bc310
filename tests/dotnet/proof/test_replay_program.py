"""Every kind of model, replayed in real .NET by verify's own program through every way in that its client has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from csharp_projects import Dotnet, run
from pipeline.compare.comparison import Policy
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client.layout import layout
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof import consumer, replay_program
from pipeline.dotnet.proof.answers import compare_calls
from pipeline.parity.gate import why_failed
from sample_contracts import ZOO, Exhibit

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
    answers = exhibit.answers()
    calls = [
        GoldenCall(name, "rows", len(next(iter(inputs.values()))) if plan.batched else None, {}, inputs, answers[name])
        for name, inputs in exhibit.questions.items()
    ]
    for path, data in golden_files.files(calls).items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    (folder / "verify.csproj").write_text(
        consumer.project("net10.0", dotnet.feed, dotnet.root / "packages", f"Acme.{exhibit.class_name}", "1.0.0")
    )
    (folder / "Program.cs").write_text(replay_program.replay(exhibit.of, "Acme.Models", exhibit.class_name))
    dotnet(folder, "build", "--output", "out", "--nologo", "-v", "quiet")
    run([dotnet.sdk, "out/verify.dll", "golden", "answers", "2"], folder)
    comparisons = compare_calls(folder / "answers", calls, 2, CLOSE, plan.ways)
    assert why_failed(comparisons) == ""
    assert {entry.way for entry in comparisons} == set(plan.ways)
    assert Path(folder / "answers" / "runtime.json").exists()
