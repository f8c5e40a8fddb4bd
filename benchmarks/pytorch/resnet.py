"""Twins of the residual networks for small images (He et al. 2016, section 4.2)."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from twin import Twin, images, main

COLOURS, CLASSES = 3, 10


@dataclass(frozen=True)
class Config:
    """Channels of each stage, blocks in it, and what its first block does."""

    widths: tuple[int, ...]
    blocks: int
    projected: bool
    zero_last_scale: bool = False


class Projection(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv = convolution(inputs, width, 1, stride)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.norm(self.conv(hidden))


class ResidualBlock(nn.Module):
    def __init__(self, config: Config, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(inputs, width, 3, stride)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = convolution(width, width, 3, 1)
        self.second_norm = nn.BatchNorm2d(width)
        if config.zero_last_scale:
            nn.init.zeros_(self.second_norm.weight)
        self.projection = Projection(inputs, width, stride) if config.projected and inputs != width else None
        self.stride = stride
        self.padding = width - inputs

    def forward(self, hidden: Tensor) -> Tensor:
        residual = F.relu(self.first_norm(self.first(hidden)))
        residual = self.second_norm(self.second(residual))
        return F.relu(self.shortcut(hidden) + residual)

    def shortcut(self, hidden: Tensor) -> Tensor:
        if self.projection is not None:
            return self.projection(hidden)
        if self.padding == 0 and self.stride == 1:
            return hidden
        thinned = hidden[:, :, :: self.stride, :: self.stride]
        return F.pad(thinned, (0, 0, 0, 0, 0, self.padding))


class ResNet(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        inputs = config.widths[0]
        self.stem = convolution(COLOURS, inputs, 3, 1)
        self.norm = nn.BatchNorm2d(inputs)
        self.blocks = nn.ModuleList()
        for stage, width in enumerate(config.widths):
            for block in range(config.blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                self.blocks.append(ResidualBlock(config, inputs, width, stride))
                inputs = width
        self.head = nn.Linear(inputs, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        hidden = F.relu(self.norm(self.stem(images)))
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden.mean(dim=(2, 3)))


def convolution(inputs: int, outputs: int, size: int, stride: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def twin(parameters: int, side: int, config: Config) -> Twin:
    # Residual networks have no dropout.
    return Twin(parameters, lambda _dropout: ResNet(config), images(side))


TWINS = {
    "cifar10-resnet8": twin(78_042, 16, Config((16, 32, 64), blocks=1, projected=True, zero_last_scale=True)),
    "cifar10-resnet20": twin(269_722, 32, Config((16, 32, 64), blocks=3, projected=False)),
    "cifar10-resnet18": twin(11_173_962, 32, Config((64, 128, 256, 512), blocks=2, projected=True)),
}

if __name__ == "__main__":
    main(TWINS)
