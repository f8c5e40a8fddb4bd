//! Schedules of other libraries and of papers, by the names they have there, as functions returning a
//! [`ScheduleSpec`](crate::ScheduleSpec).
//!
//! Steps are optimizer updates. Where a library advances its scheduler once per epoch, pass epochs as steps and wrap
//! the result in [`papers::staircase`].

pub mod composer;
pub mod fastai;
pub mod optax;
pub mod papers;
pub mod timm;
pub mod torch;
