//! Denoise: hiss, hum and air are turned down, bin by bin, and the music stays.
//!
//! The sound is cut into overlapping frames of 43 ms, and in each bin the power is held against that of the noise. What
//! stands out of the noise together with its neighbors, before and after, above and below, is music (block thresholding,
//! Yu, Mallat & Bacry 2008); a bin of noise that stands out alone is not, and so the residue does not chirp. From this
//! first estimate of the music follows the gain that comes nearest to it, Wiener's.
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

use rustfft::num_complex::Complex;
use tonmeister_core::{
    Automatable, Block, BuildError, Context, Effect, EffectSpec, Event, Family, Frames, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use super::overlap::{Overlap, PER_FRAME, size_at};
use crate::math::amplitude_of_db;
use crate::travel::Travel;
use tracker::Tracker;

/// The weights of a bin's neighbors in time, three spectra before and after: Hann.
const IN_TIME: [f64; 7] = [
    0.036_611_652_351_681_56,
    0.125,
    0.213_388_347_648_318_44,
    0.25,
    0.213_388_347_648_318_44,
    0.125,
    0.036_611_652_351_681_56,
];
/// The weights of a bin's neighbors in frequency, four below and above: Hann.
const IN_FREQUENCY: [f64; 9] = [
    0.019_098_300_562_505_26,
    0.069_098_300_562_505_25,
    0.130_901_699_437_494_74,
    0.180_901_699_437_494_73,
    0.2,
    0.180_901_699_437_494_73,
    0.130_901_699_437_494_74,
    0.069_098_300_562_505_25,
    0.019_098_300_562_505_26,
];
/// What a bin and its neighbors must exceed together to be music, in powers of noise.
const MUSIC: f64 = 1.75;
/// How much of a neighbor's music counts for a bin's own.
const BESIDE: f64 = 0.25;
/// Learned noise is averaged over so many bins to either side, …
const AROUND: usize = 8;
/// … over those within this factor of the middle one.
const ALIKE: f64 = 2.0;
/// Spectra that must have come before the gains of one are known: three for its neighbors, one for theirs.
const AHEAD: usize = 4;
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
until that time has passed for the first time nothing is taken away. Tracking is for \
sounds with gaps. Where they have none nothing can be known of the noise, and nothing is taken away; but a chord that stands for most of \
`memory_seconds` is taken for noise in part, so let the noise be learned there. Left and right share their gains, so the image \
stands still. The gain never falls below −`reduction_db`: an even rest of noise is less conspicuous than its \
absence. Noise that changes quickly (traffic, crackle) stays. It looks ahead: late by 4096 frames at 48 kHz (85 ms).",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "G. Yu, S. Mallat, E. Bacry, \"Audio denoising by time-frequency block thresholding\", IEEE Trans. Signal \
         Processing 56(5), 2008 (the first estimate: eq. 11)",
        "C. Plapous, C. Marro, P. Scalart, \"Improved signal-to-noise ratio estimation for speech enhancement\", IEEE \
         Trans. Audio, Speech and Language Processing 14(6), 2006 (the second step)",
        "I. Cohen, B. Berdugo, \"Noise estimation by minima controlled recursive averaging for robust speech \
         enhancement\", IEEE Signal Processing Letters 9(1), 2002 (the tracking)",
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

/// A short lesson says little of a single bin. Where a bin is not far from the middle one of those around it, its noise is
/// the average around it; where it is (a hum, a whistle) it is its own.
fn level(found: &[f64], noise: &mut [f64]) {
    let mut around = [0.0; 2 * AROUND + 1];
    for (k, noise) in noise.iter_mut().enumerate() {
        let from = k.saturating_sub(AROUND).min(found.len().saturating_sub(around.len()));
        let count = around.len().min(found.len() - from);
        let around = &mut around[..count];
        around.copy_from_slice(&found[from..][..count]);
        let middle = *around.select_nth_unstable_by(count / 2, f64::total_cmp).1;
        let alike = |power: f64| power <= ALIKE * middle && ALIKE * power >= middle;
        *noise = found[k];
        if alike(found[k]) {
            let (sum, of) =
                around.iter().filter(|power| alike(**power)).fold((0.0, 0.0), |(sum, n), power| (sum + power, n + 1.0));
            *noise = sum / of;
        }
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
    /// The newest spectra, a ring.
    waiting: Vec<Complex<f64>>,
    /// Whether each of them passes as it is.
    passes: [bool; AHEAD + 1],
    /// Power over the noise in the newest spectra, a ring.
    over: Vec<f64>,
    /// That, weighted over time.
    together: Vec<f64>,
    /// The music in it, a ring.
    music: Vec<f64>,
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
            waiting: vec![Complex::default(); (AHEAD + 1) * size],
            passes: [false; AHEAD + 1],
            over: vec![0.0; IN_TIME.len() * bins],
            together: vec![0.0; bins],
            music: vec![0.0; 3 * bins],
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
            for Channel { learned, power, .. } in &mut self.channels {
                power.iter_mut().zip(learned.iter()).for_each(|(power, sum)| *power = sum * part);
                level(power, learned);
            }
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
        let slot = ((self.spectra + 1) % (AHEAD as u64 + 1)) as usize;
        let spectrum = self.overlap.analyzed();
        spectrum.copy_from_slice(&self.waiting[slot * size..][..size]);
        spectrum[0] *= self.gains[0];
        for (k, gain) in self.gains.iter().enumerate().skip(1) {
            spectrum[k] *= *gain;
            if k != size - k {
                spectrum[size - k] *= *gain;
            }
        }
        self.overlap.synthesize();
    }

    /// Holds the newest spectrum against the noise, and finds the gains of the one that is due.
    fn find_gains(&mut self) {
        let size = self.overlap.size();
        let bins = self.gains.len();
        // The ring's slot of the spectrum that came so many before the newest.
        let slot = |ago: usize, slots: usize| ((self.spectra + (4 * slots - ago) as u64) % slots as u64) as usize;
        let newest = slot(0, AHEAD + 1);
        self.waiting[newest * size..][..size].copy_from_slice(self.overlap.analyzed());
        self.passes[newest] = self.learning;

        let least = NOTHING * (size * size) as f64;
        let louder = amplitude_of_db(2.0 * self.bias.value());
        let known = self.lessons > 0 && !self.learning;
        let share = 1.0 / self.channels.len() as f64;
        let newest = slot(0, IN_TIME.len()) * bins;
        for (k, over) in self.over[newest..][..bins].iter_mut().enumerate() {
            let of = |channel: &Channel| {
                let noise = if known { channel.learned[k] } else { channel.tracker.noise()[k] };
                channel.power[k] / (louder * noise).max(least)
            };
            *over = (share * self.channels.iter().map(of).sum::<f64>()).min(FAR_ABOVE);
        }

        self.together.fill(0.0);
        for (ago, weight) in IN_TIME.iter().enumerate() {
            let over = &self.over[slot(ago, IN_TIME.len()) * bins..][..bins];
            self.together.iter_mut().zip(over).for_each(|(sum, over)| *sum += weight * over);
        }
        let over = &self.over[slot(3, IN_TIME.len()) * bins..][..bins];
        let music = &mut self.music[slot(0, 3) * bins..][..bins];
        let last = bins as isize - 1;
        let near = |k: usize, by: isize| (k as isize + by).clamp(0, last) as usize;
        for k in 0..bins {
            let weighted = |(i, weight): (usize, &f64)| weight * self.together[near(k, i as isize - 4)];
            let together: f64 = IN_FREQUENCY.iter().enumerate().map(weighted).sum();
            let gain = (1.0 - MUSIC / together.max(1e-9)).max(0.0);
            music[k] = gain * gain * over[k];
        }

        let floor = amplitude_of_db(-self.reduction.value());
        let passes = self.passes[slot(AHEAD, AHEAD + 1)];
        let at = |ago: usize| &self.music[slot(ago, 3) * bins..][..bins];
        let (after, here, before) = (at(0), at(1), at(2));
        for (k, gain) in self.gains.iter_mut().enumerate() {
            let row = |k: usize| BESIDE * (after[k] + before[k]) + (1.0 - 2.0 * BESIDE) * here[k];
            let expected = BESIDE * (row(near(k, -1)) + row(near(k, 1))) + (1.0 - 2.0 * BESIDE) * row(k);
            let kept = if passes { 1.0 } else { (expected / (1.0 + expected)).max(floor) };
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
        Frames((self.overlap.size() + AHEAD * self.overlap.hop()) as u64)
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
        self.waiting.fill(Complex::default());
        self.passes = [false; AHEAD + 1];
        self.over.fill(0.0);
        self.music.fill(0.0);
    }
}
