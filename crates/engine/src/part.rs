//! A processor on one part of a stereo signal: its mid, its side, or one of its channels.
//!
//! Mid is (L + R) / 2, side (L − R) / 2. What the processor changes is added to the untouched signal, mid to both
//! channels and side with opposite signs, so what is not touched keeps its bits: a processor that does nothing to the
//! mid leaves left and right as they were, and not as sum and difference would round them.

use tonmeister_core::{Block, Context, Processor};
use tonmeister_session::model::Channels;

use crate::node::DelayLine;

/// What an insert on a part of its signal holds besides its processor.
pub(crate) struct Part {
    channels: Channels,
    /// What the processor is handed.
    wet: Vec<f32>,
    /// The same, as late as the processor's answer.
    before: Vec<f32>,
    late: DelayLine<f32>,
    /// Left and right as late as that.
    lines: [DelayLine<f32>; 2],
}

impl Part {
    /// For blocks of at most `block` frames; `None` where the processor takes the whole signal.
    pub(crate) fn new(channels: Channels, latency: u64, block: usize) -> Option<Self> {
        let line = || DelayLine::new(latency);
        let part = || Part {
            channels,
            wet: vec![0.0; block],
            before: vec![0.0; block],
            late: line(),
            lines: [line(), line()],
        };
        (channels != Channels::Stereo).then(part)
    }

    /// The processor does its part; the rest waits for it.
    pub(crate) fn process(&mut self, processor: &mut dyn Processor, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let Some((left, right)) = block.pair_mut() else { return };
        let channel = match self.channels {
            // Both channels: there is nothing beside them.
            Channels::Stereo => return processor.process(block, context),
            Channels::Left => {
                self.lines[1].process(right);
                left
            }
            Channels::Right => {
                self.lines[0].process(left);
                right
            }
            Channels::Mid => return self.sum(processor, (left, right), 1.0, context),
            Channels::Side => return self.sum(processor, (left, right), -1.0, context),
        };
        debug_assert_eq!(channel.len(), frames);
        processor.process(&mut Block::mono(channel), context);
    }

    /// Mid (`sign` 1) or side (`sign` −1).
    fn sum(
        &mut self,
        processor: &mut dyn Processor,
        (left, right): (&mut [f32], &mut [f32]),
        sign: f64,
        context: &Context<'_>,
    ) {
        let (wet, before) = (&mut self.wet[..left.len()], &mut self.before[..left.len()]);
        for ((wet, l), r) in wet.iter_mut().zip(&*left).zip(&*right) {
            *wet = (0.5 * (f64::from(*l) + sign * f64::from(*r))) as f32;
        }
        before.copy_from_slice(wet);
        self.late.process(before);
        self.lines[0].process(left);
        self.lines[1].process(right);
        processor.process(&mut Block::mono(wet), context);
        for (((l, r), after), before) in left.iter_mut().zip(right).zip(wet).zip(before) {
            let change = f64::from(*after) - f64::from(*before);
            *l = (f64::from(*l) + change) as f32;
            *r = (f64::from(*r) + sign * change) as f32;
        }
    }
}
