//! The audio thread's part: plays, goes over from one deck to the next, obeys.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::{Consumer, Producer};
use tonmeister_core::{Block, Layout};
use tonmeister_engine::Turn;

use crate::deck::Deck;
use crate::shared::Shared;
use crate::tap::{Heard, Tap, tapped};

/// How long one deck takes over from another: equal gain, a raised cosine.
const CROSS_S: f64 = 0.02;

/// How long the sound takes to come and go when playing starts and stops.
const TRANSPORT_S: f64 = 0.01;

/// How long an output that may wait does so at a time.
const PAUSE: std::time::Duration = std::time::Duration::from_micros(500);

/// So many orders are obeyed before a block; the rest waits for the next.
const ORDERS: usize = 256;

/// When a deck takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// When this place is heard on the deck before it. Where that will not be, it is given back.
    At(i64),
    /// At once.
    Now,
}

/// What the audio thread is told.
pub(crate) enum Order {
    /// Meant for the deck of that number.
    Turn(u64, Turn),
    Deck(Box<Deck>, Join),
    Play,
    Stop,
}

/// Makes the sound, on the audio thread: [`Player::fill`] neither allocates nor frees, neither locks nor waits.
///
/// It is made with [`crate::Live`] and given to an [`crate::Output`].
pub struct Player {
    orders: Consumer<Order>,
    /// Decks that are done with, to be dropped elsewhere.
    scrap: Producer<Box<Deck>>,
    shared: Arc<Shared>,
    /// Who listens besides.
    tap: Option<Tap>,
    deck: Box<Deck>,
    next: Option<(Box<Deck>, Join)>,
    leaving: Option<Leaving>,
    playing: bool,
    /// How far the sound has come, 0 to `transport` frames.
    risen: usize,
    transport: usize,
    cross: usize,
    block: usize,
    sample_rate: u32,
}

/// A deck that is faded out.
struct Leaving {
    deck: Box<Deck>,
    passed: usize,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Player").field("playing", &self.playing).field("at", &self.deck.at()).finish_non_exhaustive()
    }
}

impl Player {
    pub(crate) fn new(
        deck: Box<Deck>,
        block: usize,
        (orders, scrap): (Consumer<Order>, Producer<Box<Deck>>),
        shared: Arc<Shared>,
    ) -> Self {
        let sample_rate = deck.plan().sample_rate;
        let frames = |seconds: f64| (seconds * f64::from(sample_rate)).round() as usize;
        let player = Player {
            orders,
            scrap,
            shared,
            tap: None,
            deck,
            next: None,
            leaving: None,
            playing: false,
            risen: 0,
            transport: frames(TRANSPORT_S),
            cross: frames(CROSS_S),
            block,
            sample_rate,
        };
        player.publish();
        player
    }

    /// Frames per second.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The longest block that is made at once.
    pub fn block(&self) -> usize {
        self.block
    }

    /// Fills a stereo block of any length with what comes next: the song, or silence while it stands still.
    ///
    /// # Panics
    /// When the block is mono.
    pub fn fill(&mut self, out: &mut Block<'_>) {
        assert_eq!(out.layout(), Layout::Stereo, "a song comes in stereo");
        let mut done = 0;
        while done < out.frames() {
            self.obey();
            let end = (done + self.block).min(out.frames());
            done += self.step(&mut out.part(done, end));
        }
        if let Some(tap) = &mut self.tap {
            tap.pass(out.view());
        }
        self.publish();
    }

    /// Everything that is played from now on, besides: a ring for so many frames of it, which meters may take when they have time.
    /// Before the player is given to an output.
    pub fn listen(&mut self, frames: usize) -> Heard {
        let (tap, heard) = tapped(frames.max(self.block));
        self.tap = Some(tap);
        heard
    }

    /// Waits until the clips of the next frames have been read, and whoever listens has taken what was played, for an output that
    /// is faster than both. Never on an audio thread that a device waits for.
    pub fn wait_for_clips(&self, frames: usize) {
        while self.tap.as_ref().is_some_and(|tap| tap.is_full(frames)) {
            std::thread::sleep(PAUSE);
        }
        self.deck.wait(frames);
        if let Some(leaving) = &self.leaving {
            leaving.deck.wait(frames);
        }
    }

    /// Whether there is somebody to give orders.
    pub(crate) fn is_orphaned(&self) -> bool {
        self.orders.is_abandoned() && self.orders.is_empty()
    }

    fn publish(&self) {
        let at = self.deck.at();
        self.shared.place.store(at, Ordering::Release);
        self.shared.song.store(self.deck.timeline().song(at), Ordering::Relaxed);
        self.shared.playing.store(self.playing || self.risen > 0, Ordering::Release);
    }

    fn obey(&mut self) {
        for _ in 0..ORDERS {
            let Ok(order) = self.orders.pop() else { return };
            match order {
                Order::Turn(serial, turn) => {
                    let next = self.next.as_mut().map(|(deck, _)| deck);
                    // A deck that came too late is gone; the next one knows what was meant for it.
                    if let Some(deck) = next.into_iter().chain([&mut self.deck]).find(|deck| deck.serial == serial) {
                        deck.turn(&turn);
                    }
                }
                Order::Deck(deck, join) => {
                    if let Some((before, _)) = self.next.replace((deck, join)) {
                        self.shared.refused.fetch_add(1, Ordering::Release);
                        self.discard(before);
                    }
                }
                Order::Play => {
                    // Before the song's first frame there is nothing to come in from.
                    if !self.playing && self.deck.at() <= 0 {
                        self.risen = self.transport;
                    }
                    self.playing = true;
                }
                Order::Stop => self.playing = false,
            }
        }
    }

    /// Hands a deck to those who may drop it.
    fn discard(&mut self, deck: Box<Deck>) {
        // There is always room: a deck is sent only when the one before has been taken over and the scrap is cleared. Where
        // that should fail one day, leaking is better than freeing here.
        if let Err(rtrb::PushError::Full(deck)) = self.scrap.push(deck) {
            std::mem::forget(deck);
        }
    }

    /// Makes at most the block; returns how many frames.
    fn step(&mut self, out: &mut Block<'_>) -> usize {
        let sounds = self.playing || self.risen > 0;
        let mut frames = out.frames();
        if let Some((deck, join)) = self.next.take() {
            let here = self.deck.at();
            match join {
                _ if self.leaving.is_some() => self.next = Some((deck, join)),
                Join::At(at) if at > here && sounds => {
                    frames = frames.min((at - here) as usize);
                    self.next = Some((deck, join));
                }
                // Gone past, or come to a stand before it: made again for where it is.
                Join::At(at) if at != here => {
                    self.shared.refused.fetch_add(1, Ordering::Release);
                    self.discard(deck);
                }
                Join::At(_) | Join::Now => {
                    let before = std::mem::replace(&mut self.deck, deck);
                    self.shared.joined.fetch_add(1, Ordering::Release);
                    if sounds {
                        self.leaving = Some(Leaving { deck: before, passed: 0 });
                    } else {
                        self.discard(before);
                    }
                }
            }
        }
        if !sounds {
            out.silence();
            return out.frames();
        }
        frames = self.deck.straight(frames);
        if let Some(leaving) = &self.leaving {
            frames = leaving.deck.straight(frames).min(self.cross - leaving.passed);
        }
        // The transport's fade ends on a frame of its own.
        let left = if self.playing { self.transport - self.risen } else { self.risen };
        if left > 0 {
            frames = frames.min(left);
        }
        let mut out = out.part(0, frames);
        let view = self.deck.make(frames);
        for (channel, samples) in out.channels_mut().enumerate() {
            samples.copy_from_slice(view.channel(channel));
        }
        self.cross_over(&mut out);
        self.rise(&mut out);
        frames
    }

    /// What a deck that is leaving still has to say.
    fn cross_over(&mut self, out: &mut Block<'_>) {
        let Some(mut leaving) = self.leaving.take() else { return };
        let frames = out.frames();
        let view = leaving.deck.make(frames);
        for (channel, samples) in out.channels_mut().enumerate() {
            for (i, (new, old)) in samples.iter_mut().zip(view.channel(channel)).enumerate() {
                let part = raised_cosine(leaving.passed + i, self.cross);
                // What both say alike keeps its bits.
                *new = (f64::from(*old) + (f64::from(*new) - f64::from(*old)) * part) as f32;
            }
        }
        leaving.passed += frames;
        if leaving.passed < self.cross {
            self.leaving = Some(leaving);
        } else {
            self.discard(leaving.deck);
        }
    }

    /// Comes in when it starts to play, goes out when it stops.
    fn rise(&mut self, out: &mut Block<'_>) {
        let frames = out.frames();
        if self.playing && self.risen == self.transport {
            return;
        }
        for samples in out.channels_mut() {
            for (i, x) in samples.iter_mut().enumerate() {
                let risen = if self.playing { self.risen + i } else { self.risen - 1 - i };
                *x = (f64::from(*x) * raised_cosine(risen, self.transport)) as f32;
            }
        }
        if self.playing {
            self.risen += frames;
        } else {
            self.risen -= frames;
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
    }
}

/// How far it has come in a frame, of 0 to `frames` − 1.
fn raised_cosine(frame: usize, frames: usize) -> f64 {
    0.5 - 0.5 * (std::f64::consts::PI * (frame + 1) as f64 / (frames + 1) as f64).cos()
}
