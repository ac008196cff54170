//! Trim and polarity: what works on a strip before its inserts.

use tonmeister_core::{Block, Layout};

use super::crossing::Crossing;
use crate::automation::Motion;
use crate::mix::scale_samples;

/// Trim and polarity of a strip.
pub(crate) struct Trimming {
    trim: Motion,
    polarity: Motion,
    /// The frame that is expected next.
    next: Option<i64>,
    crossing: Crossing<1>,
}

/// A turn of polarity crosses zero on its way: `heard` travels from 1 to −1 as it rounds off the jump.
fn gain(level: f64, inverted: f64) -> f64 {
    level * (1.0 - 2.0 * inverted)
}

impl Trimming {
    pub(crate) fn new(trim: Motion, polarity: Motion, sample_rate: u32) -> Self {
        Trimming { trim, polarity, next: None, crossing: Crossing::new(sample_rate) }
    }

    fn at(&self, frame: i64) -> f64 {
        gain(self.trim.heard(frame), self.polarity.heard(frame))
    }

    /// Takes the levels that the trim follows, for the frames from `frame` on.
    pub(crate) fn hear(&mut self, frame: i64, levels: &[f32]) {
        self.trim.hear(frame, levels);
    }

    /// Turns one of the two.
    pub(crate) fn turn(&mut self, id: &str, value: f64) {
        let from = self.next.map(|next| (next, self.at(next)));
        let motion = match id {
            "trim_db" => &mut self.trim,
            "polarity" => &mut self.polarity,
            _ => return,
        };
        if motion.put(value)
            && let Some((next, from)) = from
        {
            self.crossing.jump([from], [self.at(next)]);
        }
    }

    /// Works on the channels of that layout, which begin at a frame of the song; the signal is not touched where both do
    /// nothing.
    pub(crate) fn process(&mut self, frame: i64, block: &mut Block<'_>, layout: Layout) {
        let to = frame + block.frames() as i64;
        if let Some(expected) = self.next.replace(to).filter(|next| *next != frame) {
            self.crossing.jump([self.at(expected)], [self.at(frame)]);
        }
        let resting = self.trim.still(frame, to).zip(self.polarity.still(frame, to));
        let crossing = Some(self.crossing).filter(|crossing| !crossing.is_over());
        for channel in 0..layout.channels() {
            let samples = block.channel_mut(channel);
            if let Some(mut crossing) = crossing {
                for (i, x) in samples.iter_mut().enumerate() {
                    let [factor] = crossing.step([self.at(frame + i as i64)]);
                    *x = (f64::from(*x) * factor) as f32;
                }
                self.crossing = crossing;
            } else if let Some((level, inverted)) = resting {
                let factor = gain(level, inverted);
                if factor != 1.0 {
                    scale_samples(samples, factor);
                }
            } else {
                for (i, x) in samples.iter_mut().enumerate() {
                    *x = (f64::from(*x) * self.at(frame + i as i64)) as f32;
                }
            }
        }
    }
}
