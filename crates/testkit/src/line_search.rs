//! The contract of every [`LineSearch`].

use rheostat_control::{Ask, Base, LineSearch};

/// Most evaluations that a search may ask for before it accepts or refuses.
const MOST: usize = 1000;

/// Checks a search that `make` makes fresh each time.
///
/// # Panics
/// With the part of the contract that does not hold.
pub fn check(make: impl Fn() -> Box<dyn LineSearch>) {
    let quadratic: fn(f64) -> f64 = |step| (1.0 - step) * (1.0 - step);
    let never: fn(f64) -> f64 = |_| f64::NAN;
    let rising: fn(f64) -> f64 = |step| 1.0 + step;
    let blown: fn(f64) -> f64 = |step| if step > 1e-3 { f64::INFINITY } else { 1.0 - step };
    for (name, loss) in [("a quadratic", quadratic), ("NaN", never), ("ascent", rising), ("infinity", blown)] {
        let first = search(&mut *make(), loss, name);
        assert_eq!(first, search(&mut *make(), loss, name), "{name}: the same losses give the same verdict");
    }
}

fn search(search: &mut dyn LineSearch, loss: fn(f64) -> f64, name: &str) -> Option<f64> {
    let mut ask = search.begin(Base { loss: 1.0, slope: Some(-2.0), scheduled: 0.1 });
    for _ in 0..MOST {
        match ask {
            Ask::Try(step) => {
                assert!(step.is_finite() && step > 0.0, "{name}: a trial at {step}");
                ask = search.tell(step, loss(step));
            }
            Ask::Accept(step) => {
                assert!(step.is_finite() && step >= 0.0, "{name}: accepted {step}");
                return Some(step);
            }
            Ask::Refuse(reason) => {
                assert!(!reason.0.is_empty(), "{name}: refused without a reason");
                return None;
            }
        }
    }
    panic!("{name}: no verdict after {MOST} trials");
}
