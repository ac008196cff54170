//! One block through the frequency domain.

use std::sync::Arc;

use realfft::num_complex::Complex;
use rustfft::{Fft, FftPlannerScalar};
use tonmeister_core::{Buffer, Layout, View};

use super::design::Plan;

/// The two transforms, the filter's response between them, and room to work in.
pub(crate) struct Converter {
    plan: Plan,
    layout: Layout,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
    /// The filter at bins 0 to the lower of both Nyquist bins, scaled for the pair of transforms.
    response: Vec<f64>,
    input: Vec<Complex<f64>>,
    output: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    lanes: [Vec<f32>; 2],
}

impl Converter {
    pub(crate) fn new(plan: Plan, layout: Layout) -> Self {
        // Plain arithmetic on every machine: the vector planners fuse multiplications into additions where they can,
        // and songs would differ in their last bits.
        let mut planner = FftPlannerScalar::new();
        let forward = planner.plan_fft_forward(plan.block_in());
        let inverse = planner.plan_fft_inverse(plan.block_out());
        let response = response(&plan, &mut planner);
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        let zero = Complex::new(0.0, 0.0);
        Converter {
            input: vec![zero; plan.block_in()],
            output: vec![zero; plan.block_out()],
            scratch: vec![zero; scratch],
            lanes: [vec![0.0; plan.hop_out()], vec![0.0; plan.hop_out()]],
            forward,
            inverse,
            response,
            plan,
            layout,
        }
    }

    /// Blocks that go through one pair of transforms: mono carries two, one as the real and one as the imaginary part.
    fn blocks(&self) -> usize {
        3 - self.layout.channels()
    }

    /// Input frames that a conversion looks at.
    pub(crate) fn window(&self) -> usize {
        self.plan.block_in() + (self.blocks() - 1) * self.plan.hop_in()
    }

    /// Frames by which a conversion moves on, in and out.
    pub(crate) fn step(&self) -> (usize, usize) {
        (self.blocks() * self.plan.hop_in(), self.blocks() * self.plan.hop_out())
    }

    /// Converts one window and appends a step of output.
    pub(crate) fn convert(&mut self, window: [&[f32]; 2], out: &mut Buffer) {
        let block = self.plan.block_in();
        let (first, second) = match self.layout {
            Layout::Stereo => (window[0], window[1]),
            Layout::Mono => (window[0], &window[0][self.plan.hop_in()..]),
        };
        for ((z, re), im) in self.input.iter_mut().zip(&first[..block]).zip(&second[..block]) {
            *z = Complex::new(f64::from(*re), f64::from(*im));
        }
        self.forward.process_with_scratch(&mut self.input, &mut self.scratch);
        self.cut();
        self.inverse.process_with_scratch(&mut self.output, &mut self.scratch);
        let from = self.plan.reach_out();
        let good = &self.output[from..from + self.plan.hop_out()];
        let [left, right] = &mut self.lanes;
        for ((z, l), r) in good.iter().zip(left.iter_mut()).zip(right.iter_mut()) {
            *l = z.re as f32;
            *r = z.im as f32;
        }
        match self.layout {
            Layout::Stereo => out.append(View::stereo(left, right)),
            Layout::Mono => {
                out.append(View::mono(left));
                out.append(View::mono(right));
            }
        }
    }

    /// Filters the spectrum and changes its number of bins. The filter is even, so both halves (and with them both
    /// signals in the transform) see the same real factors.
    fn cut(&mut self) {
        let (n_in, n_out) = (self.input.len(), self.output.len());
        let top = self.response.len() - 1;
        self.output.fill(Complex::new(0.0, 0.0));
        for ((out, z), h) in self.output.iter_mut().zip(&self.input).zip(&self.response) {
            *out = z * h;
        }
        let lower = self.output[n_out - top..].iter_mut().rev();
        for ((out, z), h) in lower.zip(self.input[n_in - top..].iter().rev()).zip(&self.response[1..]) {
            *out = z * h;
        }
    }
}

/// The filter at the bins below the lower Nyquist frequency, with the inverse transform's normalization in it.
fn response(plan: &Plan, planner: &mut FftPlannerScalar<f64>) -> Vec<f64> {
    let mut taps: Vec<Complex<f64>> = plan.impulse().into_iter().map(|tap| Complex::new(tap, 0.0)).collect();
    planner.plan_fft_forward(taps.len()).process(&mut taps);
    // Of an even number of bins the one at Nyquist is left out: it lies in the stop band.
    let bins = plan.block_in().min(plan.block_out()).div_ceil(2);
    let scale = 1.0 / plan.block_in() as f64;
    taps.iter().take(bins).map(|tap| tap.re * scale).collect()
}
