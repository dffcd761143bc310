"""conf/ -> params.yaml, the same bytes that `dvc exp run` writes."""

import difflib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError

PROJECT = Path(__file__).resolve().parents[2]
PARAMS = Path("params.yaml")
# Begins a file of conf/ whose keys are the configuration's own, not those of the group that it stands in.
GLOBAL = "# @package _global_"


def conf_sha256(folder: Path = PROJECT / "conf") -> str:
    """SHA-256 over the names and contents of every .yaml file in `folder`, line ends aside."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def compose(overrides: list[str], output: Path, project: Path = PROJECT) -> None:
    """Compose `project`/conf with Hydra `overrides` and write the result to `output`.

    DVC's own function does it, so that `dvc exp run -S` and `python -m pipeline params` cannot differ.

    Raises:
        PipelineError: An override does not parse, or names a key, a group or a choice that conf/ does not have.
    """
    from dvc.utils.hydra import compose_and_dump
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        compose_and_dump(str(output), str(project / "conf"), None, "config", str(project), overrides)
    except (HydraException, OmegaConfBaseException) as error:
        raise PipelineError(_explain(error, overrides, project / "conf")) from None


def compose_text(overrides: list[str], project: Path = PROJECT) -> str:
    """What `compose` would write.

    Raises:
        PipelineError: As `compose`.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PARAMS.name
        compose(overrides, path, project)
        return path.read_text(encoding="utf-8")


def list_groups(conf: Path = PROJECT / "conf") -> dict[str, list[str]]:
    """The groups of conf/ with their choices, in alphabetical order."""
    return {
        folder.name: sorted(path.stem for path in folder.glob("*.yaml"))
        for folder in sorted(conf.iterdir())
        if folder.is_dir()
    }


def describe_configuration(overrides: list[str], project: Path = PROJECT) -> str:
    """The groups with their choices, and the composed configuration, as the help of Hydra's applications shows them.

    Raises:
        PipelineError: As `compose`.
    """
    choices = "".join(f"  {name}: {', '.join(names)}\n" for name, names in list_groups(project / "conf").items())
    configuration = "".join(f"  {line}\n" for line in compose_text(overrides, project).splitlines())
    return f"configuration groups (group=choice):\n{choices}\nconfiguration (key=value):\n{configuration}"


def _explain(error: Exception, overrides: list[str], conf: Path) -> str:
    """One sentence in place of Hydra's paragraph."""
    for override in overrides:
        key, separator, value = override.lstrip("+~").partition("=")
        if not separator:
            return f"override {override!r}: expected key=value or group=choice (quote it if it has spaces)"
        if (choices := list_groups(conf).get(key)) and value not in choices:
            return f"{key}={value}: there is no such choice; {_did_you_mean(value, choices)}"
    text = " ".join(str(error).split())
    quoted_keys = {
        key for key in (override.lstrip("+~").partition("=")[0] for override in overrides) if f"'{key}'" in text
    }
    for key in sorted(quoted_keys):
        if key in {*list_keys(conf)}:
            break  # the setting is there; something within its value is not
        keys = sorted({*list_keys(conf), *list_groups(conf)})
        return f"{key}: there is no such setting; {_did_you_mean(key, keys)}"
    if "Missing mandatory value" in text or "MISSING" in text:
        return f"a setting has no value yet ({text}); add it to the command line, such as data.path=/path/to/file.npz"
    return f"the overrides {overrides} cannot be applied to conf/: {text}"


def _did_you_mean(word: str, candidates: list[str]) -> str:
    close = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    # A misplaced key (`epochs` for `train.epochs`) is as common as a misspelt one.
    same_leaf = [key for key in candidates if key.rpartition(".")[2] == word.rpartition(".")[2]]
    if guesses := same_leaf or close:
        return f"did you mean {guesses[0]!r}?"
    return f"expected one of {', '.join(candidates)}"


def list_keys(conf: Path = PROJECT / "conf") -> Iterator[str]:
    """Every dotted key that some choice of some group defines."""
    from ruamel.yaml import YAML

    def walk(prefix: str, node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for key, value in node.items():
                if key != "defaults":
                    yield f"{prefix}{key}"
                    yield from walk(f"{prefix}{key}.", value)

    for path in sorted(conf.rglob("*.yaml")):
        group = path.parent.relative_to(conf).as_posix()
        top = group == "." or path.read_text(encoding="utf-8").startswith(GLOBAL)
        yield from walk("" if top else f"{group}.", YAML(typ="safe").load(path))
