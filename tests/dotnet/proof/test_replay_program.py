"""Every sample model, replayed in real .NET by the program of `verify`, through every method of its client."""

from pathlib import Path
from typing import NamedTuple

import pytest

from csharp_projects import Dotnet, run
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client.layout import Layout, derive_layout
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.proof import consumer, replay_program
from pipeline.dotnet.proof.answers import compare_calls
from pipeline.dotnet.proof.split_answers import GoldenSplit, compare_split, read_split, write_inputs
from pipeline.parity.gate import explain_failure
from sample_contracts import SAMPLE_MODELS, SampleModel

TOLERANCES = Policy(Tolerance(1e-5, 1e-5), {"float16": Tolerance(2e-3, 2e-3)})
# More than one part of the test split takes.
ROWS = 300
METHODS = {
    "texts": ("row", "batch", "async"),
    "tokens": ("row", "batch", "async"),
    "halves": ("row", "batch", "whole", "buffers", "async"),
    "series": ("row", "batch", "ragged", "buffers", "async"),
    "pair": ("row", "batch", "ragged", "buffers", "async"),
    "image": ("row", "batch", "ragged", "buffers", "async"),
    "best": ("row", "batch", "async"),
    "window": ("row", "batch", "async"),
    "whole": ("row", "async"),
    "many": ("row", "batch", "ragged", "async"),
}


class Replay(NamedTuple):
    """The program of `verify` for one sample model, what it is asked, and what it must answer."""

    folder: Path
    layout: Layout
    calls: list[GoldenCall]
    split: GoldenSplit


def write_replay(sample: SampleModel, dotnet: Dotnet) -> Replay:
    """Put the model's package into the feed, and write the program and its inputs."""
    layout = derive_layout(sample.contract)
    dotnet.pack(sample.contract, sample.model, sample.class_name)
    folder = dotnet.root / "replays" / sample.contract.name
    (folder / "answers").mkdir(parents=True)
    outputs = sample.run_in_python()
    calls = [
        GoldenCall(
            name, "rows", len(next(iter(inputs.values()))) if layout.batched else None, {}, inputs, outputs[name]
        )
        for name, inputs in sample.golden_inputs.items()
    ]
    for path, data in golden_files.files(calls).items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(data)
    inputs, answers = sample.test_split(ROWS)
    split = GoldenSplit(answers, None)
    write_inputs(folder / "split", inputs, split.parts(), layout.batched)
    (folder / f"{folder.name}.csproj").write_text(
        consumer.project(
            "net10.0", dotnet.feed, dotnet.root / "packages", consumer.reference(f"Acme.{sample.class_name}", "[1.0.0]")
        )
    )
    (folder / "Program.cs").write_text(replay_program.replay(sample.contract, "Acme.Models", sample.class_name))
    return Replay(folder, layout, calls, split)


@pytest.fixture(scope="module")
def replays(dotnet: Dotnet) -> dict[str, Replay]:
    """The programs by the names of their models, built all at once."""
    samples = [make() for make in SAMPLE_MODELS]
    written = {sample.contract.name: write_replay(sample, dotnet) for sample in samples}
    projects = "".join(f'<Project Path="{name}/{name}.csproj" />' for name in written)
    (dotnet.root / "replays" / "all.slnx").write_text(f"<Solution>{projects}</Solution>")
    dotnet(dotnet.root / "replays", "build", "all.slnx", "--nologo", "-v", "quiet")
    return written


@pytest.mark.parametrize("name", METHODS)
def test_every_method_gives_the_answers_of_onnxruntime(name: str, dotnet: Dotnet, replays: dict[str, Replay]) -> None:
    folder, layout, calls, split = replays[name]
    assert layout.methods == METHODS[name]
    run([dotnet.sdk, next(folder.glob("bin/Debug/*/verify.dll")).as_posix(), "golden", "answers", "2", "split"], folder)
    comparisons = compare_calls(folder / "answers", calls, 2, TOLERANCES, layout.methods)
    assert explain_failure(comparisons) == ""
    assert {entry.way for entry in comparisons} == set(layout.methods)
    split_comparisons = compare_split(read_split(folder / "answers", split), split, layout.bulk_method, TOLERANCES)
    assert explain_failure(split_comparisons) == ""
    assert {entry.batch for entry in split_comparisons} == {ROWS}
    assert Path(folder / "answers" / "runtime.json").exists()
