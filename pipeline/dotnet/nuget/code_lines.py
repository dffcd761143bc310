"""Lines of code for pages that cut or scroll long ones: the package's README, and the run's note in MLflow."""

import textwrap
from collections.abc import Iterable, Iterator

# Characters: a longer line pushes status, data and tags out of MLflow's page, where a window has 1400 px, and scrolls in a gallery.
LONGEST_LINE = 80


def lift_comments(lines: Iterable[str], sign: str) -> Iterator[str]:
    """The same code; where a comment makes a line longer than a page has room for, it stands above its line."""
    for line in lines:
        code, _, comment = line.partition(f" {sign} ")
        if comment and len(line) > LONGEST_LINE:
            start = f"{sign} "
            yield from textwrap.wrap(
                comment, LONGEST_LINE, initial_indent=start, subsequent_indent=start, break_on_hyphens=False
            )
            yield code.rstrip()
        else:
            yield line
