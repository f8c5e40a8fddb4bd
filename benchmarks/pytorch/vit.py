"""Twins of the vision transformers (Dosovitskiy et al. 2020)."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from transformer import Block, BlockConfig, linear
from twin import Twin, images, main

COLOURS, CLASSES, PATCH = 3, 10, 4


@dataclass(frozen=True)
class Config:
    """Sizes, and whether the head reads a class token instead of the mean of the patches."""

    side: int
    width: int
    layers: int
    heads: int
    hidden: int
    class_token: bool


class Vit(nn.Module):
    def __init__(self, config: Config, dropout: float) -> None:
        super().__init__()
        width = config.width
        tokens = (config.side // PATCH) ** 2 + int(config.class_token)
        block = BlockConfig(
            width=width,
            heads=config.heads,
            hidden=config.hidden,
            dropout=dropout,
            causal=False,
            # Three square matrices side by side: the gain makes up for the threefold outputs that Glorot's rule sees.
            attention=partial(nn.init.xavier_uniform_, gain=2**0.5),
            expansion=nn.init.xavier_uniform_,
            residual=nn.init.xavier_uniform_,
        )
        self.embedding = linear(COLOURS * PATCH**2, width, nn.init.xavier_uniform_)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width)) if config.class_token else None
        self.positions = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        self.blocks = nn.ModuleList(Block(block) for _ in range(config.layers))
        self.norm = nn.LayerNorm(width)
        self.head = linear(width, CLASSES, nn.init.zeros_)
        self.dropout = nn.Dropout(dropout)

    def forward(self, images: Tensor) -> Tensor:
        stream = self.embedding(patches(images))
        if self.class_token is not None:
            stream = torch.cat((self.class_token.expand(len(images), -1, -1), stream), dim=1)
        stream = self.dropout(stream + self.positions)
        for block in self.blocks:
            stream = block(stream)
        stream = self.norm(stream)
        return self.head(stream.mean(dim=1) if self.class_token is None else stream[:, 0])


def patches(images: Tensor) -> Tensor:
    """Images `[images, colours, rows, columns]` as patches `[images, patches, colours * PATCH * PATCH]`."""
    count, colours, rows, columns = images.shape
    squares = images.reshape(count, colours, rows // PATCH, PATCH, columns // PATCH, PATCH)
    return squares.permute(0, 2, 4, 1, 3, 5).reshape(count, -1, colours * PATCH**2)


def twin(parameters: int, config: Config) -> Twin:
    return Twin(parameters, partial(Vit, config), images(config.side))


TWINS = {
    "cifar10-vit-mini": twin(204_874, Config(side=16, width=64, layers=4, heads=4, hidden=256, class_token=False)),
    "cifar10-vit": twin(12_470_026, Config(side=32, width=384, layers=7, heads=12, hidden=1536, class_token=True)),
}

if __name__ == "__main__":
    main(TWINS)
