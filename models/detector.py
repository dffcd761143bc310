"""Finds the brightest disc in a picture of any size."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class DetectorNet(nn.Module):
    """A small convolutional detector: a score for each cell of a grid over the picture; the best cells are the answer.

    Resizing and scaling are part of the network: it takes 8-bit pixels, channels last, as cameras and decoders give them.

    Args:
        size: Height and width that every picture is resized to.
        width: Channels of the first convolution.
        best: Cells that are answered.
    """

    def __init__(self, size: int = 32, width: int = 16, best: int = 3) -> None:
        super().__init__()
        self.size, self.best, self.cells = size, best, 8
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 1, size // 16, stride=size // 16),
        )
        # Of cells that are alike, as in a picture of one colour, the first is best: on every runtime, not as each sorts.
        self.register_buffer("order", -1e-3 * torch.arange(self.cells**2), persistent=False)

    def logits(self, image: Tensor) -> Tensor:
        """What training compares with the target: float32 [batch, 64], a score for each cell, row by row from the top left."""
        pixels = image.permute(0, 3, 1, 2).to(torch.float32) / 255
        resized = functional.interpolate(pixels, size=(self.size, self.size), mode="bilinear", align_corners=False)
        return self.features(resized * 2 - 1).flatten(1) + self.order

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """The answer, best first.

        Args:
            image: uint8 [batch, height, width, 3].

        Returns:
            cell, int64 [batch]; boxes, float32 [batch, best, 4], each left, top, right and bottom in pixels of the picture;
            scores, float32 [batch, best].
        """
        scores, places = torch.softmax(self.logits(image), dim=-1).topk(self.best, dim=-1)
        column = (places % self.cells).to(torch.float32)
        row = torch.div(places, self.cells, rounding_mode="floor").to(torch.float32)
        boxes = torch.stack([column, row, column + 1, row + 1], dim=-1) / self.cells
        height, width = image.shape[1], image.shape[2]
        return {"cell": places[:, 0], "boxes": boxes * torch.tensor([width, height, width, height]), "scores": scores}
