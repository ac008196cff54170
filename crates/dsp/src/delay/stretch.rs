//! Many frames at a time, while nothing of the plain delay moves: what comes out of the lines went in before the stretch
//! began, so that it is read as a whole. The bits are those of one frame after the other.

use super::{Controls, Lines, Now, audible, bend};

/// The longest stretch.
pub(super) const LONGEST: usize = 256;
/// A shorter one is not worth its trouble.
const SHORTEST: usize = 16;

impl Controls {
    /// For how many of these frames nothing moves and no echo reaches into the stretch itself; 0 when frames have to be
    /// taken one by one.
    pub(super) fn at_rest(&mut self, frames: usize) -> usize {
        let plain = self.tape.is_none() && self.wobble.is_none() && self.taps.iter().all(Option::is_none);
        if !plain || self.moving() {
            return 0;
        }
        let times = self.step().times;
        let ready = self.heads.iter_mut().zip(times).map(|(head, time)| head.resting(time.max(1.0)));
        let ready = ready.min().unwrap_or(0).min(frames).min(LONGEST);
        if ready < SHORTEST { 0 } else { ready }
    }

    /// At most [`LONGEST`] frames at rest: dry in, mixed out.
    #[inline]
    pub(super) fn stretch(&mut self, lines: &mut Lines, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len();
        let Now { feedback, echo, mix, .. } = self.step();
        let mut wet = [[0.0_f32; LONGEST]; 2];
        for ((head, line), wet) in self.heads.iter().zip(&lines.sides).zip(&mut wet) {
            head.stretch(line, &mut wet[..frames]);
        }
        let mut wet = wet.map(|wet| wet.map(f64::from));
        let [wet_left, wet_right] = &mut wet;
        for cut in [&mut self.highpass, &mut self.lowpass].into_iter().flatten() {
            for (l, r) in wet_left[..frames].iter_mut().zip(&mut *wet_right) {
                cut.step();
                [*l, *r] = cut.frame([*l, *r]);
            }
        }
        let mut heard = [[0.0_f32; LONGEST]; 2];
        let [heard_left, heard_right] = &mut heard;
        let dry = left.iter().zip(&*right).zip(wet_left.iter().zip(&*wet_right));
        for (((l, r), (a, b)), (one, two)) in dry.zip(heard_left.iter_mut().zip(heard_right)) {
            let (l, r) = (f64::from(*l), f64::from(*r));
            let back = [bend(feedback * a), bend(feedback * b)];
            let into = if self.ping_pong { [0.5 * (l + r) + back[1], back[0]] } else { [l + back[0], r + back[1]] };
            (*one, *two) = (audible(into[0]), audible(into[1]));
        }
        for (line, heard) in lines.sides.iter_mut().zip(&heard) {
            line.push_all(&heard[..frames]);
        }
        let mut gains = [mix; LONGEST];
        if let Some(duck) = &mut self.duck {
            for ((gain, l), r) in gains.iter_mut().zip(&*left).zip(&*right) {
                *gain = mix * duck.gain([f64::from(*l), f64::from(*r)]);
            }
        }
        for (samples, wet) in [left, right].into_iter().zip(&wet) {
            for ((x, wet), gain) in samples.iter_mut().zip(wet).zip(&gains) {
                *x = (f64::from(*x) * (1.0 - mix) + wet * echo * gain) as f32;
            }
        }
    }
}
