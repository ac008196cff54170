//! What every dynamics effect is made of, apart from what it decides.
//!
//! A [`Machine`] cuts blocks at events and on the stream's own grid, takes out what is no number, hears the side-chain
//! (its own, or an external key), delays the audio by the look-ahead, lays the gains on it and moves the needle. What
//! gains those are is the affair of its [`Decision`].

use tonmeister_core::{
    Block, Context, Event, Frames, GainReduction, Layout, LentGains, Memory, Processor, Stream, View,
};

use super::curve::at_least;
use super::detector::{Detector, Listening};
use super::parts::{DelayLine, Needle};

/// How many frames are worked on at a time: what they are worked out in stays in the nearest cache, and the stages of
/// [`Ballistics`](super::ballistics::Ballistics) overlap.
pub(crate) const PART: usize = 256;
/// States that have become nothing are put to rest on this grid of the stream's frames.
const SETTLE_GRID: u64 = 256;

/// How the two sides of a stereo sound are heard as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The louder one counts.
    Louder,
    /// Their powers are added.
    Power,
}

impl Link {
    /// Two levels as one, both amplitudes (`power` false) or powers.
    #[inline]
    pub(crate) fn together(self, a: f64, b: f64, power: bool) -> f64 {
        match (self, power) {
            (Link::Louder, _) => at_least(a, b),
            (Link::Power, true) => a + b,
            (Link::Power, false) => (a * a + b * b).sqrt(),
        }
    }
}

/// What one part is worked out in.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// What is heard on each side, as [`Detector::run`] reads it; a [`Decision`] leaves reductions in dB here.
    pub(crate) lanes: [[f64; PART]; 2],
    /// The gain of each side.
    pub(crate) gains: [[f64; PART]; 2],
}

/// The gains of a part.
pub(crate) enum Verdict {
    /// One for all frames, and the reduction in dB that the needle shows.
    Constant { gain: f64, reduction_db: f64 },
    /// They are in [`Work::gains`], and the reductions in [`Work::lanes`].
    Moving,
}

/// What one effect makes of the levels that it hears.
pub(crate) trait Decision: Send {
    /// A parameter starts to move.
    fn begin(&mut self, event: &Event);

    /// How many gains a frame has: one for both sides, or one for each. May change from part to part.
    fn lanes(&self) -> usize;

    /// Gains for the next frames, at most [`PART`].
    fn decide(&mut self, work: &mut Work, frames: usize) -> Verdict;

    /// States that are as good as nothing come to rest. Called on a fixed grid of the stream's frames.
    fn settle(&mut self);

    /// How far back it remembers what its detector read, with the parameters it was born with.
    fn memory(&self) -> Memory {
        Memory::Endless
    }

    /// Back to the state it was born in.
    fn reset(&mut self);
}

/// A dynamics effect that sounds.
pub(crate) struct Machine<D> {
    decision: D,
    link: Link,
    power: bool,
    detectors: [Detector; 2],
    latency: Frames,
    delays: Vec<DelayLine>,
    needle: Needle,
    frame: u64,
    work: Box<Work>,
    /// What another one's needle showed, whose gains were laid on.
    borrowed: Option<GainReduction>,
}

/// How many frames a look-ahead takes.
pub(crate) fn lookahead(ms: f64, sample_rate: u32) -> Frames {
    Frames::from_seconds(ms / 1000.0, sample_rate)
}

impl<D: Decision> Machine<D> {
    pub(crate) fn new(decision: D, listening: &Listening, link: Link, lookahead_ms: f64, stream: &Stream) -> Self {
        let detector = Detector::new(listening, stream.sample_rate);
        let latency = lookahead(lookahead_ms, stream.sample_rate);
        Machine {
            decision,
            link,
            power: listening.kind.reads_power(),
            detectors: [detector.clone(), detector],
            latency,
            delays: vec![DelayLine::new(latency.0 as usize); stream.layout.channels()],
            needle: Needle::default(),
            frame: 0,
            work: Box::new(Work { lanes: [[0.0; PART]; 2], gains: [[0.0; PART]; 2] }),
            borrowed: None,
        }
    }

    /// How loud each lane is, as the detector reads it: both sides together when there is one lane.
    fn listen(&mut self, heard: View<'_>) {
        let frames = heard.frames();
        let [first, second] = &mut self.work.lanes;
        self.detectors[0].run(heard.channel(0), &mut first[..frames]);
        if heard.layout() == Layout::Stereo {
            self.detectors[1].run(heard.channel(1), &mut second[..frames]);
            if self.decision.lanes() == 1 {
                for (a, b) in first[..frames].iter_mut().zip(&second[..frames]) {
                    *a = self.link.together(*a, *b, self.power);
                }
            }
        } else if self.decision.lanes() == 2 {
            second[..frames].copy_from_slice(&first[..frames]);
        }
    }

    /// At most [`PART`] frames, without an event inside; they begin at frame `at` of the block whose gains are lent.
    fn part(&mut self, block: &mut Block<'_>, key: Option<View<'_>>, lent: Option<(usize, &mut LentGains)>) {
        let frames = block.frames();
        block.channels_mut().for_each(take_out_broken);
        self.listen(key.unwrap_or(block.view()));
        match self.decision.decide(&mut self.work, frames) {
            Verdict::Constant { gain, reduction_db } => {
                if let Some((at, lent)) = lent {
                    for channel in 0..lent.layout().channels() {
                        lent.side_mut(channel)[at..at + frames].fill(gain);
                    }
                }
                for (samples, delay) in block.channels_mut().zip(&mut self.delays) {
                    delay.run(samples);
                    if gain != 1.0 {
                        for x in samples {
                            *x = (f64::from(*x) * gain) as f32;
                        }
                    }
                }
                self.needle.hold(reduction_db, frames);
            }
            Verdict::Moving => {
                let lanes = self.decision.lanes();
                if let Some((at, lent)) = lent {
                    for channel in 0..lent.layout().channels() {
                        let gains = &self.work.gains[channel.min(lanes - 1)][..frames];
                        lent.side_mut(channel)[at..at + frames].copy_from_slice(gains);
                    }
                }
                for (c, delay) in self.delays.iter_mut().enumerate() {
                    let samples = block.channel_mut(c);
                    delay.run(samples);
                    lay_on(&self.work.gains[c.min(lanes - 1)][..frames], samples);
                }
                let [first, second] = &mut self.work.lanes;
                if lanes == 2 {
                    first[..frames].iter_mut().zip(&second[..frames]).for_each(|(a, b)| *a = at_least(*a, *b));
                }
                self.needle.read(&first[..frames]);
            }
        }
    }
}

/// What is no finite number becomes silence.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn take_out_broken(samples: &mut [f32]) {
    for x in samples {
        *x = if x.is_finite() { *x } else { 0.0 };
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn lay_on(gains: &[f64], samples: &mut [f32]) {
    for (x, gain) in samples.iter_mut().zip(gains) {
        *x = (f64::from(*x) * gain) as f32;
    }
}

impl<D: Decision> Machine<D> {
    fn run(&mut self, block: &mut Block<'_>, context: &Context<'_>, mut lent: Option<&mut LentGains>) {
        let frames = block.frames();
        let key = context.key.filter(|key| key.frames() == frames);
        let mut events = context.events;
        let mut at = 0;
        while at < frames {
            while let [event, rest @ ..] = events
                && event.at as usize <= at
            {
                self.decision.begin(event);
                events = rest;
            }
            let to_event = events.first().map_or(frames, |event| (event.at as usize).min(frames)) - at;
            let to_grid = (SETTLE_GRID - self.frame % SETTLE_GRID) as usize;
            let count = PART.min(frames - at).min(to_event).min(to_grid);
            let key = key.map(|key| key.part(at, at + count));
            self.part(&mut block.part(at, at + count), key, lent.as_deref_mut().map(|lent| (at, lent)));
            at += count;
            self.frame += count as u64;
            if self.frame.is_multiple_of(SETTLE_GRID) {
                self.detectors.iter_mut().for_each(Detector::settle);
                self.decision.settle();
            }
        }
    }
}

impl<D: Decision> Processor for Machine<D> {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        self.run(block, context, None);
    }

    fn lends(&self) -> bool {
        true
    }

    fn process_lending(&mut self, block: &mut Block<'_>, context: &Context<'_>, gains: &mut LentGains) {
        let fits = gains.fits(block);
        debug_assert!(fits, "gains are lent for whole blocks");
        self.run(block, context, Some(&mut *gains).filter(|_| fits));
        gains.reduction = self.needle.reading();
    }

    fn process_with(&mut self, block: &mut Block<'_>, gains: &LentGains) {
        if !gains.fits(block) {
            debug_assert!(false, "gains are borrowed for whole blocks");
            return self.process(block, &Context::default());
        }
        let frames = block.frames();
        for (c, delay) in self.delays.iter_mut().enumerate() {
            let samples = block.channel_mut(c);
            take_out_broken(samples);
            delay.run(samples);
            lay_on(&gains.side(c)[..frames], samples);
        }
        self.borrowed = Some(gains.reduction);
    }

    fn latency(&self) -> Frames {
        self.latency
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency.0).then(self.detectors[0].memory()).then(self.decision.memory())
    }

    fn reset(&mut self) {
        self.detectors.iter_mut().for_each(Detector::reset);
        self.delays.iter_mut().for_each(DelayLine::reset);
        self.needle = Needle::default();
        self.frame = 0;
        self.borrowed = None;
        self.decision.reset();
    }

    fn gain_reduction(&self) -> Option<GainReduction> {
        Some(self.borrowed.unwrap_or_else(|| self.needle.reading()))
    }
}
