//! What the effects of this shelf have in common: knobs that move, a frame at a time, and a life of their own.

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, Block, Context, Event, Frames, Memory, ParamIndex, Processor, Settings, Stream, Tail,
};

use crate::travel::Travel;

/// Every parameter of one instance, in the order of [`ParamIndex`], on its way.
#[derive(Debug)]
pub(crate) struct Knobs {
    travels: Vec<Travel>,
    values: Vec<f64>,
    moving: bool,
}

impl Knobs {
    /// At rest on the settings.
    pub(crate) fn new(settings: &Settings, sample_rate: u32) -> Self {
        let values: Vec<f64> = (0..settings.count() as u32).map(|i| settings.at(ParamIndex(i)).1).collect();
        let travels = values.iter().map(|value| Travel::new(*value, sample_rate)).collect();
        Knobs { travels, values, moving: false }
    }

    /// Whether any of them is on its way.
    #[inline(always)]
    pub(crate) fn moving(&self) -> bool {
        self.moving
    }

    /// What they are now.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The most that this one is or will be, as far as is known.
    pub(crate) fn most(&self, knob: usize) -> f64 {
        self.values[knob].max(self.travels[knob].target())
    }

    /// The least that this one is or will be, as far as is known.
    pub(crate) fn least(&self, knob: usize) -> f64 {
        self.values[knob].min(self.travels[knob].target())
    }

    /// Back to the settings.
    pub(crate) fn reset(&mut self, settings: &Settings, sample_rate: u32) {
        for (i, (travel, value)) in self.travels.iter_mut().zip(&mut self.values).enumerate() {
            *value = settings.at(ParamIndex(i as u32)).1;
            *travel = Travel::new(*value, sample_rate);
        }
        self.moving = false;
    }

    /// Sets a knob out on its way.
    pub(crate) fn apply(&mut self, settings: &Settings, event: &Event, sample_rate: u32) {
        let knob = event.param.0 as usize;
        let Some(travel) = self.travels.get_mut(knob) else { return };
        match settings.at(event.param).0.automatable {
            Automatable::Smooth => travel.to(event.value, event.glide),
            Automatable::Stepped => {
                *travel = Travel::new(event.value, sample_rate);
                self.values[knob] = event.value;
            }
            Automatable::Fixed => return,
        }
        self.moving = true;
    }

    /// One frame on. A step at rest gives the same again, so whether it is taken makes no difference.
    #[inline(always)]
    pub(crate) fn step(&mut self) {
        self.moving = false;
        for (travel, value) in self.travels.iter_mut().zip(&mut self.values) {
            if travel.moving() {
                *value = travel.step();
                self.moving |= travel.moving();
            }
        }
    }
}

/// What is particular to one effect.
pub(crate) trait Machine: Send {
    /// Takes new values of the knobs, in the order of [`ParamIndex`]. Called at birth, and before each frame at which
    /// one of them has moved.
    fn turn(&mut self, knobs: &[f64]);

    /// One frame on one channel or two.
    fn frame<const C: usize>(&mut self, frame: [f64; C]) -> [f64; C];

    /// Sets states too small to hear to zero, before they become denormal and slow.
    fn flush(&mut self) {}

    /// See [`Processor::latency`].
    fn latency(&self) -> Frames {
        Frames(0)
    }

    /// See [`Processor::tail`].
    fn tail(&self, knobs: &Knobs) -> Tail;

    /// See [`Processor::memory`].
    fn memory(&self, knobs: &Knobs) -> Memory {
        let _ = knobs;
        Memory::Endless
    }

    /// Forgets everything it heard; [`Machine::turn`] follows.
    fn reset(&mut self);

    /// See [`Processor::begin_at`].
    fn begin_at(&mut self, frame: u64) {
        let _ = frame;
    }
}

/// A machine with its knobs.
pub(crate) struct Running<M> {
    settings: Settings,
    sample_rate: u32,
    knobs: Knobs,
    machine: M,
    frame: u64,
}

/// States are cleaned of denormals every so many frames of the processor's own life.
const FLUSH_EVERY: u64 = 256;

impl<M: Machine + 'static> Running<M> {
    /// Born ready.
    pub(crate) fn boxed(settings: &Settings, stream: &Stream, mut machine: M) -> Box<dyn Processor> {
        let knobs = Knobs::new(settings, stream.sample_rate);
        machine.turn(knobs.values());
        Box::new(Running { settings: settings.clone(), sample_rate: stream.sample_rate, knobs, machine, frame: 0 })
    }
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn run<M: Machine, const C: usize>(machine: &mut M, knobs: &mut Knobs, mut channels: [&mut [f32]; C]) {
    let frames = channels[0].len();
    for n in 0..frames {
        if knobs.moving {
            knobs.step();
            machine.turn(&knobs.values);
        }
        let mut frame = [0.0; C];
        for (x, channel) in frame.iter_mut().zip(&channels) {
            *x = clean(channel[n]);
        }
        let frame = machine.frame(frame);
        for (y, channel) in frame.into_iter().zip(&mut channels) {
            channel[n] = y as f32;
        }
    }
}

/// What is no number is silence.
#[inline(always)]
pub(crate) fn clean(x: f32) -> f64 {
    if x.is_finite() { f64::from(x) } else { 0.0 }
}

/// For a line's memory: what is too small to hear, and what is no number, is silence.
#[inline(always)]
pub(crate) fn audible(x: f64) -> f32 {
    if (1e-30..1e30).contains(&x.abs()) { x as f32 } else { 0.0 }
}

/// A state that is kept, or zero once it is too small to hear.
pub(crate) fn flush(state: &mut f64) {
    if state.abs() < 1e-25 {
        *state = 0.0;
    }
}

impl<M: Machine> Processor for Running<M> {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events.iter().peekable();
        let mut at = 0;
        while at < frames {
            while let Some(event) = events.next_if(|e| e.at as usize <= at) {
                self.knobs.apply(&self.settings, event, self.sample_rate);
            }
            let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
            let end = event.min(at + (FLUSH_EVERY - self.frame % FLUSH_EVERY) as usize);
            let mut part = block.part(at, end);
            match part.pair_mut() {
                Some((left, right)) => run(&mut self.machine, &mut self.knobs, [left, right]),
                None => run(&mut self.machine, &mut self.knobs, [part.channel_mut(0)]),
            }
            self.frame += (end - at) as u64;
            at = end;
            if self.frame.is_multiple_of(FLUSH_EVERY) {
                self.machine.flush();
            }
        }
    }

    fn latency(&self) -> Frames {
        self.machine.latency()
    }

    fn tail(&self) -> Tail {
        self.machine.tail(&self.knobs)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.latency().0).then(self.machine.memory(&self.knobs))
    }

    fn reset(&mut self) {
        self.knobs.reset(&self.settings, self.sample_rate);
        self.machine.reset();
        self.machine.turn(self.knobs.values());
        self.frame = 0;
    }

    fn begin_at(&mut self, frame: u64) {
        self.machine.begin_at(frame);
    }
}
