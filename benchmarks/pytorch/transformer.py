"""The transformer block that the vision transformer and the GPT share: norms first, dropout as in nanoGPT."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

Initializer = Callable[[Tensor], object]


@dataclass(frozen=True)
class BlockConfig:
    """Sizes of a block, and the initialisers of its layers."""

    width: int
    heads: int
    hidden: int
    dropout: float
    causal: bool
    attention: Initializer
    expansion: Initializer
    residual: Initializer


class Attention(nn.Module):
    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.inputs = linear(config.width, 3 * config.width, config.attention)
        self.output = linear(config.width, config.width, config.residual)
        self.config = config

    def forward(self, stream: Tensor) -> Tensor:
        batch, tokens, width = stream.shape
        heads = self.config.heads
        joint = self.inputs(stream).view(batch, tokens, 3, heads, width // heads)
        query, key, value = joint.permute(2, 0, 3, 1, 4)
        dropout = self.config.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=dropout, is_causal=self.config.causal)
        return self.output(mixed.transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.perceptron_norm = nn.LayerNorm(config.width)
        self.expansion = linear(config.width, config.hidden, config.expansion)
        self.contraction = linear(config.hidden, config.width, config.residual)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, stream: Tensor) -> Tensor:
        stream = stream + self.dropout(self.attention(self.attention_norm(stream)))
        hidden = F.gelu(self.expansion(self.perceptron_norm(stream)))
        return stream + self.dropout(self.contraction(hidden))


def linear(inputs: int, outputs: int, weights: Initializer) -> nn.Linear:
    """A linear layer with zero bias."""
    layer = nn.Linear(inputs, outputs)
    weights(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
