import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.core.errors import PipelineError
from pipeline.network import factory
from pipeline.network.factory import build, load_weights, restore, save_weights
from pipeline.network.weights import read_state
from pipeline.settings.model import Net


def net(target: str, **kwargs: object) -> Net:
    return Net(target=target, kwargs=kwargs)


@pytest.mark.parametrize("choice", ["digits", "linear"])
def test_every_configured_network_builds(choice, params):
    assert isinstance(build(params(f"model={choice}").model.net), nn.Module)


def test_a_factory_builds_too(module):
    name = module("def make(size): return nn.Linear(size, size)")
    assert build(net(f"{name}.make", size=3)).in_features == 3


def test_weights_come_from_torch_s_seed():
    torch.manual_seed(5)
    one = build(net("torch.nn.Linear", in_features=3, out_features=2))
    torch.manual_seed(5)
    assert torch.equal(one.weight, build(net("torch.nn.Linear", in_features=3, out_features=2)).weight)


@pytest.mark.parametrize(
    ("target", "kwargs", "says"),
    [
        ("nowhere.Net", {}, "expected an importable function or class, got: no module 'nowhere'"),
        ("torch.nn.Linaer", {}, r"the module torch\.nn has no 'Linaer'; did you mean 'Linear'\?"),
        ("math.pi", {}, "expected a function or class, got float"),
        ("collections.OrderedDict", {}, "expected an nn.Module, got OrderedDict"),
        ("torch.nn.Linear", {"in_features": 3}, r"missing .*'out_features'"),
        ("torch.nn.Linear", {"in_features": 3, "out_features": 3, "wide": 1}, r"unexpected keyword argument 'wide'"),
    ],
)
def test_a_wrong_target_is_explained(target, kwargs, says):
    with pytest.raises(PipelineError, match=rf"model\.net\._target_={target}(, .*)?: .*{says}"):
        build(net(target, **kwargs))


def test_a_file_that_is_not_there_is_explained(module):
    name = module("def make(config): return open(config)")
    with pytest.raises(
        PipelineError, match=r"model\.net\.kwargs={'config': 'gone\.json'}: make failed with .*No such file"
    ):
        build(net(f"{name}.make", config="gone.json"))


def test_an_attribute_of_a_class_builds_too(module):
    name = module("""
        class Nets:
            class Square(nn.Linear):
                @classmethod
                def from_size(cls, size):
                    return cls(size, size)
    """)
    assert build(net(f"{name}.Nets.Square.from_size", size=3)).in_features == 3


def test_a_constructor_that_fails_is_explained():
    with pytest.raises(
        PipelineError, match=r"model\.net\._target_=torch\.nn\.Conv2d, .*: Conv2d failed with ValueError: .*groups"
    ):
        build(net("torch.nn.Conv2d", in_channels=3, out_channels=3, kernel_size=1, groups=2))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


def test_weights_round_trip(path):
    one, two = nn.Linear(3, 2), nn.Linear(3, 2)
    save_weights(one.state_dict(), path)
    load_weights(two, path, "train")
    assert torch.equal(one.weight, two.weight)


def test_tied_weights_round_trip(path):
    def tied():
        made = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        made[1].weight = made[0].weight
        return made

    one, two = tied(), tied()
    save_weights(one.state_dict(), path)
    load_weights(two, path, "train")
    assert torch.equal(one[1].weight, two[1].weight)


def test_parts_of_one_tensor_round_trip(path):
    whole = torch.arange(12.0).reshape(4, 3)
    save_weights({"top": whole[:2], "all": whole, "column": whole[:, 1]}, path)
    found = read_state(path, "train")
    assert {name: tensor.tolist() for name, tensor in found.items()} == {
        "top": whole[:2].tolist(),
        "all": whole.tolist(),
        "column": [1, 4, 7, 10],
    }


def test_others_may_read_the_weights(path):
    save_weights(nn.Linear(1, 1).state_dict(), path)
    (path.parent / "plain").touch()
    assert path.stat().st_mode == (path.parent / "plain").stat().st_mode


def test_equal_weights_give_equal_bytes(path):
    torch.manual_seed(0)
    state = nn.Linear(3, 2).state_dict()
    save_weights(state, path)
    before = path.read_bytes()
    save_weights(dict(reversed(state.items())), path)
    assert path.read_bytes() == before


def test_missing_weights(path):
    with pytest.raises(PipelineError, match=r"weights\.safetensors is missing: .*train"):
        load_weights(nn.Linear(1, 1), path, "train")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_truncated_weights(share, path):
    save_weights(nn.Linear(30, 20).state_dict(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        PipelineError, match=r"expected a state_dict .*, got a damaged or other file .* make it again with train"
    ):
        load_weights(nn.Linear(30, 20), path, "train")


def test_a_pickle_is_not_opened(path):
    path.write_bytes(b"\x80\x02}q\x00." * 20)
    with pytest.raises(PipelineError, match="expected a state_dict"):
        load_weights(nn.Linear(1, 1), path, "train")


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"weight": torch.zeros(2, 3)}, "does not fit Linear: bias is missing"),
        (
            {"weight": torch.zeros(2, 4), "bias": torch.zeros(2)},
            r"weight has shape \[2, 4\], expected \[2, 3\]",
        ),
        (
            {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)},
            "more is not the network's",
        ),
        ({f"w{i}": torch.zeros(1) for i in range(5)}, r"w2 is not the network's; and 2 more\. Train again"),
    ],
)
def test_weights_that_do_not_fit(state, says, path):
    save_file(state, path)
    network = nn.Linear(3, 2)
    before = network.weight.clone()
    with pytest.raises(PipelineError, match=says):
        load_weights(network, path, "train")
    assert torch.equal(network.weight, before)


NETS = """
class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("table", torch.arange(3.0), persistent=False)
        self.scale = torch.tensor(2.0)

    def forward(self, x):
        return self.norm(self.linear(x)) * self.table * self.scale


class Tied(Plain):
    def __init__(self):
        super().__init__()
        self.other = nn.Linear(3, 3)
        self.other.weight = self.linear.weight


class Frozen(Plain):
    def __init__(self):
        super().__init__()
        self.linear.weight.requires_grad = False


class Computed(Plain):
    def __init__(self):
        super().__init__()
        self.register_buffer("norms", self.linear.weight.detach().norm(dim=1), persistent=False)


class Listed(Plain):
    def __init__(self):
        super().__init__()
        self.sums = [{"w": self.linear.weight.detach().sum()}]


class Asked(Plain):
    def __init__(self):
        super().__init__()
        self.positive = bool(self.linear.weight.sum() > 0)
"""


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(factory, "LARGE", 1)


@pytest.fixture
def saved(module, path):
    """A network with weights that it would not have been made with, saved; what makes another."""

    def save(kind: str) -> tuple[nn.Module, Net]:
        target = net(f"{module(NETS)}.{kind}")
        torch.manual_seed(1)
        made = build(target).eval()
        save_weights(made.state_dict(), path)
        torch.manual_seed(2)
        return made, target

    return save


def in_the_file(made: nn.Module) -> bool:
    """Whether the parameters are the file's own tensors: a module's initial weights lie elsewhere."""
    low, high = next(
        tuple(int(end, 16) for end in line.split()[0].split("-"))
        for line in open("/proc/self/maps")  # noqa: PTH123, SIM115
        if line.rstrip().endswith("weights.safetensors")
    )
    return all(low <= parameter.data_ptr() < high for parameter in made.parameters())


@pytest.mark.parametrize("kind", ["Plain", "Tied", "Frozen"])
def test_large_weights_are_not_held_twice(kind, saved, path, large):
    one, target = saved(kind)
    two, fit = restore(target, path, "train")
    assert fit == {"missing": [], "unexpected": []}
    assert in_the_file(two)
    rows = torch.rand(4, 3)
    assert torch.equal(one(rows), two.eval()(rows))
    assert [p.requires_grad for p in two.parameters()] == [p.requires_grad for p in one.parameters()]


def test_tied_parameters_stay_one(saved, path, large):
    _, target = saved("Tied")
    made, _ = restore(target, path, "train")
    assert made.other.weight is made.linear.weight


@pytest.mark.parametrize("kind", ["Computed", "Listed", "Asked"])
def test_a_network_that_computes_from_its_first_weights_is_made_as_ever(kind, saved, path, large):
    _, target = saved(kind)
    made, _ = restore(target, path, "train")
    torch.manual_seed(2)
    expected = build(target)
    load_weights(expected, path, "train")
    for attribute in ("norms", "sums", "positive"):
        if hasattr(expected, attribute):
            assert getattr(made, attribute) is not None
            assert str(getattr(made, attribute)) == str(getattr(expected, attribute))
    rows = torch.rand(4, 3)
    assert torch.equal(made.eval()(rows), expected.eval()(rows))


def test_weights_of_another_type_are_converted_as_ever(saved, path, large):
    one, target = saved("Plain")
    save_weights(one.half().state_dict(), path)
    made, _ = restore(target, path, "train")
    assert {parameter.dtype for parameter in made.parameters()} == {torch.float32}


def test_large_weights_that_do_not_fit_are_refused(saved, path, large):
    _, target = saved("Plain")
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(PipelineError, match=r"does not fit Plain: linear\.weight is missing"):
        restore(target, path, "train")


def test_large_weights_that_are_left_over_may_be_allowed(saved, path, large):
    one, target = saved("Plain")
    save_file({**one.state_dict(), "more": torch.zeros(2)}, path)
    assert restore(target, path, "train", strict=False)[1] == {"missing": [], "unexpected": ["more"]}


def test_modules_are_made_as_ever_afterwards(saved, path, large):
    _, target = saved("Plain")
    restore(target, path, "train")
    assert not nn.Linear(2, 2).weight.is_meta
