//! Needles that move while a song plays: a thread listens to what is played, and whoever draws asks it where they stand.

use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tonmeister_core::{Buffer, GainReduction, Layout, Speaker};
use tonmeister_live::{Heard, Live, Player, Reduction};
use tonmeister_measure::ballistics::{Law, Mark, ReductionMeter, Scale, Zone};
use tonmeister_measure::loudness::{Loudness, LoudnessMeter, Peaks, Role};

use crate::failure::Failure;
use crate::needles::{Board, Highest, Needle, Stand};

/// How much sound may wait for the needles, in seconds. An output that may wait does so for them; of one that may not, what is
/// late by more is left out, and counted.
const WAITING_S: u32 = 4;

/// How long the listening thread rests when there is nothing to hear.
const REST: Duration = Duration::from_millis(4);

/// So many frames are heard at a time: what the needles' display is late by at most, besides.
const AT_ONCE: usize = 512;

/// The meters that hear sound, by name, in the order in which `all` shows them.
const SOUNDING: [&str; 11] =
    ["peak", "true-peak", "rms", "vu", "ppm-din", "ppm-nordic", "ppm-bbc", "ppm-ebu", "k-20", "k-14", "k-12"];

/// A loudness meter's scale: wide enough for a whisper and for what is sold, without a stretch that would be wrong everywhere.
static LOUDNESS: Scale = Scale {
    title: "Loudness",
    unit: "LUFS",
    bottom_db: -50.0,
    top_db: 0.0,
    law: Law::Decibels,
    marks: &[
        Mark { at_db: -50.0, label: "50", zone: Zone::Normal },
        Mark { at_db: -40.0, label: "40", zone: Zone::Normal },
        Mark { at_db: -30.0, label: "30", zone: Zone::Normal },
        Mark { at_db: -23.0, label: "23", zone: Zone::Normal },
        Mark { at_db: -14.0, label: "14", zone: Zone::Normal },
        Mark { at_db: -8.0, label: "8", zone: Zone::Normal },
        Mark { at_db: 0.0, label: "0", zone: Zone::Normal },
    ],
};

/// A meter that can be watched while a song plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveMeter {
    /// All of them.
    All,
    /// One with a needle for each channel: `peak`, `true-peak`, `rms`, `vu`, `ppm-din`, `ppm-nordic`, `ppm-bbc`, `ppm-ebu`, `k-20`,
    /// `k-14`, `k-12`.
    Needle(&'static str),
    /// Momentary, short-term and integrated loudness.
    Loudness,
    /// What dynamics processors take off: those of the master, or of a strip, or one alone (`drums`, `drums/compressor`).
    Reduction(Option<String>),
}

impl FromStr for LiveMeter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(id) = SOUNDING.iter().find(|id| **id == text) {
            return Ok(LiveMeter::Needle(id));
        }
        match text.split_once(':').unwrap_or((text, "")) {
            ("all", "") => Ok(LiveMeter::All),
            ("loudness", "") => Ok(LiveMeter::Loudness),
            ("reduction", "") if !text.ends_with(':') => Ok(LiveMeter::Reduction(None)),
            ("reduction", of) if !of.is_empty() => Ok(LiveMeter::Reduction(Some(of.into()))),
            _ => Err(format!(
                "there is no meter `{text}`; there are all, loudness, reduction, reduction:STRIP, {}",
                SOUNDING.join(", ")
            )),
        }
    }
}

/// Where all needles stand, for a display.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveNeedles {
    /// How much sound was played, in seconds.
    pub played_s: f64,
    /// Where in the song that is, in seconds.
    pub at_s: f64,
    /// How much will be played; `None` where nobody knows.
    pub of_s: Option<f64>,
    /// Each meter.
    pub rows: Vec<LiveRow>,
}

/// One meter on a display.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRow {
    /// The name that it is asked for by: short.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What is printed behind the needles.
    pub scale: &'static Scale,
    /// Each needle: "L", "R"; "M", "S" and "I" of a loudness meter; nothing of a processor.
    pub needles: Vec<(&'static str, Stand)>,
}

/// What the meters had come to when playing ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LiveMeters {
    /// What needles reached, as [`crate::World::needles`] tells it of the same sound. Of `peak` and `true-peak`, as
    /// [`crate::World::measure`] does.
    pub needles: Vec<Needle>,
    /// Loudness and peaks of what was played, as [`crate::World::measure`] tells them, where that was asked for.
    pub loudness: Option<Loudness>,
    /// What each dynamics processor took off at most.
    pub reductions: Vec<MostReduced>,
    /// Frames that were played but not heard by the meters, because they came faster than these could listen.
    pub unheard_frames: u64,
}

/// The most that a processor took off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MostReduced {
    /// Its address: "drums/compressor".
    pub address: String,
    /// In decibels, positive.
    pub most_db: f64,
}

/// What the listening thread and those who look share; the audio thread never sees it.
struct Ears {
    board: Board,
    loudness: LoudnessMeter,
    /// The greatest momentary and short-term loudness so far.
    most: [f64; 2],
    frames: u64,
}

/// Meters that listen to a player.
pub(crate) struct Metering {
    choices: Vec<LiveMeter>,
    ears: Arc<Mutex<Ears>>,
    thread: JoinHandle<u64>,
    rate: u32,
    /// Each processor that was asked for: its address, its needle, the most it took off.
    processors: Vec<(String, ReductionMeter, f64)>,
    /// Frames that were played when the processors were looked at last.
    looked: u64,
}

impl Metering {
    /// Begins to listen. Before the song plays, and before the player is given away.
    pub(crate) fn start(asked: &[LiveMeter], live: &Live, player: &mut Player) -> Result<Metering, Failure> {
        let rate = player.sample_rate();
        let choices = expanded(asked);
        // What was taken off before anything is heard is of no concern.
        let there = live.reductions();
        refuse_strangers(&choices, asked, &there)?;
        let ids: Vec<&str> =
            choices.iter().filter_map(|c| if let LiveMeter::Needle(id) = c { Some(*id) } else { None }).collect();
        let roles = Role::of_speakers(&[Speaker::Left, Speaker::Right]);
        let loudness = LoudnessMeter::with_roles(rate, &roles, Peaks::TrueAndPsr);
        let loudness = loudness.map_err(|e| Failure::Usage(e.to_string()))?;
        let ears = Ears { board: Board::new(rate, 2, &ids), loudness, most: [f64::NEG_INFINITY; 2], frames: 0 };
        let ears = Arc::new(Mutex::new(ears));
        let heard = player.listen((rate * WAITING_S) as usize);
        let own = Arc::clone(&ears);
        let thread = std::thread::Builder::new().name("tonmeister-meters".into()).spawn(move || listen(heard, &own));
        let thread =
            thread.map_err(|e| Failure::Usage(format!("the thread of the meters could not be started: {e}")))?;
        let mut metering = Metering { choices, ears, thread, rate, processors: Vec::new(), looked: 0 };
        metering.look(there.into_iter().map(|r| Reduction { most_db: 0.0, ..r }).collect(), 0);
        Ok(metering)
    }

    /// Where everything stands.
    pub(crate) fn needles(&mut self, live: &Live, of_s: Option<f64>) -> LiveNeedles {
        let frames = locked(&self.ears).frames;
        self.look(live.reductions(), frames);
        let ears = locked(&self.ears);
        let rate = f64::from(self.rate);
        let mut rows = Vec::new();
        for choice in &self.choices {
            match choice {
                LiveMeter::All => {}
                LiveMeter::Needle(id) => rows.extend(ears.board.stands(id).map(|(scale, stands)| LiveRow {
                    id: (*id).into(),
                    title: scale.title.into(),
                    scale,
                    needles: ["L", "R"].into_iter().zip(stands).collect(),
                })),
                LiveMeter::Loudness => rows.push(ears.loudness()),
                LiveMeter::Reduction(of) => {
                    for (address, meter, most) in self.processors.iter().filter(|(a, ..)| is_meant(of.as_deref(), a)) {
                        let reading = meter.read();
                        let stand = Stand {
                            level_db: reading.level_db,
                            held_db: reading.held_db.unwrap_or(reading.level_db),
                            highest_db: *most,
                        };
                        let (id, title) = (address.clone(), address.clone());
                        rows.push(LiveRow { id, title, scale: meter.scale(), needles: vec![("", stand)] });
                    }
                }
            }
        }
        let at_s = live.frame() as f64 / rate;
        LiveNeedles { played_s: ears.frames as f64 / rate, at_s, of_s, rows }
    }

    fn look(&mut self, reductions: Vec<Reduction>, frames: u64) {
        let passed = frames.saturating_sub(std::mem::replace(&mut self.looked, frames));
        for told in reductions {
            let address = format!("{}/{}", told.strip, told.insert);
            let asked =
                |choice: &LiveMeter| matches!(choice, LiveMeter::Reduction(of) if is_meant(of.as_deref(), &address));
            if !self.choices.iter().any(asked) {
                continue;
            }
            let known = self.processors.iter().position(|(known, ..)| *known == address);
            let place = known.unwrap_or_else(|| {
                self.processors.push((address, ReductionMeter::new(self.rate), 0.0));
                self.processors.len() - 1
            });
            let (_, meter, most) = &mut self.processors[place];
            // The most since the last look stands for all of it: a display cannot be quicker.
            meter.push(GainReduction { now_db: told.most_db, max_db: 0.0, mean_db: 0.0 }, passed);
            *most = most.max(told.most_db);
        }
    }

    /// Everything was played and the player is gone: what it came to.
    pub(crate) fn end(mut self, live: &Live) -> LiveMeters {
        let frames = locked(&self.ears).frames;
        self.look(live.reductions(), frames);
        let unheard_frames = match self.thread.join() {
            Ok(lost) => lost,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        // The thread is over, so nobody else has them.
        let ears = match Arc::try_unwrap(self.ears) {
            Ok(ears) => ears.into_inner().unwrap_or_else(PoisonError::into_inner),
            Err(_) => unreachable!("the listening thread has ended"),
        };
        let loudness = ears.loudness.finish_with_blocks().0;
        let mut needles = ears.board.told();
        for needle in &mut needles {
            let of = |channel: usize| &loudness.channels[channel];
            for (channel, highest) in needle.highest.iter_mut().enumerate() {
                let (db, at_s) = match needle.id {
                    "peak" => (of(channel).sample_peak_dbfs, of(channel).sample_peak_at_s),
                    "true-peak" => (of(channel).true_peak_dbtp, of(channel).true_peak_at_s),
                    _ => continue,
                };
                *highest = Highest { db, mark: None, at_s: at_s.unwrap_or(0.0) };
            }
        }
        let asked = self.choices.contains(&LiveMeter::Loudness);
        let reductions = self.processors.into_iter();
        let reductions = reductions.map(|(address, _, most_db)| MostReduced { address, most_db }).collect();
        LiveMeters { needles, loudness: asked.then_some(loudness), reductions, unheard_frames }
    }
}

impl Ears {
    fn loudness(&self) -> LiveRow {
        let silent = f64::NEG_INFINITY;
        let now = |level: Option<f64>, most: f64| {
            let level_db = level.unwrap_or(silent);
            Stand { level_db, held_db: most, highest_db: most }
        };
        let integrated = self.loudness.blocks().integrated_lufs().unwrap_or(silent);
        let whole = Stand { level_db: integrated, held_db: silent, highest_db: integrated };
        LiveRow {
            id: "loudness".into(),
            title: LOUDNESS.title.into(),
            scale: &LOUDNESS,
            needles: vec![
                ("M", now(self.loudness.momentary_lufs(), self.most[0])),
                ("S", now(self.loudness.short_term_lufs(), self.most[1])),
                ("I", whole),
            ],
        }
    }
}

/// Hears until the player is gone; returns how many frames it missed.
fn listen(mut heard: Heard, ears: &Mutex<Ears>) -> u64 {
    let mut buffer = Buffer::new(Layout::Stereo, AT_ONCE);
    loop {
        let over = heard.is_over();
        let frames = heard.take(&mut buffer.block(AT_ONCE));
        if frames == 0 {
            if over {
                return heard.lost();
            }
            std::thread::sleep(REST);
            continue;
        }
        let view = buffer.view(frames);
        let mut ears = locked(ears);
        ears.board.push(&[view.channel(0), view.channel(1)]);
        ears.loudness.push(view);
        ears.frames += frames as u64;
        let now = [ears.loudness.momentary_lufs(), ears.loudness.short_term_lufs()];
        for (most, now) in ears.most.iter_mut().zip(now) {
            *most = most.max(now.unwrap_or(f64::NEG_INFINITY));
        }
    }
}

fn locked(ears: &Mutex<Ears>) -> MutexGuard<'_, Ears> {
    ears.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that was asked for, once.
fn expanded(asked: &[LiveMeter]) -> Vec<LiveMeter> {
    let everything = || {
        let needles = SOUNDING.iter().map(|id| LiveMeter::Needle(id));
        needles.chain([LiveMeter::Loudness, LiveMeter::Reduction(None)])
    };
    let mut choices = Vec::new();
    for one in asked {
        let all = everything().filter(|_| *one == LiveMeter::All);
        for choice in all.chain((*one != LiveMeter::All).then(|| one.clone())) {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        }
    }
    choices
}

/// Whether a processor was asked for: by nothing, that of the master; by its strip; by its address.
fn is_meant(of: Option<&str>, address: &str) -> bool {
    let of = of.unwrap_or("master");
    address == of || address.strip_prefix(of).is_some_and(|rest| rest.starts_with('/'))
}

/// Dynamics that are not there cannot be watched. Whoever asks for all takes what there is.
fn refuse_strangers(choices: &[LiveMeter], asked: &[LiveMeter], there: &[Reduction]) -> Result<(), Failure> {
    let addresses: Vec<String> = there.iter().map(|r| format!("{}/{}", r.strip, r.insert)).collect();
    for choice in choices {
        let LiveMeter::Reduction(of) = choice else { continue };
        let by_itself = asked.contains(choice);
        if by_itself && !addresses.iter().any(|address| is_meant(of.as_deref(), address)) {
            let of = of.as_deref().unwrap_or("master");
            let there = match &addresses[..] {
                [] => "the song has none".into(),
                some => format!("there are {}", some.join(", ")),
            };
            return Err(Failure::Usage(format!("no dynamics processor is heard on `{of}`; {there}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
