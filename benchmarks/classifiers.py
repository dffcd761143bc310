"""Twelve small transformers classifiers, built from their configuration with random weights: nothing is downloaded."""

import importlib.util
from collections.abc import Callable
from typing import Any

from torch import nn

THERE = importlib.util.find_spec("transformers") is not None
LAYERS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
# Weights as large as trained ones: with the usual 0.02 attention is even, and its errors cannot be seen.
COMMON = {"num_labels": 3, "initializer_range": 0.5}
TOKENS = {"vocab_size": 40, "pad_token_id": 0}


def text(family: str, **settings: Any) -> Callable[[], nn.Module]:
    """A sequence classifier of a family, made when it is called."""

    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{family}Config")(**{**COMMON, **TOKENS, **settings})
        made: nn.Module = getattr(transformers, f"{family}ForSequenceClassification")(config)
        return made

    return make


def image(family: str, **settings: Any) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{family}Config")(**COMMON, image_size=32, patch_size=8, **settings)
        made: nn.Module = getattr(transformers, f"{family}ForImageClassification")(config)
        return made

    return make


def wav2vec2() -> nn.Module:
    from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

    config = Wav2Vec2Config(
        **COMMON,
        **LAYERS,
        conv_dim=(8, 8),
        conv_stride=(4, 4),
        conv_kernel=(8, 4),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
    )
    return Wav2Vec2ForSequenceClassification(config)


# These take input_ids and attention_mask, with any number of tokens.
TEXT: dict[str, Callable[[], nn.Module]] = {
    "BERT": text("Bert", **LAYERS),
    "DistilBERT": text("DistilBert", dim=16, n_layers=2, n_heads=2, hidden_dim=32),
    "RoBERTa": text("Roberta", **LAYERS),
    "ALBERT": text("Albert", **LAYERS, embedding_size=8),
    "ELECTRA": text("Electra", **LAYERS, embedding_size=8),
    "DeBERTa-v2": text("DebertaV2", **LAYERS, relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=8),
    "MPNet": text("MPNet", **LAYERS),
    "XLNet": text("XLNet", d_model=16, n_layer=2, n_head=2, d_inner=32),
    "GPT-2": text("GPT2", n_embd=16, n_layer=2, n_head=2, n_positions=32, use_cache=False),
}
# These take pixel_values.
IMAGES: dict[str, Callable[[], nn.Module]] = {
    "ViT": image("ViT", **LAYERS),
    "Swin": image("Swin", embed_dim=8, depths=[1, 2], num_heads=[1, 2], window_size=2),
}
# This takes samples, any number of them.
SOUND: dict[str, Callable[[], nn.Module]] = {"Wav2Vec2": wav2vec2}
