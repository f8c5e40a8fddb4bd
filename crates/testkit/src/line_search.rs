//! The contract of every [`LineSearch`].

use rheostat_control::{Ask, Base, LineSearch, Opening, Verdict};

/// Most evaluations that a search may ask for before it settles.
const MOST: usize = 1000;
/// Updates that a search is watched for.
const UPDATES: u64 = 300;

/// The loss at the start, along the direction, and how fast it falls at the start.
type Landscape = (&'static str, f64, fn(f64) -> f64, f64);

const LANDSCAPES: [Landscape; 6] = [
    ("a quadratic", 1.0, |step| (1.0 - step) * (1.0 - step), 2.0),
    ("a loss that is never a number", 1.0, |_| f64::NAN, 2.0),
    ("ascent", 1.0, |step| 1.0 + step, -1.0),
    ("a cliff", 1.0, |step| if step > 1e-3 { f64::INFINITY } else { 1.0 - step }, 1.0),
    ("a plain", 1.0, |_| 1.0, 1e-30),
    ("a bottom", 0.0, |_| 0.0, 0.0),
];

/// Checks a search that `make` makes fresh each time.
///
/// # Panics
/// With the part of the contract that does not hold.
pub fn check(make: impl Fn() -> Box<dyn LineSearch>) {
    for (landscape, scheduled) in LANDSCAPES.into_iter().flat_map(|it| [(it, None), (it, Some(0.1))]) {
        let (name, ..) = landscape;
        let (mut one, mut two, mut hopping) = (make(), make(), make());
        for step in 0..UPDATES {
            let verdict = update(&mut *one, step, scheduled, landscape);
            assert_eq!(
                verdict,
                update(&mut *two, step, scheduled, landscape),
                "{name}: the same losses, the same verdict"
            );
            // Hands its state on to a fresh value after every update, as a run that is killed and resumed.
            let mut fresh = make();
            fresh.load(&hopping.save()).unwrap_or_else(|error| panic!("{name}: its own state loads: {error}"));
            hopping = fresh;
            assert_eq!(
                verdict,
                update(&mut *hopping, step, scheduled, landscape),
                "{name}: resumed before update {step}"
            );
            if verdict.is_none() {
                break;
            }
        }
        check_bad_bytes(&make, &one.save());
    }
}

/// One update: the verdict, or `None` if the search gives up.
fn update(search: &mut dyn LineSearch, step: u64, scheduled: Option<f64>, landscape: Landscape) -> Option<Verdict> {
    let (name, at_base, loss, decrease) = landscape;
    let base = Base { loss: at_base, decrease };
    let mut ask = match search.open(step, scheduled) {
        Opening::Settled(verdict) => Ask::Settle(verdict),
        Opening::Search(_) => search.begin(base),
    };
    for _ in 0..MOST {
        ask = match ask {
            Ask::Try(size) | Ask::Probe(size) => {
                assert!(size.is_finite() && size > 0.0, "{name}: a trial at {size}");
                search.tell(loss(size))
            }
            // Along the gradient itself every loss falls.
            Ask::Turn(_) => search.begin(Base { decrease: decrease.abs(), ..base }),
            Ask::Settle(verdict) => {
                let size = verdict.step_size;
                assert!(size.is_finite() && size >= 0.0, "{name}: settled on {size}");
                assert!(
                    scheduled.is_none_or(|most| size <= most),
                    "{name}: settled on {size}, {scheduled:?} is scheduled"
                );
                return Some(verdict);
            }
            Ask::GiveUp(reason) => {
                assert!(!reason.0.is_empty(), "{name}: gave up without a reason");
                return None;
            }
        }
    }
    panic!("{name}: no verdict after {MOST} trials");
}

/// Damaged states are refused, and leave the search as it was.
fn check_bad_bytes(make: &impl Fn() -> Box<dyn LineSearch>, saved: &[u8]) {
    let mut search = make();
    let before = search.save();
    let mut longer = saved.to_vec();
    longer.push(0);
    let mut damaged = vec![longer];
    if !saved.is_empty() {
        damaged.push(saved[..saved.len() - 1].to_vec());
        damaged.push(Vec::new());
    }
    for bytes in damaged {
        assert!(search.load(&bytes).is_err(), "{} bytes instead of {} are refused", bytes.len(), saved.len());
        assert_eq!(search.save(), before, "a refused state leaves the search as it was");
    }
}
