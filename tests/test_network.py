import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from pipeline.errors import PipelineError
from pipeline.network import build, load_weights, save_weights
from pipeline.params import Net


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
        ("nowhere.Net", {}, "expected an importable class or function, got: No module named 'nowhere'"),
        ("torch.nn.Linaer", {}, "has no attribute 'Linaer'"),
        ("math.pi", {}, "expected a class or function that makes an nn.Module, got float"),
        ("collections.OrderedDict", {}, "expected an nn.Module, got OrderedDict"),
        ("torch.nn.Linear", {"in_features": 3}, r"missing .*'out_features'"),
        ("torch.nn.Linear", {"in_features": 3, "out_features": 3, "wide": 1}, r"unexpected keyword argument 'wide'"),
    ],
)
def test_a_wrong_target_is_explained(target, kwargs, says):
    with pytest.raises(PipelineError, match=rf"model\.net\._target_={target}: .*{says}"):
        build(net(target, **kwargs))


def test_a_file_that_is_not_there_is_explained(module):
    name = module("def make(config): return open(config)")
    with pytest.raises(
        PipelineError, match=r"model\.net\.kwargs={'config': 'gone.json'} does not fit make: .*No such file"
    ):
        build(net(f"{name}.make", config="gone.json"))


def test_a_file_of_an_extra_that_is_not_installed_is_explained():
    with pytest.raises(PipelineError, match=r"the setting model\.net\.kwargs\.config needs the extra `some`"):
        build(net("torch.nn.Linear", config="extra:some/package/config.json"))


def test_a_module_that_cannot_be_imported_says_why(module):
    name = module("import no_such_package")
    with pytest.raises(PipelineError, match="No module named 'no_such_package'"):
        build(net(f"{name}.Net"))


def test_a_module_that_does_not_parse_is_explained(module):
    name = module("def broken(:")
    with pytest.raises(PipelineError, match=rf"model\.net\._target_={name}\.Net: .*invalid syntax"):
        build(net(f"{name}.Net"))


def test_a_constructor_that_fails_is_explained():
    with pytest.raises(PipelineError, match=r"model\.net\._target_=torch\.nn\.Conv2d: .*groups"):
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
