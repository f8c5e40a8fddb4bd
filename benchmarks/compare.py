"""Measures training steps of rheostat and of its PyTorch twins in turns, and prints a Markdown table.

Needs the standard library only; the twins run in the interpreter given with --python.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
WORKLOADS = {
    "digits-mlp": "mlp",
    "cifar10-resnet8": "resnet",
    "cifar10-resnet20": "resnet",
    "cifar10-resnet18": "resnet",
    "cifar10-vit-mini": "vit",
    "cifar10-vit": "vit",
    "shakespeare-gpt": "gpt",
}
COLUMNS = (
    "workload",
    "batch",
    "rheostat ms",
    "of it data ms",
    "rheostat GFLOP/s",
    "PyTorch ms",
    "ratio",
    "rheostat MB",
    "PyTorch MB",
)
# Sides that are measured if asked for, with their columns.
COMPILED = "ratio to compiled"
BURN = "Burn ms"

# What a profile prints, on either side.
Report = dict[str, Any]


def output_of(command: Sequence[str]) -> str:
    """What a command prints; ends the program with its complaint if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with code {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout.strip()


def ours(workload: str, options: argparse.Namespace, kernels: bool = True) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(options.binary), "profile", "--set", f"workload={workload}", "--steps", str(options.steps)]
        command += ["--warm-up", str(options.warm_up), "--threads", str(options.threads)]
        command += ["--format", "json", "--out", f"{folder}/run"]
        command += [] if kernels else ["--no-kernels"]
        if options.data is not None:
            command += ["--data", str(options.data)]
        return json.loads(output_of(command))


def theirs(workload: str, options: argparse.Namespace, compiled: bool = False) -> Report:
    command = [options.python, str(HERE / "pytorch" / f"{WORKLOADS[workload]}.py"), "--workload", workload]
    command += ["--steps", str(options.steps), "--warm-up", str(options.warm_up), "--threads", str(options.threads)]
    command += ["--compile"] if compiled else []
    command += ["--fused"] if options.fused else []
    return json.loads(output_of(command))


def measure(workload: str, options: argparse.Namespace) -> list[dict[str, Report]]:
    """The sides in turns, so that a drift of the machine meets all."""
    rounds = []
    for number in range(1, options.rounds + 1):
        print(f"{workload}: round {number} of {options.rounds}", file=sys.stderr)
        pair = {"rheostat": ours(workload, options), "pytorch": theirs(workload, options)}
        for what in ("batch_size", "steps", "threads"):
            mine, twin = (report[what] for report in pair.values())
            if mine != twin:
                sys.exit(f"{workload}: rheostat measured {what} = {mine:g}, the twin {twin:g}")
        if options.compile:
            pair["compiled"] = theirs(workload, options, compiled=True)
        if options.burn:
            pair["burn"] = ours(workload, options, kernels=False)
        rounds.append(pair)
    return rounds


def step_time(report: Report) -> float:
    return report["step_milliseconds"]["median"]


def row(workload: str, rounds: Sequence[dict[str, Report]]) -> tuple[str, ...]:
    """The cells of a workload: medians over the rounds."""
    mine, twin = ([pair[side] for pair in rounds] for side in ("rheostat", "pytorch"))
    step = median(map(step_time, mine))
    waits = [report["phases_milliseconds"]["data"] for report in mine]
    cells = (
        workload,
        f"{mine[0]['batch_size']:g}",
        number(step),
        number(median(waits)),
        number(twin[0]["floating_point_operations"] / step / 1e6),
        number(median(map(step_time, twin))),
        spread(mine, twin),
        megabytes(mine),
        megabytes(twin),
    )
    compiled, burn = ([pair[side] for pair in rounds if side in pair] for side in ("compiled", "burn"))
    cells += (spread(mine, compiled),) if compiled else ()
    return cells + ((number(median(map(step_time, burn))),) if burn else ())


def spread(mine: Sequence[Report], others: Sequence[Report]) -> str:
    """The ratio of each round: median, smallest and largest."""
    ratios = [step_time(a) / step_time(b) for a, b in zip(mine, others, strict=True)]
    return f"{number(median(ratios))} ({number(min(ratios))} to {number(max(ratios))})"


def number(value: float) -> str:
    """Three digits, and no exponent for large values."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def megabytes(reports: Sequence[Report]) -> str:
    """The median peak; unknown on systems that do not tell."""
    peaks = [report["peak_memory_bytes"] for report in reports]
    return "–" if None in peaks else f"{median(peaks) / 1e6:.0f}"


def table(rows: Sequence[Sequence[str]], options: argparse.Namespace) -> str:
    columns = (*COLUMNS, *([COMPILED] if options.compile else []), *([BURN] if options.burn else []))
    rule = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))


def processor() -> str:
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def conditions(options: argparse.Namespace) -> dict[str, Any]:
    """Under what the numbers were measured; refuses to begin without either side."""
    if not options.binary.is_file():
        sys.exit(f"{options.binary} is missing: cargo build --release builds it, --binary names another")
    try:
        import_torch = [options.python, "-c", "import numpy, torch; print(torch.__version__)"]
        found = subprocess.run(import_torch, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"{options.python} does not run: {error}; --python names another interpreter")
    if found.returncode != 0:
        why = found.stderr.strip().splitlines()[-1:]
        sys.exit(f"{options.python} lacks torch or numpy ({' '.join(why)}); --python names another interpreter")
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "rheostat": output_of([str(options.binary), "--version"]).split()[-1],
        "pytorch": f"{found.stdout.strip()} ({'fused' if options.fused else 'default'} optimizer)",
        "threads": options.threads,
        "rounds": options.rounds,
        "steps": options.steps,
    }


def caption(under: dict[str, Any]) -> str:
    return (
        f"{under['date']}, {under['processor']} ({under['cores']} cores), {under['system']}; "
        f"rheostat {under['rheostat']}, PyTorch {under['pytorch']}; {under['threads']} threads, "
        f"{under['rounds']} rounds of {under['steps']} steps."
    )


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    every = list(WORKLOADS)
    parser.add_argument("--workloads", nargs="+", choices=every, default=every, metavar="NAME", help="which")
    parser.add_argument("--rounds", type=positive, default=5, metavar="N", help="times that the two sides take turns")
    parser.add_argument("--steps", type=positive, default=50, metavar="N", help="updates measured in each turn")
    parser.add_argument("--warm-up", type=positive, default=5, metavar="N", help="updates before them")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="compute threads of either side")
    parser.add_argument("--compile", action="store_true", help="also measure the twins with a compiled forward pass")
    parser.add_argument("--fused", action="store_true", help="let the twins update all parameters in one kernel")
    parser.add_argument("--burn", action="store_true", help="also measure rheostat without its kernels")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with the datasets, for rheostat")
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="interpreter with torch and numpy")
    binary = HERE.parent / "target" / "release" / "rheostat"
    parser.add_argument("--binary", type=Path, metavar="PATH", default=binary, help="the program")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement here, too")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    under = conditions(options)
    results = {workload: measure(workload, options) for workload in options.workloads}
    if options.json is not None:
        options.json.write_text(json.dumps({**under, "results": results}, indent=2) + "\n")
    print(table([row(workload, rounds) for workload, rounds in results.items()], options))
    print(f"\n{caption(under)}")


if __name__ == "__main__":
    main()
