import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.__main__ import STAGES, parser
from pipeline.settings.compose import compose
from pipeline_runs import PROJECT

PIPELINE = PROJECT / "pipeline"
DAG = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
PARAMS = YAML(typ="safe").load(PROJECT / "params.yaml")
SOURCES = sorted(PIPELINE.rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in SOURCES}


def imported(path: Path) -> set[str]:
    """The project's own modules that a module imports, anywhere in it; their packages too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    own = {name for name in found if name in MODULES}
    return own | {parent for name in own for parent in parents(name)}


def parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}


def closure(name: str) -> set[str]:
    found, left = set(), {name, *parents(name)}
    while left:
        module = left.pop()
        found.add(module)
        left |= imported(MODULES[module]) - found
    return found


def outputs(stage: str) -> dict[str, dict]:
    """A stage's outs, metrics and plots, with their settings."""
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


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_every_module_that_it_imports(stage):
    used = closure(f"pipeline.stages.{stage}")
    expected = {str(MODULES[name].relative_to(PROJECT)) for name in used}
    listed = {dep for dep in DAG[stage]["deps"] if dep.endswith(".py")}
    assert listed == expected
    assert ("models" in DAG[stage]["deps"]) is ("pipeline.network.factory" in used)


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_made_or_in_git(stage):
    made = {path for other in DAG for path in outputs(other)}
    assert [
        dep for dep in DAG[stage]["deps"] if dep not in made and not dep.startswith("${files.") and not in_git(dep)
    ] == []


def test_a_stage_depends_on_earlier_stages_only():
    made: set[str] = set()
    for stage, settings in DAG.items():
        later = {path for other in DAG for path in outputs(other)} - made
        assert not later & set(settings["deps"])
        made |= set(outputs(stage))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_lists_the_sections_that_it_reads(stage):
    listed = {key.partition(".")[0] for key in DAG[stage].get("params", [])}
    assert listed == sections(PIPELINE / "stages" / f"{stage}.py")


@pytest.mark.parametrize("stage", STAGES)
def test_a_failed_stage_keeps_its_last_output(stage):
    made = outputs(stage)
    assert made
    assert [path for path, settings in made.items() if settings.get("persist") is not True] == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_file_that_a_stage_writes_is_an_output(stage):
    source = (PIPELINE / "stages" / f"{stage}.py").read_text()
    made = {Path(path).name for path in outputs(stage)}
    named = {Path(text).name for text in re.findall(r'^[A-Z_]+ = Path\("(reports/[^"]+)"\)', source, re.MULTILINE)}
    read = {Path(path).name for path in DAG[stage]["deps"]}
    assert named <= made | read


@pytest.mark.parametrize("stage", STAGES)
def test_stages_know_no_other_stage(stage):
    other = {name for name in closure(f"pipeline.stages.{stage}") if name.startswith("pipeline.stages.")}
    assert other == {f"pipeline.stages.{stage}"}


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("pipeline.stages.validate", {"torch", "onnxsim", "mlflow", "pandas", "sklearn"}),
        ("pipeline.stages.publish", {"torch", "onnxsim", "mlflow", "onnxruntime"}),
        ("pipeline.stages.simplify", {"mlflow"}),
        ("pipeline.stages.prepare", {"torch", "mlflow", "sklearn", "onnx"}),
        ("pipeline.stages.config", {"torch", "mlflow", "onnx", "numpy", "hydra"}),
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


README = PROJECT / "README.md"
COMMANDS = set(next(action for action in parser()._actions if action.choices).choices)


@pytest.mark.skipif(not README.exists(), reason="there is no README yet")
def test_every_command_in_the_readme_exists():
    # Code is what is indented or between backticks.
    text = "\n".join(re.findall(r"^ {4}.*|`[^`]+`", README.read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)", text))
    commands = set(re.findall(r"python -m pipeline ([a-z]+)", text))
    assert {"repro", "test"} <= named
    assert named <= targets
    assert commands <= COMMANDS
