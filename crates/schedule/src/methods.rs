//! All schedule methods, as data.

use crate::parameter::{Family, Method, Parameter};
use crate::shapes;

/// The schedule of that name.
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

const fn schedule(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    reference: &'static str,
) -> Method {
    Method { name, family: Family::Schedule, summary, parameters, reference }
}

/// Every schedule with its own parameters; those of [`COMMON`](crate::COMMON) come besides.
pub const METHODS: &[Method] = &[
    schedule("constant", "one value", shapes::constant::PARAMETERS, ""),
    schedule("linear", "a straight line", shapes::linear::PARAMETERS, ""),
    schedule("polynomial", "a power of the remaining fraction", shapes::polynomial::PARAMETERS, ""),
    schedule("step", "a factor at regular intervals", shapes::step::PARAMETERS, ""),
    schedule("multistep", "a factor at given points", shapes::multistep::PARAMETERS, ""),
    schedule("exponential", "a constant ratio", shapes::exponential::PARAMETERS, ""),
    schedule("cosine", "half a cosine wave", shapes::cosine::PARAMETERS, "Loshchilov & Hutter 2017, arXiv:1608.03983"),
    schedule(
        "warm_restarts",
        "cosine cycles that begin again at the peak",
        shapes::warm_restarts::PARAMETERS,
        "Loshchilov & Hutter 2017, arXiv:1608.03983; Portes et al. 2022, arXiv:2206.00832 (ends)",
    ),
    schedule("cyclic", "triangles between two values", shapes::cyclic::PARAMETERS, "Smith 2017, arXiv:1506.01186"),
    schedule(
        "one_cycle",
        "up to the peak, then down far below the start",
        shapes::one_cycle::PARAMETERS,
        "Smith & Topin 2018, arXiv:1708.07120",
    ),
    schedule(
        "wsd",
        "warm-up, stable, decay: a trapezoid",
        shapes::wsd::PARAMETERS,
        "Hu et al. 2024, arXiv:2404.06395; Hägele et al. 2024, arXiv:2405.18392",
    ),
    schedule(
        "rsqrt",
        "reciprocal square root, an infinite schedule",
        shapes::rsqrt::PARAMETERS,
        "Zhai et al. 2022, arXiv:2106.04560",
    ),
    schedule(
        "noam",
        "the schedule of the first Transformer",
        shapes::noam::PARAMETERS,
        "Vaswani et al. 2017, arXiv:1706.03762",
    ),
    schedule("sequence", "schedules one after another", shapes::sequence::PARAMETERS, ""),
    schedule("product", "a schedule times a factor", shapes::product::PARAMETERS, ""),
];
