//! What a searched update holds at most, in units of the parameters.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::fs;

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor};
use rheostat_control::line_searches::{AdamSls, Alsals, Ascent, Salsa, Sls, Tested};
use rheostat_control::optimizers::{Adam, HeavyBall, HeavyBallForm, Sgd};
use rheostat_control::{Hyperparameters, LineSearchMethod, MetricDirection, Opening, OptimizerSpec, Outcome, Setting};
use rheostat_optim::{Gradients, OptimError, Optimizer, Searching, find_step_size};
use rheostat_schedule::Frame;

/// Tensors, each larger than what the C library would keep for later when it is freed.
const TENSORS: usize = 3;
const LENGTH: usize = 9 << 20;
const PARAMETERS: u64 = (TENSORS * LENGTH * 4) as u64;

#[derive(Module, Debug)]
struct Net {
    parts: Vec<Param<Tensor<1>>>,
}

impl Net {
    fn new() -> Self {
        let device = Device::flex().autodiff();
        let part = |_| Param::initialized(ParamId::new(), Tensor::ones([LENGTH], &device).require_grad());
        Self { parts: (0..TENSORS).map(part).collect() }
    }

    fn gradients(&self) -> Gradients {
        let sums = self.parts.iter().map(|part| part.val().sum());
        let loss = sums.reduce(|all, sum| all + sum).unwrap();
        Gradients::of(self, loss.backward()).unwrap()
    }
}

/// What the system says under this name, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// The most memory that a search held beyond weights and moments, in units of the parameters. The losses told make it try three
/// step sizes; `uphill` lets momentum lead upwards.
fn held(spec: &impl LineSearchMethod, optimizer: OptimizerSpec, uphill: bool) -> Option<f64> {
    let run = Setting {
        frame: Frame::unbounded(),
        evaluate_every: 10,
        target: 0.9,
        direction: MetricDirection::Increasing,
        seed: 0,
    };
    let mut search = spec.resolve(&run).unwrap();
    let mut model = Net::new();
    let mut optimizer = Optimizer::new(&optimizer, &model, &[]).unwrap();
    let mut most = 0.0_f64;
    for step in 0..2 {
        let mut gradients = model.gradients();
        if uphill && step > 0 {
            gradients.scale(-1e-3).unwrap();
        }
        let (before, asked) = (status("VmRSS:")?, fs::write("/proc/self/clear_refs", "5"));
        asked.ok()?;
        let Opening::Search(along) = search.open(step, None) else { panic!("it searches") };
        let searching = Searching { along, scales: &[1.0], clipping: 1.0, may_turn: search.may_turn() };
        let mut line = optimizer.line(&model, gradients, &[Hyperparameters::new()], searching).unwrap();
        let (mut trials, enough) = (0, line.decrease().abs() * 100.0);
        let evaluate = |_: &Net| {
            trials += 1;
            Ok::<_, OptimError>(if trials < 3 { enough * 2.0 } else { 0.0 })
        };
        let found = find_step_size(&optimizer, &model, &mut line, enough, &mut *search, false, evaluate).unwrap();
        assert_eq!((found.verdict.outcome, found.trials), (Outcome::Satisfied, 3), "{found:?}");
        model = optimizer.take(model, line, &found.verdict).unwrap();
        // The gradient was there before; the first update makes the moments.
        let peak = status("VmHWM:")?;
        if step > 0 {
            most = most.max(1.0 + peak.saturating_sub(before) as f64 / PARAMETERS as f64);
        }
    }
    Some(most)
}

#[test]
fn a_searched_update_holds_the_direction_an_isolated_copy_and_what_is_tested_if_that_is_another() {
    let adam = || OptimizerSpec::Adam(Adam::default());
    let polyak = HeavyBall { form: HeavyBallForm::Polyak, ..HeavyBall::default() };
    let drop = Alsals { ascent: Ascent::DropMomentum, ..Alsals::plain() };
    let applied = Salsa { tested: Tested::Applied, smoothing: 0.0, ..Salsa::default() };
    let cases = [
        ("sls, sgd", held(&Sls::default(), OptimizerSpec::Sgd(Sgd::default()), false), 2.0),
        ("sls, Polyak's momentum", held(&Sls::default(), OptimizerSpec::HeavyBall(polyak), false), 2.0),
        ("sls, heavy ball", held(&Sls::default(), OptimizerSpec::HeavyBall(HeavyBall::default()), false), 3.0),
        ("adam_sls", held(&AdamSls::default(), adam(), false), 3.0),
        ("alsals", held(&Alsals::plain(), adam(), false), 2.0),
        ("alsals, drop_momentum", held(&drop, adam(), true), 3.0),
        ("salsa, applied", held(&applied, adam(), false), 2.0),
        ("salsa", held(&Salsa { smoothing: 0.0, ..Salsa::default() }, adam(), false), 3.0),
    ];
    for (name, held, bound) in cases {
        // Where the system does not tell there is nothing to see.
        let Some(held) = held else { continue };
        // While a copy is made, one of its tensors is there twice.
        assert!(held <= bound + 1.0 / TENSORS as f64 + 0.1, "{name} holds {held:.2} times the parameters, not {bound}");
        assert!(held > bound - 0.1, "{name} holds {held:.2} times the parameters: the bound {bound} can be lower");
    }
}
