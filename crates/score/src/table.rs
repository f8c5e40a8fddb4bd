use std::str::FromStr;

use csv::{Position, Reader, StringRecord};
use serde::de::DeserializeOwned;

use crate::ScoreError;

/// A table with a header, read row by row; errors name line and column.
pub(crate) struct Table<'text> {
    reader: Reader<&'text [u8]>,
    header: StringRecord,
    row: StringRecord,
}

impl<'text> Table<'text> {
    pub(crate) fn new(text: &'text [u8]) -> Result<Self, ScoreError> {
        let mut reader = Reader::from_reader(text);
        let mut header = reader.headers().map_err(damaged)?.clone();
        header.trim();
        Ok(Self { reader, header, row: StringRecord::new() })
    }

    pub(crate) fn header(&self) -> &StringRecord {
        &self.header
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    pub(crate) fn needed(&self, name: &str) -> Result<usize, ScoreError> {
        self.column(name).ok_or_else(|| ScoreError::Column(name.to_owned()))
    }

    /// All whose names begin so.
    pub(crate) fn columns(&self, prefix: &str) -> Vec<usize> {
        let found = self.header.iter().enumerate().filter(|(_, name)| name.starts_with(prefix));
        found.map(|(column, _)| column).collect()
    }

    /// To the next row; false after the last.
    pub(crate) fn advance(&mut self) -> Result<bool, ScoreError> {
        self.reader.read_record(&mut self.row).map_err(damaged)
    }

    pub(crate) fn row(&self) -> &StringRecord {
        &self.row
    }

    /// From 1, with the header.
    pub(crate) fn line(&self) -> u64 {
        self.row.position().map_or(0, Position::line)
    }

    /// What a column holds in this row, without spaces around it.
    pub(crate) fn cell(&self, column: usize) -> &str {
        self.row.get(column).unwrap_or_default().trim()
    }

    /// The same with its spaces.
    pub(crate) fn cell_as_it_is(&self, column: usize) -> &str {
        self.row.get(column).unwrap_or_default()
    }

    pub(crate) fn parse<T: FromStr>(&self, column: usize, expected: &'static str) -> Result<T, ScoreError> {
        self.cell(column).parse().map_err(|_| self.wrong(column, expected))
    }

    pub(crate) fn wrong(&self, column: usize, expected: &'static str) -> ScoreError {
        ScoreError::Cell {
            line: self.line(),
            column: self.header.get(column).unwrap_or_default().to_owned(),
            value: self.cell(column).to_owned(),
            expected,
        }
    }

    /// This row as a value whose fields are the columns.
    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T, ScoreError> {
        self.row.deserialize(Some(&self.header)).map_err(|error| {
            let csv::ErrorKind::Deserialize { err, .. } = error.kind() else { return damaged(error) };
            let expected = match err.kind() {
                csv::DeserializeErrorKind::ParseInt(_) => "a whole number",
                csv::DeserializeErrorKind::ParseFloat(_) => "a number",
                csv::DeserializeErrorKind::ParseBool(_) => "true or false",
                _ => return damaged(error),
            };
            err.field().map_or_else(|| damaged(error), |field| self.wrong(field as usize, expected))
        })
    }
}

pub(crate) fn damaged(error: csv::Error) -> ScoreError {
    ScoreError::Table(error.to_string())
}
