//! Takes the lateness off the front of a stream, and the silence off its end.

use tonmeister_core::{Buffer, Layout, View};

/// What a tail may fall to before the sound is over: −120 dBFS.
const SILENCE: f32 = 1e-6;

/// Hands a stream on without its first, late frames; behind the frames that are certain, only as far as it sounds.
#[derive(Debug)]
pub struct Trimmer<S> {
    sink: S,
    late: u64,
    /// Frames still to come for certain, and frames that may come if they sound.
    sure: u64,
    tail: u64,
    held: Buffer,
    delivered: u64,
}

impl<S> Trimmer<S> {
    /// For a stream of that layout that is `late` frames late, has `sure` frames for certain and a tail of at most
    /// `tail` frames, which ends where it has fallen below −120 dBFS for good.
    pub fn new(layout: Layout, late: u64, sure: u64, tail: u64, sink: S) -> Self {
        Trimmer { sink, late, sure, tail, held: Buffer::new(layout, 0), delivered: 0 }
    }

    /// How many frames were handed on.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Hands on what was held back as silence, as far as that brings it to so many frames.
    pub fn reach<E>(&mut self, frames: u64) -> Result<(), E>
    where
        S: FnMut(View<'_>) -> Result<(), E>,
    {
        let more = frames.saturating_sub(self.delivered).min(self.held.frames() as u64) as usize;
        if more > 0 {
            (self.sink)(self.held.view(more))?;
            self.delivered += more as u64;
            let rest = self.held.view(self.held.frames()).part(more, self.held.frames());
            let mut held = Buffer::new(rest.layout(), 0);
            held.append(rest);
            self.held = held;
        }
        Ok(())
    }

    /// Takes the next frames.
    pub fn push<E>(&mut self, view: View<'_>) -> Result<(), E>
    where
        S: FnMut(View<'_>) -> Result<(), E>,
    {
        let late = self.late.min(view.frames() as u64);
        self.late -= late;
        let view = view.part(late as usize, view.frames());
        let sure = self.sure.min(view.frames() as u64);
        self.sure -= sure;
        if sure > 0 {
            (self.sink)(view.part(0, sure as usize))?;
            self.delivered += sure;
        }
        let rest = view.part(sure as usize, view.frames());
        let tail = self.tail.min(rest.frames() as u64);
        self.tail -= tail;
        let rest = rest.part(0, tail as usize);
        let sounds = |i: usize| rest.channels().any(|c| c[i].abs() > SILENCE);
        let Some(last) = (0..rest.frames()).rev().find(|i| sounds(*i)) else {
            self.held.append(rest);
            return Ok(());
        };
        self.held.append(rest.part(0, last + 1));
        let held = std::mem::replace(&mut self.held, Buffer::new(rest.layout(), 0));
        self.delivered += held.frames() as u64;
        (self.sink)(held.view(held.frames()))?;
        self.held.append(rest.part(last + 1, rest.frames()));
        Ok(())
    }
}
