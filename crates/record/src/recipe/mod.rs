//! The recipe: one TOML file that describes one run.

mod batch_scaling;
mod batches;
mod check;
mod cycled;
mod keys;
mod plan;
mod read;
mod text;
mod training_methods;

pub use keys::RECIPE_KEYS;
pub use plan::{BatchAt, Plan};
pub use read::{Group, NonFinite, Recipe, TestWeights};
pub use text::RecipeText;
