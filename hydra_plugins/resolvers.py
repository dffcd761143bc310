"""Gives conf/config.yaml its resolvers; Hydra finds this folder by its name, DVC and we by the project's root."""

from omegaconf import OmegaConf

from pipeline.conf import dependency, fingerprint, source

OmegaConf.register_new_resolver("conf_hash", fingerprint, replace=True)
OmegaConf.register_new_resolver("dependency", dependency, replace=True)
OmegaConf.register_new_resolver("source", source, replace=True)
