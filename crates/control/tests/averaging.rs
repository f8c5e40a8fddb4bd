//! Which weights join an average, and with what share.
#![allow(clippy::unwrap_used, reason = "tests")]

use rheostat_control::{AVERAGING, Averaging, AveragingSpec};
use rheostat_schedule::Frame;
use rheostat_schedule::parameter::Family;

fn read(text: &str) -> AveragingSpec {
    toml::from_str(text).unwrap()
}

fn frame() -> Frame {
    Frame::steps(100).steps_per_epoch(10)
}

fn refused(text: &str) -> String {
    read(text).resolve(&frame()).unwrap_err().to_string()
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    for method in AVERAGING {
        assert_eq!(method.family, Family::Averaging);
        let declared: String = method
            .parameters
            .iter()
            .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
            .collect();
        let bare = read(&format!("method = {:?}", method.name));
        assert_eq!(read(&format!("method = {:?}\n{declared}", method.name)), bare);
        assert_eq!(bare.name(), method.name);
        assert_eq!(read(&toml::to_string(&bare).unwrap()), bare);
    }
}

#[test]
fn an_exponential_average_begins_with_the_first_weights_and_warms_its_decay_up() {
    let plan = read("method = \"ema\"\ndecay = 0.5\nfrom = \"3 steps\"").resolve(&frame()).unwrap();
    assert_eq!(plan.share(3, 0), None);
    assert_eq!(plan.share(4, 0), Some(1.0));
    assert_eq!(plan.share(5, 1), Some(1.0 - 2.0 / 11.0));
    assert_eq!(plan.share(50, 46), Some(0.5), "the bound is above the decay by then");

    let cold = read("method = \"ema\"\ndecay = 0.5\ndecay_warmup = false").resolve(&frame()).unwrap();
    assert_eq!((cold.share(1, 0), cold.share(2, 1)), (Some(1.0), Some(0.5)));
}

#[test]
fn a_mean_takes_weights_at_intervals_each_with_the_same_share() {
    let plan = read("method = \"swa\"").resolve(&frame()).unwrap();
    assert_eq!(plan, Averaging::SwaEvery { from: 75, every: 10 });
    let joining: Vec<_> = (0..=100).filter(|updates| plan.share(*updates, 0).is_some()).collect();
    assert_eq!(joining, [75, 85, 95]);
    assert_eq!(plan.share(95, 2), Some(1.0 / 3.0));
}

#[test]
fn a_mean_may_list_its_moments() {
    let plan = read("method = \"swa\"\nat = [\"100 %\", \"2 epochs\", \"50 steps\"]").resolve(&frame()).unwrap();
    let joining: Vec<_> = (0..=100).filter(|updates| plan.share(*updates, 0).is_some()).collect();
    assert_eq!(joining, [20, 50, 100]);
}

#[test]
fn the_weights_before_training_never_join() {
    for text in ["method = \"ema\"", "method = \"swa\"\nfrom = \"0 steps\"\nevery = \"1 steps\""] {
        assert_eq!(read(text).resolve(&frame()).unwrap().share(0, 0), None);
    }
}

#[test]
fn what_does_not_fit_is_refused_by_its_key() {
    assert_eq!(refused("method = \"ema\"\ndecay = 1.0"), "decay = 1 is out of range: at least 0 and less than 1");
    assert_eq!(
        refused("method = \"ema\"\nfrom = \"100 steps\""),
        "from: step 100 is not before the last of the 100 there are"
    );
    assert_eq!(
        refused("method = \"swa\"\nat = [\"10 steps\"]\nevery = \"5 steps\""),
        "at: it stands in place of from and every: leave those out"
    );
    assert_eq!(refused("method = \"swa\"\nat = []"), "at: it lists no moment");
    assert_eq!(refused("method = \"swa\"\nat = [\"0 steps\"]"), "at: nothing is trained at step 0");
    assert_eq!(
        refused("method = \"swa\"\nat = [\"101 steps\"]"),
        "at: step 101 is after the last of the 100 there are"
    );
    assert_eq!(refused("method = \"swa\"\nevery = \"0 steps\""), "every: it comes to no update");
    let endless = read("method = \"swa\"").resolve(&Frame::unbounded()).unwrap_err();
    assert_eq!(endless.field(), "from", "a share of an unknown length");
}
