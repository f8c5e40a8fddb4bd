//! The loaders on real data, if RHEOSTAT_DATA says where it lies.
#![allow(clippy::panic, reason = "a test helper fails by panicking")]

use std::path::Path;

use rheostat_workload::data::{DATASETS, State, verify};
use rheostat_workload::{Visitor, WORKLOADS, Workload, open};

mod common;
use common::{data, skipped};

/// Whether a dataset is there and whole; says so if a test skips.
fn present(dataset: &str, folder: &Path) -> bool {
    let reports = verify(dataset, folder).unwrap_or_else(|error| panic!("{dataset}: {error}"));
    let whole = reports.iter().all(|report| {
        assert!(!matches!(report.state, State::Damaged { .. }), "{report:?}");
        report.state != State::Missing
    });
    if !whole {
        skipped(&format!("{dataset} is not in {}", folder.display()));
    }
    whole
}

#[test]
fn no_dataset_in_the_data_folder_is_damaged() {
    let Some(folder) = data("verification") else { return };
    for dataset in DATASETS {
        present(dataset.name, &folder);
    }
}

/// The training samples a workload counts.
struct Samples;

impl Visitor for Samples {
    type Output = u64;

    fn visit<W: Workload>(self, workload: W) -> u64 {
        workload.samples()
    }
}

#[test]
fn cifar10_counts_the_images_of_the_batches_present() {
    let Some(folder) = data("CIFAR-10") else { return };
    if present("cifar-10", &folder) {
        let samples = open("cifar10-resnet8", Some(&folder), &[], Samples).unwrap();
        assert!([10_000, 20_000, 30_000, 40_000, 50_000].contains(&samples), "{samples}");
    }
}

#[test]
fn shakespeare_has_as_many_windows_as_declared() {
    let Some(folder) = data("Shakespeare") else { return };
    if present("tinyshakespeare", &folder) {
        let declared = WORKLOADS.iter().find(|facts| facts.name == "shakespeare-gpt").unwrap().samples;
        assert_eq!(open("shakespeare-gpt", Some(&folder), &[], Samples).unwrap(), declared);
    }
}
