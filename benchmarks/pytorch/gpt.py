"""Twin of the character-level GPT: nanoGPT's architecture and initialisation."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from transformer import Block, BlockConfig
from twin import Twin, main

VOCABULARY, CONTEXT, WIDTH, LAYERS, HEADS = 65, 96, 128, 4, 4


class Gpt(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        normal = partial(nn.init.normal_, std=0.02)
        block = BlockConfig(
            width=WIDTH,
            heads=HEADS,
            hidden=4 * WIDTH,
            dropout=dropout,
            causal=True,
            attention=normal,
            expansion=normal,
            residual=partial(nn.init.normal_, std=0.02 / (2 * LAYERS) ** 0.5),
        )
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block(block) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(dropout)
        normal(self.tokens.weight)
        normal(self.positions.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits `[batch * tokens, vocabulary]`; the output weights are the token embedding's."""
        stream = self.dropout(self.tokens(tokens) + self.positions.weight[: tokens.shape[1]])
        for block in self.blocks:
            stream = block(stream)
        return F.linear(self.norm(stream).flatten(0, 1), self.tokens.weight)


def batch(count: int) -> tuple[Tensor, Tensor]:
    return torch.randint(VOCABULARY, (count, CONTEXT)), torch.randint(VOCABULARY, (count * CONTEXT,))


TWINS = {"shakespeare-gpt": Twin(813_952, Gpt, batch)}

if __name__ == "__main__":
    main(TWINS)
