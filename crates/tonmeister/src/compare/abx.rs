//! A blind test of two files: does anybody hear the difference?
//!
//! In each trial X is A or B, drawn at random, and the listener says which. Who only guesses is right every second
//! time; [`Score::p_value`] is how often a guesser would do at least as well (one-sided binomial test; Boley & Lester,
//! *Statistical analysis of ABX results using signal detection theory*, AES 127, 2009). The number of trials is fixed
//! beforehand and nothing is told until the end: who may stop when the odds look good can prove anything.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tonmeister_core::Buffer;

use super::pair::{Pair, Place, Shape};
use super::{CompareOptions, LevelMatch};
use crate::chance::Random;
use crate::failure::{Failure, Finding};
use crate::output::{Depth, Output};
use crate::progress::Progress;
use crate::world::World;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Choice {
    /// The first file.
    A,
    /// The second.
    B,
}

/// A test under way: which X is which, and what was said.
#[derive(Clone, Debug)]
pub struct Abx {
    hidden: Vec<Choice>,
    said: Vec<Choice>,
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// How many trials were answered.
    pub trials: u32,
    /// How many were planned.
    pub planned: u32,
    /// How many answers were right.
    pub right: u32,
    /// How often somebody who only guesses would be right at least as many times; below 0.05 the difference counts as
    /// heard.
    pub p_value: f64,
    /// How much better than guessing the listener can be said to be: with 95 % confidence, at least so large a share of the
    /// answers is right in the long run (the exact one-sided bound of Clopper & Pearson 1934). It lies above 0.5, which is
    /// guessing, just where [`Score::p_value`] lies below 0.05.
    pub at_least: f64,
    /// Whether the test was ended before its time; its p-value is then worth less.
    pub cut_short: bool,
}

impl Abx {
    /// A test of so many trials; the same seed hides the same things.
    pub fn new(trials: u32, seed: u64) -> Self {
        let mut chance = Random::new(seed);
        let hidden = (0..trials).map(|_| if chance.unit() < 0.5 { Choice::A } else { Choice::B });
        Abx { hidden: hidden.collect(), said: Vec::new() }
    }

    /// What X is in the present trial; `None` when all are answered.
    pub fn hidden(&self) -> Option<Choice> {
        self.hidden.get(self.said.len()).copied()
    }

    /// The number of the present trial, from 1.
    pub fn trial(&self) -> u32 {
        self.said.len() as u32 + 1
    }

    /// The listener says what X is, and the next trial begins.
    pub fn answer(&mut self, choice: Choice) {
        if self.said.len() < self.hidden.len() {
            self.said.push(choice);
        }
    }

    /// How it stands. To be told at the end only.
    pub fn score(&self) -> Score {
        let right = self.said.iter().zip(&self.hidden).filter(|(said, is)| said == is).count() as u32;
        let (trials, planned) = (self.said.len() as u32, self.hidden.len() as u32);
        Score {
            trials,
            planned,
            right,
            p_value: at_least(right, trials, 0.5),
            at_least: lower_bound(right, trials),
            cut_short: trials < planned,
        }
    }
}

/// The chance of at least so many right answers in so many trials, each right with that chance.
fn at_least(right: u32, trials: u32, chance: f64) -> f64 {
    if right == 0 {
        return 1.0;
    }
    if chance <= 0.0 {
        return 0.0;
    }
    // Term by term as logarithms: thousands of trials neither overflow nor vanish.
    let (mut log_choose, mut sum) = (0.0, 0.0);
    for k in 0..=trials {
        if k > 0 {
            log_choose += (f64::from(trials - k + 1) / f64::from(k)).ln();
        }
        if k >= right {
            let log_term = log_choose + f64::from(k) * chance.ln() + f64::from(trials - k) * (-chance).ln_1p();
            sum += if trials == k { (f64::from(k) * chance.ln()).exp() } else { log_term.exp() };
        }
    }
    f64::min(sum, 1.0)
}

/// The share of right answers below which so many would come up in fewer than one of twenty tests.
fn lower_bound(right: u32, trials: u32) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if at_least(right, trials, middle) < 0.05 { low = middle } else { high = middle }
    }
    if right == 0 { 0.0 } else { low }
}

/// What is listened to: the same moment of both files, lined up and equally loud, as two files of their own.
#[derive(Debug)]
pub struct Excerpts {
    /// Holds the files; they go when this does.
    folder: tempfile::TempDir,
    /// How much louder the second file was, in LU, before the louder of the two was turned down.
    pub louder_lu: f64,
    /// How long they are.
    pub seconds: f64,
    /// What was odd about the files: clocks that drift apart, another rate.
    pub warnings: Vec<Finding>,
}

impl Excerpts {
    /// The file to play for one of the two.
    pub fn file(&self, choice: Choice) -> PathBuf {
        self.folder.path().join(match choice {
            Choice::A => "a.wav",
            Choice::B => "b.wav",
        })
    }

    /// A copy of one of the two under a name that does not tell which.
    pub fn hide(&self, choice: Choice) -> Result<PathBuf, Failure> {
        let path = self.folder.path().join("x.wav");
        std::fs::copy(self.file(choice), &path).map_err(|e| Failure::output(&path, crate::world::plain(&e)))?;
        Ok(path)
    }
}

impl World {
    /// Cuts the same moment out of two files for a blind test: lined up to a fraction of a frame, the louder turned
    /// down to the other's loudness, 24 bits. `from_s` and `length_s` are of the stretch that both share.
    /// Files that do not hold one music are refused: anybody would tell them apart by that.
    pub fn excerpts(
        &self,
        first: &Path,
        second: &Path,
        (from_s, length_s): (f64, f64),
        progress: &mut dyn Progress,
    ) -> Result<Excerpts, Failure> {
        let options = CompareOptions { level: LevelMatch::Loudness, ..CompareOptions::default() };
        let report = self.compare(first, second, &options, progress)?;
        let (shape, _) = Shape::of(first, second)?;
        let Some(alignment) = &report.alignment else {
            let message = "does not hold the same music as the first, as far as can be heard; a blind test needs two \
                           renderings of one performance";
            return Err(Failure::input(second, message));
        };
        let mut place = Place::at(alignment);
        // The one that is louder goes down, so that nothing is clipped.
        place.gain_db = report.gain_db.min(0.0);
        let other_gain = (-report.gain_db).min(0.0);
        let folder = tempfile::tempdir().map_err(|e| {
            Failure::Usage(format!("no temporary folder could be made for the excerpts: {}", crate::world::plain(&e)))
        })?;
        let from = (from_s * f64::from(shape.rate)).round() as u64;
        let to = from + (length_s * f64::from(shape.rate)).round() as u64;
        let output =
            |name: &str| Output::create(self, &folder.path().join(name), Depth::Int24, (shape.rate, shape.layout));
        let (mut a, mut b) = (output("a.wav")?, output("b.wav")?);
        let gain = tonmeister_core::Db(other_gain).gain();
        let mut pair = Pair::open(&shape, place)?;
        let mut at = 0;
        while at < to {
            let Some((x, y)) = pair.next()? else { break };
            let next = at + x.frames() as u64;
            let (start, end) = (from.clamp(at, next) - at, to.clamp(at, next) - at);
            if start < end {
                let (x, y) = (x.part(start as usize, end as usize), y.part(start as usize, end as usize));
                let mut turned_down = Buffer::new(x.layout(), 0);
                turned_down.append(x);
                for channel in 0..x.layout().channels() {
                    turned_down.channel_mut(channel).iter_mut().for_each(|s| *s = (f64::from(*s) * gain) as f32);
                }
                a.write(turned_down.view(x.frames()))?;
                b.write(y)?;
            }
            at = next;
        }
        let frames = at.min(to).saturating_sub(from);
        if frames == 0 {
            let both = at as f64 / f64::from(shape.rate);
            return Err(Failure::Usage(format!("the files share {both:.1} s; the excerpt must begin before that")));
        }
        a.end().keep()?;
        b.end().keep()?;
        Ok(Excerpts {
            folder,
            louder_lu: -report.gain_db,
            seconds: frames as f64 / f64::from(shape.rate),
            warnings: report.warnings,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_books() {
        // 12 of 16 is the textbook's limit: p = 0.038; 11 of 16 is 0.105; 9 of 10 is 0.011.
        for (right, trials, p) in
            [(12, 16, 0.0384), (11, 16, 0.1051), (9, 10, 0.0107), (0, 10, 1.0), (16, 16, 1.526e-5)]
        {
            let found = at_least(right, trials, 0.5);
            assert!((found / p - 1.0).abs() < 0.01, "{right} of {trials}: {found}");
        }
        // Clopper and Pearson, one-sided: 12 of 16 is at least 0.516, 16 of 16 at least 0.829.
        assert!((lower_bound(12, 16) - 0.5156).abs() < 1e-4 && (lower_bound(16, 16) - 0.8293).abs() < 1e-4);
        // Both say the same: above one half where a guesser comes so far less than once in twenty tests.
        for (right, trials) in (1..40).flat_map(|trials| (0..=trials).map(move |right| (right, trials))) {
            let (p, least) = (at_least(right, trials, 0.5), lower_bound(right, trials));
            assert_eq!(p < 0.05, least > 0.5, "{right} of {trials}: {p}, {least}");
        }
        assert_eq!(at_least(0, 0, 0.5), 1.0);
        assert!(at_least(5_200, 10_000, 0.5) < 1e-4);
    }

    #[test]
    fn a_test_runs_to_its_end_and_tells_nothing_before() {
        let mut test = Abx::new(16, 7);
        while let Some(hidden) = test.hidden() {
            test.answer(hidden);
        }
        let score = test.score();
        assert_eq!((score.right, score.trials, score.cut_short), (16, 16, false));
        test.answer(Choice::A);
        assert_eq!(test.score(), score);
        // Both are hidden about equally often.
        let long = Abx::new(1000, 1);
        let a = long.hidden.iter().filter(|c| **c == Choice::A).count();
        assert!((430..570).contains(&a), "{a}");
    }
}
