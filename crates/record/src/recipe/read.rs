use std::collections::BTreeMap;

use rheostat_control::optimizers::ScheduleFree;
use rheostat_control::{
    AveragingSpec, BatchScaling, ControlError, ControllerMethod, ControllerSpec, Hyperparameter, LineSearchMethod,
    LineSearchSpec, OptimizerSpec, TrainingMethodSpec,
};
use rheostat_schedule::parameter::Family;
use rheostat_schedule::{ScheduleSpec, Span};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::check::named_feedback;
use super::keys;
use super::text::{self, RecipeText};
use super::training_methods;
use crate::document::Node;
use crate::document::{DocumentError, Findings};
use crate::{Target, WorkloadFacts};

/// One run, as a file describes it: checked, with every default filled in.
///
/// Start from a text with [`Recipe::read`]; turn spans into steps with [`Recipe::plan`](Self::plan).
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// What is trained.
    pub workload: WorkloadFacts,
    /// Training methods that change samples or model; those that are names for a hyperparameter are among `hyperparameters`.
    pub methods: Vec<TrainingMethodSpec>,
    /// Every random stream follows from it.
    pub seed: u64,
    /// The horizon, in kept updates.
    pub budget: Span,
    /// Updates between evaluations.
    pub evaluate_every: Span,
    /// Updates between checkpoints.
    pub checkpoint_every: Span,
    /// Newest checkpoints kept.
    pub keep_checkpoints: usize,
    /// The metric's value to be reached.
    pub target: Target,
    /// Whether to end when an evaluation meets the target.
    pub stop_at_target: bool,
    /// Training seconds after which the run ends.
    pub time_limit: Option<f64>,
    /// Bound on updates made, as a multiple of the budget.
    pub spent_limit: f64,
    /// Parts a batch is computed in.
    pub accumulate: u64,
    /// What to do at a loss or gradient that is not finite.
    pub non_finite: NonFinite,
    /// Which weights the test split is evaluated with.
    pub test: TestWeights,
    /// Points at which the run is read out, in increasing order.
    pub read_outs: Vec<Span>,
    /// The optimizer.
    pub optimizer: OptimizerSpec,
    /// What average of the weights is evaluated in their place.
    pub averaging: Option<AveragingSpec>,
    /// What moves by a schedule, and how.
    pub hyperparameters: BTreeMap<Hyperparameter, ScheduleSpec>,
    /// What a controller sets as it sees the run.
    pub controllers: BTreeMap<Hyperparameter, ControllerSpec>,
    /// What chooses the size of every step, in place of a learning rate.
    pub line_search: Option<LineSearchSpec>,
    /// What the learning rates are multiplied by for the recipe's batches.
    pub batch_scaling: Option<BatchScaling>,
    /// Parameter groups; of two that match a parameter, the later wins.
    pub groups: Vec<Group>,
    pub(super) tree: Node,
}

/// Parameters chosen by path, with their own hyperparameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// A regular expression on parameter paths.
    pub path: String,
    /// What differs from the rest of the model.
    pub hyperparameters: BTreeMap<Hyperparameter, ScheduleSpec>,
    /// What the model's learning rate is multiplied by, whoever sets it; 1 unless given.
    pub rate_factor: f64,
}

/// What to do at a loss or gradient that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// End the run as diverged.
    Stop,
    /// Make no update: parameters, moments and the schedule's step stay; the work is counted as spent.
    Skip,
}

/// Which weights the test split is evaluated with, once, at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestWeights {
    /// The final ones.
    Final,
    /// Those of the best evaluation on the validation split.
    Best,
}

impl Recipe {
    /// Reads a recipe: parses, fills in the workload's defaults, checks every key, type, range and name.
    ///
    /// # Errors
    /// Everything that is wrong, each with file, line, column, value, permitted range and nearest known name.
    pub fn read(text: &RecipeText<'_>, workloads: &[WorkloadFacts]) -> Result<Self, DocumentError> {
        let mut findings = Findings::default();
        let (user, sets) = text::parse(text, &mut findings);
        Self::merge(user, sets, text.resolved, workloads, findings)
    }

    /// The same from a table that is already parsed, as a study puts one together. `sets` are values that count after it, each
    /// under its dotted key.
    ///
    /// # Errors
    /// As [`Recipe::read`].
    pub fn compose(user: Node, sets: Vec<(String, Node)>, workloads: &[WorkloadFacts]) -> Result<Self, DocumentError> {
        Self::merge(user, sets, false, workloads, Findings::default())
    }

    /// The same from a table that is whole: no defaults are added.
    pub(super) fn reread(tree: Node, facts: &WorkloadFacts) -> Result<Self, DocumentError> {
        Self::merge(tree, Vec::new(), true, std::slice::from_ref(facts), Findings::default())
    }

    fn merge(
        user: Node,
        sets: Vec<(String, Node)>,
        resolved: bool,
        workloads: &[WorkloadFacts],
        mut findings: Findings,
    ) -> Result<Self, DocumentError> {
        let recipe = match text::merge(user, sets, resolved, workloads, &mut findings) {
            Some((tree, facts)) if findings.is_empty() => Self::from_tree(tree, facts, &mut findings),
            _ => None,
        };
        findings.or(recipe)
    }

    /// The resolved recipe as TOML: reads back to the same recipe, whatever defaults a later program has.
    pub fn to_toml(&self) -> String {
        document(&self.tree)
    }

    /// SHA-256 of [`Recipe::to_toml`] without the plain keys that stand at their defaults, in hexadecimal: a key that a later program
    /// adds leaves the hashes of old recipes as they are.
    pub fn hash(&self) -> String {
        Sha256::digest(document(&text::without_defaults(&self.tree))).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Hyperparameters that a schedule moves, those of groups among them.
    pub fn moving(&self) -> impl Iterator<Item = Hyperparameter> + '_ {
        let all = std::iter::once(&self.hyperparameters).chain(self.groups.iter().map(|group| &group.hyperparameters));
        let moved = all.flatten().filter(|(_, spec)| !matches!(spec, ScheduleSpec::Constant(_)));
        moved.map(|(which, _)| *which)
    }

    fn from_tree(tree: Node, facts: &WorkloadFacts, findings: &mut Findings) -> Option<Self> {
        let mut hyperparameters = schedules(&tree, "", findings);
        let controllers = controllers(&tree, findings);
        let line_search = line_search(&tree, findings);
        let optimizer: OptimizerSpec = read(&tree, "optimizer", findings)?;
        if let Err(errors) = optimizer.check() {
            for error in errors {
                findings.add(tree.origin_of(&format!("optimizer.{}", error.field())), error.to_string(), None);
            }
        }
        let averaging: Option<AveragingSpec> = match tree.get("averaging") {
            Some(_) => Some(read(&tree, "averaging", findings)?),
            None => None,
        };
        if let OptimizerSpec::ScheduleFree(spec) = &optimizer {
            averages_itself(&tree, spec, findings);
        }
        for (which, spec) in &controllers {
            if let Err(error) = spec.check_optimizer(&optimizer) {
                refuse(&tree, *which, &error, findings);
            }
        }
        if let Some(Err(error)) = line_search.as_ref().map(|spec| spec.check_optimizer(&optimizer)) {
            refuse(&tree, Hyperparameter::LearningRate, &error, findings);
        }
        let batch_scaling = batch_scaling(&tree, findings);
        let groups: Vec<Group> = tree
            .get("group")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                let path = node.get("path")?.text()?.to_owned();
                let rate_factor = node.get(keys::RATE_FACTOR.name).and_then(Node::number).unwrap_or(1.0);
                let hyperparameters = schedules(node, &format!("group[{index}]."), findings);
                Some(Group { path, hyperparameters, rate_factor })
            })
            .collect();
        if let OptimizerSpec::Prodigy(_) = &optimizer {
            one_rate(&tree, &hyperparameters, &groups, findings);
        }
        let controlled = controllers.keys().map(|which| (which.to_string(), *which));
        for (place, which) in named(&hyperparameters, &groups).into_iter().chain(controlled) {
            if let Err(error) = optimizer.accepts(which) {
                findings.add(tree.origin_of(&place), error.to_string(), None);
            }
            if which.is_of_the_workload() && !facts.knobs.contains(&which) {
                findings.add(tree.origin_of(&place), format!("{} has no {which}", facts.name), None);
            }
        }
        for which in Hyperparameter::ALL {
            let given = hyperparameters.contains_key(&which) || controllers.contains_key(&which);
            if let (false, Some(value)) = (given, optimizer.default_of(which)) {
                hyperparameters.insert(which, ScheduleSpec::constant(value).into());
            }
        }
        for which in [Hyperparameter::LearningRate, Hyperparameter::BatchSize] {
            if tree.get(which.name()).is_none() {
                findings.add(&tree.origin, format!("no {which} is given"), None);
            }
        }
        Some(Self {
            workload: *facts,
            methods: training_methods::read(&tree, findings),
            seed: read(&tree, "seed", findings)?,
            budget: length(&tree, "budget", findings)?,
            evaluate_every: read(&tree, "evaluate_every", findings)?,
            checkpoint_every: read(&tree, "checkpoint_every", findings)?,
            keep_checkpoints: read(&tree, "keep_checkpoints", findings)?,
            target: target(&tree, facts, findings)?,
            stop_at_target: read(&tree, "stop_at_target", findings)?,
            time_limit: time_limit(&tree, findings)?,
            spent_limit: read(&tree, "spent_limit", findings)?,
            accumulate: read(&tree, "accumulate", findings)?,
            non_finite: read(&tree, "non_finite", findings)?,
            test: read(&tree, "test", findings)?,
            read_outs: if tree.get("read_outs").is_some() { read(&tree, "read_outs", findings)? } else { Vec::new() },
            optimizer,
            averaging,
            hyperparameters,
            controllers,
            line_search,
            batch_scaling,
            groups,
            tree,
        })
    }
}

/// A table as a file has it.
fn document(tree: &Node) -> String {
    match tree.to_toml() {
        toml::Value::Table(table) => table.to_string(),
        other => other.to_string(),
    }
}

/// Every hyperparameter that is set, with its place in the tree.
fn named(top: &BTreeMap<Hyperparameter, ScheduleSpec>, groups: &[Group]) -> Vec<(String, Hyperparameter)> {
    let top = top.keys().map(|which| (which.to_string(), *which));
    let groups = groups.iter().enumerate().flat_map(|(index, group)| {
        group.hyperparameters.keys().map(move |which| (format!("group[{index}].{which}"), *which))
    });
    top.chain(groups).collect()
}

/// Deserialises the value under a key; missing or unreadable is a finding.
fn read<T: DeserializeOwned>(tree: &Node, key: &str, findings: &mut Findings) -> Option<T> {
    let Some(node) = tree.get(key) else {
        findings.add(&tree.origin, format!("no {key} is given"), None);
        return None;
    };
    match T::deserialize(node.to_toml()) {
        Ok(value) => Some(value),
        Err(error) => {
            findings.add(&node.origin, format!("{key}: {}", error.message().trim()), None);
            None
        }
    }
}

fn schedules(tree: &Node, place: &str, findings: &mut Findings) -> BTreeMap<Hyperparameter, ScheduleSpec> {
    let mut found = BTreeMap::new();
    for which in Hyperparameter::ALL {
        if tree.get(which.name()).is_none_or(|node| named_feedback(node).is_some()) {
            continue;
        }
        let Some(spec) = read::<ScheduleSpec>(tree, which.name(), findings) else { continue };
        for error in spec.check() {
            let origin = tree.origin_of(&format!("{which}.{}", error.field()));
            findings.add(origin, format!("{place}{which}.{error}"), None);
        }
        found.insert(which, spec);
    }
    found
}

fn controllers(tree: &Node, findings: &mut Findings) -> BTreeMap<Hyperparameter, ControllerSpec> {
    let mut found = BTreeMap::new();
    for which in Hyperparameter::ALL {
        let method = tree.get(which.name()).and_then(named_feedback);
        if method.is_none_or(|method| method.family != Family::Controller) {
            continue;
        }
        let Some(spec) = read::<ControllerSpec>(tree, which.name(), findings) else { continue };
        for error in spec.check().err().unwrap_or_default() {
            refuse(tree, which, &error, findings);
        }
        found.insert(which, spec);
    }
    found
}

fn line_search(tree: &Node, findings: &mut Findings) -> Option<LineSearchSpec> {
    let which = Hyperparameter::LearningRate;
    tree.get(which.name()).and_then(named_feedback).filter(|method| method.family == Family::LineSearch)?;
    let spec = read::<LineSearchSpec>(tree, which.name(), findings)?;
    for error in spec.check().err().unwrap_or_default() {
        refuse(tree, which, &error, findings);
    }
    Some(spec)
}

fn batch_scaling(tree: &Node, findings: &mut Findings) -> Option<BatchScaling> {
    tree.get("batch_scaling")?;
    let scaling: BatchScaling = read(tree, "batch_scaling", findings)?;
    for error in scaling.check().err().unwrap_or_default() {
        let origin = tree.origin_of(&format!("batch_scaling.{}", error.field()));
        findings.add(origin, format!("batch_scaling.{error}"), None);
    }
    Some(scaling)
}

/// What a controller's or line search's specification refused, at its place.
pub(super) fn refuse(tree: &Node, which: Hyperparameter, error: &ControlError, findings: &mut Findings) {
    findings.add(tree.origin_of(&format!("{which}.{}", error.field())), format!("{which}.{error}"), None);
}

/// Schedule-Free stands in place of a schedule and of another average.
fn averages_itself(tree: &Node, spec: &ScheduleFree, findings: &mut Findings) {
    if tree.get("averaging").is_some() {
        let message = "schedule_free averages the weights itself";
        findings.add(tree.origin_of("averaging"), message, Some("leave [averaging] out".to_owned()));
    }
    let groups = tree.get("group").map(Node::items).unwrap_or_default();
    for node in std::iter::once(tree).chain(groups) {
        let Some(rate) = node.get("learning_rate") else { continue };
        let Some(method) = rate.get("method") else { continue };
        // A line search refuses the optimizer.
        let searched = named_feedback(rate).is_some_and(|feedback| feedback.family == Family::LineSearch);
        if searched || method.text() == Some("constant") || spec.allow_schedule {
            continue;
        }
        let message = format!("schedule_free takes a constant rate, with a warm-up at most, not {}", method.display());
        let help = "set learning_rate = 0.0025, or allow_schedule = true in [optimizer]";
        findings.add(&method.origin, message, Some(help.to_owned()));
    }
}

/// Prodigy finds one step size for the whole model.
fn one_rate(
    tree: &Node,
    hyperparameters: &BTreeMap<Hyperparameter, ScheduleSpec>,
    groups: &[Group],
    findings: &mut Findings,
) {
    let stays = ScheduleSpec::from(ScheduleSpec::constant(0.0));
    for (index, group) in groups.iter().enumerate() {
        let own = group.hyperparameters.get(&Hyperparameter::LearningRate);
        let (key, differs) = match own {
            Some(rate) => (
                Hyperparameter::LearningRate.name(),
                *rate != stays && own != hyperparameters.get(&Hyperparameter::LearningRate),
            ),
            None => (keys::RATE_FACTOR.name, ![0.0, 1.0].contains(&group.rate_factor)),
        };
        if differs {
            let message = "prodigy finds one step size for the whole model: the group has a rate of its own";
            let help = "leave it out, or set 0 for weights that stay".to_owned();
            findings.add(tree.origin_of(&format!("group[{index}].{key}")), message, Some(help));
        }
    }
}

fn length(tree: &Node, key: &str, findings: &mut Findings) -> Option<Span> {
    let span = read(tree, key, findings)?;
    if let Span::Fraction(_) = span {
        let help = Some("write \"20 epochs\" or \"5000 steps\"".to_owned());
        findings.add(tree.origin_of(key), format!("{key} = \"{span}\" is a share of itself"), help);
        return None;
    }
    Some(span)
}

fn target(tree: &Node, facts: &WorkloadFacts, findings: &mut Findings) -> Option<Target> {
    let mut target =
        Target { metric: facts.metric.name.to_owned(), value: facts.target, direction: facts.metric.direction };
    if let Some(entry) = tree.get("target").and_then(|table| table.entries().first()) {
        if entry.key != facts.metric.name {
            let message = format!("{} has no metric {}", facts.name, entry.key);
            findings.add(&entry.key_origin, message, Some(format!("its metric is {}", facts.metric.name)));
            return None;
        }
        target.value = entry.node.number()?;
        if !facts.metric.permits(target.value) {
            let message = format!("target {} = {} is out of range", entry.key, entry.node.display());
            let help = format!("{} is {}", facts.metric.name, facts.metric.range());
            findings.add(&entry.node.origin, message, Some(help));
        }
    }
    Some(target)
}

/// The outer option: whether it could be read; the inner: whether there is one.
fn time_limit(tree: &Node, findings: &mut Findings) -> Option<Option<f64>> {
    let Some(node) = tree.get("time_limit") else { return Some(None) };
    let text = node.text().unwrap_or_default().trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_alphabetic());
    let factor = match text[digits.len()..].trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let seconds = digits.trim().parse::<f64>().unwrap_or(f64::NAN) * factor;
    if seconds > 0.0 && seconds.is_finite() {
        return Some(Some(seconds));
    }
    let message = format!("time_limit = {} is no time greater than 0", node.display());
    findings.add(&node.origin, message, Some("write \"90 s\", \"15 min\" or \"2 h\"".into()));
    None
}
