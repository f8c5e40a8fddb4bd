use std::io::IsTerminal;
use std::path::Path;

use rheostat_control::autowu::Growth;
use rheostat_control::{ControlError, Controller, ControllerSpec, Hyperparameter, RangeCurve, RangeTest, Together};
use rheostat_record::{Event, Plan, Recipe, Run, Status, told_loss};
use rheostat_report::chart::{Axis, Chart, Look, Marker, Panel, Scale, Series, SvgOptions, TerminalOptions};
use rheostat_schedule::Span;
use rheostat_train::{Place, Silent, train_under};

use crate::arguments::{Format, Global, LrFind, RateGrowth};
use crate::error::{CliError, exit};
use crate::{output, provenance, recipes};

use super::schedule::samples;
use super::train::{Compute, host};

pub(crate) fn run(arguments: &LrFind, global: &Global) -> Result<u8, CliError> {
    let own = recipes::read(&arguments.recipe)?;
    let plan = own.plan(samples(&own, global)?)?;
    let test = test(arguments, &plan)?;
    let recipe = recipes::read_with(&arguments.recipe, &changes(&test, &own, &plan))?;
    let compute = Compute::asked(global);
    let mut host = host(global, compute)?;
    host.skip_evaluation = true;
    let (path, id) = provenance::run_folder(arguments.out.as_deref(), &format!("lr-find-{}", recipe.workload.name));
    let place = Place::New { path: &path, id: &id };
    let control = |plan: &Plan| -> Result<Box<dyn Controller>, ControlError> {
        // Of two that set the rate the later wins, and what follows from the rate follows it.
        let mut members = plan.members()?;
        members.push(Box::new(test.controller()?));
        Ok(Box::new(Together::new(members)))
    };
    let outcome = train_under(&control, &recipe, place, &host, &mut Silent)?;
    if outcome.result.status != Status::Finished {
        eprintln!("the test was ended after {} of {} updates", outcome.result.steps_spent, test.steps);
        return Ok(match outcome.result.status {
            Status::Interrupted => exit::INTERRUPTED,
            Status::Diverged => exit::DIVERGED,
            _ => exit::USAGE,
        });
    }

    let (rates, losses) = measured(&path)?;
    let curve = match test.read(&rates, &losses) {
        Ok(curve) => curve,
        Err(error) if error.field() == "loss" => {
            eprintln!("error: {error}");
            return Ok(exit::DIVERGED);
        }
        Err(error) => return Err(misused(&error)),
    };
    let chart = chart(&curve, recipe.workload.name, test.growth);
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
    if let Some(scaling) = &own.batch_scaling {
        let factor = scaling.rate_factor(plan.batch_at(0).size);
        eprintln!(
            "[batch_scaling] multiplies the recipe's rates by {factor}: divide these by it before you write one there"
        );
    }
    eprintln!("wrote {}", picture.display());
    Ok(exit::DONE)
}

fn test(arguments: &LrFind, plan: &Plan) -> Result<RangeTest, CliError> {
    let steps = plan.setting.frame.to_steps(arguments.steps, 0);
    let test = RangeTest {
        low: arguments.low,
        high: arguments.high,
        steps: steps.map_err(|error| CliError::Usage(format!("--steps {}: {error}", arguments.steps)))?,
        growth: match arguments.growth {
            RateGrowth::Exponential => Growth::Exponential,
            RateGrowth::Linear => Growth::Linear,
        },
        smoothing: arguments.smoothing,
        divergence: arguments.divergence,
        skip_start: arguments.skip_start,
        skip_end: arguments.skip_end,
    };
    match test.check() {
        Ok(()) => Ok(test),
        Err(errors) => {
            Err(errors.first().map_or_else(|| CliError::Usage("the test cannot be made".to_owned()), misused))
        }
    }
}

/// The field of what is looked for is the argument.
pub(super) fn misused(error: &ControlError) -> CliError {
    let field = error.field();
    CliError::Usage(format!("--{}", error.to_string().replacen(field, &field.replace('_', "-"), 1)))
}

/// What the test changes in the recipe: the rate is its own, the rest of the run is played from its beginning.
fn changes(test: &RangeTest, own: &Recipe, plan: &Plan) -> Vec<(String, String)> {
    let steps = Span::Steps(test.steps);
    let growth = match test.growth {
        Growth::Exponential => "exponential",
        Growth::Linear => "linear",
    };
    let (low, high) = (test.low, test.high);
    let mut sets = vec![
        (
            Hyperparameter::LearningRate.name().to_owned(),
            format!(
                "{{ method = \"{growth}\", start = {low:?}, end = {high:?}, over = \"{steps}\", endpoint = \"inclusive\" }}"
            ),
        ),
        // At the end only.
        ("checkpoint_every".to_owned(), format!("\"{steps}\"")),
    ];
    if plan.total_steps < test.steps {
        sets.push(("budget".to_owned(), format!("\"{steps}\"")));
    }
    // It would follow from the rate that is tested.
    if let Some(ControllerSpec::Grow(grow)) = own.controllers.get(&Hyperparameter::BatchSize) {
        sets.push((Hyperparameter::BatchSize.name().to_owned(), grow.start.to_string()));
    }
    sets
}

/// Rates and losses of the updates, those included that were refused.
fn measured(path: &Path) -> Result<(Vec<f64>, Vec<f64>), CliError> {
    let run = Run::open(path)?;
    let step = |event: &Event| match event {
        Event::Step { loss, gradient_norm, hyperparameters, .. } => {
            let rate = hyperparameters.get(Hyperparameter::LearningRate.name())?;
            Some((*rate, told_loss(*loss, *gradient_norm)))
        }
        Event::Skip { loss, gradient_norm, .. } => Some((f64::NAN, told_loss(*loss, *gradient_norm))),
        _ => None,
    };
    Ok(run.events.iter().filter_map(step).unzip())
}

fn named(curve: &RangeCurve) -> [(&'static str, Option<f64>, &'static str); 6] {
    let found = &curve.suggestions;
    [
        ("steepest", found.steepest, "where the loss falls fastest"),
        ("valley", found.valley, "in the middle of the longest descent (fastai's choice)"),
        ("slide", found.slide, "down from the blow-up to where the slope no longer changes (fastai)"),
        ("minimum / 10", found.minimum_over_10, "a tenth of the rate with the lowest loss"),
        ("lower", found.lower, "where the loss begins to fall: the floor of a cyclic schedule (Smith)"),
        ("upper", found.upper, "where it stops falling: the peak of a cyclic schedule (Smith)"),
    ]
}

fn text(curve: &RangeCurve) -> String {
    let rows = named(curve).map(|(name, rate, meaning)| {
        vec![name.to_owned(), rate.map_or("none".to_owned(), |rate| format!("{rate:.2e}")), meaning.to_owned()]
    });
    let note = match named(curve).iter().all(|(_, rate, _)| rate.is_none()) {
        true => "The smoothed loss never falls: try a higher --high or more --steps.\n",
        false => "These are readings of one curve, not a choice: try two of them.\n",
    };
    output::table(&rows) + note
}

fn csv(curve: &RangeCurve) -> String {
    let mut text = "learning_rate,loss,smoothed\n".to_owned();
    for ((rate, loss), smoothed) in curve.rates.iter().zip(&curve.losses).zip(&curve.smoothed) {
        text.push_str(&format!("{rate:?},{loss:?},{smoothed:?}\n"));
    }
    text
}

fn chart(curve: &RangeCurve, workload: &str, growth: Growth) -> Chart {
    let points =
        |losses: &[f64]| -> Vec<(f64, f64)> { curve.rates.iter().copied().zip(losses.iter().copied()).collect() };
    // The blow-up would flatten everything else.
    let start = curve.smoothed.first().copied().unwrap_or(1.0);
    let shown =
        |losses: &[f64]| points(losses).into_iter().filter(|(_, loss)| *loss <= 1.5 * start).collect::<Vec<_>>();
    let panel = Panel::new(Axis::new("training loss"))
        .series(Series::new("measured", shown(&curve.losses)).look(Look::Faint))
        .series(Series::new("smoothed", shown(&curve.smoothed)));
    let scale = match growth {
        Growth::Exponential => Scale::Log,
        Growth::Linear => Scale::Linear,
    };
    let mut chart =
        Chart::new(format!("Loss of {workload} as the learning rate rises"), Axis::new("learning rate").scale(scale))
            .panel(panel);
    for (name, rate, _) in named(curve) {
        if let Some(rate) = rate {
            chart = chart.marker(Marker::new(name, rate));
        }
    }
    chart
}
