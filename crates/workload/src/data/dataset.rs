use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Cifar10, Digits, Shakespeare, cifar10, shakespeare};
use crate::WorkloadError;

/// Every dataset that a workload reads.
pub const DATASETS: &[Dataset] = &[
    Dataset {
        name: "digits",
        summary: "1797 handwritten digits of 8x8 pixels, embedded in the program",
        origin: "E. Alpaydin, C. Kaynak (1998): Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
        licence: "CC BY 4.0",
        files: &[],
        examine: |_| Ok(format!("{} training images", Digits::load()?.train.labels.len())),
    },
    Dataset {
        name: cifar10::NAME,
        summary: "60000 colour photographs of 32x32 pixels in 10 classes",
        origin: "A. Krizhevsky (2009): Learning Multiple Layers of Features from Tiny Images",
        licence: "none stated; cite the report",
        files: &[DataFile {
            name: cifar10::ARCHIVE,
            bytes: 170_052_171,
            sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            subsets: &[Subset {
                sha256: "ea0be12d8a250f8385a3ca75e9bed07928d7757d547e710555a905764fadd34f",
                summary: "20000 of the 50000 training images and the 10000 test images, shuffled, from a JPEG copy",
            }],
        }],
        examine: |data| Ok(Cifar10::load(data)?.summary()),
    },
    Dataset {
        name: shakespeare::NAME,
        summary: "1.1 million characters of plays by Shakespeare",
        origin: "A. Karpathy (2015): char-rnn; the text is in the public domain",
        licence: "MIT",
        files: &[DataFile {
            name: shakespeare::FILE,
            bytes: 1_115_394,
            sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            url: "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            subsets: &[],
        }],
        examine: |data| Ok(Shakespeare::load(data)?.summary()),
    },
];

/// A published dataset. It lies in a folder of its own name.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Dataset {
    /// Its name: the folder, and the argument of `rheostat data`.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Whom to cite.
    pub origin: &'static str,
    /// Under which terms.
    pub licence: &'static str,
    /// Its files; none if it is embedded in the program.
    pub files: &'static [DataFile],
    /// Reads it from a data folder and says what was found.
    #[serde(skip)]
    pub(super) examine: fn(&Path) -> Result<String, WorkloadError>,
}

/// A file of a dataset, as published.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DataFile {
    /// Its name.
    pub name: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: &'static str,
    /// Where it is published.
    pub url: &'static str,
    /// Other files under this name that are known to be in use.
    pub subsets: &'static [Subset],
}

/// A known file that holds a part of the published one.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Subset {
    /// Its SHA-256 in hexadecimal.
    pub sha256: &'static str,
    /// What it holds.
    pub summary: &'static str,
}

impl Dataset {
    /// The dataset of that name.
    ///
    /// # Errors
    /// [`WorkloadError::UnknownDataset`], with the names there are.
    pub fn find(name: &str) -> Result<&'static Self, WorkloadError> {
        DATASETS.iter().find(|dataset| dataset.name == name).ok_or_else(|| WorkloadError::UnknownDataset {
            name: name.to_owned(),
            known: DATASETS.iter().map(|dataset| dataset.name).collect(),
        })
    }

    /// Where a file of it lies under a data folder.
    pub fn path(&self, data: &Path, file: &DataFile) -> PathBuf {
        data.join(self.name).join(file.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_is_a_sha256() {
        let files = DATASETS.iter().flat_map(|dataset| dataset.files);
        let sums = files.flat_map(|file| file.subsets.iter().map(|subset| subset.sha256).chain([file.sha256]));
        for sum in sums {
            assert!(sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{sum}");
        }
    }

    #[test]
    fn an_unknown_dataset_is_answered_with_the_known_ones() {
        let message = Dataset::find("cifar10").unwrap_err().to_string();
        assert_eq!(message, r#"no dataset is called "cifar10"; there are digits, cifar-10, tinyshakespeare"#);
    }
}
