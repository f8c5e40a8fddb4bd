use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Findings;
use super::source::{Origin, Source};

/// A TOML value that knows where it was written, also after recipes were merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What was written.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// A value of TOML.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Node>),
    /// Keys with values, in the order they were written.
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, unquoted.
    pub key: String,
    /// Where the key was written.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}

impl Node {
    /// Parses a whole text. Syntax errors are findings; what could be read is returned.
    pub fn parse(source: &Arc<Source>, findings: &mut Findings) -> Self {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            let origin = Origin { source: source.clone(), span: error.span().unwrap_or(0..0) };
            findings.add(&origin, error.message().replace('\n', ", "), None);
        }
        Self::from_table(table.get_ref(), source, table.span(), findings)
    }

    /// A value given on the command line: TOML if it reads as TOML, else text.
    pub fn parse_value(source: &Arc<Source>, findings: &mut Findings) -> Self {
        match DeValue::parse(&source.text) {
            Ok(value) => Self::from_value(&value, source, findings),
            Err(_) => {
                let origin = Origin { source: source.clone(), span: 0..source.text.len() };
                Self { value: Value::Text(source.text.clone()), origin }
            }
        }
    }

    fn from_table(table: &DeTable<'_>, source: &Arc<Source>, span: Range<usize>, findings: &mut Findings) -> Self {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                key_origin: Origin { source: source.clone(), span: key.span() },
                node: Self::from_value(value, source, findings),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_origin.span.start);
        Self { value: Value::Table(entries), origin: Origin { source: source.clone(), span } }
    }

    fn from_value(value: &Spanned<DeValue<'_>>, source: &Arc<Source>, findings: &mut Findings) -> Self {
        let origin = Origin { source: source.clone(), span: value.span() };
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => {
                let digits = integer.as_str().replace('_', "");
                match i64::from_str_radix(digits.trim_start_matches('+'), integer.radix()) {
                    Ok(integer) => Value::Integer(integer),
                    Err(_) => {
                        findings.add(&origin, format!("{digits} does not fit 64 bits"), None);
                        Value::Integer(0)
                    }
                }
            }
            DeValue::Float(float) => match float.as_str().replace('_', "").parse() {
                Ok(float) => Value::Float(float),
                Err(_) => {
                    findings.add(&origin, format!("{} is not a number", float.as_str()), None);
                    Value::Float(0.0)
                }
            },
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(datetime) => {
                findings.add(&origin, format!("{datetime} is a date; no key takes one"), None);
                Value::Text(datetime.to_string())
            }
            DeValue::Array(array) => {
                Value::Array(array.iter().map(|item| Self::from_value(item, source, findings)).collect())
            }
            DeValue::Table(table) => return Self::from_table(table, source, origin.span, findings),
        };
        Self { value, origin }
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The items of an array; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(items) => items,
            _ => &[],
        }
    }

    /// The entry of a table under this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of a table under this key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, whole or not, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Integer(integer) => Some(integer as f64),
            Value::Float(float) => Some(float),
            _ => None,
        }
    }

    /// As TOML and people write it.
    pub fn display(&self) -> String {
        self.to_toml().to_string()
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a text",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// Puts a value under a key, replacing the old one.
    pub fn insert(&mut self, entry: Entry) {
        if let Value::Table(entries) = &mut self.value {
            entries.retain(|old| old.key != entry.key);
            entries.push(entry);
        }
    }

    /// Takes the entry of a table under this key out of it.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let Value::Table(entries) = &mut self.value else { return None };
        let index = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(index))
    }

    /// Puts a value under a dotted path, making tables on the way.
    pub fn insert_at(&mut self, path: &[&str], node: Self, findings: &mut Findings) {
        let Some((first, rest)) = path.split_first() else { return };
        let key_origin = node.origin.clone();
        if rest.is_empty() {
            self.insert(Entry { key: (*first).to_owned(), key_origin, node });
            return;
        }
        let Value::Table(entries) = &mut self.value else {
            findings.add(&node.origin, format!("{first} stands in {}, not in a table", self.kind()), None);
            return;
        };
        if !entries.iter().any(|entry| entry.key == *first) {
            let empty = Self { value: Value::Table(Vec::new()), origin: key_origin.clone() };
            entries.push(Entry { key: (*first).to_owned(), key_origin, node: empty });
        }
        if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *first) {
            if !matches!(entry.node.value, Value::Table(_)) {
                findings.add(
                    &node.origin,
                    format!("{first} is {}, so it has no key {}", entry.node.kind(), rest[0]),
                    None,
                );
                return;
            }
            entry.node.insert_at(rest, node, findings);
        }
    }

    /// Where the value of a dotted path (`learning_rate.parts[1].peak`) was written; the nearest enclosing value if it was not.
    pub fn origin_of(&self, path: &str) -> &Origin {
        let mut node = self;
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let next = match part.strip_suffix(']').map(str::parse::<usize>) {
                Some(Ok(index)) => node.items().get(index),
                _ => node.get(part),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        &node.origin
    }

    /// The value of a dotted path, to be replaced.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Self> {
        let mut node = self;
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            node = match (&mut node.value, part.strip_suffix(']').map(str::parse::<usize>)) {
                (Value::Array(items), Some(Ok(index))) => items.get_mut(index)?,
                (Value::Table(entries), _) => &mut entries.iter_mut().find(|entry| entry.key == part)?.node,
                _ => return None,
            };
        }
        Some(node)
    }

    /// A value that was written nowhere itself: it follows from what stands at `origin`.
    pub fn derived(value: toml::Value, origin: &Origin) -> Self {
        let value = match value {
            toml::Value::String(text) => Value::Text(text),
            toml::Value::Integer(integer) => Value::Integer(integer),
            toml::Value::Float(float) => Value::Float(float),
            toml::Value::Boolean(boolean) => Value::Boolean(boolean),
            toml::Value::Datetime(date) => Value::Text(date.to_string()),
            toml::Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| Self::derived(item, origin)).collect())
            }
            toml::Value::Table(entries) => {
                let entry =
                    |(key, value)| Entry { key, key_origin: origin.clone(), node: Self::derived(value, origin) };
                Value::Table(entries.into_iter().map(entry).collect())
            }
        };
        Self { value, origin: origin.clone() }
    }

    /// The plain TOML value, without origins.
    pub fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::Text(text) => toml::Value::String(text.clone()),
            Value::Integer(integer) => toml::Value::Integer(*integer),
            Value::Float(float) => toml::Value::Float(*float),
            Value::Boolean(boolean) => toml::Value::Boolean(*boolean),
            Value::Array(items) => toml::Value::Array(items.iter().map(Self::to_toml).collect()),
            Value::Table(entries) => {
                toml::Value::Table(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_toml())).collect())
            }
        }
    }
}
