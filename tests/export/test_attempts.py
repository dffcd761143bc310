import numpy as np
import pytest

from pipeline_runs import net

POOL = net("x): return nn.functional.max_pool2d(nn.functional.pad(x - 3, (1, 1, 1, 1)), 3)")


@pytest.fixture
def fails_to_export(empty, module, passes, fails):
    np.savez("rows.npz", x=np.random.default_rng(0).normal(size=(12, 1, 8, 8)).astype(np.float32))
    target = f"{module(POOL)}.Net"
    command = ["params", "model=custom", f"model.net._target_={target}", "data.path=rows.npz", "export.exporter=dynamo"]
    passes(*command, "model.dynamic_axes={x: {0: batch}}")
    for stage in ("prepare", "train"):
        passes(stage)
    return fails("export")


def test_a_graph_that_only_the_optimizer_makes_wrong_says_so(fails_to_export):
    assert ", and right with the optimizer of onnxruntime " in fails_to_export
    assert " off: it is Pad_Fusion, which takes zeros " in fails_to_export
