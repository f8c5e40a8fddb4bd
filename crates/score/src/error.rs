use rheostat_record::document::nearest;

/// Why there is no score.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// Nothing of a kind has this name.
    #[error("there is no {what} {name:?} ({help})")]
    Unknown {
        /// Of what kind.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The nearest name, or those that are known.
        help: String,
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
    /// A metric's direction is none that there is.
    #[error("the direction of the workload {workload:?}, {direction:?}, is not increasing or decreasing")]
    Direction {
        /// Whose.
        workload: String,
        /// What is there.
        direction: String,
    },
    /// A trial that was to say what can be reached did not go on to its end.
    #[error(
        "a trial of {submission:?} on {workload:?} was stopped at its target; set targets with stop_at_target = false"
    )]
    Stopped {
        /// The submission.
        submission: String,
        /// The workload.
        workload: String,
    },
    /// No setting was tried often enough.
    #[error("no setting on {workload:?} has {least} trials; run the best one again with that many seeds")]
    Repeats {
        /// The workload.
        workload: String,
        /// How many are wanted.
        least: usize,
    },
    /// The logs of AlgoPerf do not count this.
    #[error("the logs of AlgoPerf do not count {0}; permitted: seconds, steps")]
    NotCounted(&'static str),
    /// There is nothing to score.
    #[error("there is no trial of a base workload")]
    Nothing,
    /// There is no curve to make.
    #[error("there is no read-out")]
    NoReadOut,
    /// How sure an interval is to be is out of range.
    #[error("the confidence {0} is not above 0 and below 1")]
    Confidence(String),
    /// A workload is measured in two ways.
    #[error("the workload {workload:?} is measured by {one} and by {other}; curves of both do not compare")]
    Metrics {
        /// The workload.
        workload: String,
        /// A metric with its direction.
        one: String,
        /// Another.
        other: String,
    },
    /// A read-out point is in two places.
    #[error("point {point} of {submission:?} on {workload:?} is at {one} and at {other} updates")]
    Points {
        /// The submission.
        submission: String,
        /// The workload.
        workload: String,
        /// The point's number.
        point: u64,
        /// Updates.
        one: u64,
        /// Updates.
        other: u64,
    },
    /// A read-out is there twice.
    #[error("{submission:?} on {workload:?} has two {mode} read-outs of seed {seed} at {step} updates")]
    Twice {
        /// The submission.
        submission: String,
        /// The workload.
        workload: String,
        /// The mode.
        mode: &'static str,
        /// The seed.
        seed: u64,
        /// Updates.
        step: u64,
    },
    /// There is nothing to compare.
    #[error("{a:?} and {b:?} have no study of a base workload in common")]
    NoPair {
        /// A submission.
        a: String,
        /// Another.
        b: String,
    },
}

impl ScoreError {
    pub(crate) fn unknown<'known>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'known str>,
    ) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let help = nearest(name, &known).unwrap_or_else(|| "there are none".to_owned());
        Self::Unknown { what, name: name.to_owned(), help }
    }
}
