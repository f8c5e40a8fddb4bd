use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::*;

/// Records whose label and pixels tell them apart.
fn records(labels: &[u8]) -> Vec<u8> {
    labels.iter().flat_map(|&label| std::iter::once(label).chain(std::iter::repeat_n(label * 20, PIXELS))).collect()
}

fn entry(name: &str, size: u64, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in entries {
        builder.append(&entry(name, bytes.len() as u64, EntryType::Regular), *bytes).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn sound() -> Vec<u8> {
    packed(&[
        ("cifar-10-batches-bin/batches.meta.txt", b"airplane\n"),
        ("cifar-10-batches-bin/test_batch.bin", &records(&[8, 9, 7])),
        ("cifar-10-batches-bin/data_batch_2.bin", &records(&[3])),
        ("cifar-10-batches-bin/data_batch_1.bin", &records(&[1, 2])),
    ])
}

/// What loading a folder with this archive ends in.
fn load(archive: &[u8]) -> Result<Cifar10, WorkloadError> {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir(data.path().join(NAME)).unwrap();
    fs::write(data.path().join(NAME).join(ARCHIVE), archive).unwrap();
    Cifar10::load(data.path())
}

fn complaint(archive: &[u8]) -> String {
    load(archive).unwrap_err().to_string()
}

#[test]
fn an_archive_is_read_in_the_order_of_the_batch_numbers() {
    let cifar = load(&sound()).unwrap();
    assert_eq!(cifar.train.labels, [1, 2, 3]);
    assert_eq!(cifar.held_out.labels, [8, 9, 7]);
    assert_eq!(cifar.train.image(2), vec![60; PIXELS]);
    assert_eq!(cifar.summary(), "3 training and 3 held-out images");
}

#[test]
fn an_unpacked_folder_and_bare_batches_are_read_too() {
    for place in ["cifar-10/cifar-10-batches-bin", "cifar-10", "cifar-10-batches-bin", "."] {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(place);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("data_batch_4.bin"), records(&[4])).unwrap();
        fs::write(folder.join("test_batch.bin"), records(&[5, 6])).unwrap();
        let cifar = Cifar10::load(data.path()).unwrap();
        assert_eq!((cifar.train.labels, cifar.held_out.labels), (vec![4], vec![5, 6]), "{place}");
    }
}

#[test]
fn missing_data_is_named_with_the_way_to_get_it() {
    let data = tempfile::tempdir().unwrap();
    let message = Cifar10::load(data.path()).unwrap_err().to_string();
    assert!(message.contains("cifar-10-binary.tar.gz is missing"), "{message}");
    assert!(message.contains("rheostat data fetch cifar-10 --data DIR"), "{message}");
    assert!(message.contains("RHEOSTAT_DATA"), "{message}");
}

#[test]
fn a_truncated_archive_is_damaged_wherever_it_breaks_off() {
    let archive = sound();
    for length in [0, 5, archive.len() / 2, archive.len() - 9, archive.len() - 1] {
        let error = load(&archive[..length]).unwrap_err();
        assert!(matches!(error, WorkloadError::Damaged { .. }), "{length}: {error}");
    }
}

#[test]
fn a_flipped_bit_fails_the_checksum() {
    let mut archive = sound();
    let end = archive.len();
    archive[end - 8] ^= 1;
    assert!(complaint(&archive).contains("is damaged"), "{}", complaint(&archive));
}

#[test]
fn what_is_no_archive_is_called_so() {
    assert!(complaint(b"<html>not found</html>").contains("expected a gzipped tar archive"));
}

#[test]
fn a_batch_of_broken_records_is_refused_with_its_size() {
    let message = complaint(&packed(&[("data_batch_1.bin", &records(&[1])[1..])]));
    assert!(
        message.contains("data_batch_1.bin has 3072 bytes; expected 1 to 10000 records of 3073 bytes"),
        "{message}"
    );
    assert!(complaint(&packed(&[("data_batch_1.bin", b"")])).contains("has 0 bytes"));
}

#[test]
fn a_label_above_nine_is_refused_with_its_place() {
    let message =
        complaint(&packed(&[("data_batch_1.bin", &records(&[1, 10])), ("test_batch.bin", &records(&[1, 1]))]));
    assert!(message.contains("record 1 of data_batch_1.bin has the label 10; expected labels 0 to 9"), "{message}");
}

#[test]
fn names_that_do_not_belong_are_refused() {
    for name in ["../data_batch_1.bin", "/data_batch_1.bin", "data_batch_6.bin", "x/data_batch_1.bin", "\u{1b}[31m"] {
        let message = complaint(&packed(&[(name, &records(&[1]))]));
        assert!(message.contains("an entry is called"), "{message}");
        assert!(!message.contains('\u{1b}'), "{message}");
    }
}

#[test]
fn links_are_refused() {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    builder.append(&entry("data_batch_1.bin", 0, EntryType::Symlink), std::io::empty()).unwrap();
    let archive = builder.into_inner().unwrap().finish().unwrap();
    assert!(complaint(&archive).contains("data_batch_1.bin is not a plain file"), "{}", complaint(&archive));
}

#[test]
fn a_batch_that_comes_twice_is_refused() {
    let message = complaint(&packed(&[("data_batch_1.bin", &records(&[1])), ("./data_batch_1.bin", &records(&[2]))]));
    assert!(message.contains("data_batch_1.bin is there twice"), "{message}");
}

#[test]
fn an_archive_without_training_or_test_images_is_refused() {
    assert!(complaint(&packed(&[("test_batch.bin", &records(&[1, 2]))])).contains("no training batch"));
    assert!(complaint(&packed(&[("data_batch_1.bin", &records(&[1]))])).contains("0 test images"));
    let one = packed(&[("data_batch_1.bin", &records(&[1])), ("test_batch.bin", &records(&[1]))]);
    assert!(complaint(&one).contains("1 test images"));
}

#[test]
fn an_entry_that_claims_to_be_huge_is_refused_before_it_is_read() {
    let mut plain = entry("data_batch_1.bin", 1 << 40, EntryType::Regular).as_bytes().to_vec();
    plain.extend([0; 1024]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    let message = complaint(&encoder.finish().unwrap());
    assert!(message.contains("data_batch_1.bin has 1099511627776 bytes"), "{message}");
}

#[test]
fn a_small_archive_that_unpacks_to_gigabytes_is_stopped() {
    // A harmless entry followed by zeros: tar ends there, and the zeros would be read for the checksum.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..(MOST_BYTES >> 20) + 2 {
        encoder.write_all(&zeros).unwrap();
    }
    let message = complaint(&encoder.finish().unwrap());
    assert!(message.contains("it unpacks to more than"), "{message}");
}

#[test]
fn an_archive_of_countless_entries_is_stopped() {
    let entries = [("readme.html", &b""[..]); MOST_ENTRIES + 1];
    assert!(complaint(&packed(&entries)).contains("more than 32 entries"));
}
