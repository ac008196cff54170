//! Where sound begins and ends: at the edges of the file, and around holes in it.

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::flaws::{ORDER, burg};
use super::rules::{self, Rule};

/// The stretch at the edge.
const NEAR_S: f64 = 1e-3;
/// The stretch it is compared with.
const FAR_S: f64 = 0.02;
/// The least level of the stretch at the edge, against the other.
const STANDS: f64 = 0.2;
/// How far off zero the outermost samples are, against that level.
const OFF: f64 = 0.06;
/// Or how great the outermost step is, against the usual one: a wave that is cut where it crosses zero.
const STEP: f32 = 0.7;
/// But not where what follows tells of so much more before it (power): a low wave that was faded within a millisecond or two
/// leaves zero as fast as one that crosses it.
const FORETOLD: f64 = 4.0;
/// Fades that are thought of; what is learnt from is the sound behind them, of so many frames.
const FADES_S: [f64; 2] = [1e-3, 2e-3];
const LEARNT: usize = 1024;
/// Against the loudest tenth of a second within a second of the edge: a tail this far down has faded.
const FADED: f64 = 0.03;

/// Remembers both edges and the holes between.
pub(super) struct Edges {
    rate: f64,
    /// The first second and the last.
    head: Vec<Vec<f32>>,
    tail: Vec<Vec<f32>>,
    /// Frames of silence up to here.
    silent: u64,
    sounded: bool,
    holes: Vec<(u64, u64)>,
    longest: u64,
}

impl Edges {
    pub(super) fn new(info: SourceInfo) -> Self {
        let channels = info.layout.channels();
        Edges {
            rate: f64::from(info.sample_rate),
            head: vec![Vec::new(); channels],
            tail: vec![Vec::new(); channels],
            silent: 0,
            sounded: false,
            holes: Vec::new(),
            longest: 0,
        }
    }

    fn end_silence(&mut self, frame: u64) {
        let silent = std::mem::take(&mut self.silent);
        if self.sounded && silent as f64 > self.rate * 0.1 {
            self.holes.push((frame - silent, silent));
            self.longest = self.longest.max(silent);
            if self.holes.len() > 1024 {
                // The longest are kept.
                self.holes.sort_by_key(|h| std::cmp::Reverse(h.1));
                self.holes.truncate(512);
            }
        }
        self.sounded = true;
    }

    /// The sound at an edge, told from outside inwards; the level it stands at, if it does.
    fn stands(&self, channels: &[Vec<f32>]) -> Option<f64> {
        let (near, far) = ((NEAR_S * self.rate) as usize, (FAR_S * self.rate) as usize);
        let rms = |from: usize, to: usize| {
            let parts = channels.iter().filter_map(|c| c.get(from..to.min(c.len())));
            let energy: f64 = parts.flatten().map(|s| f64::from(*s).powi(2)).sum();
            (energy / (channels.len() * (to - from)) as f64).sqrt()
        };
        if channels.iter().any(|c| c.len() < 2 * far) {
            return None;
        }
        let level = rms(0, far);
        let second = channels[0].len();
        let step = (self.rate * 0.1) as usize;
        let loudest = (0..second / step).map(|n| rms(n * step, (n + 1) * step)).fold(level, f64::max);
        let outermost = channels.iter().flat_map(|c| &c[..2]).fold(0.0_f64, |a, s| a.max(f64::from(s.abs())));
        let crosses = || channels.iter().any(|c| moves(&c[..far])) && !FADES_S.iter().any(|s| self.faded(channels, *s));
        let on = outermost >= OFF * level || crosses();
        let stands = rms(0, near) >= STANDS * level && on && level >= FADED * loudest;
        stands.then_some(20.0 * level.log10())
    }

    /// Whether the sound behind a fade of that length, read towards the edge, tells of far more than there is: by the
    /// model that foretells it best, which goes on where the file has its edge.
    fn faded(&self, channels: &[Vec<f32>], seconds: f64) -> bool {
        let fade = (seconds * self.rate) as usize;
        let outer = fade / 3;
        let (mut there, mut foretold) = (0.0, 0.0);
        for channel in channels {
            let Some(behind) = channel.get(fade..fade + LEARNT) else { return false };
            let mut sound: Vec<f64> = behind.iter().rev().map(|x| f64::from(*x)).collect();
            let model = burg(&mut sound.clone(), &mut sound.clone());
            for _ in 0..fade {
                let known = &sound[sound.len() - ORDER..];
                let next: f64 = model.iter().zip(known).map(|(a, x)| a * x).sum();
                sound.push(-next);
            }
            foretold += sound[sound.len() - outer..].iter().map(|x| x * x).sum::<f64>();
            there += channel[..outer].iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        }
        foretold > FORETOLD * there
    }

    fn cut(&self, sheet: &Sheet<'_>, rule: &'static Rule, channels: &[Vec<f32>]) -> Option<Finding> {
        let stands = self.stands(channels)?;
        // An offset is another matter.
        let means = sheet.stats.channels.iter().map(|c| c.dc as f32);
        let level_out = |(c, mean): (&Vec<f32>, f32)| c.iter().map(|s| s - mean).collect();
        let channels: Vec<Vec<f32>> = channels.iter().zip(means).map(level_out).collect();
        let level = self.stands(&channels)?.min(stands);
        let starts = rule.id == rules::CUT_START.id;
        let (word, frame) = if starts { ("begins", 0) } else { ("ends", sheet.stats.frames) };
        (level >= sheet.limit(rule)).then(|| {
            let message = format!("it {word} in the middle of the sound, at {level:.1} dBFS, without a fade");
            Finding::of(rule, message)
                .graver(rule.severity_of(level))
                .between(frame, frame, sheet.info.sample_rate)
                .with("level", level, "dBFS")
        })
    }
}

impl Finder for Edges {
    fn hear(&mut self, tile: &Tile<'_>) {
        let second = self.rate as usize;
        for (c, samples) in tile.channels.iter().enumerate() {
            let room = second.saturating_sub(self.head[c].len()).min(samples.len());
            self.head[c].extend_from_slice(&samples[..room]);
            self.tail[c].extend_from_slice(samples);
            let over = self.tail[c].len().saturating_sub(second);
            if over > second {
                self.tail[c].drain(..over);
            }
        }
        let frames = tile.channels[0].len();
        if tile.channels.iter().all(|c| c.iter().all(|s| *s == 0.0)) {
            self.silent += frames as u64;
            return;
        }
        if self.silent == 0 && tile.channels.iter().all(|c| c[0] != 0.0 && c[frames - 1] != 0.0) {
            // A hole of a tenth of a second reaches over several tiles.
            self.sounded = true;
            return;
        }
        for n in 0..frames {
            if tile.channels.iter().all(|c| c[n] == 0.0) {
                self.silent += 1;
            } else {
                self.end_silence(tile.from + n as u64);
            }
        }
    }

    fn conclude(mut self: Box<Self>, sheet: &mut Sheet<'_>) {
        sheet.put(self.cut(sheet, &rules::CUT_START, &self.head));
        let second = self.rate as usize;
        let backwards = |c: &Vec<f32>| c.iter().rev().take(second).copied().collect();
        let tail: Vec<Vec<f32>> = self.tail.iter().map(backwards).collect();
        sheet.put(self.cut(sheet, &rules::CUT_END, &tail));
        let limit = sheet.limit(&rules::HOLE);
        self.holes.retain(|h| sheet.seconds(h.1) > limit);
        self.holes.sort_by_key(|h| h.0);
        let (Some(first), Some(last)) = (self.holes.first(), self.holes.last()) else { return };
        let total: u64 = self.holes.iter().map(|h| h.1).sum();
        let (count, seconds) = (self.holes.len(), sheet.seconds(total));
        let holes = if count == 1 { "stretch" } else { "stretches" };
        let message = format!("{count} {holes} of digital silence between sound and sound, {seconds:.1} s in all");
        let mut finding = Finding::of(&rules::HOLE, message)
            .between(first.0, last.0 + last.1, sheet.info.sample_rate)
            .with("count", count as f64, "")
            .with("total", seconds, "s")
            .with("longest", sheet.seconds(self.longest), "s");
        for (from, _) in self.holes.iter().take(8) {
            finding = finding.with("at", sheet.seconds(*from), "s");
        }
        sheet.put([finding]);
    }
}

/// Whether the first step is no smaller than the others.
fn moves(samples: &[f32]) -> bool {
    let mut steps: Vec<f32> = samples.windows(2).map(|p| (p[0] - p[1]).abs()).collect();
    let first = steps[0];
    let middle = steps.len() / 2;
    let (_, usual, _) = steps.select_nth_unstable_by(middle, f32::total_cmp);
    *usual > 1e-5 && first >= STEP * *usual
}
