"""Times of single operations beside PyTorch's, as a Markdown table: forward pass, and both passes.

Runs `cargo bench --workspace --bench operations` first, which prints its measurements, then the same operations in PyTorch.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def products(count):
    """Work of as many multiplications and additions, of which the backward pass has twice as many."""
    return "GFLOP/s", 2 * count, 6 * count


def moved(numbers, forward=2, backward=3):
    """Work of memory: tensors of so many numbers that are read or written, each counted once, in the passes."""
    return "GB/s", 4 * numbers * forward, 4 * numbers * (forward + backward)


def operations(torch):
    """Names, functions and their work, as in crates/kernels/benches/operations.rs."""
    functional = torch.nn.functional

    def random(*shape):
        return torch.randn(shape, requires_grad=True)

    hidden, copied = random(64, 64, 768), torch.empty(64, 64, 768)
    activations = hidden.numel()
    yield "copy 64x64x768", lambda: copied.copy_(hidden.detach()), moved(activations)
    left, right = random(1024, 1024), random(1024, 1024)
    yield "matmul 1024x1024x1024", lambda: left @ right, products(1024**3)
    rows, weight, bias = random(4096, 192), random(768, 192), random(768)
    yield "linear 4096x192x768", lambda: functional.linear(rows, weight, bias), products(4096 * 192 * 768)
    for inputs, outputs, side, stride in [(32, 64, 28, 2), (64, 64, 14, 1), (16, 16, 32, 1)]:
        images, kernel = random(128, inputs, side, side), random(outputs, inputs, 3, 3)
        name = f"conv 3x3 {inputs} to {outputs} stride {stride} at {side}x{side}, batch 128"
        work = products(128 * (side // stride) ** 2 * outputs * inputs * 9)
        yield name, lambda: functional.conv2d(images, kernel, stride=stride, padding=1), work
    last, kernel = random(128, 64, 14, 14), random(64, 64, 3, 3)
    last = last.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    name = "conv 3x3 64 to 64 stride 1 at 14x14, batch 128, channels last"
    yield name, lambda: functional.conv2d(last, kernel, padding=1), products(128 * 14**2 * 64 * 64 * 9)
    images, kernel = random(128, 64, 16, 16), random(128, 64, 1, 1)
    work = products(128 * 8**2 * 64 * 128)
    yield "conv 1x1 64 to 128 stride 2 at 16x16, batch 128", lambda: functional.conv2d(images, kernel, stride=2), work
    images, norm = random(128, 32, 28, 28), torch.nn.BatchNorm2d(32)
    work = moved(images.numel())
    yield "batch norm 128x32x28x28", lambda: norm(images), work
    yield "batch norm, ReLU 128x32x28x28", lambda: functional.relu(norm(images)), work
    last = images.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    yield "batch norm, ReLU 128x32x28x28, channels last", lambda: functional.relu(norm(last)), work
    tokens, gain, shift = random(64, 64, 192), random(192), random(192)
    yield "layer norm 64x64x192", lambda: functional.layer_norm(tokens, (192,), gain, shift), moved(tokens.numel())
    yield "GELU 64x64x768", lambda: functional.gelu(hidden), moved(activations)
    yield "GELU by tanh 64x64x768", lambda: functional.gelu(hidden, approximate="tanh"), moved(activations)
    yield "dropout 0.1 64x64x768", lambda: functional.dropout(hidden, 0.1), moved(activations, backward=2)
    yield "sum 64x64x768", lambda: hidden.sum(), moved(activations, forward=1, backward=1)
    pooled = random(128, 64, 8, 8)
    yield "mean over images 128x64x8x8", lambda: pooled.mean((2, 3)), moved(pooled.numel(), forward=1, backward=1)
    joint = random(64, 64, 576)

    def attention(causal, dropout):
        query, key, value = joint.view(64, 64, 3, 3, 64).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=causal, dropout_p=dropout)
        return mixed.transpose(1, 2).reshape(64, 64, 192)

    work = products(2 * 64 * 64 * 64 * 192)
    yield "attention 64x64x192, 3 heads", lambda: attention(False, 0.0), work
    yield "causal attention 64x64x192, 3 heads, dropout 0.1", lambda: attention(True, 0.1), work
    logits, targets = random(4096, 512), torch.arange(4096) * 7 % 512
    loss = lambda: functional.cross_entropy(logits, targets, label_smoothing=0.1)
    yield "cross-entropy 4096x512, smoothing 0.1", loss, moved(logits.numel(), forward=1, backward=2)
    table, indices = random(512, 192), targets.view(64, 64)
    rows = moved(4096 * 192, backward=1)
    yield "embedding 512x192, 4096 rows", lambda: functional.embedding(indices, table), rows


def milliseconds(function):
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1e3


def measure(function, rounds):
    """Median times of the forward pass, and of both passes."""
    forward, both = [], []
    for _ in range(rounds + 2):
        forward.append(milliseconds(function))
        if not function().requires_grad:
            continue
        # Burn's gradients are of the sum of the result; so are these.
        ones = function().detach().clone().fill_(1.0)
        both.append(milliseconds(lambda: function().backward(ones)))
    return [statistics.median(times[2:]) for times in (forward, both) if times]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="compute threads of either side")
    parser.add_argument("--rounds", type=int, default=15, help="measurements of each operation; the median counts")
    arguments = parser.parse_args()

    environment = {**os.environ, "RHEOSTAT_THREADS": str(arguments.threads)}
    command = ["cargo", "bench", "--workspace", "--bench", "operations"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed")
    ours = {row["operation"]: row for row in map(json.loads, filter(lambda line: line.startswith("{"), done.stdout.splitlines()))}

    import torch

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    print("| operation | Burn ms | kernel ms | PyTorch ms | kernel / Burn | kernel / PyTorch | the kernel does |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, function, (unit, *work) in operations(torch):
        row = ours.pop(name, None)
        if row is None:
            sys.exit(f"the benchmark has no operation {name!r}")
        times = zip(row["burn"], row["kernel"], measure(function, arguments.rounds), work)
        for index, (burn, kernel, theirs, done) in enumerate(times):
            label = name if index == 0 else "↳ forward and backward"
            rate = f"{done / kernel / 1e6:.0f} {unit}"
            print(f"| {label} | {burn:.2f} | {kernel:.2f} | {theirs:.2f} | {kernel / burn:.2f} | {kernel / theirs:.2f} | {rate} |")
    if ours:
        sys.exit(f"operations that PyTorch does not measure: {', '.join(ours)}")
    print(f"\nPyTorch {torch.__version__}, {arguments.threads} threads.", file=sys.stderr)


if __name__ == "__main__":
    main()
