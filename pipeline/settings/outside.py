"""What params.yaml names that lies outside of this repository's own code: files, and importable names."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

# Settings that name files or folders; a list or a mapping names several.
FILE_SETTINGS = ("path", "weights", "file", "vocabulary")
# Mappings whose keys are names of inputs and outputs, which may be called `weights`.
BY_TENSOR = ("axes", "dynamic_axes", "encoders", "inputs", "outputs")


class SettingValue(NamedTuple):
    """The dotted setting, and the path or the importable name that it gives."""

    setting: str
    value: str


def find_files(section: Mapping[str, Any], prefix: str) -> Iterator[SettingValue]:
    """Every file or folder that a section names: by a setting that is for files, or by what exists in any `kwargs`."""
    for setting, key, value in _leaves(section, prefix):
        names_files = key in FILE_SETTINGS
        in_kwargs = ".kwargs." in f"{setting}."
        if isinstance(value, str) and value and (names_files or (in_kwargs and Path(value).exists())):
            yield SettingValue(setting, value)


def find_targets(section: Mapping[str, Any], prefix: str) -> Iterator[SettingValue]:
    """Every `_target_` of a section."""
    for setting, key, value in _leaves(section, prefix):
        if key == "_target_" and isinstance(value, str):
            yield SettingValue(setting, value)


def _leaves(value: Any, setting: str, key: str = "") -> Iterator[tuple[str, str, Any]]:
    """Dotted setting, the last key that is a name, and value, of everything that is no container."""
    if isinstance(value, Mapping):
        by_tensor = key in BY_TENSOR and ".kwargs." not in setting
        for name, inner in value.items():
            # Within {label: file} the setting's own name counts.
            setting_key = key if key in FILE_SETTINGS else "" if by_tensor else str(name)
            yield from _leaves(inner, f"{setting}.{name}", setting_key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{setting}.{place}", key)
    else:
        yield setting, key, value
