"""A tiny network that reads text, and its tokenizer: a vocabulary of some words and of every character of the texts."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.corpus import make_corpus

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "nurse", "con", "##tract", "##s", "every", "other", "##ing", "token", "##izes", "über", "##sieht", "☃"]
LENGTH = 48
# As `model.tokenizer` and what belongs to it; the file is added.
OVERRIDES = (
    "model=custom",
    "model.name=tiny",
    "model.net._target_=text_network.TinyNet",
    "data=texts",
    "data.rows=40",
    "model.dynamic_axes={input_ids: {0: batch, 1: tokens}, attention_mask: {0: batch, 1: tokens}}",
    f"model.tokenizer={{file: tokenizer.json, max_length: {LENGTH}, inputs: {{ids: input_ids, mask: attention_mask}}}}",
)


class TinyNet(nn.Module):
    """The mean of the tokens' embeddings, turned; and which of its numbers is the largest."""

    def __init__(self, rows: int | None = None) -> None:
        super().__init__()
        self.tokens = nn.Embedding(rows or len(vocabulary()), 8)
        self.turn = nn.Linear(8, 6)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        there = attention_mask.unsqueeze(-1).to(torch.float32)
        mean = (self.tokens(input_ids) * there).sum(dim=1) / there.sum(dim=1).clamp(min=1)
        turned = nn.functional.normalize(self.turn(mean), dim=-1)
        return {"embedding": turned, "kind": turned.argmax(dim=-1)}


def vocabulary() -> list[str]:
    """Pieces by number."""
    texts = " ".join(make_corpus(np.random.default_rng(0), random_texts=0))
    seen = sorted({c for c in unicodedata.normalize("NFD", texts.lower()) if not c.isspace() and c.isprintable()})
    return list(dict.fromkeys([*SPECIAL, *WORDS, *seen, *(f"##{character}" for character in seen)]))


def tokenizer_json(**changes: object) -> str:
    """What BERT's uncased tokenizer says of itself, with other parts in place of some."""
    pieces = {piece: number for number, piece in enumerate(vocabulary())}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    around = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]")]
    said = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": name, "special": True, **flags} for i, name in enumerate(SPECIAL)],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [around[0], {"Sequence": {"id": "A", "type_id": 0}}, around[1]],
            "pair": [around[0], {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                name: {"id": name, "ids": [pieces[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": pieces,
        },
        **changes,
    }
    return json.dumps(said)


def overrides(*changes: str) -> list[str]:
    """OVERRIDES with other values for some: Hydra would merge two of one name."""
    own = {change.partition("=")[0] for change in changes}
    return [*(one for one in OVERRIDES if one.partition("=")[0] not in own), *changes]


def write(folder: Path, **changes: object) -> None:
    (folder / "tokenizer.json").write_text(tokenizer_json(**changes))
