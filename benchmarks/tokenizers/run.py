"""Tokens a second of the client's WordPiece tokenizer beside others: `python benchmarks/tokenizers/run.py`.

The others are FastBertTokenizer and Microsoft.ML.Tokenizers, in the same process of .NET, and Hugging Face's, which is Rust, from
Python: text by text, and all in one call. Each has one thread and its quickest way from a text to its token ids; they take turns, and
the quickest round counts. Only texts count whose tokens are Hugging Face's in every tokenizer; one that has no text of a kind right is
not measured there. Exit 1 when a goal is missed: the
client's tokens are Hugging Face's, it is at least as quick as FastBertTokenizer, and it allocates the array that it answers with and
nothing else.
"""

import argparse
import functools
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}

import benchmark_texts
import benchmark_vocabulary

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.tokenizer import huggingface
from pipeline.tokenizer.wordpiece import describe_mismatch

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "benchmarks" / "tokenizers"
OURS, FASTBERT, TRUTH = "ours", "FastBertTokenizer", "Hugging Face, encode"
IN_DOTNET = (OURS, FASTBERT, "Microsoft.ML.Tokenizers")
TOKENIZERS = (*IN_DOTNET, TRUTH, "Hugging Face, encode_batch")
# Tokens of a round, so that a round is long beside the clock.
ROUND = 400_000


class Round(NamedTuple):
    """Seconds for all texts once, and bytes allocated in a call; None where they are not ours to count."""

    seconds: float
    bytes: float | None


class Result(NamedTuple):
    """What was measured on one set of texts: by tokenizer, the quickest round and why texts do not count.

    `lengths` are the tokens of each text that counts; `answers` is what arrays of these lengths cost alone.
    """

    lengths: Sequence[int]
    rounds: Mapping[str, Round]
    wrong: Mapping[str, Sequence[str]]
    answers: Round

    @property
    def speeds(self) -> dict[str, float]:
        """Tokens a second."""
        return {name: sum(self.lengths) / measured.seconds for name, measured in self.rounds.items()}


def find_wrong(texts: Sequence[str], expected: Sequence[Sequence[int]], got: Sequence[Sequence[int]]) -> dict[int, str]:
    """Place of each text whose tokens are not those expected -> what differs."""
    mismatches = {
        place: describe_mismatch(text, *ids)
        for place, (text, *ids) in enumerate(zip(texts, expected, got, strict=True))
    }
    return {place: sentence for place, sentence in mismatches.items() if sentence}


def places_that_count(count: int, wrong: Collection[Mapping[int, str]]) -> list[int]:
    """Places of the texts that every tokenizer has right, apart from one that has none right.

    Args:
        count: Number of texts.
        wrong: Of each tokenizer, what differs by the place of the text.

    Raises:
        PipelineError: There is none.
    """
    left_out = {place for by_place in wrong if len(by_place) < count for place in by_place}
    places = [place for place in range(count) if place not in left_out]
    if not places:
        raise PipelineError(f"expected a text that every tokenizer has right, got none of {count}")
    return places


def quickest(rounds: Sequence[Round]) -> Round:
    """The least seconds of any round; bytes are those of the last, when everything that is made once is there."""
    return Round(min(measured.seconds for measured in rounds), rounds[-1].bytes)


def missed_goals(results: Mapping[str, Result]) -> list[str]:
    """A sentence for each goal that is missed."""
    sentences = []
    for kind, result in results.items():
        if wrong := result.wrong.get(OURS):
            sentences.append(f"{kind}: {len(wrong)} texts have other tokens than Hugging Face's, such as {wrong[0]}")
        ratio = result.speeds[OURS] / result.speeds[FASTBERT]
        if ratio < 1:
            sentences.append(f"{kind}: expected at least the speed of {FASTBERT}, got {ratio:.2f} of it")
        allocated, answer = result.rounds[OURS].bytes, result.answers.bytes
        if allocated != answer:
            sentences.append(f"{kind}: expected {answer:,.1f} bytes a call, those of the answer, got {allocated:,.1f}")
    return sentences


def format_table(title: str, results: Mapping[str, Result], cell: Callable[[Result, str], str]) -> str:
    """A row for each tokenizer, a column for each set of texts."""
    width = max(map(len, TOKENIZERS))
    rows = [[title, *results], ["-" * width, *("-" * 11 + ":" for _ in results)]]
    rows += [[name, *(cell(result, name) for result in results.values())] for name in TOKENIZERS]
    return "\n".join(
        f"| {name:<{width}} | " + " | ".join(f"{text:>12}" for text in cells) + " |" for name, *cells in rows
    )


def speed_cell(result: Result, name: str) -> str:
    speeds = result.speeds
    if name not in speeds:
        return ""
    return f"{speeds[name] / 1e6:.2f} ({speeds[name] / speeds[OURS]:.2f})"


def bytes_cell(result: Result, name: str) -> str:
    allocated = result.rounds[name].bytes if name in result.rounds else None
    return "" if allocated is None else f"{allocated:,.0f}"


def wrong_cell(result: Result, name: str) -> str:
    return str(len(result.wrong.get(name, [])))


def describe_answer(kind: str, result: Result) -> str:
    """What the array costs that a call answers with."""
    share = result.answers.seconds / result.rounds[OURS].seconds
    return (
        f"{kind}: {len(result.lengths):,} texts, {sum(result.lengths):,} tokens; the array that a call answers with is "
        f"{result.answers.bytes:,.0f} of its {result.rounds[OURS].bytes:,.0f} bytes and {share:.0%} of its time"
    )


class Dotnet:
    """The process that measures the tokenizers of .NET: JSON in, JSON out."""

    def __init__(self, dotnet: Path, program: Path, folder: Path) -> None:
        self._program = program
        command = [dotnet, program, folder]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request: Any) -> Any:
        """One answer.

        Raises:
            PipelineError: The process has ended; what it said is on stderr.
        """
        print(json.dumps(request), file=self._process.stdin, flush=True)
        line = next(iter(self._process.stdout or ()), "")
        if not line:
            raise PipelineError(f"{self._program}: expected an answer, got none")
        return json.loads(line)

    def __enter__(self) -> "Dotnet":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def measure_texts(
    texts: list[str], limit: int, dotnet: Dotnet, tokenizer: huggingface.LoadedTokenizer, rounds: int
) -> Result:
    """Leave out the texts that not every tokenizer treats alike, and measure the others in turns."""
    python = tokenizer.hugging_face
    python.enable_truncation(limit)
    expected = tokenizer.tokenize(texts)
    dotnet.ask(texts=texts)
    wrong = {name: find_wrong(texts, expected, dotnet.ask(tokenizer=name, limit=limit)) for name in IN_DOTNET}
    places = places_that_count(len(texts), wrong.values())
    taking_part = [name for name in IN_DOTNET if len(wrong[name]) < len(texts)]
    texts = [texts[place] for place in places]
    dotnet.ask(texts=texts)
    lengths = [len(expected[place]) for place in places]
    passes = max(1, ROUND // sum(lengths))

    def in_dotnet(name: str) -> Round:
        nanoseconds, allocated = dotnet.ask(tokenizer=name, limit=limit, passes=passes)
        return Round(nanoseconds / 1e9 / passes, allocated / passes / len(texts))

    def in_python(encode: Callable[[], object]) -> Round:
        start = time.perf_counter()
        for _ in range(passes):
            encode()
        return Round((time.perf_counter() - start) / passes, None)

    def arrays() -> Round:
        nanoseconds, allocated = dotnet.ask(lengths=lengths, passes=passes)
        return Round(nanoseconds / 1e9 / passes, allocated / passes / len(texts))

    ways: dict[str, Callable[[], Round]] = {name: functools.partial(in_dotnet, name) for name in taking_part}
    ways[TRUTH] = lambda: in_python(lambda: [python.encode(text) for text in texts])
    ways[TOKENIZERS[-1]] = lambda: in_python(lambda: python.encode_batch(texts))
    ways["arrays"] = arrays
    for measure_once in ways.values():  # The runtime compiles once more what runs often.
        measure_once()
    turns = [{name: measure() for name, measure in ways.items()} for _ in range(rounds)]
    best = {name: quickest([turn[name] for turn in turns]) for name in ways}
    answers = best.pop("arrays")
    return Result(lengths, best, {name: list(by_place.values()) for name, by_place in wrong.items()}, answers)


def measure(installed: sdk.Sdk, rounds: int) -> tuple[str, dict[str, Result]]:
    """The vocabulary's name, and the results by the kind of texts."""
    kinds = benchmark_texts.read()
    name, tokenizer = benchmark_vocabulary.write(BUILD, [text for kind in kinds.values() for text in kind.texts])
    (HERE.parents[1] / "build" / "examples" / "feed").mkdir(
        parents=True, exist_ok=True
    )  # benchmarks/nuget.config names it.
    sdk.run(installed.dotnet, "build", "--configuration", "Release", "--nologo", "--verbosity", "quiet", folder=HERE)
    with Dotnet(installed.dotnet, next(HERE.glob("bin/Release/*/tokenizers.dll")), BUILD) as dotnet:
        return name, {
            kind: measure_texts(found.texts, found.limit, dotnet, tokenizer, rounds) for kind, found in kinds.items()
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="turns of each tokenizer (default: %(default)s)")
    options = parser.parse_args()
    try:
        installed = sdk.require("the benchmark")
        name, results = measure(installed, options.rounds)
    except PipelineError as error:
        print(f"error: benchmark: {error}", file=sys.stderr)
        return 1
    print(
        f"vocabulary: {name}; one thread, the quickest of {options.rounds} turns; {platform.machine()}, SDK {installed.version}\n"
    )
    print(format_table("million tokens/s (of ours)", results, speed_cell) + "\n")
    print(format_table("bytes a call", results, bytes_cell) + "\n")
    print(format_table("texts with wrong tokens", results, wrong_cell) + "\n")
    for kind, result in results.items():
        print(describe_answer(kind, result))
    for kind, result in results.items():
        for tokenizer, sentences in result.wrong.items():
            if sentences:
                print(f"{kind}: {tokenizer}: {sentences[0]}")
    goals = missed_goals(results)
    for sentence in goals:
        print(f"error: benchmark: {sentence}", file=sys.stderr)
    return 1 if goals else 0


if __name__ == "__main__":
    sys.exit(main())
