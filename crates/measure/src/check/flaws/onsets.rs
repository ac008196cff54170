//! Whether a place that stands out may be the onset of a note.
//!
//! A click is over at once: the errors of one model that serves both sides, and the treble, are behind it what they were before. A note that
//! is struck over a bass that goes on makes the whole hardly louder; but for milliseconds it cannot be foretold, and
//! its treble stays up.

use super::breaks::{burg, dot};
use super::foretell::ORDER;

/// Samples to either side that the model is learnt from.
const LEARNT: usize = 2048;
/// What is compared lies so far from the place, to either side.
const FROM_S: f64 = 0.001;
const TO_S: f64 = 0.008;
/// The place lies at the greatest error of so many samples to either side.
const NEAR: usize = 40;
/// Errors or treble that stand so many dB higher behind the place than before it are those of a note,
const RISE_DB: f64 = 6.0;
/// if the place does not stand so far over the errors behind it, in dB: no note begins with one sample.
const ALONE_DB: f64 = 30.0;
/// Below this, the mean square of a bit of 16 or so, is silence.
const FLOOR: f64 = 1e-11;

/// Whether a note may begin at `at`. Not said near the ends of the samples.
pub(super) fn begins(samples: &[f32], at: usize, rate: u32) -> Option<bool> {
    let stretch = samples.get(at.checked_sub(LEARNT)?..at + LEARNT)?;
    let (from, to) = ((FROM_S * f64::from(rate)) as usize, (TO_S * f64::from(rate)) as usize);
    if to + NEAR + ORDER > LEARNT {
        return None;
    }
    let sound: Vec<f64> = stretch.iter().map(|x| f64::from(*x)).collect();
    let model = burg(&mut sound.clone(), &mut sound.clone());
    let error = |n: usize| dot(&model, &sound[n - ORDER..=n]);
    let place = (LEARNT - NEAR..LEARNT + NEAR).max_by(|a, b| error(*a).abs().total_cmp(&error(*b).abs()))?;
    // The second difference: treble (12 dB an octave), as far up at every rate.
    let lag = (f64::from(rate) / 46_000.0).round().max(1.0) as usize;
    let treble = |n: usize| sound[n + lag] - 2.0 * sound[n] + sound[n - lag];
    let mean = |range: std::ops::Range<usize>, of: &dyn Fn(usize) -> f64| {
        let count = range.len().max(1) as f64;
        range.map(|n| of(n).powi(2)).sum::<f64>() / count + FLOOR
    };
    let rise =
        |of: &dyn Fn(usize) -> f64| decibels(mean(place + from..place + to, of) / mean(place - to..place - from, of));
    let alone = decibels(error(place).powi(2) / mean(place + from..place + to, &error));
    Some(alone < ALONE_DB && rise(&error).max(rise(&treble)) > RISE_DB)
}

fn decibels(power: f64) -> f64 {
    10.0 * power.max(1e-30).log10()
}

#[cfg(test)]
mod tests {
    use super::begins;

    /// A bass and a little noise, with what happens at 3000 on top.
    fn sound(at: impl Fn(usize) -> f32) -> Vec<f32> {
        let hiss = tonmeister_dsp::testing::noise(7, 0.001, 6000);
        let bass = |n: usize| 0.4 * (n as f32 * 0.013).sin();
        hiss.iter().enumerate().map(|(n, hiss)| bass(n) + hiss + if n < 3000 { 0.0 } else { at(n - 3000) }).collect()
    }

    #[test]
    fn a_stroke_over_a_bass_is_an_onset_and_a_click_is_none() {
        let hits = tonmeister_dsp::testing::noise(9, 0.1, 3000);
        let stroke = sound(|n| hits[n] * (-(n as f32) / 150.0).exp());
        assert_eq!(begins(&stroke, 3002, 48_000), Some(true));
        let click = sound(|n| if n == 0 { 0.2 } else { 0.0 });
        assert_eq!(begins(&click, 3002, 48_000), Some(false));
        let cut: Vec<f32> =
            sound(|_| 0.0).into_iter().enumerate().filter(|(n, _)| !(3000..3200).contains(n)).map(|(_, x)| x).collect();
        assert_eq!(begins(&cut, 3000, 48_000), Some(false));
        assert_eq!(begins(&click, 1000, 48_000), None);
    }
}
