use super::*;
use crate::tables::{STRIP, place};

const RATE: u32 = 48_000;

fn fader() -> &'static ParamSpec {
    &STRIP[place(STRIP, "fader_db")]
}

/// Falls from 0 dB to −20 dB in 20 s.
fn falling() -> Vec<Point> {
    vec![Point::new(0.0, 0.0, Curve::DbLinear), Point::new(20.0, -20.0, Curve::DbLinear)]
}

fn recorder(mode: Mode, value: f64, return_s: f64) -> (Recorder<'static>, Vec<Point>) {
    let old = falling();
    (Recorder::new(fader(), mode, &old, (2.0, value), return_s, RATE), old)
}

fn at(points: &[Point], time_s: f64) -> f64 {
    assert!(points.windows(2).all(|pair| pair[0].time_s < pair[1].time_s), "{points:?}");
    value_at(points, fader(), time_s).unwrap()
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn write_overwrites_all_that_plays() {
    let (mut hand, old) = recorder(Mode::Write, 5.0, 1.0);
    hand.moved(6.0, -3.0);
    let lane = hand.stop(8.0);
    near(at(&lane, 1.999), at(&old, 1.999));
    near(at(&lane, 2.0), 5.0);
    near(at(&lane, 5.9), 5.0);
    near(at(&lane, 6.0), -3.0);
    near(at(&lane, 7.99), -3.0);
    // Punched out: what was there stays there.
    near(at(&lane, 8.0), at(&old, 8.0));
    near(at(&lane, 15.0), at(&old, 15.0));
}

#[test]
fn touch_writes_while_touched_and_returns() {
    let (mut hand, old) = recorder(Mode::Touch, 5.0, 2.0);
    hand.moved(2.5, -40.0);
    hand.touch(3.0, -1.0);
    hand.moved(4.0, -2.0);
    hand.moved(4.01, -2.1);
    hand.release(5.0);
    hand.moved(5.5, -50.0);
    let lane = hand.stop(9.0);
    near(at(&lane, 2.9), at(&old, 2.9));
    near(at(&lane, 3.0), -1.0);
    near(at(&lane, 3.9), -1.0);
    near(at(&lane, 4.0), -2.0);
    near(at(&lane, 5.0), -2.1);
    near(at(&lane, 6.0), f64::midpoint(-2.1, at(&old, 7.0)));
    near(at(&lane, 7.0), at(&old, 7.0));
    near(at(&lane, 12.0), at(&old, 12.0));
}

#[test]
fn a_return_is_cut_short_by_the_next_touch_and_jumps_without_time() {
    let (mut hand, old) = recorder(Mode::Touch, 0.0, 4.0);
    hand.touch(3.0, -10.0);
    hand.release(4.0);
    hand.touch(5.0, -12.0);
    hand.release(6.0);
    let lane = hand.stop(7.0);
    near(at(&lane, 4.5), -10.0 + (at(&old, 8.0) + 10.0) / 8.0);
    near(at(&lane, 5.0), -12.0);
    near(at(&lane, 6.0), -12.0);
    near(at(&lane, 10.0), at(&old, 10.0));
    let (mut hand, old) = recorder(Mode::Touch, 0.0, 0.0);
    hand.touch(3.0, 6.0);
    hand.release(4.0);
    let lane = hand.stop(7.0);
    near(at(&lane, 3.999), 6.0);
    near(at(&lane, 4.0), at(&old, 4.0));
}

#[test]
fn latch_holds_where_it_was_left_until_the_stop() {
    let (mut hand, old) = recorder(Mode::Latch, 5.0, 2.0);
    hand.touch(3.0, -1.0);
    hand.moved(3.02, -4.0);
    hand.release(3.5);
    let lane = hand.stop(9.0);
    near(at(&lane, 2.9), at(&old, 2.9));
    near(at(&lane, 3.0), -1.0);
    near(at(&lane, 8.99), -4.0);
    near(at(&lane, 9.0), at(&old, 9.0));
}

#[test]
fn trim_adds_to_what_was_there() {
    let (mut hand, old) = recorder(Mode::Trim, 0.0, 1.0);
    hand.touch(3.0, 0.0);
    hand.moved(4.0, 3.0);
    hand.release(6.0);
    let lane = hand.stop(9.0);
    near(at(&lane, 3.5), at(&old, 3.5));
    near(at(&lane, 4.0), at(&old, 4.0) + 3.0);
    near(at(&lane, 5.5), at(&old, 5.5) + 3.0);
    near(at(&lane, 6.5), at(&old, 6.5) + 1.5);
    near(at(&lane, 7.0), at(&old, 7.0));
    let (mut hand, old) = recorder(Mode::TrimLatch, 0.0, 1.0);
    hand.touch(3.0, -2.0);
    hand.release(3.1);
    let lane = hand.stop(9.0);
    near(at(&lane, 3.0), at(&old, 3.0) - 2.0);
    near(at(&lane, 8.9), at(&old, 8.9) - 2.0);
    near(at(&lane, 9.0), at(&old, 9.0));
    // No further than the parameter goes.
    let (mut hand, _) = recorder(Mode::TrimLatch, 0.0, 1.0);
    hand.touch(3.0, 40.0);
    near(at(&hand.stop(9.0), 5.0), 12.0);
}

#[test]
fn trimming_a_curve_keeps_its_shape() {
    let old = vec![Point::new(0.0, -20.0, Curve::DbLinear), Point::new(10.0, 0.0, Curve::S)];
    let mut hand = Recorder::new(fader(), Mode::TrimLatch, &old, (0.0, 0.0), 0.0, RATE);
    hand.touch(2.0, 1.0);
    hand.moved(5.0, 2.0);
    let lane = hand.stop(12.0);
    for time in [2.5, 4.9, 5.0, 6.0, 9.0] {
        let offset = if time < 4.95 { 1.0 } else { 2.0 };
        let wanted = value_at(&old, fader(), time).unwrap() + offset;
        assert!((at(&lane, time) - wanted).abs() < 0.02, "{time}: {} is not {wanted}", at(&lane, time));
    }
}

#[test]
fn nothing_touched_is_nothing_changed() {
    for mode in [Mode::Touch, Mode::Latch, Mode::Trim, Mode::TrimLatch] {
        let (mut hand, old) = recorder(mode, 5.0, 1.0);
        hand.moved(3.0, -10.0);
        assert_eq!(hand.stop(9.0), old);
    }
}
