"""The self-test's comparison in C#, against the gate's in Python, on the same cases: the same verdicts, shares and differences."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from csharp_projects import NET10, Dotnet, make_contract, tensor
from pipeline.compare.comparison import OutputComparison, compare
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import OutputScale
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.golden_policy import format_policy

CLIENT = Path(golden_files.__file__).parents[1] / "csharp" / "client"
# Those parts of the self-test that know no onnxruntime.
SOURCES = (
    *("AnswerComparer", "AnswerComparison", "GoldenCall", "GoldenFiles", "GoldenPolicy", "GoldenTensor", "GoldenText"),
    *("GoldenTextCall", "OutputPolicy", "Similarity", "TextPolicy"),
)
FLOATS, WHOLE = (
    ("float16", "float32", "float64"),
    ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
SHAPES = ((), (1,), (7,), (4, 3), (2, 3, 4))
ROUNDS = 14


@dataclass(frozen=True)
class Case:
    expected: Array
    got: Array
    changes: dict[str, Any]
    scale: OutputScale
    exempt: str = ""


class Line(NamedTuple):
    """What C# says of a case."""

    passed: bool
    used: float | None
    max_abs: float | None
    values: int
    problem: str


def floating_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Answers that are near what is allowed, on both sides; every third with NaN, infinity, zeros or the smallest numbers in it."""
    for number in range(ROUNDS * len(FLOATS) * len(SHAPES)):
        dtype = np.dtype(FLOATS[number % 3])
        shape = SHAPES[number // 3 % len(SHAPES)]
        unit = 10.0 ** rng.integers(-3, 4)
        expected = np.asarray(rng.normal(size=shape) * unit).astype(dtype)
        changes = {
            "atol": float(rng.choice([0.0, 1e-3, 1e-6])),
            "rtol": float(rng.choice([0.0, 1e-3])),
            "floor": float(rng.choice([0.0, 0.0, 1e-3])),
            "cosine": [None, 0.999999, 0.5][rng.integers(3)],
            "top1": [None, 1.0, 0.6][rng.integers(3)],
            "ulp": [None, 0, 4, 10_000][rng.integers(4)],
        }
        allowed = changes["atol"] * unit + changes["rtol"] * np.abs(expected.astype(np.float64)) + changes["floor"]
        moved = expected.astype(np.float64) + allowed * rng.choice([0.0, 0.3, 0.97, 1.5]) * rng.uniform(-1, 1, shape)
        got = np.asarray(moved).astype(dtype)
        if number % 4 == 3 and expected.size:
            expected, got = damage(rng, expected, got)
        yield Case(expected, got, changes, choose_scale(rng, shape, unit), "ties" if number % 17 == 0 else "")


def damage(rng: np.random.Generator, expected: Array, got: Array) -> tuple[Array, Array]:
    info = np.finfo(expected.dtype)
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, info.tiny, info.smallest_subnormal, info.max, info.min]
    expected, got = expected.reshape(-1).copy(), got.reshape(-1).copy()
    for array in (expected, got):
        if rng.integers(2):
            array[rng.integers(array.size)] = rng.choice(special)
    place = rng.integers(expected.size)
    if rng.integers(2):
        expected[place] = got[place] = rng.choice(special)
    shape = SHAPES[[int(np.prod(one)) for one in SHAPES].index(expected.size)] if expected.size > 1 else expected.shape
    return expected.reshape(shape), got.reshape(shape)


def choose_scale(rng: np.random.Generator, shape: tuple[int, ...], unit: float) -> OutputScale:
    """One for all values, none, one that hardly varies or rounds much, or one for each channel of an axis, which may not be the array's."""
    kind = rng.integers(6)
    if kind > 2 and shape:
        axis = int(rng.integers(len(shape)))
        channels = (10.0 ** rng.integers(-4, 2, shape[axis]) * unit).tolist()
        if kind == 5:
            channels[0] = 0.0
        return OutputScale(scale=unit, axis=axis, channels=channels if rng.integers(5) else [*channels, unit])
    return OutputScale(
        scale=0.0 if kind == 1 else unit, varies=bool(rng.integers(4)), rounding=float(rng.choice([0.0, 1e-4]))
    )


def whole_cases(rng: np.random.Generator) -> Iterator[Case]:
    for dtype in (*WHOLE, "bool"):
        kind = np.dtype(dtype)
        low, high = (0, 1) if dtype == "bool" else (np.iinfo(kind).min, np.iinfo(kind).max)
        for shape in SHAPES:
            expected = np.asarray(
                rng.integers(low, high, shape, dtype=np.uint64 if low == 0 else np.int64, endpoint=True)
            ).astype(kind)
            yield Case(expected, expected.copy(), {}, OutputScale(scale=0.0))
            other = expected.reshape(-1).copy()
            place = rng.integers(other.size)
            other[place] = high if other[place] != high else low
            yield Case(expected, other.reshape(shape), {}, OutputScale(scale=0.0), "ties" if shape == (7,) else "")
    # Beside 2**53, where a double would round.
    yield Case(np.array([2**60]), np.array([2**60 + 1]), {}, OutputScale(scale=1.0))


def other_cases() -> Iterator[Case]:
    """Text; other types, shapes and nothing."""
    one = OutputScale(scale=1.0)
    texts = np.array([["", "a\0b"], ["ü", "🎉"]], dtype=object)
    yield Case(texts, texts.copy(), {}, one)
    yield Case(texts, np.array([["", "a\0b"], ["u\u0308", "🎉"]], dtype=object), {}, one)
    yield Case(texts, np.array([["", "a"], ["ü", "🎉"]], dtype=object), {}, one, "ties")
    yield Case(np.ones(3), np.ones(3, np.float32), {}, one, "ties")
    yield Case(np.ones((3, 1)), np.ones(3), {}, one)
    yield Case(np.ones((0, 3)), np.ones((0, 3)), {}, one)
    yield Case(texts, np.ones((2, 2)), {}, one)


def edge_cases() -> Iterator[Case]:
    """What is flushed to zero where nothing else is allowed; units in the last place of the smallest and the largest numbers."""
    yield Case(np.zeros(2, np.float32), np.array([0, 1e-38], np.float32), {}, OutputScale(scale=0.0))
    yield Case(np.zeros(2, np.float32), np.array([0, 1.2e-38], np.float32), {}, OutputScale(scale=0.0))
    for dtype in FLOATS:
        limits = np.finfo(dtype)
        smallest, largest = limits.smallest_subnormal, limits.max
        for units in (1, 2):
            changes = {"atol": 1.0, "ulp": units}
            yield Case(np.array([3 * smallest]), np.array([5 * smallest], dtype), changes, OutputScale(scale=1.0))
        below = np.nextafter(largest, np.zeros((), dtype))
        for ends in ((largest, below), (below, np.nextafter(below, np.zeros((), dtype)))):
            e, g = (np.array([end], dtype) for end in ends)
            yield Case(e, g, {"atol": 1.0, "ulp": 0}, OutputScale(scale=float(largest)))


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    rng = np.random.default_rng(20261126)
    every = [*floating_cases(rng), *whole_cases(rng), *other_cases(), *edge_cases()]
    return {f"case-{number}": case for number, case in enumerate(every)}


@pytest.fixture(scope="module")
def policy(cases: dict[str, Case]) -> Policy:
    return Policy(
        Tolerance(4e-6, 4e-6),
        {"float16": Tolerance(1e-2, 1e-2), "float64": Tolerance(1e-13, 1e-13)},
        outputs={name: case.changes for name, case in cases.items()},
        scales={name: case.scale for name, case in cases.items()},
        rounding=4.0,
        exempt={name: case.exempt for name, case in cases.items() if case.exempt},
    )


@pytest.fixture(scope="module")
def python(cases: dict[str, Case], policy: Policy) -> dict[str, OutputComparison]:
    with np.errstate(all="ignore"):
        return {name: compare({name: case.expected}, {name: case.got}, policy)[0] for name, case in cases.items()}


@pytest.fixture(scope="module")
def csharp(cases: dict[str, Case], policy: Policy, dotnet: Dotnet) -> dict[str, Line]:
    folder = dotnet.project("arithmetic", NET10, "", "Arithmetic.cs")
    for source in SOURCES:
        (folder / f"{source}.cs").write_text((CLIENT / "selftest" / f"{source}.cs").read_text())
    (folder / "TheModelException.cs").write_text((CLIENT / "TheModelException.cs").read_text())
    (folder / "cases").mkdir()
    entries, outputs = [], []
    for number, (name, case) in enumerate(cases.items()):
        entry, content = golden_files.encode_call(
            number, name, 1, {"inputs": {name: case.got}, "outputs": {name: case.expected}}
        )
        entries.append(entry)
        outputs.append(tensor(name, "string" if is_text(case.expected) else case.expected.dtype.name))
        for file, encoded in content.items():
            (folder / "cases" / file).write_bytes(encoded)
    (folder / "cases" / golden_files.INDEX).write_text(golden_files.format_index(entries))
    described = format_policy(policy, make_contract("cases", [], outputs), 0.0)
    (folder / "cases" / golden_files.POLICY).write_bytes(described)
    dotnet(folder, "build", "-v", "q", "--nologo", "-o", "out")
    lines = {}
    for text in dotnet(folder, "out/arithmetic.dll", "cases").splitlines():
        name, passed, used, max_abs, values, problem = text.split("\t")
        lines[name] = Line(passed == "True", read_number(used), read_number(max_abs), int(values), problem)
    return lines


def read_number(text: str) -> float | None:
    return None if text == "None" else float(text)


def test_the_cases_tell_something(python: dict[str, OutputComparison]) -> None:
    passed = sum(comparison.passed for comparison in python.values())
    assert len(python) > 300
    assert 0.3 < passed / len(python) < 0.7


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(lambda one: one.passed, id="passed"),
        pytest.param(lambda one: one.values, id="values"),
        pytest.param(lambda one: one.problem == "", id="equal enough"),
        pytest.param(lambda one: one.used is None, id="nothing is used"),
        pytest.param(lambda one: one.max_abs is None, id="nothing was subtracted"),
    ],
)
def test_facts_are_pythons(
    fact: Callable[[Any], object], python: dict[str, OutputComparison], csharp: dict[str, Line]
) -> None:
    assert {name: fact(line) for name, line in csharp.items()} == {name: fact(one) for name, one in python.items()}


@pytest.mark.parametrize("number", ["used", "max_abs"])
def test_numbers_are_pythons(number: str, python: dict[str, OutputComparison], csharp: dict[str, Line]) -> None:
    names = [name for name in csharp if getattr(python[name], number) is not None]
    got, expected = ([getattr(side[name], number) for name in names] for side in (csharp, python))
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=0.0)


def test_problems_are_said_without_the_culture(csharp: dict[str, Line]) -> None:
    assert not [line.problem for line in csharp.values() if "−" in line.problem]
