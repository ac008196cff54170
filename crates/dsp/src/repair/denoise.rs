//! Denoise: hiss, hum and air are turned down, bin by bin, and the music stays.
//!
//! The sound is cut into overlapping frames of 43 ms. In each bin the power is held against that of the noise, and the
//! gain is the one that estimates the logarithm of the clean amplitude best (Ephraim & Malah 1985). How far the clean
//! sound lies above the noise is carried from frame to frame ("decision-directed", 98 %), which is what keeps a
//! residue of noise from chirping.
//!
//! ```
//! use tonmeister_core::{Buffer, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{repair::Denoise, testing::{noise, run}};
//!
//! let settings = Settings::new(Denoise::SPEC).with("memory_seconds", 1.0).with("reduction_db", 20.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Mono, max_block: 4096, seed: 0 };
//! let hiss = Buffer::from_mono(noise(1, 0.01, 96_000));
//! let out = run(&mut *Denoise::from_settings(&settings).build(&stream).unwrap(), &hiss, &[4096], &[]);
//! let loudest = out.channel(0)[90_000..].iter().fold(0.0_f32, |a, y| a.max(y.abs()));
//! assert!(loudest < 0.002); // after a second it is known for noise
//! ```

mod tracker;

#[cfg(test)]
mod tests;

use tonmeister_core::{
    Automatable, Block, BuildError, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use super::overlap::{Overlap, PER_FRAME, size_at};
use crate::math::{amplitude_of_db, exp2};
use crate::travel::Travel;
use tracker::Tracker;

/// How much of what was found to be clean in the last frame goes into what is expected of this one.
const CARRIED: f64 = 0.98;
/// The least that is expected: −25 dB.
const LEAST_EXPECTED: f64 = 0.003_162_277_660_168_379_5;
/// Power of a bin, over the square of the frame's length, below which there is no noise: −200 dB.
const NOTHING: f64 = 1e-20;
/// More than this above the noise is all the same.
const FAR_ABOVE: f64 = 1e9;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "reduction_db",
        "Reduction",
        Unit::Db,
        (0.0, 25.0),
        18.0,
        "By how much noise is turned down, and the most that anything is. At 0 the sound passes untouched.",
    ),
    ParamSpec::number(
        "bias_db",
        "Bias",
        Unit::Db,
        (-6.0, 12.0),
        0.0,
        "By how much louder than found the noise is taken to be: up, and more of it goes, with the softest of the music.",
    ),
    ParamSpec::switch(
        "learn",
        "Learn",
        false,
        "While on, the noise is averaged and the sound passes untouched; what was learned is used from when it is turned \
         off. For a place with noise alone, half a second or longer.",
    )
    .automatable(Automatable::Stepped),
    ParamSpec::switch("listen", "Listen", false, "Lets what is taken away be heard, alone.")
        .automatable(Automatable::Stepped),
    ParamSpec::number(
        "memory_seconds",
        "Memory",
        Unit::Seconds,
        (1.0, 20.0),
        4.0,
        "Without learning: what sounded this long without a gap is noise. A note held longer is taken for noise, too.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "lead_in_seconds",
        "Lead-in",
        Unit::Seconds,
        (0.0, 30.0),
        0.0,
        "How long the noise is alone at the beginning: it is learned from there, as if `learn` were on for as long. 0: \
         it is not.",
    )
    .automatable(Automatable::Fixed),
];
const REDUCTION: u32 = 0;
const BIAS: u32 = 1;
const LEARN: u32 = 2;
const LISTEN: u32 = 3;

const SPEC: EffectSpec = EffectSpec {
    id: "denoise",
    name: "Denoise",
    family: Family::Repair,
    summary: "Turns steady noise down and leaves the music.",
    doc: "\
For hiss, hum, fans and air. Best is a place where the noise is alone: turn `learn` on for it, half a second at least, or say \
how long it is alone at the beginning (`lead_in_seconds`). \
Where nothing was learned the noise is tracked: it is what lies under the sound without a gap for `memory_seconds`, and \
until that time has passed for the first time nothing is taken away. Tracking is for voices and single instruments, \
which have gaps; a dense mix loses what it holds without one, so let the noise be learned there. Left and right share their gains, so the image \
stands still. The gain never falls below −`reduction_db`: an even rest of noise is less conspicuous than its \
absence. Noise that changes quickly (traffic, crackle) stays. Late by a frame: 2048 frames at 48 kHz.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    takes_key: false,
    sources: &[
        "Y. Ephraim, D. Malah, \"Speech enhancement using a minimum mean-square error log-spectral amplitude \
         estimator\", IEEE Trans. ASSP 33(2), 1985 (the gain: eq. 20; the decision-directed estimate: 1984, eq. 51)",
        "I. Cohen, B. Berdugo, \"Noise estimation by minima controlled recursive averaging for robust speech \
         enhancement\", IEEE Signal Processing Letters 9(1), 2002 (the tracking)",
        "M. Abramowitz, I. Stegun, Handbook of mathematical functions, 1964, 5.1.53 and 5.1.56 (the integral)",
    ],
};

/// Settings of the effect `denoise`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Denoise {
    /// By how much noise is turned down, in dB.
    pub reduction_db: f64,
    /// By how much louder than found the noise is taken to be, in dB.
    pub bias_db: f64,
    /// The noise is being learned.
    pub learn: bool,
    /// Only what is taken away is heard.
    pub listen: bool,
    /// What sounds that long is noise.
    pub memory_seconds: f64,
    /// How long the noise is alone at the beginning.
    pub lead_in_seconds: f64,
}

impl Effect for Denoise {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Denoise {
            reduction_db: settings.get("reduction_db"),
            bias_db: settings.get("bias_db"),
            learn: settings.get("learn") == 1.0,
            listen: settings.get("listen") == 1.0,
            memory_seconds: settings.get("memory_seconds"),
            lead_in_seconds: settings.get("lead_in_seconds"),
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

impl Denoise {
    fn lead_in(&self, sample_rate: u32) -> u64 {
        Frames::from_seconds(self.lead_in_seconds, sample_rate).0
    }
}

/// e^(½·E₁(v)), E₁ the exponential integral ∫ e^(−t)/t from v to ∞; right to 2·10⁻⁷ of the value.
fn half_integral(v: f64) -> f64 {
    if v < 1.0 {
        let mut p = 0.001_078_57;
        for a in [-0.009_760_04, 0.055_199_68, -0.249_910_55, 0.999_991_93, -0.577_215_66] {
            p = p * v + a;
        }
        exp2(0.5 * std::f64::consts::LOG2_E * p) / v.sqrt()
    } else {
        let mut top = 1.0;
        for a in [8.573_328_740_1, 18.059_016_973_0, 8.634_760_892_5, 0.267_773_734_3] {
            top = top * v + a;
        }
        let mut bottom = 1.0;
        for b in [9.573_322_345_4, 25.632_956_148_6, 21.099_653_082_7, 3.958_496_922_8] {
            bottom = bottom * v + b;
        }
        let integral = exp2(-std::f64::consts::LOG2_E * v) * top / (bottom * v);
        exp2(0.5 * std::f64::consts::LOG2_E * integral)
    }
}

/// What is known of one channel's noise.
struct Channel {
    /// Power of every bin in this frame.
    power: Vec<f64>,
    tracker: Tracker,
    /// What was learned, or its sum so far.
    learned: Vec<f64>,
}

/// A denoiser that sounds.
struct Running {
    settings: Denoise,
    overlap: Overlap,
    channels: Vec<Channel>,
    reduction: Travel,
    bias: Travel,
    learning: bool,
    listening: bool,
    /// How many frames of the lead-in are still to come.
    lead_in: u64,
    /// How many frames ago learning began.
    since: u64,
    /// How many spectra were summed while learning, or since made the average.
    lessons: u32,
    /// What was found clean in the last frame, over the noise.
    clean: Vec<f64>,
    gains: Vec<f64>,
    /// How many spectra there were.
    spectra: u64,
    rate: u32,
}

impl Running {
    fn new(settings: Denoise, stream: Stream) -> Self {
        let rate = stream.sample_rate;
        let size = size_at(rate);
        let channels = stream.layout.channels();
        let overlap = Overlap::new(size, channels);
        let bins = size / 2 + 1;
        let memory = settings.memory_seconds * f64::from(rate) / overlap.hop() as f64;
        let channel = |_| Channel {
            power: vec![0.0; bins],
            tracker: Tracker::new(bins, memory, (size * size) as f64),
            learned: vec![0.0; bins],
        };
        let lead_in = settings.lead_in(rate);
        Running {
            settings,
            overlap,
            channels: (0..channels).map(channel).collect(),
            reduction: Travel::new(settings.reduction_db, rate),
            bias: Travel::new(settings.bias_db, rate),
            learning: settings.learn || lead_in > 0,
            listening: settings.listen,
            lead_in,
            since: 0,
            lessons: 0,
            clean: vec![0.0; bins],
            gains: vec![1.0; bins],
            spectra: 0,
            rate,
        }
    }

    fn begin_event(&mut self, event: &Event) {
        match event.param.0 {
            REDUCTION => self.reduction.to(event.value, event.glide),
            BIAS => self.bias.to(event.value, event.glide),
            LEARN => {
                self.lead_in = 0;
                self.learn(event.value == 1.0);
            }
            LISTEN => self.listening = event.value == 1.0,
            _ => {}
        }
    }

    fn learn(&mut self, on: bool) {
        if on && !self.learning {
            self.since = 0;
            self.lessons = 0;
            self.channels.iter_mut().for_each(|channel| channel.learned.fill(0.0));
        } else if !on && self.learning && self.lessons > 0 {
            let part = 1.0 / f64::from(self.lessons);
            self.channels.iter_mut().flat_map(|channel| &mut channel.learned).for_each(|power| *power *= part);
        }
        self.learning = on;
    }

    /// One spectrum: from what was heard to what will be.
    fn turn(&mut self) {
        let size = self.overlap.size();
        let spectrum = self.overlap.analyze();
        if let [left, right] = self.channels.as_mut_slice() {
            for (k, (left, right)) in left.power.iter_mut().zip(&mut right.power).enumerate() {
                let (z, mirror) = (spectrum[k], spectrum[(size - k) % size].conj());
                *left = 0.25 * (z + mirror).norm_sqr();
                *right = 0.25 * (z - mirror).norm_sqr();
            }
        } else {
            self.channels[0].power.iter_mut().zip(spectrum.iter()).for_each(|(power, z)| *power = z.norm_sqr());
        }
        self.spectra += 1;
        // The first frames begin before the stream does.
        if self.spectra >= PER_FRAME as u64 {
            self.channels.iter_mut().for_each(|channel| channel.tracker.update(&channel.power));
        }
        if self.learning && self.since >= size as u64 {
            self.lessons += 1;
            for Channel { learned, power, .. } in &mut self.channels {
                learned.iter_mut().zip(power.iter()).for_each(|(sum, power)| *sum += power);
            }
        }
        self.find_gains();
        let spectrum = self.overlap.analyzed();
        spectrum[0] *= self.gains[0];
        for (k, gain) in self.gains.iter().enumerate().skip(1) {
            spectrum[k] *= *gain;
            if k != size - k {
                spectrum[size - k] *= *gain;
            }
        }
        self.overlap.synthesize();
    }

    fn find_gains(&mut self) {
        let size = self.overlap.size() as f64;
        let least = NOTHING * size * size;
        let louder = amplitude_of_db(2.0 * self.bias.value());
        let floor = amplitude_of_db(-self.reduction.value());
        let known = self.lessons > 0 && !self.learning;
        let share = 1.0 / self.channels.len() as f64;
        for (k, gain) in self.gains.iter_mut().enumerate() {
            let over = |channel: &Channel| {
                let noise = if known { channel.learned[k] } else { channel.tracker.noise()[k] };
                channel.power[k] / (louder * noise).max(least)
            };
            let above = (share * self.channels.iter().map(over).sum::<f64>()).min(FAR_ABOVE);
            let expected = (CARRIED * self.clean[k] + (1.0 - CARRIED) * (above - 1.0).max(0.0)).max(LEAST_EXPECTED);
            let wiener = expected / (1.0 + expected);
            let raw = (wiener * half_integral((wiener * above).max(1e-9))).min(1.0);
            self.clean[k] = raw * raw * above;
            let kept = if self.learning { 1.0 } else { raw.max(floor) };
            *gain = if self.listening { 1.0 - kept } else { kept };
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let (mut at, mut next) = (0, 0);
        while at < block.frames() {
            while let Some(event) = context.events.get(next).filter(|event| event.at as usize <= at) {
                self.begin_event(event);
                next += 1;
            }
            let until = context.events.get(next).map_or(block.frames(), |event| event.at as usize);
            let lead_in = if self.lead_in > 0 { self.lead_in.min(1 << 30) as usize } else { usize::MAX - at };
            let to = until.min(block.frames()).min(at + self.overlap.room()).min(at + lead_in);
            let due = self.overlap.feed(&mut block.part(at, to));
            for _ in at..to {
                self.reduction.step();
                self.bias.step();
            }
            self.since += (to - at) as u64;
            if due {
                self.turn();
            }
            if self.lead_in > 0 {
                self.lead_in -= (to - at) as u64;
                if self.lead_in == 0 && !self.settings.learn {
                    self.learn(false);
                }
            }
            at = to;
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.overlap.size() as u64)
    }

    /// A frame that begins in sound ends in silence.
    fn tail(&self) -> Tail {
        Tail::Frames(self.overlap.size() as u64)
    }

    fn reset(&mut self) {
        self.overlap.reset();
        for channel in &mut self.channels {
            channel.tracker.reset();
            channel.learned.fill(0.0);
        }
        self.reduction = Travel::new(self.settings.reduction_db, self.rate);
        self.bias = Travel::new(self.settings.bias_db, self.rate);
        self.lead_in = self.settings.lead_in(self.rate);
        self.learning = self.settings.learn || self.lead_in > 0;
        self.listening = self.settings.listen;
        self.since = 0;
        self.lessons = 0;
        self.spectra = 0;
        self.clean.fill(0.0);
    }
}
