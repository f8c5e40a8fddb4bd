/// Why there is no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// No rules have this name.
    #[error("there are no rules {name:?}; did you mean {nearest:?}?")]
    Rules {
        /// What was asked for.
        name: String,
        /// The nearest name.
        nearest: &'static str,
    },
    /// A table has no such column.
    #[error("the table has no column {0:?}")]
    Column(&'static str),
    /// A cell of a table is not what its column holds.
    #[error("line {line}, column {column:?}: {value:?} is not {expected}")]
    Cell {
        /// From 1, with the header.
        line: u64,
        /// The column's name.
        column: &'static str,
        /// What is there.
        value: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A table is damaged.
    #[error("{0}")]
    Table(String),
    /// A held-out variant whose base workload cannot be told.
    #[error("line {line}: the held-out workload {workload:?} does not begin with the name of a base workload")]
    Variant {
        /// From 1, with the header.
        line: u64,
        /// The variant.
        workload: String,
    },
    /// There is nothing to score.
    #[error("there is no trial of a base workload")]
    Nothing,
}
