//! A row of sections that are designed together, because each depends on every value.
//!
//! While nothing moves, the row is direct-form sections in lanes ([`Group`]s). When a value moves, all of them become
//! state-variable filters (`svf`) between two frames. The design is made anew on a grid of about [`TICKS_PER_SECOND`],
//! and between those the coefficients follow a cubic B-spline, frame by frame: it is smooth in its second derivative,
//! so that the grid is not heard. That costs two ticks, 1.3 ms. Once everything has come to rest the row goes back.
//!
//! All of it hangs on the processor's own frame counter and on the frames of events, never on blocks.

use tonmeister_core::{Block, Context, Event, Layout, Processor, Stream, Tail};

use super::svf::Svf;
use crate::biquad::{Biquad, Group, give_out, tail_frames, take_in};
use crate::simd::Level;
use crate::travel::Travel;

/// At most so many frames at once, and a look for states grown too small after each.
const STRETCH: u64 = 512;
/// How often the design is made anew while values move, about.
const TICKS_PER_SECOND: f64 = 1500.0;
/// Below this a state is nothing (−500 dB); left alone it would become denormal, and slow.
const TINY: f64 = 1e-25;

/// What turns values into sections.
pub(crate) trait Design: Send {
    /// How many sections there are, always.
    fn count(&self) -> usize;

    /// The sections for these values, which are an instance's parameters without the output gain at their end. Has to
    /// be smooth in all of them. Does not allocate.
    fn design(&mut self, values: &[f64], sections: &mut [Biquad]);
}

/// Whether nothing is changed by it.
pub(crate) fn idle(section: &Biquad) -> bool {
    section.b0 == 1.0 && section.b1 == section.a1 && section.b2 == section.a2
}

/// The sections for these values.
pub(crate) fn sections(design: &mut impl Design, values: &[f64]) -> Vec<Biquad> {
    let mut sections = vec![Biquad::IDENTITY; design.count()];
    design.design(values, &mut sections);
    sections
}

/// What a row of sections does to a sine of each frequency, in dB.
pub(crate) fn response(sections: &[Biquad], output_db: f64, sample_rate: f64, hz: &[f64]) -> Vec<f64> {
    let level = |hz: &f64| output_db + sections.iter().map(|s| s.magnitude_db(*hz, sample_rate)).sum::<f64>();
    hz.iter().map(level).collect()
}

/// So many numbers on the move along a uniform cubic B-spline.
#[derive(Clone, Copy, Debug)]
struct Curve<const N: usize> {
    /// The last four points.
    points: [[f64; N]; 4],
    /// The present stretch, as a polynomial of the part of a tick that has passed.
    line: [[f64; N]; 4],
}

impl<const N: usize> Curve<N> {
    fn rest(value: [f64; N]) -> Self {
        Curve { points: [value; 4], line: [value, [0.0; N], [0.0; N], [0.0; N]] }
    }

    /// One tick on, toward another point.
    fn push(&mut self, point: [f64; N]) {
        let [_, p0, p1, p2] = self.points;
        self.points = [p0, p1, p2, point];
        for n in 0..N {
            let (a, b, c, d) = (p0[n], p1[n], p2[n], point[n]);
            self.line[0][n] = (a + 4.0 * b + c) / 6.0;
            self.line[1][n] = 0.5 * (c - a);
            self.line[2][n] = 0.5 * (a + c) - b;
            self.line[3][n] = ((d - a) + 3.0 * (b - c)) / 6.0;
        }
    }

    #[inline]
    fn at(&self, t: f64) -> [f64; N] {
        let [c0, c1, c2, c3] = &self.line;
        std::array::from_fn(|n| c0[n] + t * (c1[n] + t * (c2[n] + t * c3[n])))
    }
}

fn coefficients(section: &Biquad) -> [f64; 5] {
    let Svf { g, k, high, band, low } = Svf::of(section);
    [g, k, high, band, low]
}

/// A section on the move.
#[derive(Clone, Debug)]
struct Moving {
    curve: Curve<5>,
    integrators: [[f64; 2]; 2],
}

impl Moving {
    /// Runs interleaved frames; `passed` have gone by since the tick, of `step`.
    fn run<const CHANNELS: usize>(&mut self, passed: u64, step: f64, wire: &mut [f64]) {
        let mut s = self.integrators;
        for (n, frame) in wire.chunks_exact_mut(CHANNELS).enumerate() {
            let [g, k, high, band, low] = self.curve.at((passed + n as u64) as f64 / step);
            let a1 = 1.0 / (1.0 + g * (g + k));
            let a2 = g * a1;
            let a3 = g * a2;
            for (x, s) in frame.iter_mut().zip(&mut s) {
                let v3 = *x - s[1];
                let v1 = a1 * s[0] + a2 * v3;
                let v2 = s[1] + (a2 * s[0] + a3 * v3);
                s[0] = 2.0 * v1 - s[0];
                s[1] = 2.0 * v2 - s[1];
                *x = high * (*x - k * v1 - v2) + (band * v1 + low * v2);
            }
        }
        self.integrators = s;
    }
}

/// The [`Processor`] of a row: one value for every parameter of the effect, in order, the output gain in dB the last.
pub(crate) struct Row<D> {
    design: D,
    born: Vec<f64>,
    born_sections: Vec<Biquad>,
    travels: Vec<Travel>,
    values: Vec<f64>,
    /// As last designed.
    sections: Vec<Biquad>,
    /// Where each section's still form is, unless it is idle: the group, and the place inside.
    seats: Vec<Option<(usize, usize)>>,
    groups: Vec<Group>,
    moving: Vec<Moving>,
    gain: Curve<1>,
    moves: bool,
    /// Ticks since everything arrived.
    rested: u32,
    step: u64,
    clock: u64,
    wire: Vec<f64>,
    layout: Layout,
    level: Level,
    sample_rate: u32,
}

fn db_gain(db: f64) -> f64 {
    tonmeister_core::Db(db).gain()
}

impl<D: Design + 'static> Row<D> {
    pub(crate) fn boxed(design: D, values: Vec<f64>, stream: &Stream) -> Box<dyn Processor> {
        Box::new(Row::new(design, values, stream))
    }
}

impl<D: Design> Row<D> {
    pub(crate) fn new(mut design: D, values: Vec<f64>, stream: &Stream) -> Row<D> {
        let &Stream { sample_rate, layout, .. } = stream;
        let level = Level::best();
        let sections = match values.split_last() {
            Some((_, shape)) => sections(&mut design, shape),
            None => unreachable!("a row has at least its output gain"),
        };
        let count = sections.len();
        let groups = count.div_ceil(Group::capacity(level, layout));
        let step = (f64::from(sample_rate) / TICKS_PER_SECOND).log2().round().exp2();
        let mut row = Row {
            design,
            travels: Vec::with_capacity(values.len()),
            values: values.clone(),
            born: values,
            born_sections: sections.clone(),
            moving: vec![Moving { curve: Curve::rest([0.0; 5]), integrators: [[0.0; 2]; 2] }; count],
            seats: vec![None; count],
            groups: vec![Group::new(layout); groups],
            sections,
            gain: Curve::rest([1.0]),
            moves: false,
            rested: 0,
            step: step.clamp(1.0, STRETCH as f64) as u64,
            clock: 0,
            wire: vec![0.0; STRETCH as usize * layout.channels()],
            layout,
            level,
            sample_rate,
        };
        row.reset();
        row
    }

    fn output_gain(values: &[f64]) -> f64 {
        values.last().map_or(1.0, |db| db_gain(*db))
    }

    /// Gives every section that is not idle a place in the groups, with the states that it moved with.
    fn settle(&mut self) {
        self.groups.iter_mut().for_each(Group::clear);
        let capacity = Group::capacity(self.level, self.layout);
        let mut used = 0;
        for ((section, moving), seat) in self.sections.iter().zip(&self.moving).zip(&mut self.seats) {
            *seat = None;
            if idle(section) {
                continue;
            }
            let (group, place) = (used / capacity, used % capacity);
            let here = Svf::of(section);
            self.groups[group].push(section, moving.integrators.map(|s| Svf::states_into(s, here)));
            *seat = Some((group, place));
            used += 1;
        }
        self.moves = false;
    }

    /// Every section begins to move, with the states of its still form. One that was idle had none; it begins without.
    fn wake(&mut self) {
        for ((section, moving), seat) in self.sections.iter().zip(&mut self.moving).zip(&self.seats) {
            let here = Svf::of(section);
            moving.curve = Curve::rest(coefficients(section));
            moving.integrators = match *seat {
                Some((group, place)) => self.groups[group].states(place).map(|w| Svf::states_from(w, here)),
                None => [[0.0; 2]; 2],
            };
        }
        (self.moves, self.rested) = (true, 0);
    }

    fn hear(&mut self, event: &Event) {
        let Some(travel) = self.travels.get_mut(event.param.0 as usize) else { return };
        if !travel.moving() && travel.target() == event.value {
            return;
        }
        travel.to(event.value, event.glide);
        self.rested = 0;
        if !self.moves {
            self.wake();
        }
    }

    /// Looks where the values have got to, and draws the next stretch of every curve.
    fn tick(&mut self) {
        let travelling = self.travels.iter().any(Travel::moving);
        self.rested = if travelling { 0 } else { self.rested + 1 };
        if self.rested <= 1 {
            for (value, travel) in self.values.iter_mut().zip(&self.travels) {
                *value = travel.value();
            }
            let shape = self.values.len() - 1;
            self.design.design(&self.values[..shape], &mut self.sections);
        }
        // By then all four points of every curve are where it rests.
        if self.rested > 4 {
            self.gain = Curve::rest([Self::output_gain(&self.values)]);
            self.settle();
            return;
        }
        for (section, moving) in self.sections.iter().zip(&mut self.moving) {
            moving.curve.push(coefficients(section));
        }
        self.gain.push([Self::output_gain(&self.values)]);
    }

    /// Runs up to the next tick, event or end.
    fn run(&mut self, block: &mut Block<'_>) {
        let frames = block.frames();
        let wire = &mut self.wire[..frames * self.layout.channels()];
        take_in(wire, block.view());
        for x in &mut *wire {
            *x = if x.is_finite() { *x } else { 0.0 };
        }
        let mut steady = self.gain.line[0][0];
        if self.moves {
            let (passed, step) = (self.clock % self.step, self.step as f64);
            for moving in &mut self.moving {
                match self.layout {
                    Layout::Mono => moving.run::<1>(passed, step, wire),
                    Layout::Stereo => moving.run::<2>(passed, step, wire),
                }
            }
            for (n, frame) in wire.chunks_exact_mut(self.layout.channels()).enumerate() {
                let [gain] = self.gain.at((passed + n as u64) as f64 / step);
                for x in frame {
                    *x *= gain;
                }
            }
            steady = 1.0;
            for travel in self.travels.iter_mut().filter(|travel| travel.moving()) {
                for _ in 0..frames {
                    travel.step();
                }
            }
        } else {
            for group in self.groups.iter_mut().filter(|group| group.len() > 0) {
                group.run(self.level, wire);
            }
        }
        give_out(wire, block, steady);
        self.clock += frames as u64;
        if self.clock.is_multiple_of(STRETCH) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.groups.iter_mut().for_each(Group::flush);
        for state in self.moving.iter_mut().flat_map(|moving| moving.integrators.as_flattened_mut()) {
            if state.abs() < TINY {
                *state = 0.0;
            }
        }
    }
}

impl<D: Design> Processor for Row<D> {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events;
        let mut at = 0;
        while at < frames {
            while let Some((event, rest)) = events.split_first() {
                if event.at as usize > at {
                    break;
                }
                self.hear(event);
                events = rest;
            }
            if self.moves && self.clock.is_multiple_of(self.step) {
                self.tick();
            }
            let stride = if self.moves { self.step } else { STRETCH };
            let mut end = frames.min(at + (stride - self.clock % stride) as usize);
            if let Some(event) = events.first() {
                end = end.min(event.at as usize);
            }
            self.run(&mut block.part(at, end));
            at = end;
        }
    }

    /// Of the settings it was born with, or of where it goes if that is longer. Allocates: not for the audio thread.
    fn tail(&self) -> Tail {
        let of = |sections: &[Biquad]| {
            let sounding: Vec<Biquad> = sections.iter().filter(|section| !idle(section)).copied().collect();
            tail_frames(&sounding)
        };
        Tail::Frames(of(&self.born_sections).max(of(&self.sections)))
    }

    fn reset(&mut self) {
        self.values.copy_from_slice(&self.born);
        self.sections.copy_from_slice(&self.born_sections);
        self.travels.clear();
        self.travels.extend(self.born.iter().map(|value| Travel::new(*value, self.sample_rate)));
        for moving in &mut self.moving {
            moving.integrators = [[0.0; 2]; 2];
        }
        self.gain = Curve::rest([Self::output_gain(&self.born)]);
        (self.clock, self.rested) = (0, 0);
        self.settle();
    }
}
