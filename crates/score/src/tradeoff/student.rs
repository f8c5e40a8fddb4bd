use std::f64::consts::{FRAC_PI_2, PI};

/// The `t` within which a Student-distributed number of `freedom` degrees of freedom lies, on either side of 0, with probability
/// `confidence`. Not a number without a degree of freedom.
pub(crate) fn student(freedom: usize, confidence: f64) -> f64 {
    if freedom == 0 || !(0.0..1.0).contains(&confidence) {
        return f64::NAN;
    }
    // Of t = sqrt(freedom) tan(angle) the probability grows with the angle: bisection down to the last bit.
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return (freedom as f64).sqrt() * middle.tan();
        }
        if within(freedom, middle) < confidence { low = middle } else { high = middle }
    }
}

/// The probability of lying within the angle, by the finite series for whole degrees of freedom (Abramowitz and Stegun, 26.7.3
/// and 26.7.4).
fn within(freedom: usize, angle: f64) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = 0.0;
    for factor in (2 + usize::from(odd)..=freedom).step_by(2) {
        sum += term;
        term *= cosine * cosine * (factor - 1) as f64 / factor as f64;
    }
    if odd { 2.0 / PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let table = [
            (1, 0.95, 12.706_204_74),
            (2, 0.95, 4.302_652_73),
            (3, 0.95, 3.182_446_31),
            (4, 0.90, 2.131_846_79),
            (9, 0.95, 2.262_157_16),
            (10, 0.99, 3.169_272_67),
            (30, 0.95, 2.042_272_46),
            (99, 0.95, 1.984_216_95),
        ];
        for (freedom, confidence, expected) in table {
            let quantile = student(freedom, confidence);
            assert!((quantile / expected - 1.0).abs() < 1e-8, "{freedom} {confidence}: {quantile}");
        }
    }

    #[test]
    fn without_a_degree_of_freedom_there_is_no_quantile() {
        assert!(student(0, 0.95).is_nan());
        assert!(student(2, 1.0).is_nan());
    }
}
