use crate::number;

/// What an axis measures, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    pub(crate) whole: bool,
    pub(crate) through: Option<f64>,
    pub(crate) only: Option<(f64, f64)>,
    pub(crate) exponents: bool,
    pub(crate) marks: Vec<f64>,
}

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal differences are equal lengths.
    #[default]
    Linear,
    /// Equal ratios are equal lengths; values at or below 0 are gaps.
    Log,
    /// [`Scale::Log`] if the values would otherwise lie crushed at the bottom, else [`Scale::Linear`].
    Auto,
}

impl Axis {
    /// A linear axis.
    pub fn new(label: impl Into<String>) -> Self {
        let (label, scale, marks) = (label.into(), Scale::Linear, Vec::new());
        Self { label, scale, whole: false, through: None, only: None, exponents: false, marks }
    }

    /// How values are spread.
    #[must_use]
    pub fn scale(mut self, scale: Scale) -> Self {
        self.scale = scale;
        self
    }

    /// Shows this value too, whatever is drawn: the end of a budget.
    #[must_use]
    pub fn through(mut self, value: f64) -> Self {
        self.through = Some(value);
        self
    }

    /// Shows only this stretch; lines leave the picture beyond it.
    #[must_use]
    pub fn only(mut self, low: f64, high: f64) -> Self {
        self.only = Some((low, high));
        self
    }

    /// Ticks of a log axis below 1 are written as 1e-3, as learning rates are, unless that is longer.
    #[must_use]
    pub fn exponents(mut self) -> Self {
        self.exponents = true;
        self
    }

    /// Ticks of a horizontal axis are at these values, ascending, in place of round ones; a value too near to the next is none.
    #[must_use]
    pub fn marks(mut self, values: impl IntoIterator<Item = f64>) -> Self {
        self.marks = values.into_iter().collect();
        self
    }

    /// About `wanted` ticks of a horizontal axis, at its marks if it has any.
    pub(crate) fn ticks(&self, range: &Range, wanted: usize) -> Vec<Tick> {
        if self.marks.is_empty() {
            return range.ticks(wanted);
        }
        let near = 0.8 / wanted.max(1) as f64;
        let mut ticks: Vec<Tick> = Vec::new();
        for value in self.marks.iter().rev() {
            let Some(at) = range.place(*value).filter(|at| (0.0..=1.0).contains(at)) else { continue };
            if ticks.last().is_none_or(|last| last.at - at >= near) {
                ticks.push(Tick { at, label: number::significant(*value, 4) });
            }
        }
        ticks.reverse();
        ticks
    }

    /// Only whole numbers are ticks.
    #[must_use]
    pub fn whole(mut self) -> Self {
        self.whole = true;
        self
    }
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// From 0 at the low end to 1 at the high end.
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// The stretch of values that an axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    low: f64,
    high: f64,
    log: bool,
    whole: bool,
    exponents: bool,
}

/// Beyond this, differences overflow; nothing that is measured is so large.
const LARGEST: f64 = 1e300;
/// Below this, ratios underflow.
const SMALLEST: f64 = 1e-290;

impl Range {
    /// The range of a horizontal axis: exactly what there is.
    pub(crate) fn across(axis: &Axis, values: impl Iterator<Item = f64> + Clone) -> Self {
        let log = axis.scale == Scale::Log;
        let range = Self::around(values.chain(axis.through), log, axis.whole, 0.0);
        Self { exponents: axis.exponents, ..range }
    }

    /// The range of a vertical axis: a little more than there is, and from 0 if that is near.
    pub(crate) fn up(axis: &Axis, values: impl Iterator<Item = f64> + Clone, spreads: &[Spread]) -> Self {
        Self { exponents: axis.exponents, ..Self::upward(axis, values, spreads) }
    }

    fn upward(axis: &Axis, values: impl Iterator<Item = f64> + Clone, spreads: &[Spread]) -> Self {
        let log = axis.scale == Scale::Log;
        if let Some((low, high)) =
            axis.only.filter(|(low, high)| low < high && drawable(*low, log) && drawable(*high, log))
        {
            return Self { low, high, log, whole: axis.whole, exponents: false };
        }
        let log = match axis.scale {
            Scale::Linear => false,
            Scale::Log => true,
            Scale::Auto => crushed(values.clone(), spreads),
        };
        // A curve that runs out to almost nothing would otherwise take most of a log axis.
        let lowest = spreads.iter().map(|spread| spread.low).fold(f64::INFINITY, f64::min);
        if axis.scale == Scale::Auto && log && values.clone().any(|value| value > 0.0 && value < lowest * 0.2) {
            return Self::around(values.filter(|value| *value >= lowest).chain(axis.through), log, axis.whole, 0.05);
        }
        Self::around(values.chain(axis.through), log, axis.whole, 0.05)
    }

    fn around(values: impl Iterator<Item = f64>, log: bool, whole: bool, padding: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| drawable(*value, log)) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = if log { (0.1, 1.0) } else { (0.0, 1.0) };
        }
        if log {
            let (mut from, mut to) = (low.log10(), high.log10());
            if to - from < 1e-6 {
                (from, to) = (from - 0.5, to + 0.5);
            }
            let pad = (to - from) * padding;
            let (from, to) = ((from - pad).max(-305.0), (to + pad).min(305.0));
            return Self { low: 10f64.powf(from), high: 10f64.powf(to), log, whole, exponents: false };
        }
        // A constant stands above 0; what differs only in its last digits counts as one.
        if high - low <= low.abs().max(high.abs()) * 1e-9 {
            let room = if low == 0.0 && high == 0.0 { 1.0 } else { low.abs().max(high.abs()) * 0.5 };
            let (low, high) = match (padding == 0.0, low < 0.0) {
                (true, _) => (low, low + room.max(1.0)),
                (false, true) => (low - room, 0.0),
                (false, false) => (0.0, high + room),
            };
            return Self { low, high, log, whole, exponents: false };
        }
        let pad = (high - low) * padding;
        let from_zero = padding > 0.0 && low >= 0.0 && low - pad < (high - low) * 0.15;
        Self { low: if from_zero { 0.0 } else { low - pad }, high: high + pad, log, whole, exponents: false }
    }

    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    pub(crate) fn low(&self) -> f64 {
        self.low
    }

    pub(crate) fn high(&self) -> f64 {
        self.high
    }

    /// Where a value lies: 0 at the low end, 1 at the high end; none if it cannot be drawn.
    pub(crate) fn place(&self, value: f64) -> Option<f64> {
        if !drawable(value, self.log) {
            return None;
        }
        let at = if self.log {
            (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        at.is_finite().then(|| at.clamp(-99.0, 100.0))
    }

    /// About `wanted` ticks at round values.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let wanted = wanted.max(1);
        if self.log {
            let ticks = self.decades(wanted);
            if ticks.len() >= 2 {
                return ticks;
            }
        }
        let raw = (self.high - self.low) / wanted as f64;
        let power = 10f64.powf(raw.log10().floor());
        let mut step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= raw * 0.7);
        if self.whole {
            step = step.map(|step| step.max(1.0));
        }
        let Some(step) = step.filter(|step| *step > 0.0 && step.is_finite()) else { return Vec::new() };
        let first = (self.low / step - 1e-6).ceil();
        let values: Vec<f64> = (0..=2 * wanted + 2)
            .map(|index| (first + index as f64) * step)
            .take_while(|value| *value <= self.high + step * 1e-6)
            .collect();
        let largest = values.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let tick =
            |value: f64| Some(Tick { at: self.place(value)?.clamp(0.0, 1.0), label: label(value, step, largest) });
        values.into_iter().filter_map(tick).collect()
    }

    fn decades(&self, wanted: usize) -> Vec<Tick> {
        let (from, to) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let span = self.high.log10() - self.low.log10();
        let mantissas: &[f64] = if span < 0.9 {
            &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0]
        } else if span < 1.6 {
            &[1.0, 2.0, 5.0]
        } else if span < 2.6 && wanted > 4 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        let every = if mantissas.len() == 1 { (span / wanted as f64).ceil().max(1.0) as i32 } else { 1 };
        let decades = (from..=to).filter(|decade| decade.rem_euclid(every) == 0);
        let values = decades.flat_map(|decade| mantissas.iter().map(move |times| times * 10f64.powi(decade)));
        let within = |at: &f64| (-1e-9..=1.0 + 1e-9).contains(at);
        values
            .filter_map(|value| {
                let at = self.place(value).filter(within)?;
                let label = if self.exponents { number::shortest(value, 2) } else { number::significant(value, 2) };
                Some(Tick { at, label })
            })
            .collect()
    }
}

/// Whether a value has a place on an axis.
fn drawable(value: f64, log: bool) -> bool {
    value.abs() < LARGEST && (!log || value > SMALLEST) && value.is_finite()
}

/// Whether half of some series would lie in the lowest twelfth of a linear axis.
fn crushed(values: impl Iterator<Item = f64>, spreads: &[Spread]) -> bool {
    let mut high: f64 = 0.0;
    for value in values.filter(|value| drawable(*value, false)) {
        if value < 0.0 {
            return false;
        }
        high = high.max(value);
    }
    let lowest = spreads.iter().map(|spread| spread.median).fold(f64::INFINITY, f64::min);
    high > lowest * 12.0
}

/// How the positive values of a series are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// Below it lie two in a hundred.
    low: f64,
    median: f64,
}

impl Spread {
    /// Of the values that are positive, if there are any.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.filter(|value| drawable(*value, true)).collect();
        if values.is_empty() {
            return None;
        }
        let (middle, low) = (values.len() / 2, values.len() / 50);
        let median = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
        Some(Self { low: *values.select_nth_unstable_by(low, f64::total_cmp).1, median })
    }
}

/// A tick's value with the digits that its distance to the next asks for; thousands as k, millions as M.
fn label(value: f64, step: f64, largest: f64) -> String {
    let value = if value.abs() < step * 1e-6 { 0.0 } else { value };
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e13).contains(&largest) {
        return number::significant(value, 3);
    }
    let (unit, suffix) = match largest {
        largest if largest >= 1e10 => (1e9, "G"),
        largest if largest >= 1e7 => (1e6, "M"),
        largest if largest >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let decimals = (-((step / unit).log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    format!("{:.decimals$}{suffix}", value / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], scale: Scale, wanted: usize) -> Vec<String> {
        let axis = Axis::new("y").scale(scale);
        let spreads: Vec<Spread> = Spread::of(values.iter().copied()).into_iter().collect();
        Range::up(&axis, values.iter().copied(), &spreads).ticks(wanted).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        assert_eq!(labels(&[0.0, 0.97], Scale::Linear, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&[91.2, 98.7], Scale::Linear, 4), ["92", "94", "96", "98"]);
        assert_eq!(labels(&[0.0, 48_000.0], Scale::Linear, 5), ["0", "10k", "20k", "30k", "40k", "50k"]);
        assert_eq!(labels(&[-3e-7, 3e-7], Scale::Linear, 3), ["-2e-7", "0", "2e-7"]);
    }

    #[test]
    fn a_log_axis_has_decades_or_finer_ticks_where_it_has_few_decades() {
        assert_eq!(labels(&[1e-5, 1.0], Scale::Log, 6), ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(&[0.4, 2.2], Scale::Log, 5), ["0.4", "0.5", "0.7", "1", "1.5", "2"]);
    }

    #[test]
    fn a_log_axis_of_rates_has_exponents() {
        let axis = Axis::new("rate").scale(Scale::Log).exponents();
        let ticks = Range::across(&axis, [1e-5, 1.0].into_iter()).ticks(6);
        let labels: Vec<String> = ticks.into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["1e-5", "1e-4", "1e-3", "1e-2", "0.1", "1"]);
    }

    #[test]
    fn marks_take_the_place_of_round_ticks_unless_they_are_too_near() {
        let axis = Axis::new("updates").scale(Scale::Log).marks([16.0, 17.0, 64.0, 128.0, 256.0, 512.0]);
        let range = Range::across(&axis, [16.0, 512.0].into_iter());
        let labels = |wanted| axis.ticks(&range, wanted).into_iter().map(|tick| tick.label).collect::<Vec<_>>();
        assert_eq!(labels(8), ["17", "64", "128", "256", "512"]);
        assert_eq!(labels(3), ["17", "128", "512"]);
    }

    #[test]
    fn values_crushed_at_the_bottom_get_a_log_axis() {
        let falling: Vec<f64> = (0..100).map(|step| 0.9f64.powi(step)).collect();
        let range = Range::up(
            &Axis::new("y").scale(Scale::Auto),
            falling.iter().copied(),
            &[Spread { low: 1e-4, median: 0.005 }],
        );
        assert!(range.is_log());
        assert!(
            !Range::up(
                &Axis::new("y").scale(Scale::Auto),
                [0.0, 1.0, 0.5].into_iter(),
                &[Spread { low: 0.5, median: 0.5 }]
            )
            .is_log()
        );
    }

    #[test]
    fn a_curve_that_runs_out_to_nothing_does_not_take_the_whole_log_axis() {
        let cosine: Vec<f64> =
            (0..1000).map(|step| 1e-3 * (1.0 + (f64::from(step) * std::f64::consts::PI / 1000.0).cos())).collect();
        let spreads = [Spread::of(cosine.iter().copied()).unwrap(), Spread::of([1e-6].into_iter()).unwrap()];
        let range = Range::up(&Axis::new("y").scale(Scale::Auto), cosine.iter().copied().chain([1e-6]), &spreads);
        assert!(range.is_log() && range.low() > 1e-7, "{range:?}");
    }

    #[test]
    fn any_two_values_make_a_range_with_finite_places() {
        let odd =
            [0.0, -0.0, 5e-324, 1e-310, 1e-200, 1.0, 1.0 + f64::EPSILON, 1e299, f64::MAX, f64::NAN, f64::INFINITY];
        for low in odd {
            for high in odd {
                for scale in [Scale::Linear, Scale::Log, Scale::Auto] {
                    let axis = Axis::new("y").scale(scale);
                    let spreads: Vec<Spread> = Spread::of([low, -high].into_iter()).into_iter().collect();
                    let range = Range::up(&axis, [low, -high].into_iter(), &spreads);
                    assert!(range.place(low).is_none_or(f64::is_finite), "{low} {high} {scale:?}");
                    assert!(range.ticks(5).len() < 16);
                    assert!(range.ticks(5).iter().all(|tick| (0.0..=1.0).contains(&tick.at)), "{low} {high} {scale:?}");
                }
            }
        }
    }
}
