//! What a short memory cannot foretell: the prediction error of an autoregressive model of order 32, learned anew
//! from every 2048 frames (autocorrelation method, Levinson–Durbin recursion).

/// How many samples it remembers.
pub(in crate::check) const ORDER: usize = 32;

/// Learns from a stretch and foretells its middle.
pub(super) struct Model {
    window: Vec<f64>,
    shaped: Vec<f64>,
    coefficients: [f64; ORDER + 1],
}

impl Model {
    /// For stretches of so many frames.
    pub(super) fn new(frames: usize) -> Self {
        let hann = |n: usize| 0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / frames as f64).cos();
        Model { window: (0..frames).map(hann).collect(), shaped: vec![0.0; frames], coefficients: [0.0; ORDER + 1] }
    }

    /// Learns; what is silent foretells nothing.
    pub(super) fn learn(&mut self, stretch: &[f32]) {
        for ((out, x), w) in self.shaped.iter_mut().zip(stretch).zip(&self.window) {
            *out = f64::from(*x) * w;
        }
        let mut r = [0.0; ORDER + 1];
        for (lag, r) in r.iter_mut().enumerate() {
            *r = dot(&self.shaped[lag..], &self.shaped);
        }
        self.coefficients = recursion(&mut r);
    }

    /// The error at every sample from [`ORDER`] on: `samples` begin so much earlier than `errors`.
    pub(super) fn errors(&self, samples: &[f32], errors: &mut [f32]) {
        filter(&self.coefficients, samples, errors);
    }
}

fn recursion(r: &mut [f64; ORDER + 1]) -> [f64; ORDER + 1] {
    // A hair of white noise, 90 dB below the sound, keeps the recursion well-conditioned.
    r[0] *= 1.0 + 1e-9;
    let mut a = [0.0; ORDER + 1];
    a[0] = 1.0;
    let mut error = r[0];
    if error.is_nan() || error < 1e-18 {
        return a;
    }
    for m in 1..=ORDER {
        let sum: f64 = (0..m).map(|k| a[k] * r[m - k]).sum();
        let reflection = -sum / error;
        if reflection.is_nan() || reflection.abs() >= 1.0 {
            break;
        }
        let before = a;
        for k in 1..=m {
            a[k] = before[k] + reflection * before[m - k];
        }
        error *= 1.0 - reflection * reflection;
    }
    a
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0_f64; 16];
    let (a, b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for i in 0..16 {
            parts[i] += a[i] * b[i];
        }
    }
    rest + parts.iter().sum::<f64>()
}

#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn filter(a: &[f64; ORDER + 1], samples: &[f32], errors: &mut [f32]) {
    let mut sums = [0.0_f64; 16];
    for (chunk, errors) in errors.chunks_mut(16).enumerate() {
        let at = chunk * 16;
        if errors.len() == 16 {
            sums.fill(0.0);
            for (k, a) in a.iter().enumerate() {
                let from = at + ORDER - k;
                let x = &samples[from..from + 16];
                for i in 0..16 {
                    sums[i] += a * f64::from(x[i]);
                }
            }
            for i in 0..16 {
                errors[i] = sums[i] as f32;
            }
        } else {
            for (i, error) in errors.iter_mut().enumerate() {
                let sum: f64 = a.iter().enumerate().map(|(k, a)| a * f64::from(samples[at + i + ORDER - k])).sum();
                *error = sum as f32;
            }
        }
    }
}
