//! What repairs have in common: they work hop by hop on a grid of the stream's own frames.

use tonmeister_core::{Block, Context, Frames, Layout, Processor, Tail};

use crate::math::{OCTAVES_PER_DB, exp2};
use crate::travel::Travel;

/// A repair that takes a hop of frames and gives one back.
pub(super) trait Worker: Send {
    /// How many frames it takes at a time.
    fn hop(&self) -> usize;

    /// By how many frames what it gives lies behind what it takes.
    fn delay(&self) -> usize;

    /// Takes the newest frames of a channel and gives as many, older by the delay. `knobs` are the moving
    /// parameters' values at the last of these frames.
    fn work(&mut self, channel: usize, input: &[f32], output: &mut [f32], knobs: &[f64]);

    /// Back to silence.
    fn reset(&mut self);
}

/// A worker on the grid of the stream.
pub(super) struct Grid<W> {
    worker: W,
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
    /// Frames of the current hop that have gone by.
    place: usize,
    born: Vec<f64>,
    knobs: Vec<Travel>,
    values: Vec<f64>,
    /// Which of the effect's parameters is which knob.
    knob_of: Vec<Option<usize>>,
    /// The knob that turns the output, in dB, if there is one.
    level: Option<usize>,
    sample_rate: u32,
}

impl<W: Worker> Grid<W> {
    /// With the moving parameters' values at birth; `knob_of` has an entry for each of the effect's parameters.
    pub(super) fn new(
        worker: W,
        layout: Layout,
        sample_rate: u32,
        born: &[f64],
        knob_of: &[Option<usize>],
        level: Option<usize>,
    ) -> Self {
        let hop = worker.hop();
        Grid {
            worker,
            input: vec![vec![0.0; hop]; layout.channels()],
            output: vec![vec![0.0; hop]; layout.channels()],
            place: 0,
            born: born.to_vec(),
            knobs: born.iter().map(|value| Travel::new(*value, sample_rate)).collect(),
            values: born.to_vec(),
            knob_of: knob_of.to_vec(),
            level,
            sample_rate,
        }
    }

    /// Frames inside one hop, without an event inside.
    fn part(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let (from, to) = (self.place, self.place + frames);
        for (channel, samples) in block.channels_mut().enumerate() {
            let input = &mut self.input[channel][from..to];
            for ((kept, sample), late) in input.iter_mut().zip(samples.iter_mut()).zip(&self.output[channel][from..to])
            {
                *kept = if sample.is_finite() { *sample } else { 0.0 };
                *sample = *late;
            }
        }
        let level = self.level.filter(|knob| self.knobs[*knob].moving() || self.values[*knob] != 0.0);
        for frame in 0..frames {
            for (knob, value) in self.knobs.iter_mut().zip(&mut self.values) {
                *value = knob.step();
            }
            if let Some(knob) = level {
                let gain = exp2(self.values[knob] * OCTAVES_PER_DB);
                block.channels_mut().for_each(|samples| samples[frame] = (f64::from(samples[frame]) * gain) as f32);
            }
        }
        self.place = to;
        if to == self.worker.hop() {
            self.place = 0;
            for (channel, (input, output)) in self.input.iter().zip(&mut self.output).enumerate() {
                self.worker.work(channel, input, output, &self.values);
            }
        }
    }
}

impl<W: Worker> Processor for Grid<W> {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let (mut at, mut next) = (0, 0);
        let frames = block.frames();
        while at < frames {
            while let Some(event) = context.events.get(next).filter(|event| event.at as usize <= at) {
                if let Some(Some(knob)) = self.knob_of.get(event.param.0 as usize) {
                    self.knobs[*knob].to(event.value, event.glide);
                }
                next += 1;
            }
            let until = context.events.get(next).map_or(frames, |event| (event.at as usize).min(frames));
            let end = until.min(at + self.worker.hop() - self.place);
            self.part(&mut block.part(at, end));
            at = end;
        }
    }

    fn latency(&self) -> Frames {
        Frames((self.worker.hop() + self.worker.delay()) as u64)
    }

    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }

    fn reset(&mut self) {
        self.worker.reset();
        self.input.iter_mut().chain(&mut self.output).for_each(|samples| samples.fill(0.0));
        self.place = 0;
        self.knobs = self.born.iter().map(|value| Travel::new(*value, self.sample_rate)).collect();
        self.values.copy_from_slice(&self.born);
    }
}
