use rheostat_control::{Hyperparameter, MetricDirection as Direction};
use serde::{Deserialize, Serialize};

/// What everybody but the trainer needs to know of a workload: enough to check a recipe, plan a study or score a run without
/// a tensor library.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorkloadFacts {
    /// Its name in recipes.
    pub name: &'static str,
    /// One line for people: the model and the data.
    pub summary: &'static str,
    /// The dataset it reads; `None` if the data is embedded in the program.
    pub dataset: Option<&'static str>,
    /// Training samples of the dataset as published; a copy on disk may hold fewer.
    pub samples: u64,
    /// What one sample is, in plural: images, sequences.
    pub sample: &'static str,
    /// Trainable parameters of the model.
    pub parameters: u64,
    /// The metric that decides.
    pub metric: Metric,
    /// The metric's value that counts as trained, on the validation split.
    pub target: f64,
    /// What a recipe may move in its samples, model and loss: dropout, label smoothing, or nothing.
    pub knobs: &'static [Hyperparameter],
    /// Training methods it knows besides those that are names for a hyperparameter among `knobs`.
    pub methods: &'static [&'static str],
    /// The recipe a recipe starts from, as TOML.
    pub recipe: &'static str,
}

/// A validation metric with its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// Its name: the key in `target`, the column in reports.
    pub name: &'static str,
    /// Which way is better.
    pub direction: Direction,
}

impl Metric {
    /// What values it can take, in words: accuracies are shares, losses are not negative.
    pub fn range(&self) -> &'static str {
        match self.name {
            "accuracy" => "from 0 to 1",
            "loss" => "finite and at least 0",
            _ => "finite",
        }
    }

    /// Whether it can take this value.
    pub fn permits(&self, value: f64) -> bool {
        match self.name {
            "accuracy" => (0.0..=1.0).contains(&value),
            "loss" => value.is_finite() && value >= 0.0,
            _ => value.is_finite(),
        }
    }
}

/// A value of a metric to be reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The metric's name.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Which way the metric improves.
    pub direction: Direction,
}

impl Target {
    /// Whether this value of the metric reaches the target. The one place that decides. NaN never does, nor does an infinity: a metric
    /// that overflowed is no achievement.
    pub fn met(&self, value: f64) -> bool {
        value.is_finite()
            && match self.direction {
                Direction::Increasing => value >= self.value,
                Direction::Decreasing => value <= self.value,
            }
    }
}
