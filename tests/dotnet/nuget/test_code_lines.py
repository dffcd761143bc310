"""Long comments in code."""

from pipeline.dotnet.nuget.code_lines import lift_comments


def test_a_comment_without_room_stands_above_its_line() -> None:
    words = " ".join(["word"] * 20)
    lines = list(lift_comments([f"a = 1; // {words}", "b = 2; // short", "// alone"], "//"))
    assert lines == [
        f"// {' '.join(['word'] * 15)}",
        f"// {' '.join(['word'] * 5)}",
        "a = 1;",
        "b = 2; // short",
        "// alone",
    ]
