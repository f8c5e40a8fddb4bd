use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use crate::workloads::{
    DigitsMlp, ShakespeareGpt, cifar10_resnet8, cifar10_resnet18, cifar10_resnet20, cifar10_vit, cifar10_vit_mini,
    digits_mlp, shakespeare_gpt,
};
use crate::{Workload, WorkloadError};

/// Every workload, the default first.
pub const WORKLOADS: &[WorkloadFacts] = &[
    digits_mlp::FACTS,
    cifar10_resnet8::FACTS,
    cifar10_resnet20::FACTS,
    cifar10_resnet18::FACTS,
    cifar10_vit::FACTS,
    cifar10_vit_mini::FACTS,
    shakespeare_gpt::FACTS,
];

/// Something to do with a workload whose type is known only when its name has been read.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<W: Workload>(self, workload: W) -> Self::Output;
}

/// Loads the data of the workload called `name` from the folder `data`, and hands the workload to the visitor. Of `methods` it
/// takes those that change its samples or model; a recipe names no others than those in its facts.
///
/// # Errors
/// No workload has that name, or its data is missing or damaged.
pub fn open<V: Visitor>(
    name: &str,
    data: Option<&Path>,
    methods: &[TrainingMethodSpec],
    visitor: V,
) -> Result<V::Output, WorkloadError> {
    Ok(match name {
        "digits-mlp" => visitor.visit(DigitsMlp::open()?),
        "cifar10-resnet8" => visitor.visit(cifar10_resnet8::open(data, methods)?),
        "cifar10-resnet20" => visitor.visit(cifar10_resnet20::open(data, methods)?),
        "cifar10-resnet18" => visitor.visit(cifar10_resnet18::open(data, methods)?),
        "cifar10-vit" => visitor.visit(cifar10_vit::open(data, methods)?),
        "cifar10-vit-mini" => visitor.visit(cifar10_vit_mini::open(data, methods)?),
        "shakespeare-gpt" => visitor.visit(ShakespeareGpt::open(data)?),
        _ => {
            let known = WORKLOADS.iter().map(|facts| facts.name).collect();
            return Err(WorkloadError::UnknownWorkload { name: name.to_owned(), known });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name;

    impl Visitor for Name {
        type Output = &'static str;

        fn visit<W: Workload>(self, workload: W) -> &'static str {
            workload.facts().name
        }
    }

    #[test]
    fn every_workload_listed_is_known_to_open_and_asks_for_its_data() {
        for facts in WORKLOADS {
            match (open(facts.name, None, &[], Name), facts.dataset) {
                (Ok(name), None) => assert_eq!(name, facts.name),
                (Err(WorkloadError::NoDataFolder { dataset }), Some(needed)) => assert_eq!(dataset, needed),
                (other, _) => panic!("{}: {other:?}", facts.name),
            }
        }
    }

    #[test]
    fn an_unknown_workload_is_answered_with_the_known_ones() {
        let message = open("mnist", None, &[], Name).unwrap_err().to_string();
        assert!(
            message.starts_with(r#"no workload is called "mnist"; there are digits-mlp, cifar10-resnet8, "#),
            "{message}"
        );
    }
}
