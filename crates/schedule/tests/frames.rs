//! Spans to steps.

use rheostat_schedule::{BatchPiece, BatchPlan, Frame, FrameError, ScheduleSpec, Span};

/// 1000 samples: 2 epochs at batch 10, 3 at batch 20, then batch 50.
fn growing() -> Frame {
    let piece = |first_step, batch| BatchPiece { first_step, batch, steps_per_epoch: 1000 / batch };
    Frame::steps(1000).batch(BatchPlan::Pieces(vec![piece(0, 10), piece(200, 20), piece(350, 50)]))
}

#[test]
fn spans_round_to_the_nearest_step_but_never_to_none() {
    let frame = Frame::steps(53_333).steps_per_epoch(87).batch(BatchPlan::Constant(512));
    assert_eq!(frame.to_steps(Span::Fraction(0.02), 0), Ok(1067));
    assert_eq!(frame.to_steps(Span::Fraction(1e-9), 0), Ok(1));
    assert_eq!(frame.to_steps(Span::Epochs(2.5), 0), Ok(218));
    assert_eq!(frame.to_steps(Span::Samples(1), 0), Ok(1));
    assert_eq!(frame.to_steps(Span::Samples(5120), 0), Ok(10));
    for zero in [Span::Steps(0), Span::Epochs(0.0), Span::Samples(0), Span::Fraction(0.0)] {
        assert_eq!(frame.to_steps(zero, 0), Ok(0));
    }
}

#[test]
fn epochs_and_samples_convert_exactly_across_batch_changes() {
    let frame = growing();
    assert_eq!(frame.to_steps(Span::Epochs(2.0), 0), Ok(200));
    assert_eq!(frame.to_steps(Span::Epochs(3.0), 0), Ok(250));
    assert_eq!(frame.to_steps(Span::Epochs(5.0), 0), Ok(350));
    assert_eq!(frame.to_steps(Span::Epochs(6.0), 0), Ok(370));
    assert_eq!(frame.to_steps(Span::Epochs(1.0), 100), Ok(100));
    assert_eq!(frame.to_steps(Span::Epochs(1.0), 150), Ok(75));
    assert_eq!(frame.to_steps(Span::Epochs(4.0), 200), Ok(170));
    assert_eq!(frame.to_steps(Span::Samples(3000), 0), Ok(250));
    assert_eq!(frame.to_steps(Span::Samples(500), 175), Ok(38));
    assert_eq!(frame.to_steps(Span::Samples(50), 350), Ok(1));
}

#[test]
fn spans_at_the_end_are_counted_backwards() {
    let frame = growing();
    assert_eq!(frame.to_steps_before(Span::Epochs(1.0), 370), Ok(20));
    assert_eq!(frame.to_steps_before(Span::Epochs(2.0), 370), Ok(70));
    assert_eq!(frame.to_steps_before(Span::Samples(2000), 370), Ok(70));
    assert_eq!(frame.to_steps_before(Span::percent(10.0), 1000), Ok(100));
    // The cooldown of the last two epochs of six.
    let run = frame.part(0, Some(370));
    let schedule = ScheduleSpec::wsd(1.0, Span::Epochs(2.0)).resolve(&run).unwrap();
    assert_eq!(schedule.breakpoints(), [0, 300, 370]);
}

#[test]
fn parts_keep_their_place_in_the_batch_plan() {
    let part = growing().part(200, Some(100));
    assert_eq!(part.to_steps(Span::Epochs(1.0), 0), Ok(50));
    assert_eq!(part.to_steps(Span::Epochs(1.0), 150), Ok(20));
    assert_eq!(part.to_steps(Span::Fraction(0.5), 0), Ok(50));
    assert_eq!(part.part(100, None).to_steps(Span::Epochs(2.0), 0), Ok(70));
}

#[test]
fn an_unknown_size_is_a_typed_error() {
    let frame = Frame::unbounded();
    let error = |span| frame.to_steps(span, 0).unwrap_err();
    assert!(matches!(error(Span::Fraction(0.1)), FrameError::UnknownHorizon { .. }));
    assert!(matches!(error(Span::Epochs(0.1)), FrameError::UnknownEpoch { .. }));
    assert!(matches!(error(Span::Samples(1)), FrameError::UnknownBatch { .. }));
    assert!(matches!(error(Span::Epochs(f64::NAN)), FrameError::Negative { .. }));
    assert!(matches!(error(Span::Fraction(-1.0)), FrameError::Negative { .. }));
    let zero = Frame::steps(10).steps_per_epoch(0).batch(BatchPlan::Constant(0));
    assert!(matches!(zero.to_steps(Span::Epochs(1.0), 0), Err(FrameError::UnknownEpoch { .. })));
    assert!(matches!(zero.to_steps(Span::Samples(1), 0), Err(FrameError::UnknownBatch { .. })));
    let empty = Frame::steps(10).batch(BatchPlan::Pieces(Vec::new()));
    assert!(matches!(empty.to_steps(Span::Epochs(1.0), 0), Err(FrameError::UnknownEpoch { .. })));
    let many = Frame::steps(10).steps_per_epoch(u64::MAX);
    assert!(matches!(many.to_steps(Span::Epochs(2.0), 0), Err(FrameError::Overflow { .. })));
}
