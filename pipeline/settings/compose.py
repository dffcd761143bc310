"""conf/ -> params.yaml, the same bytes that `dvc exp run` writes."""

import difflib
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError

PROJECT = Path(__file__).resolve().parents[2]
PARAMS = Path("params.yaml")
# Stands for "no file" where dvc.yaml must name one.
NOTHING = "LICENSE"
# Files that a setting may name, for which dvc.yaml has dependencies.
PLACES = 8
# Begins what stands for a file of a package that is not installed; the extra that would bring it follows.
EXTRA = "extra:"


def conf_sha256(folder: Path = PROJECT / "conf") -> str:
    """SHA-256 over the names and contents of every .yaml file in `folder`, line ends aside."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def dependency(path: str | None) -> str:
    """What dvc.yaml depends on for a setting that may name a file: the file, or one that never changes."""
    return path if path not in (None, "???") and not path.startswith(EXTRA) else NOTHING


def package_file(extra: str, package: str, path: str) -> str:
    """A file of an installed package; where it is not installed, what lets the stage that needs it name our `extra`.

    params.yaml is composed on machines without the extra too.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return f"{EXTRA}{extra}/{package}/{path}"
    return (Path(spec.submodule_search_locations[0]) / path).as_posix()


def dependencies(paths: Iterable[str | None]) -> list[str]:
    """The same for a setting that may name several: as many as dvc.yaml has places for.

    Raises:
        PipelineError: There are more.
    """
    named = [path for path in paths if path not in (None, "???")]
    if len(named) > PLACES:
        raise PipelineError(
            f"expected {PLACES} files at most, got {len(named)}: put them into one folder and give that"
        )
    return [*map(dependency, named), *[NOTHING] * (PLACES - len(named))]


def data_files(path: Any) -> list[str]:
    """What data.path names: one file or folder, or a file for each label."""
    if isinstance(path, Mapping):
        return dependencies(path.values())
    return dependencies([path] if path is None or isinstance(path, str) else path)


def vocabularies(encoders: Mapping[str, Any] | None) -> list[str]:
    """The vocabularies that model.encoders names."""
    return dependencies(encoder.get("vocabulary") for encoder in (encoders or {}).values())


def source(target: str, project: Path = PROJECT) -> str:
    """The file or folder of the project that an importable name comes from, for dvc.yaml; models/ is there anyway."""
    top = target.partition(".")[0]
    for found in (Path(f"{top}.py"), Path(top)):
        if top != "models" and (project / found).exists():
            return found.as_posix()
    return NOTHING


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


def _explain(error: Exception, overrides: list[str], conf: Path) -> str:
    """One sentence for what Hydra says in a paragraph."""
    for override in overrides:
        key, separator, value = override.lstrip("+~").partition("=")
        if not separator:
            return f"override {override!r}: expected key=value or group=choice (quote it if it has spaces)"
        if (conf / key).is_dir():
            choices = sorted(path.stem for path in (conf / key).glob("*.yaml"))
            if value not in choices:
                return f"{key}={value}: there is no such choice; {_did_you_mean(value, choices)}"
    text = " ".join(str(error).split())
    named = {key for key in (override.lstrip("+~").partition("=")[0] for override in overrides) if f"'{key}'" in text}
    for key in sorted(named):
        if key in {*_keys(conf)}:
            break  # the setting is there; something within its value is not
        keys = sorted({*_keys(conf), *(path.name for path in conf.iterdir() if path.is_dir())})
        return f"{key}: there is no such setting; {_did_you_mean(key, keys)}"
    if "Missing mandatory value" in text or "MISSING" in text:
        return f"a setting has no value yet ({text}); add it to the command line, such as data.path=/path/to/file.npz"
    return f"the overrides {overrides} cannot be applied to conf/: {text}"


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    # A misplaced key (`epochs` for `train.epochs`) is as common as a misspelt one.
    same_leaf = [key for key in known if key.rpartition(".")[2] == word.rpartition(".")[2]]
    if guesses := same_leaf or close:
        return f"did you mean {guesses[0]!r}?"
    return f"expected one of {', '.join(known)}"


def _keys(conf: Path) -> Iterator[str]:
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
        yield from walk("" if group == "." else f"{group}.", YAML(typ="safe").load(path))
