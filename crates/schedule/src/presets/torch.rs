//! `torch.optim.lr_scheduler`.

use crate::shapes::constant::Constant;
use crate::{Part, ScheduleSpec, Span};

/// `ConstantLR`: `factor` times the rate for `total_iters` updates, the rate itself afterwards. Defaults: 1/3, 5.
pub fn constant_lr(rate: f64, factor: f64, total_iters: u64) -> ScheduleSpec {
    let first = Part::lasting(Span::Steps(total_iters), Constant::new(rate * factor));
    ScheduleSpec::sequence([first, Part::rest(Constant::new(rate))]).into()
}
