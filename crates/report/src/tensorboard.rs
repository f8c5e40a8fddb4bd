use std::collections::BTreeSet;

use rheostat_record::{Event, Run};

/// A run as the bytes of a TensorBoard event file, to be named `events.out.tfevents.<anything>`.
///
/// Tags are `train/loss`, `train/gradient_norm`, `train/<hyperparameter>`, `val/loss` and `val/<metric>`. The wall time of a
/// value is the run's begin plus its training seconds: evaluations take none. Values are of single precision, as the format has it.
pub fn tensorboard(run: &Run) -> Vec<u8> {
    let mut writer = Writer { bytes: Vec::new(), begun: run.manifest.started as f64, described: BTreeSet::new() };
    let mut version = Vec::new();
    put_double(&mut version, 1, writer.begun);
    put_bytes(&mut version, 3, b"brain.Event:2");
    writer.record(&version);
    let metric = format!("val/{}", run.manifest.metric);
    for event in &run.events {
        match event {
            Event::Step { step, loss, gradient_norm, train_seconds, hyperparameters } => {
                let names = hyperparameters.iter().map(|(name, value)| (format!("train/{name}"), *value));
                let own = [("train/loss".to_owned(), *loss), ("train/gradient_norm".to_owned(), *gradient_norm)];
                writer.scalars(*step, *train_seconds, own.into_iter().chain(names));
            }
            Event::Evaluation { step, val_loss, val_metric, train_seconds, .. } => {
                let values = [("val/loss".to_owned(), *val_loss), (metric.clone(), *val_metric)];
                writer.scalars(*step, *train_seconds, values.into_iter());
            }
            _ => {}
        }
    }
    writer.bytes
}

struct Writer {
    bytes: Vec<u8>,
    begun: f64,
    /// Tags of which the reader knows that they are scalars.
    described: BTreeSet<String>,
}

impl Writer {
    /// One event with the values of one step.
    fn scalars(&mut self, step: u64, seconds: f64, values: impl Iterator<Item = (String, f64)>) {
        let mut summary = Vec::new();
        for (tag, value) in values {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, tag.as_bytes());
            put_float(&mut entry, 2, value as f32);
            if !self.described.contains(&tag) {
                let mut plugin = Vec::new();
                put_bytes(&mut plugin, 1, b"scalars");
                let mut metadata = Vec::new();
                put_bytes(&mut metadata, 1, &plugin);
                put_bytes(&mut entry, 9, &metadata);
                self.described.insert(tag);
            }
            put_bytes(&mut summary, 1, &entry);
        }
        let mut event = Vec::new();
        put_double(&mut event, 1, self.begun + seconds);
        put_key(&mut event, 2, VARINT);
        put_varint(&mut event, step);
        put_bytes(&mut event, 5, &summary);
        self.record(&event);
    }

    /// A length, its checksum, the bytes, theirs.
    fn record(&mut self, data: &[u8]) {
        let length = (data.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked_checksum(&length).to_le_bytes());
        self.bytes.extend(data);
        self.bytes.extend(masked_checksum(data).to_le_bytes());
    }
}

/// The checksum of a record, masked so that a checksum of data with checksums in it stays good.
fn masked_checksum(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

fn put_key(bytes: &mut Vec<u8>, field: u64, kind: u64) {
    put_varint(bytes, field << 3 | kind);
}

fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn put_bytes(bytes: &mut Vec<u8>, field: u64, data: &[u8]) {
    put_key(bytes, field, LENGTH);
    put_varint(bytes, data.len() as u64);
    bytes.extend(data);
}

fn put_double(bytes: &mut Vec<u8>, field: u64, value: f64) {
    put_key(bytes, field, FIXED64);
    bytes.extend(value.to_le_bytes());
}

fn put_float(bytes: &mut Vec<u8>, field: u64, value: f32) {
    put_key(bytes, field, FIXED32);
    bytes.extend(value.to_le_bytes());
}
