"""Twelve small transformers classifiers, built from their configuration with random weights: nothing is downloaded."""

import importlib.util
from collections.abc import Callable
from typing import Any

from torch import nn

INSTALLED = importlib.util.find_spec("transformers") is not None
LAYERS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
# Weights as large as trained ones: with the default of 0.02 all attention weights are nearly equal, which hides errors.
COMMON = {"num_labels": 3, "initializer_range": 0.5}
TOKENS = {"vocab_size": 40, "pad_token_id": 0}


def text_classifier(family: str, **settings: Any) -> Callable[[], nn.Module]:
    """A function that makes a sequence classifier of a transformers family."""

    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{family}Config")(**{**COMMON, **TOKENS, **settings})
        network: nn.Module = getattr(transformers, f"{family}ForSequenceClassification")(config)
        return network

    return make


def image_classifier(family: str, **settings: Any) -> Callable[[], nn.Module]:
    """A function that makes an image classifier of a transformers family."""

    def make() -> nn.Module:
        import transformers

        config = getattr(transformers, f"{family}Config")(**COMMON, image_size=32, patch_size=8, **settings)
        network: nn.Module = getattr(transformers, f"{family}ForImageClassification")(config)
        return network

    return make


def wav2vec2() -> nn.Module:
    """A classifier of sound."""
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


# Inputs: input_ids and attention_mask, with any number of tokens.
TEXT: dict[str, Callable[[], nn.Module]] = {
    "BERT": text_classifier("Bert", **LAYERS),
    "DistilBERT": text_classifier("DistilBert", dim=16, n_layers=2, n_heads=2, hidden_dim=32),
    "RoBERTa": text_classifier("Roberta", **LAYERS),
    "ALBERT": text_classifier("Albert", **LAYERS, embedding_size=8),
    "ELECTRA": text_classifier("Electra", **LAYERS, embedding_size=8),
    "DeBERTa-v2": text_classifier(
        "DebertaV2", **LAYERS, relative_attention=True, pos_att_type=["c2p", "p2c"], position_buckets=8
    ),
    "MPNet": text_classifier("MPNet", **LAYERS),
    "XLNet": text_classifier("XLNet", d_model=16, n_layer=2, n_head=2, d_inner=32),
    "GPT-2": text_classifier("GPT2", n_embd=16, n_layer=2, n_head=2, n_positions=32, use_cache=False),
}
# Input: pixel_values.
IMAGES: dict[str, Callable[[], nn.Module]] = {
    "ViT": image_classifier("ViT", **LAYERS),
    "Swin": image_classifier("Swin", embed_dim=8, depths=[1, 2], num_heads=[1, 2], window_size=2),
}
# Input: any number of samples.
SOUND: dict[str, Callable[[], nn.Module]] = {"Wav2Vec2": wav2vec2}
