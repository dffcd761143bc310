import logging

import pytest
from hydra.utils import get_object

from pipeline.core.errors import PipelineError
from pipeline.settings.hydra_targets import call, resolve

NETS = """
class Net:
    class Inner:
        pass

    def __init__(self, size: int, bias: bool = True):
        self.size, self.bias = size, bias

    @classmethod
    def of_three(cls, bias=False):
        return cls(3, bias)


constant = 3
"""


def refused(target: str) -> str:
    with pytest.raises(PipelineError) as caught:
        resolve(target, "model.net")
    said = str(caught.value)
    assert said.startswith(f"model.net._target_={target}: expected ")
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", ["Net", "Net.Inner", "Net.of_three"])
def test_it_is_what_hydra_finds(name, module):
    target = f"{module(NETS)}.{name}"
    assert resolve(target, "model.net") == get_object(target)


def test_a_class_method_of_a_class_in_a_module(module):
    made = call(resolve(f"{module(NETS)}.Net.of_three", "model.net"), {"bias": True}, "here")
    assert (made.size, made.bias) == (3, True)


def test_a_module_that_nothing_has_imported(module, tmp_path):
    package = tmp_path / "importable" / "a_package"
    module(NETS)  # makes the folder, and has it searched
    (package / "deep").mkdir(parents=True)
    (package / "deep" / "nets.py").write_text("def make(): return 'made'\n")
    assert resolve("a_package.deep.nets.make", "model.net")() == "made"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere.Net", "got: no module 'nowhere' beside dvc.yaml, on PYTHONPATH or in the environment"),
        (
            "trch.nn.Linear",
            "got: no module 'trch' beside dvc.yaml, on PYTHONPATH or in the environment; did you mean 'torch'?",
        ),
        ("math.flor", "got: the module math has no 'flor'; did you mean 'floor'?"),
        ("collections.abcd.Mapping", "got: the module collections has no 'abcd'; did you mean 'abc'?"),
        ("collections.OrderedDict.from_keys", "got: OrderedDict has no 'from_keys'; did you mean 'fromkeys'?"),
        ("math.pi", "expected a function or class, got float"),
        ("collections.abc", "expected a function or class, got module"),
    ],
)
def test_a_name_that_is_not_there(target, says):
    assert says in refused(target)


def test_hydra_s_own_log_is_silent(caplog):
    refused("nowhere.Net")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_module_that_cannot_import_what_it_needs(module):
    name = module("x = 1\nimport no_such_package")
    says = refused(f"{name}.Net")
    assert "importing it failed with ModuleNotFoundError: No module named 'no_such_package'" in says
    assert f"{name}.py, line 5)" in says


def test_a_module_that_does_not_parse(module):
    assert "importing it failed with SyntaxError: invalid syntax" in refused(f"{module('def broken(:')}.Net")


def test_a_module_that_fails(module):
    name = module("table = {}\ntable['x']")
    assert "importing it failed with KeyError: 'x' (/" in (says := refused(f"{name}.Net"))
    assert f"{name}.py, line 5)" in says


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "missing a required argument: 'size'"),
        ({"size": 3, "wide": 1}, "got an unexpected keyword argument 'wide'"),
    ],
)
def test_arguments_that_do_not_fit(arguments, says, module):
    net = resolve(f"{module(NETS)}.Net", "model.net")
    with pytest.raises(PipelineError) as caught:
        call(net, arguments, "here")
    assert str(caught.value) == f"here: does not fit Net(size: int, bias: bool = True): {says}"


@pytest.mark.parametrize(
    "error", ["TypeError", "ValueError", "RuntimeError", "KeyError", "FileNotFoundError", "ImportError"]
)
def test_arguments_that_are_refused(error, module):
    name = module(f"def make(size):\n    raise {error}('too\\nwide')")
    with pytest.raises(
        PipelineError, match=rf"^here: make failed with {error}: .*too.*wide.* \(.*{name}\.py, line 5\)$"
    ):
        call(resolve(f"{name}.make", "data"), {"size": 3}, "here")


def test_a_refusal_within_a_library_names_no_line_of_it():
    with pytest.raises(
        PipelineError, match=r"^here: Fraction failed with ValueError: Invalid literal for Fraction: 'x'$"
    ):
        call(resolve("fractions.Fraction", "data"), {"numerator": "x"}, "here")


def test_a_bug_keeps_its_traceback(module):
    make = resolve(f"{module('def make(): assert False')}.make", "data")
    with pytest.raises(AssertionError):
        call(make, {}, "here")


def test_what_is_written_in_c_and_does_not_say_what_it_takes():
    with pytest.raises(PipelineError, match=r"^here: next failed with TypeError: next\(\) takes no keyword arguments$"):
        call(resolve("builtins.next", "data"), {"iterator": 1}, "here")
