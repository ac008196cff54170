//! What the tests of this shelf measure.

use std::f64::consts::TAU;

use tonmeister_core::{Buffer, Layout, Processor};

use crate::modulation::bench::RATE;
use crate::testing::{impulse, run, sine};

/// One second of a 1 kHz tone, louder on the left: both mid and side hold some of it.
pub(crate) fn lopsided() -> Buffer {
    Buffer::from_stereo(sine(1000.0, 0.25, RATE, RATE as usize), sine(1000.0, 0.1, RATE, RATE as usize))
}

/// An impulse on one channel alone, or on both.
pub(crate) fn click(left: f32, right: f32, frames: usize) -> Buffer {
    let mut buffer = impulse(Layout::Stereo, 0, frames);
    buffer.channel_mut(0)[0] = left;
    buffer.channel_mut(1)[0] = right;
    buffer
}

/// What comes out, as mid and side.
pub(crate) fn mid_side(processor: &mut dyn Processor, input: &Buffer) -> [Vec<f64>; 2] {
    let out = run(processor, input, &[512], &[]);
    let pairs = || out.channel(0).iter().zip(out.channel(1)).map(|(l, r)| (f64::from(*l), f64::from(*r)));
    [pairs().map(|(l, r)| 0.5 * (l + r)).collect(), pairs().map(|(l, r)| 0.5 * (l - r)).collect()]
}

/// The transform of a response at one frequency: real and imaginary part.
pub(crate) fn at(response: &[f64], hz: f64) -> (f64, f64) {
    let step = TAU * hz / f64::from(RATE);
    response.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, h)| {
        let angle = step * n as f64;
        (re + h * angle.cos(), im - h * angle.sin())
    })
}

/// Its level in decibels.
pub(crate) fn level(response: &[f64], hz: f64) -> f64 {
    let (re, im) = at(response, hz);
    10.0 * (re * re + im * im).log10()
}

/// Twenty-five frequencies from 20 Hz to 20 kHz.
pub(crate) fn frequencies() -> impl Iterator<Item = f64> {
    (0..25).map(|k| 20.0 * 1000.0_f64.powf(f64::from(k) / 24.0))
}

/// The correlation of the channels from that frame on.
pub(crate) fn correlation(out: &Buffer, from: usize) -> f64 {
    let (mut ll, mut rr, mut lr) = (0.0, 0.0, 0.0);
    for (l, r) in out.channel(0)[from..].iter().zip(&out.channel(1)[from..]) {
        let (l, r) = (f64::from(*l), f64::from(*r));
        (ll, rr, lr) = (ll + l * l, rr + r * r, lr + l * r);
    }
    lr / (ll * rr).sqrt()
}
