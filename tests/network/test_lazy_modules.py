"""Lazy layers get their sizes from a call or from the weights, and are then ordinary ones."""

import pytest
import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from pipeline.core.errors import PipelineError
from pipeline.network.factory import load_weights, save_weights
from pipeline.network.lazy_modules import has_lazy_weights, materialize, settle_lazy_modules

PICTURE = torch.zeros(2, 4, 6, 6)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.LazyConv2d(6, 3, groups=2),
        nn.LazyBatchNorm2d(),
        nn.LazyConvTranspose2d(2, 3),
        nn.Flatten(),
        nn.LazyLinear(5),
    )


def test_a_call_gives_them_their_sizes():
    lazy = network()
    assert has_lazy_weights(lazy)
    materialize(lazy, lambda net: net(PICTURE))
    assert not has_lazy_weights(lazy)
    assert lazy.training
    assert int(lazy[1].num_batches_tracked) == 0  # it was called in evaluation mode


def test_weights_give_them_their_sizes(tmp_path):
    full, lazy = network(), network()
    full(PICTURE)
    save_weights(full.state_dict(), tmp_path / "w.safetensors")
    load_weights(lazy, tmp_path / "w.safetensors", "x")
    assert [type(layer) for layer in lazy] == [type(layer) for layer in full]
    assert [repr(layer) for layer in lazy] == [repr(layer) for layer in full]
    torch.testing.assert_close(lazy.eval()(PICTURE), full.eval()(PICTURE))


def test_weights_that_do_not_fit_other_layers_are_still_refused(tmp_path):
    lazy = nn.Sequential(nn.LazyLinear(3), nn.Linear(3, 2))
    torch.save({**nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1)).state_dict()}, tmp_path / "w.pt")
    with pytest.raises(PipelineError, match=r"1\.weight has shape \[1, 3\], expected \[2, 3\]"):
        load_weights(lazy, tmp_path / "w.pt", "x")


def test_a_layer_that_no_call_reaches_is_named():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.unused = nn.LazyLinear(2), nn.LazyLinear(2)

        def forward(self, x):
            return self.used(x)

    with pytest.raises(
        PipelineError, match=r"expected every lazy layer to get its size from a call, but unused\.weight has none"
    ):
        materialize(Net(), lambda net: net(torch.zeros(1, 3)))


def test_someone_s_own_lazy_layer_waits_for_its_first_call():
    class Own(LazyModuleMixin, nn.Linear):
        cls_to_become = nn.Linear

    own = Own(2, 2)
    settle_lazy_modules(own)
    assert type(own) is Own


def test_an_ordinary_network_is_not_called():
    materialize(nn.Linear(2, 2), lambda net: pytest.fail("it was called"))
