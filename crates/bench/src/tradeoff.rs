use std::collections::BTreeSet;

use rheostat_control::Hyperparameter;
use rheostat_record::document::{Entry, Findings, Node, Value, nearest};
use rheostat_record::{DocumentError, Recipe};
use rheostat_schedule::{Restart, Span};
use rheostat_score::TradeoffMode;

/// `[tradeoff]` in a study: every submission is trained to several read-out points, in one cyclic run, in one run for each point, or
/// both.
#[derive(Debug, Clone, PartialEq)]
pub struct Tradeoff {
    /// The read-out points, in increasing order.
    pub points: Vec<Span>,
    /// How they are trained.
    pub modes: Vec<TradeoffMode>,
    /// How schedules begin anew after a point.
    pub restart: Restart,
    /// Hyperparameters whose schedules go on over the whole cyclic run.
    pub stay: Vec<Hyperparameter>,
}

const KEYS: [&str; 5] = ["points", "modes", "peak_decay", "rewarm", "stay"];

/// Those that say how cycles follow one another.
const OF_CYCLES: [&str; 3] = ["peak_decay", "rewarm", "stay"];

impl Tradeoff {
    /// Trials of one study of a submission: the cyclic run, then the standard ones from the first point to the last.
    pub fn trials(&self) -> u64 {
        let of = |mode: &TradeoffMode| match mode {
            TradeoffMode::Cyclic => 1,
            TradeoffMode::Standard => self.points.len() as u64,
        };
        self.modes.iter().map(of).sum()
    }

    /// What a trial trains to: its mode, and the number of the first of its points.
    pub fn trial(&self, trial: u64) -> (TradeoffMode, usize) {
        match (self.modes.contains(&TradeoffMode::Cyclic), trial) {
            (true, 0) => (TradeoffMode::Cyclic, 0),
            (cyclic, trial) => (TradeoffMode::Standard, (trial - u64::from(cyclic)) as usize),
        }
    }

    /// The recipe of a trial of a submission whose recipe is `base`.
    pub(crate) fn recipe(&self, base: &Recipe, trial: u64) -> Result<Recipe, DocumentError> {
        match self.trial(trial) {
            (TradeoffMode::Cyclic, _) => base.cycled(&self.points, &self.restart, &self.stay),
            (TradeoffMode::Standard, point) => base.with_budget(self.points.get(point).copied().unwrap_or(base.budget)),
        }
    }

    /// What tells a trial from the others, for the table of results.
    pub(crate) fn described(&self, trial: u64) -> Vec<(String, String)> {
        let (mode, point) = self.trial(trial);
        let own = |key: &str, value: String| (key.to_owned(), value);
        let mut found = vec![own("mode", mode.name().to_owned())];
        if mode == TradeoffMode::Standard {
            found.extend(self.points.get(point).map(|point| own("budget", point.to_string())));
        }
        found
    }

    /// What is to stay must move in some submission, or it is the wrong name.
    pub(crate) fn check_stay(&self, scheduled: &BTreeSet<Hyperparameter>, root: &Node, findings: &mut Findings) {
        let items = root.get("tradeoff").and_then(|table| table.get("stay")).map(Node::items).unwrap_or_default();
        for (item, which) in items.iter().zip(&self.stay).filter(|(_, which)| !scheduled.contains(which)) {
            let others = scheduled.iter().filter(|which| **which != Hyperparameter::LearningRate);
            let others: Vec<&str> = others.map(|which| which.name()).collect();
            let help = match others.as_slice() {
                [] => "leave stay out: the learning rate alone has a schedule".to_owned(),
                names => format!("those that have one: {}", names.join(", ")),
            };
            let message = format!("{which} has no schedule in any submission, so there is nothing to stay");
            findings.add(&item.origin, message, Some(help));
        }
    }

    /// Reads the table.
    pub(crate) fn read(entry: &Entry, findings: &mut Findings) -> Option<Self> {
        let node = &entry.node;
        if !matches!(node.value, Value::Table(_)) {
            let message = format!("tradeoff is {}, not a table", node.kind());
            findings.add(&node.origin, message, Some("write [tradeoff]".to_owned()));
            return None;
        }
        for entry in node.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            findings.add(&entry.key_origin, format!("tradeoff has no {}", entry.key), nearest(&entry.key, &KEYS));
        }
        let points = points(node, findings);
        let modes = modes(node, findings);
        let peak_decay = match node.get("peak_decay").map(|value| (value, value.number())) {
            None => Some(1.0),
            Some((_, Some(decay))) if decay > 0.0 && decay.is_finite() => Some(decay),
            Some((value, _)) => {
                let message = format!("peak_decay = {} is no number above 0", value.display());
                findings.add(&value.origin, message, None);
                None
            }
        };
        let rewarm = match node.get("rewarm") {
            None => Some(None),
            Some(value) => span(value, "rewarm", true, findings).map(Some),
        };
        let stay = stay(node, findings);
        let modes = modes?;
        if !modes.contains(&TradeoffMode::Cyclic) {
            let of_cycles = node.entries().iter().filter(|entry| OF_CYCLES.contains(&entry.key.as_str()));
            for entry in of_cycles {
                let message = format!("{} is for cyclic runs, and modes asks for none", entry.key);
                findings.add(&entry.key_origin, message, Some(format!("leave {} out", entry.key)));
            }
        }
        Some(Self {
            points: points?,
            modes,
            restart: Restart { peak_decay: peak_decay?, rewarm: rewarm? },
            stay: stay?,
        })
    }
}

/// A length; `share` says whether it may be one of its cycle.
fn span(node: &Node, name: &str, share: bool, findings: &mut Findings) -> Option<Span> {
    match node.text().map(str::parse::<Span>) {
        Some(Ok(Span::Fraction(_))) if !share => {
            let message = format!("{name} = {} is a share, of which there is no whole", node.display());
            findings.add(&node.origin, message, Some("write epochs, steps or samples".to_owned()));
            None
        }
        Some(Ok(span)) if span.amount() > 0.0 => Some(span),
        Some(Ok(_)) => {
            findings.add(&node.origin, format!("{name} = {} is out of range: more than 0", node.display()), None);
            None
        }
        Some(Err(error)) => {
            findings.add(&node.origin, format!("{name}: {error}"), None);
            None
        }
        None => {
            let help = Some("write \"2 epochs\" or \"500 steps\"".to_owned());
            findings.add(&node.origin, format!("{name} = {} is no span", node.display()), help);
            None
        }
    }
}

fn points(table: &Node, findings: &mut Findings) -> Option<Vec<Span>> {
    let node = table.get("points").filter(|node| !node.items().is_empty());
    let Some(node) = node else {
        let origin = table.origin_of("points");
        let help = Some("write points = [\"1 epochs\", \"2 epochs\", \"4 epochs\"]".to_owned());
        findings.add(origin, "the tradeoff has no points", help);
        return None;
    };
    let items = node.items();
    let read = items.iter().enumerate().map(|(index, item)| span(item, &format!("points[{index}]"), false, findings));
    let spans = read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
    let mut in_order = true;
    for (index, pair) in spans.windows(2).enumerate() {
        // Of different units only the data can tell.
        let same_unit = std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]);
        if same_unit && pair[1].amount() <= pair[0].amount() {
            let message = format!("points[{}] = \"{}\" is not after \"{}\"", index + 1, pair[1], pair[0]);
            findings.add(&items[index + 1].origin, message, Some("write the points in increasing order".to_owned()));
            in_order = false;
        }
    }
    in_order.then_some(spans)
}

fn modes(table: &Node, findings: &mut Findings) -> Option<Vec<TradeoffMode>> {
    let Some(node) = table.get("modes") else { return Some(TradeoffMode::ALL.to_vec()) };
    let names = TradeoffMode::ALL.map(TradeoffMode::name);
    let mut found = Vec::new();
    for item in node.items() {
        match TradeoffMode::ALL.into_iter().find(|mode| item.text() == Some(mode.name())) {
            Some(mode) => found.push(mode),
            None => {
                let help = nearest(item.text().unwrap_or_default(), &names);
                findings.add(&item.origin, format!("{} is none of {}", item.display(), names.join(", ")), help);
                return None;
            }
        }
    }
    if found.is_empty() {
        let help = Some(format!("write modes = [\"{}\"], or leave it out for both", names[0]));
        findings.add(&node.origin, format!("modes = {} names no mode", node.display()), help);
        return None;
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn stay(table: &Node, findings: &mut Findings) -> Option<Vec<Hyperparameter>> {
    let items = table.get("stay").map(Node::items).unwrap_or_default();
    let mut found = Vec::new();
    for item in items {
        let name = item.text().unwrap_or_default();
        match Hyperparameter::from_name(name) {
            Some(Hyperparameter::LearningRate) => {
                let message = "the learning rate comes to its end at every point: it cannot stay";
                findings.add(&item.origin, message, None);
                return None;
            }
            Some(which) => found.push(which),
            None => {
                let names = Hyperparameter::ALL.map(Hyperparameter::name);
                findings.add(&item.origin, format!("{} is no hyperparameter", item.display()), nearest(name, &names));
                return None;
            }
        }
    }
    Some(found)
}
