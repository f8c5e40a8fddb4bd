//! The contract of every [`Controller`].

use rheostat_control::{Change, ControlError, Controller, Decision, Observation};

/// Steps and evaluations with losses that are smooth, jumping and huge, and with every input not finite once in a while, each at
/// other times.
pub fn observations(steps: u64) -> Vec<Observation> {
    let mut seen = Vec::new();
    for step in 0..steps {
        let loss = match step % 41 {
            7 => f64::NAN,
            19 => f64::INFINITY,
            23 => f64::NEG_INFINITY,
            29 => 1e300,
            31 => 0.0,
            _ => 2.0 / (1.0 + step as f64) + 0.1 * (step as f64).sin(),
        };
        let spoilt = |offset: u64, value: f64| match (step + offset) % 17 {
            0 => f64::NAN,
            5 => f64::INFINITY,
            11 => f64::NEG_INFINITY,
            _ => value,
        };
        let size = if loss.is_finite() { loss.abs() } else { 1.0 };
        let change = Change { gradient: spoilt(1, size), parameters: spoilt(2, 0.01 * (step % 7) as f64) };
        let rate = [0.1, 0.0, 1e-3, 10.0][(step % 4) as usize];
        let change = (step > 0).then_some(change);
        seen.push(Observation::Gradient { step, rate: spoilt(3, rate), norm: spoilt(4, size), change });
        seen.push(Observation::Moments { step, rate: spoilt(6, rate), second: spoilt(7, size * size) });
        seen.push(Observation::Step { step, loss });
        if step % 10 == 9 {
            let share = step as f64 / steps as f64;
            let metric = match step / 10 % 8 {
                2 => f64::NAN,
                4 => f64::INFINITY,
                6 => f64::NEG_INFINITY,
                _ => share,
            };
            seen.push(Observation::Evaluation { updates: step + 1, loss: spoilt(8, loss), metric });
        }
    }
    seen
}

/// Checks a controller that `make` makes fresh each time.
///
/// # Panics
/// With the part of the contract that does not hold.
pub fn check(make: impl Fn() -> Box<dyn Controller>) {
    let seen = observations(120);
    let (mut one, mut two) = (make(), make());
    assert_eq!(one.begin(), two.begin(), "begin decides the same twice");
    check_decision(&make().begin());
    for observation in &seen {
        let decision = one.observe(observation);
        assert_eq!(decision, two.observe(observation), "the same observations give the same decisions");
        check_decision(&decision);
    }
    for cut in [0, 1, seen.len() / 3, seen.len() - 1] {
        check_resume(&make, &seen, cut);
    }
    check_resume_everywhere(&make, &seen);
    check_bad_bytes(&make, &seen);
}

/// Hands its state on to a fresh value before every observation, as a run that is killed and resumed at every step.
fn check_resume_everywhere(make: &impl Fn() -> Box<dyn Controller>, seen: &[Observation]) {
    let (mut steady, mut hopping) = (make(), make());
    steady.begin();
    hopping.begin();
    for (index, observation) in seen.iter().enumerate() {
        let mut fresh = make();
        fresh.load(&hopping.save()).unwrap_or_else(|error| panic!("its own state loads: {error}"));
        hopping = fresh;
        assert_eq!(hopping.observe(observation), steady.observe(observation), "resumed before observation {index}");
    }
}

fn check_decision(decision: &Decision) {
    let Decision { actions, reason, .. } = decision;
    if let Some(turn) = decision.turn() {
        assert!(reason.is_some(), "a {} comes with a reason: {actions:?}", turn.name());
    }
    for (which, value) in decision.hyperparameters.iter() {
        assert!(which.check(value).is_ok(), "{which} = {value} is out of range, whatever was observed");
    }
}

fn check_resume(make: &impl Fn() -> Box<dyn Controller>, seen: &[Observation], cut: usize) {
    let mut running = make();
    running.begin();
    for observation in &seen[..cut] {
        running.observe(observation);
    }
    let saved = running.save();
    let mut fresh = make();
    fresh.load(&saved).unwrap_or_else(|error| panic!("its own state loads: {error}"));
    assert_eq!(fresh.save(), saved, "a loaded state saves to the same bytes");
    for observation in &seen[cut..] {
        assert_eq!(fresh.observe(observation), running.observe(observation), "a fresh value goes on, cut at {cut}");
    }
}

fn check_bad_bytes(make: &impl Fn() -> Box<dyn Controller>, seen: &[Observation]) {
    let mut controller = make();
    controller.begin();
    seen[..seen.len() / 2].iter().for_each(|observation| drop(controller.observe(observation)));
    let before = controller.save();
    for bytes in [&b""[..], b"nonsense", &before[..before.len() / 2]] {
        if bytes == before {
            continue;
        }
        match controller.load(bytes) {
            Err(ControlError::BadState { .. }) => {}
            // Eight bytes of nonsense are a step count to a controller whose state is one.
            Ok(()) if bytes.len() == before.len() => controller.load(&before).unwrap_or_else(|error| panic!("{error}")),
            other => panic!("damaged state gave {other:?}"),
        }
        assert_eq!(controller.save(), before, "a refused state changes nothing");
    }
}
