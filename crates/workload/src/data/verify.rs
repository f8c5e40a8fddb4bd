use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::dataset::{DataFile, Dataset};
use crate::WorkloadError;

/// What one file of a dataset turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file.
    pub path: PathBuf,
    /// What it is.
    pub state: State,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// The published file, by its sum.
    Original,
    /// A known part of the published file, by its sum.
    Subset {
        /// What it holds.
        contents: String,
    },
    /// A file of the right form with a sum that is not known.
    Unknown {
        /// Its SHA-256; `None` if the dataset is there in another form than its published file.
        sha256: Option<String>,
        /// What it holds.
        contents: String,
    },
    /// No such file.
    Missing,
    /// A file that cannot be used.
    Damaged {
        /// What is wrong.
        problem: String,
    },
}

/// Examines the files of a dataset under a data folder, one report each. A dataset embedded in the program has none.
///
/// # Errors
/// There is no such dataset, or the operating system refuses to read a file.
pub fn verify(name: &str, data: &Path) -> Result<Vec<Report>, WorkloadError> {
    verify_dataset(Dataset::find(name)?, data)
}

pub(super) fn verify_dataset(dataset: &Dataset, data: &Path) -> Result<Vec<Report>, WorkloadError> {
    dataset.files.iter().map(|file| examine(dataset, file, data)).collect()
}

fn examine(dataset: &Dataset, file: &DataFile, data: &Path) -> Result<Report, WorkloadError> {
    let path = dataset.path(data, file);
    let sha256 = sum(&path)?;
    if sha256.as_deref() == Some(file.sha256) {
        return Ok(Report { path, state: State::Original });
    }
    if let Some(subset) = file.subsets.iter().find(|subset| sha256.as_deref() == Some(subset.sha256)) {
        return Ok(Report { path, state: State::Subset { contents: subset.summary.to_owned() } });
    }
    let state = match (dataset.examine)(data) {
        Ok(contents) => State::Unknown { sha256, contents },
        Err(WorkloadError::Missing { .. }) => State::Missing,
        Err(error @ WorkloadError::Damaged { .. }) => State::Damaged { problem: error.to_string() },
        Err(error) => return Err(error),
    };
    Ok(Report { path, state })
}

/// The SHA-256 of a file in hexadecimal, `None` if there is no such file.
fn sum(path: &Path) -> Result<Option<String>, WorkloadError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(WorkloadError::io(path, "opening")(error)),
    };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).map_err(WorkloadError::io(path, "reading"))?;
        if count == 0 {
            return Ok(Some(hexadecimal(hash)));
        }
        hash.update(&buffer[..count]);
    }
}

pub(super) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A data folder whose text file holds this.
    fn folder(text: &[u8]) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("tinyshakespeare")).unwrap();
        fs::write(data.path().join("tinyshakespeare/input.txt"), text).unwrap();
        data
    }

    fn state(data: &Path, name: &str) -> State {
        verify(name, data).unwrap().remove(0).state
    }

    #[test]
    fn a_sound_file_with_a_sum_of_its_own_is_unknown() {
        let data = folder(&[b'a'; 20_000]);
        let State::Unknown { sha256, contents } = state(data.path(), "tinyshakespeare") else { panic!() };
        // From `head -c 20000 /dev/zero | tr '\0' a | sha256sum`.
        assert_eq!(sha256.unwrap(), A20000);
        assert_eq!(contents, "20000 characters");
    }

    const A20000: &str = "cc17faaad36649c4603dda4d8ff97cb149722af0bcac0746305a2134ad2d0b97";

    #[test]
    fn a_missing_file_is_missing_and_a_broken_one_damaged() {
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(state(empty.path(), "cifar-10"), State::Missing);
        let broken = folder(b"\x00");
        let State::Damaged { problem } = state(broken.path(), "tinyshakespeare") else { panic!() };
        assert!(problem.contains("input.txt is damaged"), "{problem}");
    }

    #[test]
    fn unpacked_batches_are_sound_without_a_sum() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("cifar-10/cifar-10-batches-bin");
        fs::create_dir_all(&folder).unwrap();
        for batch in ["data_batch_1.bin", "test_batch.bin"] {
            fs::write(folder.join(batch), vec![0; 2 * 3073]).unwrap();
        }
        let contents = "2 training and 2 held-out images".to_owned();
        assert_eq!(state(data.path(), "cifar-10"), State::Unknown { sha256: None, contents });
    }

    #[test]
    fn embedded_data_has_no_files_to_verify() {
        assert!(verify("digits", Path::new("nowhere")).unwrap().is_empty());
    }
}
