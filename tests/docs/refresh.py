"""Write anew what the pages say was printed: python tests/docs/refresh.py [docs/bring/audio.md ...]."""

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from code_blocks import PROJECT, pages, read_blocks  # noqa: E402
from page_runs import PageRun, printed_blocks  # noqa: E402


def refresh(path: Path) -> None:
    """Run a page, and put what its commands print into the blocks marked `printed` after them."""
    blocks = read_blocks(path)
    with tempfile.TemporaryDirectory() as folder:
        printed = PageRun(Path(folder), blocks).run()
    lines = path.read_text(encoding="utf-8").splitlines()
    for block, command in reversed(printed_blocks(blocks)):
        lines[block.first_line : block.last_line - 1] = printed[command].rstrip().splitlines()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or pages()
    for page in chosen:
        if printed_blocks(read_blocks(page)):
            refresh(page)
            print(f"refreshed {page.relative_to(PROJECT)}")
