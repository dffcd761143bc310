"""A Python script for one request: loads the network, answers and ends.

    python script.py linear|digits|sentiment < request.json

Runs in the folder in which the pipeline built the model.
"""

import json
import sys

import numpy as np
import torch
from safetensors.torch import load_file

from models.digits import DigitsNet
from models.sentiment import SentimentNet
from pipeline.core.paths import CHECKPOINT
from pipeline.network.encoders import encode, load_encoders

name = sys.argv[1]
NETWORKS = {
    "linear": lambda: torch.nn.Linear(10, 5),
    "digits": DigitsNet,
    "sentiment": lambda: SentimentNet(vocabulary=20000),
}
network = NETWORKS[name]()
network.load_state_dict(load_file(CHECKPOINT))
network.eval()
request = json.load(sys.stdin)
with torch.no_grad():
    if name == "linear":
        answer = {"output": network(torch.tensor([request["input"]]))[0].tolist()}
    elif name == "digits":
        outputs = network(torch.tensor([request["pixels"]]).reshape(1, 8, 8))
        answer = {"digit": str(outputs["label"].item()), "probabilities": outputs["probabilities"][0].tolist()}
    else:
        text = encode({"text": np.array([request["text"]])}, load_encoders())["text"]
        outputs = network(torch.from_numpy(text))
        label = outputs["label"].item()
        answer = {"label": ("negative", "positive")[label], "score": outputs["probabilities"][0, label].item()}
print(json.dumps(answer))
