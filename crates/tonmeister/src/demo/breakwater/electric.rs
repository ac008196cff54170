//! Bass, pad, stabs, arpeggio, lead: the synthesizers; and a guitar with its strings half stopped.

use tonmeister_core::Buffer;

use super::score::{FRAMES, LAST, Part, STEP, TUNE, TUNES, at, bars, bass as line_of, harmony_of, part, played};
use crate::chance::Random;
use crate::demo::instruments::analog::{Key, Patch, Shape};
use crate::demo::instruments::arithmetic::{RATE, cosine, decay, pitch, sine};
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::machine::bend;
use crate::demo::instruments::string::{Pluck, Strung};
use crate::demo::instruments::track::{Stereo, Track, mono_stem};
use crate::demo::notation::strokes;

const BASS: Patch = Patch {
    oscillators: &[(Shape::Saw, 0.0, 0.0, 0.7), (Shape::Square, 0.0, 4.0, 0.5), (Shape::Square, -12.0, 0.0, 0.35)],
    rest_hz: 110.0,
    rest_times: 1.2,
    open_octaves: 3.4,
    open_s: 0.36,
    resonance: 1.5,
    drive: 1.6,
    attack_s: 0.002,
    decay_s: 0.5,
    sustain: 0.55,
    release_s: 0.03,
};

/// A note of the bass, as it is written.
pub(in crate::demo) struct Low {
    pub(in crate::demo) from: f64,
    pub(in crate::demo) frames: f64,
    pub(in crate::demo) note: u8,
    accent: bool,
}

/// The whole bass line.
pub(in crate::demo) fn line() -> Vec<Low> {
    let mut line: Vec<Low> = Vec::new();
    for bar in bars() {
        let root = harmony_of(bar).bass;
        for (step, sign) in line_of(bar).chars().enumerate() {
            let from = at(bar, step as f64);
            let up = match sign {
                'R' => 0,
                'O' => 12,
                'F' => 7,
                'S' => 10,
                '-' => {
                    if let Some(last) = line.last_mut() {
                        last.frames = from + STEP * 0.9 - last.from;
                    }
                    continue;
                }
                _ => continue,
            };
            line.push(Low { from, frames: 0.82 * STEP, note: root + up, accent: step % 8 == 0 || up == 12 });
        }
    }
    line
}

/// The bass: one oscillator in tune, one a little off, one an octave below; a filter that snaps.
pub(super) fn bass() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(451);
    for note in line() {
        let force = if note.accent { 1.0 } else { 0.82 } * (1.0 + 0.02 * hand.human());
        let mut key = Key::new(&BASS, f64::from(note.note), force, note.frames, None, 0.0);
        track.lay(note.from, key.seconds(), |i| key.step(i));
    }
    mono_stem(track, -5.0)
}

const PAD: [(f64, f64); 7] =
    [(-11.0, 0.9), (-6.4, -0.6), (-2.3, 0.35), (0.6, 0.0), (3.1, -0.3), (6.9, 0.65), (10.4, -0.95)];

/// The pad: seven saws to a note, spread over the stereo image, bright; the desk's filter decides how much is heard.
pub(super) fn pad() -> Buffer {
    use crate::demo::instruments::oscillator::{Oscillator, increment, saw};
    let mut stereo = Stereo::new(FRAMES);
    let mut chance = Random::new(461);
    let mut bar = 0;
    while bar <= LAST {
        // Bars of one harmony are one chord.
        let chord = harmony_of(bar);
        let mut bars = 1;
        while bar + bars < LAST && std::ptr::eq(harmony_of(bar + bars), chord) {
            bars += 1;
        }
        let plays = !matches!(part(bar), Part::Groove);
        if plays {
            let held = if bar == LAST { 1.9 * RATE } else { bars as f64 * 16.0 * STEP };
            let (rise, fall) = (if bar == 0 { 3.0 } else { 0.09 } * RATE, if bar == LAST { 1.4 } else { 0.25 } * RATE);
            let low = f64::from(chord.bass) + if chord.bass < 36 { 24.0 } else { 12.0 };
            for note in chord.voices.iter().map(|v| f64::from(*v)).chain([low]) {
                let hz = pitch(note);
                let mut saws: Vec<(Oscillator<'_>, u32, f64)> = PAD
                    .iter()
                    .map(|(cents, pan)| {
                        let turns = pitch(note + cents / 100.0) / RATE;
                        (Oscillator::new(saw().below(hz * 1.01), chance.unit()), increment(turns), *pan)
                    })
                    .collect();
                for (i, (l, r)) in stereo.span(at(bar, 0.0), (held + fall) / RATE).enumerate() {
                    let t = i as f64;
                    let shape = (t / rise).min(1.0) * (1.0 - (t - held) / fall).clamp(0.0, 1.0);
                    let (mut left, mut right) = (0.0, 0.0);
                    for (saw, turns, pan) in &mut saws {
                        let value = saw.advance(*turns);
                        left += value * (0.5 - 0.5 * *pan);
                        right += value * (0.5 + 0.5 * *pan);
                    }
                    *l += (left * shape) as f32;
                    *r += (right * shape) as f32;
                }
            }
        }
        bar += bars;
    }
    for samples in [&mut stereo.left.samples, &mut stereo.right.samples] {
        let mut low = Svf::new(9000.0, 0.6);
        for sample in samples {
            *sample = low.step(f64::from(*sample)).low as f32;
        }
    }
    stereo.stem(-10.0)
}

const STAB: Patch = Patch {
    oscillators: &[(Shape::Saw, 0.0, -5.0, 0.5), (Shape::Saw, 0.0, 6.0, 0.5), (Shape::Square, 12.0, 1.0, 0.16)],
    rest_hz: 300.0,
    rest_times: 0.8,
    open_octaves: 3.0,
    open_s: 0.5,
    resonance: 1.1,
    drive: 1.2,
    attack_s: 0.002,
    decay_s: 0.22,
    sustain: 0.2,
    release_s: 0.08,
};

/// Chords struck between the beats.
pub(super) fn stabs() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(471);
    for bar in bars() {
        let pattern = match part(bar) {
            Part::Theme if bar % 2 == 1 => "..X..X....X..X.x",
            Part::Theme => "..X..X....X..X..",
            Part::Drop if bar % 2 == 1 => "X..X..X...X..X.x",
            Part::Drop => "X..X..X...X..X..",
            Part::End => "X...............",
            _ => continue,
        };
        for (step, _, force) in strokes(pattern) {
            for (voice, note) in harmony_of(bar).voices.iter().enumerate() {
                let force = force * (1.0 + 0.04 * hand.human());
                let mut key = Key::new(&STAB, f64::from(*note) + 12.0, force, 1.3 * STEP, None, hand.unit());
                let pan = [-0.5, 0.35, -0.2, 0.55][voice];
                stereo.lay(at(bar, step as f64), key.seconds(), pan, |i| key.step(i) * 0.5);
            }
        }
    }
    stereo.stem(-8.0)
}

const ARP: Patch = Patch {
    oscillators: &[(Shape::Square, 0.0, 0.0, 0.5), (Shape::Saw, 12.0, 5.0, 0.3)],
    rest_hz: 500.0,
    rest_times: 1.5,
    open_octaves: 2.6,
    open_s: 0.22,
    resonance: 1.3,
    drive: 1.0,
    attack_s: 0.001,
    decay_s: 0.16,
    sustain: 0.1,
    release_s: 0.1,
};

/// Sixteenths over the chord, three against four: the accents wander.
pub(super) fn arpeggio() -> Buffer {
    const ORDER: [usize; 6] = [0, 2, 3, 1, 3, 2];
    let mut stereo = Stereo::new(FRAMES);
    let mut hand = Random::new(481);
    for bar in bars().filter(|bar| *bar < LAST && part(*bar) != Part::Groove) {
        for step in 0..16 {
            let count = bar * 16 + step;
            let voice = ORDER[count % 6];
            let octave = if count % 9 == 4 { 24.0 } else { 12.0 };
            let note = f64::from(harmony_of(bar).voices[voice]) + octave;
            let force = if count.is_multiple_of(3) { 0.9 } else { 0.55 } * (1.0 + 0.06 * hand.human());
            let pan = [-0.7, 0.2, 0.7, -0.2][count % 4];
            let mut key = Key::new(&ARP, note, force, 0.6 * STEP, None, 0.3);
            stereo.lay(at(bar, step as f64), key.seconds(), pan, |i| key.step(i));
        }
    }
    stereo.stem(-9.0)
}

/// The lead: two operators, the upper one at twice and then at once the pitch (Chowning, JAES 21(7), 1973), sliding from
/// note to note; a bark that opens with force.
pub(super) fn lead() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(491);
    let mut before: Option<(f64, f64)> = None;
    for (start, bars) in TUNES {
        for (bar, step, steps, note) in TUNE.iter().filter(|line| line.0 < bars) {
            let from = played(start + bar, *step, 1.0, &mut hand);
            let frames = *steps as f64 * STEP * 0.92;
            let target = f64::from(*note);
            let slide = before.filter(|(end, _)| from - end < 0.2 * STEP).map_or(target, |(_, note)| note);
            let force = if *step % 8 == 0 { 0.95 } else { 0.8 } * (1.0 + 0.04 * hand.human());
            operate(&mut track, from, frames, target, slide, force);
            before = Some((from + frames, target));
        }
    }
    mono_stem(track, -7.0)
}

fn operate(track: &mut Track, from: f64, held: f64, note: f64, slide_from: f64, force: f64) {
    let (mut hz, target) = (pitch(slide_from), pitch(note));
    let glide = 1.0 - decay(0.12);
    let (mut carrier, mut upper) = (0.0, 0.0);
    let (mut index, fall) = (0.34 * force, decay(0.6));
    let (mut own, mut bent) = (0.0, 0.0);
    let release = 0.035 * RATE;
    track.lay(from, (held + release) / RATE, |i| {
        let t = i as f64;
        if i.is_multiple_of(32) {
            let depth = ((t / RATE - 0.2) / 0.3).clamp(0.0, 1.0) * 0.004;
            bent = 1.0 + depth * sine(t * 5.8 / RATE);
        }
        hz += glide * (target - hz);
        carrier += hz * bent / RATE;
        carrier -= f64::from(carrier >= 1.0);
        upper += 2.0 * hz * bent / RATE;
        upper -= f64::from(upper >= 1.0);
        // The upper operator bends itself a little: from a sine towards a saw.
        own = 0.5 * own + 0.5 * sine(upper + 0.06 * own);
        let value = sine(carrier + (0.1 + index) * own) + 0.35 * cosine(carrier * 0.5);
        index *= fall;
        let shape = (t / 140.0).min(1.0) * (1.0 - (t - held) / release).clamp(0.0, 1.0);
        value * shape * force
    });
}

/// A guitar, three strings of it, the left hand half off the frets: a drum that knows the chord.
pub(super) fn guitar() -> Buffer {
    let mut track = Track::new(FRAMES);
    let mut hand = Random::new(501);
    for bar in bars() {
        let pattern = match part(bar) {
            Part::Groove | Part::Outro if bar % 2 == 1 => "..xoX.o...xoX.oo",
            Part::Groove | Part::Outro => "..xoX.o.o.xoX.o.",
            Part::Theme if bar % 2 == 1 => "....X..o....X.oo",
            Part::Theme => "....X..o....X...",
            Part::Drop => "..xoX.o.o.xoX.oo",
            _ => continue,
        };
        for (step, sign, force) in strokes(pattern) {
            let from = played(bar, step, 2.0, &mut hand);
            let down = step % 2 == 0;
            for string in 0..3 {
                let voice = if down { string } else { 2 - string };
                let note = f64::from(harmony_of(bar).voices[voice + 1]) + if voice == 2 { 12.0 } else { 0.0 };
                let stopped = sign == 'o';
                let pluck = Pluck {
                    note,
                    force: force * (1.0 + 0.06 * hand.human()),
                    held: if stopped {
                        0.012 * RATE
                    } else if sign == 'X' {
                        0.75 * STEP
                    } else {
                        0.4 * STEP
                    },
                    place: 0.12,
                    tip_hz: 5200.0,
                    ring_s: if stopped { 0.05 } else { 1.4 },
                    damping: if stopped { 0.5 } else { 0.12 },
                };
                let mut strung = Strung::new(&pluck, &mut hand);
                let late = 0.003 * RATE * string as f64;
                track.lay(from + late, 0.3, |i| strung.step(i));
            }
        }
    }
    // A small amplifier that begins to break up, and its loudspeaker.
    let (mut cone, mut edge) = (Svf::new(4600.0, 0.8), Svf::new(140.0, 0.7));
    for sample in &mut track.samples {
        let driven = bend(2.2 * f64::from(*sample)) * 0.6;
        *sample = cone.step(edge.step(driven).high).low as f32;
    }
    mono_stem(track, -7.0)
}
