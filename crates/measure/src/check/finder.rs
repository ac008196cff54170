//! What looks for one fault, and what it is given.

use tonmeister_core::{Layout, SourceInfo};

use super::balance::Balance;
use super::config::Config;
use super::ear::history::History;
use super::finding::Finding;
use super::inspector::Stats;
use super::rules::{self, Rule};

/// Audio is heard in pieces of this many frames, cut on the file's own grid, so that the cut of the pushes does not
/// matter.
pub(super) const TILE: usize = 1024;

/// A piece of audio. Samples that are no numbers are silence in it.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    /// Its first frame; a multiple of [`TILE`].
    #[allow(dead_code, reason = "the finders of places in time follow")]
    pub(super) from: u64,
    /// One slice per channel: [`TILE`] samples, fewer only at the end of the file.
    pub(super) channels: &'a [&'a [f32]],
}

/// Looks for one kind of fault.
pub(super) trait Finder: Send {
    /// Hears the next tile.
    fn hear(&mut self, tile: &Tile<'_>);
    /// The file has ended and is not silent: what was found.
    fn conclude(self: Box<Self>, sheet: &mut Sheet<'_>);
}

/// Takes findings, and knows about the file what all finders may want to know.
pub(super) struct Sheet<'a> {
    /// What is to be told.
    pub(super) config: &'a Config,
    /// Rate and layout.
    pub(super) info: SourceInfo,
    /// Bits of a sample, as the file says.
    pub(super) bits: Option<u16>,
    /// Length, peaks and all other totals; finders add theirs.
    pub(super) stats: &'a mut Stats,
    /// Energies in bands of the ear over time, for comparing files.
    pub(super) energies: Option<History>,
    /// Whether sound fills all octaves nearly all the time, as in a mix; set by the spectra.
    pub(super) is_full: bool,
    /// How the spectrum is balanced; set by the spectra.
    pub(super) balance: Option<Balance>,
    findings: Vec<Finding>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(config: &'a Config, info: SourceInfo, bits: Option<u16>, stats: &'a mut Stats) -> Self {
        Sheet { config, info, bits, stats, energies: None, is_full: false, balance: None, findings: Vec::new() }
    }

    /// Takes findings, as far as they are to be told.
    pub(super) fn put(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings.into_iter().filter_map(|f| self.config.judged(f)));
    }

    /// From where on a rule counts.
    pub(super) fn limit(&self, rule: &Rule) -> f64 {
        self.config.limit(rule)
    }

    /// What a channel is called.
    pub(super) fn name(&self, channel: usize) -> &'static str {
        match (self.info.layout, channel) {
            (Layout::Mono, _) => "only",
            (Layout::Stereo, 0) => "left",
            (Layout::Stereo, _) => "right",
        }
    }

    /// A frame as time.
    pub(super) fn seconds(&self, frame: u64) -> f64 {
        frame as f64 / f64::from(self.info.sample_rate)
    }

    /// All findings, in the order of the rules.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|f| rules::place(f.rule));
        self.findings
    }
}
