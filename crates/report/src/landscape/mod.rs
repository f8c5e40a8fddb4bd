//! The loss along the updates of a run: pictures, a table, a page.
//!
//! The pictures are those of Kenneweg and others 2024 (arXiv 2403.18519, section III-A): [`charts`] has its figures 2 to 4 and one
//! more, which shows other batches along one update.

mod charts;
mod page;
mod table;
mod words;

pub use charts::charts;
pub use page::html;
pub use table::{csv, table};
pub use words::headline;
