//! A strip at work: gathers what it listens to, does what its inserts do, and offers the result to the others.

use std::sync::Arc;

use tonmeister_core::{
    Block, Buffer, Context, Event, GainReduction, Layout, LentGains, Levels, ParamIndex, Processor, Source,
    SourceError, View,
};
use tonmeister_session::model::Target;
use tonmeister_session::tables::STRIP;

use crate::automation::Motion;
use crate::clip::{ClipPlayer, Library};
use crate::follow::{Control, Ear, Moved};
use crate::kept::{Keeper, Kept, Told};
use crate::live::{Feed, Reel, Timeline, Trimming, Turning};
use crate::mix::{Gains, motion, round_scaled, strip_motion};
use crate::name::ENTRY;
use crate::part::Part;
use crate::plan::{self, Path, Plan, PlanControl};

mod way;

pub(crate) use way::{Key, Way};

/// Sums are made in steps of at most this many frames: they stay in the fastest memory while one signal after the other
/// is added to them.
const STEP: usize = 1024;

/// The published signals of the other nodes, for the block that is being made.
pub(crate) trait Signals {
    /// What left the inserts of that node.
    fn of(&self, node: usize) -> View<'_>;

    /// The gains that the first insert of that node laid on, where it lends them.
    fn gains(&self, node: usize) -> &LentGains;
}

/// Holds a signal back by a whole number of frames. The same for any block size.
pub(crate) struct DelayLine<T> {
    ring: Vec<T>,
    at: usize,
}

impl<T: Copy + Default> DelayLine<T> {
    pub(crate) fn new(frames: u64) -> Self {
        DelayLine { ring: vec![T::default(); frames as usize], at: 0 }
    }

    /// Whether it holds nothing back.
    pub(crate) fn is_none(&self) -> bool {
        self.ring.is_empty()
    }

    pub(crate) fn process(&mut self, samples: &mut [T]) {
        if self.ring.is_empty() {
            return;
        }
        for x in samples {
            std::mem::swap(x, &mut self.ring[self.at]);
            self.at += 1;
            if self.at == self.ring.len() {
                self.at = 0;
            }
        }
    }
}

/// A path into this node.
pub(crate) struct Input {
    pub(crate) way: Way,
    pub(crate) gains: Gains,
    /// One line per side; they hold nothing back where no delay is due.
    delay: Option<[DelayLine<f64>; 2]>,
}

impl Input {
    /// A signal that nobody else is added to, as a stem of one strip has it, needs no sums. It begins at that frame of the
    /// song. Whether it could be had so: not one that waits.
    fn alone(&mut self, frame: i64, signals: &impl Signals, sums: &mut [Vec<f64>; 2], block: &mut Block<'_>) -> bool {
        let frames = block.frames();
        let Some((left, right)) = block.pair_mut().filter(|_| self.delay.is_none()) else { return false };
        for from in (0..frames).step_by(STEP) {
            let to = (from + STEP).min(frames);
            let view = self.way.view(frames, signals).part(from, to);
            let out = [&mut left[from..to], &mut right[from..to]];
            self.gains.put(frame + from as i64, view, parts(sums, to - from), out);
        }
        true
    }
}

pub(crate) struct Insert {
    /// Its place in the strip's list.
    pub(crate) place: usize,
    processor: Box<dyn Processor>,
    /// When it works on a part of the signal only.
    part: Option<Part>,
    layout: Layout,
    /// How late the signal is when it arrives here.
    pub(crate) lateness: i64,
    motions: Vec<(ParamIndex, Motion)>,
    /// The levels that they follow.
    controls: Vec<Control>,
    pub(crate) key: Option<Key>,
    /// The node that lends it gains.
    lender: Option<usize>,
    /// Turned by hand since the last block.
    pub(crate) turning: Turning,
}

/// Where the signal begins.
pub(crate) enum Entry {
    /// At a track's clips.
    Clips(ClipPlayer),
    /// At a track's clips, read ahead by somebody else.
    Feed(Box<dyn Feed>),
    /// At the sum of other nodes.
    Sum { inputs: Vec<Input>, sums: [Vec<f64>; 2], scratch: [Vec<f64>; 2], delay: [DelayLine<f32>; 2] },
    /// At the part of the strip before this one; both its channels wait as long.
    Through { from: usize, delay: [DelayLine<f32>; 2] },
    /// At a render that was kept: all of it is done.
    Kept(Box<dyn Source>),
    /// At the level of a signal.
    Level(Box<(Key, Ear)>),
}

/// A node of the plan at work.
pub(crate) struct Node {
    pub(crate) stage: usize,
    pub(crate) entry: Entry,
    entry_layout: Layout,
    layout: Layout,
    /// How late the signal is when it enters.
    pub(crate) arrival: u64,
    pub(crate) sample_delay: u64,
    pub(crate) trimming: Trimming,
    /// The levels that trim follows, and those that the node's own fader follows.
    controls: [Vec<Control>; 2],
    pub(crate) inserts: Vec<Insert>,
    events: Vec<Event>,
    /// The master applies its own fader: nobody sums it.
    pub(crate) out_gains: Option<(Gains, [Vec<f64>; 2])>,
    /// What leaves the inserts, of the block just made.
    pub(crate) fresh: Buffer,
    /// The gains that its first insert laid on that block, where others borrow them.
    pub(crate) lent: Option<LentGains>,
    /// Takes a copy of that.
    keeper: Option<Box<dyn Keeper>>,
    /// What the dynamics did in a render that was kept.
    remembered: Told,
    /// It begins in the middle of the song: its processors have yet to be told where their parameters stand there.
    begins: bool,
    /// The place on the timeline that is made next.
    pub(crate) position: i64,
    timeline: Timeline,
    pub(crate) failed: Option<SourceError>,
}

impl Node {
    /// The node at that place of the plan, for blocks of at most `block` frames.
    pub(crate) fn new(
        plan: &Plan,
        place: usize,
        (processors, kept): (Vec<Box<dyn Processor>>, Option<Kept>),
        library: &Arc<dyn Library>,
        block: usize,
    ) -> Self {
        let node = &plan.nodes[place];
        let rate = plan.sample_rate;
        let strip = &*node.values;
        let sample_delay = strip.get("delay_samples") as u64;
        let pair = || [vec![0.0; block.min(STEP)], vec![0.0; block.min(STEP)]];
        let lines = |frames| [DelayLine::new(frames), DelayLine::new(frames)];
        let mut remembered = Told::default();
        let entry = match (kept, node.entry, node.hearing) {
            (Some(kept), ..) => {
                remembered = kept.told;
                Entry::Kept(kept.source)
            }
            (None, plan::Entry::Clips, _) => {
                Entry::Clips(ClipPlayer::new(Arc::clone(library), rate, &node.clips, block))
            }
            (None, plan::Entry::Through, _) => {
                let edge = &node.inputs[0];
                Entry::Through { from: edge.from, delay: lines(edge.delay) }
            }
            (None, _, Some(hearing)) => {
                Entry::Level(Box::new((Key::new(plan, &node.inputs[0], block), Ear::new(hearing, rate))))
            }
            (None, ..) => {
                let inputs = node.inputs.iter().map(|edge| Input {
                    way: Way::new(plan, edge, block),
                    gains: Gains::new(&edge.strip, plan.nodes[edge.from].layout, edge.path, edge.law, rate),
                    delay: (edge.delay > 0).then(|| [DelayLine::new(edge.delay), DelayLine::new(edge.delay)]),
                });
                Entry::Sum { inputs: inputs.collect(), sums: pair(), scratch: pair(), delay: lines(sample_delay) }
            }
        };
        let controls = |works: &dyn Fn(Moved) -> bool| {
            let own: Vec<PlanControl> = node.controls.iter().filter(|control| works(control.moved)).cloned().collect();
            Control::all(&own, block)
        };
        let inserts = node.inserts.iter().zip(processors).map(|(insert, processor)| {
            let settings = &strip.inserts[insert.place].settings;
            let targets = (0..settings.count() as u32).map(ParamIndex).filter_map(|param| {
                let target = Target::Insert { insert: insert.place, param };
                let moves = strip.automation.iter().any(|lane| lane.target == target && lane.moves());
                moves.then(|| (param, motion(strip, target, settings.at(param).1, rate)))
            });
            Insert {
                place: insert.place,
                turning: Turning::new(settings.count()),
                processor,
                part: Part::new(insert.channels, insert.latency, block),
                layout: insert.layout,
                lateness: (node.arrival + insert.before) as i64,
                motions: targets.collect(),
                controls: controls(
                    &|moved| matches!(moved, Moved::Lane(Target::Insert { insert: at, .. }) if at == insert.place),
                ),
                key: insert.key.as_ref().map(|edge| Key::new(plan, edge, block)),
                lender: insert.lender,
            }
        });
        let inserts: Vec<Insert> = inserts.collect();
        let enters = |moved| matches!(moved, Moved::Lane(Target::Strip(at)) if ENTRY.contains(&STRIP[at].id));
        let inside = |moved| matches!(moved, Moved::Lane(Target::Insert { .. }));
        let controls = [controls(&enters), controls(&|moved| !enters(moved) && !inside(moved))];
        // What a block may bring at most, so that nothing grows while it sounds.
        let most = |insert: &Insert| {
            let moves: usize = insert.motions.iter().map(|(_, motion)| motion.most_events(block)).sum();
            moves + insert.turning.most()
        };
        let events = Vec::with_capacity(inserts.iter().map(most).max().unwrap_or(0));
        let out_gains = node.ends.map(|law| (Gains::new(strip, Layout::Stereo, Path::Output, law, rate), pair()));
        Node {
            stage: node.stage,
            entry,
            entry_layout: node.before,
            layout: node.layout,
            arrival: node.arrival,
            sample_delay,
            trimming: Trimming::new(strip_motion(strip, "trim_db", rate), strip_motion(strip, "polarity", rate), rate),
            controls,
            inserts,
            events,
            out_gains,
            fresh: Buffer::new(node.layout, block),
            lent: None,
            keeper: None,
            remembered,
            begins: false,
            position: 0,
            timeline: Timeline::STRAIGHT,
            failed: None,
        }
    }

    /// Begins at that frame of the stream instead of at the first.
    pub(crate) fn start_at(&mut self, frame: u64) -> Result<(), SourceError> {
        if let Entry::Kept(source) = &mut self.entry {
            source.skip(frame)?;
        }
        self.set_out(frame as i64);
        Ok(())
    }

    /// The place that is made first, and what the processors have to know of it.
    fn set_out(&mut self, at: i64) {
        self.position = at;
        self.begins = at != 0;
        if at > 0 {
            self.inserts.iter_mut().for_each(|insert| insert.processor.begin_at(at as u64));
        }
    }

    /// Begins at that place of a timeline; its clips are read by somebody else.
    pub(crate) fn go_live(
        &mut self,
        timeline: Timeline,
        at: i64,
        rate: u32,
        feed: &mut dyn FnMut(Reel) -> Box<dyn Feed>,
    ) {
        self.timeline = timeline;
        self.set_out(at);
        if let Entry::Clips(player) = &self.entry {
            let from = at - (self.arrival + self.sample_delay) as i64;
            let reel = Reel::new(player.another(crate::compile::MAX_BLOCK), timeline, self.entry_layout, from, rate);
            self.entry = Entry::Feed(feed(reel));
        }
    }

    /// Makes the next `frames` frames into [`Node::fresh`].
    pub(crate) fn process(&mut self, frames: usize, signals: &impl Signals) {
        if self.failed.is_none() {
            if let Err(error) = self.gather(frames, signals) {
                self.failed = Some(error);
                self.fresh.block(frames).silence();
            } else {
                self.insert(frames, signals);
                self.finish(frames, signals);
            }
            if let Some(keeper) = &mut self.keeper {
                keeper.push(self.fresh.view(frames));
            }
        }
        self.position += frames as i64;
    }

    /// Hands a copy of all that follows to somebody.
    pub(crate) fn keep(&mut self, keeper: Option<Box<dyn Keeper>>) {
        self.keeper = keeper;
    }

    /// Room for the gains of its first insert, which somebody borrows.
    pub(crate) fn room_for_gains(&self, block: usize) -> LentGains {
        LentGains::new(self.inserts.first().map_or(self.layout, |insert| insert.layout), block)
    }

    /// The copy is complete, unless something failed.
    pub(crate) fn end(&mut self) {
        let told = Told { reductions: self.gain_reductions().collect(), levels: self.levels().collect() };
        if let Some(keeper) = self.keeper.take().filter(|_| self.failed.is_none()) {
            keeper.finish(&told);
        }
    }

    /// Clips or sum, trim, polarity, delay; then both channels filled if an insert wants two.
    fn gather(&mut self, frames: usize, signals: &impl Signals) -> Result<(), SourceError> {
        let song = |lateness: i64| self.timeline.song(self.position - lateness);
        let entry_frame = song(self.arrival as i64);
        let trim_frame = match &self.entry {
            Entry::Sum { .. } => entry_frame,
            _ => song((self.arrival + self.sample_delay) as i64),
        };
        for control in &mut self.controls[0] {
            control.hand_on(frames, signals, |_, levels| self.trimming.hear(trim_frame, levels));
        }
        let mut block = self.fresh.block(frames);
        match &mut self.entry {
            Entry::Level(level) => {
                let (key, ear) = &mut **level;
                let frame = song(key.way.lateness);
                let heard = key.listen(frame, frames, signals);
                ear.process(entry_frame, heard, block.channel_mut(0));
            }
            Entry::Kept(source) => {
                let mut done = 0;
                while done < frames {
                    match source.read(&mut block.part(done, frames))? {
                        0 => return Err(SourceError::new("a render that was kept ended early")),
                        got => done += got,
                    }
                }
            }
            Entry::Through { from, delay } => {
                let view = signals.of(*from);
                for (channel, line) in delay.iter_mut().enumerate().take(view.layout().channels()) {
                    let out = block.channel_mut(channel);
                    out.copy_from_slice(view.channel(channel));
                    line.process(out);
                }
            }
            Entry::Clips(player) => {
                let late = self.arrival + self.sample_delay;
                // The first frames of a track that waits for others are silence.
                let from = self.position - late as i64;
                let wait = (-from).clamp(0, frames as i64) as usize;
                block.part(0, wait).silence();
                if wait < frames {
                    let mut sounding = block.part(wait, frames);
                    let mut entry = match self.entry_layout {
                        Layout::Mono => Block::mono(sounding.channel_mut(0)),
                        Layout::Stereo => sounding,
                    };
                    player.read((from + wait as i64) as u64, &mut entry)?;
                }
                self.trimming.process(trim_frame, &mut block, self.entry_layout);
            }
            Entry::Feed(feed) => {
                let late = (self.arrival + self.sample_delay) as i64;
                let mut entry = match self.entry_layout {
                    Layout::Mono => Block::mono(block.channel_mut(0)),
                    Layout::Stereo => block.part(0, frames),
                };
                feed.read(self.position - late, &mut entry);
                self.trimming.process(trim_frame, &mut block, self.entry_layout);
            }
            Entry::Sum { inputs, sums, scratch, delay } => {
                for Input { way, gains, .. } in inputs.iter_mut() {
                    way.take_in(song(way.lateness), frames, signals, gains);
                }
                let from = song(inputs.first().map_or(0, |one| one.way.lateness));
                let alone = inputs.len() == 1 && inputs[0].alone(from, signals, sums, &mut block);
                for from in (0..if alone { 0 } else { frames }).step_by(STEP) {
                    let to = (from + STEP).min(frames);
                    let steps = to - from;
                    for sum in parts(sums, steps) {
                        sum.fill(0.0);
                    }
                    for input in inputs.iter_mut() {
                        let frame = song(input.way.lateness) + from as i64;
                        let view = input.way.view(frames, signals).part(from, to);
                        match &mut input.delay {
                            None => input.gains.add(frame, view, parts(sums, steps)),
                            Some(lines) => {
                                for late in parts(scratch, steps) {
                                    late.fill(0.0);
                                }
                                input.gains.add(frame, view, parts(scratch, steps));
                                let late = parts(scratch, steps).into_iter().zip(lines);
                                for ((late, line), sum) in late.zip(parts(sums, steps)) {
                                    line.process(late);
                                    sum.iter_mut().zip(late).for_each(|(s, x)| *s += *x);
                                }
                            }
                        }
                    }
                    for (channel, sum) in sums.iter().enumerate() {
                        round_scaled(&sum[..steps], 1.0, &mut block.channel_mut(channel)[from..to]);
                    }
                }
                self.trimming.process(trim_frame, &mut block, Layout::Stereo);
                for (channel, line) in delay.iter_mut().enumerate() {
                    line.process(block.channel_mut(channel));
                }
            }
        }
        Ok(())
    }

    fn insert(&mut self, frames: usize, signals: &impl Signals) {
        if matches!(self.entry, Entry::Kept(_)) {
            return;
        }
        let mut layout = self.entry_layout;
        for (number, insert) in self.inserts.iter_mut().enumerate() {
            let mut block = self.fresh.block(frames);
            if layout == Layout::Mono && insert.layout == Layout::Stereo {
                spread(&mut block);
                layout = Layout::Stereo;
            }
            if let Some(lender) = insert.lender {
                let mut audio = match insert.layout {
                    Layout::Mono => Block::mono(block.channel_mut(0)),
                    Layout::Stereo => block,
                };
                insert.processor.process_with(&mut audio, signals.gains(lender));
                continue;
            }
            let from = self.timeline.song(self.position - insert.lateness);
            for control in &mut insert.controls {
                let motions = &mut insert.motions;
                control.hand_on(frames, signals, |moved, levels| {
                    let Moved::Lane(Target::Insert { param, .. }) = moved else { return };
                    for (_, motion) in motions.iter_mut().filter(|(own, _)| *own == param) {
                        motion.hear(from, levels);
                    }
                });
            }
            let anew = self.begins | insert.turning.jumped(from, frames);
            self.events.clear();
            insert.turning.tell(&mut self.events);
            for (param, motion) in &insert.motions {
                let to = from + frames as i64;
                if anew {
                    motion.first_events(from, to, *param, &mut self.events);
                } else {
                    motion.events(from, to, *param, &mut self.events);
                }
            }
            if !insert.motions.is_empty() && self.events.len() > 1 {
                // Where a parameter stands comes before where it goes from there.
                self.events.sort_unstable_by_key(|e| (e.at, e.param, e.glide));
            }
            let key = insert.key.as_mut().map(|key| {
                let frame = self.timeline.song(self.position - key.way.lateness);
                key.listen(frame, frames, signals)
            });
            let context = Context { events: &self.events, key };
            let mut audio = match insert.layout {
                Layout::Mono => Block::mono(block.channel_mut(0)),
                Layout::Stereo => block,
            };
            match (&mut insert.part, self.lent.as_mut().filter(|_| number == 0)) {
                (Some(part), _) => part.process(&mut *insert.processor, &mut audio, &context),
                (None, Some(lent)) => insert.processor.process_lending(&mut audio, &context, lent),
                (None, None) => insert.processor.process(&mut audio, &context),
            }
        }
        self.begins = false;
        if layout == Layout::Mono && self.layout == Layout::Stereo {
            spread(&mut self.fresh.block(frames));
        }
    }

    /// The master's own fader and pan.
    fn finish(&mut self, frames: usize, signals: &impl Signals) {
        let Some((gains, [left, right])) = &mut self.out_gains else { return };
        let late = late(&self.inserts, self.arrival);
        let song = self.timeline.song(self.position - late as i64);
        for control in &mut self.controls[1] {
            control.hand_on(frames, signals, |moved, levels| gains.hear(moved, song, levels));
        }
        let mut block = self.fresh.block(frames);
        let Some((one, other)) = block.pair_mut() else { return };
        for from in (0..frames).step_by(STEP) {
            let to = (from + STEP).min(frames);
            let sums = [&mut left[..to - from], &mut right[..to - from]];
            gains.put_back(song + from as i64, sums, (&mut one[from..to], &mut other[from..to]));
        }
    }

    /// What one insert does to the level, where it is made here and a dynamics processor.
    pub(crate) fn gain_reduction(&self, insert: usize) -> Option<GainReduction> {
        self.inserts.get(insert)?.processor.gain_reduction()
    }

    /// What each insert did to the level, where it is a dynamics processor.
    pub(crate) fn gain_reductions(&self) -> impl Iterator<Item = (usize, GainReduction)> + '_ {
        let made = self.inserts.iter().enumerate();
        let made = made.filter_map(|(i, insert)| Some((i, insert.processor.gain_reduction()?)));
        made.chain(self.remembered.reductions.iter().copied())
    }

    /// What each insert heard, where it is a meter.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (usize, Levels)> + '_ {
        let made = self.inserts.iter().enumerate();
        let made = made.filter_map(|(i, insert)| Some((i, insert.processor.levels()?)));
        made.chain(self.remembered.levels.iter().copied())
    }
}

/// How late the signal is behind the inserts.
pub(crate) fn late(inserts: &[Insert], arrival: u64) -> u64 {
    inserts.last().map_or(0, |i| i.lateness as u64 + i.processor.latency().0).max(arrival)
}

/// The first frames of both sums.
fn parts(sums: &mut [Vec<f64>; 2], frames: usize) -> [&mut [f64]; 2] {
    sums.each_mut().map(|sum| &mut sum[..frames])
}

/// The first channel onto the second.
fn spread(block: &mut Block<'_>) {
    if let Some((left, right)) = block.pair_mut() {
        right.copy_from_slice(left);
    }
}
