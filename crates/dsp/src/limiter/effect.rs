//! The effect `limiter`.

use tonmeister_core::{
    Automatable, Block, BuildError, Choice, Context, Effect, EffectSpec, Family, Frames, GainReduction, Layout, Memory,
    ParamSpec, Processor, Settings, Stream, Unit,
};

use super::envelope::{Envelope, Recurring, Shape, TILE, needed};
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
    Choice {
        id: "transparent",
        doc: "turns down slowly only what lasts or comes again within 12.5 ms (tones from 40 Hz stay clean), and rounds off \
              within 0.25 ms what single peaks still need: for masters. At equal loudness much the least is heard of it; \
              where a bare tone swells by many dB within 60 ms, its crests are rounded on the way",
    },
];

/// What a character is made of, in milliseconds.
struct Character {
    /// Every reduction of the body is held so long at least.
    hold: f64,
    /// Demands that come again: the longest gap, and for how long they must have come.
    recurring: [(f64, f64); 2],
    /// How long a demand lasts that belongs to the body; 0: all do.
    wide: f64,
    /// The support of the averages that answer single peaks.
    peak: f64,
    /// The fast release as a part of the medium one.
    fast: f64,
    /// Factor on the release times.
    release: f64,
}

const NEVER: [(f64, f64); 2] = [(0.0, 0.0); 2];

/// The last was found on twelve songs (`bench/limiters`), by the least audible residual at equal loudness.
const CHARACTERS_MADE_OF: [Character; 4] = [
    Character { hold: 12.5, recurring: NEVER, wide: 0.0, peak: 0.25, fast: 1.0 / 8.0, release: 1.0 },
    Character { hold: 25.0, recurring: NEVER, wide: 0.0, peak: 0.25, fast: 1.0 / 8.0, release: 2.0 },
    Character { hold: 0.0, recurring: NEVER, wide: 0.0, peak: 0.25, fast: 1.0 / 8.0, release: 1.0 / 3.0 },
    Character {
        hold: 0.0,
        recurring: [(12.5, 60.0), (6.0, 20.0)],
        wide: 1.0,
        peak: 0.25,
        fast: 1.0 / 60.0,
        release: 1.0,
    },
];

/// The shortest support of the averages that answer a peak, in frames. A faster gain makes sound so close to half the
/// sample rate that nobody can tell its peaks: with 7 frames the adversaries come out 0.05 dB too high.
const FEWEST: usize = 10;

/// A peak that is rounded off within a quarter of a millisecond leaves a waveform with peaks of its own between the
/// samples, a few tenths of a dB high: a second stage looks again, and takes them down over so many milliseconds.
const TRIM_MS: f64 = 1.0;

/// The medium release is `release_ms`, the slow one this part of it.
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
        "Time constant of the medium release. Single peaks are let go eight times as fast (`transparent`: at once), \
         sustained loudness 7.5 times as slowly.",
    )
    .logarithmic()
    .automatable(Automatable::Fixed),
    ParamSpec::number(
        "lookahead_ms",
        "Look-ahead",
        Unit::Ms,
        (0.5, 20.0),
        5.0,
        "Time in which the gain goes down ahead of a peak, or in `transparent` ahead of what lasts. Longer is cleaner, \
         shorter keeps more of a transient's punch. Becomes latency.",
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
A jump of the gain travels in 50 ms with rounded corners. \
\
The reduction comes in the shape of two averages in a row over the look-ahead (no corner, no overshoot), is held for the \
character's time, and goes by three releases side by side of which the greatest reduction counts: the fast one takes \
every peak, the medium and the slow one are charged only by what lasts. \
\
`transparent` parts what lasts from single peaks first: a demand lasts when it is wide, as the crest of a low note is, or \
when others follow it without a long gap, as the half waves of a tone do. Only that is turned down slowly. What single \
peaks need beyond it is rounded off within a quarter of a millisecond. A second detector takes back what a fast gain \
leaves between the samples. Latency: the look-ahead, 1.25 ms and some 80 frames (8 ms by default at 48 kHz); in \
`transparent` 12.5 ms more, the longest gap that is waited for.",
    params: PARAMS,
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "ITU-R BS.1770-4 Annex 2 (true peak)",
        "S. Luff, \"Designing a straightforward limiter\", Signalsmith Audio, 2022 (sliding minimum, cascaded averages)",
        "J. Serra, \"Image analysis and mathematical morphology\", Academic Press, 1982 (openings and closings)",
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
        let made_of = &CHARACTERS_MADE_OF[self.character.min(CHARACTERS_MADE_OF.len() - 1)];
        let frames = |ms: f64| (ms * per_ms).ceil() as usize;
        let medium = self.release_ms * made_of.release * per_ms;
        Shape {
            attack: ((self.lookahead_ms * per_ms).round() as usize).max(2),
            hold: frames(made_of.hold),
            recurring: made_of.recurring.map(|(gap, lasting)| Recurring { gap: frames(gap), lasting: frames(lasting) }),
            wide: frames(made_of.wide),
            peak: ((made_of.peak * per_ms).round() as usize).max(FEWEST),
            release: [medium * made_of.fast, medium, medium * SLOW],
        }
    }
}

/// A limiter that sounds.
struct Running {
    settings: Limiter,
    stream: Stream,
    gain: Control,
    stages: [Stage; 2],
    latency: u64,
    /// For each channel a tile that is being filled.
    filling: [[f32; TILE]; 2],
    /// For each channel a tile of output, delivered while the next one comes in.
    ready: [[f32; TILE]; 2],
    filled: usize,
    /// For how many tiles more the drive has moved a moment ago. A control that moves is no music: what it asks for is
    /// turned down slowly as a whole, or a tone under it would be rounded on the way.
    moved_for: usize,
    needle: Needle,
}

impl Running {
    fn new(settings: Limiter, stream: Stream) -> Self {
        Running::shaped(settings, stream, settings.shape(stream.sample_rate))
    }

    fn shaped(settings: Limiter, stream: Stream, shape: Shape) -> Self {
        let trim = (TRIM_MS * f64::from(stream.sample_rate) / 1000.0).round() as usize;
        let stages = [Envelope::new(&shape), Envelope::short(trim)].map(|e| Stage::new(&settings, &stream, &e));
        Running {
            settings,
            stream,
            gain: Control::rounded(settings.gain_db, stream.sample_rate),
            latency: (TILE + stages.iter().map(Stage::late).sum::<usize>()) as u64,
            stages,
            filling: [[0.0; TILE]; 2],
            ready: [[0.0; TILE]; 2],
            filled: 0,
            moved_for: 0,
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
            self.moved_for = self.stages[0].remembers().div_ceil(TILE) + 1;
        }
        let driven = moving || drives[0] != 1.0;
        for ((filling, ready), samples) in self.filling.iter_mut().zip(&self.ready).zip(block.channels_mut()) {
            let into = &mut filling[self.filled..][..frames];
            for (into, x) in into.iter_mut().zip(&*samples) {
                *into = if x.abs() < LOUDEST { *x } else { 0.0 };
            }
            samples.copy_from_slice(&ready[self.filled..][..frames]);
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

    /// The tile is full: makes the next output.
    fn tile(&mut self) {
        self.ready = self.filling;
        let channels = &mut self.ready[..self.stream.layout.channels()];
        let mut least = [1.0; TILE];
        let mut closed = false;
        for stage in &mut self.stages {
            closed |= stage.run(channels, &mut least, self.moved_for > 0);
        }
        self.moved_for = self.moved_for.saturating_sub(1);
        if !closed {
            self.needle.rest(TILE);
            return;
        }
        amplitudes_to_db(&mut least);
        for db in &mut least {
            *db = at_least(-*db, 0.0);
        }
        self.needle.read(&least);
    }
}

/// One limiting: finds the peaks between the samples, and turns them down.
struct Stage {
    ceiling: f64,
    /// The greatest sample that may come out: the ceiling, rounded down.
    top: f32,
    link: f64,
    channels: Vec<Channel>,
    /// One gain for all, or one per side.
    lanes: Vec<Envelope>,
}

/// One channel's audio on its way.
#[derive(Clone, Debug)]
struct Channel {
    /// 48 samples of the past and the newest tile.
    window: [f32; TILE + TAPS],
    /// The peak of the cell before the next one to be computed.
    last_cell: f32,
    delay: DelayLine,
}

impl Stage {
    fn new(settings: &Limiter, stream: &Stream, envelope: &Envelope) -> Self {
        let delay = DelayLine::new(REACH + envelope.late());
        let channel = Channel { window: [0.0; TILE + TAPS], last_cell: 0.0, delay };
        let ceiling = 10_f64.powf(settings.ceiling_dbtp / 20.0);
        let nearest = ceiling as f32;
        let lanes = if stream.layout == Layout::Stereo && settings.link_percent < 100.0 { 2 } else { 1 };
        Stage {
            ceiling,
            top: if f64::from(nearest) > ceiling { nearest.next_down() } else { nearest },
            link: settings.link_percent / 100.0,
            channels: vec![channel; stream.layout.channels()],
            lanes: vec![envelope.clone(); lanes],
        }
    }

    /// How many frames late the audio comes out.
    fn late(&self) -> usize {
        REACH + self.lanes[0].late()
    }

    /// For how many frames what came in may matter to what is done later.
    fn remembers(&self) -> usize {
        self.lanes[0].remembers()
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.window.fill(0.0);
            channel.last_cell = 0.0;
            channel.delay.reset();
        }
        self.lanes.iter_mut().for_each(Envelope::reset);
    }

    /// One tile of all channels, in place; `all` demands are answered slowly, or those that last. The lesser gain of the
    /// channels is multiplied into `least`. Returns whether any gain differs from 1.
    fn run(&mut self, tiles: &mut [[f32; TILE]], least: &mut [f64; TILE], all: bool) -> bool {
        for (channel, tile) in self.channels.iter_mut().zip(&*tiles) {
            channel.window[TAPS..].copy_from_slice(tile);
        }
        let mut lanes = [[0.0; TILE]; 2];
        self.ask(&mut lanes);
        let mut closed = false;
        for (envelope, lane) in self.lanes.iter_mut().zip(&mut lanes) {
            closed |= envelope.run(lane, all);
        }
        for (c, (channel, tile)) in self.channels.iter_mut().zip(tiles).enumerate() {
            channel.window.copy_within(TILE.., 0);
            channel.delay.run(tile);
            if closed {
                lay_on(&lanes[c.min(self.lanes.len() - 1)], self.top, tile);
            }
        }
        if closed {
            let [first, second] = &lanes;
            let other = if self.lanes.len() == 2 { second } else { first };
            for ((least, a), b) in least.iter_mut().zip(first).zip(other) {
                *least *= if b < a { b } else { a };
            }
        }
        closed
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
        for (a, b) in a.iter_mut().zip(b) {
            let greater = at_least(*a, *b);
            *a += self.link * (greater - *a);
            *b += self.link * (greater - *b);
        }
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

    fn memory(&self) -> Memory {
        let stages = self.stages.iter().map(|stage| stage.lanes[0].memory());
        stages.fold(Memory::Frames(self.latency + TILE as u64), Memory::then)
    }

    fn reset(&mut self) {
        self.gain = Control::rounded(self.settings.gain_db, self.stream.sample_rate);
        self.stages.iter_mut().for_each(Stage::reset);
        self.filling = [[0.0; TILE]; 2];
        self.ready = [[0.0; TILE]; 2];
        self.filled = 0;
        self.moved_for = 0;
        self.needle = Needle::default();
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.needle.reading())
    }
}

#[cfg(test)]
mod tests;
