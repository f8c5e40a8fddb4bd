"""Twin of the perceptron: two hidden layers, ReLU and dropout after each."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from twin import Twin, main

PIXELS, HIDDEN, CLASSES = 64, 64, 10


class Mlp(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.first = nn.Linear(PIXELS, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.head = nn.Linear(HIDDEN, CLASSES)
        self.dropout = nn.Dropout(dropout)
        for layer in (self.first, self.second):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(self.head.weight)
        for layer in (self.first, self.second, self.head):
            nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.dropout(F.relu(self.first(images)))
        hidden = self.dropout(F.relu(self.second(hidden)))
        return self.head(hidden)


def batch(count: int) -> tuple[Tensor, Tensor]:
    return torch.rand(count, PIXELS), torch.randint(CLASSES, (count,))


TWINS = {"digits-mlp": Twin(8_970, Mlp, batch)}

if __name__ == "__main__":
    main(TWINS)
