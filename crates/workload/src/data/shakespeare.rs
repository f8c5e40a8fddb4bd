use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::WorkloadError;

/// The dataset's name and its folder.
pub(crate) const NAME: &str = "tinyshakespeare";
/// The text.
pub(crate) const FILE: &str = "input.txt";
/// The characters of the text in the order of their codes; a character's place here is its token.
pub(crate) const VOCABULARY: &[u8; 65] = b"\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const MOST_BYTES: u64 = 64 << 20;
/// Enough for every split to hold a few windows of any context used here.
const LEAST_BYTES: usize = 10_000;

/// Plays of Shakespeare as tokens (Karpathy 2015).
///
/// The first 90 % are for training, as in nanoGPT; of the rest, which nanoGPT validates on, the first half is for validation and
/// the second for the test.
#[derive(Debug)]
pub(crate) struct Shakespeare {
    pub(crate) train: Vec<u8>,
    pub(crate) validation: Vec<u8>,
    pub(crate) test: Vec<u8>,
}

impl Shakespeare {
    pub(crate) fn load(data: &Path) -> Result<Self, WorkloadError> {
        let path = data.join(NAME).join(FILE);
        if !path.is_file() {
            return Err(WorkloadError::Missing { path, dataset: NAME });
        }
        let mut text = Vec::new();
        let file = File::open(&path).map_err(WorkloadError::io(&path, "opening"))?;
        file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(WorkloadError::io(&path, "reading"))?;
        Self::split(&path, &text)
    }

    /// Text without sense, for tests.
    #[cfg(test)]
    pub(crate) fn nonsense(characters: usize) -> Self {
        let text: Vec<u8> = (0..characters).map(|place| VOCABULARY[place * place % 65]).collect();
        Self::split(Path::new(FILE), &text).unwrap()
    }

    /// One line about what is there.
    pub(crate) fn summary(&self) -> String {
        format!("{} characters", self.train.len() + self.validation.len() + self.test.len())
    }

    fn split(path: &Path, text: &[u8]) -> Result<Self, WorkloadError> {
        if !(LEAST_BYTES as u64..=MOST_BYTES).contains(&(text.len() as u64)) {
            let expected = format!("{LEAST_BYTES} to {MOST_BYTES}");
            return Err(WorkloadError::damaged(path, format!("it has {} bytes", text.len()), expected));
        }
        let mut tokens = Vec::with_capacity(text.len());
        for (place, byte) in text.iter().enumerate() {
            let Ok(token) = VOCABULARY.binary_search(byte) else {
                let found = format!("byte {place} is {:?}", char::from(*byte));
                return Err(WorkloadError::damaged(
                    path,
                    found,
                    "the 65 characters of the original text, with Unix line ends",
                ));
            };
            tokens.push(token as u8);
        }
        let rest = tokens.split_off(tokens.len() * 9 / 10);
        let (validation, test) = rest.split_at(rest.len() / 2);
        Ok(Self { train: tokens, validation: validation.to_vec(), test: test.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn load(text: &[u8]) -> Result<Shakespeare, WorkloadError> {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join(NAME)).unwrap();
        fs::write(data.path().join(NAME).join(FILE), text).unwrap();
        Shakespeare::load(data.path())
    }

    #[test]
    fn the_vocabulary_is_in_order() {
        assert!(VOCABULARY.is_sorted());
    }

    #[test]
    fn the_text_is_split_by_position() {
        let text: Vec<u8> = (0..20_000).map(|place| VOCABULARY[place % 65]).collect();
        let plays = load(&text).unwrap();
        assert_eq!((plays.train.len(), plays.validation.len(), plays.test.len()), (18_000, 1000, 1000));
        let whole = [plays.train, plays.validation, plays.test].concat();
        assert!(whole.iter().enumerate().all(|(place, &token)| usize::from(token) == place % 65));
    }

    #[test]
    fn characters_that_the_original_lacks_are_refused_with_their_place() {
        let mut text = vec![b'a'; 20_000];
        text[12] = b'\r';
        let message = load(&text).unwrap_err().to_string();
        assert!(message.contains(r"byte 12 is '\r'") && message.contains("Unix line ends"), "{message}");
    }

    #[test]
    fn a_text_too_short_is_refused() {
        assert!(load(b"To be").unwrap_err().to_string().contains("it has 5 bytes"));
    }

    #[test]
    fn a_missing_text_is_named_with_the_way_to_get_it() {
        let data = tempfile::tempdir().unwrap();
        let message = Shakespeare::load(data.path()).unwrap_err().to_string();
        assert!(
            message.contains("input.txt is missing") && message.contains("data fetch tinyshakespeare"),
            "{message}"
        );
    }
}
