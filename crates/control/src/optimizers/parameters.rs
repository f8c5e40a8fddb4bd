use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

/// The papers and libraries that the defaults come from.
pub(super) const KINGMA_BA: &str = "Kingma and Ba, Adam, arXiv 1412.6980";
pub(super) const LOSHCHILOV_HUTTER: &str = "Loshchilov and Hutter, Decoupled weight decay, arXiv 1711.05101";
pub(super) const TORCH: &str = "torch.optim";
pub(super) const COMPOSER: &str = "Composer's DecoupledSGDW";
pub(super) const HEO: &str = "Heo et al., AdamP, arXiv 2006.08217";
pub(super) const YOU: &str = "You et al., LAMB, arXiv 1904.00962";
pub(super) const CHEN: &str = "Chen et al., Lion, arXiv 2302.06675";

const COUPLED_FIRST: &[&str] = &["lr_coupled", "l2", "schedule_multiplier", "independent"];
const DECOUPLED: &[&str] = &["lr_coupled", "schedule_multiplier", "independent"];
const MULTIPLIER_FIRST: &[&str] = &["schedule_multiplier", "lr_coupled", "independent", "l2"];
const L2_FIRST: &[&str] = &["l2", "lr_coupled", "schedule_multiplier", "independent"];

const fn factor(name: &'static str, help: &'static str) -> Parameter {
    Parameter::new(name, Kind::Number, help).range(
        Bound::Included(0.0),
        Bound::Excluded(1.0),
        "at least 0 and less than 1",
    )
}

pub(super) const MOMENTUM: Parameter =
    factor("momentum", "share of the velocity that lives on to the next update").default("0.9").source(TORCH);

pub(super) const BETA1: Parameter =
    factor("momentum", "decay of the first moment, beta1").default("0.9").source(KINGMA_BA);

pub(super) const BETA2: Parameter = factor("beta2", "decay of the second moment").default("0.999").source(KINGMA_BA);

pub(super) const DAMPENING: Parameter =
    factor("dampening", "share of the gradient kept out of the velocity").default("0.0").source(TORCH);

pub(super) const WEIGHT_DECAY: Parameter =
    Parameter::new("weight_decay", Kind::Number, "weight decay; `decay` says what it multiplies")
        .at_least(0.0, "at least 0")
        .default("0.0")
        .source(TORCH);

pub(super) const WEIGHT_DECAY_DECOUPLED: Parameter = WEIGHT_DECAY.default("0.01");

/// Of rules whose direction holds the decay.
pub(super) const WEIGHT_DECAY_INSIDE: Parameter =
    Parameter::new("weight_decay", Kind::Number, "weight decay, multiplied by the learning rate")
        .at_least(0.0, "at least 0")
        .default("0.0");

pub(super) const DECAY: Parameter =
    Parameter::new("decay", Kind::Choice(L2_FIRST), "how weight decay enters the update")
        .default("\"l2\"")
        .source(TORCH);

pub(super) const DECAY_DECOUPLED: Parameter =
    Parameter::new("decay", Kind::Choice(COUPLED_FIRST), "how weight decay enters the update")
        .default("\"lr_coupled\"")
        .source(TORCH);

/// Couplings that leave the gradient as it is.
pub(super) const DECAY_OUTSIDE: Parameter =
    Parameter::new("decay", Kind::Choice(DECOUPLED), "how weight decay enters the update").default("\"lr_coupled\"");

pub(super) const DECAY_OF_SCHEDULE: Parameter =
    Parameter::new("decay", Kind::Choice(MULTIPLIER_FIRST), "how weight decay enters the update")
        .default("\"schedule_multiplier\"")
        .source(COMPOSER);

pub(super) const NESTEROV: Parameter =
    Parameter::new("nesterov", Kind::Boolean, "whether the step looks ahead along the momentum").default("false");

pub(super) const EPSILON: Parameter = Parameter::new("epsilon", Kind::Number, "keeps the denominator away from 0")
    .at_least(0.0, "at least 0; more than 0 if `epsilon_placement` is raw")
    .default("1e-8")
    .source(KINGMA_BA);

/// The same for rules that have it after the bias correction only.
pub(super) const EPSILON_HAT: Parameter = EPSILON.at_least(0.0, "at least 0");

pub(super) const EPSILON_PLACEMENT: Parameter =
    Parameter::new("epsilon_placement", Kind::Choice(&["hat", "raw"]), "after or before the bias correction")
        .default("\"hat\"")
        .source(TORCH);

pub(super) const BIAS_CORRECTION: Parameter = Parameter::new(
    "bias_correction",
    Kind::Choice(&["mass", "keep", "restart"]),
    "what the bias correction remembers across a reset of the moments",
)
.default("\"mass\"")
.source("exact for moving betas and scaled moments");
