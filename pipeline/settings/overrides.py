"""The overrides that lead from one configuration to another, as one would type them: `model=linear export.opset=18`."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.settings.compose import PROJECT

Settings = dict[str, Any]
# Computed from other settings and from conf/; nobody types them.
COMPUTED = ("conf_hash", "files")
ABSENT = object()


class Choice(NamedTuple):
    """A choice of a group: as an override, how many settings it agrees with, and those that it names."""

    override: str
    agreeing: int
    names: set[str]


NO_CHOICE: tuple[float, Choice, set[str]] = (math.inf, Choice("", 0, set()), set())


def explain_change(baseline: Mapping[str, Any], params: Mapping[str, Any], project: Path = PROJECT) -> list[str]:
    """Overrides that a person would type to come from `baseline` to `params`.

    A choice of a group stands for the settings that it brings with it, wherever that is shorter: `model=linear`, not the
    sixty settings in which a linear model differs from the digits.

    Args:
        baseline: A composed configuration, as params.yaml holds it.
        params: Another one.
        project: The folder whose conf/ names the choices.

    Returns:
        `group=choice` and `key=value` for what was chosen or set, `~key` for what is gone; empty when both are alike.
    """
    before, after = flatten(baseline), flatten(params)
    changed = [key for key in {**after, **before} if after.get(key, ABSENT) != before.get(key, ABSENT)]
    chosen: tuple[str, ...] = ()
    # Settings that must agree with what the choices bring, lest a choice claim a change that was not made.
    compared = set(changed)
    remaining = changed
    while True:
        # What a choice costs is what one still has to read: the choices, and the settings that they do not explain.
        options = []
        for choice in _candidates(after, remaining, project / "conf"):
            brought = _composed((*chosen, choice.override), project)
            unexplained = {key for key in compared | choice.names if after.get(key, ABSENT) != brought.get(key, ABSENT)}
            options.append((len(chosen) + 1 + len(unexplained), choice, unexplained))
        cost, choice, unexplained = min(options, key=lambda each: (each[0], -each[1].agreeing), default=NO_CHOICE)
        if cost >= len(chosen) + len(remaining):
            break
        chosen, compared = (*chosen, choice.override), compared | choice.names
        remaining = [key for key in changed if key in unexplained]
    return [*chosen, *(f"{key}={_format_value(after[key])}" if key in after else f"~{key}" for key in remaining)]


def flatten(settings: Any, prefix: str = "") -> Settings:
    """Settings by dotted key, computed ones left out; a list, or an empty mapping, is one value."""
    if not isinstance(settings, Mapping) or not settings:
        return {prefix: settings} if prefix else {}
    flat: Settings = {}
    for key, value in settings.items():
        if prefix or key not in COMPUTED:
            flat |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return flat


def _candidates(after: Settings, remaining: list[str], conf: Path) -> Iterator[Choice]:
    """For each group the choice that sets most of `remaining` to the values of `after`."""
    for group, choices in read_choices(conf).items():
        agreeing = {
            choice: sum(1 for key in remaining if key in values and values[key] == after.get(key, ABSENT))
            for choice, values in choices.items()
        }
        if agreeing and max(agreeing.values()):
            choice = max(agreeing, key=lambda name: agreeing[name])
            yield Choice(f"{group}={choice}", agreeing[choice], {key for key in choices[choice] if key in after})


@cache
def read_choices(conf: Path) -> dict[str, dict[str, Settings]]:
    """Group -> choice -> the settings of its file alone, by dotted key; what counts in the end is Hydra's composition."""
    from ruamel.yaml import YAML

    groups: dict[str, dict[str, Settings]] = {}
    for path in sorted(conf.glob("*/*.yaml")):
        values = YAML(typ="safe").load(path) or {}
        values.pop("defaults", None)
        # A choice of a group that is no section (`# @package _global_`) holds whole sections.
        groups.setdefault(path.parent.name, {})[path.stem] = flatten(values) | flatten({path.parent.name: values})
    return groups


@cache
def _composed(choices: tuple[str, ...], project: Path) -> Settings:
    """What conf/ gives with `choices`, by dotted key; nothing where it cannot be composed without more overrides."""
    from dvc.utils.hydra import load_hydra_plugins
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    load_hydra_plugins(str(project))
    try:
        with initialize_config_dir(str(project / "conf"), version_base=None):
            config = compose("config", overrides=list(choices))
        OmegaConf.set_struct(config, False)
        for key in COMPUTED:
            config.pop(key, None)
        return flatten(OmegaConf.to_container(config, resolve=True))
    except (HydraException, OmegaConfBaseException):
        return {}


def _format_value(value: Any) -> str:
    """A value as one types it in an override."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
