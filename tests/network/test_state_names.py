import pytest

from pipeline.network.state_names import fit_names

OWN = ["body.0.weight", "body.0.bias", "head.weight"]


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "model.", "net.", "_orig_mod.module.", "any.thing.else."])
def test_one_prefix_is_taken_off(prefix):
    fitted, done = fit_names({prefix + name: name for name in OWN}, OWN)
    assert fitted == {name: name for name in OWN}
    assert done == f"without the prefix {prefix!r}"


def test_what_is_put_in_within_a_name():
    fitted, done = fit_names({name.replace("body.", "body._orig_mod."): name for name in OWN}, OWN)
    assert fitted == {name: name for name in OWN}
    assert done == "without '_orig_mod.' within them"


def test_a_counter_beside_the_weights():
    fitted, done = fit_names({"n_averaged": "", **{"module." + name: name for name in OWN}}, OWN)
    assert fitted == {name: name for name in OWN}
    assert done == "without the prefix 'module.' and without 'n_averaged'"


def test_the_inner_network_s_weights_fit_a_wrapper():
    fitted, done = fit_names({name: name for name in OWN}, ["model." + name for name in OWN])
    assert fitted == {"model." + name: name for name in OWN}
    assert done == "with the prefix 'model.'"


def test_a_prefix_that_the_network_has_too_stays():
    own = ["model.a", "model.b"]
    assert fit_names({name: name for name in own}, own) == ({name: name for name in own}, "")


@pytest.mark.parametrize(
    "names",
    [
        ["model.body.0.weight", "model.body.0.bias", "other.head.weight"],
        ["model.body.0.weight", "model.body.0.bias"],
        ["model.body.0.weight", "model.body.0.bias", "model.head.weight", "model.more"],
        [],
    ],
    ids=["two prefixes", "one is missing", "one too many", "nothing"],
)
def test_names_that_then_do_not_all_fit_stay(names):
    assert fit_names({name: name for name in names}, OWN) == ({name: name for name in names}, "")
