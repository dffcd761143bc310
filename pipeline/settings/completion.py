"""What the shell offers for overrides: `python -m pipeline params mo<TAB>`, `model=<TAB>`."""

from typing import Any

from pipeline.settings.compose import list_groups, list_keys


def complete_override(prefix: str, **_: Any) -> list[str]:
    """Groups and settings that begin with `prefix`, each with its "="; behind the "=" of a group its choices.

    Args:
        prefix: What has been typed of the word.
    """
    name, given, _value = prefix.partition("=")
    groups = list_groups()
    if given:
        return [f"{name}={choice}" for choice in groups.get(name, [])]
    settings = {key for key in list_keys() if not any(part.isdigit() for part in key.split("."))}
    return [f"{key}=" for key in sorted({*groups, *settings}) if key.startswith(prefix)]
