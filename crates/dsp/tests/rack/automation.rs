//! Parameters move, and the output stays finite, bounded, and the same bits however it is cut into blocks.

use tonmeister_core::{EffectSpec, Event, Layout};

use crate::cases::{Case, LONGEST, ODD, cases, first_difference, layouts, peak};
use crate::exempt::Promise;
use crate::report::{Found, every_effect};

/// No single parameter makes it louder than this: 80 dB.
const ALONE: f64 = 0.5e4;
/// All of them (eight bands of an equalizer at +24 dB each) may make it very loud, yet not run away.
const TOGETHER: f64 = 1e12;

/// The case with these events, in one block size after the other.
fn try_blocks(case: &Case, seconds: f64, events: &[Event], sizes: &[&[usize]], bound: f64) -> Result<(), String> {
    let input = case.noise(seconds);
    let whole = case.render(&input, events);
    let loudest = peak(&whole, 0);
    if loudest > bound {
        return Err(format!("{}: a peak of {loudest:e}", case.name));
    }
    for sizes in sizes {
        let mut processor = case.build_for(sizes.iter().copied().max().unwrap_or(LONGEST));
        if let Some(frame) = first_difference(&whole, &case.run(&mut *processor, &input, sizes, events)) {
            return Err(format!("{}: blocks of {sizes:?} differ at frame {frame}", case.name));
        }
    }
    Ok(())
}

fn all_at_once(case: &Case, sizes: &[&[usize]], found: &mut Found) {
    let latency = case.latency() as f64 / f64::from(case.stream.sample_rate);
    let seconds = (latency + 0.15).clamp(0.2, 1.0);
    let events = case.script(&case.movable(), case.frames(seconds));
    if let Err(what) = try_blocks(case, seconds, &events, sizes, TOGETHER)
        .and_then(|()| try_blocks(case, seconds, &[], sizes, TOGETHER))
    {
        found.breach(format!("{what} with {:?}", case.settings));
    }
}

#[test]
fn everything_moves_at_once_in_any_block_size() {
    every_effect(Promise::Automation, |spec, found| {
        for layout in layouts(spec) {
            for case in cases(spec, *layout, 48_000) {
                all_at_once(&case, &[&[1], &[64], ODD], found);
            }
        }
        for rate in [44_100, 96_000] {
            all_at_once(&Case::plain(spec, Layout::Stereo, rate), &[ODD], found);
            all_at_once(&Case::full(spec, Layout::Stereo, rate), &[&[64]], found);
        }
    });
}

fn one_by_one(spec: &'static EffectSpec, layout: Layout, found: &mut Found) {
    let case = Case::full(spec, layout, 48_000);
    for index in case.movable() {
        let events = case.script(&[index], case.frames(0.12));
        if let Err(what) = try_blocks(&case, 0.12, &events, &[ODD], ALONE) {
            found.breach_of(&case.name_of(index), what);
        }
    }
}

#[test]
fn every_parameter_moves_alone_in_any_block_size() {
    every_effect(Promise::Automation, |spec, found| {
        for layout in layouts(spec) {
            one_by_one(spec, *layout, found);
        }
    });
}
