//! Phase rotation: a lopsided voice made even, so that it can be louder.
//!
//! The partials of a voice or a trumpet swing together, and their peaks stand to one side: the sound hits the ceiling
//! there while the other half lies empty. All-passes turn the phases of lows against highs and leave every level as
//! it was; the peaks spread to both sides. Radio stations have done so since the 1960s.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::PhaseRotation, testing::run};
//!
//! // Ten partials of 120 Hz that peak together, at 1.
//! let partial = |n: i32, h: i32| (0.1 * (std::f64::consts::TAU * f64::from(n * h) / 400.0).cos()) as f32;
//! let voice = Buffer::from_mono((0..48_000).map(|n| (1..11).map(|h| partial(n, h)).sum()).collect());
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 512, seed: 0 };
//! let mut processor = PhaseRotation::from_settings(&Settings::new(PhaseRotation::SPEC)).build(&stream).unwrap();
//! let out = run(&mut *processor, &voice, &[512], &[]);
//! assert!(out.channel(0)[24_000..].iter().fold(0.0_f32, |a, y| a.max(y.abs())) < 0.7);
//! ```

use std::f64::consts::PI;

use tonmeister_core::{
    Block, BuildError, Context, Effect, EffectSpec, Event, Family, Memory, ParamSpec, Processor, Settings, Stream,
    Tail, Unit,
};

use crate::biquad::{Biquad, tail_frames};
use crate::travel::Travel;

/// The most pairs of all-passes.
const MOST: usize = 6;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;
/// States below this are put to rest (−500 dB).
const TINY: f64 = 1e-25;
const HZ: (f64, f64) = (20.0, 2000.0);

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "frequency_hz",
        "Frequency",
        Unit::Hz,
        HZ,
        200.0,
        "Where lows turn against highs: near the fundamental of the voice or somewhat above. While it moves, pitch sways.",
    )
    .logarithmic(),
    ParamSpec::integer(
        "turns",
        "Turns",
        Unit::None,
        (1, MOST as i64),
        2,
        "How many full turns the lowest partials make against the highest. More spread the peaks further, and smear strokes.",
    ),
];

const SPEC: EffectSpec = EffectSpec {
    id: "phase_rotation",
    name: "Phase rotation",
    family: Family::Repair,
    summary: "Makes lopsided voices and brass even, so that they can be louder.",
    doc: "\
For speech, singing and brass whose peaks stand to one side: before a compressor or limiter it gains 2 to 6 dB of room. \
Pairs of first-order all-passes turn phases and leave every level as it was; far below and far above the frequency \
the sound is as before, but for a delay of the lows of a few milliseconds (with two turns at 200 Hz, 6 ms). That smears \
kicks and plucked strings: not for drums or a whole mix, and not for one of two microphones that are heard together. What \
is even already may become higher.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &["Zavalishin: The art of VA filter design, 2018, ch. 3 (the first-order all-pass)"],
};

/// Settings of the effect `phase_rotation`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaseRotation {
    /// Where lows turn against highs.
    pub frequency_hz: f64,
    /// How many full turns, 1 to 6.
    pub turns: usize,
}

impl Effect for PhaseRotation {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        PhaseRotation { frequency_hz: settings.get("frequency_hz"), turns: settings.get("turns") as usize }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let mut running = Running {
            settings: *self,
            rate: stream.sample_rate,
            frequency: Travel::new(self.frequency_hz, stream.sample_rate),
            part: 0.0,
            states: vec![[0.0; 2 * MOST]; stream.layout.channels()],
            frame: 0,
        };
        running.tune();
        Ok(Box::new(running))
    }
}

/// Phase rotation that sounds.
struct Running {
    settings: PhaseRotation,
    rate: u32,
    frequency: Travel,
    /// g/(1+g), g the integrators' gain.
    part: f64,
    /// The integrators of each channel.
    states: Vec<[f64; 2 * MOST]>,
    frame: u64,
}

/// g of that frequency, below half the sample rate.
fn gain(hz: f64, rate: u32) -> f64 {
    (PI * (hz / f64::from(rate)).min(0.49)).tan()
}

impl Running {
    fn tune(&mut self) {
        let g = gain(self.frequency.value(), self.rate);
        self.part = g / (1.0 + g);
    }

    /// A stretch without an event inside.
    fn stretch(&mut self, block: &mut Block<'_>) {
        let count = 2 * self.settings.turns;
        let mut at = 0;
        while at < block.frames() {
            let moving = self.frequency.moving();
            if moving {
                self.frequency.step();
                self.tune();
            }
            // Frame by frame while it moves, else up to the grid.
            let grid = (SETTLE_GRID - self.frame % SETTLE_GRID) as usize;
            let to = if moving { at + 1 } else { block.frames().min(at + grid) };
            for (samples, states) in block.part(at, to).channels_mut().zip(&mut self.states) {
                for x in samples {
                    let mut y = if x.is_finite() { f64::from(*x) } else { 0.0 };
                    for state in &mut states[..count] {
                        let step = (y - *state) * self.part;
                        let low = *state + step;
                        *state = low + step;
                        y = 2.0 * low - y;
                    }
                    *x = y as f32;
                }
            }
            self.frame += (to - at) as u64;
            if self.frame.is_multiple_of(SETTLE_GRID) {
                for state in self.states.iter_mut().flatten().filter(|state| state.abs() < TINY) {
                    *state = 0.0;
                }
            }
            at = to;
        }
    }

    fn begin_event(&mut self, event: &Event) {
        if event.param.0 == 0 {
            self.frequency.to(event.value, event.glide);
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let mut at = 0;
        for event in context.events {
            let to = (event.at as usize).min(block.frames());
            self.stretch(&mut block.part(at, to));
            self.begin_event(event);
            at = to;
        }
        self.stretch(&mut block.part(at, block.frames()));
    }

    /// That of the lowest frequency it may be moved to.
    fn tail(&self) -> Tail {
        let g = gain(HZ.0, self.rate);
        let a = (g - 1.0) / (g + 1.0);
        let pair = Biquad { b0: a * a, b1: 2.0 * a, b2: 1.0, a1: 2.0 * a, a2: a * a };
        Tail::Frames(tail_frames(&vec![pair; self.settings.turns]))
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency().0).then(Memory::of_ringing(self.tail()))
    }

    fn reset(&mut self) {
        self.frequency = Travel::new(self.settings.frequency_hz, self.rate);
        self.tune();
        self.states.iter_mut().for_each(|states| states.fill(0.0));
        self.frame = 0;
    }
}

#[cfg(test)]
mod tests {
    use realfft::RealFftPlanner;
    use tonmeister_core::{Buffer, Layout};

    use super::*;
    use crate::testing::{impulse, run};

    const RATE: u32 = 48_000;

    fn build(settings: &Settings) -> Box<dyn Processor> {
        let stream = Stream { sample_rate: RATE, layout: Layout::Mono, max_block: 4096, seed: 0 };
        PhaseRotation::from_settings(settings).build(&stream).unwrap()
    }

    #[test]
    fn every_level_stays() {
        // Deviation of the magnitude: 1e-6 dB or so, which is the samples' own precision.
        for (hz, turns) in [(60.0, 6.0), (200.0, 2.0), (2000.0, 1.0)] {
            let settings = Settings::new(&SPEC).with("frequency_hz", hz).with("turns", turns);
            let out = run(&mut *build(&settings), &impulse(Layout::Mono, 0, 65_536), &[512], &[]);
            let fft = RealFftPlanner::<f64>::new().plan_fft_forward(65_536);
            let mut samples: Vec<f64> = out.channel(0).iter().map(|x| f64::from(*x)).collect();
            let mut spectrum = fft.make_output_vec();
            fft.process(&mut samples, &mut spectrum).unwrap();
            let worst = spectrum.iter().map(|bin| (20.0 * bin.norm().log10()).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-4, "{hz} Hz, {turns}: {worst:e} dB");
            // And the phase is that of so many pairs of all-passes: −4·atan each, in the warped frequency.
            let ratio = |k: usize| (PI * k as f64 / 65_536.0).tan() / gain(hz, RATE);
            for k in [100, 1000, 10_000, 30_000] {
                let expected = -4.0 * turns * ratio(k).atan();
                let turn = (spectrum[k].arg() - expected) / (2.0 * PI);
                assert!((turn - turn.round()).abs() < 1e-5, "{hz} Hz, bin {k}");
            }
        }
    }

    /// The peaks to either side, after the beginning.
    fn sides(samples: &[f32]) -> (f64, f64) {
        samples[RATE as usize / 2..]
            .iter()
            .fold((0.0, 0.0), |(up, down), x| (f64::max(up, f64::from(*x)), f64::max(down, -f64::from(*x))))
    }

    #[test]
    fn lopsided_voices_become_even_and_less_high() {
        // Partials that peak together, as a larynx makes them, with the formants of an "a": 110 to 220 Hz.
        for hz in [110.0, 150.0, 220.0] {
            let voice: Vec<f32> = (0..RATE)
                .map(|n| {
                    let t = f64::from(n) / f64::from(RATE);
                    let formant = |f: f64| 1.0 / (1.0 + ((f - 700.0) / 300.0).powi(2)) + 100.0 / (f + 100.0);
                    let partial = |h: i32| {
                        let f = hz * f64::from(h);
                        formant(f) * (2.0 * PI * f * t).cos() / f64::from(h).sqrt()
                    };
                    (0.1 * (1..20).map(partial).sum::<f64>()) as f32
                })
                .collect();
            let before = sides(&voice);
            let out = run(&mut *build(&Settings::new(&SPEC)), &Buffer::from_mono(voice), &[512], &[]);
            let after = sides(out.channel(0));
            let db = |(up, down): (f64, f64)| 20.0 * (up / down).log10();
            let gained = 20.0 * (before.0.max(before.1) / after.0.max(after.1)).log10();
            println!("{hz} Hz: {:.1} dB lopsided, then {:.1} dB; {gained:.1} dB gained", db(before), db(after));
            assert!(db(before) > 5.0 && db(after).abs() < 0.5 * db(before) && gained > 2.0, "{hz} Hz");
        }
    }
}
