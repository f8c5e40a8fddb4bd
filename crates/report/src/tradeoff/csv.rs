use super::Tradeoffs;
use crate::csv::field;
use crate::number::exact;

/// The curves as CSV, a row a point: `workload,submission,mode,point,step,cost,seeds,mean,low,high`. Cost is by the clock that the
/// curves were made with. An interval that one seed does not have is empty; numbers are in the shortest form that reads back as
/// the same.
pub fn csv(tradeoffs: &Tradeoffs<'_>) -> String {
    let mut text = "workload,submission,mode,point,step,cost,seeds,mean,low,high\n".to_owned();
    for tradeoff in &tradeoffs.all {
        for curve in &tradeoff.curves {
            for at in &curve.points {
                let quality = &at.quality;
                let [low, high] = [quality.low, quality.high].map(|end| end.map(exact).unwrap_or_default());
                text += &format!(
                    "{},{},{},{},{},{},{},{},{low},{high}\n",
                    field(&tradeoff.workload),
                    field(&curve.submission),
                    curve.mode.name(),
                    at.point,
                    at.step,
                    exact(at.cost),
                    quality.seeds,
                    exact(quality.mean),
                );
            }
        }
    }
    text
}
