//! Flaws of the wire and the disk: clicks, gaps, buffers played twice, samples left out, a value that sticks.
//!
//! Clicks and cuts show as one thing: at one place the sound does something that 32 samples before
//! it did not foretell ([`foretell`]). Music does that too, at every onset and in every period of a reed; so a place
//! counts only if
//!
//! * nothing like it happens within a tenth of a second: its error is several times the greatest that 4 % of the
//!   blocks around it reach (a pulse train down to 40 Hz keeps its own threshold high);
//! * it is over at once: two milliseconds later the errors are what they were;
//! * nothing begins or ends there: the sound is not much louder after it than before.
//!
//! A cut, where samples are missing, stays below that where the sound is restless, at an onset, or where it is much louder
//! behind it. So places that stand out by a quarter as much (in dB) are looked at once more from both sides ([`breaks`]). And a
//! click between two strokes of a drum, or in steady noise, stays below it, too: what exceeds only its next ten
//! milliseconds is bridged, and what the bridge says counts ([`bridges`]). What may be the onset of a note, for the errors or
//! the treble stay up behind it, is a note and no warning ([`onsets`]).
//!
//! Gaps and stuck values are runs of one value ([`runs`]); buffers played twice are found by their bits ([`repeats`]).

use std::collections::VecDeque;

use tonmeister_core::SourceInfo;

use super::finder::{Finder, Sheet, TILE, Tile};
use super::finding::Finding;
use super::rules::{self, Rule};

mod breaks;
mod bridges;
mod foretell;
mod onsets;
mod repeats;
mod runs;

use breaks::Breaks;
pub(super) use breaks::burg;
use bridges::Bridges;
use foretell::Model;
pub(super) use foretell::ORDER;
use repeats::Repeats;
use runs::{Kind, Runs};

/// Blocks of errors that are looked at to either side of a place: about a tenth of a second.
const REACH: usize = 128;
/// Blocks before and after a place that belong to it.
const OWN: (usize, usize) = (2, 3);
/// Blocks over which the sound before is compared with that after: about 10 ms.
const SIDE: usize = 14;
/// How much louder the sound may be afterwards (energy).
const RISE: f32 = 8.0;
/// How much greater the errors may be afterwards (energy).
const UNREST: f32 = 4.0;
/// How many of the blocks next to a place may come near it.
const NEAR: usize = 1;
/// What towers over the sound on both sides by so much (amplitude) is nobody's onset: it may stand where the sound rises
/// by more, and among more errors.
const TOWERS: f32 = 2.0;
const RISE_TOWERING: f32 = 20.0;
const UNREST_TOWERING: f32 = 16.0;
const NEAR_TOWERING: usize = 3;
/// How far a place stands over the usual errors, times its size against the sound on both sides, is at least this: what
/// is small in both ways is the start of a note.
const PLAIN: f32 = 2.0;
/// More errors than this that reach half the limit below a place, next to it, are a noise that sets in, unless the
/// place stands [`CLEAR`] of the usual; of places as great as the sound itself more.
const NOISE: usize = 5;
const NOISE_OF_GREAT: usize = 12;
const CLEAR: f32 = 8.0;
/// How much softer both may be.
const FALL: f32 = 20.0;
/// Errors below this are nobody's business: −66 dBFS.
const FAINT: f32 = 5e-4;
/// What is looked at for a bridge exceeds the blocks next to it so many times.
const EXCEEDS: f32 = 1.25;
/// What may be an attack as well as a cut stands no higher than this: a note, and no warning (from 24 dB).
const IN_DOUBT_DB: f64 = 23.9;
/// Frames within which two places are one.
const SAME: u64 = 96;
/// The longest buffer that is looked for twice.
const LONGEST_S: f64 = 0.06;
/// Marks that are remembered, per channel and kind.
const PLACES: usize = 512;

/// One block of errors.
#[derive(Clone, Copy, Debug, Default)]
struct Errors {
    greatest: f32,
    /// Where, within the block.
    place: u32,
    /// Of the errors, and of the sound.
    energy: f32,
    sound: f32,
}

/// Marks of one kind of flaw.
#[derive(Clone, Debug, Default)]
struct Marks {
    count: u64,
    /// How many of them may be onsets of notes.
    doubtful: u64,
    /// First frame, frames, strength.
    places: Vec<(u64, u64, f64)>,
}

impl Marks {
    fn mark(&mut self, from: u64, frames: u64, strength: f64) {
        self.count += 1;
        if self.places.len() < PLACES {
            self.places.push((from, frames, strength));
        }
    }
}

struct Channel {
    /// The sound from `first` on.
    samples: Vec<f32>,
    first: u64,
    blocks: VecDeque<Errors>,
    /// The number of the first of them.
    first_block: u64,
    /// The next block to be judged.
    next: u64,
    model: Model,
    breaks: Breaks,
    bridges: Bridges,
    errors: Vec<f32>,
    runs: Runs,
    clicks: Marks,
    repeats: Repeats,
    /// Scratch for ranking.
    ranks: Vec<f32>,
}

/// Finds clicks, gaps, repeats and stuck values.
pub(super) struct Flaws {
    channels: Vec<Channel>,
    /// Frames of a block.
    block: usize,
    rate: u32,
    threshold: f32,
    frames: u64,
}

impl Flaws {
    pub(super) fn new(info: SourceInfo, config: &super::config::Config) -> Self {
        let rate = f64::from(info.sample_rate);
        let block = (32.0 * 2f64.powf((rate / 46_000.0).log2().round().max(0.0))) as usize;
        let channel = || Channel {
            samples: vec![0.0; TILE],
            first: 0,
            blocks: VecDeque::new(),
            first_block: 0,
            next: 0,
            model: Model::new(2 * TILE),
            breaks: Breaks::new(),
            bridges: Bridges::new(),
            errors: vec![0.0; TILE],
            runs: Runs::new(info.sample_rate),
            clicks: Marks::default(),
            repeats: Repeats::new((LONGEST_S * rate) as usize),
            ranks: Vec::new(),
        };
        Flaws {
            channels: (0..info.layout.channels()).map(|_| channel()).collect(),
            block,
            rate: info.sample_rate,
            threshold: 10f64.powf(config.limit(&rules::CLICK) / 20.0) as f32,
            frames: 0,
        }
    }

    fn advance(&mut self, tile: Option<&Tile<'_>>) {
        let (block, threshold) = (self.block, self.threshold);
        for (c, channel) in self.channels.iter_mut().enumerate() {
            match tile {
                Some(tile) => {
                    channel.samples.extend_from_slice(tile.channels[c]);
                    channel.runs.hear(tile.channels[c]);
                    channel.repeats.hear(tile.channels[c]);
                }
                None => channel.samples.resize(channel.samples.len() + 2 * TILE, 0.0),
            }
            channel.foretell(block, tile.is_none().then_some(self.frames));
            channel.judge(block, self.rate, threshold, tile.is_none());
            channel.forget(block);
        }
    }
}

impl Finder for Flaws {
    fn hear(&mut self, tile: &Tile<'_>) {
        self.frames += tile.channels[0].len() as u64;
        self.advance(Some(tile));
    }

    fn conclude(mut self: Box<Self>, sheet: &mut Sheet<'_>) {
        self.advance(None);
        for (c, mut channel) in self.channels.into_iter().enumerate() {
            let runs = channel.runs.finish();
            let repeats = channel.repeats.finish();
            for (rule, kind, what) in [
                (&rules::DROPOUT, Kind::Gap, ("gap in the sound", "gaps in the sound")),
                (&rules::STUCK, Kind::Stuck, ("stuck value", "stuck values")),
            ] {
                let mut found = Marks::default();
                runs.iter().filter(|r| r.kind == kind).for_each(|r| found.mark(r.from, r.frames, r.level));
                sheet.put(told(sheet, rule, c, &found, what));
            }
            // The edges of a gap, and both ends of a buffer that was played twice, are no clicks of their own.
            let near = |frame: u64| {
                let meets = |from: u64, frames: u64| frame + 96 >= from && frame <= from + frames + 96;
                runs.iter().any(|r| meets(r.from, r.frames))
                    || repeats.iter().any(|(from, frames)| meets(*from, *frames))
            };
            let before = channel.clicks.places.len();
            channel.clicks.places.retain(|(frame, ..)| !near(*frame));
            channel.clicks.count -= (before - channel.clicks.places.len()) as u64;
            sheet.put(told(sheet, &rules::CLICK, c, &channel.clicks, ("click", "clicks")));
            let what = ("stretch that is played twice", "stretches that are played twice");
            let mut found = Marks::default();
            for (from, frames) in &repeats {
                found.mark(*from, *frames, 0.0);
            }
            sheet.put(told(sheet, &rules::REPEATED, c, &found, what));
        }
    }
}

fn told(sheet: &Sheet<'_>, rule: &Rule, c: usize, found: &Marks, what: (&str, &str)) -> Option<Finding> {
    let (first, _, _) = *found.places.first()?;
    let (last, frames, _) = *found.places.last()?;
    let word = if found.count == 1 { what.0 } else { what.1 };
    let worst = found.places.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let doubtful = match (found.doubtful, found.count) {
        (0, _) => String::new(),
        (_, 1) => " (it may be the onset of a note)".to_owned(),
        (1, _) => " (one of them may be the onset of a note)".to_owned(),
        (onsets, count) => format!(" ({} of them may be onsets of notes)", onsets.min(count)),
    };
    let message = format!(
        "{} {word} on the {} channel, the first at {:.3} s, the worst at {:.3} s{doubtful}",
        found.count,
        sheet.name(c),
        sheet.seconds(first),
        sheet.seconds(worst.0)
    );
    let rate = f64::from(sheet.info.sample_rate);
    let mut finding = Finding::of(rule, message)
        .graver(rule.severity_of(worst.2))
        .between(first, last + frames, sheet.info.sample_rate)
        .on(c)
        .with("count", found.count as f64, "")
        .with("worst", worst.2, "dB")
        .with("longest", found.places.iter().map(|p| p.1).max()? as f64 / rate * 1000.0, "ms");
    for (from, ..) in found.places.iter().take(16) {
        finding = finding.with("at", sheet.seconds(*from), "s");
    }
    Some(finding)
}

impl Channel {
    /// Errors of every tile that has half a tile on either side; of the last ones when the file ends at `end`.
    fn foretell(&mut self, block: usize, end: Option<u64>) {
        // `samples` start one tile before the file does, or before the first block that is kept.
        loop {
            let done = (self.first_block as usize + self.blocks.len()) * block;
            let at = TILE + done - self.first as usize;
            if at + TILE + TILE / 2 > self.samples.len() || end.is_some_and(|end| done as u64 >= end) {
                return;
            }
            let stretch = &self.samples[at - TILE / 2..at + TILE + TILE / 2];
            self.model.learn(stretch);
            self.model.errors(&self.samples[at - ORDER..at + TILE], &mut self.errors);
            for (n, errors) in self.errors.chunks(block).enumerate() {
                let sound = &self.samples[at + n * block..at + (n + 1) * block];
                self.blocks.push_back(summed(errors, sound));
            }
        }
    }

    fn judge(&mut self, block: usize, rate: u32, threshold: f32, ended: bool) {
        let known = self.first_block + self.blocks.len() as u64;
        while self.next < known && (ended || self.next + (REACH as u64) < known) {
            let here = (self.next - self.first_block) as usize;
            if let Some(strength) = self.stands_out(here, block, threshold) {
                let frame = self.next * block as u64 + u64::from(self.blocks[here].place);
                self.mark(frame, strength, rate, ended);
            } else if let Some((frame, strength)) =
                self.breaks_off(here, block, threshold, ended).or_else(|| self.bridged(here, block, threshold, ended))
                && self.clicks.places.last().is_none_or(|(last, ..)| frame > last + SAME)
            {
                self.mark(frame, strength, rate, ended);
            }
            self.next += 1;
        }
    }

    /// A click, no more than a note where a note may begin.
    fn mark(&mut self, frame: u64, strength: f64, rate: u32, ended: bool) {
        let begins = || {
            let (range, at) = self.around(frame, ended)?;
            onsets::begins(self.samples.get(range)?, at, rate)
        };
        if strength > IN_DOUBT_DB && begins() == Some(true) {
            self.clicks.doubtful += 1;
            self.clicks.mark(frame, 1, IN_DOUBT_DB);
        } else {
            self.clicks.mark(frame, 1, strength);
        }
    }

    /// By how many dB a block's greatest error exceeds what is usual around it, if it is a flaw.
    fn stands_out(&mut self, here: usize, block: usize, threshold: f32) -> Option<f64> {
        let greatest = self.blocks[here].greatest;
        if greatest < FAINT {
            return None;
        }
        if !self.is_greatest(here) {
            return None;
        }
        let to = self.blocks.len().min(here + REACH + 1);
        let neighbor = |n: usize| self.blocks[n].greatest;
        let before = here.saturating_sub(OWN.0 + SIDE)..here.saturating_sub(OWN.0);
        let after = (here + OWN.1 + 1).min(to)..(here + OWN.1 + 1 + SIDE).min(to);
        if before.len() < SIDE / 2 || after.len() < SIDE / 2 {
            return None;
        }
        // A first, cheap look: the places next to it.
        let beside =
            |times: f32| before.clone().chain(after.clone()).filter(|n| neighbor(*n) * times > greatest).count();
        let close = beside(threshold);
        if close > NEAR_TOWERING {
            return None;
        }
        let mean = |range: std::ops::Range<usize>, of: fn(&Errors) -> f32| {
            let count = range.len() as f32;
            range.map(|n| of(&self.blocks[n])).sum::<f32>() / count
        };
        let floor = 1e-10 * self.blocks.len() as f32;
        let sides = |of: fn(&Errors) -> f32| (mean(before.clone(), of) + floor, mean(after.clone(), of) + floor);
        let goes_on = |(a, b): (f32, f32), most: f32| b < a * most && a < b * FALL;
        let (sound, errors) = (sides(|e| e.sound), sides(|e| e.energy));
        let size = greatest / (sound.0.max(sound.1) / block as f32).sqrt();
        let (rise, unrest, most_near) =
            if size >= TOWERS { (RISE_TOWERING, UNREST_TOWERING, NEAR_TOWERING) } else { (RISE, UNREST, NEAR) };
        if close > most_near || !goes_on(sound, rise) {
            return None;
        }
        let noisy = beside(2.0 * threshold) > if size >= 1.0 { NOISE_OF_GREAT } else { NOISE };
        let usual = self.usual(here).max(FAINT / threshold);
        let over = greatest / usual;
        // What is far beyond the usual may stand at an onset.
        if !goes_on(errors, unrest * (over / (2.0 * threshold)).max(1.0)) {
            return None;
        }
        if over * size < PLAIN || (noisy && over < CLEAR) {
            return None;
        }
        (over >= threshold).then(|| 20.0 * f64::from(over).log10())
    }

    /// Whether a block's error is the greatest of its neighbors', the first of equals.
    fn is_greatest(&self, here: usize) -> bool {
        let greatest = self.blocks[here].greatest;
        let near = here.saturating_sub(OWN.0)..self.blocks.len().min(here + OWN.1 + 1);
        let neighbor = |n: usize| self.blocks[n].greatest;
        (near.start..here).all(|n| neighbor(n) < greatest) && (here + 1..near.end).all(|n| neighbor(n) <= greatest)
    }

    /// What 4 % of the blocks around one exceed, those next to it left out.
    fn usual(&mut self, here: usize) -> f32 {
        let (from, to) = (here.saturating_sub(REACH), self.blocks.len().min(here + REACH + 1));
        let own = here.saturating_sub(OWN.0)..here + OWN.1 + 1;
        let blocks = &self.blocks;
        self.ranks.clear();
        self.ranks.extend((from..to).filter(|n| !own.contains(n)).map(|n| blocks[n].greatest));
        let rank = self.ranks.len() * 24 / 25;
        if rank >= self.ranks.len() {
            return f32::INFINITY;
        }
        *self.ranks.select_nth_unstable_by(rank, f32::total_cmp).1
    }

    /// Where the sound breaks off and goes on elsewhere, and by how many dB the error there exceeds the usual.
    fn breaks_off(&mut self, here: usize, block: usize, threshold: f32, ended: bool) -> Option<(u64, f64)> {
        let Errors { greatest, place, .. } = self.blocks[here];
        if greatest < FAINT || !self.is_greatest(here) {
            return None;
        }
        let usual = self.usual(here).max(FAINT / threshold);
        let over = greatest / usual;
        // A quarter of the limit, in dB.
        if over.powi(4) < threshold {
            return None;
        }
        let frame = self.next * block as u64 + u64::from(place);
        let (range, at) = self.around(frame, ended)?;
        let own = self.samples.get(range)?;
        let (place, rises) = self.breaks.broken(own, at)?;
        let strength = 20.0 * f64::from(over).log10();
        let moved = place as i64 - at as i64;
        Some((frame.saturating_add_signed(moved), if rises { strength.min(IN_DOUBT_DB) } else { strength }))
    }

    /// Where a click can be bridged, and by how many dB the error there exceeds all those around it: never so many that it were more
    /// than a note, for what happens a little farther away is louder.
    fn bridged(&mut self, here: usize, block: usize, threshold: f32, ended: bool) -> Option<(u64, f64)> {
        let Errors { greatest, place, .. } = self.blocks[here];
        let before = here.checked_sub(OWN.0 + SIDE)?..here - OWN.0;
        let after = here + OWN.1 + 1..here + OWN.1 + 1 + SIDE;
        if greatest < FAINT || after.end > self.blocks.len() || !self.is_greatest(here) {
            return None;
        }
        if before.chain(after).any(|n| self.blocks[n].greatest * EXCEEDS > greatest) {
            return None;
        }
        let frame = self.next * block as u64 + u64::from(place);
        let (range, at) = self.around(frame, ended)?;
        let over = self.bridges.click(self.samples.get(range)?, at)?;
        // Half the limit, in dB.
        (over * over >= f64::from(threshold)).then(|| (frame, (20.0 * over.log10()).min(IN_DOUBT_DB)))
    }

    /// The kept samples that are the file's own, and where a frame lies in them: before the file and behind it lie zeros.
    fn around(&self, frame: u64, ended: bool) -> Option<(std::ops::Range<usize>, usize)> {
        let start = TILE.saturating_sub(self.first as usize);
        let end = self.samples.len() - if ended { 2 * TILE } else { 0 };
        let at = (TILE + (frame - self.first) as usize).checked_sub(start)?;
        Some((start..end, at))
    }

    /// Keeps what is needed to judge the next block.
    fn forget(&mut self, block: usize) {
        while self.first_block + (REACH as u64) < self.next && self.blocks.len() > REACH {
            self.blocks.pop_front();
            self.first_block += 1;
        }
        let needed = (self.next * block as u64).saturating_sub(2 * TILE as u64);
        let over = needed.saturating_sub(self.first) as usize;
        if over > 16 * TILE {
            self.samples.drain(..over);
            self.first += over as u64;
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn summed(errors: &[f32], sound: &[f32]) -> Errors {
    let greatest = errors.iter().fold(0.0_f32, |a, e| a.max(e.abs()));
    let place = errors.iter().position(|e| e.abs() == greatest).unwrap_or(0) as u32;
    let energy = |of: &[f32]| of.iter().map(|s| s * s).sum::<f32>();
    Errors { greatest, place, energy: energy(errors), sound: energy(sound) }
}
