//! Guitar, harp and double bass: the plucked ones.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, at, bars, harmony_at, played, strength};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::RATE;
use crate::demo::instruments::string::{Body, CONTRABASS, GUITAR, HARP, Pluck, Strung};
use crate::demo::instruments::track::{Stereo, Track, mono_stem};

/// What the right hand plays in a bar: for each eighth `b` the bass, `0` to `3` a voice of the chord, `.` nothing.
fn picking(bar: usize) -> &'static str {
    match bar {
        0 => "b.1.3.",
        1 | 3 | 36 => "b.123.",
        2 => "b1.32.",
        4..=11 if bar.is_multiple_of(2) => "b0.2.1",
        4..=11 => "b.12.1",
        12..=19 if bar.is_multiple_of(2) => "b01232",
        12..=19 => "b12321",
        20..=25 => "b01323",
        26 => "b0121.",
        27 => "b..1..",
        28..=35 if bar.is_multiple_of(2) => "b.1.2.",
        28..=35 => "b..12.",
        37 => "b.1.2.",
        LAST => "b.0.1.",
        _ => "......",
    }
}

/// The guitar: nylon, a microphone before the twelfth fret.
pub(super) fn guitar() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(301);
    for bar in bars() {
        for (eighth, sign) in picking(bar).chars().enumerate() {
            let chord = harmony_at(bar, eighth);
            let (note, thumb) = match sign {
                'b' => (chord.bass, true),
                '0'..='3' => (chord.voices[sign as usize - '0' as usize], false),
                _ => continue,
            };
            let from = played(bar, eighth as f64, 5.0, &mut hand);
            let lean = if eighth == 0 { 1.0 } else { 0.78 + 0.05 * hand.human() };
            let force = (0.35 + 0.6 * strength(bar)) * lean * (1.0 + 0.06 * hand.human());
            // A string sounds until the chord goes; the last ones until they have done.
            let held = if bar >= LAST { 6.0 * RATE } else { at(bar + 1, 0.4) - from };
            let pluck = Pluck {
                note: f64::from(note),
                force,
                held,
                place: if thumb { 0.2 } else { 0.14 + 0.03 * hand.unit() },
                tip_hz: if thumb { 1700.0 } else { 2600.0 },
                ring_s: 4.2 - 0.045 * (f64::from(note) - 40.0),
                damping: if thumb { 0.42 } else { 0.34 },
            };
            let mut string = Strung::new(&pluck, &mut hand);
            track.lay(from, held / RATE + 0.3, |i| string.step(i));
        }
    }
    Body::new(GUITAR, 0.8, 7500.0).over(&mut track);
    mono_stem(track, -6.0)
}

/// The harp: sweeps in the height of the song, single bells of notes around it.
pub(super) fn harp() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(311);
    for bar in bars() {
        let chord = harmony_at(bar, 0).voices.map(f64::from);
        let strength = strength(bar);
        match bar {
            // Up over two octaves in triplets, and a few notes back.
            20..=26 => {
                let ladder: Vec<f64> = (0..8).map(|i| chord[i % 4] + 12.0 * (i / 4) as f64).collect();
                let order: &[usize] =
                    if bar.is_multiple_of(2) { &[0, 1, 2, 3, 4, 5, 6, 7, 6] } else { &[1, 3, 2, 4, 3, 5, 4, 6, 7] };
                for (i, step) in order.iter().enumerate() {
                    let force = (0.4 + 0.45 * strength) * (0.75 + 0.3 * (i as f64 / 9.0)) * (1.0 + 0.05 * hand.human());
                    let from = played(bar, i as f64 * 6.0 / 9.0, 3.0, &mut hand);
                    harp_string(&mut stereo, from, ladder[*step], force, &mut hand);
                }
            }
            // A sweep into the height: D major's scale with the flat six, from A to A.
            19 => {
                let scale = [57.0, 59.0, 62.0, 64.0, 66.0, 67.0, 69.0, 71.0, 74.0, 76.0, 77.0, 79.0, 81.0];
                for (i, note) in scale.iter().enumerate() {
                    let from = at(bar, 3.4 + i as f64 * 0.2);
                    harp_string(&mut stereo, from, *note, 0.3 + 0.03 * i as f64, &mut hand);
                }
            }
            28 | 30 | 32 | 34 => {
                for (i, eighth) in [1.0, 3.0, 5.0].iter().enumerate() {
                    let from = played(bar, *eighth, 5.0, &mut hand);
                    harp_string(&mut stereo, from, chord[i + 1] + 12.0, 0.38 + 0.04 * hand.human(), &mut hand);
                }
            }
            36 | 37 => {
                for (i, note) in chord.iter().enumerate() {
                    let from = at(bar, 0.14 * i as f64);
                    harp_string(&mut stereo, from, note + 12.0, 0.4, &mut hand);
                }
            }
            LAST => {
                for (i, note) in [50.0, 57.0, 62.0, 69.0, 74.0, 81.0, 86.0].iter().enumerate() {
                    harp_string(&mut stereo, at(bar, 0.24 * i as f64), *note, 0.42 - 0.02 * i as f64, &mut hand);
                }
            }
            _ => {}
        }
    }
    for side in [&mut stereo.left, &mut stereo.right] {
        Body::new(HARP, 0.85, 9500.0).over(side);
    }
    stereo.stem(-7.0)
}

fn harp_string(stereo: &mut Stereo, from: f64, note: f64, force: f64, hand: &mut Random) {
    let ring_s = 4.6 - 0.05 * (note - 50.0);
    let pluck = Pluck { note, force, held: 5.0 * RATE, place: 0.36, tip_hz: 2300.0, ring_s, damping: 0.2 };
    let mut string = Strung::new(&pluck, hand);
    // Each string stands where it is on the harp: low ones far, high ones near.
    let pan = ((note - 69.0) / 30.0).clamp(-0.7, 0.7);
    stereo.lay(from, (ring_s * 0.9).min(4.0), pan, |i| {
        string.step(i) * ((ring_s.min(4.4) * 0.9 * RATE - i as f64) / 9600.0).clamp(0.0, 1.0)
    });
}

/// The double bass, plucked: on the one, and a step towards what comes.
pub(super) fn bass() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(321);
    let low = |note: u8| f64::from(if note > 41 { note - 12 } else { note });
    for bar in bars().filter(|bar| *bar >= 8 && *bar < LAST) {
        let root = low(harmony_at(bar, 0).bass);
        let next = low(harmony_at(bar + 1, 0).bass);
        let mut notes = vec![(0.0, root, 1.0, 4.6)];
        if (12..27).contains(&bar) {
            let step = if (next - root).abs() < 0.5 {
                root + 7.0
            } else if next > root {
                next - 2.0
            } else {
                next + 2.0
            };
            notes[0].3 = 3.7;
            notes.push((4.0, step, 0.74, 1.8));
            if (20..26).contains(&bar) {
                notes.push((2.0, root + 7.0, 0.6, 1.7));
            }
        }
        for (eighth, note, lean, eighths) in notes {
            let from = played(bar, eighth, 4.0, &mut hand);
            let force = (0.45 + 0.5 * strength(bar)) * lean * (1.0 + 0.05 * hand.human());
            let held = at(bar, eighth + eighths) - from;
            let pluck = Pluck { note, force, held, place: 0.24, tip_hz: 950.0, ring_s: 2.6, damping: 0.46 };
            let mut string = Strung::new(&pluck, &mut hand);
            track.lay(from, held / RATE + 0.35, |i| string.step(i));
        }
    }
    Body::new(CONTRABASS, 0.75, 3800.0).over(&mut track);
    mono_stem(track, -6.0)
}
