use super::trials::Sweep;
use crate::csv::field;
use crate::number::exact;
use crate::study::Study;

/// The trials of all sweeps as CSV: `workload,submission,key,x,study,trial,group,best_metric,test_metric,best_share`, `group`
/// being `converged`, `under-fit` or `diverged`. A value that a trial does not have is empty; numbers are in the shortest form
/// that reads back as the same.
pub fn sweep_csv(study: &Study<'_>) -> String {
    let mut text = "workload,submission,key,x,study,trial,group,best_metric,test_metric,best_share\n".to_owned();
    let number = |value: Option<f64>| value.map(exact).unwrap_or_default();
    for sweep in study.fields.iter().flat_map(Sweep::all) {
        for swept in &sweep.submissions {
            let start = [sweep.workload.name, swept.submission, swept.key].map(field).join(",");
            for place in &swept.places {
                for trial in &place.trials {
                    text += &format!(
                        "{start},{},{},{},{},{},{},{}\n",
                        exact(place.x),
                        trial.row.study,
                        trial.row.trial,
                        trial.group.name(),
                        number(trial.row.best_metric),
                        number(trial.row.test_metric),
                        number(trial.share)
                    );
                }
            }
        }
    }
    text
}
