"""The repository keeps its own promises: layout, dvc.yaml, pins."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import house
import pytest
from house import MODULES, PIPELINE, ROOMS, closure, imported, room_of
from ruamel.yaml import YAML

from pipeline.command_line import STAGES
from pipeline.settings.compose import compose
from pipeline_runs import PROJECT

DAG = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
PARAMS = YAML(typ="safe").load(PROJECT / "params.yaml")
SOURCES = sorted(PIPELINE.rglob("*.py"))
# What is in every module's folder decides no byte: names of packages and what they are for.
DOCSTRINGS = {"pipeline/__init__.py", "pipeline/stages/__init__.py"}
# Heavy libraries, and the only rooms that may import them.
HEAVY = {
    "torch": {"metrics", "network", "export", "departure", "stages"},
    "accelerate": {"network", "stages"},
    "safetensors": {"network"},
    "onnx": {"graph", "export", "departure", "stages"},
    "onnx_ir": {"graph", "export"},
    "onnxscript": {"export"},
    "onnxsim": {"graph"},
    "onnxruntime": {"graph", "runtimes", "departure", "stages"},
    "tokenizers": {"tokenizer"},
    "jinja2": {"dotnet"},
    "mlflow": {"registry", "stages"},
    "hydra": {"settings"},
    "omegaconf": {"settings"},
    "dvc": {"settings", "experiments", "doctor"},
    "rich": {"core", "experiments", "doctor"},
    "tqdm": {"core"},
    "vl_convert": {"registry", "experiments"},
}


def outputs(stage: str) -> dict[str, dict]:
    """A stage's outs and metrics, with their settings."""
    made = {}
    for kind in ("outs", "metrics", "plots"):
        for entry in DAG[stage].get(kind, []):
            made |= entry if isinstance(entry, dict) else {entry: {}}
    return made


def sections(path: Path) -> set[str]:
    """The sections of params that a stage reads: `params.<section>`, and what it dumps (all, or those it includes)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "params":
            found.add(node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "model_dump":
            included = [keyword.value for keyword in node.keywords if keyword.arg == "include"]
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "params":
                found |= ast.literal_eval(included[0]) if included else set(PARAMS)
    return found - {"model_dump"}


def in_git(*paths: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()


def test_the_dag_has_the_stages_in_their_order():
    assert list(DAG) == list(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_a_module_with_run(stage):
    tree = ast.parse((PIPELINE / "stages" / f"{stage}.py").read_text())
    (run,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    assert [argument.arg for argument in run.args.args] == ["params"]


def folders_of_code(stage: str) -> set[str]:
    """What a stage imports, as dvc.yaml lists it: rooms, and its own module."""
    used = {
        path.relative_to(PROJECT).as_posix() for path in (MODULES[name] for name in closure(f"pipeline.stages.{stage}"))
    }
    return {
        path if path.startswith("pipeline/stages/") else "/".join(path.split("/")[:2]) for path in used - DOCSTRINGS
    }


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "fingerprint"])
def test_a_stage_depends_on_every_room_that_it_imports_and_on_no_other(stage):
    assert {dep for dep in DAG[stage]["deps"] if dep.startswith("pipeline")} == folders_of_code(stage)


@pytest.mark.parametrize("stage", ["train", "export"])
def test_an_edit_of_what_judges_or_packs_trains_nothing_again(stage):
    assert not folders_of_code(stage) & {f"pipeline/{room}" for room in ("parity", "dotnet", "registry", "experiments")}


def test_an_edit_of_the_card_s_words_packs_again_and_trains_and_exports_nothing():
    readers = [stage for stage, settings in DAG.items() if {"model", "model.card"} & set(settings.get("params", []))]
    assert readers == ["package", "publish"]


def test_export_reads_every_setting_of_the_model_but_its_card():
    listed = {key.removeprefix("model.") for key in DAG["export"]["params"] if key.startswith("model.")}
    assert listed == set(PARAMS["model"]) - {"card"}


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_made_or_in_git(stage):
    made = {path for other in DAG for path in outputs(other)}
    assert [
        dep
        for dep in DAG[stage].get("deps", [])
        if dep not in made and Path(dep).parent.as_posix() not in made and not in_git(dep)
    ] == []


def test_a_stage_depends_on_earlier_stages_only():
    made: set[str] = set()
    for stage, settings in DAG.items():
        later = {path for other in DAG for path in outputs(other)} - made
        assert not later & set(settings.get("deps", []))
        made |= set(outputs(stage))


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "fingerprint"])
def test_a_stage_lists_the_sections_that_it_reads(stage):
    listed = {key.partition(".")[0] for key in DAG[stage].get("params", [])}
    assert listed == sections(PIPELINE / "stages" / f"{stage}.py")


def test_every_output_but_the_publication_is_cached_and_none_persists():
    settings = {path: options for stage in DAG for path, options in outputs(stage).items()}
    assert {path: options for path, options in settings.items() if options} == {
        "reports/publish.json": {"cache": False}
    }


def test_only_fingerprint_always_runs():
    assert [stage for stage, settings in DAG.items() if settings.get("always_changed")] == ["fingerprint"]


def test_every_output_is_one_folder_of_build_or_one_report():
    paths = {path for stage in DAG for path in outputs(stage)}
    assert [path for path in paths if not re.fullmatch(r"build/\w+|reports/(plots/)?\w+\.\w+", path)] == []


def test_dvc_yaml_is_read_in_a_minute():
    lines = (PROJECT / "dvc.yaml").read_text().splitlines()
    stages = lines[: lines.index("plots:")]
    assert len(stages) <= 110
    places = [place for place, line in enumerate(stages) if re.fullmatch(r"  \w+:", line)]
    assert [stages[place] for place in places if not stages[place - 1].lstrip().startswith("#")] == []


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) in ROOMS], ids=str)
def test_a_room_imports_only_what_stands_before_it(name):
    above = {
        other
        for other in imported(MODULES[name])
        if room_of(other) in ROOMS and ROOMS.index(room_of(other)) > ROOMS.index(room_of(name))
    }
    assert above == set()


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) == "stages"], ids=str)
def test_a_stage_knows_no_other_stage(name):
    other = {module for module in closure(name) if module.startswith("pipeline.stages.")}
    assert other <= {name}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PIPELINE).as_posix())
def test_heavy_libraries_live_in_their_rooms(path):
    libraries = {name.partition(".")[0] for name in house.names_imported(path)}
    room = path.relative_to(PIPELINE).parts[0]
    assert {library for library in libraries if library in HEAVY and room not in HEAVY[library]} == set()


def test_no_two_modules_and_no_two_classes_have_one_name():
    modules = Counter(path.stem for path in SOURCES if path.stem != "__init__" and path.parent.name != "stages")
    classes = Counter(
        node.name
        for path in SOURCES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in (modules + classes).items() if count > 1] == []


def test_no_two_test_modules_have_one_name():
    """pytest imports them all by their name alone."""
    names = Counter(path.name for path in (PROJECT / "tests").rglob("test_*.py"))
    assert {name for name, count in names.items() if count > 1} == set()


def test_house_md_shows_the_rooms_and_arrows_of_today():
    assert (PROJECT / "docs" / "house.md").read_text() == house.page(), "make it again: python tests/house.py"


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("pipeline.stages.validate", {"torch", "onnxsim", "mlflow", "pandas", "sklearn"}),
        ("pipeline.stages.publish", {"torch", "onnxsim", "mlflow", "onnxruntime"}),
        ("pipeline.stages.simplify", {"mlflow"}),
        ("pipeline.stages.prepare", {"torch", "mlflow", "sklearn", "onnx"}),
        ("pipeline.stages.fingerprint", {"torch", "mlflow", "onnx", "numpy", "hydra"}),
        ("pipeline.stages.train", {"mlflow", "onnx", "sklearn"}),
        ("pipeline.__main__", {"numpy", "pydantic", "hydra", "dvc"}),
    ],
)
def test_heavy_packages_are_imported_where_they_are_needed(name, heavy):
    program = f"import sys, {name}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_help_needs_no_numpy():
    program = "import sys, runpy, atexit; atexit.register(lambda: print('numpy' in sys.modules)); sys.argv = ['pipeline', '--help']; runpy.run_module('pipeline', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: python -m pipeline")
    assert done.stdout.endswith("False\n")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PIPELINE).as_posix())
def test_a_module_is_small_and_says_what_it_is(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text))
    assert path.stem not in ("utils", "helpers", "common")


@pytest.mark.parametrize(
    "words",
    [
        ("allow_pickle=", "True"),
        ("weights_only=", "False"),
        ("shell=", "True"),
        ("pickle", ".load"),
        ("except", " Exception"),
    ],
)
def test_what_is_never_written(words):
    found = [
        path
        for folder in ("pipeline", "models")
        for path in (PROJECT / folder).rglob("*.py")
        if "".join(words) in path.read_text()
    ]
    assert found == []


def test_torch_loads_weights_and_nothing_else():
    calls = [
        node
        for path in (PROJECT / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("torch.load", "torch.export.load", "torch.jit.load")
    ]
    assert [ast.unparse(call.func) for call in calls] == ["torch.load"]
    assert {word.arg: ast.unparse(word.value) for word in calls[0].keywords}["weights_only"] == "True"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(lines: list[str]) -> dict[str, str]:
    """Package -> what is said of its version."""
    return {normal(re.match(r"[\w.-]+", line)[0]): re.sub(r"^[\w.-]+", "", line) for line in lines}


def test_every_dependency_is_pinned():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = requirements(
        [*project["dependencies"], *(line for line in extras if not line.startswith("torch2dotnet["))]
    )
    lines = [line for line in (PROJECT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = requirements(lines)
    assert [name for name, said in pinned.items() if not said.startswith("==")] == []
    assert sorted(set(wanted) - set(pinned)) == []
    assert wanted["torch"] == pinned["torch"]
    assert wanted["onnxruntime"] == pinned["onnxruntime"] == "==1.31.1"


def test_no_results_are_shipped():
    tracked = subprocess.run(
        ["git", "ls-files", "dvc.lock", "reports"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert tracked.stdout == ""


def test_params_yaml_is_what_conf_says(tmp_path):
    compose([], tmp_path / "params.yaml")
    assert (PROJECT / "params.yaml").read_bytes() == (tmp_path / "params.yaml").read_bytes()
