//! Linear prediction (Levinson and Durbin): coefficients that fit a packet from its first sample on, where those that were
//! learned from the packet before come late.

use super::predict::{MOST, SHIFT};

/// Coefficients of every order up to `most`; `None` when the packet is silent or too short.
pub(super) fn coefficients(input: &[i32], most: usize) -> Option<Vec<[i16; MOST]>> {
    if input.len() < 4 * most {
        return None;
    }
    // A Welch window keeps the ends from counting as jumps.
    let middle = (input.len() - 1) as f64 / 2.0;
    let windowed: Vec<f64> = input
        .iter()
        .enumerate()
        .map(|(n, s)| {
            let place = (n as f64 - middle) / (middle + 1.0);
            f64::from(*s) * (1.0 - place * place)
        })
        .collect();
    let mut correlation = [0.0; MOST + 1];
    for (lag, out) in correlation.iter_mut().enumerate().take(most + 1) {
        // Four sums side by side: one would wait for itself.
        let mut sums = [0.0; 4];
        let (a, b) = (&windowed[lag..], &windowed[..windowed.len() - lag]);
        let ((a4, a_rest), (b4, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
        for (x, y) in a4.iter().zip(b4) {
            for i in 0..4 {
                sums[i] += x[i] * y[i];
            }
        }
        *out = sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f64>();
    }
    if correlation[0] <= 0.0 {
        return None;
    }
    // A trace of white noise keeps the equations solvable.
    let mut error = correlation[0] * (1.0 + 1e-10);
    let mut weights = [0.0; MOST];
    let mut all = Vec::with_capacity(most);
    for order in 0..most {
        let known: f64 = (0..order).map(|k| weights[k] * correlation[order - k]).sum();
        let reflection = (correlation[order + 1] - known) / error;
        let before = weights;
        weights[order] = reflection;
        for k in 0..order {
            weights[k] = before[k] - reflection * before[order - 1 - k];
        }
        error *= 1.0 - reflection * reflection;
        if !error.is_finite() || error <= 0.0 {
            return None;
        }
        let unit = f64::from(1_u32 << SHIFT);
        all.push(weights.map(|w| (w * unit).round().clamp(-28_000.0, 28_000.0) as i16));
    }
    Some(all)
}
