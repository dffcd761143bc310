import textwrap
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.data import sources
from pipeline.data.loader import check_settings, describe_source, read_rows
from pipeline.settings.hydra_targets import resolve
from pipeline.settings.model import Model, TensorSettings
from pipeline.settings.params import Data

MODEL = Model(
    name="m",
    description="",
    net={"_target_": "torch.nn.Linear"},
    weights=None,
    strict=True,
    dynamic_axes={},
    encoders={},
    inputs={"x": TensorSettings(minimum=-1, maximum=2), "y": TensorSettings()},
    outputs={"label": TensorSettings(labels=["no", "yes"])},
    task={"metric": "accuracy", "output": "label"},
)
X = "import numpy as np\nX = np.arange(3)\n"


def settings(target: str, **others: object) -> Data:
    return Data(**{"target": target, "path": None, "rows": None, "shapes": {}, "validation": 0.1, "test": 0.1} | others)


@pytest.fixture
def load(module):
    """Read from a source of one's own, a module's `load`."""

    def run(source: str, model: Model = MODEL, **others: object) -> dict[str, np.ndarray]:
        return read_rows(
            settings(f"{module(X + textwrap.dedent(source))}.load", **others), model, np.random.default_rng(0)
        )

    return run


@pytest.fixture
def refused(load):
    def run(source: str, **others: object) -> str:
        with pytest.raises(PipelineError) as caught:
            load(source, **others)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return run


def test_a_source_is_given_what_its_signature_names(load):
    source = """
        def load(shapes, rng, path, rows, labels, ranges, *, power=1):
            assert (path, rows, shapes, power) == ("p", 40, {"x": [3]}, 2)
            assert labels == ["no", "yes"]
            assert ranges == {"x": (-1, 2), "y": (None, None)}
            return {"x": rng.random(3)}
    """
    made = load(source, path="p", rows=40, shapes={"x": [3]}, kwargs={"power": 2})
    assert made["x"].tolist() == np.random.default_rng(0).random(3).tolist()


def test_a_source_may_name_nothing(load):
    assert load("def load(): return {'x': X}")["x"].tolist() == [0, 1, 2]


def test_what_is_only_gathered_is_given_nothing_but_kwargs(load):
    made = load("def load(**kwargs): return {'x': X, **{name: X for name in kwargs}}", kwargs={"more": 1, "path": 2})
    assert list(made) == ["x", "more", "path"]


def test_what_is_not_set_is_left_to_the_source(load):
    made = load("def load(path='mine', rows=7, shapes=None): return {'x': np.array([path, rows, shapes], dtype='U')}")
    assert made["x"].tolist() == ["mine", "7", "None"]


def test_a_model_without_a_task_has_no_labels(load):
    model = MODEL.model_copy(update={"task": None})
    assert len(load("def load(labels): return {'x': np.array(labels)}", model)["x"]) == 0


def test_text_becomes_objects(load):
    made = load("def load(): return {'x': np.array([['a', 'b']]), 'y': np.array([b'c'])}")
    assert {name: (array.dtype, array.tolist()) for name, array in made.items()} == {
        "x": (object, [["a", "b"]]),
        "y": (object, ["c"]),
    }


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("def load(): return X", "expected a dict of numpy arrays by name, got ndarray: return {'input': array"),
        ("def load(): pass", "expected a dict of numpy arrays by name, got NoneType"),
        ("def load(): return {}", "expected a dict of numpy arrays by name, got no arrays"),
        (
            "def load(): return {'x': [1, 2]}",
            "got list under 'x': return str -> numpy.ndarray (numpy.asarray makes one)",
        ),
        ("def load(): return {0: X}", "got ndarray under 0"),
        (
            "def load(): return {'x': np.array([1, None])}",
            "'x': expected numbers, booleans or text, got an object of type int",
        ),
        (
            "def load(): return {'x': np.array(['a', '\\ud800'])}",
            "got half a surrogate pair in row 1: repair or drop that row",
        ),
        ("def load(): return {'x': np.array('\\ud800')}", "got half a surrogate pair in row 0"),
        (
            "def load(): return {'x': open('gone.csv')}",
            "load failed with FileNotFoundError: [Errno 2] No such file or directory: 'gone.csv' (/",
        ),
    ],
)
def test_what_a_source_returns_is_checked(source, says, refused):
    said = refused(source)
    assert said.startswith("data._target_=networks_")
    assert says in said


@pytest.mark.parametrize(
    ("source", "others", "says"),
    [
        ("def load(): pass", {"rows": 30}, "data.rows=30: the source networks_"),
        ("def load(): pass", {"rows": 30}, "takes no 'rows' (it takes nothing): leave it out (data.rows=null)"),
        ("def load(rows, rng): pass", {"path": "p", "rows": 30}, "takes no 'path' (it takes rows, rng): leave it out (data.path=null)"),
        ("def load(path): pass", {"path": "p", "shapes": {"x": [1]}}, "data.shapes={'x': [1]}: the source"),
        ("def load(**kwargs): pass", {"path": "p"}, "takes no 'path'"),
        ("def load(path): pass", {}, " needs data.path, which has no value: set it with `python -m pipeline params data.path=...`"),
        ("def load(shapes): pass", {}, " needs data.shapes, which has no value"),
        ("def load(power): pass", {}, " needs data.kwargs.power, which has no value"),
        ("def load(path): pass", {"path": "p", "kwargs": {"path": "q"}}, "data.kwargs.path: 'path' is given to a source that names it: set data.path"),
        ("def load(rng): pass", {"kwargs": {"rng": 1}}, "data.kwargs.rng: 'rng' is given to a source that names it: leave it out"),
        ("def load(rng): pass", {"kwargs": {"power": 1}}, "data.kwargs={'power': 1}: does not fit load(rng): got an unexpected keyword argument 'power'"),
        ("def other(): pass", {}, "got: the module networks_"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_the_source(source, others, says, refused):
    assert says in refused(source, **others)


@pytest.mark.parametrize("choice", sorted(path.stem for path in Path(__file__).parents[2].glob("conf/data/*.yaml")))
def test_every_choice_fits_its_source(choice, params):
    data = params(f"data={choice}", *(["data.path=x"] if choice == "npz" else [])).data
    check_settings(data, resolve(data.target, "data"))
    assert getattr(sources, data.target.rpartition(".")[2])


def test_the_description_names_what_is_read():
    assert describe_source(settings("a.b")) == "data._target_=a.b"
    assert describe_source(settings("a.b", path="x.npz")) == "data._target_=a.b, data.path=x.npz"
    assert describe_source(settings("a.b", path=["x", "y"])) == "data._target_=a.b"
