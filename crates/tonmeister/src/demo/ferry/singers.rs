//! Who stands before which microphone.
//!
//! Raw: the lead voice is recorded very close, so it is boxy near 300 Hz, its plosives thump and its sibilants sting.

use tonmeister_core::Buffer;

use super::lyrics::{HIGH, LOW, Syllable, VOCAL};
use super::score::{FRAMES, STEP, at, energy};
use crate::chance::Random;
use crate::demo::instruments::arithmetic::RATE;
use crate::demo::instruments::filter::Svf;
use crate::demo::instruments::track::{Stereo, Track, mono_stem, place};
use crate::demo::instruments::voice::{Singer, Sung, sing};

pub(in crate::demo) const LEAD: Singer = Singer {
    tract: 1.1,
    breath: 0.9,
    vibrato_hz: 5.5,
    vibrato_cents: 32.0,
    detune_cents: 0.0,
    late_ms: 6.0,
    seed: 101,
};

/// The lead voice's stem.
pub(in crate::demo) fn vocal() -> Buffer {
    let mut track = sing(&LEAD, &part(VOCAL, &LEAD), FRAMES);
    let mut closeness = Svf::new(305.0, 1.5);
    for sample in &mut track.samples {
        let dry = f64::from(*sample);
        *sample = (dry + 0.5 * closeness.step(dry).band) as f32;
    }
    mono_stem(track, -4.5)
}

/// The upper backing voices: two takes, one to each side.
pub(in crate::demo) fn backing_high() -> Buffer {
    let singer = Singer {
        tract: 1.19,
        breath: 1.5,
        vibrato_hz: 5.8,
        vibrato_cents: 24.0,
        detune_cents: -4.0,
        late_ms: 12.0,
        seed: 111,
    };
    doubled(HIGH, singer)
}

/// The lower backing voices.
pub(in crate::demo) fn backing_low() -> Buffer {
    let singer = Singer {
        tract: 1.02,
        breath: 1.4,
        vibrato_hz: 5.1,
        vibrato_cents: 22.0,
        detune_cents: 3.0,
        late_ms: 9.0,
        seed: 121,
    };
    doubled(LOW, singer)
}

fn doubled(text: &[Syllable], first: Singer) -> Buffer {
    let second = Singer {
        tract: first.tract * 1.025,
        vibrato_hz: first.vibrato_hz * 0.94,
        detune_cents: first.detune_cents + 7.0,
        late_ms: first.late_ms + 8.0,
        seed: first.seed + 1,
        ..first
    };
    let takes: [Track; 2] = std::thread::scope(|threads| {
        [first, second].map(|singer| threads.spawn(move || sing(&singer, &part(text, &singer), FRAMES))).map(|take| {
            // A panic in the thread is a panic here.
            take.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    });
    let mut stereo = Stereo::new(FRAMES);
    for (take, pan) in takes.iter().zip([-0.75, 0.75]) {
        let (left, right) = place(pan);
        for (i, sample) in take.samples.iter().enumerate() {
            stereo.left.samples[i] += (f64::from(*sample) * left) as f32;
            stereo.right.samples[i] += (f64::from(*sample) * right) as f32;
        }
    }
    stereo.stem(-7.0)
}

/// The notes of a part as this singer places them.
pub(in crate::demo) fn part(text: &[Syllable], singer: &Singer) -> Vec<Sung> {
    let mut chance = Random::new(singer.seed ^ 0xa5);
    let late = singer.late_ms * 0.001 * RATE;
    text.iter()
        .map(|Syllable(bar, step, steps, note, signs)| {
            let from = at(*bar, *step as f64) + late + 0.006 * RATE * chance.human();
            // High notes take more; so does the beginning of a bar.
            let reach = (f64::from(*note) - 62.0) * 0.022;
            let accent = if step % 8 == 0 { 0.05 } else { 0.0 };
            let effort = (0.62 * energy(*bar) + reach + accent + 0.04 * chance.human()).clamp(0.15, 1.0);
            let until = from + *steps as f64 * STEP - 0.02 * RATE;
            Sung { from, until, note: f64::from(*note), signs, effort }
        })
        .collect()
}
