"""Tables in Markdown, printed row by row."""

from collections.abc import Sequence


def print_header(name: str, *columns: str) -> None:
    print_row(name, *columns)
    print_row("-" * 30, *["-" * 10 + ":"] * len(columns))


def print_row(name: str, *cells: str) -> None:
    print(format_row(name, cells), flush=True)


def format_row(name: str, cells: Sequence[str]) -> str:
    return f"| {name:<30} | " + " | ".join(f"{cell:>11}" for cell in cells) + " |"
