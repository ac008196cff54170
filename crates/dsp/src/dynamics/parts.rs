//! Small parts that every dynamics processor has: the delay of a look-ahead, the knobs, the needle.

use tonmeister_core::{EffectSpec, Event, GainReduction, ParamKind, Settings};

use crate::control::{Control, JUMP_MS};

/// Delays one channel by a fixed number of frames.
#[derive(Clone, Debug)]
pub(crate) struct DelayLine<T = f32> {
    ring: Vec<T>,
    at: usize,
}

impl<T: Copy + Default> DelayLine<T> {
    pub(crate) fn new(frames: usize) -> Self {
        DelayLine::filled(frames, T::default())
    }

    /// With that value in it.
    pub(crate) fn filled(frames: usize, value: T) -> Self {
        DelayLine { ring: vec![value; frames], at: 0 }
    }

    /// How many frames.
    pub(crate) fn frames(&self) -> usize {
        self.ring.len()
    }

    /// Exchanges the samples for those of so many frames ago.
    pub(crate) fn run(&mut self, mut x: &mut [T]) {
        if self.ring.is_empty() {
            return;
        }
        while !x.is_empty() {
            let count = x.len().min(self.ring.len() - self.at);
            let (now, later) = x.split_at_mut(count);
            self.ring[self.at..][..count].swap_with_slice(now);
            self.at = if self.at + count < self.ring.len() { self.at + count } else { 0 };
            x = later;
        }
    }

    /// Forgets everything for that value.
    pub(crate) fn fill(&mut self, value: T) {
        self.ring.fill(value);
        self.at = 0;
    }

    pub(crate) fn reset(&mut self) {
        self.fill(T::default());
    }
}

/// The parameters of an effect that may move. Jumps travel in 50 ms, and the corners of every travel are rounded;
/// only times (`…_ms`) jump at once, for a change of them makes no click.
#[derive(Clone, Debug)]
pub(crate) struct Knobs<const N: usize> {
    ids: [&'static str; N],
    born: [f64; N],
    controls: [Control; N],
    /// Which of them each parameter of the effect turns.
    places: Vec<Option<usize>>,
    sample_rate: u32,
}

impl<const N: usize> Knobs<N> {
    /// At rest on these values. What the effect has no parameter for stays there.
    pub(crate) fn new(spec: &EffectSpec, ids: [&'static str; N], born: [f64; N], sample_rate: u32) -> Self {
        let places = spec.params.iter().map(|p| ids.iter().position(|id| *id == p.id)).collect();
        let mut knobs = Knobs { ids, born, controls: born.map(Control::plain), places, sample_rate };
        knobs.reset();
        knobs
    }

    pub(crate) fn reset(&mut self) {
        for ((control, id), value) in self.controls.iter_mut().zip(self.ids).zip(self.born) {
            *control = if is_time(id) { Control::plain(value) } else { Control::rounded(value, self.sample_rate) };
        }
    }

    /// Starts a travel; says which one.
    pub(crate) fn begin(&mut self, event: &Event) -> Option<&'static str> {
        let place = self.places.get(event.param.0 as usize).copied().flatten()?;
        let jump = (JUMP_MS * f64::from(self.sample_rate) / 1000.0) as u32;
        let glide = if event.glide == 0 && !is_time(self.ids[place]) { jump } else { event.glide };
        self.controls[place].to(event.value, glide);
        Some(self.ids[place])
    }

    pub(crate) fn values(&self) -> [f64; N] {
        self.controls.map(|control| control.value())
    }

    pub(crate) fn moving(&self) -> bool {
        self.controls.iter().any(Control::moving)
    }

    /// Whether a time moves.
    pub(crate) fn times_moving(&self) -> bool {
        self.controls.iter().zip(self.ids).any(|(control, id)| is_time(id) && control.moving())
    }

    /// One frame on.
    pub(crate) fn step(&mut self) {
        for control in &mut self.controls {
            control.step();
        }
    }
}

fn is_time(id: &str) -> bool {
    id.ends_with("_ms")
}

/// The word that a choice is set to.
pub(crate) fn word(settings: &Settings, id: &str) -> &'static str {
    let spec = settings.spec().params.iter().find(|param| param.id == id);
    match spec.map(|spec| spec.kind) {
        Some(ParamKind::Choice(choices)) => choices[settings.get(id) as usize].id,
        _ => "",
    }
}

/// Remembers what was taken away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needle {
    now: f64,
    max: f64,
    sum: f64,
    frames: u64,
}

impl Needle {
    /// Reads reductions in dB, one per frame.
    pub(crate) fn read(&mut self, reductions: &[f64]) {
        // Eight sums side by side: one would make every addition wait for the last.
        let (mut sums, mut tops) = ([0.0_f64; 8], [self.max; 8]);
        let (rows, rest) = reductions.as_chunks::<8>();
        for row in rows {
            for l in 0..8 {
                sums[l] += row[l];
                tops[l] = if row[l] > tops[l] { row[l] } else { tops[l] };
            }
        }
        self.sum += sums.iter().sum::<f64>() + rest.iter().sum::<f64>();
        self.max = tops.iter().chain(rest).fold(self.max, |a, b| a.max(*b));
        self.now = reductions.last().copied().unwrap_or(self.now);
        self.frames += reductions.len() as u64;
    }

    /// So many frames without any reduction.
    pub(crate) fn rest(&mut self, frames: usize) {
        self.hold(0.0, frames);
    }

    /// So many frames of the same reduction.
    pub(crate) fn hold(&mut self, reduction: f64, frames: usize) {
        self.now = reduction;
        self.max = self.max.max(reduction);
        self.sum += reduction * frames as f64;
        self.frames += frames as u64;
    }

    pub(crate) fn reading(&self) -> GainReduction {
        let mean_db = if self.frames == 0 { 0.0 } else { self.sum / self.frames as f64 };
        GainReduction { now_db: self.now, max_db: self.max, mean_db }
    }
}
