"""The services in FastAPI with onnxruntime, for the model that the environment variable MODEL_NAME names."""

import os

import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options)
app = FastAPI()


@app.get("/health")
async def health() -> str:
    return "Healthy"


if os.environ["MODEL_NAME"] == "linear":

    class LinearRow(BaseModel):
        """One row."""

        input: list[float]

    class LinearAnswer(BaseModel):
        """The outputs for one row."""

        output: list[float]

    @app.post("/predict")
    async def linear(row: LinearRow) -> LinearAnswer:
        (output,) = session.run(["output"], {"input": np.array([row.input], np.float32)})
        return LinearAnswer(output=output[0].tolist())

elif os.environ["MODEL_NAME"] == "digits":

    class DigitsRow(BaseModel):
        """One row."""

        pixels: list[float]

    class DigitsAnswer(BaseModel):
        """The outputs for one row."""

        label: str
        probabilities: list[float]

    @app.post("/predict")
    async def digits(row: DigitsRow) -> DigitsAnswer:
        pixels = np.array(row.pixels, np.float32).reshape(1, 8, 8)
        label, probabilities = session.run(["label", "probabilities"], {"pixels": pixels})
        return DigitsAnswer(label=str(label[0]), probabilities=probabilities[0].tolist())

elif os.environ["MODEL_NAME"] == "sentiment":

    class Review(BaseModel):
        """One text."""

        text: str

    class Opinion(BaseModel):
        """Its label, and the probability of each."""

        label: str
        probabilities: list[float]

    @app.post("/predict")
    async def sentiment(row: Review) -> Opinion:
        label, probabilities = session.run(["label", "probabilities"], {"text": np.array([row.text], dtype=object)})
        return Opinion(label=("negative", "positive")[label[0]], probabilities=probabilities[0].tolist())

else:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(os.environ["TOKENIZER_FILE"])
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()

    class Sentence(BaseModel):
        """One text."""

        text: str

    class Embedding(BaseModel):
        """The direction of its meaning."""

        embedding: list[float]

    @app.post("/predict")
    async def minilm(row: Sentence) -> Embedding:
        tokens = tokenizer.encode(row.text)
        numbers = {"input_ids": [tokens.ids], "attention_mask": [tokens.attention_mask]}
        arrays = {name: np.array(values, np.int64) for name, values in numbers.items()}
        (embedding,) = session.run(["embedding"], arrays)
        return Embedding(embedding=embedding[0].tolist())
