"""Which operators each onnxruntime has kernels for, on a processor: kernels.json, made by benchmarks/kernels.py from the wheels."""
from pathlib import Path
TABLE = Path(__file__).parent / "kernels.json"
