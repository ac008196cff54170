//! A piano with a strip of felt between hammers and strings, played close and softly.
//!
//! Modal synthesis: the partials of a stiff string lie at n·f·√(1 + B·n²) (Fletcher, JASA 36(1), 1964). Each is heard
//! twice: a prompt sound that dies quickly and an aftersound, a little out of tune, that stays, because two or three
//! strings of a note first move together and then against each other (Weinreich, "Coupled piano strings", JASA 62(6),
//! 1977). The felt is a low-pass that a harder stroke opens; the hammer is on the string for some milliseconds; key and
//! soundboard knock.

use super::arithmetic::{RATE, decay, ease, exp2, pitch, sine};
use super::filter::{Mode, Svf};
use super::track::Stereo;
use crate::chance::Random;

/// Strikes a note (MIDI) for so many frames.
pub(crate) fn strike(stereo: &mut Stereo, from: f64, held: f64, note: f64, force: f64, hand: &mut Random) {
    const PARTIALS: usize = 14;
    let hz = pitch(note);
    // Low notes to the left, as the player hears them.
    let pan = ((note - 62.0) / 40.0).clamp(-0.55, 0.55);
    let stiff = 0.000_18 * exp2((note - 48.0) / 11.0);
    let felt_hz = 330.0 + 1500.0 * force * force + 0.7 * hz;
    let ring_s = 9.0 * exp2(-(note - 36.0) / 17.0);
    let off = exp2((0.7 + 0.5 * hand.unit()) / 1200.0);
    let contact = (0.0055 - 0.0025 * force) * RATE;
    for n in 1..=PARTIALS {
        let order = n as f64;
        let partial = hz * order * (1.0 + stiff * order * order).sqrt();
        let soft = 1.0 / (1.0 + (partial / felt_hz) * (partial / felt_hz) * (partial / felt_hz) * 0.9);
        // Struck at an eighth of the string: every eighth partial is missing.
        let level = force * soft * sine(order / 16.0) * (2.2 / order.sqrt()) * (0.9 + 0.2 * hand.unit());
        if partial > 9000.0 || level < 3e-5 {
            continue;
        }
        let seconds = ring_s / (1.0 + 0.13 * order * order.sqrt());
        let mut prompt = Mode::struck(partial, 0.8 * level, 0.45 * seconds);
        let mut after = Mode::struck(partial * off, 0.34 * level, 1.5 * seconds);
        let (mut damper, damped) = (1.0, decay(0.14 + 8.0 / hz));
        let length = (held / RATE + 0.35).min(1.4 * seconds);
        let end = length * RATE;
        // Partials sit a little apart on the soundboard.
        let spot = (pan + 0.25 * hand.signed()).clamp(-0.8, 0.8);
        stereo.lay(from, length, spot, |i| {
            let t = i as f64;
            if t > held {
                damper *= damped;
            }
            (prompt.step() + after.step()) * ease(t / contact) * damper * ((end - t) / 600.0).min(1.0)
        });
    }
    knock(stereo, from, force, pan, hand);
}

/// Key bed, felt and soundboard: more touch than tone.
fn knock(stereo: &mut Stereo, from: f64, force: f64, pan: f64, hand: &mut Random) {
    let mut wood = [
        Mode::struck(92.0, 0.03 * force, 0.16),
        Mode::struck(147.0, 0.024 * force, 0.12),
        Mode::struck(263.0, 0.014 * force, 0.08),
    ];
    let mut felt = Svf::new(900.0 + 1600.0 * force, 0.6);
    let (mut level, fall) = (0.05 * force, decay(0.05));
    stereo.lay(from, 0.18, pan * 0.5, |i| {
        level *= fall;
        let rise = (i as f64 / 90.0).min(1.0);
        (wood.iter_mut().map(Mode::step).sum::<f64>() + felt.step(hand.signed()).low * level) * rise
    });
}
