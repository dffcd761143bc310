"""Gives conf/config.yaml its `${conf_hash:}`; Hydra finds this folder by its name, DVC and we by the project's root."""

from omegaconf import OmegaConf

from pipeline.conf import fingerprint

OmegaConf.register_new_resolver("conf_hash", fingerprint, replace=True)
