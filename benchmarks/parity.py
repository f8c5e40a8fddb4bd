"""Checks that the twins compute what rheostat's models compute.

Reads the newest checkpoint of each run into its twin, evaluates it on the validation split, and compares loss and
metric with what the run recorded at that step.
"""

import argparse
import json
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent / "pytorch"))

import gpt
import mlp
import resnet
import vit
from twin import Twin

TWINS: dict[str, Twin] = {**mlp.TWINS, **resnet.TWINS, **vit.TWINS, **gpt.TWINS}
TOLERANCE = 1e-6
CHUNK = 250

# Inputs and targets of a whole split; a target for each row of logits.
Split = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Evaluation:
    loss: float
    metric: float


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file: a length, a JSON header, then the bytes."""
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: {name} is of type {entry['dtype']}, expected F32")
        first, last = entry["data_offsets"]
        values = np.frombuffer(content[begin + first : begin + last], dtype="<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def names(model: nn.Module) -> Iterator[tuple[str, str, bool]]:
    """Each tensor of a twin: its name in PyTorch, in Burn, and whether Burn stores it transposed.

    The twins name their fields as the Rust models do. What differs is inside the layers: Burn multiplies by
    `[in, out]` weights from the right, and calls the scale and shift of a norm gamma and beta.
    """
    norms = {"weight": "gamma", "bias": "beta"}
    for name in model.state_dict():
        path, _, leaf = name.rpartition(".")
        layer = model.get_submodule(path)
        if leaf == "num_batches_tracked":
            continue
        if isinstance(layer, nn.BatchNorm2d | nn.LayerNorm):
            yield name, f"{path}.{norms.get(leaf, leaf)}", False
        else:
            yield name, name, isinstance(layer, nn.Linear) and leaf == "weight"


def load_weights(model: nn.Module, path: Path) -> None:
    """Sets every tensor of a twin from a checkpoint; both must hold the same ones."""
    stored = read_safetensors(path)
    state = {}
    for name, burn_name, transposed in names(model):
        if burn_name not in stored:
            sys.exit(f"{path} has no {burn_name}; it has {', '.join(stored)}")
        values = stored.pop(burn_name)
        state[name] = values.T if transposed else values
    if stored:
        sys.exit(f"{path}: the twin has no {', '.join(stored)}")
    # Shapes are checked; all that may be left out are the counters that only PyTorch keeps.
    model.load_state_dict({**model.state_dict(), **state})


def cifar10(data: Path, side: int) -> Split:
    """The first half of the test batch, averaged down to `side` pixels and normalised."""
    archive = data / "cifar-10" / "cifar-10-binary.tar.gz"
    with tarfile.open(archive) as entries:
        member = entries.extractfile("cifar-10-batches-bin/test_batch.bin")
        assert member is not None
        records = np.frombuffer(member.read(), dtype=np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    records = records[: len(records) // 2]
    step = 32 // side
    squares = records[:, 1:].reshape(-1, 3, side, step, side, step)
    mean, deviation = (
        np.array(values, dtype=np.float32).reshape(3, 1, 1)
        for values in ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
    )
    pixels = squares.mean(axis=(3, 5), dtype=np.float32)
    return torch.from_numpy((pixels / 255 - mean) / deviation), torch.from_numpy(records[:, 0].astype(np.int64))


def shakespeare(data: Path) -> Split:
    """Windows side by side in the first half of the last tenth of the text, and the characters that follow."""
    text = np.frombuffer((data / "tinyshakespeare" / "input.txt").read_bytes(), dtype=np.uint8)
    tokens = np.searchsorted(np.unique(text), text)
    rest = tokens[len(tokens) * 9 // 10 :]
    validation = rest[: len(rest) // 2]
    length = (len(validation) - 1) // gpt.CONTEXT * gpt.CONTEXT
    inputs = torch.from_numpy(validation[:length]).reshape(-1, gpt.CONTEXT)
    return inputs, torch.from_numpy(validation[1 : length + 1])


def digits() -> Split | None:
    """Every fifth of the handwritten digits, where scikit-learn is there to give them."""
    if find_spec("sklearn") is None:
        return None
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return torch.from_numpy(images[::5].astype(np.float32) / 16), torch.from_numpy(labels[::5].astype(np.int64))


def validation_split(workload: str, twin: Twin, data: Path) -> Split | None:
    if workload == "digits-mlp":
        return digits()
    if workload == "shakespeare-gpt":
        return shakespeare(data)
    inputs, _ = twin.batch(1)
    return cifar10(data, side=inputs.shape[-1])


def evaluate(model: nn.Module, split: Split) -> Evaluation:
    """Mean loss, and the share of rows whose largest logit is the target's."""
    inputs, targets = split
    rows = CHUNK * len(targets) // len(inputs)
    loss, right = 0.0, 0
    model.eval()
    with torch.inference_mode():
        for some, truth in zip(inputs.split(CHUNK), targets.split(rows), strict=True):
            logits = model(some).double()
            loss += F.cross_entropy(logits, truth, reduction="sum").item()
            right += int((logits.argmax(dim=1) == truth).sum())
    return Evaluation(loss / len(targets), right / len(targets))


def recorded(run: Path, step: int) -> Evaluation:
    """What the run recorded at its evaluation after `step` updates."""
    events = map(json.loads, (run / "events.jsonl").read_text().splitlines())
    found = [event for event in events if event["event"] == "evaluation" and event["step"] == step]
    if not found:
        sys.exit(f"{run}: no evaluation at step {step}, where its newest checkpoint is")
    return Evaluation(float(found[-1]["val_loss"]), float(found[-1]["val_metric"]))


def newest_checkpoint(run: Path) -> tuple[int, Path]:
    steps = [int(folder.name.removeprefix("step-")) for folder in (run / "checkpoints").glob("step-*[0-9]")]
    if not steps:
        sys.exit(f"{run}: no checkpoint")
    return max(steps), run / "checkpoints" / f"step-{max(steps)}" / "weights.safetensors"


def check(run: Path, data: Path) -> bool:
    """Prints how far twin and run are apart; whether they agree."""
    manifest = json.loads((run / "manifest.json").read_text())
    workload, metric = manifest["workload"], manifest["metric"]
    twin = TWINS[workload]
    split = validation_split(workload, twin, data)
    if split is None:
        print(f"{workload}: skipped, the digits need scikit-learn")
        return True
    step, weights = newest_checkpoint(run)
    model = twin.build(dropout=0.0)
    load_weights(model, weights)
    found, known = evaluate(model, split), recorded(run, step)
    if metric == "loss":
        found = Evaluation(found.loss, found.loss)
    apart = abs(found.loss - known.loss)
    # One sample on the edge between two classes may fall to either side.
    slack = max(TOLERANCE, 1 / len(split[1]))
    agree = apart <= TOLERANCE and abs(found.metric - known.metric) <= slack
    print(
        f"{workload} after {step} updates: loss {known.loss:.7f}, twin {found.loss:.7f}, apart {apart:.1e}; "
        f"{metric} {known.metric:.5f}, twin {found.metric:.5f}: {'agree' if agree else 'DIFFER'}"
    )
    return agree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run directories that `rheostat train` wrote")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with the datasets (default: data)")
    options = parser.parse_args()
    torch.set_num_threads(2)
    agreed = [check(run, options.data) for run in options.runs]
    sys.exit(0 if all(agreed) else 1)


if __name__ == "__main__":
    main()
