"""From a PyTorch model to an ONNX model that .NET can trust: one module a stage, files in between."""
