use std::io::Write;
use std::path::Path;

use rheostat_report::chart::{Chart, SvgOptions};
use serde::Serialize;

use crate::error::CliError;

/// Writes to stdout; a closed pipe is an error, not a panic.
pub(crate) fn text(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    text(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// What a chart can be written as.
#[derive(Clone, Copy)]
pub(crate) enum Picture {
    Svg,
    Png,
}

impl Picture {
    /// What the ending of the path says.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Some(Self::Svg),
            Some("png") => Some(Self::Png),
            _ => None,
        }
    }

    pub(crate) fn bytes(self, chart: &Chart) -> Result<Vec<u8>, CliError> {
        let options = SvgOptions::default();
        Ok(match self {
            Self::Svg => chart.svg(&options).into_bytes(),
            Self::Png => chart.png(&options, 2.0)?,
        })
    }
}

/// A table with aligned columns for people; the first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut lines = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        lines.push_str(cells.join("  ").trim_end());
        lines.push('\n');
    }
    lines
}

/// The same as CSV.
pub(crate) fn csv(rows: &[Vec<String>]) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect()
}
