//! The predictor (Apple's `dplib.c`): a short filter over the past, whose coefficients take one step after each sample, in
//! the direction that would have made the error smaller (sign-sign least mean squares).

/// Coefficients are fixed-point numbers with so many fractional bits.
pub(super) const SHIFT: u32 = 9;
/// The most coefficients that are tried here; the format has room for 30.
pub(super) const MOST: usize = 16;

/// What the format's own encoder begins with: two poles near the lowest frequencies.
pub(super) fn first(order: usize) -> [i16; MOST] {
    let mut coefficients = [0; MOST];
    let unit = 1_i16 << SHIFT;
    for (out, share) in coefficients[..order].iter_mut().zip([38, -29, -2]) {
        *out = ((i32::from(unit) * share) >> 4) as i16;
    }
    coefficients
}

/// Writes what the predictor misses of `input` to `missed`, and leaves in `coefficients` what it has learned. Numbers have
/// `size` bits. `false` when the sums outgrow 32 bits, or a coefficient 16, where decoders may differ.
pub(super) fn run(input: &[i32], coefficients: &mut [i16], size: u32, missed: &mut Vec<i32>) -> bool {
    missed.clear();
    match coefficients.len() {
        4 => fixed::<4>(input, coefficients, size, missed),
        8 => fixed::<8>(input, coefficients, size, missed),
        12 => fixed::<12>(input, coefficients, size, missed),
        16 => fixed::<16>(input, coefficients, size, missed),
        _ => false,
    }
}

fn fixed<const N: usize>(input: &[i32], coefficients: &mut [i16], size: u32, missed: &mut Vec<i32>) -> bool {
    let mut weights = [0_i32; N];
    weights.iter_mut().zip(&*coefficients).for_each(|(out, c)| *out = i32::from(*c));
    let held = |value: i32| (value << (32 - size)) >> (32 - size);
    let warm = input.len().min(N + 1);
    missed.extend((0..warm).map(|n| if n == 0 { input[0] } else { held(input[n].wrapping_sub(input[n - 1])) }));
    let mut fits = true;
    for window in input.windows(N + 2) {
        // The oldest sample is taken off all others, so that a constant needs no coefficients.
        let oldest = window[0];
        let mut apart = [0_i32; N];
        for (out, sample) in apart.iter_mut().zip(window[1..=N].iter().rev()) {
            *out = sample - oldest;
        }
        let sum: i64 = apart.iter().zip(&weights).map(|(d, w)| i64::from(*d) * i64::from(*w)).sum();
        let rounded = sum + (1 << (SHIFT - 1));
        fits &= i32::try_from(rounded).is_ok();
        let error = held(window[N + 1].wrapping_sub(oldest).wrapping_sub((rounded >> SHIFT) as i32));
        missed.push(error);
        // The oldest learns first, until what was learned outweighs the error.
        let sign = error.signum();
        let mut left = error * sign;
        for k in (0..N).rev() {
            if left <= 0 {
                break;
            }
            let side = -apart[k].signum();
            weights[k] -= side * sign;
            // Rounded down for either sign of the error, as decoders do it.
            let step = (-apart[k] * side * sign) >> SHIFT;
            left -= (N - k) as i32 * step * sign;
        }
    }
    for (out, weight) in coefficients.iter_mut().zip(&weights) {
        // A packet has too few samples for a weight to have been further away meanwhile.
        fits &= weight.abs() <= 28_000;
        *out = *weight as i16;
    }
    fits
}
