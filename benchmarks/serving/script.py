"""A Python script for one request: load the network, answer, end. `script.py linear|digits checkpoint`, the row on stdin."""

import json
import sys

import torch
from safetensors.torch import load_file

from models.digits import DigitsNet

name, checkpoint = sys.argv[1:]
network = torch.nn.Linear(10, 5) if name == "linear" else DigitsNet()
network.load_state_dict(load_file(checkpoint))
network.eval()
request = json.load(sys.stdin)
with torch.no_grad():
    if name == "linear":
        answer = {"output": network(torch.tensor([request["input"]]))[0].tolist()}
    else:
        outputs = network(torch.tensor([request["pixels"]]).reshape(1, 8, 8))
        answer = {"digit": str(outputs["label"].item()), "probabilities": outputs["probabilities"][0].tolist()}
print(json.dumps(answer))
