//! TOML that knows where each of its values was written, and what is wrong with it: recipes and studies are read with it.

mod diagnostic;
mod node;
mod source;

pub use diagnostic::{Diagnostic, DocumentError, Findings, nearest};
pub use node::{Entry, Node, Value};
pub use source::{Origin, Source};
