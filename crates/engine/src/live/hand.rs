//! Controls that are turned while they sound: gains on the way out of a strip, parameters of an insert.

use tonmeister_core::pan::Matrix;
use tonmeister_core::{Event, ParamIndex};
use tonmeister_session::tables::STRIP;

use super::crossing::Crossing;
use crate::follow::Moved;
use crate::mix::Gains;
use crate::plan::Path;

/// What gains hold for a hand on them, and for time that jumps.
pub(crate) struct Hand {
    path: Path,
    /// Whether the strip's mute reaches this way out.
    mutes: bool,
    /// The frame that is expected next.
    next: Option<i64>,
    crossing: Crossing<4>,
}

impl Hand {
    pub(crate) fn new(path: Path, mutes: bool, sample_rate: u32) -> Self {
        Hand { path, mutes, next: None, crossing: Crossing::new(sample_rate) }
    }

    /// Whether a control of the strip works on this way out behind the fader.
    pub(crate) fn reaches(&self, at: usize) -> bool {
        self.mutes || STRIP[at].id != "mute"
    }

    /// Whether it is that send.
    pub(crate) fn is_send(&self, send: usize) -> bool {
        matches!(self.path, Path::Send(own, _) if own == send)
    }
}

/// The strip's motions in [`Gains`], in their order.
pub(crate) const OUT: [&str; 6] = ["fader_db", "mute", "pan", "pan_left", "pan_right", "width"];
/// The send's.
pub(crate) const AUX: [&str; 3] = ["level_db", "pan", "mute"];

fn flat([[a, b], [c, d]]: Matrix) -> [f64; 4] {
    [a, b, c, d]
}

impl Gains {
    /// What was worked out ahead does not hold any longer.
    fn forget(&mut self) {
        (self.held, self.ahead, self.cell) = (None, None, None);
    }

    fn alone_at(&self, frame: i64) -> [f64; 4] {
        flat(self.at(frame, &self.resting(frame, frame + 1)))
    }

    /// Notes which frames come; whether the gains are on their way from where a hand or a jump of time found them.
    #[inline]
    pub(crate) fn follow(&mut self, frame: i64, frames: usize) -> bool {
        let expected = self.hand.next.replace(frame + frames as i64);
        if let Some(expected) = expected.filter(|next| *next != frame) {
            self.forget();
            let (from, to) = (self.alone_at(expected), self.alone_at(frame));
            self.hand.crossing.jump(from, to);
        }
        !self.hand.crossing.is_over()
    }

    /// Turns one of the controls on this way out, if it is one of them.
    pub(crate) fn turn(&mut self, control: Moved, value: f64) {
        let from = self.hand.next.map(|next| (next, self.alone_at(next)));
        if self.motion(control).is_some_and(|motion| motion.put(value)) {
            self.forget();
            // Before anything is heard, nothing has to go over.
            if let Some((next, from)) = from {
                let to = self.alone_at(next);
                self.hand.crossing.jump(from, to);
            }
        }
    }

    /// [`Gains::add`] while they are on their way.
    pub(crate) fn add_crossing(&mut self, frame: i64, [x0, x1]: [&[f32]; 2], [left, right]: [&mut [f64]; 2]) {
        let mut crossing = self.hand.crossing;
        let rest = self.resting(frame, frame + x0.len() as i64);
        for i in 0..x0.len() {
            let [a, b, c, d] = crossing.step(flat(self.at(frame + i as i64, &rest)));
            self.add_frame([[a, b], [c, d]], [x0[i], x1[i]], [&mut left[i], &mut right[i]]);
        }
        self.hand.crossing = crossing;
    }
}

/// Parameters of an insert that were turned since its last block, and the frame of the song it expects.
pub(crate) struct Turning {
    told: Vec<Event>,
    most: usize,
    next: Option<i64>,
}

impl Turning {
    /// For a processor of that many parameters.
    pub(crate) fn new(most: usize) -> Self {
        Turning { told: Vec::with_capacity(most), most, next: None }
    }

    /// How many events it may bring to a block.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// The last word on a parameter counts.
    pub(crate) fn put(&mut self, param: ParamIndex, value: f64) {
        if let Some(event) = self.told.iter_mut().find(|event| event.param == param) {
            event.value = value;
        } else if self.told.len() < self.most {
            self.told.push(Event { at: 0, param, value, glide: 0 });
        }
    }

    /// Hands over what was turned.
    pub(crate) fn tell(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.told);
    }

    /// Notes which frames come; whether time has jumped.
    pub(crate) fn jumped(&mut self, from: i64, frames: usize) -> bool {
        self.next.replace(from + frames as i64).is_some_and(|next| next != from)
    }
}
