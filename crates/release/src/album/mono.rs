//! What an album loses when it is folded down to mono.
//!
//! The law is M = (L + R) / 2 on both sides: what stands in the middle stays as loud as it was, what is only on one side
//! becomes 6 dB softer there and as much louder on the other, what the sides have nothing in common in loses 3 dB of its
//! power, and what they have against each other is gone. The loss is the power of both sides over that of two M.

use serde::{Deserialize, Serialize};
use tonmeister_core::{Buffer, Layout};
use tonmeister_measure::spectrum::{Division, LongTermMeter};
use tonmeister_session::model::Song;

use super::levels::Cutter;
use super::sequence::Timeline;
use super::studio::{Studio, Trouble};

/// The window in which the worst moment is looked for, in seconds, and its step.
const WINDOW_S: f64 = 3.0;
const STEP_S: f64 = 0.1;
/// Moments and bands so far below the whole are not worth a word, in dB.
const FAINT_DB: f64 = -20.0;
/// A band that loses this much is named, in dB: three times what sides without anything in common lose.
const NAMED_DB: f64 = 9.0;
/// From these losses on a song is pointed at: of the whole, and of three seconds.
const TOO_MUCH_DB: f64 = 4.5;
const TOO_MUCH_MOMENT_DB: f64 = 9.0;
/// Frames at a time.
const BLOCK: usize = 4096;

/// What one song loses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Which song, counted from 0.
    pub song: usize,
    /// Of its whole power, in dB; `None` for silence, 60 at most.
    pub loss_db: Option<f64>,
    /// The 3 s that lose most: where they begin in the song, in seconds, and their loss in dB.
    pub worst: Option<(f64, f64)>,
    /// Thirds of octaves that lose 9 dB and more: their middle in Hz, and their loss in dB.
    pub bands: Vec<(f64, f64)>,
}

impl Fold {
    /// What is to be told of it, and what to do.
    pub(crate) fn remark(&self) -> Option<(String, &'static str)> {
        let whole = self.loss_db.filter(|db| *db >= TOO_MUCH_DB);
        let moment = self.worst.filter(|(_, db)| *db >= TOO_MUCH_MOMENT_DB);
        let remedy = "look for a channel of wrong polarity or a stereo effect that is too wide, in the mix";
        match (whole, moment) {
            (Some(db), _) => Some((format!("loses {db:.1} dB in mono: its sides work against each other"), remedy)),
            (None, Some((at, db))) => Some((format!("loses {db:.1} dB in mono for 3 s from {at:.0} s on"), remedy)),
            (None, None) => None,
        }
    }
}

/// The ratio of two powers in dB, 60 at most.
fn loss(both: f64, mid: f64) -> f64 {
    (10.0 * (both / mid.max(both * 1e-6)).log10()).max(0.0)
}

/// One song under way.
struct Ear {
    spectrum: LongTermMeter,
    /// Energies of both sides and of their middle, step by step.
    steps: Vec<[f64; 2]>,
    frames: u64,
}

/// Hears the program of an album, before its limiter.
pub(crate) fn folds(studio: &mut dyn Studio, programme: &Song, timeline: &Timeline) -> Result<Vec<Fold>, Trouble> {
    let mut source = studio.open(programme)?;
    studio.begin("Folding down to mono", source.info().frames);
    let rate = f64::from(timeline.rate);
    let step = (STEP_S * rate) as u64;
    let ear = || Ear { spectrum: LongTermMeter::new(timeline.rate, Layout::Stereo), steps: Vec::new(), frames: 0 };
    let mut ears: Vec<Ear> = timeline.songs.iter().map(|_| ear()).collect();
    // Where songs overlap, the next one begins: tracks are cut there.
    let mut cutter = Cutter::new(timeline.songs.iter().map(|song| (song.start, song.end)));
    let mut buffer = Buffer::new(Layout::Stereo, BLOCK);
    loop {
        let frames = source.read(&mut buffer.block(BLOCK)).map_err(|e| Trouble::Target(e.to_string()))?;
        if frames == 0 {
            break;
        }
        cutter.push(buffer.view(frames), |place, view| -> Result<(), Trouble> {
            let ear = &mut ears[place];
            ear.spectrum.push(view);
            for (left, right) in view.channel(0).iter().zip(view.channel(1)) {
                let (left, right) = (f64::from(*left), f64::from(*right));
                if ear.frames.is_multiple_of(step) {
                    ear.steps.push([0.0; 2]);
                }
                ear.frames += 1;
                if let Some([both, mid]) = ear.steps.last_mut() {
                    *both += 0.5 * (left * left + right * right);
                    *mid += 0.25 * (left + right) * (left + right);
                }
            }
            Ok(())
        })?;
        studio.advance(frames as u64)?;
    }
    Ok(ears.into_iter().enumerate().map(|(song, ear)| ear.finish(song, timeline.rate)).collect())
}

impl Ear {
    fn finish(self, song: usize, rate: u32) -> Fold {
        let sum = |steps: &[[f64; 2]]| steps.iter().fold([0.0; 2], |[a, b], [both, mid]| [a + both, b + mid]);
        let [both, mid] = sum(&self.steps);
        let mean = both / (self.frames.max(1) as f64);
        // −100 dBFS and below is silence.
        if mean < 1e-10 {
            return Fold { song, loss_db: None, worst: None, bands: Vec::new() };
        }
        let faint = 10f64.powf(FAINT_DB / 10.0);
        let window = (WINDOW_S / STEP_S) as usize;
        let each = both / self.steps.len() as f64;
        let moments = self.steps.windows(window).enumerate().filter_map(|(n, steps)| {
            let [both, mid] = sum(steps);
            (both > faint * each * window as f64).then(|| (n as f64 * STEP_S, loss(both, mid)))
        });
        let worst = moments.max_by(|a, b| a.1.total_cmp(&b.1));
        let spectrum = self.spectrum.finish();
        let sides = spectrum.both();
        let mut bands: Vec<(f64, f64, f64)> = Vec::new();
        if let Some(middle) = &spectrum.mid {
            for band in Division::Thirds.bands(rate) {
                let (both, mid) = (sides.band(band.low_hz, band.high_hz), middle.band(band.low_hz, band.high_hz));
                bands.push((band.nominal_hz, both, loss(both, mid)));
            }
        }
        let loudest = bands.iter().map(|(_, power, _)| *power).fold(0.0, f64::max);
        bands.retain(|(_, power, db)| *power > faint * loudest && *db >= NAMED_DB);
        let bands = bands.into_iter().map(|(hz, _, db)| (hz, db)).collect();
        Fold { song, loss_db: Some(loss(both, mid)), worst, bands }
    }
}
