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
    /// Nothing of the kind has this name.
    #[error("there is no {what} {name:?}; did you mean {nearest:?}?")]
    Unknown {
        /// The kind: a clock, an edition, a workload, a ruleset, a submission.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest name.
        nearest: String,
    },
    /// A table has no such column.
    #[error("the table has no column {0:?}")]
    Column(String),
    /// A cell of a table is not what its column holds.
    #[error("line {line}, column {column:?}: {value:?} is not {expected}")]
    Cell {
        /// From 1, with the header.
        line: u64,
        /// The column's name.
        column: String,
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
    /// A trial's role is none that there is.
    #[error("the role of the workload {workload:?}, {role:?}, is not base, held_out or extra")]
    Role {
        /// Whose.
        workload: String,
        /// What is there.
        role: String,
    },
    /// A held-out trial does not say of what.
    #[error("the held-out workload {workload:?} names no base workload")]
    Base {
        /// The variant.
        workload: String,
    },
    /// The logs of AlgoPerf do not count this.
    #[error("the logs of AlgoPerf do not count {0}; permitted: seconds, steps")]
    NotCounted(&'static str),
    /// There is nothing to score.
    #[error("there is no trial of a base workload")]
    Nothing,
    /// There is nothing to compare.
    #[error("{a:?} and {b:?} have no study of a base workload in common")]
    NoPair {
        /// A submission.
        a: String,
        /// Another.
        b: String,
    },
}
