"""ONNX files and onnxruntime sessions."""
