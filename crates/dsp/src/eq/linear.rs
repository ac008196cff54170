//! The equalizer without phase: the same bands as [`eq`](super), as one long symmetric filter.
//!
//! Every band of an ordinary equalizer turns the phase where it turns the level. This one computes what all bands
//! together do to the level, straight from their analog models, and makes one impulse response of it, either symmetric
//! (linear phase: the waveform keeps its shape, at the price of latency and of a ringing that begins before the sound)
//! or minimum-phase (no latency, and up to half the sample rate exactly the analog curve).
//!
//! 1. [`design`] turns bands into impulse responses, and finds out how long they must be;
//! 2. [`convolve`](crate::convolve) runs them.
//!
//! ```
//! use tonmeister_core::{Effect, Settings};
//! use tonmeister_dsp::eq::linear::{LinearEq, response};
//!
//! let settings = Settings::new(LinearEq::SPEC)
//!     .with_item("highpass", &[("hz", 30.0), ("slope_db_oct", 24.0)])
//!     .with_item("bells", &[("hz", 16_000.0), ("gain_db", 6.0), ("q", 1.0)]);
//! let db = response(&settings, 44_100, &[30.0, 16_000.0]).unwrap();
//! assert!((db[0] + 3.01).abs() < 0.1 && (db[1] - 6.0).abs() < 0.1);
//! ```

pub(crate) mod design;

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Family, Frames, GroupSpec, Layout, Memory,
    ParamSpec, Processor, Settings, Stream, Tail,
};

use super::route::CHANNELS;
use super::{Placed, SPEC as EQ};
use crate::convolve::{Convolver, Latency, Path};
use crate::math::amplitude_of_db;
use crate::travel::Travel;
pub use design::{Length, Phase};

const ON: ParamSpec = ParamSpec::switch("on", "On", true, "Whether the band does anything.");

const CHANNEL: ParamSpec = ParamSpec::choice(
    "channel",
    "Channel",
    CHANNELS,
    "What the band works on. A mono signal is left, right and middle at once, and has no sides.",
);

/// The parameters of one of the parametric equalizer's bands, fixed when built.
const fn fixed<const N: usize>(params: &[ParamSpec]) -> [ParamSpec; N] {
    assert!(params.len() == N, "every parameter has its place");
    let mut all = [ON; N];
    let mut i = 0;
    while i + 2 < N {
        all[i] = params[i].automatable(Automatable::Fixed);
        i += 1;
    }
    all[N - 1] = CHANNEL;
    all
}

static HIGHPASS: [ParamSpec; 5] = fixed(EQ.groups[0].params);
static LOW_SHELF: [ParamSpec; 6] = fixed(EQ.groups[1].params);
static BELL: [ParamSpec; 5] = fixed(EQ.groups[2].params);
static HIGH_SHELF: [ParamSpec; 6] = fixed(EQ.groups[3].params);
static LOWPASS: [ParamSpec; 5] = fixed(EQ.groups[4].params);
static NOTCH: [ParamSpec; 4] = fixed(EQ.groups[5].params);
static BANDPASS: [ParamSpec; 4] = fixed(EQ.groups[6].params);
static TILT: [ParamSpec; 4] = fixed(EQ.groups[7].params);

const PHASES: &[Choice] = &[
    Choice {
        id: "linear",
        doc: "every frequency is equally late: the waveform keeps its shape; late by half the length, and a narrow or \
              steep band rings ahead of a drum as much as behind it",
    },
    Choice { id: "minimum", doc: "no latency and no ringing ahead; the phase turns as in an analog equalizer" },
];

const LENGTHS: &[Choice] = &[
    Choice {
        id: "auto",
        doc: "as long as the bands need for 0.1 dB, up to 0.34 s of latency: 1025 to 32 769 taps at 48 kHz",
    },
    Choice { id: "short", doc: "4097 taps at 48 kHz, 43 ms of latency: for bands wider than 50 Hz" },
    Choice { id: "medium", doc: "8193 taps, 85 ms: for bands wider than 25 Hz" },
    Choice { id: "long", doc: "16 385 taps, 171 ms: for bands wider than 12 Hz" },
    Choice { id: "longer", doc: "32 769 taps, 341 ms: for bands wider than 6 Hz" },
    Choice { id: "longest", doc: "65 537 taps, 683 ms: for bands wider than 3 Hz" },
];

static SPEC: EffectSpec = EffectSpec {
    id: "linear_eq",
    name: "Linear-phase equalizer",
    family: Family::Equalizer,
    summary: "Shapes the spectrum without turning the phase, for masters, parallel paths and pairs of microphones.",
    doc: "The bands of the parametric equalizer (all but all-passes, which would do nothing here), as one filter \
          computed from their analog models: within 0.1 dB of them up to 20 kHz where the length allows it. Bands narrower \
          than the length resolves are rounded: a bandwidth of 4 × sample rate / taps is the least, and a notch is as deep \
          as it is wide then (17 dB; 29 dB at four times that length): against hum, the parametric equalizer silences. Reach for it where a \
          turned phase would be heard: one of two parallel paths, one of two microphones on one source, the low end of a \
          master. Do not reach for it on drums with narrow or steep bands in the lows: their ringing begins before the \
          stroke; `phase = \"minimum\"` has no such ringing and no latency. Latency of linear phase: (taps − 1)/2 frames, \
          and 64 to 1024 frames (an eighth of that) in which the convolution is cheap. At multiples of 48 kHz the taps \
          multiply, the times stay. Everything but `output_db` is fixed while it sounds; where bands must move, the \
          parametric equalizer moves them.",
    params: &[
        ParamSpec::choice("phase", "Phase", PHASES, "What becomes of the phase."),
        ParamSpec::choice(
            "length",
            "Length",
            LENGTHS,
            "How long the filter is: longer resolves narrower and lower bands, is later, and rings for longer.",
        ),
        EQ.params[0],
    ],
    groups: &[
        GroupSpec { params: &HIGHPASS, ..EQ.groups[0] },
        GroupSpec { params: &LOW_SHELF, ..EQ.groups[1] },
        GroupSpec { params: &BELL, ..EQ.groups[2] },
        GroupSpec { params: &HIGH_SHELF, ..EQ.groups[3] },
        GroupSpec { params: &LOWPASS, ..EQ.groups[4] },
        GroupSpec { params: &NOTCH, ..EQ.groups[5] },
        GroupSpec { params: &BANDPASS, ..EQ.groups[6] },
        GroupSpec { params: &TILT, ..EQ.groups[7] },
    ],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, 3rd ed., 2010, §7.5 (design by windows), \
         §13.5 (minimum phase by the folded cepstrum)",
        "J. F. Kaiser, Nonrecursive Digital Filter Design Using the I0-sinh Window Function, ISCAS 1974",
        "W. G. Gardner, Efficient Convolution without Input-Output Delay, JAES 43(3), 1995",
    ],
};

/// The linear-phase equalizer's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearEq {
    /// The bands, in the order of the signal.
    pub bands: Vec<Placed>,
    /// What becomes of the phase.
    pub phase: Phase,
    /// How long the filter is.
    pub length: Length,
    /// Gain of everything, in dB.
    pub output_db: f64,
}

impl LinearEq {
    fn check(&self, sample_rate: u32) -> Result<(), BuildError> {
        self.bands.iter().try_for_each(|placed| placed.band.check(sample_rate))
    }
}

impl Effect for LinearEq {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> LinearEq {
        LinearEq {
            bands: super::bands(settings),
            phase: if settings.get("phase") == 0.0 { Phase::Linear } else { Phase::Minimum },
            length: Length::ALL[settings.get("length") as usize],
            output_db: settings.get("output_db"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        self.check(stream.sample_rate)?;
        let design = design::Design::of(self, f64::from(stream.sample_rate), stream.layout);
        let paths = design.ways.iter().map(|way| Path { input: way.input, output: way.output, impulse: &way.taps });
        let paths: Vec<Path<'_>> = paths.collect();
        let (latency, late) = match self.phase {
            Phase::Minimum => (Latency::None, 0),
            Phase::Linear => {
                let spare = (design.half / 8).clamp(64, 1024);
                (Latency::Frames(spare), design.half + spare)
            }
        };
        let channels = stream.layout.channels();
        Ok(Box::new(Running {
            convolver: Convolver::new(channels, channels, &paths, latency),
            output: Travel::new(self.output_db, stream.sample_rate),
            gain: amplitude_of_db(self.output_db),
            born: (self.output_db, stream.sample_rate),
            latency: Frames(late as u64),
            // Of linear phase, half of the taps lie before the latency.
            tail: (if self.phase == Phase::Linear { design.half } else { 2 * design.half }) as u64,
        }))
    }
}

/// What a linear-phase equalizer with these settings does to a sine of each frequency, in dB: exactly what will sound,
/// the output gain included. Of a band that is for a part of the stereo picture, it is what that part hears.
pub fn response(settings: &Settings, sample_rate: u32, hz: &[f64]) -> Result<Vec<f64>, BuildError> {
    let eq = LinearEq::from_settings(settings);
    eq.check(sample_rate)?;
    let rate = f64::from(sample_rate);
    let taps = design::whole(&eq, rate);
    Ok(hz.iter().map(|hz| eq.output_db + 20.0 * design::magnitude(&taps, *hz, rate).log10()).collect())
}

/// The number of `output_db` among the parameters.
const OUTPUT: u32 = 2;

/// A filter that sounds.
struct Running {
    convolver: Convolver,
    output: Travel,
    gain: f64,
    born: (f64, u32),
    latency: Frames,
    tail: u64,
}

impl Running {
    /// The gain lies before the filter, so that automation meets the sound that it is meant for, not that of a latency
    /// earlier.
    fn raise(&mut self, part: &mut Block<'_>) {
        if self.output.moving() {
            for n in 0..part.frames() {
                self.gain = amplitude_of_db(self.output.step());
                let gain = self.gain;
                part.channels_mut().for_each(|samples| samples[n] = (f64::from(samples[n]) * gain) as f32);
            }
        } else if self.gain != 1.0 {
            let gain = self.gain;
            part.channels_mut().flatten().for_each(|x| *x = (f64::from(*x) * gain) as f32);
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events;
        let mut at = 0;
        while at < frames {
            while let [event, rest @ ..] = events
                && event.at as usize <= at
            {
                if event.param.0 == OUTPUT {
                    self.output.to(event.value, event.glide);
                }
                events = rest;
            }
            let end = events.first().map_or(frames, |event| (event.at as usize).min(frames));
            self.raise(&mut block.part(at, end));
            at = end;
        }
        match block.layout() {
            Layout::Mono => self.convolver.process_in_place(&mut [block.channel_mut(0)]),
            Layout::Stereo => {
                if let Some((left, right)) = block.pair_mut() {
                    self.convolver.process_in_place(&mut [left, right]);
                }
            }
        }
    }

    fn latency(&self) -> Frames {
        self.latency
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.tail)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency.0).then(self.convolver.memory())
    }

    fn reset(&mut self) {
        self.convolver.reset();
        self.output = Travel::new(self.born.0, self.born.1);
        self.gain = amplitude_of_db(self.born.0);
    }
}
