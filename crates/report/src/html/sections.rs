//! The parts of a page that are no charts.

use std::collections::BTreeMap;

use super::{Named, Tile, named};
use crate::number::{capital, count, date, duration, percent, plural, short, spoken};
use crate::view::{Verdict, View, Why};
use crate::words;

/// A run in the table.
pub(super) struct Row {
    pub(super) run: Named,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) text: String,
    pub(super) class: &'static str,
}

/// Where a run's time went.
pub(super) struct Account {
    pub(super) run: String,
    pub(super) words: String,
    /// Shares of the longest run, in percent.
    pub(super) training: String,
    pub(super) evaluation: String,
    pub(super) recording: String,
}

/// A decision, reset or resume.
pub(super) struct Happening {
    pub(super) run: Named,
    pub(super) step: String,
    pub(super) time: String,
    pub(super) what: String,
    pub(super) why: String,
}

/// A recipe with the runs that followed it.
pub(super) struct Recipe {
    pub(super) runs: String,
    pub(super) hash: String,
    pub(super) text: String,
}

/// The manifest: what all runs share, and what tells them apart.
pub(super) struct Environment {
    pub(super) shared: Vec<(String, String)>,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(String, Vec<String>)>,
}

const HAPPENINGS: usize = 200;

/// What was trained, in a line.
pub(super) fn about(views: &[View<'_>]) -> String {
    let Some(view) = views.first() else { return String::new() };
    let manifest = &view.run.manifest;
    if views.windows(2).any(|pair| pair[0].run.manifest.workload != pair[1].run.manifest.workload) {
        return date(manifest.started);
    }
    format!(
        "{} · {} · {} · {}",
        manifest.workload,
        plural(manifest.parameters, "parameter"),
        plural(manifest.samples, "training sample"),
        date(manifest.started),
    )
}

pub(super) fn tiles(views: &[View<'_>]) -> Vec<Tile> {
    let [view] = views else { return Vec::new() };
    let (metric, once) = (view.metric(), view.metric_is_loss());
    let mut tiles = Vec::new();
    if let Some(target) = &view.target {
        let name = format!("Target {} {}", spoken(&target.metric), short(target.value));
        let tile = match view.verdict {
            Verdict::Met { steps, seconds } => {
                let (value, detail) = match seconds {
                    Some(seconds) => (duration(seconds), format!("of training, {}", plural(steps, "update"))),
                    None => (plural(steps, "update"), String::new()),
                };
                Tile { class: "good", ..Tile::new(&format!("{name} met after"), value, detail) }
            }
            _ if view.status().is_none() => Tile::new(&name, "not yet", "no result yet"),
            _ => {
                let gap = view.best.map(|best| format!("{} away at best", short((target.value - best.metric).abs())));
                Tile { class: "bad", ..Tile::new(&name, "missed", gap.unwrap_or_default()) }
            }
        };
        tiles.push(tile);
    }
    if let Some(best) = view.best {
        let loss = format!(", validation loss {}", short(best.loss));
        let detail = format!("after {}{}", plural(best.step, "update"), if once { "" } else { &loss });
        tiles.push(Tile::new(&format!("Best {metric}"), short(best.metric), detail));
    }
    if let Some(test) = view.test {
        tiles.push(Tile::new(
            &format!("Test {metric}"),
            short(test.metric),
            format!("final weights{}", if once { String::new() } else { format!(", loss {}", short(test.loss)) }),
        ));
    }
    let (time, steps) = (view.train_seconds(), view.steps());
    let speed = if time > 0.0 { format!(", {} a second", short((steps as f64 / time).round())) } else { String::new() };
    tiles.push(Tile::new("Training", duration(time), format!("{}{speed}", plural(steps, "update"))));
    if let Some(result) = &view.run.result {
        let rolled_back = result.steps_spent.saturating_sub(result.steps_kept);
        let rolled =
            if rolled_back > 0 { format!(", {} rolled back", plural(rolled_back, "update")) } else { String::new() };
        tiles.push(Tile::new(
            "Forwards",
            count(result.forwards),
            format!("{}{rolled}", plural(result.backwards, "backward")),
        ));
    }
    if let Some((each, outcomes)) = words::searches(view) {
        tiles.push(Tile::new("Line search", each, format!("more losses an update: {}", outcomes.join(", "))));
    }
    tiles
}

/// The runs, best first.
pub(super) fn table(views: &[View<'_>]) -> (Vec<Cell>, Vec<Row>) {
    if views.len() < 2 {
        return (Vec::new(), Vec::new());
    }
    let same = words::comparable(views);
    let metric = views.first().map(View::metric).filter(|_| same).unwrap_or_else(|| "metric".to_owned());
    let names = [
        "Run",
        "Target met",
        "At update",
        "Best",
        "Final",
        "Test",
        "Training",
        "Updates",
        "Spent",
        "Forwards",
        "Workload",
        "Optimizer",
        "Learning rate",
        "Seed",
        "Ended",
    ];
    let columns = names.map(|name| match name {
        "Best" | "Final" | "Test" => format!("{name} {metric}"),
        name => name.to_owned(),
    });
    let rows = words::ranking(views).into_iter().filter_map(|index| {
        let view = views.get(index)?;
        let cell = |text: String, class: &'static str| Cell { text, class };
        let score = |score: Option<rheostat_record::Score>| {
            cell(score.map(|score| short(score.metric)).unwrap_or_default(), "number")
        };
        let (met, at) = match view.verdict {
            Verdict::None => (cell("no target".to_owned(), "muted"), String::new()),
            Verdict::Missed => (cell("✘ missed".to_owned(), "bad"), String::new()),
            Verdict::Met { steps, seconds } => {
                let time = seconds.map(duration).unwrap_or_else(|| "met".to_owned());
                (cell(format!("✔ {time}"), "good"), count(steps))
            }
        };
        let result = view.run.result.as_ref();
        let counted = |value: Option<u64>| cell(value.map(count).unwrap_or_default(), "number");
        let cells = vec![
            met,
            cell(at, "number"),
            score(view.best),
            score(view.last),
            score(view.test),
            cell(duration(view.train_seconds()), "number"),
            counted(Some(view.steps())),
            counted(result.map(|result| result.steps_spent)),
            counted(result.map(|result| result.forwards)),
            cell(view.run.manifest.workload.clone(), ""),
            cell(view.method("optimizer"), ""),
            cell(view.method("learning_rate"), ""),
            cell(view.run.manifest.seed.to_string(), "number"),
            cell(words::status(view.status()).to_owned(), ""),
        ];
        Some(Row { run: named(view.id(), index, false), cells })
    });
    let (columns, rows) = useful(columns.to_vec(), rows.collect());
    // A column's name stands as its cells do.
    let class = |index: usize| match index.checked_sub(1).and_then(|index| rows.first()?.cells.get(index)) {
        Some(Cell { class: "number", .. }) => "number",
        _ => "",
    };
    let columns = columns.into_iter().enumerate().map(|(index, text)| Cell { text, class: class(index) }).collect();
    (columns, rows)
}

/// The columns in which something is, and which are not the same for all runs where that says nothing.
fn useful(columns: Vec<String>, mut rows: Vec<Row>) -> (Vec<String>, Vec<Row>) {
    let keep: Vec<bool> = (0..columns.len() - 1)
        .map(|column| {
            let texts: Vec<&str> = rows.iter().map(|row| row.cells[column].text.as_str()).collect();
            let all_same = texts.windows(2).all(|pair| pair[0] == pair[1]);
            let name = columns[column + 1].as_str();
            let same_says_nothing = matches!(name, "Workload" | "Optimizer" | "Learning rate");
            // Spent updates and forwards are news only where they differ from the column before.
            let before =
                |row: &Row| row.cells[column - 1].text == row.cells[column].text || row.cells[column].text.is_empty();
            let repeats = matches!(name, "Spent" | "Forwards") && rows.iter().all(before);
            texts.iter().any(|text| !text.is_empty()) && !(all_same && same_says_nothing) && !repeats
        })
        .collect();
    for row in &mut rows {
        let mut kept = keep.iter();
        row.cells.retain(|_| kept.next().copied().unwrap_or(true));
    }
    let kept = columns.into_iter().enumerate().filter(|(index, _)| *index == 0 || keep[index - 1]);
    (kept.map(|(_, name)| name).collect(), rows)
}

/// Hyperparameters that never moved in any run and are the same in all.
pub(super) fn constant(views: &[View<'_>]) -> Vec<(String, String)> {
    let mut values: BTreeMap<&str, Option<f64>> = BTreeMap::new();
    for view in views {
        for (name, steps) in &view.hyperparameters {
            let value = steps.iter().copied().find(|value| !value.is_nan()).filter(|_| !view.moves(name));
            let known = values.entry(name).or_insert(value);
            if *known != value {
                *known = None;
            }
        }
    }
    values.into_iter().filter_map(|(name, value)| Some((spoken(name), short(value?)))).collect()
}

pub(super) fn accounts(views: &[View<'_>]) -> Vec<Account> {
    let parts = |view: &View<'_>| {
        let result = view.run.result.as_ref();
        let seconds = |value: Option<f64>| value.filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0);
        (
            seconds(Some(view.train_seconds())),
            seconds(result.map(|result| result.eval_seconds)),
            seconds(result.map(|result| result.record_seconds)),
        )
    };
    let longest = views.iter().map(parts).map(|(one, two, three)| one + two + three).fold(0.0, f64::max);
    if longest <= 0.0 || !longest.is_finite() {
        return Vec::new();
    }
    let account = |view: &View<'_>| {
        let (training, evaluation, recording) = parts(view);
        let total = training + evaluation + recording;
        let share = |part: f64| format!("{:.2}", part / longest * 100.0);
        Account {
            run: view.id().to_owned(),
            words: format!(
                "{} in all: training {} ({}), evaluation {} ({}), recording {} ({})",
                duration(total),
                duration(training),
                percent(training, total),
                duration(evaluation),
                percent(evaluation, total),
                duration(recording),
                percent(recording, total),
            ),
            training: share(training),
            evaluation: share(evaluation),
            recording: share(recording),
        }
    };
    // What evaluating and recording took is known at the end.
    views.iter().filter(|view| view.run.result.is_some()).map(account).collect()
}

/// What happened, and how much of it is left out of a long list.
pub(super) fn happenings(views: &[View<'_>]) -> (Vec<Happening>, usize) {
    let mut all = Vec::new();
    let mut left_out = 0;
    let each = (HAPPENINGS / views.len().max(1)).max(3);
    for (run, view) in views.iter().enumerate() {
        left_out += view.moments.len().saturating_sub(each);
        all.extend(view.moments.iter().take(each).map(|moment| Happening {
            run: named(view.id(), run, false),
            step: count(moment.step),
            time: duration(moment.seconds),
            what: capital(&spoken(moment.what)),
            why: match moment.why {
                Why::Said(reason) => reason.to_owned(),
                Why::Resumed => "went on from a checkpoint".to_owned(),
                Why::Restored => "went back to a snapshot: updates beyond it were made but do not stand".to_owned(),
                Why::Refused { loss, gradient_norm } => {
                    format!("loss {loss}, gradient norm {gradient_norm}: the update was refused")
                }
                Why::ReadOut(read_out) => words::read_out(view, read_out),
                Why::Reset { tau, alpha } => {
                    format!("{} of the fresh parameters, moments with alpha {}", short(tau), short(alpha))
                }
            },
        }));
    }
    (all, left_out)
}

pub(super) fn recipes(views: &[View<'_>]) -> Vec<Recipe> {
    let mut recipes: Vec<Recipe> = Vec::new();
    for view in views {
        let manifest = &view.run.manifest;
        match recipes.iter_mut().find(|recipe| recipe.text == manifest.recipe) {
            Some(recipe) => {
                recipe.runs.push_str(", ");
                recipe.runs.push_str(&manifest.id);
            }
            None => recipes.push(Recipe {
                runs: manifest.id.clone(),
                hash: manifest.recipe_hash.chars().take(12).collect(),
                text: manifest.recipe.clone(),
            }),
        }
    }
    recipes
}

pub(super) fn environment(views: &[View<'_>]) -> Environment {
    let facts = |view: &View<'_>| -> Vec<(&'static str, String)> {
        let manifest = &view.run.manifest;
        vec![
            ("Program", manifest.program.clone()),
            ("Commit", manifest.commit.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("Device", manifest.device.clone()),
            ("Processor", manifest.processor.clone()),
            ("Threads", manifest.threads.to_string()),
            ("System", manifest.system.clone()),
            ("Started", date(manifest.started)),
            ("Workload", manifest.workload.clone()),
            ("Seed", manifest.seed.to_string()),
            ("Budget", plural(manifest.budget_steps, "update")),
            ("Epoch", plural(manifest.steps_per_epoch, "update")),
            ("Training samples", count(manifest.samples)),
            ("Parameters", count(manifest.parameters)),
            ("Recipe", manifest.recipe_hash.chars().take(12).collect()),
            ("Directory", view.run.path.display().to_string()),
        ]
    };
    let all: Vec<(String, Vec<(&str, String)>)> =
        views.iter().map(|view| (view.id().to_owned(), facts(view))).collect();
    let mut environment = Environment { shared: Vec::new(), columns: Vec::new(), rows: Vec::new() };
    let Some((_, first)) = all.first() else { return environment };
    let mut differing = Vec::new();
    for (index, (name, value)) in first.iter().enumerate() {
        if all.iter().all(|(_, facts)| facts[index].1 == *value) {
            environment.shared.push(((*name).to_owned(), value.clone()));
        } else {
            environment.columns.push((*name).to_owned());
            differing.push(index);
        }
    }
    if !differing.is_empty() {
        let row = |(id, facts): &(String, Vec<(&str, String)>)| {
            (id.clone(), differing.iter().map(|index| facts[*index].1.clone()).collect())
        };
        environment.rows = all.iter().map(row).collect();
    }
    environment
}
