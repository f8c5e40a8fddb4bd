use crate::table::Table;
use crate::{Clock, ScoreError, TrialRow};

/// What a `trials.csv` holds.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRows {
    /// Its rows, in their order.
    pub rows: Vec<TrialRow>,
    /// Bytes up to the end of the last whole line; 0 if not even the header is whole. Before more is appended the file is cut to
    /// this length.
    pub whole: usize,
}

impl TrialRows {
    /// Whether something follows the last whole line: a write that did not come to its end.
    pub fn torn(&self, text: impl AsRef<[u8]>) -> bool {
        self.whole < text.as_ref().len()
    }
}

impl TrialRow {
    /// The header of `trials.csv`, with its newline.
    ///
    /// # Errors
    /// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
    pub fn header() -> Result<String, ScoreError> {
        let both = csv_text(&[Self::default()], true)?;
        Ok(both.lines().take(1).map(|header| format!("{header}\n")).collect())
    }

    /// This row as a line with its newline, to be appended in one write. Cells with commas, quotes or newlines are quoted.
    ///
    /// # Errors
    /// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
    pub fn to_csv(&self) -> Result<String, ScoreError> {
        csv_text(std::slice::from_ref(self), false)
    }
}

/// A whole `trials.csv`, header included.
///
/// # Errors
/// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
pub fn write_rows(rows: &[TrialRow]) -> Result<String, ScoreError> {
    Ok(TrialRow::header()? + &csv_text(rows, false)?)
}

/// The rows of a `trials.csv`, as far as it is whole.
///
/// Rows are appended one write at a time, so that a crash tears the last line only: what follows the last newline outside quotes
/// is not read, and [`TrialRows::whole`] tells where it begins. The text is bytes because a torn line may end within a character.
/// Other columns are ignored.
///
/// # Errors
/// A column is missing, or a cell of a whole line does not hold what its column does; the error names line and column. A role that
/// is none.
pub fn read_rows(text: impl AsRef<[u8]>) -> Result<TrialRows, ScoreError> {
    let text = text.as_ref();
    let whole = whole(text);
    if whole == 0 {
        return Ok(TrialRows { rows: Vec::new(), whole });
    }
    let mut table = Table::new(&text[..whole])?;
    for column in TrialRow::header()?.trim_end().split(',') {
        table.needed(column)?;
    }
    let mut rows = Vec::new();
    while table.advance()? {
        let row: TrialRow = table.value()?;
        // Whoever has a row can have its trial.
        row.trial(Clock::default())?;
        rows.push(row);
    }
    Ok(TrialRows { rows, whole })
}

/// Where the last whole line ends. A newline ends a line if the quotes before it come in pairs, as those within a cell do.
fn whole(text: &[u8]) -> usize {
    let (mut quoted, mut end) = (false, 0);
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = index + 1,
            _ => {}
        }
    }
    end
}

fn csv_text(rows: &[TrialRow], header: bool) -> Result<String, ScoreError> {
    let mut writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
    let failed = |why: &dyn std::fmt::Display| ScoreError::Table(why.to_string());
    for row in rows {
        writer.serialize(row).map_err(|error| failed(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|error| failed(&error))
}
