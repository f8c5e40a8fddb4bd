use rheostat_control::{RangeCurve, RangeTest};
use rheostat_record::{Event, Run};
use rheostat_report::chart::{Axis, Chart, Look, Marker, Panel, Scale, Series, SvgOptions, TerminalOptions};
use rheostat_train::{Place, Silent, train_under};
use std::io::IsTerminal;

use crate::arguments::{Format, Global, LrFind};
use crate::error::{CliError, exit};
use crate::{output, provenance, recipes};

use super::train::{Compute, host};

pub(crate) fn run(arguments: &LrFind, global: &Global) -> Result<u8, CliError> {
    let (low, high) = (arguments.low, arguments.high);
    if !(low > 0.0 && high > low && high.is_finite()) {
        return Err(CliError::Usage(format!("--low {low} --high {high}: they must be 0 < low < high")));
    }
    if arguments.steps < 10 {
        return Err(CliError::Usage(format!("--steps {}: at least 10 are needed to read a curve", arguments.steps)));
    }
    // The whole grid, both ends used: low (high / low)^(i / (n - 1)).
    let rate = format!("{{ method = \"exponential\", start = {low:?}, end = {high:?}, endpoint = \"inclusive\" }}");
    let steps = format!("\"{} steps\"", arguments.steps);
    let sets = [
        ("learning_rate".to_owned(), rate),
        ("budget".to_owned(), steps.clone()),
        ("checkpoint_every".to_owned(), steps),
    ];
    let recipe = recipes::read_with(&arguments.recipe, &sets)?;
    let compute = Compute::asked(global);
    let mut host = host(global, compute)?;
    host.skip_evaluation = true;
    let (path, id) = provenance::run_folder(arguments.out.as_deref(), &format!("lr-find-{}", recipe.workload.name));
    let place = Place::New { path: &path, id: &id };
    train_under(&|plan| Ok(Box::new(RangeTest::new(plan.base.clone()))), &recipe, place, &host, &mut Silent)?;

    let run = Run::open(&path)?;
    let (rates, losses): (Vec<f64>, Vec<f64>) = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Step { loss, hyperparameters, .. } => Some((*hyperparameters.get("learning_rate")?, *loss)),
            _ => None,
        })
        .unzip();
    let curve = RangeCurve::new(&rates, &losses).map_err(|error| CliError::Usage(error.to_string()))?;
    let chart = chart(&curve, recipe.workload.name);
    let picture = path.join("lr-find.svg");
    std::fs::write(&picture, chart.svg(&SvgOptions::default())).map_err(CliError::writing(&picture))?;
    match global.format {
        Format::Json => output::json(&curve)?,
        Format::Csv => output::text(&csv(&curve))?,
        Format::Text => {
            let options = TerminalOptions { colour: std::io::stdout().is_terminal(), ..Default::default() };
            output::text(&(chart.terminal(&options) + "\n" + &text(&curve)))?;
        }
    }
    eprintln!("wrote {}", picture.display());
    Ok(exit::DONE)
}

fn named(curve: &RangeCurve) -> [(&'static str, Option<f64>, &'static str); 5] {
    let found = &curve.suggestions;
    [
        ("steepest", found.steepest, "where the loss falls fastest"),
        ("valley", found.valley, "two thirds into the longest descent (fastai's choice)"),
        ("minimum / 10", found.minimum_over_10, "a tenth of the rate with the lowest loss"),
        ("lower", found.lower, "where the loss begins to fall: the floor of a cyclic schedule"),
        ("upper", found.upper, "where it stops falling: the peak of a cyclic schedule"),
    ]
}

fn text(curve: &RangeCurve) -> String {
    let rows = named(curve).map(|(name, rate, meaning)| {
        vec![name.to_owned(), rate.map_or("none".to_owned(), |rate| format!("{rate:.2e}")), meaning.to_owned()]
    });
    let note = "These are readings of one curve, not a choice: try two of them.\n";
    output::table(&rows) + note
}

fn csv(curve: &RangeCurve) -> String {
    let mut text = "learning_rate,loss,smoothed\n".to_owned();
    for ((rate, loss), smoothed) in curve.rates.iter().zip(&curve.losses).zip(&curve.smoothed) {
        text.push_str(&format!("{rate:?},{loss:?},{smoothed:?}\n"));
    }
    text
}

fn chart(curve: &RangeCurve, workload: &str) -> Chart {
    let points =
        |losses: &[f64]| -> Vec<(f64, f64)> { curve.rates.iter().copied().zip(losses.iter().copied()).collect() };
    // The blow-up would flatten everything else.
    let start = curve.smoothed.first().copied().unwrap_or(1.0);
    let shown =
        |losses: &[f64]| points(losses).into_iter().filter(|(_, loss)| *loss <= 1.5 * start).collect::<Vec<_>>();
    let panel = Panel::new(Axis::new("training loss"))
        .series(Series::new("measured", shown(&curve.losses)).look(Look::Faint))
        .series(Series::new("smoothed", shown(&curve.smoothed)));
    let mut chart = Chart::new(
        format!("Loss of {workload} as the learning rate rises"),
        Axis::new("learning rate").scale(Scale::Log),
    )
    .panel(panel);
    for (name, rate, _) in named(curve) {
        if let Some(rate) = rate {
            chart = chart.marker(Marker::new(name, rate));
        }
    }
    chart
}
