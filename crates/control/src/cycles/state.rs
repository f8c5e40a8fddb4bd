use super::LossTrend;
use super::plan::Plan;
use crate::bytes::{Reader, Writer, read_state};
use crate::{ControlError, MetricDirection};

/// Everything that changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// The update whose loss is expected next; as many are done.
    pub(super) next: u64,
    /// Number of the cycle: the planned ones from 0, then the queue.
    pub(super) cycle: u64,
    /// Its first update.
    pub(super) start: u64,
    /// Where it and the planned cycles after it end.
    pub(super) ends: Vec<u64>,
    /// Resets so far.
    pub(super) resets: u64,
    /// The updates after which the evaluation for a soft reset was asked.
    pub(super) waiting: Option<u64>,
    /// Whether the run was asked to end.
    pub(super) stopped: bool,
    /// Whether a switch was called for in this cycle and not made.
    pub(super) declined: bool,
    /// The updates of the last evaluation.
    pub(super) evaluated: Option<u64>,
    /// First finite metric of the run.
    pub(super) first: Option<f64>,
    /// Best metric of the run.
    pub(super) best: Option<f64>,
    /// Those of the cycle, or of the one before while a soft reset waits.
    pub(super) metrics: Metrics,
    /// Validation losses of the cycle.
    pub(super) trend: LossTrend,
}

/// Metrics of one cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Metrics {
    pub(super) best: Option<f64>,
    pub(super) average: Option<f64>,
}

impl Metrics {
    /// Takes in a metric; one that is not finite leaves no trace.
    pub(super) fn observe(&mut self, metric: f64, direction: MetricDirection, smoothing: f64) {
        if metric.is_finite() {
            self.best = Some(better(self.best, metric, direction));
            let average = self.average.map_or(metric, |before| smoothing * metric + (1.0 - smoothing) * before);
            self.average = Some(average);
        }
    }
}

pub(super) fn better(known: Option<f64>, metric: f64, direction: MetricDirection) -> f64 {
    known.filter(|known| !direction.better(metric, *known)).unwrap_or(metric)
}

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"cycles\0\x01");

impl State {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            next: 0,
            cycle: 0,
            start: 0,
            ends: plan.ends(),
            resets: 0,
            waiting: None,
            stopped: false,
            declined: false,
            evaluated: None,
            first: None,
            best: None,
            metrics: Metrics::default(),
            trend: LossTrend::default(),
        }
    }

    /// Where the cycle ends.
    pub(super) fn end(&self) -> u64 {
        self.ends.first().copied().unwrap_or(self.start)
    }

    pub(super) fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        [self.next, self.cycle, self.start].into_iter().for_each(|value| writer.u64(value));
        writer.u64s(&self.ends);
        writer.u64(self.resets);
        writer.optional_u64(self.waiting);
        writer.u64(self.stopped.into());
        writer.u64(self.declined.into());
        writer.optional_u64(self.evaluated);
        [self.first, self.best, self.metrics.best, self.metrics.average]
            .into_iter()
            .for_each(|metric| writer.optional_f64(metric));
        self.trend.write(&mut writer);
        writer.0
    }

    /// Reads what [`State::save`] wrote, for a run of that plan.
    pub(super) fn loaded(bytes: &[u8], plan: &Plan) -> Result<Self, ControlError> {
        read_state("cycles", bytes, |reader| Self::read(reader, plan))
    }

    fn read(reader: &mut Reader<'_>, plan: &Plan) -> Result<Self, String> {
        reader.magic(MAGIC)?;
        let (next, cycle, start) = (reader.u64()?, reader.u64()?, reader.u64()?);
        let ends = reader.u64s()?;
        if plan.rates(cycle).is_none() {
            return Err(format!("there is no cycle {cycle}"));
        }
        let ordered = ends.iter().try_fold(start, |before, end| (before < *end).then_some(*end));
        if ordered != Some(plan.total) {
            return Err(format!("cycles from update {start} to {ends:?} do not fill a run of {}", plan.total));
        }
        Ok(Self {
            next,
            cycle,
            start,
            ends,
            resets: reader.u64()?,
            waiting: reader.optional_u64()?,
            stopped: reader.flag()?,
            declined: reader.flag()?,
            evaluated: reader.optional_u64()?,
            first: reader.optional_f64()?,
            best: reader.optional_f64()?,
            metrics: Metrics { best: reader.optional_f64()?, average: reader.optional_f64()? },
            trend: LossTrend::read(reader)?,
        })
    }
}
