//! Excerpts of the material, and counting.
#![allow(dead_code, reason = "each finder uses its own part")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tonmeister_core::{Buffer, SourceInfo};
use tonmeister_measure::check::{Config, Finding, Inspection, Inspector};

use crate::common::{files, material, read};

/// Numbers that are the same for the same seed (Steele, Lea & Flood's `SplitMix64`).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + self.unit() * (to - from)
    }

    /// From `from` to below `to`.
    pub(crate) fn whole(&mut self, from: usize, to: usize) -> usize {
        from + (self.unit() * (to - from) as f64) as usize
    }
}

/// A stretch of a real file.
#[derive(Clone)]
pub(crate) struct Excerpt {
    /// Song and file.
    pub(crate) name: String,
    pub(crate) rate: u32,
    pub(crate) audio: Buffer,
}

/// Which files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Single instruments, as recorded or rendered.
    Stems,
    /// Balances of stems, and one master.
    Mixes,
    /// Released tracks.
    Finished,
}

/// Every file of that kind, in order; `None`, loudly, without the material.
pub(crate) fn all(kind: Kind) -> Option<Vec<PathBuf>> {
    if kind == Kind::Finished {
        return Some(files(&material("finished")?, &["ogg"]));
    }
    let songs = material("songs")?;
    let mut folders: Vec<PathBuf> = std::fs::read_dir(songs).ok()?.filter_map(|e| Some(e.ok()?.path())).collect();
    folders.sort();
    let mut found: Vec<PathBuf> = folders.iter().filter(|f| f.is_dir()).flat_map(|f| files(f, &["flac"])).collect();
    let is_mix = |f: &Path| f.file_stem().is_some_and(|s| s.to_string_lossy().starts_with("reference_"));
    found.retain(|f| is_mix(f) == (kind == Kind::Mixes));
    Some(found)
}

pub(crate) fn name(file: &Path) -> String {
    let part = |p: Option<&Path>| p.and_then(Path::file_stem).map_or_else(String::new, |s| s.to_string_lossy().into());
    format!("{}/{}", part(file.parent()), part(Some(file)))
}

/// A whole file.
pub(crate) fn whole(file: &Path) -> Excerpt {
    let (rate, audio) = read(file);
    Excerpt { name: name(file), rate, audio }
}

/// Up to `count` stretches of that many seconds, each from another file, files and places drawn from the seed; none
/// of them quieter than −50 dBFS.
pub(crate) fn excerpts(kind: Kind, count: usize, seconds: f64, seed: u64) -> Option<Vec<Excerpt>> {
    type Known = BTreeMap<(Kind, usize, u64, u64), Option<Vec<Excerpt>>>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    // Reading takes longer than looking; the tests share what was read.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry((kind, count, seconds.to_bits(), seed)).or_insert_with(|| drawn(kind, count, seconds, seed)).clone()
}

fn drawn(kind: Kind, count: usize, seconds: f64, seed: u64) -> Option<Vec<Excerpt>> {
    let mut dice = Dice::new(seed);
    let mut files = all(kind)?;
    for n in (1..files.len()).rev() {
        files.swap(n, dice.whole(0, n + 1));
    }
    let mut found = Vec::new();
    for file in files {
        if found.len() == count {
            break;
        }
        let all = whole(&file);
        let frames = (seconds * f64::from(all.rate)) as usize;
        let places = (0..8).map(|_| dice.whole(0, all.audio.frames().saturating_sub(frames).max(1)));
        let places: Vec<usize> = places.collect();
        let cuts = places.iter().map(|from| cut(&all, *from, frames));
        found.extend(cuts.into_iter().find(|e| rms_dbfs(&e.audio) > -50.0));
    }
    Some(found)
}

/// A stretch of it.
pub(crate) fn cut(all: &Excerpt, from: usize, frames: usize) -> Excerpt {
    let to = all.audio.frames().min(from + frames);
    let mut audio = Buffer::new(all.audio.layout(), 0);
    audio.append(all.audio.view(all.audio.frames()).part(from, to));
    Excerpt { name: all.name.clone(), rate: all.rate, audio }
}

/// The level of all channels together.
pub(crate) fn rms_dbfs(audio: &Buffer) -> f64 {
    let channels = audio.layout().channels();
    let energy: f64 = (0..channels).flat_map(|c| audio.channel(c)).map(|s| f64::from(*s).powi(2)).sum();
    10.0 * (energy / (channels * audio.frames()).max(1) as f64).max(1e-30).log10()
}

pub(crate) fn inspect(rate: u32, audio: &Buffer) -> Inspection {
    inspect_with(rate, audio, &Config::default())
}

pub(crate) fn inspect_with(rate: u32, audio: &Buffer, config: &Config) -> Inspection {
    let info = SourceInfo { sample_rate: rate, layout: audio.layout(), frames: audio.frames() as u64 };
    let mut inspector = Inspector::with_config(info, config);
    inspector.push(audio.view(audio.frames()));
    inspector.finish()
}

/// The findings of one rule.
pub(crate) fn of<'a>(inspection: &'a Inspection, rule: &'a str) -> impl Iterator<Item = &'a Finding> {
    inspection.findings.iter().filter(move |f| f.rule == rule)
}

/// How often was right.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    /// Faults put in.
    pub(crate) put: usize,
    /// Of those, found.
    pub(crate) found: usize,
    /// Findings where nothing was put.
    pub(crate) false_alarms: usize,
}

impl Count {
    /// A trial with a fault in it.
    pub(crate) fn with_fault(&mut self, found: bool) {
        self.put += 1;
        self.found += usize::from(found);
    }

    /// A trial, or a place, without one.
    pub(crate) fn without(&mut self, found: bool) {
        self.false_alarms += usize::from(found);
    }

    pub(crate) fn recall(&self) -> f64 {
        self.found as f64 / self.put.max(1) as f64
    }

    pub(crate) fn precision(&self) -> f64 {
        if self.found + self.false_alarms == 0 {
            return 1.0;
        }
        self.found as f64 / (self.found + self.false_alarms) as f64
    }

    /// # Panics
    /// When less than 95 % of the faults are found, or of the findings are right.
    pub(crate) fn assert_good(&self, what: &str) {
        assert!(self.put > 0 && self.recall() >= 0.95 && self.precision() >= 0.95, "{what}: {self:?}");
    }
}

/// A table of counts, printed when it goes.
pub(crate) struct Table {
    rule: &'static str,
    rows: Vec<(String, Count)>,
}

impl Table {
    pub(crate) fn new(rule: &'static str) -> Self {
        Table { rule, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, strength: impl Into<String>, count: Count) {
        self.rows.push((strength.into(), count));
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let mut text = format!(
            "\n{:36} {:>5} {:>5} {:>6} {:>7} {:>9}\n",
            self.rule, "put", "found", "false", "recall", "precision"
        );
        for (strength, c) in &self.rows {
            let line = format!(
                "  {strength:34} {:5} {:5} {:6} {:7.3} {:9.3}\n",
                c.put,
                c.found,
                c.false_alarms,
                c.recall(),
                c.precision()
            );
            text.push_str(&line);
        }
        eprintln!("{text}");
    }
}
