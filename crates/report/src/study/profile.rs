//! Performance profiles: on what share of the workloads each submission is within a factor of the fastest.

use rheostat_score::Profile;

use super::Study;
use super::clock::Clock;
use super::field::Field;
use crate::chart::{Axis, Chart, Panel, Series, SvgOptions, Theme};
use crate::html::Picture;

/// With one workload or one submission the profile says nothing that the times do not.
pub(super) fn picture(study: &Study<'_>, field: &Field<'_>, clock: Clock, id: &str) -> Option<Picture> {
    let board = study.board(clock, field.ruleset)?;
    let times = &board.times;
    if times.submissions().len() < 2 || times.workloads().len() < 2 {
        return None;
    }
    let largest = study.rules.largest_ratio;
    let profile = Profile::new(times);
    let mut panel = Panel::new(Axis::new("share of workloads").only(-0.02, 1.04));
    // The best last, above the others.
    for entry in board.entries.iter().rev() {
        let Some(submission) = times.submissions().iter().position(|name| *name == entry.submission) else { continue };
        let mut jumps: Vec<f64> = profile.ratios(submission).to_vec();
        jumps.retain(|ratio| (1.0..=largest).contains(ratio));
        jumps.sort_by(f64::total_cmp);
        jumps.dedup();
        let mut points = vec![(1.0, profile.share(submission, 1.0))];
        for ratio in jumps.into_iter().filter(|ratio| *ratio > 1.0) {
            points.push((ratio, points.last().map_or(0.0, |last: &(f64, f64)| last.1)));
            points.push((ratio, profile.share(submission, ratio)));
        }
        points.push((largest, profile.share(submission, largest)));
        panel = panel.series(Series::new(&entry.submission, points).colour(study.colour(&entry.submission)));
    }
    let title = format!("Share of workloads within a factor of the fastest, by {}", clock.spoken());
    let chart = Chart::new(&title, Axis::new("times as long as the fastest"))
        .described(format!("{title}. The score is the mean height of a line; scores are in the leaderboard."))
        .panel(panel);
    let options = SvgOptions {
        width: 560.0,
        panel_height: 230.0,
        theme: Theme::Page,
        column: 1.0,
        labelled_by: Some(id.to_owned()),
    };
    Some(Picture { id: id.to_owned(), title, svg: chart.svg(&options) })
}
