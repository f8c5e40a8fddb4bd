//! What can be wrong with the specification whatever the run, and what is merely unwise in a run.

use rheostat_schedule::WarmupShape;

use super::early_switch::OnExhausted;
use super::plan::Plan;
use super::{Cycle, CycleReset, Cycles, Decay, EarlySwitch, parameters};
use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{ControlError, Setting};

pub(super) fn all(spec: &Cycles) -> Result<(), Vec<ControlError>> {
    let mut errors = out_of_range([
        (&parameters::PEAK, spec.peak),
        (&parameters::COUNT, spec.count as f64),
        (&parameters::WARMUP, spec.warmup.amount()),
        (&parameters::WARMUP_FROM, spec.warmup_from),
        (&parameters::WARMUP_FIRST, f64::from(spec.warmup_first)),
        (&parameters::HOLD, spec.hold.amount()),
        (&parameters::FLOOR, spec.floor.unwrap_or(0.0)),
    ]);
    let listed = spec.cycle.len() as u64;
    if listed > 0 && spec.count != Cycles::default().count && spec.count != listed {
        errors.push(contradiction("count", format!("{} where {listed} cycles are listed: leave it out", spec.count)));
    }
    let with_length = spec.cycle.iter().filter(|cycle| cycle.length.is_some()).count();
    if with_length > 0 && with_length < spec.cycle.len() {
        let why =
            format!("{with_length} of {listed} cycles have a `length`: give every one a length, or each a `weight`");
        errors.push(contradiction("cycle", why));
    }
    for (name, tables) in [("cycle", &spec.cycle), ("queue", &spec.queue)] {
        for (index, table) in tables.iter().enumerate() {
            errors.extend(cycle(table).into_iter().map(|error| error.within(&format!("{name}[{index}]"))));
        }
    }
    for (index, table) in spec.queue.iter().enumerate() {
        for (key, given) in [("length", table.length.is_some()), ("weight", table.weight.is_some())] {
            if given {
                let why = "a cycle of the queue takes all that is left of the run: leave it out";
                errors.push(contradiction(format!("queue[{index}].{key}"), why));
            }
        }
    }
    if errors.is_empty() {
        errors.extend(curves(spec));
    }
    errors.extend(spec.reset.iter().flat_map(reset).map(|error| error.within("reset")));
    errors.extend(spec.reset.iter().flat_map(|reset| &reset.progress).flat_map(|progress| progress.check()));
    errors.extend(spec.early_switch.iter().flat_map(early_switch).map(|error| error.within("early_switch")));
    let queues = spec.early_switch.as_ref().is_some_and(|options| options.on_exhausted == OnExhausted::Queue);
    match (queues, spec.queue.is_empty()) {
        (true, true) => errors.push(contradiction("queue", "on_exhausted = \"queue\" needs a [[queue]] of cycles")),
        (false, false) => {
            let why = "nothing takes cycles from it: set `on_exhausted` = \"queue\" in `early_switch`";
            errors.push(contradiction("queue", why));
        }
        _ => {}
    }
    all_or_nothing(errors)
}

fn cycle(table: &Cycle) -> Vec<ControlError> {
    let numbers = [
        (&parameters::LENGTH, table.length.map(|span| span.amount())),
        (&parameters::WEIGHT, table.weight),
        (&parameters::PEAK, table.peak),
        (&parameters::WARMUP, table.warmup.map(|span| span.amount())),
        (&parameters::HOLD, table.hold.map(|span| span.amount())),
        (&parameters::FLOOR, table.floor),
    ];
    let mut errors = out_of_range(numbers);
    if table.length.is_some() && table.weight.is_some() {
        errors.push(contradiction("weight", "the cycle has a `length` already: leave one out"));
    }
    errors
}

/// Adds an error unless one of the same key is there: what several cycles inherit is said once.
pub(super) fn push_once(errors: &mut Vec<ControlError>, error: ControlError) {
    if errors.iter().all(|known| known.field() != error.field()) {
        errors.push(error);
    }
}

/// What does not fit together within a cycle, its inherited numbers included.
fn curves(spec: &Cycles) -> Vec<ControlError> {
    let mut errors: Vec<ControlError> = Vec::new();
    let tables = spec.tables();
    let named = [("cycle", &tables), ("queue", &spec.queue)].into_iter();
    let places = named.flat_map(|(name, tables)| tables.iter().enumerate().map(move |(i, table)| (name, i, table)));
    for (name, index, table) in places {
        let rates = spec.rates(table);
        let place = |key: &str, own: bool| if own { format!("{name}[{index}].{key}") } else { key.to_owned() };
        let own_floor = table.floor.is_some();
        let (floor, peak) = (rates.floor, rates.peak);
        if floor > peak {
            // The one of the two that is the cycle's own, if only one is.
            let (key, own) = if table.peak.is_some() && !own_floor { ("peak", true) } else { ("floor", own_floor) };
            push_once(
                &mut errors,
                contradiction(place(key, own), format!("the floor, {floor}, is above the peak, {peak}")),
            );
        } else if rates.decay == Decay::Exponential && floor <= 0.0 {
            let why = format!("{floor} is never reached by an exponential decay: more than 0, or leave it out");
            push_once(&mut errors, contradiction(place("floor", own_floor), why));
        }
        if rates.warmup_shape == WarmupShape::Exponential && rates.warmup.amount() > 0.0 && rates.warmup_from <= 0.0 {
            let why = "an exponential warm-up cannot start from 0: more than 0, or another `warmup_shape`";
            push_once(&mut errors, contradiction("warmup_from", why));
        }
    }
    errors
}

fn reset(options: &CycleReset) -> Vec<ControlError> {
    let mut errors = out_of_range([
        (&parameters::reset::ALPHA, options.alpha),
        (&parameters::reset::SMOOTHING, options.smoothing),
        (&parameters::reset::REFERENCE, options.reference.unwrap_or(0.0)),
        (&parameters::reset::TARGET, options.target.unwrap_or(0.0)),
        (&parameters::reset::ON_MISSING, options.on_missing.unwrap_or(0.0)),
    ]);
    if options.target.is_some() && options.progress.as_ref().is_some_and(|progress| progress.replaces_target()) {
        errors.push(contradiction("target", "`progress` says what is expected of the metric: leave one out"));
    }
    errors
}

fn early_switch(options: &EarlySwitch) -> Vec<ControlError> {
    out_of_range([
        (&parameters::early_switch::SMOOTHING, options.smoothing),
        (&parameters::early_switch::RISE, options.rise),
        (&parameters::early_switch::REGAIN, options.regain),
        (&parameters::early_switch::RECOVERY, options.recovery as f64),
        (&parameters::early_switch::HORIZON, options.horizon.unwrap_or(1) as f64),
        (&parameters::early_switch::MIN_CYCLE, options.min_cycle.map_or(1.0, |span| span.amount())),
    ])
}

/// What is permitted in this run and probably not meant.
pub(super) fn warnings(spec: &Cycles, plan: &Plan, setting: &Setting) -> Option<String> {
    let options = spec.early_switch.as_ref()?;
    let mut said = Vec::new();
    let longest = plan.longest();
    let evaluations = longest / setting.evaluate_every.max(1);
    let needed = options.recovery.saturating_add(2);
    if evaluations < needed {
        said.push(format!(
            "a loss that cannot regain its minimum will not be seen: {evaluations} evaluations in the longest cycle of \
             {longest} updates, {needed} are needed; lower `evaluate_every` or `recovery`"
        ));
    }
    if options.rise <= 0.0 {
        said.push(format!("`rise` = {} switches at any rise of the loss, and `regain` has no say", options.rise));
    }
    if options.regain < 0.0 {
        said.push(format!("`regain` = {} switches although the minimum is in reach", options.regain));
    }
    (!said.is_empty()).then(|| said.join("; "))
}
