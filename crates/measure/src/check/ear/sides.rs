//! Left against right: what mono loses, low end that is too wide, one side heavier, stretches that are mono or turned.

use super::super::finder::Sheet;
use super::super::finding::Finding;
use super::super::rules::{LOW_END_WIDE, MONO_LOSS, MONO_LOSS_BAND, MONO_STRETCH, NEAR_MONO, ONE_SIDED, OUT_OF_PHASE};
use super::Powers;
use super::bands::{THIRDS, third_hz, thirds};
use super::history::History;

/// How many stretches of a second are remembered.
const STRETCHES: usize = 4096;
/// A stretch this far below the loudest is silent, in dB.
const SILENT_DB: f64 = -40.0;
/// A band this far below the whole is not missed in mono, in dB.
const HEARD_DB: f64 = -20.0;
/// The correlation below which a stretch is turned against itself.
const TURNED: f64 = -0.2;
/// Of what loses more than this in mono nothing is left to hear, in dB.
const NOTHING_LEFT_DB: f64 = 90.0;
/// Low end this far below the whole fills no room, in dB.
const LOW_HEARD_DB: f64 = -15.0;
/// One side of the low end this far below the other is a panned bass, not a wide one, in dB.
const LOW_PANNED_DB: f64 = 12.0;
/// A third of an octave this far below the loudest has no say in where the whole stands, in dB.
const SOUNDS_DB: f64 = -30.0;
/// A stretch whose sides differ by less than this, in dB, is mono.
const MONO_DB: f64 = -45.0;
/// A file whose sides differ by less than this has no stereo that could go missing, in dB.
const STEREO_DB: f64 = -30.0;

/// Sums over the whole file, and over each second.
pub(super) struct Sides {
    whole: Powers,
    stretches: History,
    hop: usize,
}

fn db(ratio: f64) -> f64 {
    10.0 * ratio.max(1e-30).log10()
}

/// Normalized correlation.
fn correlation([left, right, common]: [f64; 3]) -> f64 {
    let both = (left * right).sqrt();
    if both > 0.0 { (common / both).clamp(-1.0, 1.0) } else { 0.0 }
}

/// What the mono sum has less than one signal on both sides would have, in dB; 3 for two that have nothing in common.
fn loss_db([left, right, common]: [f64; 3]) -> f64 {
    -db((left + right + 2.0 * common) / (2.0 * (left + right)))
}

/// What is left of one side when as much of the other as fits is taken away, in dB.
fn rest_db(powers: [f64; 3]) -> f64 {
    let common = correlation(powers);
    db(1.0 - common * common)
}

/// A run of stretches.
#[derive(Clone, Copy)]
struct Run {
    from: usize,
    count: usize,
}

/// The runs of stretches for which something holds; `None` neither ends nor prolongs a run.
fn runs(stretches: impl Iterator<Item = Option<bool>>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (at, holds) in stretches.enumerate() {
        match (holds, runs.last_mut()) {
            (Some(true), Some(run)) if open => run.count = at + 1 - run.from,
            (Some(true), _) => runs.push(Run { from: at, count: 1 }),
            _ => {}
        }
        open = holds.unwrap_or(open);
    }
    runs
}

impl Sides {
    pub(super) fn new(steps_per_second: u64, hop: usize) -> Self {
        Sides { whole: Powers::NONE, stretches: History::new(3, steps_per_second, STRETCHES), hop }
    }

    pub(super) fn add(&mut self, powers: &Powers) {
        self.whole.add(powers);
        self.stretches.add(powers.sum(0..THIRDS).into_iter());
    }

    pub(super) fn conclude(mut self, sheet: &mut Sheet<'_>) {
        self.stretches.finish();
        let all = self.whole.sum(0..THIRDS);
        // One side silent is another rule's.
        if all[0] <= 0.0 || all[1] <= 0.0 || db(all[0] / all[1]).abs() > 60.0 {
            return;
        }
        let rest = rest_db(all);
        let loss = Self::mono_loss(sheet, all);
        let findings = [
            Self::near_mono(sheet, rest),
            self.one_sided(sheet, rest),
            self.low_end(sheet, all),
            self.band_loss(sheet, all, loss.is_some()),
            self.out_of_phase(sheet, loss.is_some()),
            self.mono_stretch(sheet, rest),
            loss,
        ];
        sheet.put(findings.into_iter().flatten());
    }

    fn near_mono(sheet: &Sheet<'_>, rest: f64) -> Option<Finding> {
        // What is exactly mono is `dual-mono`.
        (rest <= sheet.limit(&NEAR_MONO) && rest > -85.0).then(|| {
            let message = format!("left and right differ by no more than {rest:.0} dB: it sounds mono");
            Finding::of(&NEAR_MONO, message).with("rest", rest, "dB")
        })
    }

    fn one_sided(&self, sheet: &Sheet<'_>, rest: f64) -> Option<Finding> {
        let bands = thirds(100.0, 10_000.0);
        let power = |band: usize| self.whole.left[band] + self.whole.right[band];
        let loudest = bands.clone().map(power).fold(0.0, f64::max);
        let sounding = bands.filter(|band| power(*band) > loudest * 10f64.powf(SOUNDS_DB / 10.0));
        let each = sounding.map(|band| db(self.whole.left[band] / self.whole.right[band].max(1e-30)));
        let mut each: Vec<f64> = each.collect();
        let middle = each.len() / 2;
        let apart = *each.get_mut(..).filter(|e| !e.is_empty())?.select_nth_unstable_by(middle, f64::total_cmp).1;
        // A panned mono sound is meant to stand where it stands.
        (rest > sheet.limit(&NEAR_MONO) && apart.abs() >= sheet.limit(&ONE_SIDED)).then(|| {
            let (heavy, channel) = if apart > 0.0 { ("right", 1) } else { ("left", 0) };
            let message =
                format!("the {heavy} channel is {:.1} dB weaker than the other from start to end", apart.abs());
            Finding::of(&ONE_SIDED, message).graver(ONE_SIDED.severity_of(apart.abs())).on(channel).with(
                "left_against_right",
                apart,
                "dB",
            )
        })
    }

    fn mono_loss(sheet: &Sheet<'_>, all: [f64; 3]) -> Option<Finding> {
        let loss = loss_db(all);
        (loss >= sheet.limit(&MONO_LOSS)).then(|| {
            let lost = if loss > NOTHING_LEFT_DB { "everything".into() } else { format!("{loss:.1} dB") };
            let message = format!(
                "in mono it loses {lost}: left and right cancel each other (correlation {:.2})",
                correlation(all)
            );
            Finding::of(&MONO_LOSS, message).graver(MONO_LOSS.severity_of(loss)).with("loss", loss, "dB").with(
                "correlation",
                correlation(all),
                "",
            )
        })
    }

    fn band_loss(&self, sheet: &Sheet<'_>, all: [f64; 3], whole_file: bool) -> Option<Finding> {
        if whole_file {
            return None;
        }
        let limit = sheet.limit(&MONO_LOSS_BAND);
        let octaves = (1..=THIRDS - 3).map(|first| first..first + 3);
        let lost = octaves.filter_map(|bands| {
            let powers = self.whole.sum(bands.clone());
            let heard = db((powers[0] + powers[1]) / (all[0] + all[1])) >= HEARD_DB;
            (heard && loss_db(powers) >= limit).then(|| (bands, loss_db(powers)))
        });
        let (bands, loss) = lost.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (low, high) = (third_hz(bands.start) / 10f64.powf(0.05), third_hz(bands.end - 1) * 10f64.powf(0.05));
        let message = format!("in mono it loses {loss:.1} dB between {low:.0} and {high:.0} Hz");
        Some(
            Finding::of(&MONO_LOSS_BAND, message)
                .graver(MONO_LOSS_BAND.severity_of(loss))
                .with("loss", loss, "dB")
                .with("from", low, "Hz")
                .with("to", high, "Hz"),
        )
    }

    fn low_end(&self, sheet: &Sheet<'_>, all: [f64; 3]) -> Option<Finding> {
        let low = self.whole.sum(thirds(25.0, 100.0));
        let share = db((low[0] + low[1]) / (all[0] + all[1]));
        if share < LOW_HEARD_DB || low[0] <= 0.0 || low[1] <= 0.0 || db(low[0] / low[1]).abs() > LOW_PANNED_DB {
            return None;
        }
        // Side against middle, with both sides at one level.
        let common = correlation(low);
        let side = db((1.0 - common) / (1.0 + common).max(1e-9));
        (side >= sheet.limit(&LOW_END_WIDE)).then(|| {
            let message = format!("below 110 Hz the side lies {side:+.1} dB against the middle");
            Finding::of(&LOW_END_WIDE, message)
                .graver(LOW_END_WIDE.severity_of(side))
                .with("side_against_middle", side, "dB")
                .with("correlation", common, "")
                .with("share", share, "dB")
        })
    }

    /// Each stretch that sounds, `None` for silence.
    fn judged<'a>(&'a self, holds: impl Fn([f64; 3]) -> bool + 'a) -> impl Iterator<Item = Option<bool>> + 'a {
        let powers = |row: &[f32]| [row[0], row[1], row[2]].map(f64::from);
        let loudest = self.stretches.rows().map(|row| row[0] + row[1]).fold(0.0_f32, f32::max);
        let floor = f64::from(loudest) * 10f64.powf(SILENT_DB / 10.0);
        self.stretches.rows().map(move |row| {
            let powers = powers(row);
            (powers[0] + powers[1] > floor).then(|| holds(powers))
        })
    }

    fn seconds(&self, sheet: &Sheet<'_>, stretches: usize) -> f64 {
        stretches as f64 * self.stretches.steps() as f64 * self.hop as f64 / f64::from(sheet.info.sample_rate)
    }

    fn frames(&self, run: Run) -> (u64, u64) {
        let frames = self.stretches.steps() * self.hop as u64;
        (run.from as u64 * frames, (run.from + run.count) as u64 * frames)
    }

    fn out_of_phase(&self, sheet: &Sheet<'_>, whole_file: bool) -> Option<Finding> {
        let all = runs(self.judged(|powers| correlation(powers) < TURNED));
        let limit = sheet.limit(&OUT_OF_PHASE);
        let long: Vec<Run> = all.into_iter().filter(|run| self.seconds(sheet, run.count) >= limit - 0.1).collect();
        let total: usize = long.iter().map(|run| run.count).sum();
        // Where the whole file cancels itself, that has been said.
        if whole_file && 2 * total > self.stretches.len() {
            return None;
        }
        let longest = *long.iter().max_by_key(|run| run.count)?;
        let (from, to) = self.frames(longest);
        let seconds = self.seconds(sheet, longest.count);
        let message = format!(
            "left and right are turned against each other for {seconds:.0} s from {:.1} s on",
            sheet.seconds(from)
        );
        Some(
            Finding::of(&OUT_OF_PHASE, message)
                .graver(OUT_OF_PHASE.severity_of(seconds))
                .between(from, to, sheet.info.sample_rate)
                .with("longest", seconds, "s")
                .with("together", self.seconds(sheet, total), "s"),
        )
    }

    fn mono_stretch(&self, sheet: &Sheet<'_>, rest: f64) -> Option<Finding> {
        if rest < STEREO_DB {
            return None;
        }
        let all = runs(self.judged(|powers| rest_db(powers) < MONO_DB));
        let longest = all.into_iter().max_by_key(|run| run.count)?;
        let seconds = self.seconds(sheet, longest.count);
        (seconds >= sheet.limit(&MONO_STRETCH) - 0.1).then(|| {
            let (from, to) = self.frames(longest);
            let message =
                format!("for {seconds:.0} s from {:.1} s on it is mono, and stereo elsewhere", sheet.seconds(from));
            Finding::of(&MONO_STRETCH, message)
                .graver(MONO_STRETCH.severity_of(seconds))
                .between(from, to, sheet.info.sample_rate)
                .with("longest", seconds, "s")
        })
    }
}
