"""The single script that people write instead: the same training, export, simplification, check and logging, in one process.

No gate, no contract, no cache, no configuration: the yardstick of benchmarks/overhead.py. Run in an empty folder.
"""

import argparse
import copy
import importlib.util
import math
from pathlib import Path

import mlflow
import numpy as np
import onnx
import onnxruntime
import onnxsim
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch.utils.data import DataLoader, TensorDataset

from models.digits import DigitsNet

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=40)
epochs = parser.parse_args().epochs

set_seed(0)
torch.use_deterministic_algorithms(True)
csv = Path(importlib.util.find_spec("sklearn").origin).parent / "datasets" / "data" / "digits.csv.gz"
table = np.loadtxt(csv, delimiter=",", dtype=np.float32)
order = np.random.default_rng(0).permutation(len(table))
pixels, target = table[order, :-1].reshape(-1, 8, 8), table[order, -1].astype(np.int64)
cuts = {"validation": slice(0, 180), "test": slice(180, 539), "train": slice(539, None)}
sets = {name: TensorDataset(torch.from_numpy(pixels[cut]), torch.from_numpy(target[cut])) for name, cut in cuts.items()}

accelerator = Accelerator(cpu=True)
net = DigitsNet(width=32, dropout=0.25)
optimizer = torch.optim.AdamW(net.parameters(), lr=0.003, weight_decay=0.01)
loader = DataLoader(sets["train"], 64, shuffle=True, generator=torch.Generator().manual_seed(0))
net, optimizer, loader = accelerator.prepare(net, optimizer, loader)
steps = epochs * len(loader)
rise = round(steps * 0.1)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer.optimizer,
    lambda s: (s + 1) / rise if s < rise else 0.5 * (1 + math.cos(math.pi * (s - rise) / (steps - rise))),
)
best, best_epoch, best_state, curve = math.inf, 0, None, []
for epoch in range(1, epochs + 1):
    net.train()
    for x, y in loader:
        accelerator.backward(torch.nn.functional.cross_entropy(net.logits(x), y))
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    net.eval()
    with torch.no_grad():
        x, y = sets["validation"].tensors
        loss = torch.nn.functional.cross_entropy(net.logits(x), y).item()
    curve.append(loss)
    if loss < best:
        best, best_epoch, best_state = loss, epoch, copy.deepcopy(net.state_dict())
    elif epoch - best_epoch >= 8:
        break
net.load_state_dict(best_state)
net.eval()

x, y = sets["test"].tensors
with torch.no_grad():
    expected = net(x)
torch.onnx.export(
    net,
    kwargs={"pixels": x[:2]},
    f="model.onnx",
    dynamo=True,
    opset_version=20,
    input_names=["pixels"],
    output_names=["label", "probabilities"],
    dynamic_shapes={"pixels": {0: "batch"}},
    verbose=False,
    external_data=False,
)
simple, _ = onnxsim.simplify(onnx.load("model.onnx"))
onnx.save(simple, "simplified.onnx")
label, probabilities = onnxruntime.InferenceSession("simplified.onnx").run(None, {"pixels": x.numpy()})
difference = float(np.abs(probabilities - expected["probabilities"].numpy()).max())

mlflow.set_tracking_uri(f"sqlite:///{Path('mlflow.db').resolve()}")
mlflow.set_experiment("peer")
with mlflow.start_run():
    mlflow.log_params({"epochs": epochs, "lr": 0.003, "batch_size": 64})
    for epoch, loss in enumerate(curve, 1):
        mlflow.log_metric("validation_loss", loss, step=epoch)
    mlflow.log_metrics({"accuracy": float((label == y.numpy()).mean()), "max_abs": difference})
    mlflow.onnx.log_model(simple, name="model", registered_model_name="peer", save_as_external_data=False)
print(f"peer: {len(curve)} epochs, accuracy {(label == y.numpy()).mean():.4f}, largest difference {difference:.3g}")
