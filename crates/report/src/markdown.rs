use rheostat_record::Run;

use crate::number::{capital, count, duration, short, spoken};
use crate::view::{Verdict, side_by_side};
use crate::words;

/// A table of the runs, best first, in GitHub's Markdown.
pub fn markdown(runs: &[Run]) -> String {
    let views = side_by_side(runs);
    let same = words::comparable(&views);
    let metric = match views.first() {
        Some(view) if same => capital(&view.metric()),
        _ => "Metric".to_owned(),
    };
    let target = views.first().and_then(|view| view.target.as_ref()).filter(|_| same);
    let goal = target.map_or("Target met".to_owned(), |target| {
        format!("{} {} met", capital(&spoken(&target.metric)), short(target.value))
    });
    let mut text = String::new();
    if !views.is_empty() {
        text += &format!("**{}**\n\n", escaped(&words::headline(&views)));
    }
    text += &format!(
        "| Run | Workload | Optimizer | Learning rate | Seed | {} | Best {} | Updates | Training | Ended |\n",
        escaped(&goal),
        escaped(&metric.to_lowercase())
    );
    text += "|---|---|---|---|--:|---|--:|--:|--:|---|\n";
    for view in words::ranking(&views).into_iter().filter_map(|index| views.get(index)) {
        let manifest = &view.run.manifest;
        let met = match view.verdict {
            Verdict::None => "no target".to_owned(),
            Verdict::Missed => "no".to_owned(),
            Verdict::Met { steps, seconds: Some(seconds) } => {
                format!("{}, {} updates", duration(seconds), count(steps))
            }
            Verdict::Met { steps, seconds: None } => format!("{} updates", count(steps)),
        };
        let cells = [
            escaped(&manifest.id),
            escaped(&manifest.workload),
            escaped(&view.method("optimizer")),
            escaped(&view.method("learning_rate")),
            manifest.seed.to_string(),
            met,
            view.best.map_or(String::new(), |best| short(best.metric)),
            count(view.steps()),
            duration(view.train_seconds()),
            words::status(view.status()).to_owned(),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// Text that stays in its cell and is neither markup nor HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                safe.push('\\');
                safe.push(letter);
            }
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
