//! The diffuser: one click becomes a dense cloud before it enters the network.
//!
//! Four steps in a row. In each, sixteen channels are delayed apart from one another, some turned upside down, and
//! mixed by an orthogonal matrix; each step multiplies the number of echoes by sixteen. All energy is kept. (The
//! multichannel diffuser of Signalsmith Audio, *Let's write a reverb*, ADC 2021.)
//!
//! The matrix is a Hadamard transform made of plane rotations. Turned by 45° it mixes fully; `diffusion` turns it
//! less, down to no mixing at all, where each channel is a single late echo.

use std::f64::consts::FRAC_PI_4;

use super::LINES;
use super::network::QUADS;
use super::ring::{Planes, Ring};
use super::tuning::Draw;

/// Steps in a row.
pub(crate) const STEPS: usize = 4;

/// The diffuser with its memory.
#[derive(Debug)]
pub(crate) struct Diffuser {
    steps: Vec<Step>,
    tangent: f32,
    scale: f32,
}

#[derive(Debug)]
struct Step {
    rings: Vec<Ring>,
    delays: [usize; LINES],
    signs: [f32; LINES],
}

impl Diffuser {
    /// With steps that spread the sound over so many frames each, and mix by `diffusion` (0 to 1).
    pub(crate) fn new(spans: [f64; STEPS], diffusion: f64, draw: &mut Draw) -> Diffuser {
        let angle = diffusion * FRAC_PI_4;
        let steps = spans.iter().map(|span| Step::new(*span, draw)).collect();
        Diffuser { steps, tangent: angle.tan() as f32, scale: angle.cos().powi(4) as f32 }
    }

    /// How many frames the cloud lasts.
    pub(crate) fn length(&self) -> usize {
        self.steps.iter().map(|step| step.delays.iter().max().copied().unwrap_or(0)).sum()
    }

    /// A run of frames through all steps.
    pub(crate) fn run(&mut self, planes: &mut Planes, frames: usize) {
        for step in &mut self.steps {
            delay(step, planes, self.scale, frames);
            rotate(planes, self.tangent, frames);
        }
    }

    pub(crate) fn reset(&mut self) {
        self.steps.iter_mut().flat_map(|step| &mut step.rings).for_each(Ring::clear);
    }
}

impl Step {
    /// One delay from each sixteenth of the span, dealt out at random.
    fn new(span: f64, draw: &mut Draw) -> Step {
        let mut delays: [usize; LINES] =
            std::array::from_fn(|c| (span * (c as f64 + draw.unit()) / LINES as f64).round() as usize);
        let mut signs = [1.0; LINES];
        for last in (1..LINES).rev() {
            delays.swap(last, draw.below(last + 1));
        }
        signs.iter_mut().filter(|_| draw.below(2) == 1).for_each(|s| *s = -1.0);
        Step { rings: delays.iter().map(|delay| Ring::new(*delay)).collect(), delays, signs }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn delay(step: &mut Step, planes: &mut Planes, scale: f32, frames: usize) {
    for (channel, plane) in planes.iter_mut().enumerate() {
        let ring = &mut step.rings[channel];
        ring.write(&plane[..frames]);
        let gain = step.signs[channel] * scale;
        for (out, x) in plane.iter_mut().zip(ring.run(step.delays[channel] + frames, frames)) {
            *out = x * gain;
        }
    }
}

/// Four rounds of plane rotations, two at a time: partners 1 and 2 apart, then 4 and 8 apart.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn rotate(planes: &mut Planes, tangent: f32, frames: usize) {
    for (first, apart) in QUADS {
        let Ok([a, b, c, d]) = planes.get_disjoint_mut([first, first + apart, first + 2 * apart, first + 3 * apart])
        else {
            continue;
        };
        for (((a, b), c), d) in a[..frames].iter_mut().zip(b).zip(c).zip(d) {
            let (p, q) = (*a + tangent * *b, tangent * *a - *b);
            let (r, s) = (*c + tangent * *d, tangent * *c - *d);
            (*a, *c) = (p + tangent * r, tangent * p - r);
            (*b, *d) = (q + tangent * s, tangent * q - s);
        }
    }
}
