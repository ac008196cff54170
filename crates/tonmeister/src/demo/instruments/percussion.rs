//! Small percussion around one pair of microphones: shaker, conga, wood block, hands.

use super::arithmetic::{RATE, decay};
use super::filter::{Mode, Svf};
use super::track::{Stereo, place};
use crate::chance::Random;

/// Grains thrown forward: the noise swells before it stops.
pub(crate) fn shake(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    let (left, right) = place(0.45);
    let mut grains = Svf::new(6100.0 + 900.0 * force, 1.2);
    let mut level = 0.0;
    let (rise, fall) = (1.0 / (0.016 * RATE), decay(0.1));
    for (i, (l, r)) in stereo.span(from, 0.14).enumerate() {
        level = if (i as f64) < 0.016 * RATE { level + rise } else { level * fall };
        let value = grains.step(hand.signed()).band * level * level * force * 0.55;
        *l += (value * left) as f32;
        *r += (value * right) as f32;
    }
}

/// A palm on the skin of a conga.
pub(crate) fn slap(stereo: &mut Stereo, from: f64, hz: f64, force: f64, hand: &mut Random) {
    let (left, right) = place(if hz > 200.0 { -0.55 } else { -0.35 });
    let mut skin = [
        Mode::struck(hz, 0.6 * force, 0.34),
        Mode::struck(hz * 1.59, 0.2 * force, 0.2),
        Mode::struck(hz * 2.14, 0.16 * force, 0.16),
        Mode::struck(hz * 2.92, 0.1 * force, 0.1),
    ];
    let mut palm = Svf::new(1700.0, 0.8);
    let (mut flesh, fall) = (0.8 * force * force, decay(0.025));
    for (i, (l, r)) in stereo.span(from, 0.4).enumerate() {
        let soft = (i as f64 / 30.0).min(1.0);
        let tone: f64 = skin.iter_mut().map(Mode::step).sum();
        let value = (tone + palm.step(hand.signed()).band * flesh) * soft;
        *l += (value * left) as f32;
        *r += (value * right) as f32;
        flesh *= fall;
    }
}

/// A stick on a wood block.
pub(crate) fn knock(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    let (left, right) = place(-0.7);
    let drift = 1.0 + 0.004 * hand.human();
    let mut wood = [Mode::struck(1130.0 * drift, 0.3 * force, 0.07), Mode::struck(1815.0 * drift, 0.2 * force, 0.05)];
    for (l, r) in stereo.span(from, 0.12) {
        let value: f64 = wood.iter_mut().map(Mode::step).sum();
        *l += (value * left) as f32;
        *r += (value * right) as f32;
    }
}

/// Five people, none of them quite together.
pub(crate) fn clap(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
    for _ in 0..5 {
        let (left, right) = place(0.8 * hand.signed());
        let mut palms = Svf::new(1050.0 + 500.0 * hand.unit(), 1.3);
        let mut snap = Svf::new(2600.0, 0.8);
        let (mut level, fall) = (0.42 * force * (0.7 + 0.5 * hand.unit()), decay(0.09 + 0.06 * hand.unit()));
        for (l, r) in stereo.span(from + hand.unit() * 0.017 * RATE, 0.22) {
            let noise = hand.signed();
            let value = (palms.step(noise).band + 0.4 * snap.step(noise).band) * level;
            *l += (value * left) as f32;
            *r += (value * right) as f32;
            level *= fall;
        }
    }
}
