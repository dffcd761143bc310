"""Gives conf/config.yaml its resolvers; Hydra finds this folder by its name, DVC and we by the project's root."""

from functools import partial
from pathlib import Path

from omegaconf import ListConfig, OmegaConf
from omegaconf.base import Container

from pipeline.settings.compose import data_files, dependency, conf_sha256, package_file, source, vocabularies

# This checkout, wherever `pipeline` is installed from.
PROJECT = Path(__file__).resolve().parents[1]


def tokenizer(*, _root_: Container) -> str:
    """What dvc.yaml depends on for `model.tokenizer`, which most models have not."""
    return dependency(OmegaConf.select(_root_, "model.tokenizer.file"))


OmegaConf.register_new_resolver("conf_hash", partial(conf_sha256, PROJECT / "conf"), replace=True)
OmegaConf.register_new_resolver("dependency", dependency, replace=True)
OmegaConf.register_new_resolver("data_files", lambda path: ListConfig(data_files(path)), replace=True)
OmegaConf.register_new_resolver("vocabularies", lambda encoders: ListConfig(vocabularies(encoders)), replace=True)
OmegaConf.register_new_resolver("source", partial(source, project=PROJECT), replace=True)
OmegaConf.register_new_resolver("package_file", package_file, replace=True)
OmegaConf.register_new_resolver("tokenizer_dependency", tokenizer, replace=True)
