//! One file by itself.

use serde::Serialize;
use tonmeister_core::{Layout, Severity, SourceInfo, View};

use super::balance::Balance;
use super::clipping::{ClipFinder, Tops};
use super::config::Config;
use super::ear::history::History;
use super::finder::{Finder, Sheet, TILE, Tile};
use super::finders::finders;
use super::finding::Finding;
use super::polarity::{Correlator, Cross, Relation};
use super::probe::{Collector, Probe};
use super::rules;

/// Hears one file and says what is wrong with it. See [the module](super).
///
/// The result has the same bits however the file is cut into pushes.
pub struct Inspector {
    info: SourceInfo,
    config: Config,
    frames: u64,
    channels: Vec<Channel>,
    pair: Pair,
    first_sound: Option<u64>,
    after_sound: u64,
    /// Frames that do not fill a tile yet, per channel, non-finite samples taken out.
    pending: Vec<Vec<f32>>,
    collector: Collector,
    probes: Vec<Probe>,
    sides: Option<(Correlator, Cross)>,
    finders: Vec<Box<dyn Finder>>,
    /// What the file's header says of its bits.
    bits: Option<u16>,
}

struct Channel {
    sum: f64,
    energy: f64,
    peak: f32,
    non_finite: Places,
    over: Places,
    clips: ClipFinder,
}

/// How often something occurred, and where first and last.
#[derive(Clone, Copy, Debug, Default)]
struct Places {
    count: u64,
    first: u64,
    last: u64,
}

impl Places {
    fn mark(&mut self, frame: u64) {
        if self.count == 0 {
            self.first = frame;
        }
        self.count += 1;
        self.last = frame;
    }
}

/// Products of left and right.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    both: f64,
    left: f64,
    right: f64,
}

/// What was found in one file, the numbers behind it, and what is needed to compare it with others.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What is wrong, in the order of the rules.
    pub findings: Vec<Finding>,
    /// The numbers.
    pub stats: Stats,
    /// How the spectrum is balanced; `None` of what is short, silent or ends below 12.8 kHz.
    #[serde(skip)]
    pub balance: Option<Balance>,
    #[serde(skip)]
    pub(super) probes: Vec<Probe>,
    #[serde(skip)]
    pub(super) energies: Option<History>,
}

/// The numbers behind the findings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Frames per second.
    pub sample_rate_hz: u32,
    /// Length as heard.
    pub frames: u64,
    /// Digital silence before the first sound; the whole length when there is none.
    pub leading_silence_s: f64,
    /// Digital silence after the last sound; the whole length when there is none.
    pub trailing_silence_s: f64,
    /// Each channel.
    pub channels: Vec<ChannelStats>,
    /// The bits that change from sample to sample, counted from the sign: 16 in a file of 24 bits that was made of one
    /// of 16; `None` for sounds that no fixed-point file of 24 bits holds.
    pub moving_bits: Option<u16>,
    /// Where the sound ends as if cut off, if it does.
    pub bandwidth_hz: Option<f64>,
    /// Greatest true peak; `None` in silence and where nobody asked.
    pub true_peak_dbtp: Option<f64>,
    /// How left and right are related; `None` for mono and where they never sound together.
    pub sides: Option<Relation>,
}

/// The numbers of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChannelStats {
    /// Greatest sample; `None` in silence.
    pub peak_dbfs: Option<f64>,
    /// Root of the mean square; `None` in silence.
    pub rms_dbfs: Option<f64>,
    /// The mean, full scale being 1.
    pub dc: f64,
    /// Flat tops at the greatest and at the least value together.
    pub flat_tops: u64,
    /// Samples on them.
    pub flat_samples: u64,
    /// NaNs and infinities.
    pub non_finite: u64,
    /// Samples beyond ±1.
    pub over_full_scale: u64,
    /// What never goes away, over the whole band; `None` for less than a few seconds of sound.
    pub noise_floor_dbfs: Option<f64>,
}

impl Inspector {
    /// For a file of that shape. The length is counted as heard, not taken from there.
    pub fn new(info: SourceInfo) -> Self {
        Inspector::with_config(info, &Config::default())
    }

    /// The same with levels and limits of the listener's own.
    pub fn with_config(info: SourceInfo, config: &Config) -> Self {
        let channels = info.layout.channels();
        let collector = Collector::new(info.sample_rate, channels);
        let sides = (info.layout == Layout::Stereo)
            .then(|| (Correlator::new(&collector.band), Cross::new(collector.band.count)));
        let channel = || Channel {
            sum: 0.0,
            energy: 0.0,
            peak: 0.0,
            non_finite: Places::default(),
            over: Places::default(),
            clips: ClipFinder::new(),
        };
        Inspector {
            info,
            config: config.clone(),
            frames: 0,
            channels: (0..channels).map(|_| channel()).collect(),
            pair: Pair::default(),
            first_sound: None,
            after_sound: 0,
            pending: vec![Vec::with_capacity(TILE); channels],
            collector,
            probes: Vec::new(),
            sides,
            finders: finders(info, config),
            bits: None,
        }
    }

    /// Tells how many bits each sample of the file has, where it stores whole numbers: without it nothing is said of
    /// padded bits.
    #[must_use]
    pub fn with_bits(mut self, bits: Option<u16>) -> Self {
        self.bits = bits;
        self
    }

    /// Hears more of the file.
    ///
    /// # Panics
    /// When the view has fewer channels than the file.
    pub fn push(&mut self, view: View<'_>) {
        let mut at = 0;
        while at < view.frames() {
            let end = view.frames().min(at + TILE - self.pending[0].len());
            for (pending, channel) in self.pending.iter_mut().zip(view.channels()) {
                pending.extend_from_slice(&channel[at..end]);
            }
            at = end;
            if self.pending[0].len() == TILE {
                self.hear();
            }
        }
    }

    /// Hears the pending tile.
    fn hear(&mut self) {
        let start = self.frames;
        for (channel, tile) in self.channels.iter_mut().zip(&mut self.pending) {
            channel.hear(tile, start);
        }
        let tiles: Vec<&[f32]> = self.pending.iter().map(Vec::as_slice).collect();
        let sounds = |n: usize| tiles.iter().any(|t| t[n] != 0.0);
        if let Some(last) = (0..tiles[0].len()).rev().find(|n| sounds(*n)) {
            if self.first_sound.is_none() {
                self.first_sound = (0..=last).find(|n| sounds(*n)).map(|n| start + n as u64);
            }
            self.after_sound = start + last as u64 + 1;
        }
        if let [left, right] = tiles[..] {
            let [both, l, r] = products(left, right);
            self.pair.both += both;
            self.pair.left += l;
            self.pair.right += r;
        }
        for finder in &mut self.finders {
            finder.hear(&Tile { from: start, channels: &tiles });
        }
        self.frames += tiles[0].len() as u64;
        let (probes, sides) = (&mut self.probes, &mut self.sides);
        self.collector.push(&tiles, |band, window, samples| keep(probes, sides, band, window, samples));
        self.collector.thin(&mut self.probes);
        self.pending.iter_mut().for_each(Vec::clear);
    }

    /// The file has ended: what was found.
    pub fn finish(mut self) -> Inspection {
        if !self.pending[0].is_empty() {
            self.hear();
        }
        self.channels.iter_mut().for_each(|c| c.clips.finish());
        let (probes, sides) = (&mut self.probes, &mut self.sides);
        self.collector.finish(|band, window, samples| keep(probes, sides, band, window, samples));
        self.collector.thin(&mut self.probes);
        let mut stats = self.stats();
        let finders = std::mem::take(&mut self.finders);
        let mut sheet = Sheet::new(&self.config, self.info, self.bits, &mut stats);
        if self.conclude(&mut sheet) {
            for finder in finders {
                finder.conclude(&mut sheet);
            }
        }
        let energies = sheet.energies.take();
        let balance = sheet.balance.take();
        let findings = sheet.finish();
        Inspection { findings, stats, balance, probes: self.probes, energies }
    }

    fn stats(&self) -> Stats {
        let seconds = |frames: u64| frames as f64 / f64::from(self.info.sample_rate);
        Stats {
            sample_rate_hz: self.info.sample_rate,
            frames: self.frames,
            leading_silence_s: seconds(self.first_sound.unwrap_or(self.frames)),
            trailing_silence_s: seconds(self.frames - self.after_sound),
            channels: self.channels.iter().map(|c| c.stats(self.frames)).collect(),
            moving_bits: None,
            bandwidth_hz: None,
            true_peak_dbtp: None,
            sides: self.sides.as_ref().and_then(|(correlator, cross)| correlator.relation(cross)),
        }
    }

    /// What all sums tell; whether there is sound for others to judge.
    fn conclude(&self, sheet: &mut Sheet<'_>) -> bool {
        if self.frames == 0 {
            sheet.put([Finding::of(&rules::EMPTY, "there is no audio in it".into())]);
            return false;
        }
        for (c, channel) in self.channels.iter().enumerate() {
            sheet.put(non_finite(sheet, c, channel.non_finite));
        }
        let silent = |c: &Channel, rule| decibels(c.peak) <= self.config.limit(rule);
        if self.channels.iter().all(|c| silent(c, &rules::SILENT)) {
            let loudest = sheet.stats.channels.iter().filter_map(|c| c.peak_dbfs).fold(f64::NEG_INFINITY, f64::max);
            let level = if loudest.is_finite() { format!("nothing above {loudest:.1} dBFS") } else { "zeros".into() };
            sheet.put([Finding::of(&rules::SILENT, format!("it is silent: {level} from start to end"))]);
            return false;
        }
        let still = |c: &usize| silent(&self.channels[*c], &rules::SILENT_CHANNEL);
        if !(0..self.channels.len()).all(|c| still(&c)) {
            for c in (0..self.channels.len()).filter(still) {
                let message = format!("the {} channel is silent", sheet.name(c));
                sheet.put([Finding::of(&rules::SILENT_CHANNEL, message).on(c)]);
            }
        }
        for (c, channel) in self.channels.iter().enumerate() {
            sheet.put(clipped(sheet, c, channel));
            sheet.put(clipped_sections(sheet, c, channel));
            sheet.put(over_full_scale(sheet, c, channel));
            sheet.put(dc_offset(sheet, c));
        }
        sheet.put(self.sides(sheet));
        sheet.put(self.silences(sheet.stats));
        true
    }

    /// What the two sides of a stereo file are to each other.
    fn sides(&self, sheet: &Sheet<'_>) -> Option<Finding> {
        let Pair { both, left, right } = self.pair;
        if left > 0.0 && right > 0.0 {
            // What is left of the right channel when as much of the left as fits is taken away.
            let rest = (1.0 - both * both / (left * right)).max(0.0);
            if both > 0.0 && 10.0 * rest.log10() <= sheet.limit(&rules::DUAL_MONO) {
                let apart = 10.0 * (right / left).log10();
                let message = format!("left and right carry the same signal, right {apart:+.2} dB against left");
                return Some(
                    Finding::of(&rules::DUAL_MONO, message).with("rest", 10.0 * rest.max(1e-30).log10(), "dB").with(
                        "right_against_left",
                        apart,
                        "dB",
                    ),
                );
            }
        }
        let relation = sheet.stats.sides.filter(|r| r.is_turned(sheet.limit(&rules::POLARITY_STEREO)))?;
        let message = format!(
            "left and right are the same sound with opposite polarity (correlation {:.2})",
            relation.correlation
        );
        Some(with_relation(Finding::of(&rules::POLARITY_STEREO, message), &relation))
    }

    fn silences(&self, stats: &Stats) -> Vec<Finding> {
        let mut findings = Vec::new();
        let rate = self.info.sample_rate;
        if stats.leading_silence_s > self.config.limit(&rules::LEADING_SILENCE) {
            let message = format!("it starts with {:.1} s of digital silence", stats.leading_silence_s);
            findings.push(Finding::of(&rules::LEADING_SILENCE, message).between(
                0,
                self.first_sound.unwrap_or(0),
                rate,
            ));
        }
        if stats.trailing_silence_s > self.config.limit(&rules::TRAILING_SILENCE) {
            let message = format!("it ends with {:.1} s of digital silence", stats.trailing_silence_s);
            findings.push(Finding::of(&rules::TRAILING_SILENCE, message).between(self.after_sound, self.frames, rate));
        }
        findings
    }
}

fn non_finite(sheet: &Sheet<'_>, c: usize, places: Places) -> Option<Finding> {
    (places.count > 0).then(|| {
        let (name, first) = (sheet.name(c), sheet.seconds(places.first));
        let message = match places.count {
            1 => format!("a sample of the {name} channel is no number, at {first:.3} s"),
            count => format!("{count} samples of the {name} channel are no numbers, the first at {first:.3} s"),
        };
        Finding::of(&rules::NON_FINITE, message)
            .between(places.first, places.last + 1, sheet.info.sample_rate)
            .on(c)
            .with("count", places.count as f64, "samples")
            .with("first", places.first as f64, "frame")
    })
}

fn clipped(sheet: &Sheet<'_>, c: usize, channel: &Channel) -> Option<Finding> {
    let tops: &[Tops; 2] = &channel.clips.tops;
    let runs = tops[0].runs + tops[1].runs;
    if runs == 0 || (runs as f64) < sheet.limit(&rules::CLIPPED) {
        return None;
    }
    let samples = tops[0].samples + tops[1].samples;
    let mut places: Vec<u64> = tops.iter().flat_map(|t| t.places.iter().copied()).collect();
    places.sort_unstable();
    let first = places.first().copied().unwrap_or(0);
    let end = tops[0].end.max(tops[1].end);
    let level = decibels(channel.peak);
    let plateaus = tops.iter().all(|t| t.runs == 0 || t.is_plateaus());
    let what = if plateaus { "is made of plateaus, as a square wave or fuzz is:" } else { "is cut off:" };
    let tops_word = if runs == 1 { "flat top" } else { "flat tops" };
    let message = format!(
        "the {} channel {what} {runs} {tops_word} at {level:.2} dBFS, the first at {:.3} s",
        sheet.name(c),
        sheet.seconds(first)
    );
    let severity = if plateaus { Severity::Note } else { rules::CLIPPED.severity_of(runs as f64) };
    let mut finding = Finding::of(&rules::CLIPPED, message)
        .graver(severity)
        .between(first, end, sheet.info.sample_rate)
        .on(c)
        .with("tops", runs as f64, "")
        .with("samples", samples as f64, "samples")
        .with("longest", tops[0].longest.max(tops[1].longest) as f64, "samples")
        .with("level", level, "dBFS");
    for place in places.iter().take(8) {
        finding = finding.with("at", sheet.seconds(*place), "s");
    }
    Some(finding)
}

/// Passages whose tops are cut below the greatest level.
fn clipped_sections(sheet: &Sheet<'_>, c: usize, channel: &Channel) -> Option<Finding> {
    let sections = channel.clips.sections();
    let runs: u64 = sections.iter().map(|s| s.runs).sum();
    let (first, end) = (sections.first()?, sections.iter().map(|s| s.to).max()?);
    if (runs as f64) < sheet.limit(&rules::CLIPPED_PASSAGE) {
        return None;
    }
    let message = format!(
        "the {} channel was cut off in passages: {runs} flat tops at levels such as {:.2} dBFS, the first at {:.3} s",
        sheet.name(c),
        decibels(first.level),
        sheet.seconds(first.from)
    );
    let mut finding = Finding::of(&rules::CLIPPED_PASSAGE, message)
        .graver(rules::CLIPPED_PASSAGE.severity_of(runs as f64))
        .between(first.from, end, sheet.info.sample_rate)
        .on(c)
        .with("tops", runs as f64, "")
        .with("samples", sections.iter().map(|s| s.samples).sum::<u64>() as f64, "samples")
        .with("passages", sections.len() as f64, "");
    for section in sections.iter().take(8) {
        finding = finding.with("at", sheet.seconds(section.from), "s").with("level", decibels(section.level), "dBFS");
    }
    Some(finding)
}

fn over_full_scale(sheet: &Sheet<'_>, c: usize, channel: &Channel) -> Option<Finding> {
    let peak = decibels(channel.peak);
    (channel.over.count > 0 && peak > sheet.limit(&rules::OVER_FULL_SCALE)).then(|| {
        let one = channel.over.count == 1;
        let message = format!(
            "{} of the {} channel {} beyond full scale, up to {peak:+.2} dBFS",
            if one { "1 sample".to_owned() } else { format!("{} samples", channel.over.count) },
            sheet.name(c),
            if one { "lies" } else { "lie" }
        );
        Finding::of(&rules::OVER_FULL_SCALE, message)
            .between(channel.over.first, channel.over.last + 1, sheet.info.sample_rate)
            .on(c)
            .with("count", channel.over.count as f64, "samples")
            .with("peak", peak, "dBFS")
    })
}

fn dc_offset(sheet: &Sheet<'_>, c: usize) -> Option<Finding> {
    let dc = sheet.stats.channels[c].dc;
    (dc.abs() > sheet.limit(&rules::DC_OFFSET)).then(|| {
        let level = 20.0 * dc.abs().log10();
        let message = format!("the {} channel leans: its mean is {dc:+.4} ({level:.1} dBFS)", sheet.name(c));
        Finding::of(&rules::DC_OFFSET, message)
            .graver(rules::DC_OFFSET.severity_of(dc.abs()))
            .on(c)
            .with("mean", dc, "of full scale")
            .with("level", level, "dBFS")
    })
}

pub(super) fn with_relation(finding: Finding, relation: &Relation) -> Finding {
    finding
        .with("correlation", relation.correlation, "")
        .with("delay", relation.delay_s, "s")
        .with("phase_fit", relation.phase_fit, "")
        .with("windows", relation.windows as f64, "")
}

/// Keeps a window: the sides against each other, and the middle for comparing with other files.
fn keep(
    probes: &mut Vec<Probe>,
    sides: &mut Option<(Correlator, Cross)>,
    band: &super::probe::Band,
    window: u64,
    samples: &[Vec<f32>],
) {
    match samples {
        [left, right] => {
            let (left, right) = (band.spectrum(left), band.spectrum(right));
            if let (Some((_, cross)), Some(left), Some(right)) = (sides, &left, &right) {
                cross.add(left, right);
            }
            let middle = match (left, right) {
                (Some(left), Some(right)) => Some(left.iter().zip(&right).map(|(l, r)| l + r).collect()),
                (one, other) => one.or(other),
            };
            probes.extend(middle.map(|bins| Probe { window, bins }));
        }
        [mono, ..] => probes.extend(band.spectrum(mono).map(|bins| Probe { window, bins })),
        [] => {}
    }
}

impl Channel {
    /// Takes what is not finite out of the tile and counts the rest.
    fn hear(&mut self, tile: &mut [f32], start: u64) {
        let Sums { sum, energy, peak } = sums(tile);
        let sums = if peak < INFINITE { Sums { sum, energy, peak } } else { self.mend(tile, start) };
        self.sum += sums.sum;
        self.energy += sums.energy;
        let peak = f32::from_bits(sums.peak);
        if peak > 1.0 {
            for (n, _) in tile.iter().enumerate().filter(|(_, s)| s.abs() > 1.0) {
                self.over.mark(start + n as u64);
            }
        }
        self.peak = self.peak.max(peak);
        self.clips.push(tile);
    }

    fn mend(&mut self, tile: &mut [f32], start: u64) -> Sums {
        for (n, sample) in tile.iter_mut().enumerate().filter(|(_, s)| !s.is_finite()) {
            self.non_finite.mark(start + n as u64);
            *sample = 0.0;
        }
        sums(tile)
    }

    fn stats(&self, frames: u64) -> ChannelStats {
        let level = |amplitude: f64| (amplitude > 0.0).then(|| 20.0 * amplitude.log10());
        let frames = frames.max(1) as f64;
        ChannelStats {
            peak_dbfs: level(f64::from(self.peak)),
            rms_dbfs: level((self.energy / frames).sqrt()),
            dc: self.sum / frames,
            flat_tops: self.clips.tops.iter().map(|t| t.runs).sum(),
            flat_samples: self.clips.tops.iter().map(|t| t.samples).sum(),
            non_finite: self.non_finite.count,
            over_full_scale: self.over.count,
            noise_floor_dbfs: None,
        }
    }
}

fn decibels(amplitude: f32) -> f64 {
    20.0 * f64::from(amplitude).log10()
}

/// The bits of +∞.
const INFINITE: u32 = 0x7f80_0000;

struct Sums {
    sum: f64,
    energy: f64,
    /// Bits of the greatest magnitude; what is not finite comes out on top.
    peak: u32,
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn sums(tile: &[f32]) -> Sums {
    let mut sum = [0.0_f64; 8];
    let mut energy = [0.0_f64; 8];
    let mut peak = [0_u32; 8];
    let mut add = |i: usize, s: f32| {
        let x = f64::from(s);
        sum[i] += x;
        energy[i] += x * x;
        peak[i] = peak[i].max(s.to_bits() & 0x7fff_ffff);
    };
    let chunks = tile.chunks_exact(8);
    for (i, s) in chunks.remainder().iter().enumerate() {
        add(i, *s);
    }
    for chunk in chunks {
        for (i, s) in chunk.iter().enumerate() {
            add(i, *s);
        }
    }
    Sums { sum: sum.iter().sum(), energy: energy.iter().sum(), peak: peak.into_iter().fold(0, u32::max) }
}

/// Sums of left × right, left², right².
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn products(left: &[f32], right: &[f32]) -> [f64; 3] {
    let mut parts = [[0.0_f64; 8]; 3];
    let mut add = |i: usize, l: f32, r: f32| {
        let (l, r) = (f64::from(l), f64::from(r));
        parts[0][i] += l * r;
        parts[1][i] += l * l;
        parts[2][i] += r * r;
    };
    let (lefts, rights) = (left.chunks_exact(8), right.chunks_exact(8));
    for (i, (l, r)) in lefts.remainder().iter().zip(rights.remainder()).enumerate() {
        add(i, *l, *r);
    }
    for (left, right) in lefts.zip(rights) {
        for i in 0..8 {
            add(i, left[i], right[i]);
        }
    }
    parts.map(|p| p.iter().sum())
}
