//! The recipe: one TOML file that describes one run.

mod check;
mod diagnostic;
mod keys;
mod node;
mod plan;
mod read;
mod source;
mod text;

pub use diagnostic::{Diagnostic, RecipeError};
pub use keys::RECIPE_KEYS;
pub use plan::{BatchAt, Plan};
pub use read::{Group, NonFinite, Recipe};
pub use source::{Origin, Source};
pub use text::RecipeText;
