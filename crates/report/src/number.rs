//! Numbers for people: short where they are looked at, exact where they are computed with.

use std::fmt::Write as _;

use rheostat_record::number::non_finite;

/// Four significant digits without trailing zeros: `0.0321`, `3.2e-5`, `12345`, `1.2e7`.
pub(crate) fn short(value: f64) -> String {
    significant(value, 4)
}

/// As many significant digits as asked for, without trailing zeros.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if let Some(name) = non_finite(value) {
        return name.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.max(1);
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
        return trimmed(&format!("{value:.decimals$}"));
    }
    format!("{}e{exponent}", trimmed(mantissa))
}

/// The same in whichever notation is shorter: `1e-3`, `2.5e-4`, `0.1`, `0.125`, `30`.
pub(crate) fn shortest(value: f64, digits: usize) -> String {
    let plain = significant(value, digits);
    if !(0.0..1.0).contains(&value.abs()) || value == 0.0 {
        return plain;
    }
    let scientific = format!("{value:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let scientific = format!("{}e{exponent}", trimmed(mantissa));
    if scientific.len() <= plain.len() { scientific } else { plain }
}

/// The shortest text that reads back as the same number.
pub(crate) fn exact(value: f64) -> String {
    format!("{value:?}")
}

/// A whole number with its thousands apart: `12,345`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 update`, `2 updates`.
pub(crate) fn plural(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// A length of time: `0.42 s`, `3.1 s`, `4 min 12 s`, `2 h 05 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return format!("{} s", short(seconds));
    }
    if seconds < 99.95 {
        return format!("{} s", significant(seconds, if seconds < 1.0 { 2 } else { 3 }));
    }
    let whole = seconds.round() as u64;
    if whole < 3600 {
        return format!("{} min {:02} s", whole / 60, whole % 60);
    }
    let minutes = (seconds / 60.0).round() as u64;
    format!("{} h {:02} min", count(minutes / 60), minutes % 60)
}

/// The unit in which times up to `longest` seconds are drawn: its seconds and its name.
pub(crate) fn time_unit(longest: f64) -> (f64, &'static str) {
    match longest {
        longest if longest <= 300.0 => (1.0, "seconds"),
        longest if longest <= 10_800.0 => (60.0, "minutes"),
        _ => (3600.0, "hours"),
    }
}

/// A share of a whole as whole percents; `< 1 %` rather than a zero that is none.
pub(crate) fn percent(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    if share > 0.0 && share < 0.5 { "< 1 %".to_owned() } else { format!("{share:.0} %") }
}

/// A date and time in UTC, of seconds since 1970: `2026-03-01 12:00 UTC`.
pub(crate) fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a proleptic Gregorian date, counted from 1 March of year 0.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest / 60 % 60)
}

/// A name as in files, for people: `learning_rate` as `learning rate`, `group.0.momentum` as `momentum of group 0`.
pub(crate) fn spoken(name: &str) -> String {
    if let Some((group, rest)) = name.strip_prefix("group.").and_then(|rest| rest.split_once('.')) {
        return format!("{} of group {group}", spoken(rest));
    }
    name.replace('_', " ")
}

/// The same with a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Text for XML and HTML. Characters that XML cannot hold become the replacement character.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// A name cut to a width by taking out its middle, where long names differ least.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width || width < 5 {
        return text.to_owned();
    }
    let (head, tail) = ((width - 1) / 2, width - 1 - (width - 1) / 2);
    let mut cut: String = text.chars().take(head).collect();
    cut.push('…');
    cut.extend(text.chars().skip(length - tail));
    cut
}

/// The text with numbers and their units kept on one line.
pub(crate) fn unbroken(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for word in text.split(' ') {
        let unit = matches!(word.trim_end_matches(['.', ',', ';']), "s" | "min" | "h" | "%");
        if !joined.is_empty() {
            joined.push(if unit && joined.ends_with(|letter: char| letter.is_ascii_digit()) { '\u{a0}' } else { ' ' });
        }
        joined.push_str(word);
    }
    joined
}

pub(crate) fn trimmed(number: &str) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number.to_owned() }
}

/// Appends a coordinate in hundredths, without needless digits: `-50` as `-.5`.
pub(crate) fn push_hundredths(text: &mut String, hundredths: i64) {
    if hundredths < 0 {
        text.push('-');
    }
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    if whole > 0 || rest == 0 {
        let _ = write!(text, "{whole}");
    }
    match rest {
        0 => {}
        rest if rest % 10 == 0 => {
            let _ = write!(text, ".{}", rest / 10);
        }
        rest => {
            let _ = write!(text, ".{rest:02}");
        }
    }
}

/// The middle value, or the mean of the middle two; nothing of none.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    let upper = *values.get(half)?;
    Some(if values.len() % 2 == 1 { upper } else { values[half - 1] / 2.0 + upper / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_magnitude() {
        let texts: Vec<String> =
            [0.0, 1.0, 0.032_149, 3.2e-5, 123_456.0, 1.25e7, -0.5, f64::NAN, f64::NEG_INFINITY].map(short).to_vec();
        assert_eq!(texts, ["0", "1", "0.03215", "3.2e-5", "123456", "1.25e7", "-0.5", "NaN", "-inf"]);
    }

    #[test]
    fn rates_are_told_in_the_shorter_notation() {
        let texts =
            [0.0, 1e-5, 0.000_25, 0.001, 0.01, 0.031_6, 0.1, 0.125, 0.999_9, 1.0, 30.0, -0.001].map(|x| shortest(x, 3));
        let expected = ["0", "1e-5", "2.5e-4", "1e-3", "1e-2", "0.0316", "0.1", "0.125", "1", "1", "30", "-1e-3"];
        assert_eq!(texts, expected);
    }

    #[test]
    fn exact_numbers_read_back_as_the_same_number() {
        for value in [0.1, 1e-7, 1.0 / 3.0, 5e-324, f64::MAX] {
            assert_eq!(exact(value).parse::<f64>().unwrap(), value);
        }
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let texts: Vec<String> = [0.0, 0.0421, 3.158, 99.96, 3599.0, 7500.0].map(duration).to_vec();
        assert_eq!(texts, ["0 s", "0.042 s", "3.16 s", "1 min 40 s", "59 min 59 s", "2 h 05 min"]);
    }

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00 UTC");
        assert_eq!(date(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(date(1_772_366_400 + 3_661), "2026-03-01 13:01 UTC");
    }

    #[test]
    fn coordinates_have_no_needless_digits() {
        let texts = [0, 5, 50, 100, 123, -50, -1234].map(|value| {
            let mut text = String::new();
            push_hundredths(&mut text, value);
            text
        });
        assert_eq!(texts, ["0", ".05", ".5", "1", "1.23", "-.5", "-12.34"]);
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("digits-mlp-adamw-cosine-7", 12), "digit…sine-7");
    }
}
