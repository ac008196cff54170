//! Felt piano and celesta: the struck ones.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, RETURN, THEME, at, bars, harmony_at, played, strength};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::RATE;
use crate::demo::instruments::track::Stereo;
use crate::demo::instruments::{bars as celesta_bars, felt};

/// The piano, two microphones under its lid.
pub(super) fn piano() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(331);
    // The melody; the pedal carries it a little over the next note.
    for (bar, eighth, eighths, note) in THEME.iter().chain(RETURN) {
        let from = played(*bar, *eighth as f64, 6.0, &mut hand);
        let held = at(*bar, (*eighth + *eighths) as f64 + if *bar == LAST { 14.0 } else { 0.5 }) - from;
        let reach = (f64::from(*note) - 72.0) * 0.012;
        let force = 0.5 * strength(*bar) + 0.26 + reach + 0.03 * hand.human();
        felt::strike(&mut stereo, from, held, f64::from(*note), force, &mut hand);
    }
    for bar in bars() {
        let strength = strength(bar);
        for (eighth, eighths, notes, lean) in left_hand(bar) {
            for (i, note) in notes.iter().enumerate() {
                let rolled = if notes.len() > 2 { 0.018 * i as f64 } else { 0.006 * i as f64 } * RATE;
                let from = played(bar, eighth, 4.0, &mut hand) + rolled;
                let held = at(bar, eighth + eighths) - from;
                let force = (0.2 + 0.5 * strength) * lean * (1.0 + 0.06 * hand.human());
                felt::strike(&mut stereo, from, held, *note, force, &mut hand);
            }
        }
    }
    stereo.stem(-6.0)
}

/// What stands under the melody in a bar: eighth, length in eighths, notes, force against the bar's.
fn left_hand(bar: usize) -> Vec<(f64, f64, Vec<f64>, f64)> {
    let chord = harmony_at(bar, 0);
    let bass = f64::from(chord.bass);
    let voice = |i: usize| f64::from(chord.voices[i]);
    match bar {
        4..=10 | 28..=34 => vec![(0.0, 5.8, vec![bass, voice(0)], 0.8), (2.0, 3.6, vec![voice(1)], 0.55)],
        11 | 35 => {
            let leading = f64::from(harmony_at(bar, 3).voices[2]);
            vec![(0.0, 5.8, vec![bass, voice(0)], 0.75), (3.0, 2.9, vec![leading], 0.5)]
        }
        // The waltz: two soft chords after each bass.
        12..=19 => vec![
            (2.0, 1.8, vec![voice(1), voice(2), voice(3)], 0.5),
            (4.0, 1.8, vec![voice(1), voice(2), voice(3)], 0.56),
        ],
        20..=25 => vec![
            (0.0, 5.9, vec![bass - 12.0, bass, voice(1)], 0.95),
            (2.0, 1.9, vec![voice(2), voice(3), voice(1) + 12.0], 0.66),
            (4.0, 1.9, vec![voice(2), voice(3), voice(1) + 12.0], 0.72),
        ],
        26 => vec![(0.0, 5.8, vec![bass, voice(1), voice(2)], 0.7)],
        27 => vec![(0.0, 3.8, vec![bass, voice(1), voice(2)], 0.6)],
        36 | 37 => vec![(0.0, 5.8, vec![26.0, 38.0, voice(1)], 0.7)],
        LAST => vec![(0.0, 16.0, vec![26.0, 38.0, 45.0], 0.75)],
        _ => vec![],
    }
}

/// The celesta: drops of light in the beginning, the theme an octave up when it returns, two at the end.
pub(super) fn celesta() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(341);
    let drops = [
        (1, 2.0, 90.0, 0.3),
        (1, 5.0, 85.0, 0.24),
        (3, 2.0, 88.0, 0.28),
        (7, 5.0, 91.0, 0.3),
        (9, 5.0, 84.0, 0.3),
        (18, 5.0, 90.0, 0.34),
        (19, 1.0, 88.0, 0.3),
        (20, 0.0, 86.0, 0.5),
        (20, 4.0, 93.0, 0.4),
        (22, 0.0, 84.0, 0.45),
        (22, 4.0, 93.0, 0.4),
        (24, 0.0, 86.0, 0.45),
        (24, 4.0, 89.0, 0.4),
        (38, 3.0, 86.0, 0.34),
        (39, 0.0, 93.0, 0.28),
        (39, 4.0, 86.0, 0.22),
    ];
    for (bar, eighth, note, force) in drops {
        let from = played(bar, eighth, 8.0, &mut hand);
        celesta_bars::strike(&mut stereo, from, note, force, &mut hand);
    }
    for (bar, eighth, _, note) in RETURN.iter().filter(|(bar, ..)| (28..36).contains(bar)) {
        let from = played(*bar, *eighth as f64, 7.0, &mut hand);
        let force = 0.42 + 0.03 * hand.human();
        celesta_bars::strike(&mut stereo, from, f64::from(*note) + 12.0, force, &mut hand);
    }
    stereo.stem(-8.0)
}
