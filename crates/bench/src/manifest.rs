use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::BenchError;

/// `study.json`: what a study's folder is of. Written anew whenever the study goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyManifest {
    /// Format of the folder.
    pub format: u64,
    /// What the study is called.
    pub name: String,
    /// The study's text, as it was when the study last went on.
    pub study: String,
    /// Where the text came from.
    pub file: String,
    /// The table of results.
    pub results: String,
    /// Trials that the study wants.
    pub wanted: usize,
    /// Read-outs that it wants, if it is of tradeoff curves.
    #[serde(default)]
    pub read_outs: usize,
    /// The submissions in the order of the study: rows stand in that in which they were over.
    #[serde(default)]
    pub submissions: Vec<String>,
    /// Program and version.
    pub program: String,
    /// Commit the program was built from; absent outside a checkout.
    pub commit: Option<String>,
    /// When it last went on, in seconds since 1970 (UTC).
    pub started: u64,
}

impl StudyManifest {
    /// Its file in a study's folder.
    pub const FILE: &str = "study.json";

    /// The newest format of a study's folder that this program writes and reads.
    pub const FORMAT: u64 = 1;

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(&self, folder: &Path) -> Result<(), BenchError> {
        fs::create_dir_all(folder).map_err(BenchError::io(folder, "creating"))?;
        let path = folder.join(Self::FILE);
        // Two coordinators may write at the same time: each its own file, the last one stays.
        let temporary = folder.join(format!("study.{}.tmp", std::process::id()));
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| BenchError::Table { path: path.clone(), why: error.to_string() })?;
        fs::write(&temporary, text).map_err(BenchError::io(&temporary, "writing"))?;
        fs::rename(&temporary, &path).map_err(BenchError::io(&path, "renaming"))
    }

    /// Reads it; nothing if the folder holds no study.
    ///
    /// # Errors
    /// It is damaged, or a newer program wrote it.
    pub fn read(folder: &Path) -> Result<Option<Self>, BenchError> {
        let path = folder.join(Self::FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BenchError::io(&path, "reading")(error)),
        };
        let wrong = |why: String| BenchError::Table { path: path.clone(), why };
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if found > Self::FORMAT => Err(wrong(format!(
                "has format {found}; this program reads up to {}: use a newer program",
                Self::FORMAT
            ))),
            _ => serde_json::from_value(value).map(Some).map_err(|error| wrong(error.to_string())),
        }
    }
}
