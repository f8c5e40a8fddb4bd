use super::Study;
use crate::csv::field;
use crate::number::exact;

/// The leaderboards as CSV: `ruleset,clock,submission,rank,score,low,high,first,reached,workloads`, `clock` being `seconds`,
/// `steps` or `passes`. Numbers are in the shortest form that reads back as the same.
pub fn csv(study: &Study<'_>) -> String {
    let mut text = "ruleset,clock,submission,rank,score,low,high,first,reached,workloads\n".to_owned();
    for (clock, boards) in &study.boards {
        for entry in boards.iter().flat_map(|board| &board.entries) {
            let numbers = [entry.score, entry.low, entry.high, entry.first].map(exact).join(",");
            text += &format!(
                "{},{},{},{},{numbers},{},{}\n",
                field(&entry.ruleset),
                clock.name(),
                field(&entry.submission),
                entry.rank,
                entry.reached,
                entry.workloads
            );
        }
    }
    text
}
