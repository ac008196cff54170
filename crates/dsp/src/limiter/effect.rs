//! The effect `limiter`.

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Family, Frames, GainReduction, Layout,
    ParamSpec, Processor, Settings, Stream, Unit,
};

use super::envelope::{Envelope, Shape, TILE, needed};
use crate::control::{Control, JUMP_MS};
use crate::dynamics::curve::at_least;
use crate::dynamics::parts::{DelayLine, Needle};
use crate::math::{amplitude_of_db, amplitudes_to_db};
use crate::truepeak::bound::highest_in_tile;
use crate::truepeak::kernel::{REACH, TAPS, cell_peaks};

const CHARACTERS: &[Choice] = &[
    Choice { id: "balanced", doc: "holds 12.5 ms (tones from 40 Hz stay clean), releases as set" },
    Choice { id: "clean", doc: "holds 25 ms (tones from 20 Hz stay clean), releases twice as slowly" },
    Choice { id: "loud", doc: "holds no longer than the look-ahead, releases three times as fast: denser, less clean" },
];

/// Hold in milliseconds, and the factor on the release times, of each character.
const SHAPES: [(f64, f64); 3] = [(12.5, 1.0), (25.0, 2.0), (0.0, 1.0 / 3.0)];

/// The medium release is `release_ms`; the fast and the slow one are these parts of it.
const FAST: f64 = 1.0 / 8.0;
const SLOW: f64 = 7.5;

/// +120 dB above full scale. What is no number or no music is heard as silence; else one broken sample would keep
/// everything after it down for minutes.
const LOUDEST: f32 = 1e6;

const PARAMS: &[ParamSpec] = &[
    ParamSpec::number(
        "gain_db",
        "Gain",
        Unit::Db,
        (0.0, 36.0),
        0.0,
        "Drive into the ceiling: how much louder what lies below it becomes.",
    ),
    ParamSpec::number(
        "ceiling_dbtp",
        "Ceiling",
        Unit::Dbtp,
        (-24.0, 0.0),
        -1.0,
        "True peak that the output keeps below, between the samples too.",
    )
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "release_ms",
        "Release",
        Unit::Ms,
        (10.0, 1000.0),
        120.0,
        "Time constant of the medium release. Single peaks are let go eight times as fast, sustained loudness 7.5 times \
         as slowly.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.5, 20.0),
        5.0,
        "Time in which the gain goes down ahead of a peak. Longer is cleaner (near 15 ms with a lot of bass), shorter \
         keeps more of a transient's punch. Becomes latency.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "link_percent",
        "Stereo link",
        Unit::Percent,
        (0.0, 100.0),
        100.0,
        "100: the higher side turns both down and the image stays. 0: each side for itself.",
    )
    .automatable(Automatable::Fixed),
    ParamSpec::choice("character", "Character", CHARACTERS, "How long reductions are held and how fast they go."),
];

const SPEC: EffectSpec = EffectSpec {
    id: "limiter",
    name: "Limiter",
    family: Family::Dynamics,
    summary: "Keeps the true peak below a ceiling, and makes what lies below it louder on request.",
    doc: "\
Last in a chain. The ceiling is kept between the samples (within 0.02 dB for content up to 0.43 of the sample rate, \
20.5 kHz at 48 kHz) and exactly on them. What lies below the ceiling passes bit for bit when the gain is 0 dB. \
Latency: the look-ahead and 55 frames. A jump of the gain travels in 50 ms with rounded corners. \
\
The reduction comes in the shape of two averages in a row (no corner, no overshoot), is held for the character's \
time, and goes by three releases side by side of which the greatest reduction counts: the fast one takes every \
peak, the medium and the slow one are charged only by what lasts.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "ITU-R BS.1770-4 Annex 2 (true peak)",
        "S. Luff, \"Designing a straightforward limiter\", Signalsmith Audio, 2022 (sliding minimum, cascaded averages)",
        "J. Y. Gil, M. Werman, \"Computing 2-D min, median, and max filters\", IEEE Trans. PAMI 15(5), 1993",
    ],
};

/// Settings of the effect `limiter`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limiter {
    /// Drive, dB.
    pub gain_db: f64,
    /// Ceiling, dB of true peak.
    pub ceiling_dbtp: f64,
    /// The medium release.
    pub release_ms: f64,
    /// How long the gain takes to go down.
    pub lookahead_ms: f64,
    /// 100 is one gain for both sides.
    pub link_percent: f64,
    /// Place in the list of characters.
    pub character: usize,
}

impl Effect for Limiter {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Limiter {
            gain_db: settings.get("gain_db"),
            ceiling_dbtp: settings.get("ceiling_dbtp"),
            release_ms: settings.get("release_ms"),
            lookahead_ms: settings.get("lookahead_ms"),
            link_percent: settings.get("link_percent"),
            character: settings.get("character") as usize,
        }
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        Ok(Box::new(Running::new(*self, *stream)))
    }
}

impl Limiter {
    /// A limiter whose reductions are held and let go in a shape of one's own: for comparisons.
    pub fn build_shaped(&self, stream: &Stream, shape: &Shape) -> Box<dyn Processor> {
        Box::new(Running::shaped(*self, *stream, *shape))
    }

    /// The shape that these settings mean.
    pub fn shape(&self, sample_rate: u32) -> Shape {
        let per_ms = f64::from(sample_rate) / 1000.0;
        let (hold_ms, scale) = SHAPES[self.character.min(SHAPES.len() - 1)];
        let medium = self.release_ms * scale * per_ms;
        Shape {
            attack: ((self.lookahead_ms * per_ms).round() as usize).max(2),
            hold: (hold_ms * per_ms).ceil() as usize,
            release: [medium * FAST, medium, medium * SLOW],
        }
    }
}

/// One channel's audio on its way.
#[derive(Clone, Debug)]
struct Channel {
    /// 48 samples of the past and a tile that is being filled.
    window: [f32; TILE + TAPS],
    /// The peak of the cell before the next one to be computed.
    last_cell: f32,
    delay: DelayLine,
    /// A tile of output, delivered while the next one comes in.
    ready: [f32; TILE],
}

/// A limiter that sounds.
struct Running {
    settings: Limiter,
    stream: Stream,
    gain: Control,
    ceiling: f64,
    /// The greatest sample that may come out: the ceiling, rounded down.
    top: f32,
    latency: u64,
    channels: Vec<Channel>,
    /// One gain for all, or one per side.
    lanes: Vec<Envelope>,
    filled: usize,
    needle: Needle,
}

impl Running {
    fn new(settings: Limiter, stream: Stream) -> Self {
        Running::shaped(settings, stream, settings.shape(stream.sample_rate))
    }

    fn shaped(settings: Limiter, stream: Stream, shape: Shape) -> Self {
        let wait = REACH + shape.attack - 1;
        let channel =
            Channel { window: [0.0; TILE + TAPS], last_cell: 0.0, delay: DelayLine::new(wait), ready: [0.0; TILE] };
        let ceiling = 10_f64.powf(settings.ceiling_dbtp / 20.0);
        let nearest = ceiling as f32;
        let lanes = if stream.layout == Layout::Stereo && settings.link_percent < 100.0 { 2 } else { 1 };
        Running {
            settings,
            stream,
            gain: Control::rounded(settings.gain_db, stream.sample_rate),
            ceiling,
            top: if f64::from(nearest) > ceiling { nearest.next_down() } else { nearest },
            latency: (TILE + wait) as u64,
            channels: vec![channel; stream.layout.channels()],
            lanes: vec![Envelope::new(&shape); lanes],
            filled: 0,
            needle: Needle::default(),
        }
    }

    /// Takes frames into the tile and hands out as many that are ready. No event and no end of the tile inside.
    fn exchange(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let mut drives = [amplitude_of_db(self.gain.value()); TILE];
        let moving = self.gain.moving();
        if moving {
            drives[..frames].fill_with(|| amplitude_of_db(self.gain.step()));
        }
        let driven = moving || drives[0] != 1.0;
        for (channel, samples) in self.channels.iter_mut().zip(block.channels_mut()) {
            let into = &mut channel.window[TAPS + self.filled..][..frames];
            for (into, x) in into.iter_mut().zip(&*samples) {
                *into = if x.abs() < LOUDEST { *x } else { 0.0 };
            }
            samples.copy_from_slice(&channel.ready[self.filled..][..frames]);
            if driven {
                for (x, drive) in into.iter_mut().zip(&drives) {
                    *x = (f64::from(*x) * drive) as f32;
                }
            }
        }
        self.filled += frames;
        if self.filled == TILE {
            self.filled = 0;
            self.tile();
        }
    }

    /// The tile is full: finds its gains and makes the next output.
    fn tile(&mut self) {
        let mut lanes = [[0.0; TILE]; 2];
        self.ask(&mut lanes);
        let mut closed = false;
        for (envelope, lane) in self.lanes.iter_mut().zip(&mut lanes) {
            closed |= envelope.run(lane);
        }
        for (c, channel) in self.channels.iter_mut().enumerate() {
            channel.ready.copy_from_slice(&channel.window[TAPS..]);
            channel.window.copy_within(TILE.., 0);
            channel.delay.run(&mut channel.ready);
            if closed {
                lay_on(&lanes[c.min(self.lanes.len() - 1)], self.top, &mut channel.ready);
            }
        }
        self.note(closed, lanes);
    }

    /// The reductions that the samples of the tile need, per lane.
    fn ask(&mut self, lanes: &mut [[f64; TILE]; 2]) {
        let mut peaks = [[0.0_f32; TILE]; 2];
        let mut any = false;
        for (channel, peaks) in self.channels.iter_mut().zip(&mut peaks) {
            any |= channel.peaks(self.ceiling, peaks);
        }
        if !any {
            return;
        }
        let [first, second] = &mut peaks;
        if self.lanes.len() == 1 {
            for (a, b) in first.iter_mut().zip(second) {
                *a = if *b > *a { *b } else { *a };
            }
            needed(first, self.ceiling, &mut lanes[0]);
            return;
        }
        let [a, b] = lanes;
        needed(first, self.ceiling, a);
        needed(second, self.ceiling, b);
        let link = self.settings.link_percent / 100.0;
        for (a, b) in a.iter_mut().zip(b) {
            let greater = at_least(*a, *b);
            *a += link * (greater - *a);
            *b += link * (greater - *b);
        }
    }

    fn note(&mut self, closed: bool, mut lanes: [[f64; TILE]; 2]) {
        if !closed {
            self.needle.rest(TILE);
            return;
        }
        let [first, second] = &mut lanes;
        if self.lanes.len() == 2 {
            first.iter_mut().zip(second).for_each(|(a, b)| *a = if *b < *a { *b } else { *a });
        }
        amplitudes_to_db(first);
        for db in first.iter_mut() {
            *db = at_least(-*db, 0.0);
        }
        self.needle.read(first);
    }
}

impl Channel {
    /// The peak of the waveform around each sample of the tile (24 samples ago). Where nothing can lie above the
    /// ceiling the peaks are left at 0. Returns whether anything was computed.
    fn peaks(&mut self, ceiling: f64, peaks: &mut [f32; TILE]) -> bool {
        let before = self.last_cell;
        if f64::from(highest_in_tile(&self.window)) <= ceiling {
            self.last_cell = 0.0;
            peaks[0] = before;
            return f64::from(before) > ceiling;
        }
        let mut cells = [0.0; TILE];
        cell_peaks(&self.window, &mut cells);
        self.last_cell = cells[TILE - 1];
        // A sample is turned down for the waveform on both of its sides.
        peaks[0] = before.max(cells[0]);
        for (peak, pair) in peaks[1..].iter_mut().zip(cells.windows(2)) {
            *peak = if pair[1] > pair[0] { pair[1] } else { pair[0] };
        }
        true
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn lay_on(gains: &[f64; TILE], top: f32, samples: &mut [f32; TILE]) {
    for (x, gain) in samples.iter_mut().zip(gains) {
        let y = (f64::from(*x) * gain) as f32;
        // Only ever the last bit of a sample that stands on the ceiling.
        let y = if y > top { top } else { y };
        *x = if y < -top { -top } else { y };
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
                if event.param.0 == 0 {
                    let jump = (JUMP_MS * f64::from(self.stream.sample_rate) / 1000.0) as u32;
                    self.gain.to(event.value, if event.glide == 0 { jump } else { event.glide });
                }
                events = rest;
            }
            let to_event = events.first().map_or(frames, |event| (event.at as usize).min(frames)) - at;
            let count = (TILE - self.filled).min(frames - at).min(to_event);
            self.exchange(&mut block.part(at, at + count));
            at += count;
        }
    }

    fn latency(&self) -> Frames {
        Frames(self.latency)
    }

    fn reset(&mut self) {
        self.gain = Control::rounded(self.settings.gain_db, self.stream.sample_rate);
        for channel in &mut self.channels {
            channel.window.fill(0.0);
            channel.last_cell = 0.0;
            channel.delay.reset();
            channel.ready.fill(0.0);
        }
        self.lanes.iter_mut().for_each(Envelope::reset);
        self.filled = 0;
        self.needle = Needle::default();
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}

#[cfg(test)]
mod tests;
