//! Shaker, conga, wood block and claps around one pair of microphones.

use tonmeister_core::Buffer;

use super::arithmetic::{RATE, decay};
use super::filter::{Mode, Svf};
use super::score::{Part, bars, energy, part, played, strokes};
use super::track::{Stereo, place};
use crate::chance::Random;

/// Everything the percussionist plays.
pub(super) fn percussion() -> Buffer {
    let mut stereo = Stereo::new();
    let mut hand = Random::new(31);
    for bar in bars() {
        let players = parts(bar);
        for (step, _, force) in strokes(players.shaker) {
            let from = played(bar, step, 2.5, &mut hand);
            shake(&mut stereo, from, force * (0.6 + 0.4 * energy(bar)) * (1.0 + 0.1 * hand.human()), &mut hand);
        }
        for (step, sign, force) in strokes(players.conga) {
            let from = played(bar, step, 2.5, &mut hand);
            // Soft strokes on the low drum, accents slapped on the high one.
            let hz = if sign == 'X' { 246.0 } else { 184.0 };
            slap(&mut stereo, from, hz, force * (1.0 + 0.07 * hand.human()), &mut hand);
        }
        for (step, _, force) in strokes(players.wood) {
            let from = played(bar, step, 1.5, &mut hand);
            knock(&mut stereo, from, force * (1.0 + 0.05 * hand.human()), &mut hand);
        }
        for (step, _, force) in strokes(players.claps) {
            let from = played(bar, step, 1.0, &mut hand);
            clap(&mut stereo, from, force * (1.0 + 0.04 * hand.human()), &mut hand);
        }
    }
    stereo.stem(-6.0)
}

struct Hands {
    shaker: &'static str,
    conga: &'static str,
    wood: &'static str,
    claps: &'static str,
}

const REST: &str = "................";

fn parts(bar: usize) -> Hands {
    let odd = bar % 2 == 1;
    let rest = Hands { shaker: REST, conga: REST, wood: REST, claps: REST };
    match part(bar) {
        Part::Intro if bar == 0 => Hands { shaker: "........oooooooo", ..rest },
        Part::Intro => Hands { shaker: "xoooxoooxoooxooo", ..rest },
        Part::Verse if odd => {
            Hands { shaker: "xoooxoooxoooxooo", conga: "...........o.oX.", wood: "......x.........", ..rest }
        }
        Part::Verse => Hands { shaker: "xoooxoooxoooxooo", conga: "...x..........xo", ..rest },
        Part::Rise => Hands { shaker: "xoxoxoxoxoxoxoxo", wood: "x..x..x...x.x...", ..rest },
        Part::Chorus | Part::LastChorus => Hands {
            shaker: "XoxoXoxoXoxoXoxo",
            conga: if odd { "..x...X..ox..oX." } else { "..x...X...x..ox." },
            claps: "....X.......X...",
            wood: REST,
        },
        Part::SecondVerse if odd => {
            Hands { shaker: "XoxoXoxoXoxoXoxo", conga: "...x..o....o.oX.", wood: "......x...x.....", ..rest }
        }
        Part::SecondVerse => Hands { shaker: "XoxoXoxoXoxoXoxo", conga: "...x..o...x..ox.", ..rest },
        Part::Bridge if bar == 31 => Hands { shaker: "oooooooooxoxoxxx", conga: "........o.oxoxXX", ..rest },
        Part::Bridge => Hands { wood: if odd { "......x..x......" } else { "...x..x........." }, ..rest },
        Part::Outro if bar == 43 => Hands { shaker: "xoooo...........", ..rest },
        Part::Outro => Hands {
            shaker: "xoooxoooxoooxooo",
            conga: if odd { "...........o.oX." } else { "...x..........xo" },
            ..rest
        },
        Part::End => rest,
    }
}

/// Grains thrown forward: the noise swells before it stops.
fn shake(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
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

fn slap(stereo: &mut Stereo, from: f64, hz: f64, force: f64, hand: &mut Random) {
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

fn knock(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
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
fn clap(stereo: &mut Stereo, from: f64, force: f64, hand: &mut Random) {
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
