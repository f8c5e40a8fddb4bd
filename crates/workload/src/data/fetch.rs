use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::dataset::{DataFile, Dataset};
use super::verify::{State, hexadecimal, verify_dataset};
use crate::WorkloadError;

/// Longest wait for a connection, for an answer, and for the next bytes of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The file.
    pub file: &'static str,
    /// Bytes received.
    pub received: u64,
    /// Bytes it has.
    pub total: u64,
}

/// Downloads the files of a dataset into a data folder and returns their paths; published files already there stay as they are.
///
/// Each file comes from its published address, or from `base` if given: a folder of the same file names. It goes to a temporary
/// file beside its place, which takes the name only after size and SHA-256 were found right.
///
/// # Errors
/// There is no such dataset, a file of another content is in the way, the download fails, or what arrives is not the
/// published file.
pub fn fetch(
    name: &str,
    data: &Path,
    base: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, WorkloadError> {
    fetch_dataset(Dataset::find(name)?, data, base, progress)
}

fn fetch_dataset(
    dataset: &Dataset,
    data: &Path,
    base: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, WorkloadError> {
    let folder = data.join(dataset.name);
    let reports = verify_dataset(dataset, data)?;
    for (file, report) in dataset.files.iter().zip(&reports) {
        if report.state == State::Original {
            continue;
        }
        if report.path.exists() {
            return Err(WorkloadError::Occupied { path: report.path.clone() });
        }
        fs::create_dir_all(&folder).map_err(WorkloadError::io(&folder, "creating"))?;
        let url = match base {
            Some(base) => format!("{}/{}", base.trim_end_matches('/'), file.name),
            None => file.url.to_owned(),
        };
        download(file, &url, &report.path, progress)?;
    }
    Ok(reports.into_iter().map(|report| report.path).collect())
}

fn download(file: &DataFile, url: &str, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), WorkloadError> {
    let failed = |reason: String| WorkloadError::Download { url: url.to_owned(), reason };
    let agent = ureq::Agent::config_builder()
        .timeout_resolve(Some(PATIENCE))
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        // The sum is of the file as published, so no coding may be undone on the way.
        .accept_encoding("identity")
        .build()
        .new_agent();
    let mut body = agent.get(url).call().map_err(|error| failed(error.to_string()))?.into_body().into_reader();

    let mut part = Part::beside(path)?;
    let mut hash = Sha256::new();
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = body.read(&mut buffer).map_err(|error| failed(error.to_string()))?;
        received += count as u64;
        if count == 0 || received > file.bytes {
            break;
        }
        hash.update(&buffer[..count]);
        part.file.write_all(&buffer[..count]).map_err(WorkloadError::io(&part.path, "writing"))?;
        progress(Progress { file: file.name, received, total: file.bytes });
    }
    let wrong = |found: String, expected: String| WorkloadError::WrongDownload { url: url.to_owned(), found, expected };
    if received != file.bytes {
        let more = if received > file.bytes { "or more " } else { "" };
        return Err(wrong(format!("{received} bytes {more}arrived"), format!("{}", file.bytes)));
    }
    let sum = hexadecimal(hash);
    if sum != file.sha256 {
        return Err(wrong(format!("its SHA-256 is {sum}"), file.sha256.to_owned()));
    }
    part.keep(path)
}

/// A file being written; removed again unless kept.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn beside(path: &Path) -> Result<Self, WorkloadError> {
        let path = path.with_extension(format!("part-{}", std::process::id()));
        let file = File::create(&path).map_err(WorkloadError::io(&path, "creating"))?;
        Ok(Self { path, file })
    }

    fn keep(self, path: &Path) -> Result<(), WorkloadError> {
        self.file.sync_all().map_err(WorkloadError::io(&self.path, "syncing"))?;
        fs::rename(&self.path, path).map_err(WorkloadError::io(path, "renaming"))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove, and a failure elsewhere is already on its way to the caller.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
