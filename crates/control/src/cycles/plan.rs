use rheostat_schedule::{Frame, Schedule, ScheduleError, Span};

use super::check::push_once;
use super::cycle::Rates;
use super::early_switch::Replan;
use super::{Cycle, Cycles, EarlySwitch};
use crate::check::contradiction;
use crate::{ControlError, Setting};

/// The cycles of a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) frame: Frame,
    pub(super) total: u64,
    /// Fewest updates of a cycle that an early switch leaves.
    pub(super) min_cycle: u64,
    pub(super) planned: Vec<Planned>,
    pub(super) queue: Vec<Rates>,
}

/// A cycle with a place in the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Planned {
    pub(super) rates: Rates,
    weight: f64,
    length: u64,
}

/// Splits `steps` by weights: the end of each part, the last one exactly at the end. Equal weights give `floor(i steps / n)`.
fn split(steps: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let mut before = 0.0;
    let ends = weights.iter().map(|weight| {
        before += weight;
        let exact = steps as f64 * before / sum;
        // Rounding must not take an update from a part that ends on a whole one.
        let whole = exact.round();
        let end = if (exact - whole).abs() <= 1e-9 * whole.max(1.0) { whole } else { exact.floor() };
        (end as u64).min(steps)
    });
    let mut ends: Vec<u64> = ends.collect();
    if let Some(last) = ends.last_mut() {
        *last = steps;
    }
    ends
}

/// Whether each part is at least that long.
fn all_at_least(ends: &[u64], fewest: u64) -> bool {
    let mut start = 0;
    ends.iter().all(|end| {
        let long = end.saturating_sub(start) >= fewest;
        start = *end;
        long
    })
}

impl Plan {
    /// Lays the cycles out in a run; the numbers of the specification are known to be in range.
    pub(super) fn new(spec: &Cycles, setting: &Setting) -> Result<Self, Vec<ControlError>> {
        let frame = setting.frame.clone();
        let total = frame.total_steps.unwrap_or(0);
        if total == 0 {
            let why = "cycles share a run of known length: give the run a budget of at least 1 update".to_owned();
            return Err(vec![contradiction("count", why)]);
        }
        let tables = spec.tables();
        let ends = ends(&tables, &frame, total).map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        let (mut start, mut planned) = (0, Vec::with_capacity(tables.len()));
        for (index, (table, end)) in tables.iter().zip(&ends).enumerate() {
            let rates = spec.rates(table);
            let place = format!("cycle[{index}]");
            if let Err(error) = rates.curve(&frame, start, *end) {
                push_once(&mut errors, located(&error, table, &place));
            }
            let length = end.saturating_sub(start);
            let weight = if table.length.is_some() { length as f64 } else { table.weight.unwrap_or(1.0) };
            planned.push(Planned { rates, weight, length });
            start = *end;
        }
        for (index, table) in spec.queue.iter().enumerate() {
            if let Err(error) = spec.rates(table).curve(&frame, 0, total) {
                push_once(&mut errors, located(&error, table, &format!("queue[{index}]")));
            }
        }
        let min_cycle = min_cycle(spec.early_switch.as_ref(), &frame, total, &ends).unwrap_or_else(|error| {
            errors.push(error);
            0
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let queue = spec.queue.iter().map(|table| spec.rates(table)).collect();
        Ok(Self { frame, total, min_cycle, planned, queue })
    }

    /// Where the planned cycles end if none is switched early.
    pub(super) fn ends(&self) -> Vec<u64> {
        running_sum(&self.planned).collect()
    }

    /// Updates of the longest planned cycle.
    pub(super) fn longest(&self) -> u64 {
        self.planned.iter().map(|cycle| cycle.length).max().unwrap_or(0)
    }

    /// The rates of the cycle of that number: the planned ones, then the queue.
    pub(super) fn rates(&self, cycle: u64) -> Option<&Rates> {
        let index = usize::try_from(cycle).ok()?;
        match self.planned.get(index) {
            Some(planned) => Some(&planned.rates),
            None => self.queue.get(index.checked_sub(self.planned.len())?),
        }
    }

    /// The curve of a cycle that runs from `start` to `end`.
    pub(super) fn curve(&self, cycle: u64, start: u64, end: u64) -> Option<Schedule> {
        self.rates(cycle)?.fitted(&self.frame, start, end)
    }

    /// The number of the next cycle of the queue after `cycle`, if there is one.
    pub(super) fn queued_after(&self, cycle: u64) -> Option<u64> {
        let first = self.planned.len() as u64;
        let next = cycle.checked_add(1)?.max(first);
        (next < first + self.queue.len() as u64).then_some(next)
    }

    /// Where the `count` planned cycles that follow `cycle` end if the first of them begins at `from`.
    pub(super) fn replanned(&self, replan: Replan, cycle: u64, count: usize, from: u64) -> Vec<u64> {
        let rest = self.total.saturating_sub(from);
        let first = usize::try_from(cycle).ok().and_then(|cycle| cycle.checked_add(1));
        let following = first.and_then(|first| self.planned.get(first..)).unwrap_or_default();
        let following = following.get(..count).unwrap_or(following);
        let mut ends = match replan {
            Replan::Redistribute => split(rest, &following.iter().map(|cycle| cycle.weight).collect::<Vec<_>>()),
            Replan::KeepLengths => Vec::new(),
        };
        // Rounding may take an update from a cycle that has none to spare.
        if ends.is_empty() || !all_at_least(&ends, self.min_cycle.max(1)) {
            ends = running_sum(following).map(|end| end.min(rest)).collect();
            ends.iter_mut().next_back().into_iter().for_each(|last| *last = rest);
        }
        ends.iter_mut().for_each(|end| *end = end.saturating_add(from));
        ends
    }
}

/// Where cycles of these lengths end if the first begins at 0.
fn running_sum(cycles: &[Planned]) -> impl Iterator<Item = u64> {
    let mut end = 0_u64;
    cycles.iter().map(move |cycle| {
        end = end.saturating_add(cycle.length);
        end
    })
}

/// Where the cycles of these tables end.
fn ends(tables: &[Cycle], frame: &Frame, total: u64) -> Result<Vec<u64>, ControlError> {
    let lengths: Option<Vec<Span>> = tables.iter().map(|cycle| cycle.length).collect();
    let ends = match lengths {
        None => split(total, &tables.iter().map(|cycle| cycle.weight.unwrap_or(1.0)).collect::<Vec<_>>()),
        Some(lengths) if lengths.iter().all(|length| matches!(length, Span::Fraction(_))) => {
            let shares: Vec<f64> = lengths.iter().map(|length| length.amount()).collect();
            let sum: f64 = shares.iter().sum();
            if (sum - 1.0).abs() > 1e-9 {
                let why = format!("the lengths add up to {} of the run: make it 100 %, or use `weight`", percent(sum));
                return Err(contradiction("cycle", why));
            }
            split(total, &shares)
        }
        Some(lengths) => {
            let mut ends = Vec::with_capacity(lengths.len());
            let mut end = 0_u64;
            for (index, length) in lengths.into_iter().enumerate() {
                let field = || format!("cycle[{index}].length");
                let steps = frame.to_steps(length, end).map_err(|error| contradiction(field(), error.to_string()))?;
                end = end.checked_add(steps).ok_or_else(|| contradiction(field(), format!("{length} is too long")))?;
                ends.push(end);
            }
            if end != total {
                let why =
                    format!("the lengths add up to {end} updates, the run has {total}: change one, or use `weight`");
                return Err(contradiction("cycle", why));
            }
            ends
        }
    };
    if !all_at_least(&ends, 1) {
        let why = format!("{} cycles in a run of {total} updates leave one without any", tables.len());
        return Err(contradiction(
            if tables.iter().any(|table| *table != Cycle::default()) { "cycle" } else { "count" },
            why,
        ));
    }
    Ok(ends)
}

fn percent(share: f64) -> String {
    Span::Fraction(share).to_string()
}

/// The fewest updates of a cycle after an early switch; every planned one has as many.
fn min_cycle(options: Option<&EarlySwitch>, frame: &Frame, total: u64, ends: &[u64]) -> Result<u64, ControlError> {
    let Some(options) = options else { return Ok(0) };
    let field = "early_switch.min_cycle";
    let fewest = match options.min_cycle {
        Some(span) => frame.to_steps(span, 0).map_err(|error| contradiction(field, error.to_string()))?,
        None => total.div_ceil(50),
    };
    let fewest = fewest.max(1);
    if all_at_least(ends, fewest) {
        return Ok(fewest);
    }
    Err(contradiction(
        field,
        format!("{fewest} updates are more than a planned cycle has: lower it, or plan fewer cycles"),
    ))
}

/// What is wrong with the curve of a cycle, by the key it was given as.
fn located(error: &ScheduleError, table: &Cycle, place: &str) -> ControlError {
    let text = error.to_string();
    let field = error.field();
    let why = text.strip_prefix(&format!("{field}: ")).unwrap_or(&text).to_owned();
    let (key, own) = match field {
        "warmup" => ("warmup", table.warmup.is_some()),
        "hold" => ("hold", table.hold.is_some()),
        // The decay has no update left, or the floor does not fit it.
        "end" | "floor" => ("floor", table.floor.is_some()),
        "start" | "peak" => ("peak", table.peak.is_some()),
        "warmup_from" => ("warmup_from", false),
        _ => ("warmup", table.warmup.is_some()),
    };
    contradiction(if own { format!("{place}.{key}") } else { key.to_owned() }, why)
}
