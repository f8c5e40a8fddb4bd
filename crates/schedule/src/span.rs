//! Lengths of training, with their unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of training, or a point counted from the beginning of what encloses it.
///
/// Written `"500 steps"`, `"2.5 epochs"`, `"64k samples"` or `"10 %"`: a number and a unit, the space optional,
/// singular or plural. A number without a unit is refused, because two readings of it are possible. A fraction is of
/// the enclosing span: the run, the part of a sequence, the cycle. [`Frame::to_steps`](crate::Frame::to_steps)
/// converts to steps.
///
/// ```
/// use rheostat_schedule::Span;
/// assert_eq!("500 steps".parse(), Ok(Span::Steps(500)));
/// assert_eq!("10%".parse(), Ok(Span::Fraction(0.10)));
/// assert_eq!("64k samples".parse(), Ok(Span::Samples(64_000)));
/// assert_eq!(Span::Epochs(2.5).to_string(), "2.5 epochs");
/// assert!("500".parse::<Span>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    /// Optimizer updates.
    Steps(u64),
    /// Passes over the training set.
    Epochs(f64),
    /// Training samples.
    Samples(u64),
    /// A part of the enclosing span; 0.10 is 10 %.
    Fraction(f64),
}

/// The units there are, for messages.
const UNITS: &str = "steps, epochs, samples (also k samples, M samples) or %";

/// Why a text is not a span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// There is no number in front.
    #[error("`{text}` is no span: write a number and a unit, the units are {UNITS}")]
    NoNumber {
        /// What was written.
        text: String,
    },
    /// There is no unit.
    #[error("`{text}` has no unit, the units are {UNITS}")]
    NoUnit {
        /// What was written.
        text: String,
    },
    /// The unit is none of ours.
    #[error("`{unit}` is no unit, the units are {UNITS}")]
    UnknownUnit {
        /// What was written as unit.
        unit: String,
    },
    /// The number is negative or not finite.
    #[error("`{text}` is out of range, a span must be at least 0 and finite")]
    OutOfRange {
        /// What was written.
        text: String,
    },
    /// Steps and samples come whole.
    #[error("`{text}` is not a whole number of {unit}")]
    NotWhole {
        /// What was written.
        text: String,
        /// Steps or samples.
        unit: &'static str,
    },
}

impl Span {
    /// A span of updates.
    pub const fn steps(steps: u64) -> Self {
        Self::Steps(steps)
    }

    /// A span of passes over the training set.
    pub const fn epochs(epochs: f64) -> Self {
        Self::Epochs(epochs)
    }

    /// A span of training samples.
    pub const fn samples(samples: u64) -> Self {
        Self::Samples(samples)
    }

    /// A part of the enclosing span: `Span::percent(5.0)` is 5 %.
    pub const fn percent(percent: f64) -> Self {
        Self::Fraction(percent / 100.0)
    }

    /// The number in front of the unit, with a fraction as a fraction.
    pub const fn amount(self) -> f64 {
        match self {
            Self::Steps(amount) | Self::Samples(amount) => amount as f64,
            Self::Epochs(amount) | Self::Fraction(amount) => amount,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Steps(1) => f.write_str("1 step"),
            Self::Steps(steps) => write!(f, "{steps} steps"),
            Self::Epochs(1.0) => f.write_str("1 epoch"),
            Self::Epochs(epochs) => write!(f, "{epochs} epochs"),
            Self::Samples(1) => f.write_str("1 sample"),
            Self::Samples(samples) => write!(f, "{samples} samples"),
            Self::Fraction(fraction) => write!(f, "{} %", shifted(&format!("{fraction:e}"), 2)),
        }
    }
}

/// Moves the decimal point of a number by editing its exponent: 0.07 becomes 7, where 0.07 * 100 does not.
fn shifted(text: &str, places: i32) -> String {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0).saturating_add(places);
    let exact = format!("{digits}e{exponent}");
    // The plain form where it still means the same once shifted back.
    match exact.parse::<f64>() {
        Ok(value) => {
            let plain = value.to_string();
            let back = |text: &str| format!("{text}e{}", -places).parse::<f64>().ok();
            let same = back(&plain) == format!("{digits}e{}", exponent.saturating_sub(places)).parse::<f64>().ok();
            if same { plain } else { exact }
        }
        Err(_) => exact,
    }
}

/// Splits the number from the rest; the `e` of `3epochs` is no exponent.
fn split_number(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let digits = |mut at: usize| {
        while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'_') {
            at += 1;
        }
        at
    };
    let sign = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let mut end = digits(sign(0));
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) && bytes.get(sign(end + 1)).is_some_and(u8::is_ascii_digit) {
        end = digits(sign(end + 1));
    }
    text.split_at(end)
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let (number, unit) = split_number(text.trim());
        let (number, unit) = (number.replace('_', ""), unit.trim());
        // A fraction is judged as what it becomes: the number of percents may be too large where the fraction is not.
        let amount = if unit == "%" { shifted(&number, -2).parse() } else { number.parse::<f64>() };
        let amount = amount.map_err(|_| SpanError::NoNumber { text: text.to_owned() })?;
        if !amount.is_finite() || number.starts_with('-') {
            return Err(SpanError::OutOfRange { text: text.to_owned() });
        }
        let whole = |scale: u64, unit: &'static str| {
            let scaled = amount * scale as f64;
            match number.parse::<u64>().ok().and_then(|count| count.checked_mul(scale)) {
                Some(count) => Ok(count),
                // 1.5k samples; beyond 2^53 a product of floats no longer counts.
                None if scaled.fract() == 0.0 && scaled <= 9_007_199_254_740_992.0 => Ok(scaled as u64),
                None => Err(SpanError::NotWhole { text: text.to_owned(), unit }),
            }
        };
        match unit {
            "" => Err(SpanError::NoUnit { text: text.to_owned() }),
            "step" | "steps" => whole(1, "steps").map(Self::Steps),
            "epoch" | "epochs" => Ok(Self::Epochs(amount)),
            "sample" | "samples" => whole(1, "samples").map(Self::Samples),
            "k sample" | "k samples" => whole(1_000, "samples").map(Self::Samples),
            "M sample" | "M samples" => whole(1_000_000, "samples").map(Self::Samples),
            "%" => Ok(Self::Fraction(amount)),
            _ => Err(SpanError::UnknownUnit { unit: unit.to_owned() }),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number with a unit, such as \"500 steps\"; the units are {UNITS}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}
