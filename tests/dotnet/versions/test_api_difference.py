"""What a consumer would have to change, told of two public APIs."""

import pytest

from pipeline.dotnet.versions.api_difference import compare_apis

BEFORE = (
    "Acme.IM -> interface : IDisposable",
    "Acme.IM.Run(float[] x) -> MOutput",
    "Acme.M -> sealed class : IDisposable, IM",
    "Acme.M.Length -> const int",
    "Acme.M.Load(MOptions? options = null) -> static M",
    "Acme.M.Load(string path) -> static M",
    "Acme.M.Run(float[] x) -> MOutput",
    "Acme.MMode -> enum",
    "Acme.MMode.Fast = 0",
    "Acme.MMode.Slow = 1",
)


def told(without: tuple[str, ...] = (), also: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    after = {*BEFORE, *also} - set(without)
    return [(change.part, change.kind, change.text) for change in compare_apis(BEFORE, sorted(after), "Acme")]


def test_the_same():
    assert told() == []


@pytest.mark.parametrize(
    ("without", "also", "change"),
    [
        (("Acme.M.Length -> const int",), (), ("major", "removed", "C# is without `M.Length -> const int`")),
        (
            ("Acme.M.Length -> const int",),
            ("Acme.M.Length -> const long",),
            ("major", "changed", "C# has `M.Length -> const long` (it was `M.Length -> const int`)"),
        ),
        (
            ("Acme.M.Load(string path) -> static M",),
            ("Acme.M.Load(string file) -> static M",),
            ("major", "changed", "C# has `M.Load(string file) -> static M` (it was `M.Load(string path) -> static M`)"),
        ),
        (
            ("Acme.M.Load(string path) -> static M",),
            (),
            ("major", "removed", "C# is without `M.Load(string path) -> static M`"),
        ),
        ((), ("Acme.M.Width -> const int",), ("minor", "added", "C# has `M.Width -> const int`")),
        (
            ("Acme.MMode.Slow = 1",),
            ("Acme.MMode.Slow = 2",),
            ("major", "changed", "C# has `MMode.Slow = 2` (it was `MMode.Slow = 1`)"),
        ),
        (
            ("Acme.M -> sealed class : IDisposable, IM",),
            ("Acme.M -> sealed class : IAsyncDisposable, IDisposable, IM",),
            (
                "minor",
                "changed",
                "C# has `M -> sealed class : IAsyncDisposable, IDisposable, IM` (it was `M -> sealed class : IDisposable, IM`)",
            ),
        ),
        (
            ("Acme.M -> sealed class : IDisposable, IM",),
            ("Acme.M -> sealed class : IM",),
            ("major", "changed", "C# has `M -> sealed class : IM` (it was `M -> sealed class : IDisposable, IM`)"),
        ),
        (
            (),
            ("Other.N<T> -> class", "Other.N<T>.N()"),
            ("minor", "added", "C# has `Other.N<T> -> class`"),
        ),
    ],
)
def test_each_difference(without, also, change):
    assert told(without, also) == [change]


def test_a_type_that_is_gone_speaks_for_its_members():
    assert told(BEFORE[-3:]) == [("major", "removed", "C# is without `MMode -> enum`")]


def test_what_a_class_and_its_interface_lose_is_told_once():
    lost = ("Acme.IM.Run(float[] x) -> MOutput", "Acme.M.Run(float[] x) -> MOutput")
    assert told(lost) == [("major", "removed", "C# is without `M.Run(float[] x) -> MOutput`")]


def test_what_an_interface_gains_asks_something_of_fakes():
    gained = ("Acme.IM.Test() -> bool", "Acme.M.Test() -> bool")
    text = "C# has `M.Test() -> bool`, in its interface too: fakes that were written by hand need it"
    assert told((), gained) == [("minor", "added", text)]


def test_overloads_that_are_more_than_one_are_told_apart():
    lost = ("Acme.M.Load(MOptions? options = null) -> static M", "Acme.M.Load(string path) -> static M")
    assert [part for part, _, _ in told(lost, ("Acme.M.Load() -> static M",))] == ["major", "major", "minor"]
