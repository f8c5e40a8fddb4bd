//! Runs made up for tests: curves that look like training, without randomness or a clock.
#![allow(dead_code, unreachable_pub)]

pub mod study;
pub mod tradeoff;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rheostat_record::{Cost, Direction, Event, Manifest, Run, RunResult, Score, Status, Target};

/// What a made-up run is like.
pub struct Sample {
    pub id: &'static str,
    pub method: &'static str,
    pub steps: u64,
    pub peak: f64,
    pub quality: f64,
    pub seed: u64,
    pub seconds_per_step: f64,
    pub forwards_per_step: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            id: "digits-cosine",
            method: "cosine",
            steps: 1000,
            peak: 3e-3,
            quality: 0.97,
            seed: 1,
            seconds_per_step: 0.0034,
            forwards_per_step: 1,
        }
    }
}

impl Sample {
    pub fn run(&self) -> Run {
        let mut events = Vec::new();
        let mut noise = Noise(self.seed.wrapping_mul(0x9e37_79b9).wrapping_add(7));
        let every = (self.steps / 20).max(1);
        let mut first_met = None;
        let mut last = None;
        let mut best: Option<Score> = None;
        let speed = self.steps as f64 / 14.0;
        for step in 0..=self.steps {
            let done = step as f64;
            let seconds = done * self.seconds_per_step;
            if step % every == 0 || step == self.steps {
                let metric = 0.1 + (self.quality - 0.1) * (1.0 - (-done / speed).exp()) + noise.next() * 0.004;
                let loss = 0.09 + 2.2 * (-done / speed).exp() + 0.06 * done / self.steps as f64 + noise.next() * 0.006;
                let (metric, loss) = (metric.min(1.0), loss.abs());
                let cost = Some(Cost { spent: step, forwards: step * self.forwards_per_step, backwards: step });
                events.push(Event::Evaluation {
                    step,
                    val_loss: loss,
                    val_metric: metric,
                    train_seconds: seconds,
                    cost,
                });
                let score = Score { step, loss, metric };
                if metric >= 0.95 && first_met.is_none() {
                    first_met = Some((step, seconds));
                }
                if best.is_none_or(|best| metric > best.metric) {
                    best = Some(score);
                }
                last = Some(score);
            }
            if step == self.steps {
                break;
            }
            let loss = (2.3 * (-done / speed).exp() + 0.03) * (1.0 + 0.35 * noise.next()).abs().max(0.05);
            let gradient_norm = (0.3 + 4.0 * (-done / speed * 2.0).exp()) * (noise.next() * 0.6).exp();
            events.push(Event::Step {
                step,
                loss,
                gradient_norm,
                train_seconds: seconds + self.seconds_per_step,
                hyperparameters: self.hyperparameters(step),
            });
            if self.method == "cycles" && step > 0 && step % (self.steps / 3) == 0 {
                events.push(Event::Decision {
                    step,
                    decision: "switch".into(),
                    reason: "the validation loss rose twice".into(),
                });
                events.push(Event::Reset { step, tau: 0.5, alpha: 0.25 });
            }
        }
        let train_seconds = self.steps as f64 * self.seconds_per_step;
        let test = last.map(|last| Score { metric: last.metric - 0.006, loss: last.loss + 0.01, ..last });
        events.push(Event::Stop { step: self.steps, status: Status::Finished });
        let result = RunResult {
            status: Status::Finished,
            steps_kept: self.steps,
            steps_spent: self.steps + if self.method == "autolrs" { 40 } else { 0 },
            forwards: self.steps * self.forwards_per_step,
            backwards: self.steps,
            train_seconds,
            eval_seconds: train_seconds * 0.12,
            record_seconds: train_seconds * 0.02,
            target: Some(target()),
            steps_to_target: first_met.map(|met: (u64, f64)| met.0),
            seconds_to_target: first_met.map(|met| met.1),
            forwards_to_target: first_met.map(|met| met.0),
            backwards_to_target: first_met.map(|met| met.0),
            evaluations_to_target: None,
            evaluations: 0,
            best,
            last,
            test,
            read_outs: Vec::new(),
        };
        Run {
            path: PathBuf::from(format!("runs/{}", self.id)),
            manifest: self.manifest(),
            events,
            result: Some(result),
        }
    }

    fn hyperparameters(&self, step: u64) -> BTreeMap<String, f64> {
        let u = step as f64 / self.steps as f64;
        let warmup = (u / 0.05).min(1.0);
        let cosine = |u: f64| 0.5 * (1.0 + (std::f64::consts::PI * u).cos());
        let rate = match self.method {
            "cosine" => warmup * cosine(((u - 0.05) / 0.95).max(0.0)),
            "cycles" => cosine((u * 3.0).fract()),
            "step" => 0.1f64.powi((u * 3.0).floor() as i32),
            "autowu" if u < 0.3 => 1e-5f64.powf(1.0 - u / 0.3),
            "autowu" => cosine((u - 0.3) / 0.7),
            _ => 1.0,
        };
        let momentum = if self.method == "cycles" { 0.95 - 0.1 * cosine((u * 3.0).fract()) } else { 0.9 };
        BTreeMap::from([
            ("learning_rate".to_owned(), rate * self.peak),
            ("momentum".to_owned(), momentum),
            ("weight_decay".to_owned(), 0.05),
        ])
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            format: 1,
            id: self.id.to_owned(),
            recipe: format!(
                "workload = \"digits-mlp\"\nseed = {}\nbudget = \"{} steps\"\nevaluate_every = \"5 %\"\ntarget = {{ accuracy = 0.95 }}\n\n[optimizer]\nmethod = \"adamw\"\nbeta2 = 0.999\n\n[learning_rate]\nmethod = \"{}\"\npeak = {:?}\nwarmup = \"5 %\"\n\n[weight_decay]\nmethod = \"constant\"\nvalue = 0.05\n",
                self.seed, self.steps, self.method, self.peak
            ),
            recipe_hash: format!("{:064x}", self.seed.wrapping_mul(0x1234_5678_9abc_def1) as u128 * 0xffff_ffff_ffff),
            workload: "digits-mlp".into(),
            seed: self.seed,
            budget_steps: self.steps,
            steps_per_epoch: 16,
            samples: 1078,
            parameters: 4810,
            metric: "accuracy".into(),
            direction: Direction::Increasing,
            target: Some(0.95),
            program: "rheostat 0.1.0".into(),
            commit: Some("8b53b54".into()),
            device: "cpu".into(),
            processor: "Example Processor 9000".into(),
            threads: 4,
            kernels: true,
            system: "linux x86_64".into(),
            started: 1_772_366_400,
        }
    }
}

fn target() -> Target {
    Target { metric: "accuracy".into(), value: 0.95, direction: Direction::Increasing }
}

/// A run whose loss stops being a number.
pub fn diverged() -> Run {
    let mut run = Sample { id: "digits-too-fast", method: "constant", peak: 3.0, ..Sample::default() }.run();
    for event in &mut run.events {
        match event {
            Event::Step { step, loss, gradient_norm, .. } if *step >= 120 => {
                *loss = if *step == 120 { f64::INFINITY } else { f64::NAN };
                *gradient_norm = f64::NAN;
            }
            Event::Evaluation { step, val_loss, val_metric, .. } if *step >= 120 => {
                (*val_loss, *val_metric) = (f64::NAN, 0.1);
            }
            _ => {}
        }
    }
    run.events
        .retain(|event| !matches!(event, Event::Step { step, .. } | Event::Evaluation { step, .. } if *step > 160));
    if let Some(result) = &mut run.result {
        result.status = Status::Diverged;
        (result.steps_kept, result.steps_spent, result.forwards, result.backwards) = (160, 160, 160, 160);
        (result.train_seconds, result.eval_seconds, result.record_seconds) = (0.54, 0.08, 0.01);
        (result.steps_to_target, result.seconds_to_target, result.test) = (None, None, None);
        result.best = Some(Score { step: 100, loss: 0.71, metric: 0.743 });
        result.last = Some(Score { step: 150, loss: f64::NAN, metric: 0.1 });
    }
    run
}

/// A run that is still going on, resumed once.
pub fn unfinished() -> Run {
    let mut run = Sample { id: "digits-running", ..Sample::default() }.run();
    run.events
        .retain(|event| !matches!(event, Event::Step { step, .. } | Event::Evaluation { step, .. } if *step > 130));
    run.events.retain(|event| !matches!(event, Event::Stop { .. }));
    let middle = run.events.iter().position(|event| matches!(event, Event::Step { step: 80, .. })).unwrap_or(0);
    run.events.insert(middle, Event::Resume { step: 80, spent: None });
    run.result = None;
    run
}

/// Several ways to train the same thing.
pub fn compared() -> Vec<Run> {
    vec![
        Sample::default().run(),
        Sample { id: "digits-cycles", method: "cycles", seed: 2, quality: 0.98, ..Sample::default() }.run(),
        Sample { id: "digits-autowu", method: "autowu", seed: 3, peak: 0.1, steps: 700, ..Sample::default() }.run(),
        Sample { id: "digits-step", method: "step", seed: 4, quality: 0.93, ..Sample::default() }.run(),
        Sample {
            id: "digits-constant",
            method: "constant",
            seed: 5,
            peak: 1e-3,
            quality: 0.962,
            seconds_per_step: 0.004,
            ..Sample::default()
        }
        .run(),
        diverged(),
    ]
}

struct Noise(u64);

impl Noise {
    /// Between -1 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}
