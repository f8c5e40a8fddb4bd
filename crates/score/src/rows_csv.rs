use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ScoreError;
use crate::table::{Table, damaged};

/// A row of a table of results: its fields are the columns, in their order.
///
/// Rows are appended one write at a time, so that a crash tears the last line only.
pub trait TableRow: Serialize + DeserializeOwned + Default {
    /// Columns that tables of earlier versions lack. They read as empty there, so their fields are optional.
    const ADDED: &[&str] = &[];

    /// Whether what the cells say makes sense together.
    ///
    /// # Errors
    /// What does not.
    fn check(&self) -> Result<(), ScoreError>;

    /// The header of the table, with its newline.
    ///
    /// # Errors
    /// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
    fn header() -> Result<String, ScoreError> {
        let both = csv_text(&[Self::default()], true)?;
        Ok(both.lines().take(1).map(|header| format!("{header}\n")).collect())
    }

    /// This row as a line with its newline, to be appended in one write. Cells with commas, quotes or newlines are quoted.
    ///
    /// # Errors
    /// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
    fn to_csv(&self) -> Result<String, ScoreError> {
        csv_text(std::slice::from_ref(self), false)
    }

    /// The same line for a table that begins with this header: the cells in its order, empty under a column that no row has.
    ///
    /// # Errors
    /// As [`TableRow::to_csv`]; a header that is damaged.
    fn to_csv_under(&self, header: &[u8]) -> Result<String, ScoreError> {
        let own = csv_text(std::slice::from_ref(self), true)?;
        let mut own = Table::new(own.as_bytes())?;
        own.advance()?;
        let cell = |name: &str| own.column(name).map_or("", |column| own.cell_as_it_is(column));
        let line: Vec<&str> = Table::new(header)?.header().iter().map(cell).collect();
        written(csv::Writer::from_writer(Vec::new()), |writer| writer.write_record(&line))
    }
}

/// What a table of results holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows<R> {
    /// Its rows, in their order.
    pub rows: Vec<R>,
    /// Bytes up to the end of the last whole line; 0 if not even the header is whole. Before more is appended the file is cut to
    /// this length.
    pub whole: usize,
}

impl<R> Rows<R> {
    /// Whether something follows the last whole line: a write that did not come to its end.
    pub fn torn(&self, text: impl AsRef<[u8]>) -> bool {
        self.whole < text.as_ref().len()
    }
}

/// A whole table of results, header included.
///
/// # Errors
/// [`ScoreError::Table`] if it cannot be written, which no row is known to bring about.
pub fn write_rows<R: TableRow>(rows: &[R]) -> Result<String, ScoreError> {
    Ok(R::header()? + &csv_text(rows, false)?)
}

/// The rows of a table of results, as far as it is whole.
///
/// What follows the last newline outside quotes is not read, and [`Rows::whole`] tells where it begins. The text is bytes because
/// a torn line may end within a character. Other columns are ignored, and those that [were added](TableRow::ADDED) may be absent.
///
/// # Errors
/// Another column is missing, or a cell of a whole line does not hold what its column does; the error names line and column. A row that
/// does not [check](TableRow::check).
pub fn read_rows<R: TableRow>(text: impl AsRef<[u8]>) -> Result<Rows<R>, ScoreError> {
    let text = text.as_ref();
    let whole = whole(text);
    if whole == 0 {
        return Ok(Rows { rows: Vec::new(), whole });
    }
    let mut table = Table::new(&text[..whole])?;
    for column in R::header()?.trim_end().split(',').filter(|column| !R::ADDED.contains(column)) {
        table.needed(column)?;
    }
    let mut rows = Vec::new();
    while table.advance()? {
        let row: R = table.value()?;
        row.check()?;
        rows.push(row);
    }
    Ok(Rows { rows, whole })
}

/// The whole lines of a table with the columns behind its own that it lacks, their cells empty; nothing if it lacks none, or is
/// not even begun. What it has stays as it is, columns that no row has included.
///
/// # Errors
/// A line is damaged.
pub fn with_added_columns<R: TableRow>(text: impl AsRef<[u8]>) -> Result<Option<String>, ScoreError> {
    let text = text.as_ref();
    let mut table = Table::new(&text[..whole(text)])?;
    let lacking: Vec<&str> = R::ADDED.iter().copied().filter(|name| table.column(name).is_none()).collect();
    if table.header().is_empty() || lacking.is_empty() {
        return Ok(None);
    }
    let mut records = vec![table.header().iter().chain(lacking.iter().copied()).collect::<csv::StringRecord>()];
    while table.advance()? {
        records.push(table.row().iter().chain(lacking.iter().map(|_| "")).collect());
    }
    let write = |writer: &mut csv::Writer<_>| records.iter().try_for_each(|record| writer.write_record(record));
    written(csv::Writer::from_writer(Vec::new()), write).map(Some)
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

fn csv_text<R: TableRow>(rows: &[R], header: bool) -> Result<String, ScoreError> {
    let writer = csv::WriterBuilder::new().has_headers(header).from_writer(Vec::new());
    written(writer, |writer| rows.iter().try_for_each(|row| writer.serialize(row)))
}

fn written(
    mut writer: csv::Writer<Vec<u8>>,
    write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error>,
) -> Result<String, ScoreError> {
    write(&mut writer).map_err(damaged)?;
    let bytes = writer.into_inner().map_err(|error| ScoreError::Table(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| ScoreError::Table(error.to_string()))
}
