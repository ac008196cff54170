//! The bass: a saw through a filter that opens with the finger, and a sine an octave's worth of weight below it.
//!
//! Raw: it blooms near 230 Hz as an instrument straight into the desk does, and the player's fingers are uneven.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, Part, STEP, bars, energy, harmony_at, part, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::{RATE, decay, follow, pitch, sine};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::oscillator::{Oscillator, saw};
use crate::demo::instruments::track::{Track, mono_stem};

use Tone::{Approach, Dead, Fifth, Octave, Root};

/// What a note is in its harmony.
#[derive(Clone, Copy, PartialEq)]
enum Tone {
    Root,
    Fifth,
    Octave,
    /// A step from the next bar's root.
    Approach,
    /// The string stopped by the hand: a knock without a pitch to speak of.
    Dead,
}

/// Sixteenth, length in sixteenths, tone, force.
type Figure = &'static [(usize, usize, Tone, f64)];

const VERSE: Figure = &[(0, 5, Root, 0.85), (6, 2, Root, 0.6), (10, 3, Fifth, 0.7), (14, 2, Approach, 0.6)];
const VERSE_ANSWER: Figure =
    &[(0, 5, Root, 0.85), (7, 1, Dead, 0.5), (8, 2, Root, 0.6), (10, 3, Octave, 0.72), (14, 2, Approach, 0.65)];
const RISE: Figure = &[
    (0, 2, Root, 0.85),
    (2, 2, Root, 0.55),
    (4, 2, Root, 0.7),
    (6, 2, Root, 0.55),
    (8, 2, Root, 0.8),
    (10, 2, Root, 0.58),
    (12, 2, Root, 0.72),
    (14, 2, Approach, 0.65),
];
const CHORUS: Figure = &[
    (0, 3, Root, 0.95),
    (3, 3, Root, 0.75),
    (6, 1, Dead, 0.45),
    (7, 1, Octave, 0.6),
    (8, 3, Root, 0.88),
    (11, 2, Octave, 0.8),
    (13, 1, Dead, 0.4),
    (14, 2, Approach, 0.72),
];
const CHORUS_ANSWER: Figure = &[
    (0, 3, Root, 0.95),
    (3, 3, Root, 0.75),
    (6, 2, Fifth, 0.65),
    (8, 3, Root, 0.88),
    (11, 3, Octave, 0.8),
    (14, 2, Approach, 0.75),
];
const LONG: Figure = &[(0, 14, Root, 0.7), (14, 2, Approach, 0.5)];
const HALVES: Figure = &[(0, 7, Root, 0.8), (8, 6, Root, 0.8), (14, 2, Approach, 0.7)];
const END: Figure = &[(0, 30, Root, 0.9)];

fn figure(bar: usize) -> Figure {
    let odd = bar % 2 == 1;
    match part(bar) {
        Part::Intro if bar < 2 => &[],
        Part::Intro | Part::Bridge if odd => HALVES,
        Part::Intro | Part::Bridge => LONG,
        Part::Verse | Part::SecondVerse | Part::Outro if bar == 43 => LONG,
        Part::Verse | Part::SecondVerse | Part::Outro if odd => VERSE_ANSWER,
        Part::Verse | Part::SecondVerse | Part::Outro => VERSE,
        Part::Rise => RISE,
        Part::Chorus | Part::LastChorus if odd => CHORUS_ANSWER,
        Part::Chorus | Part::LastChorus => CHORUS,
        Part::End => END,
    }
}

/// The note of a tone, MIDI number.
fn note(bar: usize, step: usize, tone: Tone) -> u8 {
    let root = harmony_at(bar, step).bass;
    let next = harmony_at(bar + 1, 0).bass;
    match tone {
        Root | Dead => root,
        Fifth => root + 7,
        Octave => root + 12,
        Approach if next == root => root + 7,
        Approach if next > root => next - 1,
        Approach => next + 2,
    }
}

/// A note as it will be heard.
pub(in crate::demo) struct Played {
    pub(in crate::demo) from: f64,
    pub(in crate::demo) frames: f64,
    pub(in crate::demo) note: u8,
    dead: bool,
    force: f64,
}

/// The whole bass line.
pub(in crate::demo) fn line() -> Vec<Played> {
    let mut hand = Random::new(41);
    let mut line = Vec::new();
    for bar in bars() {
        for (step, steps, tone, force) in figure(bar) {
            line.push(Played {
                from: played(bar, *step, 1.6, &mut hand),
                // Fingers leave the string a little early.
                frames: *steps as f64 * STEP * if bar == LAST { 1.0 } else { 0.9 },
                note: note(bar, *step, *tone),
                dead: *tone == Dead,
                force: force * (0.8 + 0.2 * energy(bar)) * (1.0 + 0.09 * hand.human()),
            });
        }
    }
    line
}

/// The bass stem.
pub(in crate::demo) fn bass() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(42);
    let line = line();
    for (i, note) in line.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| &line[b]);
        // A note that follows on the heels of another slides out of it.
        let slide_from = before
            .filter(|b| !b.dead && !note.dead && note.from - b.from - b.frames < 0.3 * STEP)
            .map_or(f64::from(note.note), |b| f64::from(b.note));
        pluck(&mut track, note, slide_from, &mut hand);
    }
    mono_stem(track, -5.0)
}

fn pluck(track: &mut Track, note: &Played, slide_from: f64, hand: &mut Random) {
    let target = pitch(f64::from(note.note));
    let mut hz = pitch(slide_from);
    let glide = follow(0.016);
    let mut string = Oscillator::new(saw().below(target.max(hz)), 0.0);
    let (mut low, mut lower) = (Svf::new(300.0, 0.8), Svf::new(300.0, 0.6));
    let mut body = Svf::new(232.0, 2.2);
    let mut finger = Svf::new(1500.0, 1.0);
    let (mut touch, touch_fall) = (0.5 * note.force, decay(0.02));
    let held = if note.dead { 0.03 * RATE } else { note.frames };
    let level = note.force * if note.dead { 0.5 } else { 1.0 };
    let (mut ring, ring_fall) = (level, decay(if note.dead { 0.09 } else { 5.5 }));
    let damp = decay(0.11);
    // Once in 32 frames, like the filter that it opens.
    let (mut opening, settling) = (1.0, decay(0.55 / 32.0));
    let mut turns = 0.0;
    for (i, sample) in track.span(note.from, held / RATE + 0.12).iter_mut().enumerate() {
        if i % 32 == 0 {
            let cutoff = 260.0 + 2300.0 * note.force * note.force * opening + 3.0 * target;
            low.tune(cutoff, 0.9);
            lower.tune(cutoff * 1.25, 0.6);
            opening *= settling;
        }
        hz += glide * (target - hz);
        let tone = string.step(hz);
        let tone = lower.step(low.step(tone).low).low;
        let bloom = body.step(tone).band * 0.55;
        turns += hz / RATE;
        turns -= f64::from(turns >= 1.0);
        let weight = sine(turns) * 0.5;
        let attack = (i as f64 / 140.0).min(1.0);
        let noise = finger.step(hand.signed()).band * touch;
        *sample += (((tone + bloom) * 0.85 + weight) * ring * attack + noise * attack) as f32;
        ring *= if (i as f64) < held { ring_fall } else { damp };
        touch *= touch_fall;
    }
}
