"""What was set beside the presets of a model, read from conf/ without Hydra: for names that people read.

Hydra takes half a second to import, and whoever names a run while a training begins has none to give. What a choice of a group
brings is read from its file; a setting that Hydra would compute from others (`${model.name}`) is looked up in the settings at hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from pipeline.settings.compose import PROJECT
from pipeline.settings.overrides import ABSENT, Settings, flatten, read_choices

# In the order in which they are read; where something is published, and how people call it, is no part of what it is.
SECTIONS = ("model", "data", "train", "seed", "target", "export", "parity", "package", "verify")
UNNAMED = ("model.name", "model.description", "model.card", "verify.mode")
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
# Such as `override /data@_global_.data: digits`.
_OVERRIDE = re.compile(r"override /(\w+)@\S+")
LONGEST_VALUE = 24


def list_changes(settings: Mapping[str, Any], project: Path = PROJECT) -> list[str]:
    """What differs from the presets of this model, shortly: `["epochs=5", "train=none"]`.

    A key is cut to its last part where no other setting is called so; another choice of a group stands for the settings that it brings.

    Args:
        settings: A composed configuration, as params.yaml holds it.
        project: The folder whose conf/ has the presets.
    """
    after = flatten(settings)
    changed = {key: value for section in SECTIONS for key, value in _compare_section(section, after, project / "conf")}
    return [f"{_shorten_key(key, after)}={_shorten_value(value)}" for key, value in changed.items()]


def _compare_section(section: str, after: Settings, conf: Path) -> Iterator[tuple[str, Any]]:
    """Settings of a section that are not the preset's; behind another choice of the group, where that leaves fewer to tell."""
    here = {key: value for key, value in after.items() if key.partition(".")[0] == section}
    own, groups = _read_defaults(conf)
    common = {key: value for key, value in own.items() if key.partition(".")[0] == section}
    choices = _read_choices(conf).get(section, {"": {}})
    differences = {choice: _differ(here, _resolve(common | values, after)) for choice, values in choices.items()}
    model = _find_model(after, conf)
    preset = model if section == "model" else _read_overrides(conf, model).get(section) or groups.get(section, "")
    # A choice costs one word, unless it is the one that is expected.
    costs = {choice: len(settings) + (choice != preset) for choice, settings in differences.items()}
    best = min(costs, key=lambda choice: (costs[choice], choice != preset))
    if best != preset and section != "model":
        yield section, best
    yield from differences[best].items()


def _differ(here: Settings, preset: Settings) -> Settings:
    """The settings of `here` that `preset` has not; what fills an empty one (`inputs: null`) counts as one setting."""
    empty = {key for key, value in preset.items() if value is None or value == {}}
    changed: Settings = {}
    for key, value in here.items():
        if (key in preset and preset[key] == value) or any(
            key == name or key.startswith(f"{name}.") for name in UNNAMED
        ):
            continue
        parent = next((name for name in empty if key.startswith(f"{name}.")), None)
        if parent is None:
            changed[key] = value
        else:
            changed.setdefault(parent, {})[key.removeprefix(f"{parent}.")] = value
    return changed


def _resolve(preset: Settings, after: Settings) -> Settings:
    """The preset with the settings that it refers to."""

    def look_up(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if match := _REFERENCE.fullmatch(value):
            return after.get(match[1], ABSENT)
        return _REFERENCE.sub(lambda match: str(after.get(match[1])), value)

    return {key: look_up(value) for key, value in preset.items()}


def _find_model(after: Settings, conf: Path) -> str:
    """The model's preset: the one of its name, or the one whose network it has."""
    for key in ("model.name", "model.net._target_"):
        for choice, values in read_choices(conf)["model"].items():
            if values.get(key) == after.get(key):
                return choice
    return "custom"


@cache
def _read_defaults(conf: Path) -> tuple[Settings, dict[str, str]]:
    """config.yaml: its own settings, and the choice of each group."""
    from ruamel.yaml import YAML

    values = YAML(typ="safe").load(conf / "config.yaml")
    chosen = [entry for entry in values.pop("defaults") if isinstance(entry, dict)]
    return flatten(values), {group: choice for entry in chosen for group, choice in entry.items() if choice}


@cache
def _read_choices(conf: Path) -> dict[str, dict[str, Settings]]:
    """Group -> choice -> its settings by dotted key, with those of the choice that its file builds on (`defaults: [default]`)."""
    groups = read_choices(conf)
    whole: dict[str, dict[str, Settings]] = {}
    for group, choices in groups.items():
        for choice, values in choices.items():
            bases = [entry for entry in _read_entries(conf / group / f"{choice}.yaml") if isinstance(entry, str)]
            brought = {key: value for base in bases for key, value in choices.get(base, {}).items()}
            whole.setdefault(group, {})[choice] = brought | values
    return whole


@cache
def _read_overrides(conf: Path, model: str) -> dict[str, str]:
    """What a model's preset chooses of other groups."""
    return {
        match[1]: choice
        for entry in _read_entries(conf / "model" / f"{model}.yaml")
        if isinstance(entry, dict)
        for key, choice in entry.items()
        if (match := _OVERRIDE.fullmatch(key))
    }


def _read_entries(path: Path) -> list[Any]:
    """The defaults list of a file of conf/."""
    from ruamel.yaml import YAML

    return YAML(typ="safe").load(path).get("defaults") or [] if path.is_file() else []


def _shorten_key(key: str, after: Settings) -> str:
    """The end of a key that no other setting shares: `epochs`, but `package.version`."""
    parts = key.split(".")
    for start in range(len(parts) - 1, 0, -1):
        short = ".".join(parts[start:])
        if sum(other == short or other.endswith(f".{short}") for other in after) <= 1:
            return short
    return key


def _shorten_value(value: Any) -> str:
    """A value in one word; of a path its last part, of a mapping its first keys."""
    if isinstance(value, dict):
        value = f"{{{', '.join(dict.fromkeys(str(key).partition('.')[0] for key in value))}}}"
    text = PurePath(value).name if isinstance(value, str) and "/" in value else value
    text = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
