"""Gives conf/config.yaml its resolver; Hydra finds this folder by its name, DVC and we by the project's root."""

from functools import partial
from pathlib import Path

from omegaconf import OmegaConf

from pipeline.settings.compose import conf_sha256

# This checkout, wherever `pipeline` is installed from.
PROJECT = Path(__file__).resolve().parents[1]

OmegaConf.register_new_resolver("conf_hash", partial(conf_sha256, PROJECT / "conf"), replace=True)
