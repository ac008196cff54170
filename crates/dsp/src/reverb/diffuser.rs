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
use super::ring::{CHUNK, Planes, Ring};
use super::tuning::Draw;

/// Steps in a row.
pub(crate) const STEPS: usize = 4;

/// The diffuser with its memory.
#[derive(Debug)]
pub(crate) struct Diffuser {
    steps: Vec<Step>,
    tangent: f32,
    /// What leaves the first half of a step.
    half: Box<Planes>,
}

#[derive(Debug)]
struct Step {
    /// What this step hands on: the memory of the next. The last step hands on to the network and needs none.
    rings: Vec<Ring>,
    delays: [usize; LINES],
    /// Turned upside down or not, and scaled for the mixing that follows.
    gains: [f32; LINES],
}

impl Diffuser {
    /// With steps that spread the sound over so many frames each, and mix by `diffusion` (0 to 1).
    pub(crate) fn new(spans: [f64; STEPS], diffusion: f64, draw: &mut Draw) -> Diffuser {
        let angle = diffusion * FRAC_PI_4;
        let scale = angle.cos().powi(4) as f32;
        let mut steps: Vec<Step> = spans.iter().map(|span| Step::new(*span, scale, draw)).collect();
        for step in 1..STEPS {
            steps[step - 1].rings = steps[step].delays.iter().map(|delay| Ring::new(*delay)).collect();
        }
        Diffuser { steps, tangent: angle.tan() as f32, half: Box::new([[0.0; CHUNK]; LINES]) }
    }

    /// How many frames the cloud lasts.
    pub(crate) fn length(&self) -> usize {
        self.steps.iter().map(Step::longest).sum()
    }

    /// How far behind the first step listens.
    pub(crate) fn reach(&self) -> usize {
        self.steps[0].longest()
    }

    /// A run of frames through all steps. They begin `behind` frames before the next to be written into the memories
    /// of left and right; even channels start with the left, odd ones with the right.
    pub(crate) fn run(&mut self, input: &[Ring; 2], behind: usize, out: &mut Planes, frames: usize) {
        let Diffuser { steps, tangent, half } = self;
        let mut before: Option<&Step> = None;
        for step in steps.iter_mut() {
            let from = |channel: usize| {
                // The memory of the step before has the run that goes in already behind it.
                let (ring, behind) =
                    before.map_or((&input[channel % 2], behind), |before| (&before.rings[channel], frames));
                ring.run(behind + step.delays[channel], frames)
            };
            gather(&std::array::from_fn(from), &step.gains, *tangent, half);
            hand_on(half, *tangent, &mut step.rings, out, frames);
            before = Some(step);
        }
    }

    pub(crate) fn reset(&mut self) {
        self.steps.iter_mut().flat_map(|step| &mut step.rings).for_each(Ring::clear);
    }
}

impl Step {
    /// One delay from each sixteenth of the span, dealt out at random.
    fn new(span: f64, scale: f32, draw: &mut Draw) -> Step {
        let mut delays: [usize; LINES] =
            std::array::from_fn(|c| (span * (c as f64 + draw.unit()) / LINES as f64).round() as usize);
        let mut gains = [scale; LINES];
        for last in (1..LINES).rev() {
            delays.swap(last, draw.below(last + 1));
        }
        gains.iter_mut().filter(|_| draw.below(2) == 1).for_each(|gain| *gain = -scale);
        Step { rings: Vec::new(), delays, gains }
    }

    fn longest(&self) -> usize {
        self.delays.iter().max().copied().unwrap_or(0)
    }
}

/// Two of four rounds of plane rotations, between partners 1 and 2 apart, on the way from the memories.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn gather(runs: &[&[f32]; LINES], gains: &[f32; LINES], tangent: f32, half: &mut Planes) {
    let (runs, _) = runs.as_chunks::<4>();
    let (gains, _) = gains.as_chunks::<4>();
    let (half, _) = half.as_chunks_mut::<4>();
    for ((half, runs), gains) in half.iter_mut().zip(runs).zip(gains) {
        let [a, b, c, d] = half;
        let outs = a.iter_mut().zip(b).zip(c).zip(d);
        let ins = runs[0].iter().zip(runs[1]).zip(runs[2]).zip(runs[3]);
        for ((((a, b), c), d), (((x, y), z), w)) in outs.zip(ins) {
            [*a, *b, *c, *d] = turned(tangent, [x * gains[0], y * gains[1], z * gains[2], w * gains[3]]);
        }
    }
}

/// The other two rounds, between partners 4 and 8 apart, on the way into the next memories, or out if there are none.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn hand_on(half: &Planes, tangent: f32, rings: &mut [Ring], out: &mut Planes, frames: usize) {
    for k in 0..4 {
        let places = [k, k + 4, k + 8, k + 12];
        let ins = half[k][..frames].iter().zip(&half[k + 4]).zip(&half[k + 8]).zip(&half[k + 12]);
        if let Ok(rings) = rings.get_disjoint_mut(places) {
            let [a, b, c, d] = rings.map(|ring| ring.room(frames));
            for ((((a, b), c), d), (((x, y), z), w)) in a.iter_mut().zip(b).zip(c).zip(d).zip(ins) {
                [*a, *b, *c, *d] = turned(tangent, [*x, *y, *z, *w]);
            }
        } else if let Ok([a, b, c, d]) = out.get_disjoint_mut(places) {
            for ((((a, b), c), d), (((x, y), z), w)) in a.iter_mut().zip(b).zip(c).zip(d).zip(ins) {
                [*a, *b, *c, *d] = turned(tangent, [*x, *y, *z, *w]);
            }
        }
    }
    for ring in rings {
        ring.written(frames);
    }
}

/// Two rounds of plane rotations between four.
#[inline]
fn turned(tangent: f32, [a, b, c, d]: [f32; 4]) -> [f32; 4] {
    let (p, q) = (a + tangent * b, tangent * a - b);
    let (r, s) = (c + tangent * d, tangent * c - d);
    [p + tangent * r, q + tangent * s, tangent * p - r, tangent * q - s]
}
