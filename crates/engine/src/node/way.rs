//! What a signal meets between the node that made it and the gains that it goes through.

use tonmeister_core::{Buffer, Layout, View};

use super::{DelayLine, Signals};
use crate::follow::Control;
use crate::mix::Gains;
use crate::plan::{Plan, PlanEdge};

/// A signal on its way to its gains, and the levels that these follow.
pub(crate) struct Way {
    pub(crate) from: usize,
    /// How late the signal is where its gains work: they belong to that much earlier a time of the song.
    pub(crate) lateness: i64,
    controls: Vec<Control>,
    /// Holds it back until what its gains follow has come.
    wait: Option<([DelayLine<f32>; 2], Buffer)>,
}

impl Way {
    pub(crate) fn new(plan: &Plan, edge: &PlanEdge, block: usize) -> Self {
        let layout = plan.nodes[edge.from].layout;
        let wait = (edge.wait > 0)
            .then(|| ([DelayLine::new(edge.wait), DelayLine::new(edge.wait)], Buffer::new(layout, block)));
        let controls = Control::all(&edge.controls, block);
        Way { from: edge.from, lateness: plan.lateness(edge), controls, wait }
    }

    /// Takes the next frames in, which begin at that frame of the song where the gains are.
    pub(crate) fn take_in(&mut self, frame: i64, frames: usize, signals: &impl Signals, gains: &mut Gains) {
        for control in &mut self.controls {
            control.hand_on(frames, signals, |moved, levels| gains.hear(moved, frame, levels));
        }
        if let Some((lines, buffer)) = &mut self.wait {
            let view = signals.of(self.from);
            for (channel, line) in lines.iter_mut().enumerate().take(view.layout().channels()) {
                let late = &mut buffer.channel_mut(channel)[..frames];
                late.copy_from_slice(&view.channel(channel)[..frames]);
                line.process(late);
            }
        }
    }

    /// The frames that were taken in last, as late as they have to be.
    pub(crate) fn view<'a>(&'a self, frames: usize, signals: &'a impl Signals) -> View<'a> {
        match &self.wait {
            Some((_, buffer)) => buffer.view(frames),
            None => signals.of(self.from),
        }
    }
}

/// A side-chain into an insert of a node.
pub(crate) struct Key {
    pub(crate) way: Way,
    /// Where it is taken behind the source's fader: that fader, and room for what it makes.
    pub(crate) post: Option<(Gains, [Vec<f64>; 2])>,
    delay: [DelayLine<f32>; 2],
    buffer: Buffer,
}

impl Key {
    pub(crate) fn new(plan: &Plan, edge: &PlanEdge, block: usize) -> Self {
        let source = &plan.nodes[edge.from];
        let post = (edge.path != crate::plan::Path::Through).then(|| {
            let gains = Gains::new(&edge.strip, source.layout, edge.path, edge.law, plan.sample_rate);
            (gains, [vec![0.0; block], vec![0.0; block]])
        });
        let layout = if post.is_some() { Layout::Stereo } else { source.layout };
        Key {
            way: Way::new(plan, edge, block),
            post,
            delay: [DelayLine::new(edge.delay), DelayLine::new(edge.delay)],
            buffer: Buffer::new(layout, block),
        }
    }

    /// What the source has just made, which begins at that frame of the song, as late as it is needed.
    pub(crate) fn listen<'a>(&'a mut self, frame: i64, frames: usize, signals: &'a impl Signals) -> View<'a> {
        if self.post.is_none() && self.delay[0].is_none() {
            // What need not wait is heard where it lies.
            return signals.of(self.way.from);
        }
        match &mut self.post {
            None => {
                for (channel, samples) in signals.of(self.way.from).channels().enumerate() {
                    self.buffer.channel_mut(channel)[..frames].copy_from_slice(samples);
                }
            }
            Some((gains, sums)) => {
                self.way.take_in(frame, frames, signals, gains);
                for sum in super::parts(sums, frames) {
                    sum.fill(0.0);
                }
                gains.add(frame, self.way.view(frames, signals), super::parts(sums, frames));
                for (channel, sum) in sums.iter().enumerate() {
                    crate::mix::round_scaled(&sum[..frames], 1.0, &mut self.buffer.channel_mut(channel)[..frames]);
                }
            }
        }
        for (channel, line) in self.delay.iter_mut().enumerate().take(self.buffer.layout().channels()) {
            line.process(&mut self.buffer.channel_mut(channel)[..frames]);
        }
        self.buffer.view(frames)
    }
}
