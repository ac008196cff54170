//! What sounds: still bands in one fast cascade, moving bands as state-variable filters between them.
//!
//! While nothing moves, the whole equalizer is one row of direct-form sections ([`Group`]s). An event *wakes* its
//! band: its states are carried over into state-variable form and it runs by itself, its coefficients computed anew
//! every [`STEP`] frames and interpolated for each frame between. While it moves, a closed-form design stands in for
//! the settled one; what separates the two is faded out after the band wakes and faded in when it comes to rest.
//! Then the band *settles*: its states go back and the cascade closes again.
//!
//! A band that is not for everything ([`Part`]), or on its way to being so, stands outside the row: what comes in is
//! kept, the band runs, and its part of the difference is let through.
//!
//! All of that hangs on the processor's own frame counter and on the frames of events, never on blocks.

use std::ops::Range;

use multiversion::multiversion;
use tonmeister_core::{Block, Context, Event, Layout, Processor, Tail};

use super::band::{Band, Placed, Shape};
use super::route::{Channel, Part, Route};
use super::svf::{self, Offset, Svf};
use super::travel::{ROUND_S, Way};
use crate::biquad::{Biquad, Group, give_out, tail_frames, take_in};
use crate::simd::Level;

/// Coefficients of what moves are computed at multiples of this many frames.
pub(crate) const STEP: u64 = 16;
/// At most so many frames at once, and a look for states grown too small after each.
const STRETCH: u64 = 512;
/// Below this a state is nothing (−500 dB); left alone it would become denormal, and slow.
const TINY: f64 = 1e-25;
/// How long a jump is eased, and a stand-in design faded in and out, in seconds.
const EASE_S: f64 = 0.02;
/// What reaches over the whole spectrum is rounded over so many times as long.
const FAR: f64 = 6.0;

/// Which value an event's number means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// The gain after everything.
    Output,
    /// Frequency (0), gain (1) or quality (2) of a band.
    Band(usize, usize),
    /// Whether a band is on.
    On(usize),
    /// What of the stereo picture a band works on.
    Channel(usize),
    /// A value fixed when built.
    Fixed,
}

/// One section's place, in whichever form it runs at the moment.
#[derive(Clone, Debug)]
struct Slot {
    born: Biquad,
    settled: Biquad,
    /// Of the direct form, while it is still and in no group.
    direct: [[f64; 2]; 2],
    /// Of the state-variable form, while it moves.
    integrators: [[f64; 2]; 2],
    coefficients: Svf,
    step: Svf,
    /// What the stand-in is moved by: this at waking, that at settling.
    waking: Offset,
    settling: Offset,
}

/// A band on the move.
#[derive(Clone, Copy, Debug)]
struct Motion {
    /// The frame at which the coefficients' present line began.
    line: u64,
    /// The frame since which the offset it woke with fades.
    woken: u64,
    /// The frame since which it has been settling, all its values at rest.
    settling: Option<u64>,
}

struct Voice {
    band: Band,
    /// Frequency, gain, quality.
    ways: [Way; 3],
    slots: Range<usize>,
    motion: Option<Motion>,
    route: Route,
}

impl Voice {
    fn new(band: &Band, route: Route, slots: Range<usize>, sample_rate: f64) -> Voice {
        let longer = if far_reaching(band.shape) { FAR } else { 1.0 };
        let rest = |value, by_factor| Way::rounded(value, by_factor, longer * ROUND_S * sample_rate);
        let ways = [rest(band.hz, true), rest(band.gain_db, false), rest(band.q, true)];
        Voice { band: *band, ways, slots, motion: None, route }
    }

    fn reset(&mut self) {
        let Band { hz, gain_db, q, .. } = self.band;
        for (way, value) in self.ways.iter_mut().zip([hz, gain_db, q]) {
            way.reset(value);
        }
        self.motion = None;
        self.route.reset();
    }

    fn band(&self, value: impl Fn(&Way) -> f64, highest_hz: f64) -> Band {
        let [hz, gain_db, q] = &self.ways;
        Band { shape: self.band.shape, hz: value(hz).min(highest_hz), gain_db: value(gain_db), q: value(q) }
    }

    /// The band as it should stand by the next step.
    fn next(&self, highest_hz: f64) -> Band {
        self.band(Way::mean, highest_hz)
    }

    /// The band as it will rest.
    fn end(&self, highest_hz: f64) -> Band {
        self.band(Way::end, highest_hz)
    }

    fn resting(&self, clock: u64) -> bool {
        self.ways.iter().all(|way| way.resting(clock))
    }
}

/// What runs next.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// A group of still sections.
    Still(usize),
    /// A section of a moving band.
    Moving { voice: usize, slot: usize },
    /// Remembers what comes in, for a band that is not for everything.
    Keep,
    /// Lets through of what such a band made what it is for.
    Blend { voice: usize },
}

/// A group and whose sections it holds.
struct Seat {
    group: Group,
    slots: Vec<usize>,
}

/// The gain after everything.
struct Output {
    born_db: f64,
    way: Way,
    gain: f64,
    step: f64,
    line: u64,
    moves: bool,
}

/// The equalizer's [`Processor`].
pub(crate) struct EqProcessor {
    voices: Vec<Voice>,
    slots: Vec<Slot>,
    seats: Vec<Seat>,
    stages: Vec<Stage>,
    targets: Vec<Target>,
    output: Output,
    wire: Vec<f64>,
    /// What came into a band that is not for everything.
    dry: Vec<f64>,
    layout: Layout,
    level: Level,
    sample_rate: f64,
    highest_hz: f64,
    ease: u32,
    clock: u64,
}

/// Whether a band answers to a change all over the spectrum: it moves more softly.
fn far_reaching(shape: Shape) -> bool {
    matches!(shape, Shape::Tilt | Shape::AllPass | Shape::BandPass | Shape::Notch)
}

fn db_gain(db: f64) -> f64 {
    tonmeister_core::Db(db).gain()
}

impl EqProcessor {
    pub(crate) fn new(
        bands: &[Placed],
        output_db: f64,
        targets: Vec<Target>,
        (sample_rate, layout): (u32, Layout),
        level: Level,
    ) -> EqProcessor {
        let sample_rate = f64::from(sample_rate);
        let mut slots = Vec::new();
        let mut voices = Vec::new();
        let ease = ((EASE_S * sample_rate / STEP as f64).ceil() * STEP as f64) as u32;
        for Placed { band, on, channel } in bands {
            let first = slots.len();
            for section in band.settled(sample_rate).as_slice() {
                slots.push(Slot::new(*section));
            }
            voices.push(Voice::new(band, Route::rest(*on, *channel, layout, ease), first..slots.len(), sample_rate));
        }
        let capacity = Group::capacity(level, layout);
        // Every band may stand alone, with a stretch of still bands before it.
        let most = slots.len() / capacity + 2 * voices.len() + 1;
        let seat = || Seat { group: Group::new(layout), slots: Vec::with_capacity(capacity) };
        let gain = db_gain(output_db);
        let mut processor = EqProcessor {
            seats: (0..most).map(|_| seat()).collect(),
            stages: Vec::with_capacity(slots.len() + most + 2 * voices.len()),
            wire: vec![0.0; STRETCH as usize * layout.channels()],
            dry: vec![0.0; STRETCH as usize * layout.channels()],
            output: Output {
                born_db: output_db,
                way: Way::rounded(output_db, false, FAR * ROUND_S * sample_rate),
                gain,
                step: 0.0,
                line: 0,
                moves: false,
            },
            ease,
            highest_hz: super::HIGHEST * sample_rate,
            clock: 0,
            voices,
            slots,
            targets,
            layout,
            level,
            sample_rate,
        };
        processor.seat();
        processor
    }

    /// Puts every still section into a group and lists what runs in which order. Does not allocate.
    fn seat(&mut self) {
        self.stages.clear();
        let capacity = Group::capacity(self.level, self.layout);
        let mut used = 0;
        let mut open = false;
        for (voice, v) in self.voices.iter().enumerate() {
            if v.route.rests_on(Part::NONE) {
                continue;
            }
            let alone = !v.route.rests_on(Part::WHOLE);
            if alone {
                self.stages.push(Stage::Keep);
                open = false;
            }
            for slot in v.slots.clone() {
                if v.motion.is_some() {
                    self.stages.push(Stage::Moving { voice, slot });
                    open = false;
                    continue;
                }
                let Slot { settled, direct, .. } = &self.slots[slot];
                if *settled == Biquad::IDENTITY {
                    continue;
                }
                if !open || self.seats[used - 1].group.len() == capacity {
                    self.seats[used].group.clear();
                    self.seats[used].slots.clear();
                    self.stages.push(Stage::Still(used));
                    used += 1;
                    open = true;
                }
                let seat = &mut self.seats[used - 1];
                seat.group.push(settled, *direct);
                seat.slots.push(slot);
            }
            if alone {
                self.stages.push(Stage::Blend { voice });
                open = false;
            }
        }
    }

    /// Takes the states of every still section back out of its group.
    fn unseat(&mut self) {
        for stage in &self.stages {
            let Stage::Still(seat) = stage else { continue };
            let Seat { group, slots } = &self.seats[*seat];
            for (place, slot) in slots.iter().enumerate() {
                self.slots[*slot].direct = group.states(place);
            }
        }
    }

    fn hear(&mut self, event: &Event) {
        match self.targets.get(event.param.0 as usize) {
            Some(Target::Output) => {
                let moved = self.output.way.set_out(self.clock, event.value, event.glide, 3 * self.ease);
                if moved && !self.output.moves {
                    self.output.aim(self.clock);
                }
            }
            Some(Target::Band(voice, value)) => {
                let (voice, value) = (*voice, *value);
                // A band that wakes needs to know where it stood, before its way leads elsewhere.
                let stood = self.voices[voice].end(self.highest_hz);
                let ease = if far_reaching(stood.shape) { 3 * self.ease } else { self.ease };
                let moved = self.voices[voice].ways[value].set_out(self.clock, event.value, event.glide, ease);
                match self.voices[voice].motion {
                    None if moved => self.wake(voice, &stood),
                    Some(motion) if moved => self.turn(voice, motion),
                    _ => {}
                }
            }
            Some(Target::On(voice)) => self.reroute(*voice, |route, clock| route.switch(clock, event.value >= 0.5)),
            Some(Target::Channel(voice)) => {
                self.reroute(*voice, |route, clock| route.send(clock, Channel::of(event.value)));
            }
            Some(Target::Fixed) | None => {}
        }
    }

    /// A band is switched, or sent to another part of the picture.
    fn reroute(&mut self, voice: usize, with: impl Fn(&mut Route, u64) -> bool) {
        let route = &mut self.voices[voice].route;
        let before = *route;
        if !with(route, self.clock) {
            return;
        }
        self.unseat();
        if before.rests_on(Part::NONE) {
            // It has heard nothing while it was off.
            for slot in self.voices[voice].slots.clone() {
                let slot = &mut self.slots[slot];
                (slot.direct, slot.integrators) = Default::default();
            }
        }
        self.seat();
    }

    /// A still band begins to move.
    fn wake(&mut self, voice: usize, stood: &Band) {
        self.unseat();
        let now = stood.moving(self.sample_rate);
        for (slot, quick) in self.voices[voice].slots.clone().zip(now.as_slice()) {
            let slot = &mut self.slots[slot];
            let quick = Svf::of(quick);
            slot.settling = Offset::NONE;
            if slot.settled == Biquad::IDENTITY {
                // It had no states. The stand-in starts as an identity too, so none are missed.
                slot.integrators = [[0.0; 2]; 2];
                slot.coefficients = quick;
                slot.waking = Offset::NONE;
            } else {
                slot.coefficients = Svf::of(&slot.settled);
                slot.waking = Offset::between(quick, slot.coefficients);
                slot.integrators = slot.direct.map(|w| Svf::states_from(w, slot.coefficients));
            }
        }
        self.voices[voice].motion = Some(Motion { line: self.clock, woken: self.clock, settling: None });
        self.aim(voice);
        self.seat();
    }

    /// A moving band hears of a new goal. What it was settling into becomes what it wakes from; a waking under way
    /// goes on, so that glide upon glide does not keep it from ending.
    fn turn(&mut self, voice: usize, motion: Motion) {
        if motion.settling.is_none() {
            return;
        }
        let (waking, settling) = self.fades(&motion, self.clock);
        for slot in self.voices[voice].slots.clone() {
            let slot = &mut self.slots[slot];
            slot.waking = slot.waking.blend(waking, slot.settling, settling);
            slot.settling = Offset::NONE;
        }
        self.voices[voice].motion = Some(Motion { woken: self.clock, settling: None, ..motion });
    }

    /// How much of the waking and of the settling offset holds at that frame.
    fn fades(&self, motion: &Motion, clock: u64) -> (f64, f64) {
        let raised = |since: u64| {
            let part = (clock.saturating_sub(since) as f64 / f64::from(self.ease)).min(1.0);
            0.5 - 0.5 * (std::f64::consts::PI * part).cos()
        };
        (1.0 - raised(motion.woken), motion.settling.map_or(0.0, raised))
    }

    /// Draws a new line for a moving band's coefficients, from where they are to the next step.
    fn aim(&mut self, voice: usize) {
        let Some(motion) = &mut self.voices[voice].motion else { return };
        motion.line = self.clock;
        let motion = *motion;
        let goal = (self.clock / STEP + 1) * STEP;
        let (waking, settling) = self.fades(&motion, goal);
        let sections = self.voices[voice].next(self.highest_hz).moving(self.sample_rate);
        for (slot, quick) in self.voices[voice].slots.clone().zip(sections.as_slice()) {
            let slot = &mut self.slots[slot];
            let there = slot.waking.blend(waking, slot.settling, settling).apply(Svf::of(quick));
            slot.step = slot.coefficients.step_to(there, (goal - self.clock) as u32);
        }
    }

    /// At a step: every moving band draws its next line, begins to settle, or is done.
    fn step(&mut self) {
        let clock = self.clock;
        let arrived = self.voices.iter_mut().fold(false, |any, voice| voice.route.arrive(clock) | any);
        if arrived {
            self.unseat();
            self.seat();
        }
        for voice in 0..self.voices.len() {
            let Some(motion) = self.voices[voice].motion else { continue };
            for slot in self.voices[voice].slots.clone() {
                let slot = &mut self.slots[slot];
                slot.coefficients = slot.coefficients.after(slot.step, (self.clock - motion.line) as f64);
            }
            let clock = self.clock;
            self.voices[voice].ways.iter_mut().for_each(|way| way.record(clock));
            match motion.settling {
                None if self.voices[voice].resting(self.clock) => self.begin_to_settle(voice),
                Some(since) if self.clock >= since + u64::from(self.ease) => {
                    self.settle(voice);
                    continue;
                }
                _ => {}
            }
            self.aim(voice);
        }
        if self.output.moves {
            self.output.way.record(self.clock);
            self.output.aim(self.clock);
        }
    }

    fn begin_to_settle(&mut self, voice: usize) {
        let here = self.voices[voice].end(self.highest_hz);
        let (quick, settled) = (here.moving(self.sample_rate), here.settled(self.sample_rate));
        let sections = quick.as_slice().iter().zip(settled.as_slice());
        for (slot, (quick, settled)) in self.voices[voice].slots.clone().zip(sections) {
            let slot = &mut self.slots[slot];
            slot.settled = *settled;
            slot.settling = if *settled == Biquad::IDENTITY {
                Offset::NONE
            } else {
                Offset::between(Svf::of(quick), Svf::of(settled))
            };
        }
        if let Some(motion) = &mut self.voices[voice].motion {
            motion.settling = Some(self.clock);
        }
    }

    /// A band that has come to rest goes back to direct form.
    fn settle(&mut self, voice: usize) {
        self.unseat();
        for slot in self.voices[voice].slots.clone() {
            let slot = &mut self.slots[slot];
            let coefficients = Svf::of(&slot.settled);
            slot.direct = slot.integrators.map(|s| Svf::states_into(s, coefficients));
        }
        self.voices[voice].motion = None;
        self.seat();
    }

    fn moves(&self) -> bool {
        self.output.moves || self.voices.iter().any(|voice| voice.motion.is_some() || voice.route.moves())
    }

    /// Runs up to the next step, event or end; all coefficients' lines are drawn.
    fn run(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let channels = self.layout.channels();
        let wire = &mut self.wire[..frames * channels];
        let dry = &mut self.dry[..frames * channels];
        take_in(wire, block.view());
        silence_what_is_no_number(wire);
        for stage in &self.stages {
            match *stage {
                Stage::Still(seat) => self.seats[seat].group.run(self.level, wire),
                Stage::Moving { voice, slot } => {
                    let Some(Motion { line, .. }) = self.voices[voice].motion else { continue };
                    let Slot { coefficients, step, integrators, .. } = &mut self.slots[slot];
                    let passed = self.clock - line;
                    match self.layout {
                        Layout::Mono => svf::run::<1>(*coefficients, *step, passed, integrators, wire),
                        Layout::Stereo => svf::run::<2>(*coefficients, *step, passed, integrators, wire),
                    }
                }
                Stage::Keep => dry.copy_from_slice(wire),
                Stage::Blend { voice } => self.voices[voice].route.blend(self.clock, channels, dry, wire),
            }
        }
        let steady = self.output.raise(self.clock, self.layout, wire);
        give_out(wire, block, steady);
        self.clock += frames as u64;
        if self.clock.is_multiple_of(STRETCH) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.seats.iter_mut().for_each(|seat| seat.group.flush());
        for state in self.slots.iter_mut().flat_map(|slot| slot.integrators.as_flattened_mut()) {
            if state.abs() < TINY {
                *state = 0.0;
            }
        }
    }
}

/// What is infinite or not a number would never leave a state again.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn silence_what_is_no_number(wire: &mut [f64]) {
    for sample in wire {
        *sample = if sample.abs() < f64::INFINITY { *sample } else { 0.0 };
    }
}

impl Slot {
    fn new(section: Biquad) -> Slot {
        let coefficients = Svf::of(&section);
        Slot {
            born: section,
            settled: section,
            direct: [[0.0; 2]; 2],
            integrators: [[0.0; 2]; 2],
            coefficients,
            step: coefficients,
            waking: Offset::NONE,
            settling: Offset::NONE,
        }
    }
}

impl Output {
    fn now(&self, clock: u64) -> f64 {
        self.gain + self.step * (clock - self.line) as f64
    }

    /// Draws a new line from where the gain is to the next step.
    fn aim(&mut self, clock: u64) {
        self.gain = self.now(clock);
        self.line = clock;
        self.moves = !self.way.resting(clock);
        if self.moves {
            let goal = (clock / STEP + 1) * STEP;
            self.step = (db_gain(self.way.mean()) - self.gain) / (goal - clock) as f64;
        } else {
            (self.gain, self.step) = (db_gain(self.way.end()), 0.0);
        }
    }

    /// Applies a moving gain; gives what gain is left to apply.
    fn raise(&self, clock: u64, layout: Layout, wire: &mut [f64]) -> f64 {
        if !self.moves {
            return self.gain;
        }
        for (n, frame) in wire.chunks_exact_mut(layout.channels()).enumerate() {
            let gain = self.now(clock + n as u64);
            for sample in frame {
                *sample *= gain;
            }
        }
        1.0
    }
}

impl Processor for EqProcessor {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events;
        let mut at = 0;
        while at < frames {
            while let Some((event, rest)) = events.split_first() {
                if event.at as usize > at {
                    break;
                }
                self.hear(event);
                events = rest;
            }
            if self.clock.is_multiple_of(STEP) && self.moves() {
                self.step();
            }
            let stride = if self.moves() { STEP } else { STRETCH };
            let mut end = frames.min(at + (stride - self.clock % stride) as usize);
            if let Some(event) = events.first() {
                end = end.min(event.at as usize);
            }
            self.run(&mut block.part(at, end));
            at = end;
        }
    }

    /// Of the settings it was born with. Allocates: not for the audio thread.
    fn tail(&self) -> Tail {
        let sections: Vec<Biquad> = self.slots.iter().map(|slot| slot.born).collect();
        Tail::Frames(tail_frames(&sections))
    }

    fn reset(&mut self) {
        self.voices.iter_mut().for_each(Voice::reset);
        for slot in &mut self.slots {
            *slot = Slot::new(slot.born);
        }
        self.output.way.reset(self.output.born_db);
        (self.output.step, self.output.line) = (0.0, 0);
        self.output.aim(0);
        self.clock = 0;
        self.seat();
    }
}
