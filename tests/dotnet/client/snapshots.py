"""The generated C# of six contracts, committed beside this file: `PYTHONPATH=tests/dotnet python tests/dotnet/client/snapshots.py` writes it
anew.

A change of the templates shows in review as what it does to the C#.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import sample_contracts
import text_reader
from csharp_projects import MIXED, TINY, make_identity
from pipeline.core.contract import Contract, ProvenAxis
from pipeline.dotnet.client.generator import generate, generate_aspnetcore

FOLDER = Path(__file__).parent / "snapshots"


def list_contracts() -> dict[str, Contract]:
    """One of each kind: one input, several of every dtype, a size that follows, sizes that are passed, text, no batch axis."""
    image = sample_contracts.image().contract
    proven = {"height": ProvenAxis(sizes=[4, 64], multiple_of=4), "width": ProvenAxis(sizes=[1, 64], refused=[33])}
    return {
        "tiny": TINY,
        "mixed": MIXED,
        "series": sample_contracts.series().contract,
        "image": image.model_copy(update={"axes": proven}),
        "text_sum": text_reader.make_text_contract(),
        "whole": sample_contracts.whole().contract,
    }


def make_snapshots() -> Iterator[tuple[str, str]]:
    """Path below FOLDER, and C#."""
    for name, contract in list_contracts().items():
        class_name = "".join(word.capitalize() for word in name.split("_"))
        files = {"vocabulary_file": f"{class_name}.vocab.txt"} if contract.tokenizer else {}
        # The table of characters has thousands of runs: the first few show its form.
        characters = "".join(text_reader.make_character_table().dump().splitlines(keepends=True)[:3])
        identity = make_identity(class_name, **files)
        aspnetcore = {f"aspnetcore/{file}": text for file, text in generate_aspnetcore(contract, identity).items()}
        sources = {**generate(contract, identity, characters), **aspnetcore}
        yield from ((f"{name}/{file}", text) for file, text in sources.items())


def write() -> None:
    """Write all snapshots anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for path, text in make_snapshots():
        (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / path).write_text(text)


if __name__ == "__main__":
    write()
