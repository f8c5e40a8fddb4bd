use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use tar::{Archive, Entry};

use super::bounded::{Bounded, damage};
use crate::WorkloadError;

/// The dataset's name and its folder.
pub(crate) const NAME: &str = "cifar-10";
/// The official archive.
pub(crate) const ARCHIVE: &str = "cifar-10-binary.tar.gz";
/// Different labels.
pub(crate) const CLASSES: usize = 10;
/// Rows and columns of an image.
pub(crate) const SIDE: usize = 32;
/// Red, green, blue.
pub(crate) const COLOURS: usize = 3;
/// Bytes of an image: rows of the red plane, of the green, of the blue.
pub(crate) const PIXELS: usize = COLOURS * SIDE * SIDE;

const FOLDER: &str = "cifar-10-batches-bin";
/// A label, then the pixels.
const RECORD: usize = 1 + PIXELS;
const BATCH_RECORDS: usize = 10_000;
const BATCH_BYTES: usize = BATCH_RECORDS * RECORD;
const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];
const TEST: usize = BATCHES.len() - 1;
const OTHER_FILES: [&str; 2] = ["batches.meta.txt", "readme.html"];
const KNOWN_FILES: &str = "data_batch_1.bin to data_batch_5.bin, test_batch.bin, batches.meta.txt and readme.html";
const WHOLE_RECORDS: &str = "1 to 10000 records of 3073 bytes";
/// An archive holds six batches, two small files and their folder; nothing needs more.
const MOST_ENTRIES: usize = 32;
const MOST_BYTES: u64 = (BATCHES.len() * BATCH_BYTES + (1 << 20)) as u64;

/// Images with their labels.
#[derive(Debug, Default)]
pub(crate) struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Images {
    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * PIXELS..(index + 1) * PIXELS]
    }

    pub(crate) fn label(&self, index: usize) -> u8 {
        self.labels[index]
    }

    fn append(&mut self, path: &Path, name: &str, bytes: &[u8]) -> Result<(), WorkloadError> {
        for (record, (&label, pixels)) in bytes.chunks_exact(RECORD).filter_map(<[u8]>::split_first).enumerate() {
            if usize::from(label) >= CLASSES {
                let found = format!("record {record} of {name} has the label {label}");
                return Err(WorkloadError::damaged(path, found, "labels 0 to 9"));
            }
            self.labels.push(label);
            self.pixels.extend_from_slice(pixels);
        }
        Ok(())
    }
}

/// CIFAR-10 (Krizhevsky 2009) in its official binary layout.
///
/// The training batches present, in the order of their numbers, are for training; the first half of the test batch is for
/// validation, the second for the test.
#[derive(Debug)]
pub(crate) struct Cifar10 {
    pub(crate) train: Images,
    pub(crate) held_out: Images,
}

/// Bytes of the batches found so far, by their place in [`BATCHES`].
type Batches = [Option<Vec<u8>>; BATCHES.len()];

impl Cifar10 {
    /// Reads the archive, the unpacked folder or the bare batches, whichever is there first, under `data`.
    pub(crate) fn load(data: &Path) -> Result<Self, WorkloadError> {
        let source = Source::find(data)?;
        let path = source.path();
        let batches = match &source {
            Source::Archive(path) => read_archive(path, File::open(path).map_err(WorkloadError::io(path, "opening"))?)?,
            Source::Folder(path) => read_folder(path)?,
        };
        Self::from_batches(path, batches)
    }

    /// Images of noise, for tests.
    #[cfg(test)]
    pub(crate) fn noise(train: usize, held_out: usize) -> Self {
        let images = |count: usize| Images {
            pixels: (0..count * PIXELS).map(|place| ((place * 2_654_435_761) >> 7) as u8).collect(),
            labels: (0..count).map(|index| (index % CLASSES) as u8).collect(),
        };
        Self { train: images(train), held_out: images(held_out) }
    }

    /// One line about what is there.
    pub(crate) fn summary(&self) -> String {
        format!("{} training and {} held-out images", self.train.len(), self.held_out.len())
    }

    fn from_batches(path: &Path, mut batches: Batches) -> Result<Self, WorkloadError> {
        let test = batches[TEST].take().unwrap_or_default();
        let training = batches.iter().flatten().map(Vec::len).sum::<usize>() / RECORD;
        let mut train = Images { pixels: Vec::with_capacity(training * PIXELS), labels: Vec::with_capacity(training) };
        for (batch, name) in batches.iter_mut().zip(BATCHES) {
            if let Some(bytes) = batch.take() {
                train.append(path, name, &bytes)?;
            }
        }
        let mut held_out = Images::default();
        held_out.append(path, BATCHES[TEST], &test)?;
        if train.len() == 0 {
            return Err(WorkloadError::damaged(path, "it holds no training batch", "data_batch_1.bin or more"));
        }
        if held_out.len() < 2 {
            let found = format!("it holds {} test images", held_out.len());
            return Err(WorkloadError::damaged(path, found, "test_batch.bin with at least 2"));
        }
        Ok(Self { train, held_out })
    }
}

enum Source {
    Archive(PathBuf),
    Folder(PathBuf),
}

impl Source {
    fn find(data: &Path) -> Result<Self, WorkloadError> {
        let own = data.join(NAME);
        for folder in [own.as_path(), data] {
            let archive = folder.join(ARCHIVE);
            if archive.is_file() {
                return Ok(Self::Archive(archive));
            }
            for unpacked in [folder.join(FOLDER), folder.to_owned()] {
                if BATCHES.iter().any(|batch| unpacked.join(batch).is_file()) {
                    return Ok(Self::Folder(unpacked));
                }
            }
        }
        Err(WorkloadError::Missing { path: own.join(ARCHIVE), dataset: NAME })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Folder(path) => path,
        }
    }
}

fn read_folder(folder: &Path) -> Result<Batches, WorkloadError> {
    let mut batches = Batches::default();
    for (place, name) in BATCHES.iter().enumerate() {
        let path = folder.join(name);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        check_size(&path, name, metadata.len())?;
        let file = File::open(&path).map_err(WorkloadError::io(&path, "opening"))?;
        let mut bytes = Vec::new();
        file.take(metadata.len()).read_to_end(&mut bytes).map_err(WorkloadError::io(&path, "reading"))?;
        batches[place] = Some(bytes);
    }
    Ok(batches)
}

/// Reads an archive in memory. Nothing in it is trusted: not its names, not its sizes, not its number of entries.
fn read_archive(path: &Path, file: impl Read) -> Result<Batches, WorkloadError> {
    let mut batches = Batches::default();
    let mut archive = Archive::new(Bounded::new(GzDecoder::new(file), MOST_BYTES));
    let broken = |error| damage(path, error, "a gzipped tar archive");
    for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
        if count == MOST_ENTRIES {
            return Err(WorkloadError::damaged(path, format!("it has more than {MOST_ENTRIES} entries"), KNOWN_FILES));
        }
        let mut entry = entry.map_err(broken)?;
        let Some(place) = place_of(path, &entry)? else { continue };
        check_size(path, BATCHES[place], entry.size())?;
        if batches[place].is_some() {
            return Err(WorkloadError::damaged(path, format!("{} is there twice", BATCHES[place]), "each batch once"));
        }
        let size = entry.size() as usize;
        let mut bytes = Vec::with_capacity(size);
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() != size {
            let found = format!("it breaks off after {} bytes of {}", bytes.len(), BATCHES[place]);
            return Err(WorkloadError::damaged(path, found, format!("{size}")));
        }
        batches[place] = Some(bytes);
    }
    // The checksum of gzip stands at the very end.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink()).map_err(broken)?;
    Ok(batches)
}

/// Which batch an entry is; `None` for the other files of the official archive.
fn place_of<R: Read>(path: &Path, entry: &Entry<'_, R>) -> Result<Option<usize>, WorkloadError> {
    let full = entry.path_bytes();
    let full = String::from_utf8_lossy(&full);
    let bare = full.strip_prefix("./").unwrap_or(&full);
    let kind = entry.header().entry_type();
    if kind.is_dir() && [FOLDER, ""].contains(&bare.trim_end_matches('/')) {
        return Ok(None);
    }
    let name = bare.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or(bare);
    let place = BATCHES.iter().position(|batch| *batch == name);
    if place.is_none() && !OTHER_FILES.contains(&name) {
        let short: String = full.chars().take(80).collect();
        return Err(WorkloadError::damaged(path, format!("an entry is called {short:?}"), KNOWN_FILES));
    }
    if !kind.is_file() {
        return Err(WorkloadError::damaged(path, format!("{name} is not a plain file"), "plain files"));
    }
    Ok(place)
}

fn check_size(path: &Path, name: &str, bytes: u64) -> Result<(), WorkloadError> {
    let whole = bytes.is_multiple_of(RECORD as u64);
    if whole && (RECORD as u64..=BATCH_BYTES as u64).contains(&bytes) {
        return Ok(());
    }
    Err(WorkloadError::damaged(path, format!("{name} has {bytes} bytes"), WHOLE_RECORDS))
}

#[cfg(test)]
#[path = "cifar10_tests.rs"]
mod tests;
