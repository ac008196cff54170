//! Decks are made beside the audio thread, and warmed up until they know what they would know.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tonmeister_core::Tail;
use tonmeister_engine::{EngineError, Plan, Timeline, compile};
use tonmeister_session::model::Song;

use crate::deck::{Deck, Making};
use crate::live::{LiveError, Studio};
use crate::player::Join;
use crate::shared::Shared;

/// How far ahead of what is heard a deck must be when it is sent, in seconds: the way to the audio thread takes a block
/// or two.
const MARGIN_S: f64 = 0.03;

/// A deck that has not caught up with the song by then never will.
const LONGEST: Duration = Duration::from_secs(20);

/// Where a new deck begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// At that frame of the song.
    Locate(u64),
    /// Where the song is.
    Here,
}

/// The timeline of a song that begins at a frame: behind its loop's end it goes straight on.
pub(crate) fn timeline(cycle: Option<(u64, u64)>, from: u64) -> Timeline {
    let cycle = cycle.filter(|(_, to)| from < *to);
    cycle.and_then(|(from, to)| Timeline::looped(from, to)).unwrap_or(Timeline::STRAIGHT)
}

/// Makes decks.
pub(crate) struct Builder {
    pub(crate) studio: Studio,
    pub(crate) making: Making,
    /// Frames that are played unheard before a frame that was located is heard.
    pub(crate) pre_roll: u64,
    /// The most that are played unheard before an edit is.
    pub(crate) memory: u64,
}

impl Builder {
    /// How many frames are played unheard at least: the pre-roll, and as far as followed levels look back.
    fn unheard(&self, plan: &Plan) -> u64 {
        (self.pre_roll + plan.looks_back()).min(self.memory.max(self.pre_roll))
    }

    /// A deck that begins at a frame of the song.
    pub(crate) fn at(&self, song: &Song, cycle: Option<(u64, u64)>, from: u64) -> Result<Deck, LiveError> {
        let line = timeline(cycle, from);
        let compiled = compile(song, &self.studio.registry, &*self.studio.library)?;
        let start = from.saturating_sub(self.unheard(&compiled.plan)) as i64;
        let deck = Deck::new(compiled, &self.making, line, start);
        let mut deck = deck.map_err(|e| LiveError::Thread(e.to_string()))?;
        deck.warm_up(from as i64, self.making.block);
        Ok(deck)
    }

    /// A deck that takes over from the one that is heard, and when. `old` is that one's timeline; `is_wanted` says whether
    /// it is still worth the work.
    pub(crate) fn here(
        &self,
        song: &Song,
        (old, cycle): (Timeline, Option<(u64, u64)>),
        shared: &Shared,
        is_wanted: &dyn Fn() -> bool,
    ) -> Result<Option<(Deck, Join)>, LiveError> {
        let started = Instant::now();
        let compiled = compile(song, &self.studio.registry, &*self.studio.library)?;
        // As long as the song sounds on, so long it remembers what was; what holds no sound (detectors, filters) is served by
        // the pre-roll.
        let plan = &compiled.plan;
        let remembers = match plan.nodes[plan.outputs[0].node].tail {
            Tail::Frames(tail) => tail.max(self.unheard(plan)).min(self.memory),
            Tail::Endless => self.memory,
        };
        let mut compiled = Some(compiled);
        let margin = (MARGIN_S * f64::from(song.sample_rate_hz)) as i64;
        let block = self.making.block;
        let mut lead = margin;
        loop {
            let attempt = Instant::now();
            let playing = shared.playing.load(Ordering::Acquire);
            let now = shared.place.load(Ordering::Acquire);
            let there = if playing { now + lead } else { now };
            let frame = old.song(there).max(0) as u64;
            let new = timeline(cycle, frame);
            // The same way through the song: places are the same, and a deck that is late can run after it.
            let same = new == old;
            let place = if same { there } else { frame as i64 };
            let from = (place - remembers as i64).max(0);
            let compiled = match compiled.take() {
                Some(compiled) => compiled,
                None => compile(song, &self.studio.registry, &*self.studio.library)?,
            };
            let mut deck =
                Deck::new(compiled, &self.making, new, from).map_err(|e| LiveError::Thread(e.to_string()))?;
            deck.warm_up(place, block);
            let ahead = |deck: &Deck| {
                let now = shared.place.load(Ordering::Acquire);
                let heard = there + (deck.at() - place);
                let still = !shared.playing.load(Ordering::Acquire) && now == heard;
                (still || heard >= now + margin / 2).then_some(heard)
            };
            loop {
                if let Some(heard) = ahead(&deck) {
                    return Ok(Some((deck, Join::At(heard))));
                }
                if !is_wanted() {
                    return Ok(None);
                }
                if started.elapsed() > LONGEST {
                    return Err(EngineError {
                        place: "live playback".into(),
                        address: None,
                        message:
                            "this machine is too slow to prepare the edit while the song plays; stop, or bypass some \
                                  effects"
                                .into(),
                    }
                    .into());
                }
                if !same {
                    break;
                }
                deck.warm_up(deck.at() + block as i64, block);
            }
            // Another way through the song is met at one place only: aim further ahead.
            let took = attempt.elapsed().as_secs_f64() * f64::from(song.sample_rate_hz);
            lead = (2 * lead).max(margin + (1.5 * took) as i64);
        }
    }
}
