//! The desk's side: orders and edits in, what sounds out.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};
use tonmeister_core::{Frames, Registry};
use tonmeister_engine::{EngineError, Library, MAX_BLOCK, Plan, Timeline, turns};
use tonmeister_session::model::Song;

use crate::build::{Builder, Start};
use crate::deck::{Deck, Making};
use crate::meters::{Meter, Meters, Reduction};
use crate::player::{Join, Order, Player};
use crate::shared::Shared;

/// Orders that may wait for the audio thread. So many turns are kept out that others always find room.
const ORDERS: usize = 4096;
const ROOM: usize = 64;

/// How often somebody looks whether a deck came back.
const LOOK: Duration = Duration::from_millis(5);

/// The shortest loop.
const SHORTEST_LOOP_S: f64 = 0.05;

/// What a song is played with.
#[derive(Clone)]
pub struct Studio {
    /// The effects.
    pub registry: Registry,
    /// The audio.
    pub library: Arc<dyn Library>,
}

/// How to play.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveOptions {
    /// The longest block that is made at once, in frames: 16 to 4096.
    pub block: usize,
    /// The frame of the song it begins at.
    pub from: u64,
    /// The loop: its first frame and the frame behind its last. A song that begins behind it does not enter it.
    pub cycle: Option<(u64, u64)>,
    /// How far ahead clips are read, in seconds: 0.1 to 60.
    pub ahead_s: f64,
    /// How long the song plays unheard before a frame that was located is heard, so that filters, detectors and reverbs know
    /// what they would know: 0 to 60 s.
    pub pre_roll_s: f64,
    /// How long an edited song plays unheard at most before it takes over: 0 to 60 s. It plays for as long as it sounds on,
    /// and no shorter than the pre-roll.
    pub memory_s: f64,
}

impl Default for LiveOptions {
    /// Blocks of 256 frames from the start; clips are read 4 s ahead; a locate hears 2 s before it, an edit up to 10.
    fn default() -> Self {
        LiveOptions { block: 256, from: 0, cycle: None, ahead_s: 4.0, pre_roll_s: 2.0, memory_s: 10.0 }
    }
}

/// Why a song does not play, or an edit cannot be heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// The song cannot be compiled.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An option out of its range.
    #[error("{0}")]
    Option(String),
    /// The system gave no thread.
    #[error("a thread that reads audio ahead could not be started: {0}")]
    Thread(String),
    /// Nobody takes the orders any more.
    #[error("nobody takes the orders: the output has ended; start another")]
    Deaf,
}

/// Where playing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The frame of the song that is heard next.
    pub frame: u64,
    /// Whether it plays.
    pub playing: bool,
    /// Frames of tracks that were silent because they had not been read in time, over all tracks. Never silent about it.
    pub missed_frames: u64,
    /// How many plans took over while it played or stood still.
    pub plans: u64,
    /// How many plans were late for their moment and were made again.
    pub late_plans: u64,
    /// Whether an edit or a locate is still being prepared.
    pub preparing: bool,
}

/// What the last deck that was sent plays.
struct Sounding {
    /// As [`Song::lowered`] makes it, with all turns that were sent.
    song: Song,
    plan: Arc<Plan>,
    timeline: Timeline,
    meters: Arc<Meters>,
    serial: u64,
}

/// How the wanted song stands to the one that sounds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// They are one.
    Same,
    /// There may be something to turn.
    Unknown,
    /// What can be turned is turned, and that is not enough.
    Unlike,
}

struct State {
    orders: Producer<Order>,
    sounding: Sounding,
    /// What sounded before, until the audio thread has taken the last deck over.
    before: Option<(Sounding, Start)>,
    sent: u64,
    refused: u64,
    /// The song as it shall be, lowered, and how often that has changed.
    wanted: Song,
    version: u64,
    likeness: Likeness,
    /// The version that cannot be compiled.
    failed: Option<u64>,
    cycle: Option<(u64, u64)>,
    asked: Option<Start>,
    busy: bool,
    quit: bool,
    troubles: Vec<String>,
}

/// What both threads of this side share; the audio thread never sees it.
struct Desk {
    state: Mutex<State>,
    wake: Condvar,
    shared: Arc<Shared>,
    making: Making,
}

/// A song that plays, and is edited meanwhile. Its methods return at once; what takes time is prepared on a thread of its
/// own while the song goes on.
pub struct Live {
    desk: Arc<Desk>,
    worker: Option<JoinHandle<()>>,
    sample_rate: u32,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("frame", &self.frame()).finish_non_exhaustive()
    }
}

impl Live {
    /// Prepares a song to be played, and returns with it what an [`crate::Output`] asks for sound. It stands still until
    /// [`Live::play`].
    pub fn new(song: &Song, studio: Studio, options: &LiveOptions) -> Result<(Live, Player), LiveError> {
        let rate = song.sample_rate_hz;
        check(options, rate)?;
        let shared = Arc::new(Shared::default());
        let making = Making {
            library: Arc::clone(&studio.library),
            block: options.block,
            ahead: frames(options.ahead_s, rate) as usize,
            missed: Arc::clone(&shared.missed),
            troubles: Arc::default(),
        };
        let (pre_roll, memory) = (frames(options.pre_roll_s, rate), frames(options.memory_s, rate));
        let builder = Builder { studio, making: making.clone(), pre_roll, memory };
        let lowered = song.at_hand();
        let deck = Box::new(builder.at(&lowered, options.cycle, options.from)?);
        let (giving, orders) = RingBuffer::new(ORDERS);
        let (scrap, scrapped) = RingBuffer::new(8);
        let state = State {
            orders: giving,
            sounding: Sounding::of(&deck, lowered.clone()),
            before: None,
            sent: 0,
            refused: 0,
            wanted: lowered,
            version: 0,
            likeness: Likeness::Same,
            failed: None,
            cycle: options.cycle,
            asked: None,
            busy: false,
            quit: false,
            troubles: Vec::new(),
        };
        let player = Player::new(deck, options.block, (orders, scrap), Arc::clone(&shared));
        let desk = Arc::new(Desk { state: Mutex::new(state), wake: Condvar::new(), shared, making });
        let own = Arc::clone(&desk);
        let worker = std::thread::Builder::new().name("tonmeister-desk".into());
        let worker =
            worker.spawn(move || work(&own, &builder, scrapped)).map_err(|e| LiveError::Thread(e.to_string()))?;
        Ok((Live { desk, worker: Some(worker), sample_rate: rate }, player))
    }

    /// Plays from where it stands; but at the song's start, the sound comes in over 10 ms.
    pub fn play(&self) -> Result<(), LiveError> {
        self.order(Order::Play)
    }

    /// Stands still; the sound goes out over 10 ms. What processors remember stays, and sounds on with the next play.
    pub fn stop(&self) -> Result<(), LiveError> {
        self.order(Order::Stop)
    }

    /// Goes to a frame of the song. What is heard there is what a render has that begins the pre-roll before; while it
    /// plays, the sound goes over in 20 ms as soon as that is prepared.
    pub fn locate(&self, frame: u64) {
        self.ask(|state| state.asked = Some(Start::Locate(frame)));
    }

    /// Sets the loop: its first frame and the frame behind its last, at least 50 ms later. Nothing is heard of it before
    /// it comes round. A song that is behind its end plays on.
    pub fn set_loop(&self, cycle: Option<(u64, u64)>) -> Result<(), LiveError> {
        check_loop(cycle, self.sample_rate)?;
        self.ask(|state| {
            if state.cycle != cycle {
                state.cycle = cycle;
                state.asked = state.asked.or(Some(Start::Here));
            }
        });
        Ok(())
    }

    /// Plays the song as it is now. Controls that were turned (faders, mutes, solos, pans, sends, trims, VCAs, parameters of inserts)
    /// are on their way with the next block; anything else is compiled, played up to where the song is, and cross-faded
    /// in. What cannot be compiled is told by [`Live::troubles`], and the song plays on as it was.
    pub fn edit(&self, song: &Song) {
        let wanted = song.at_hand();
        self.ask(|state| {
            state.wanted = wanted;
            state.version += 1;
            state.likeness = Likeness::Unknown;
            state.turn();
        });
    }

    /// The frame of the song that is heard next.
    pub fn frame(&self) -> u64 {
        self.desk.shared.song.load(Ordering::Relaxed).max(0) as u64
    }

    /// Frames per second.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Where playing stands.
    pub fn status(&self) -> Status {
        let shared = &self.desk.shared;
        Status {
            frame: self.frame(),
            playing: shared.playing.load(Ordering::Acquire),
            missed_frames: shared.missed.load(Ordering::Relaxed),
            plans: shared.joined.load(Ordering::Relaxed),
            late_plans: shared.refused.load(Ordering::Relaxed),
            preparing: self.desk.state().is_at_work(),
        }
    }

    /// What went wrong since the last look: edits that cannot be compiled (the song plays on as it was), files that cannot
    /// be read (their tracks are silent from there on).
    pub fn troubles(&self) -> Vec<String> {
        let mut troubles = std::mem::take(&mut self.desk.state().troubles);
        troubles.append(&mut self.desk.making.troubles.lock().unwrap_or_else(PoisonError::into_inner));
        troubles
    }

    /// What the meters show.
    pub fn meters(&self) -> Vec<Meter> {
        let meters = Arc::clone(&self.desk.state().sounding.meters);
        meters.look()
    }

    /// What every dynamics processor takes off, each strip's in their order, and at last the master's. The most since the last
    /// look: where it lay inside a block and was less than what the processor took off at another time, what it takes off at
    /// the block's end stands for it.
    pub fn reductions(&self) -> Vec<Reduction> {
        let meters = Arc::clone(&self.desk.state().sounding.meters);
        meters.reductions()
    }

    /// What is carried out, as text; and how late it is, in frames.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.desk.state().sounding.plan)
    }

    /// Waits until everything that was asked for is on its way to the audio thread.
    pub fn settle(&self) {
        let mut state = self.desk.state();
        while state.is_at_work() && !self.desk.shared.over.load(Ordering::Acquire) {
            let waited = self.desk.wake.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn ask(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.desk.state());
        self.desk.wake.notify_all();
    }

    fn order(&self, order: Order) -> Result<(), LiveError> {
        if self.desk.shared.over.load(Ordering::Acquire) {
            return Err(LiveError::Deaf);
        }
        self.desk.state().orders.push(order).map_err(|_| LiveError::Deaf)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.ask(|state| state.quit = true);
        if let Some(worker) = self.worker.take() {
            // A worker that panicked has nothing more to say.
            let _ = worker.join();
        }
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sounding {
    fn of(deck: &Deck, song: Song) -> Self {
        let (plan, meters) = (Arc::clone(deck.plan()), Arc::clone(deck.meters()));
        Sounding { song, plan, timeline: deck.timeline(), meters, serial: deck.serial }
    }
}

impl State {
    /// Sends what of the wanted song can be turned.
    fn turn(&mut self) {
        let turned = turns(&self.sounding.plan, &self.sounding.song, &self.wanted);
        if self.orders.slots() < turned.turns.len() + ROOM {
            // The audio thread has not come round yet: once more, later.
            return;
        }
        self.likeness = if turned.complete { Likeness::Same } else { Likeness::Unlike };
        for turn in turned.turns {
            let _ = self.orders.push(Order::Turn(self.sounding.serial, turn));
        }
        self.sounding.song = turned.song;
    }

    fn is_at_work(&self) -> bool {
        self.busy || self.asked.is_some() || self.likeness == Likeness::Unknown || self.needs_a_plan()
    }

    fn needs_a_plan(&self) -> bool {
        self.likeness == Likeness::Unlike && self.failed != Some(self.version)
    }

    /// What is to be made next, when the last deck has been taken over.
    fn job(&mut self, shared: &Shared) -> Option<Start> {
        let (joined, refused) = (shared.joined.load(Ordering::Acquire), shared.refused.load(Ordering::Acquire));
        if joined + refused < self.sent {
            return None;
        }
        if let Some((before, start)) = self.before.take()
            && refused > self.refused
        {
            // It came too late: what sounded before still sounds, without the turns that were meant for it.
            self.sounding = before;
            self.asked = self.asked.or(Some(start));
            self.likeness = Likeness::Unknown;
        }
        self.refused = refused;
        if self.likeness == Likeness::Unknown {
            self.turn();
        }
        if self.needs_a_plan() {
            self.asked = self.asked.or(Some(Start::Here));
        }
        self.asked.take()
    }

    /// Sends a deck that plays that song.
    fn send(&mut self, mut deck: Deck, join: Join, song: &Song, start: Start) {
        // What was turned while it was made.
        let turned = turns(deck.plan(), song, &self.wanted);
        turned.turns.iter().for_each(|turn| deck.turn(turn));
        self.sent += 1;
        deck.serial = self.sent;
        let sounding = Sounding::of(&deck, turned.song);
        if self.orders.push(Order::Deck(Box::new(deck), join)).is_ok() {
            let before = std::mem::replace(&mut self.sounding, sounding);
            self.before = Some((before, start));
            self.likeness = if turned.complete { Likeness::Same } else { Likeness::Unlike };
        } else {
            self.sent -= 1;
            self.asked = self.asked.or(Some(start));
        }
    }
}

/// The thread that prepares.
fn work(desk: &Desk, builder: &Builder, mut scrap: Consumer<Box<Deck>>) {
    loop {
        while let Ok(deck) = scrap.pop() {
            drop(deck);
        }
        let mut state = desk.state();
        if state.quit {
            return;
        }
        let Some(start) = state.job(&desk.shared) else {
            state.busy = false;
            desk.wake.notify_all();
            drop(desk.wake.wait_timeout(state, LOOK));
            continue;
        };
        state.busy = true;
        let (song, version, cycle, timeline) =
            (state.wanted.clone(), state.version, state.cycle, state.sounding.timeline);
        drop(state);
        let is_wanted = || {
            let state = desk.state();
            !state.quit && !matches!(state.asked, Some(Start::Locate(_)))
        };
        let made = match start {
            Start::Locate(frame) => builder.at(&song, cycle, frame).map(|deck| Some((deck, Join::Now))),
            Start::Here => builder.here(&song, (timeline, cycle), &desk.shared, &is_wanted),
        };
        let mut state = desk.state();
        match made {
            // Somebody has gone elsewhere meanwhile.
            Ok(_) if matches!(state.asked, Some(Start::Locate(_))) => {}
            Ok(Some((deck, join))) => state.send(deck, join, &song, start),
            Ok(None) => {}
            Err(error) => {
                state.failed = Some(version);
                state.troubles.push(error.to_string());
            }
        }
    }
}

fn frames(seconds: f64, rate: u32) -> u64 {
    Frames::from_seconds(seconds, rate).0
}

fn check(options: &LiveOptions, rate: u32) -> Result<(), LiveError> {
    let refuse = |what: String| Err(LiveError::Option(what));
    if !(16..=MAX_BLOCK).contains(&options.block) {
        return refuse(format!("a block has 16 to {MAX_BLOCK} frames, not {}", options.block));
    }
    if !(0.1..=60.0).contains(&options.ahead_s) {
        return refuse(format!("clips are read 0.1 to 60 s ahead, not {}", options.ahead_s));
    }
    if !(0.0..=60.0).contains(&options.pre_roll_s) {
        return refuse(format!("the pre-roll is 0 to 60 s long, not {}", options.pre_roll_s));
    }
    if !(0.0..=60.0).contains(&options.memory_s) {
        return refuse(format!("an edit is played 0 to 60 s unheard, not {}", options.memory_s));
    }
    check_loop(options.cycle, rate)
}

fn check_loop(cycle: Option<(u64, u64)>, rate: u32) -> Result<(), LiveError> {
    let Some((from, to)) = cycle else { return Ok(()) };
    if to < from.saturating_add(frames(SHORTEST_LOOP_S, rate)) {
        let [from, to] = [from, to].map(|frame| frame as f64 / f64::from(rate));
        let what =
            format!("a loop ends at least 50 ms behind its beginning; this one goes from {from:.3} s to {to:.3} s");
        return Err(LiveError::Option(what));
    }
    Ok(())
}
