//! A window of input through the frequency domain.

use multiversion::multiversion;
use tonmeister_core::{Buffer, Layout, View};

use super::batch::{BatchFft, LANES, Wide};
use super::design::Plan;

/// The two transforms, the filter's response between them, and room to work in.
pub(crate) struct Converter {
    plan: Plan,
    layout: Layout,
    forward: BatchFft,
    inverse: BatchFft,
    /// The filter at bins 0 to the lower of both Nyquist bins, scaled for the pair of transforms.
    response: Vec<f64>,
    input: Vec<Wide>,
    output: Vec<Wide>,
    /// One step of output, left and right; mono uses the second lane for the second half of its time.
    lanes: [Vec<f32>; 2],
}

impl Converter {
    pub(crate) fn new(plan: Plan, layout: Layout) -> Self {
        let room = plan.hop_out() * LANES;
        Converter {
            forward: BatchFft::new(plan.block_in()),
            inverse: BatchFft::new(plan.block_out()),
            response: response(&plan),
            input: vec![Wide::default(); plan.block_in()],
            output: vec![Wide::default(); plan.block_out()],
            lanes: [vec![0.0; room], vec![0.0; room]],
            plan,
            layout,
        }
    }

    /// Blocks of one channel that go through one pair of transforms.
    fn blocks(&self) -> usize {
        LANES * (3 - self.layout.channels())
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
        let (block, hop) = (self.plan.block_in(), self.plan.hop_in());
        // The real parts carry the left channel, or the first half of a mono window; the imaginary parts the other.
        let second = match self.layout {
            Layout::Stereo => window[1],
            Layout::Mono => &window[0][LANES * hop..],
        };
        let real = std::array::from_fn(|lane| &window[0][lane * hop..lane * hop + block]);
        let imaginary = std::array::from_fn(|lane| &second[lane * hop..lane * hop + block]);
        load(real, imaginary, &mut self.input);
        self.forward.process(&mut self.input);
        self.output.fill(Wide::default());
        cut(&self.input, &self.response, &mut self.output);
        self.inverse.process(&mut self.output);
        let (from, hop) = (self.plan.reach_out(), self.plan.hop_out());
        let [left, right] = &mut self.lanes;
        store(&self.output[from..from + hop], left, right);
        match self.layout {
            Layout::Stereo => out.append(View::stereo(left, right)),
            Layout::Mono => {
                out.append(View::mono(left));
                out.append(View::mono(right));
            }
        }
    }
}

/// Lays the blocks side by side.
#[multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn load(real: [&[f32]; LANES], imaginary: [&[f32]; LANES], out: &mut [Wide]) {
    let frames = out.len();
    let (real, imaginary) = (real.map(|lane| &lane[..frames]), imaginary.map(|lane| &lane[..frames]));
    for (at, wide) in out.iter_mut().enumerate() {
        wide.re = std::array::from_fn(|lane| f64::from(real[lane][at]));
        wide.im = std::array::from_fn(|lane| f64::from(imaginary[lane][at]));
    }
}

/// Puts the blocks one behind the other. The transform before left real and imaginary parts exchanged.
#[multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn store(good: &[Wide], left: &mut [f32], right: &mut [f32]) {
    for (lane, (left, right)) in left.chunks_exact_mut(good.len()).zip(right.chunks_exact_mut(good.len())).enumerate() {
        for ((wide, l), r) in good.iter().zip(left).zip(right) {
            *l = wide.im[lane] as f32;
            *r = wide.re[lane] as f32;
        }
    }
}

/// Filters the spectrum and changes its number of bins, leaving real and imaginary parts exchanged for the way back.
/// The filter is even, so both halves (and with them both signals of a lane) see the same real factors.
#[multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn cut(input: &[Wide], response: &[f64], output: &mut [Wide]) {
    let (n_in, n_out, top) = (input.len(), output.len(), response.len() - 1);
    for ((out, z), h) in output.iter_mut().zip(input).zip(response) {
        *out = z.scaled(*h).exchanged();
    }
    let lower = output[n_out - top..].iter_mut().rev();
    for ((out, z), h) in lower.zip(input[n_in - top..].iter().rev()).zip(&response[1..]) {
        *out = z.scaled(*h).exchanged();
    }
}

/// The filter at the bins below the lower Nyquist frequency, with the inverse transform's normalization in it.
fn response(plan: &Plan) -> Vec<f64> {
    let mut taps: Vec<Wide> =
        plan.impulse().into_iter().map(|tap| Wide { re: [tap; LANES], im: [0.0; LANES] }).collect();
    BatchFft::new(taps.len()).process(&mut taps);
    // Of an even number of bins the one at Nyquist is left out: it lies in the stop band.
    let bins = plan.block_in().min(plan.block_out()).div_ceil(2);
    let scale = 1.0 / plan.block_in() as f64;
    taps.iter().take(bins).map(|tap| tap.re[0] * scale).collect()
}
