"""A Python script for one request: loads the network, answers and ends.

    python script.py linear|digits|sentiment FOLDER < request.json

FOLDER is the pipeline's folder build/ for the model.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from models.digits import DigitsNet
from models.sentiment import SentimentNet
from pipeline.network import encoders
from pipeline.network.encoders import encode

name, folder = sys.argv[1], Path(sys.argv[2])
NETWORKS = {
    "linear": lambda: torch.nn.Linear(10, 5),
    "digits": DigitsNet,
    "sentiment": lambda: SentimentNet(vocabulary=20000),
}
network = NETWORKS[name]()
network.load_state_dict(load_file(folder / "checkpoint.safetensors"))
network.eval()
request = json.load(sys.stdin)
with torch.no_grad():
    if name == "linear":
        answer = {"output": network(torch.tensor([request["input"]]))[0].tolist()}
    elif name == "digits":
        outputs = network(torch.tensor([request["pixels"]]).reshape(1, 8, 8))
        answer = {"digit": str(outputs["label"].item()), "probabilities": outputs["probabilities"][0].tolist()}
    else:
        text = encode({"text": np.array([request["text"]])}, encoders.load(folder / "encoders.json"))["text"]
        outputs = network(torch.from_numpy(text))
        label = outputs["label"].item()
        answer = {"label": ("negative", "positive")[label], "score": outputs["probabilities"][0, label].item()}
print(json.dumps(answer))
