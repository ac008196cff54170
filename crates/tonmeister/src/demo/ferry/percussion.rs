//! Shaker, conga, wood block and claps around one pair of microphones.

use tonmeister_core::Buffer;

use super::score::{FRAMES, Part, bars, energy, part, played};
use crate::chance::Random;
use crate::demo::instruments::percussion::{clap, knock, shake, slap};
use crate::demo::instruments::track::Stereo;
use crate::demo::notation::strokes;

/// Everything the percussionist plays.
pub(super) fn percussion() -> Buffer {
    let mut stereo = Stereo::new(FRAMES);
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
