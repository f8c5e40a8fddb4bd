use rheostat_schedule::Schedule;

use crate::chart::{Axis, Chart, Panel, Scale, Series};
use crate::csv::field;
use crate::number::{exact, spoken};
use crate::{ReportError, words};

/// Named schedules over some updates, to be looked at before anything is trained.
#[derive(Debug, Clone, Copy)]
pub struct Curves<'a> {
    curves: &'a [(String, Schedule)],
    steps: u64,
}

/// How many updates a picture is computed at, besides those where a phase begins.
const POINTS: u64 = 1024;
/// And within each phase, so that short ones have their shape too.
const WITHIN: u64 = 8;

impl<'a> Curves<'a> {
    /// The schedules' first `steps` values, under the names of their hyperparameters.
    ///
    /// # Errors
    /// [`ReportError::Empty`] if there is no schedule or no step.
    pub fn new(curves: &'a [(String, Schedule)], steps: u64) -> Result<Self, ReportError> {
        if curves.is_empty() {
            return Err(ReportError::Empty { what: "schedule" });
        }
        if steps == 0 {
            return Err(ReportError::Empty { what: "step" });
        }
        Ok(Self { curves, steps })
    }

    /// One panel a hyperparameter, its title saying how the first one runs. Kinks and restarts are drawn where they are.
    pub fn chart(&self) -> Chart {
        let mut chart = Chart::new(self.sentence(0), Axis::new("update").whole().through(self.steps as f64));
        let all: Vec<String> = (0..self.curves.len()).map(|index| self.sentence(index)).collect();
        chart = chart.described(all.join(". ") + ".");
        for (index, (name, _)) in self.curves.iter().enumerate() {
            let name = spoken(name);
            let series = Series::new(&name, self.points(index)).colour(index);
            chart = chart.panel(Panel::new(Axis::new(name).scale(Scale::Auto)).series(series));
        }
        chart
    }

    /// `step`, then one column a hyperparameter; numbers in the shortest form that reads back as the same.
    pub fn csv(&self) -> String {
        let mut text = "step".to_owned();
        for (name, _) in self.curves {
            text.push(',');
            text.push_str(&field(name));
        }
        text.push('\n');
        for step in 0..self.steps {
            text.push_str(&step.to_string());
            for (_, schedule) in self.curves {
                text.push(',');
                text.push_str(&exact(schedule.at(step)));
            }
            text.push('\n');
        }
        text
    }

    /// The same as an array of flat objects.
    pub fn json(&self) -> String {
        let names: Vec<String> =
            self.curves.iter().map(|(name, _)| serde_json::Value::from(name.as_str()).to_string()).collect();
        let mut text = "[".to_owned();
        for step in 0..self.steps {
            text.push_str(if step == 0 { "\n" } else { ",\n" });
            text.push_str(&format!("{{\"step\":{step}"));
            for (name, (_, schedule)) in names.iter().zip(self.curves) {
                text.push_str(&format!(",{name}:{}", exact(schedule.at(step))));
            }
            text.push('}');
        }
        text.push_str("\n]\n");
        text
    }

    fn sentence(&self, index: usize) -> String {
        let (updates, values): (Vec<f64>, Vec<f64>) = self.points(index).into_iter().unzip();
        let name = self.curves.get(index).map(|(name, _)| crate::number::capital(&spoken(name))).unwrap_or_default();
        words::shape(&name, &updates, &values)
    }

    /// Evenly spread updates and, for each place where a phase begins, the updates on both its sides.
    fn points(&self, index: usize) -> Vec<(f64, f64)> {
        let Some((_, schedule)) = self.curves.get(index) else { return Vec::new() };
        let last = self.steps - 1;
        let spread = (0..=POINTS).map(|point| (u128::from(last) * u128::from(point) / u128::from(POINTS)) as u64);
        let mut begins = schedule.breakpoints();
        let kinks: Vec<u64> = begins.iter().flat_map(|begin| [begin.saturating_sub(1), *begin]).collect();
        // Of very many phases a picture shows no single one.
        begins.truncate(256);
        let within = begins.windows(2).flat_map(|pair| {
            let length = pair[1].saturating_sub(pair[0]);
            (1..WITHIN).map(move |part| pair[0] + length / WITHIN * part)
        });
        let mut steps: Vec<u64> = spread.chain(within).chain(kinks).filter(|step| *step <= last).collect();
        steps.sort_unstable();
        steps.dedup();
        steps.into_iter().map(|step| (step as f64, schedule.at(step))).collect()
    }
}
