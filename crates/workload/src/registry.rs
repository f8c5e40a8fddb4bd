use std::path::Path;

use rheostat_record::WorkloadFacts;

use crate::workloads::{self, DigitsMlp};
use crate::{Workload, WorkloadError};

/// Every workload.
pub const WORKLOADS: &[WorkloadFacts] = &[workloads::DIGITS_MLP];

/// Something to do with a workload whose type is known only when its name has been read.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<W: Workload>(self, workload: W) -> Self::Output;
}

/// Loads the data of the workload called `name` from the folder `data`, and hands the workload to the visitor.
///
/// # Errors
/// No workload has that name, or its data is missing or damaged.
pub fn open<V: Visitor>(name: &str, data: Option<&Path>, visitor: V) -> Result<V::Output, WorkloadError> {
    let _ = data;
    match name {
        "digits-mlp" => Ok(visitor.visit(DigitsMlp::open()?)),
        _ => Err(WorkloadError::UnknownWorkload {
            name: name.to_owned(),
            known: WORKLOADS.iter().map(|facts| facts.name).collect(),
        }),
    }
}
