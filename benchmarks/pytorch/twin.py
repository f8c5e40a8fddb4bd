"""What the twins share: the workload's recipe, the timed training step and the command line."""

import argparse
import json
import resource
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

RECIPES = Path(__file__).resolve().parents[2] / "crates" / "workload" / "recipes"
# Constant: what a step costs does not depend on it.
LEARNING_RATE = 1e-3
# The optimizers, and the constants of theirs that a recipe may set.
CONSTANTS = {
    "adamw": {"momentum", "beta2", "epsilon", "weight_decay"},
    "heavy_ball": {"momentum", "weight_decay"},
    "nesterov": {"momentum", "weight_decay"},
}
PHASES = ("forward", "backward", "update")


@dataclass(frozen=True)
class Twin:
    """A workload's model, and a batch of noise in the shape of its data."""

    parameters: int
    model: Callable[[float], nn.Module]
    batch: Callable[[int], tuple[Tensor, Tensor]]

    def build(self, dropout: float) -> nn.Module:
        """A freshly initialised model of the size that the workload states."""
        model = self.model(dropout)
        count = sum(parameter.numel() for parameter in model.parameters())
        assert count == self.parameters, f"{count} parameters instead of {self.parameters}"
        return model


@dataclass(frozen=True)
class Recipe:
    """The part of a workload's default recipe that decides what a step computes."""

    batch_size: int
    method: str
    momentum: float
    beta2: float
    epsilon: float
    weight_decay: float
    dropout: float
    label_smoothing: float
    clip_norm: float | None

    @classmethod
    def of(cls, workload: str) -> "Recipe":
        """Reads the recipe that the program embeds, so that both sides follow one file."""
        table = tomllib.loads((RECIPES / f"{workload}.toml").read_text())
        optimizer = table.get("optimizer", {})
        method = optimizer.get("method")
        known = CONSTANTS.get(method)
        if known is None or not optimizer.keys() <= known | {"method"}:
            sys.exit(f"{workload}: the twins know the optimizers {CONSTANTS}, the recipe says {optimizer}")
        values = {**table, **optimizer}

        def number(name: str, default: float) -> float:
            value = values.get(name, default)
            if not isinstance(value, int | float):
                sys.exit(f"{workload}: the twins take numbers only, the recipe says {name} = {value}")
            return value

        return cls(
            batch_size=int(number("batch_size", 32)),
            method=method,
            momentum=number("momentum", 0.9),
            beta2=number("beta2", 0.999),
            epsilon=number("epsilon", 1e-8),
            weight_decay=number("weight_decay", 0.01 if method == "adamw" else 0.0),
            dropout=number("dropout", 0.0),
            label_smoothing=number("label_smoothing", 0.0),
            clip_norm=number("clip_norm", 0.0) or None,
        )

    def optimizer(self, model: nn.Module, fused: bool) -> torch.optim.Optimizer:
        """The recipe's optimizer; fused in one kernel, or as PyTorch chooses."""
        if self.method == "adamw":
            return torch.optim.AdamW(
                model.parameters(),
                lr=LEARNING_RATE,
                betas=(self.momentum, self.beta2),
                eps=self.epsilon,
                weight_decay=self.weight_decay,
                fused=fused or None,
            )
        return torch.optim.SGD(
            model.parameters(),
            lr=LEARNING_RATE,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.method == "nesterov",
            fused=fused or None,
        )


def profile(workload: str, twin: Twin, options: argparse.Namespace) -> dict[str, Any]:
    """Trains on one batch of noise and reports in the form of `rheostat profile --format json`."""
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    recipe = Recipe.of(workload)
    model = twin.build(recipe.dropout).train()
    optimizer = recipe.optimizer(model, options.fused)

    def loss_of(inputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(model(inputs), targets, label_smoothing=recipe.label_smoothing)

    forward = torch.compile(loss_of) if options.compile else loss_of
    batch = twin.batch(recipe.batch_size)
    if options.channels_last:
        model = model.to(memory_format=torch.channels_last)
        batch = (batch[0].to(memory_format=torch.channels_last), batch[1])

    def step() -> tuple[float, ...]:
        """One update, in milliseconds by phase."""
        start = time.perf_counter()
        loss = forward(*batch)
        value = loss.item()
        evaluated = time.perf_counter()
        loss.backward()
        differentiated = time.perf_counter()
        if recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
        optimizer.zero_grad()
        updated = time.perf_counter()
        if not np.isfinite(value):
            sys.exit(f"{workload}: the loss is {value}")
        return 1e3 * (evaluated - start), 1e3 * (differentiated - evaluated), 1e3 * (updated - differentiated)

    for _ in range(options.warm_up):
        step()
    laps = np.array([step() for _ in range(options.steps)])
    p10, median, p90 = np.percentile(laps.sum(axis=1), [10, 50, 90]).tolist()
    phases = dict(zip(PHASES, np.median(laps, axis=0).tolist(), strict=True))
    peak = peak_memory()
    return {
        "workload": workload,
        "batch_size": recipe.batch_size,
        "steps": options.steps,
        "threads": torch.get_num_threads(),
        "step_milliseconds": {"median": median, "p10": p10, "p90": p90},
        "phases_milliseconds": {"data": 0.0, **phases, "control": 0.0, "recording": 0.0},
        "peak_memory_bytes": peak,
        "floating_point_operations": operations(lambda: loss_of(*batch)),
    }


def operations(loss: Callable[[], Tensor]) -> int:
    """Multiplications and additions of the matrix products and convolutions in one step."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        loss().backward()
    return counter.get_total_flops()


def peak_memory() -> int:
    """The most that this process has had resident, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def images(side: int) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Batches in the shape of CIFAR-10 at this size."""
    return lambda count: (torch.randn(count, 3, side, side), torch.randint(10, (count,)))


def main(twins: Mapping[str, Twin]) -> None:
    """The command line of a file of twins."""
    parser = argparse.ArgumentParser(description="Times the training steps of a PyTorch twin; prints JSON.")
    parser.add_argument("--workload", choices=twins, default=next(iter(twins)))
    parser.add_argument("--steps", type=int, default=50, help="updates measured (default: %(default)s)")
    parser.add_argument("--warm-up", type=int, default=5, help="updates before the measurement (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="compute threads (default: %(default)s)")
    parser.add_argument("--compile", action="store_true", help="compile the forward pass and the loss")
    parser.add_argument("--fused", action="store_true", help="update all parameters in one kernel")
    parser.add_argument("--channels-last", action="store_true", help="images and weights with the channels last")
    options = parser.parse_args()
    print(json.dumps(profile(options.workload, twins[options.workload], options)))
