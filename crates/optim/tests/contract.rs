//! Every optimizer, in every variant that changes what it remembers, under the whole suite.

use rheostat_control::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, HeavyBallForm, Lamb, Lion, Muon, MuonScale, Nadamw, NadamwForm, Nesterov, Prodigy,
    Rmsprop, RmspropForm, ScheduleFree, ScheduleFreeForm, Sgd, Sgdw,
};
use rheostat_control::{BiasCorrection, DecayCoupling, EpsilonPlacement, OptimizerSpec};
use rheostat_testkit::optimizer::contract;

#[test]
fn sgd_keeps_the_contract() {
    contract(&OptimizerSpec::Sgd(Sgd::default()));
}

#[test]
fn heavy_ball_keeps_the_contract() {
    contract(&OptimizerSpec::HeavyBall(HeavyBall::default()));
    contract(&OptimizerSpec::HeavyBall(HeavyBall { dampening: 0.5, ..HeavyBall::default() }));
    contract(&OptimizerSpec::HeavyBall(HeavyBall { form: HeavyBallForm::Polyak, ..HeavyBall::default() }));
}

#[test]
fn nesterov_keeps_the_contract() {
    contract(&OptimizerSpec::Nesterov(Nesterov::default()));
}

#[test]
fn sgdw_keeps_the_contract() {
    contract(&OptimizerSpec::Sgdw(Sgdw::default()));
    contract(&OptimizerSpec::Sgdw(Sgdw { nesterov: true, ..Sgdw::default() }));
}

#[test]
fn rmsprop_keeps_the_contract_in_both_forms() {
    contract(&OptimizerSpec::Rmsprop(Rmsprop::default()));
    contract(&OptimizerSpec::Rmsprop(Rmsprop { momentum: Some(0.9), ..Rmsprop::default() }));
    let tf = Rmsprop { form: RmspropForm::Tf, epsilon: Some(1e-10), ..Rmsprop::default() };
    contract(&OptimizerSpec::Rmsprop(tf.clone()));
    contract(&OptimizerSpec::Rmsprop(Rmsprop { momentum: Some(0.9), decay: DecayCoupling::LrCoupled, ..tf }));
}

#[test]
fn nadamw_keeps_the_contract_in_both_forms() {
    contract(&OptimizerSpec::Nadamw(Nadamw::default()));
    contract(&OptimizerSpec::Nadamw(Nadamw { form: NadamwForm::Dozat, ..Nadamw::default() }));
}

#[test]
fn adamp_keeps_the_contract() {
    contract(&OptimizerSpec::Adamp(Adamp::default()));
    // So that everything is projected, rows or not.
    contract(&OptimizerSpec::Adamp(Adamp { delta: 100.0, nesterov: true, ..Adamp::default() }));
}

#[test]
fn lamb_keeps_the_contract() {
    contract(&OptimizerSpec::Lamb(Lamb::default()));
    contract(&OptimizerSpec::Lamb(Lamb {
        norm_range: Some([0.0, 1.0]),
        always_adapt: false,
        debias: false,
        ..Lamb::default()
    }));
}

#[test]
fn lion_keeps_the_contract() {
    contract(&OptimizerSpec::Lion(Lion::default()));
}

#[test]
fn adam_keeps_the_contract() {
    contract(&OptimizerSpec::Adam(Adam::default()));
    contract(&OptimizerSpec::Adam(Adam { epsilon_placement: EpsilonPlacement::Raw, ..Adam::default() }));
}

#[test]
fn adamw_keeps_the_contract_with_every_bias_correction() {
    for bias_correction in [BiasCorrection::Mass, BiasCorrection::Keep, BiasCorrection::Restart] {
        contract(&OptimizerSpec::Adamw(Adamw { bias_correction, ..Adamw::default() }));
    }
}

#[test]
fn every_coupling_of_weight_decay_keeps_the_contract() {
    for decay in
        [DecayCoupling::LrCoupled, DecayCoupling::L2, DecayCoupling::ScheduleMultiplier, DecayCoupling::Independent]
    {
        contract(&OptimizerSpec::Sgd(Sgd { decay, weight_decay: Some(0.01) }));
        contract(&OptimizerSpec::Adamw(Adamw { decay, ..Adamw::default() }));
    }
}

#[test]
fn muon_keeps_the_contract_at_every_scale() {
    for scale in [MuonScale::Original, MuonScale::MatchRmsAdamw, MuonScale::SpectralUnclamped] {
        contract(&OptimizerSpec::Muon(Muon { scale, ..Muon::default() }));
    }
    contract(&OptimizerSpec::Muon(Muon { nesterov: false, decay: DecayCoupling::Independent, ..Muon::default() }));
}

#[test]
fn schedule_free_keeps_the_contract_in_both_forms() {
    for form in [ScheduleFreeForm::Released, ScheduleFreeForm::Algoperf2024] {
        contract(&OptimizerSpec::ScheduleFree(ScheduleFree { form, ..ScheduleFree::default() }));
    }
}

#[test]
fn prodigy_keeps_the_contract_in_every_variant() {
    // A first estimate that moves weights of single precision within a few updates.
    let spec = Prodigy { d0: 0.1, ..Prodigy::default() };
    contract(&OptimizerSpec::Prodigy(spec.clone()));
    contract(&OptimizerSpec::Prodigy(Prodigy { use_bias_correction: true, growth_rate: Some(1.1), ..spec.clone() }));
    contract(&OptimizerSpec::Prodigy(Prodigy { safeguard_warmup: true, ..spec }));
}
