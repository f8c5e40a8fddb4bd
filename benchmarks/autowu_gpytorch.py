"""One test of AutoWU with GPyTorch, as the paper describes it: 100 iterations of Adam on 100 random losses with a fixed length
scale, then five draws of 500 losses, each conditioned on and predicted at 500 places with its full covariance.

    python benchmarks/autowu_gpytorch.py [LOSSES [THREADS]]  needs torch and gpytorch; 100000 losses and 2 threads
    cargo bench -p rheostat-control --bench autowu          ours on the same number of losses

Prints the median of five tests in milliseconds.
"""

import statistics
import sys
import time

import gpytorch
import torch


class Process(gpytorch.models.ExactGP):
    def __init__(self, x, y, likelihood):
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.ConstantMean()
        self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())
        self.covar_module.base_kernel.lengthscale = 0.2
        self.covar_module.base_kernel.raw_lengthscale.requires_grad_(False)

    def forward(self, x):
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def draw(x, y, count):
    chosen = torch.randperm(len(y))[:count].sort().values
    return x[chosen], y[chosen]


def test(losses):
    x = torch.arange(len(losses), dtype=torch.float32) / len(losses)
    likelihood = gpytorch.likelihoods.GaussianLikelihood(noise_constraint=gpytorch.constraints.GreaterThan(1e-4))
    likelihood.noise = 1e-3
    fitted = draw(x, losses, 100)
    process = Process(*fitted, likelihood)
    process.mean_module.constant.data.fill_(losses.mean())
    process.train(), likelihood.train()
    moved = [parameter for parameter in process.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(moved, lr=0.01)
    objective = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, process)
    for _ in range(100):
        optimizer.zero_grad()
        loss = -objective(process(fitted[0]), fitted[1])
        loss.backward()
        optimizer.step()
    process.eval(), likelihood.eval()
    votes, grid = 0, torch.linspace(0, 1, 500)
    for _ in range(5):
        process.set_train_data(*draw(x, losses, 500), strict=False)
        with torch.no_grad():
            curve = process(grid)
            mean, covariance = curve.mean, curve.covariance_matrix
        variance = covariance.diagonal()
        spread = (variance + variance[-1] - 2 * covariance[:, -1]).clamp(min=0) + 1e-4
        probability = torch.distributions.Normal(0, 1).cdf((mean[-1] - mean[:-1]) / spread[:-1].sqrt()).max()
        votes += int(probability > 0.95)
    return votes


def main():
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    torch.manual_seed(0)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    u = torch.arange(count) / count
    losses = 2.3 - 1.2 * (1 - torch.exp(-4 * u)) + 6 * (u - 0.7).clamp(min=0) ** 2 + 0.1 * (torch.rand(count) - 0.5)
    test(losses)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        votes = test(losses)
        times.append(1e3 * (time.perf_counter() - begun))
    print(f"gpytorch {gpytorch.__version__}, {count} losses: {statistics.median(times):.1f} ms a test ({votes} of 5 votes)")


main()
