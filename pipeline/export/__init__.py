"""PyTorch answers here, and only here; its network becomes an ONNX graph."""
