//! Two synthesizers: the lead that plays the hook and answers the voice, and a plucked arpeggio.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, Part, STEP, at, bars, energy, harmony_at, part, played};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::{RATE, decay, ease, exp2, follow, pitch, sine};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::oscillator::{Oscillator, saw, square};
use crate::demo::instruments::track::{Stereo, Track, mono_stem, place};
use crate::demo::notation::{Line, strokes};

/// What the lead synthesizer plays: the hook before anybody sings it, and afterwards the answers.
pub(in crate::demo) const LEAD: Line = &[
    // intro: the chorus's tune in another light
    (0, 0, 6, 71),
    (0, 6, 4, 67),
    (0, 10, 2, 66),
    (0, 12, 4, 67),
    (1, 0, 6, 71),
    (1, 6, 4, 67),
    (1, 10, 2, 66),
    (1, 12, 3, 64),
    (2, 0, 6, 74),
    (2, 6, 4, 71),
    (2, 10, 2, 69),
    (2, 12, 4, 71),
    (3, 0, 4, 69),
    (3, 4, 4, 67),
    (3, 8, 6, 66),
    // verse: a sigh at the end of the question
    (7, 13, 1, 69),
    (7, 14, 1, 71),
    (7, 15, 1, 74),
    (8, 0, 2, 76),
    (11, 10, 3, 72),
    (11, 13, 3, 69),
    // rise
    (15, 8, 4, 74),
    (15, 12, 4, 78),
    // chorus: answers where the voice breathes
    (22, 12, 2, 74),
    (22, 14, 2, 76),
    (23, 0, 6, 79),
    (23, 6, 2, 76),
    (23, 8, 4, 74),
    (23, 12, 3, 69),
    // verse 2
    (25, 14, 1, 71),
    (25, 15, 1, 74),
    (26, 0, 2, 76),
    (27, 8, 2, 74),
    (27, 10, 2, 71),
    (27, 12, 4, 69),
    // bridge: a line against the voice's
    (28, 4, 4, 74),
    (28, 8, 8, 70),
    (29, 4, 4, 74),
    (29, 8, 8, 77),
    (30, 4, 4, 75),
    (30, 8, 4, 74),
    (30, 12, 4, 72),
    (31, 0, 8, 74),
    (31, 8, 4, 72),
    (31, 12, 4, 78),
    // last chorus: above the voice
    (33, 8, 4, 74),
    (33, 12, 4, 78),
    (35, 8, 4, 79),
    (35, 12, 4, 76),
    (37, 8, 8, 75),
    (38, 4, 4, 71),
    (38, 8, 4, 74),
    (38, 12, 4, 79),
    (39, 0, 6, 81),
    (39, 6, 2, 79),
    (39, 8, 4, 78),
    (39, 12, 3, 74),
    // outro
    (41, 0, 6, 71),
    (41, 6, 4, 67),
    (41, 10, 2, 66),
    (41, 12, 4, 67),
    (43, 8, 4, 67),
    (43, 12, 4, 63),
    (LAST, 0, 18, 62),
];

/// The lead synthesizer's stem.
pub(super) fn lead() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(71);
    let mut before: Option<(f64, u8)> = None;
    for (bar, step, steps, note) in LEAD {
        let from = played(*bar, *step, 1.5, &mut hand);
        let frames = *steps as f64 * STEP;
        let slurred = before.filter(|(end, _)| from - end < 0.25 * STEP);
        let force = (0.7 + 0.3 * energy(*bar)) * (1.0 + 0.05 * hand.human());
        sing_out(&mut track, from, frames, f64::from(*note), slurred.map(|(_, n)| f64::from(n)), force);
        before = Some((from + frames, *note));
    }
    mono_stem(track, -7.0)
}

/// Two saws and a square an octave below, a filter that opens on the attack, glide, vibrato on what is held.
fn sing_out(track: &mut Track, from: f64, frames: f64, note: f64, slide_from: Option<f64>, force: f64) {
    let target = pitch(note);
    let start = slide_from.map_or(target, pitch);
    let mut hz = start;
    let glide = follow(0.022);
    let top = target.max(start) * 1.03;
    let mut saws = [Oscillator::new(saw().below(top), 0.1), Oscillator::new(saw().below(top), 0.63)];
    let mut sub = Oscillator::new(square().below(top * 0.5), 0.2);
    let mut filter = Svf::new(1000.0, 1.3);
    let mut smooth = Svf::new(6500.0, 0.6);
    let rise = if slide_from.is_some() { 0.012 } else { 0.03 } * RATE;
    let release = 0.07 * RATE;
    let held = frames * 0.96;
    let mut bend = 1.0;
    for (i, sample) in track.span(from, (held + release) / RATE).iter_mut().enumerate() {
        let t = i as f64;
        if i % 32 == 0 {
            let depth = ease((t / RATE - 0.22) / 0.35) * 22.0;
            bend = exp2(depth / 1200.0 * sine(t * (5.3 / RATE)));
            let open = 1.35 * exp2(-t / (0.14 * RATE)) + 0.75;
            filter.tune(target * 1.6 + 900.0 * open * force, 1.3);
        }
        hz += glide * (target - hz);
        let now = hz * bend;
        let tone = saws[0].step(now) + saws[1].step(now * 1.0035) + 0.6 * sub.step(now * 0.5);
        let shape = ease(t / rise) * (1.0 - ease((t - held) / release));
        *sample += (smooth.step(filter.step(tone).low).low * shape * force) as f32;
    }
}

/// In which order the arpeggio takes the notes of the chord, an octave up; 4 is the lowest note another octave up.
const ORDER: [usize; 16] = [0, 2, 1, 3, 2, 4, 3, 1, 0, 3, 2, 4, 1, 3, 2, 1];

fn rhythm(bar: usize) -> &'static str {
    match part(bar) {
        Part::Intro if bar < 2 => "................",
        Part::Intro => "..x...x...x...x.",
        Part::Verse if bar < 8 => "................",
        Part::Verse => "......o.......o.",
        Part::Rise if bar < 14 => "x.o.x.o.x.o.x.o.",
        Part::Rise => "xoooxoooxoxoxxxx",
        Part::Chorus => "xoxoXoxoxoxoXoxo",
        Part::SecondVerse => "..o...x...o..ox.",
        Part::Bridge => "x..o..x..o..x.o.",
        Part::LastChorus => "XoxoXoxoXoxoXoxo",
        Part::Outro => "..x...o...x...o.",
        Part::End => "x.x.x.x.x.x.....",
    }
}

/// The arpeggio's stem: notes alternate between the sides.
pub(super) fn pluck() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(81);
    for bar in bars() {
        for (step, _, force) in strokes(rhythm(bar)) {
            let from = at(bar, step as f64) + 0.0008 * RATE * hand.human();
            let chord = harmony_at(bar, step).voices;
            let voice = if bar == LAST { step / 2 } else { ORDER[step] };
            let note = match chord.get(voice) {
                Some(note) => f64::from(*note) + 12.0,
                None => f64::from(chord[voice % 4]) + 24.0,
            };
            let side = if step % 2 == 0 { -0.6 } else { 0.6 } * if step % 8 < 4 { 1.0 } else { 0.6 };
            let force = force * (0.6 + 0.4 * energy(bar)) * (1.0 + 0.08 * hand.human());
            pick(&mut stereo, from, note, side, force);
        }
    }
    stereo.stem(-8.0)
}

fn pick(stereo: &mut Stereo, from: f64, note: f64, side: f64, force: f64) {
    let hz = pitch(note);
    let (left, right) = place(side);
    let mut strings = [Oscillator::new(saw().below(hz * 1.01), 0.0), Oscillator::new(square().below(hz * 1.01), 0.5)];
    let mut filter = Svf::new(hz * 4.0, 0.9);
    let (mut level, fall) = (force, decay(0.85));
    let mut open = 1.0;
    for (i, (l, r)) in stereo.span(from, 0.75).enumerate() {
        if i % 16 == 0 {
            filter.tune((hz * 1.2 + 5200.0 * open * force).min(15_000.0), 0.9);
            open *= 0.9965;
        }
        let tone = strings[0].step(hz * 1.002) + 0.5 * strings[1].step(hz * 0.998);
        let shape = (i as f64 / 36.0).min(1.0) * ((36_000 - i.min(36_000)) as f64 / 4000.0).min(1.0);
        let value = filter.step(tone).low * level * shape;
        *l += (value * left) as f32;
        *r += (value * right) as f32;
        level *= fall;
    }
}
